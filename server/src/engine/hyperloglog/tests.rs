//! Both forms against an array of registers, the joining of runs, and damaged values.

use super::sketch::{Draft, HEADER, Sketch, Wrong, count_values, registers_mut};
use super::{REGISTERS, dense, element, sparse};
use crate::dice::Dice;

fn values(sketch: Sketch<'_>) -> Vec<u8> {
    let mut values = [0; REGISTERS];
    sketch.merge(&mut values).expect("a right value");
    values.to_vec()
}

#[test]
fn both_forms_hold_what_an_array_would() {
    let seed = 61;
    let mut dice = Dice::new(seed);
    for most in [1usize, 10, 200, 1_500, 3_000, 20_000] {
        let (mut sparse, mut dense) = (Draft::empty(), Draft::empty());
        dense.make_dense().expect("empty");
        let mut model = vec![0; REGISTERS];
        for number in 0..most {
            let element = (dice.below(most) as u64 ^ seed).to_le_bytes();
            let (index, value) = element::place(&element);
            let rises = model[index] < value;
            model[index] = model[index].max(value);
            assert_eq!(sparse.add(&element), Ok(rises), "seed {seed}, {number} of {most}");
            assert_eq!(dense.add(&element), Ok(rises), "seed {seed}, {number} of {most}");
        }
        assert_eq!(sparse.count(), dense.count(), "seed {seed}, {most}");
        let [sparse, dense] = [sparse.finish(), dense.finish()];
        for bytes in [&sparse, &dense] {
            let sketch = Sketch::new(bytes).expect("a value");
            assert_eq!(values(sketch), model, "seed {seed}, {most}");
            assert_eq!(sketch.stored(), None);
        }
        match Sketch::new(&sparse) {
            Ok(Sketch::Sparse(bytes)) => {
                assert!(bytes.len() <= sparse::BYTES_MAX);
                for (index, &value) in model.iter().enumerate() {
                    assert_eq!(sparse::get(bytes, index), Ok(value), "register {index}");
                }
            }
            Ok(Sketch::Dense(..)) => assert_eq!(sparse[HEADER..], dense[HEADER..]),
            Err(wrong) => panic!("{wrong:?}"),
        }
    }
}

/// PFMERGE begins looking where it left off; the bytes must be those of looking from the start.
#[test]
fn raising_in_order_leaves_the_same_bytes_as_raising_one_by_one() {
    let seed = 62;
    let mut dice = Dice::new(seed);
    for round in 0..300 {
        let mut one = Draft::empty();
        // Few different values close together: runs that are joined and split again.
        let base = dice.below(REGISTERS - 3_000);
        let draw = |dice: &mut Dice| (base + dice.below(300), 1 + dice.below(3) as u8);
        let mut held = [0; REGISTERS];
        for _ in 0..dice.below(400) {
            let (index, value) = draw(&mut dice);
            held[index] = value.max(held[index]);
            let mut alone = [0; REGISTERS];
            alone[index] = value;
            one.raise_all(&alone).expect("a right value");
        }
        let mut other = Draft::of(Sketch::new(&one.finish()).expect("a value"));
        let mut raised = [0; REGISTERS];
        (0..dice.below(400)).for_each(|_| {
            let (index, value) = draw(&mut dice);
            raised[index] = value;
        });
        let start = other.finish();
        other = Draft::of(Sketch::new(&start).expect("a value"));
        other.raise_all(&raised).expect("a right value");
        let mut one = Draft::of(Sketch::new(&start).expect("a value"));
        for (index, &value) in raised.iter().enumerate().filter(|(_, value)| **value > 0) {
            let mut alone = [0; REGISTERS];
            alone[index] = value;
            one.raise_all(&alone).expect("a right value");
        }
        let [one, other] = [one.finish(), other.finish()];
        assert_eq!(one[..], other[..], "seed {seed}, round {round}");
        let want: Vec<u8> = held.iter().zip(&raised).map(|(&a, &b)| a.max(b)).collect();
        assert_eq!(values(Sketch::new(&one).expect("a value")), want, "seed {seed}, {round}");
    }
}

#[test]
fn packed_registers_are_those_that_are_set_one_by_one() {
    let mut dice = Dice::new(63);
    let mut model = [0u8; REGISTERS];
    let mut one_by_one = [0; dense::BYTES];
    for (index, value) in model.iter_mut().enumerate() {
        *value = dice.below(64) as u8;
        dense::raise(&mut one_by_one, index, *value);
    }
    let mut packed = [0; dense::BYTES];
    dense::pack(&model, &mut packed);
    assert!(packed == one_by_one);
    assert!((0..REGISTERS).all(|index| dense::get(&packed, index) == model[index]));
    let mut merged = [0; REGISTERS];
    dense::merge(&packed, &mut merged);
    assert!(merged == model);
}

#[test]
fn estimates_are_within_the_error_that_was_promised() {
    let mut draft = Draft::empty();
    let mut next = 1u64;
    for number in 1..=200_000u64 {
        draft.add(&number.to_be_bytes()).expect("a right value");
        if number == next {
            let found = draft.count().expect("a right value");
            let most = (number as f64 * 0.0081 * 4.0).ceil() as u64;
            assert!(found.abs_diff(number) <= most, "{number} counted as {found}");
            next = next * 3 / 2 + 1;
        }
    }
}

#[test]
fn forged_registers_count_as_in_redis() {
    assert_eq!(count_values(&[0; REGISTERS]), 0);
    // Nothing that the estimator looks at.
    assert_eq!(count_values(&[63; REGISTERS]), 1 << 63);
}

/// Any bytes behind a header, right ones with a mistake among them: refused or used, never a
/// panic, and what was used is right afterwards if it was before.
#[test]
fn damaged_values_are_refused_or_harmless() {
    let seed = 64;
    let mut dice = Dice::new(seed);
    for round in 0..20_000 {
        let mut draft = Draft::empty();
        for _ in 0..dice.below(60) {
            draft.add(&dice.next().to_le_bytes()).expect("a right value");
        }
        if dice.below(20) == 0 {
            draft.make_dense().expect("a right value");
        }
        let mut bytes = draft.finish();
        match dice.below(4) {
            0 => {
                let len = HEADER + dice.below(40);
                bytes.truncate(HEADER);
                bytes.resize_with(len, || dice.next() as u8);
            }
            1 => bytes.truncate(dice.below(bytes.len() + 1)),
            2 => (0..dice.below(4)).for_each(|_| bytes.push(dice.next() as u8)),
            _ => {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
        }
        let Ok(sketch) = Sketch::new(&bytes) else { continue };
        let what = format!("seed {seed}, round {round}: {bytes:?}");
        let mut before = [0; REGISTERS];
        let was_right = sketch.merge(&mut before);
        assert_eq!(sketch.count().map(|_| ()), was_right, "{what}");
        if let Sketch::Sparse(bytes) = sketch {
            sparse::decode(bytes);
        }
        let mut draft = Draft::of(sketch);
        for _ in 0..dice.below(8) {
            let element = dice.next().to_le_bytes();
            let added = draft.add(&element);
            if was_right.is_ok() {
                let (index, value) = element::place(&element);
                assert_eq!(added, Ok(before[index] < value), "{what}");
                before[index] = before[index].max(value);
            } else if added.is_err() {
                assert_eq!(added, Err(Wrong::Corrupt), "{what}");
            }
        }
        let mut bytes = draft.finish();
        if was_right.is_ok() {
            let sketch = Sketch::new(&bytes).expect("still a value");
            assert!(values(sketch) == before, "{what}");
        }
        registers_mut(&mut bytes);
    }
}
