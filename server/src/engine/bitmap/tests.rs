//! Bits, operations and fields against models that go bit by bit.

use super::bits;
use super::field::{Field, Overflow};
use super::operation::Operation;
use crate::dice::Dice;

fn bytes(dice: &mut Dice, most: usize) -> Vec<u8> {
    let len = dice.below(most + 1);
    // Long runs of one value, so that there is something to skip.
    let plain = [0, 0xFF][dice.below(2)];
    let random = |dice: &mut Dice| if dice.below(40) == 0 { dice.next() as u8 } else { plain };
    (0..len).map(|_| random(dice)).collect()
}

fn bit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
}

#[test]
fn counting_and_finding_agree_with_going_bit_by_bit() {
    let seed = 51;
    let mut dice = Dice::new(seed);
    for round in 0..20_000 {
        let held = bytes(&mut dice, 200);
        let bits_of = |from: usize, to: usize| (from..to).map(|at| bit(&held, at));
        let to = dice.below(held.len() * 8 + 1);
        let from = dice.below(to + 1);
        if from == to {
            continue;
        }
        let what = format!("seed {seed}, round {round}: {from}..{to} of {held:?}");
        let set = bits_of(from, to).filter(|bit| *bit).count();
        assert_eq!(bits::count_between(&held, from, to), set as u64, "{what}");
        for wanted in [false, true] {
            let at = bits_of(from, to).position(|bit| bit == wanted).map(|at| from + at);
            assert_eq!(bits::find(&held, wanted, from, to), at, "{what}");
        }
        let all = bits_of(0, held.len() * 8).filter(|bit| *bit).count();
        assert_eq!(bits::count(&held), all as u64, "{what}");
    }
}

#[test]
fn operations_agree_with_going_bit_by_bit() {
    let seed = 52;
    let mut dice = Dice::new(seed);
    let all = [
        Operation::And,
        Operation::Or,
        Operation::Xor,
        Operation::Not,
        Operation::Diff,
        Operation::Diff1,
        Operation::AndOr,
        Operation::One,
    ];
    for round in 0..4_000 {
        let count = 1 + dice.below(5);
        let sources: Vec<Vec<u8>> =
            (0..count).map(|_| (0..dice.below(60)).map(|_| dice.next() as u8).collect()).collect();
        let slices: Vec<&[u8]> = sources.iter().map(Vec::as_slice).collect();
        let len = sources.iter().map(Vec::len).max().unwrap_or_default();
        for operation in all {
            let slices = if operation == Operation::Not { &slices[..1] } else { &slices[..] };
            let len = if operation == Operation::Not { slices[0].len() } else { len };
            let mut result = vec![0xA5; len];
            operation.apply(slices, &mut result);
            for at in 0..len * 8 {
                let x = bit(slices[0], at);
                let others = slices[1..].iter().filter(|source| bit(source, at)).count();
                let want = match operation {
                    Operation::And => x && others + 1 == slices.len(),
                    Operation::Or => x || others > 0,
                    Operation::Xor => (usize::from(x) + others) % 2 == 1,
                    Operation::Not => !x,
                    Operation::Diff => x && others == 0,
                    Operation::Diff1 => !x && others > 0,
                    Operation::AndOr => x && others > 0,
                    Operation::One => usize::from(x) + others == 1,
                };
                assert_eq!(bit(&result, at), want, "seed {seed}, {round}: {operation:?} at {at}");
            }
        }
    }
}

#[test]
fn fields_keep_what_is_written_and_leave_the_rest() {
    let seed = 53;
    let mut dice = Dice::new(seed);
    for round in 0..20_000 {
        let signed = dice.below(2) == 0;
        let width = 1 + dice.below(if signed { 64 } else { 63 }) as u8;
        let field = Field { offset: dice.below(200) as u64, width, signed };
        let end = field.end_byte();
        let mut held: Vec<u8> = (0..end + dice.below(4)).map(|_| dice.next() as u8).collect();
        let before = held.clone();
        let value = field.fit(i128::from(dice.next() as i64), Overflow::Wrap).expect("it wraps");
        field.write(&mut held, value);
        let what = format!("seed {seed}, round {round}: {field:?} of {before:?}");
        assert_eq!(field.read(&held), value, "{what}");
        let inside = field.offset as usize..field.offset as usize + usize::from(width);
        for at in 0..held.len() * 8 {
            if inside.contains(&at) {
                let low = inside.end - 1 - at;
                assert_eq!(bit(&held, at), value >> low & 1 != 0, "{what}");
            } else {
                assert_eq!(bit(&held, at), bit(&before, at), "{what}");
            }
        }
        // A string that ends within the field goes on with zeros.
        let cut = dice.below(held.len() + 1);
        let mut padded = held[..cut].to_vec();
        padded.resize(held.len(), 0);
        assert_eq!(field.read(&held[..cut]), field.read(&padded), "{what}, cut to {cut}");
    }
}

#[test]
fn values_that_do_not_fit_wrap_saturate_or_fail() {
    let field = |width, signed| Field { offset: 0, width, signed };
    let all = [Overflow::Wrap, Overflow::Sat, Overflow::Fail];
    let rows: [(Field, i128, [Option<i64>; 3]); 9] = [
        (field(8, true), 128, [Some(-128), Some(127), None]),
        (field(8, true), -129, [Some(127), Some(-128), None]),
        (field(8, false), 256, [Some(0), Some(255), None]),
        (field(8, false), -1, [Some(255), Some(0), None]),
        (field(1, true), 1, [Some(-1), Some(0), None]),
        (field(64, true), 1 << 63, [Some(i64::MIN), Some(i64::MAX), None]),
        (field(64, true), -(1 << 63) - 1, [Some(i64::MAX), Some(i64::MIN), None]),
        (field(63, false), 1 << 63, [Some(0), Some(i64::MAX), None]),
        (field(8, false), 255, [Some(255); 3]),
    ];
    for (field, wanted, results) in rows {
        assert_eq!(all.map(|overflow| field.fit(wanted, overflow)), results, "{field:?} {wanted}");
    }
    assert_eq!(field(8, false).fit(field(8, false).settable(-1), Overflow::Sat), Some(255));
}
