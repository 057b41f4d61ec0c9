//! What is written reads back, whatever the elements.

use super::super::stream::{Consumer, Delivery, EntriesRead, Extent, Id, Value, Writer};
use super::super::{form, hash, list, lzf, set, sorted_set, string};
use super::frozen::told;
use crate::dice::Dice;

/// Elements at which the packed forms change their spelling.
fn element(dice: &mut Dice) -> Vec<u8> {
    let number = |number: i64| number.to_string().into_bytes();
    match dice.below(8) {
        0 => {
            let power = 1i64 << dice.below(63);
            let near = power.wrapping_add(dice.below(3) as i64 - 1);
            number(if dice.below(2) == 0 { near } else { near.wrapping_neg() })
        }
        1 => number([i64::MIN, i64::MAX, 0, -1, 127, 128, -4096, 4095, 4096][dice.below(9)]),
        2 => [&b"01"[..], b"-0", b"+1", b"1.5", b"", b" 1", b"9223372036854775808"][dice.below(7)]
            .to_vec(),
        3 => vec![b'r'; [62, 63, 64, 65, 120, 126, 127, 128, 4093, 4095, 4096][dice.below(11)]],
        4 => vec![b's'; [8000, 8192, 16_370, 16_380, 16_384, 70_000][dice.below(6)]],
        _ => (0..dice.below(30)).map(|_| dice.next() as u8).collect(),
    }
}

fn elements(dice: &mut Dice) -> Vec<Vec<u8>> {
    let most = [3, 20, 300][dice.below(3)];
    let count = 1 + dice.below(most);
    (0..count).map(|_| element(dice)).collect()
}

fn text(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

fn dice() -> Dice {
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    eprintln!("seed {seed}");
    Dice::new(seed)
}

/// Takes a written value apart: its form must be the one given.
fn said(written: &[u8], form: u8) -> Vec<String> {
    assert_eq!(written[0], form);
    told(form, &written[1..]).expect("what was written can be read")
}

#[test]
fn containers_read_back() {
    let mut dice = dice();
    for _ in 0..300 {
        let elements = elements(&mut dice);
        let slices = || elements.iter().map(|element| &element[..]);
        let pairs = || slices().zip(slices().skip(1));
        let whole: Vec<String> = slices().map(text).collect();
        let in_pairs: Vec<String> =
            pairs().map(|(one, other)| format!("{} {}", text(one), text(other))).collect();

        let mut to = Vec::new();
        list::write(&mut to, slices());
        assert_eq!(said(&to, form::LIST_QUICKLIST_2), whole);

        to.clear();
        set::write(&mut to, elements.len(), slices());
        assert_eq!(said(&to, form::SET), whole);

        if in_pairs.is_empty() {
            continue;
        }
        to.clear();
        hash::write(&mut to, in_pairs.len(), pairs());
        assert_eq!(said(&to, form::HASH), in_pairs);

        to.clear();
        hash::write_packed(&mut to, pairs());
        assert_eq!(said(&to, form::HASH_LISTPACK), in_pairs);

        let deadline =
            |at: usize| (!at.is_multiple_of(3)).then_some(1_700_000_000_000 + at as u64 * 77 % 13);
        to.clear();
        let timed = pairs().enumerate().map(|(at, (field, value))| (field, value, deadline(at)));
        hash::write_with_deadlines(&mut to, in_pairs.len(), timed);
        let with_deadlines: Vec<String> = in_pairs
            .iter()
            .enumerate()
            .map(|(at, pair)| {
                pair.clone() + &deadline(at).map(|at| format!(" {at}")).unwrap_or_default()
            })
            .collect();
        assert_eq!(said(&to, form::HASH_METADATA), with_deadlines);
    }
}

#[test]
fn strings_read_back() {
    let mut dice = dice();
    for _ in 0..3000 {
        let element = element(&mut dice);
        let mut to = Vec::new();
        string::write(&mut to, &element);
        assert_eq!(said(&to, form::STRING), [text(&element)]);
        assert!(to.len() <= element.len() + 6);
    }
    let mut to = Vec::new();
    string::write(&mut to, b"-2147483648");
    assert_eq!(to, [0, 0xc2, 0, 0, 0, 0x80]);
    to.clear();
    string::write(&mut to, b"2147483648");
    assert_eq!(to, b"\0\x0a2147483648");
}

#[test]
fn scores_read_back_to_the_bit() {
    let mut dice = dice();
    let awkward = [0.0, 1.0, -1.0, 0.1, 1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY, 1e17];
    for _ in 0..300 {
        let count = 1 + dice.below(40);
        let scored: Vec<(Vec<u8>, f64)> = (0..count)
            .map(|number| {
                let random = f64::from_bits(dice.next());
                let awkward = awkward[dice.below(awkward.len())];
                let random = if random.is_nan() { awkward } else { random };
                let score = [random, awkward, (dice.next() >> dice.below(64)) as f64];
                (number.to_string().into_bytes(), score[dice.below(3)])
            })
            .collect();
        let pairs = || scored.iter().map(|(member, score)| (&member[..], *score));
        for packed in [false, true] {
            let mut to = Vec::new();
            if packed {
                sorted_set::write_packed(&mut to, pairs());
            } else {
                sorted_set::write(&mut to, count, pairs());
            }
            let mut read = Vec::new();
            let from = &mut &to[1..];
            sorted_set::read(to[0], from, |member, score| {
                read.push((member.to_vec(), score.to_bits()));
                Ok(())
            })
            .expect("what was written");
            let expected: Vec<_> = pairs().map(|(m, s)| (m.to_vec(), s.to_bits())).collect();
            assert_eq!(read, expected);
        }
    }
}

#[test]
fn integers_read_back_sorted() {
    let mut dice = dice();
    for _ in 0..500 {
        let shift = dice.below(64);
        let mut numbers: Vec<i64> =
            (0..1 + dice.below(100)).map(|_| (dice.next() as i64) >> shift).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let expected: Vec<String> = numbers.iter().map(|number| format!("\"{number}\"")).collect();
        let mut to = Vec::new();
        numbers.reverse();
        set::write_integers(&mut to, numbers);
        assert_eq!(said(&to, form::SET_INTSET), expected);
    }
}

#[test]
fn lzf_unpacks_what_it_packed() {
    let mut dice = dice();
    for _ in 0..500 {
        let letters = 1 + dice.below(20);
        let text: Vec<u8> =
            (0..dice.below(20_000)).map(|_| b'a' + dice.below(letters) as u8).collect();
        if let Some(packed) = lzf::compress(&text) {
            assert!(packed.len() < text.len());
            let mut unpacked = b"before".to_vec();
            lzf::decompress(&packed, text.len(), &mut unpacked).expect("it was packed");
            assert_eq!(unpacked[6..], text);
        }
    }
    assert!(lzf::compress(&[b'x'; 60_000]).is_some_and(|packed| packed.len() < 700));
    assert_eq!(lzf::compress(b"no two are the same"), None);
    assert_eq!(lzf::compress(&[b'x'; lzf::BYTES_MAX + 1]), None);
}

#[test]
fn streams_read_back() {
    let mut dice = dice();
    for _ in 0..200 {
        let mut to = Vec::new();
        let mut writer = Writer::new(&mut to);
        let mut says = Vec::new();
        let (mut id, mut first) = (Id::default(), None);
        let count = dice.below(400);
        for _ in 0..count {
            id = match dice.below(3) {
                0 => Id { ms: id.ms + 1 + dice.next() % 1000, seq: dice.next() >> 1 },
                _ => Id { ms: id.ms, seq: id.seq + 1 + dice.next() % 3 },
            };
            first.get_or_insert(id);
            let names: &[&[u8]] = if dice.below(4) > 0 { &[b"f", b"7"] } else { &[b"f"] };
            let values: Vec<Vec<u8>> = names.iter().map(|_| element(&mut dice)).collect();
            let fields = names.iter().zip(&values).map(|(name, value)| (*name, &value[..]));
            writer.entry(id, fields.clone().map(|(name, value)| (name, Value::Bytes(value))));
            let fields: Vec<String> =
                fields.flat_map(|(name, value)| [text(name), text(value)]).collect();
            says.push(format!("entry {}-{} {}", id.ms, id.seq, fields.join(" ")));
        }
        let first = first.unwrap_or_default();
        let added = dice.next();
        let length = count as u64;
        writer.extent(Extent { length, last: id, first, max_deleted: first, added });
        let shown = |id: Id| format!("{}-{}", id.ms, id.seq);
        says.push(format!(
            "length {length} last {} first {} deleted {} added {added}",
            shown(id),
            shown(first),
            shown(first)
        ));
        for group in 0..dice.below(3) {
            let name = group.to_string();
            let read = [EntriesRead::Unknown, EntriesRead::Known(dice.next() >> 1)][dice.below(2)];
            let delivery = Delivery { time: dice.next() >> 1, count: dice.next() };
            let pending: Vec<Id> =
                (0..dice.below(50)).map(|at| Id { ms: at as u64 / 7, seq: at as u64 }).collect();
            let all = pending.iter().map(|&id| (id, delivery));
            writer.group(name.as_bytes(), id, read, pending.len(), all);
            says.push(format!("group \"{name}\" {} read {read:?}", shown(id)));
            for consumer in 0..3 {
                let own: Vec<Id> =
                    pending.iter().copied().filter(|id| id.seq % 3 == consumer).collect();
                let seen = dice.next() >> 1;
                let name = [b'c', b'0' + consumer as u8];
                let consumer = Consumer { name: &name, seen, active: None };
                writer.consumer(consumer, own.len(), own.iter().copied());
                says.push(format!("consumer {} seen {seen} active {:?}", text(&name), Some(seen)));
                let Delivery { time, count } = delivery;
                says.extend(
                    own.iter().map(|&id| format!("pending {} at {time} times {count}", shown(id))),
                );
            }
        }
        assert_eq!(said(&to, form::STREAM_LISTPACKS_2), says);
    }
}
