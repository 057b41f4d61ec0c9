//! structure/packed/tests.rs — packed sequences against vectors.

use super::{Packed, Spot};
use crate::structure::dice::Dice;
use crate::structure::thin::tests::LIVE;

fn check(packed: &Packed, model: &[Vec<u8>]) {
    assert_eq!(packed.len(), model.len());
    assert!(packed.iter().eq(model.iter().map(Vec::as_slice)));
    assert!(packed.iter_back().eq(model.iter().rev().map(Vec::as_slice)));
    assert_eq!(packed.iter().size_hint().0, model.len());
}

#[test]
fn a_packed_sequence_does_what_a_vector_does() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let live = LIVE.get();
        let mut packed = Packed::new();
        let mut model: Vec<Vec<u8>> = Vec::new();
        let most = [4, 30, 150, 600][seed as usize % 4];
        for step in 0..1500 {
            let entry =
                if dice.below(3) == 0 { dice.bytes() } else { vec![dice.below(20) as u8; 8] };
            let index = dice.below(model.len() + 1);
            let grows = model.len() < dice.below(most);
            match dice.below(8) {
                0 if grows => {
                    packed.push_front([&entry]);
                    model.insert(0, entry);
                }
                1 if grows => {
                    packed.push_back([&entry, b"value"]);
                    model.extend([entry, b"value".to_vec()]);
                }
                2 if grows && index < model.len() => {
                    let spot = packed.spot(index).expect("an index below the length");
                    packed.insert(spot, [&entry]);
                    model.insert(index, entry);
                }
                3 if index < model.len() => {
                    let spot = packed.spot(index).expect("an index below the length");
                    packed.replace(spot, &entry);
                    model[index] = entry;
                }
                4 if !grows && index < model.len() => {
                    let count = 1 + dice.below(3);
                    packed.remove(packed.spot(index).expect("an index below the length"), count);
                    model.drain(index..(index + count).min(model.len()));
                }
                5 if !grows && !model.is_empty() => {
                    let spot = if dice.below(2) == 0 { packed.first() } else { packed.last() };
                    let spot = spot.expect("an entry");
                    let index = if spot == Spot(0) { 0 } else { model.len() - 1 };
                    assert_eq!(packed.read(spot), Some(model[index].as_slice()));
                    packed.remove(spot, 1);
                    model.remove(index);
                }
                6 => {
                    let stride = 1 + dice.below(2);
                    let expected = model.iter().step_by(stride).position(|other| *other == entry);
                    let found = packed.find(&entry, stride);
                    assert_eq!(found, expected.and_then(|at| packed.spot(at * stride)));
                    if let (Some(spot), Some(at)) = (found, expected) {
                        let after = packed.after(spot).and_then(|next| packed.read(next));
                        assert_eq!(after, model.get(at * stride + 1).map(Vec::as_slice));
                    }
                }
                _ => assert_eq!(packed.get(index), model.get(index).map(Vec::as_slice)),
            }
            assert_eq!(packed.weight(), LIVE.get() - live);
            if step % 20 == 0 {
                check(&packed, &model);
            }
        }
        check(&packed, &model);
        while let Some(spot) = packed.first() {
            packed.remove(spot, 7);
        }
        assert!(packed.is_empty() && packed.weight() <= 40, "{} bytes", packed.weight());
        drop(packed);
        assert_eq!(LIVE.get(), live, "memory is left behind");
    }
}

#[test]
fn spots_of_a_changed_sequence_do_no_harm() {
    let mut dice = Dice::new(7);
    for _ in 0..3000 {
        let mut packed = Packed::new();
        for _ in 0..dice.below(30) {
            packed.push_back([&dice.bytes()]);
        }
        let spot = Spot(dice.below(2 * packed.bytes() + 3));
        let _ = (packed.read(spot), packed.after(spot));
        packed.replace(spot, b"new");
        packed.remove(Spot(dice.below(500)), 2);
        packed.insert(Spot(dice.below(500)), [b"x"]);
        assert!(packed.iter().count() <= packed.bytes());
    }
    let empty = Packed::new();
    assert_eq!((empty.first(), empty.last(), empty.get(0)), (None, None, None));
}

/// The figure of the memory target: a hash of five fields `fN` with values of eight bytes.
#[test]
fn five_small_fields_fill_one_line_of_the_cache() {
    let mut packed = Packed::new();
    for i in 0..5u8 {
        packed.push_back([&[b'f', b'0' + i], b"12345678"]);
    }
    assert_eq!((packed.bytes(), packed.weight()), (60, 64));
    assert_eq!(size_of::<Packed>(), 8);
}

#[test]
fn growing_allocates_by_size_class_only() {
    let mut packed = Packed::new();
    let mut weights = vec![0];
    for _ in 0..2000 {
        packed.push_back([b"12345678"]);
        if weights.last() != Some(&packed.weight()) {
            weights.push(packed.weight());
        }
    }
    assert!(weights.len() < 40, "{} allocations for 2000 entries", weights.len());
    assert!(packed.weight() < packed.bytes() * 5 / 4);
}
