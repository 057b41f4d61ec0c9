//! The hash as a value against a plain map.

use std::collections::BTreeMap;

use super::fields::{Fields, KIND};
use crate::dice::Dice;
use crate::keyspace::{Object, Shape};

const PACKED_FIELDS_MAX: usize = Shape::DEFAULT.hash.elements;
const PACKED_BYTES_MAX: usize = Shape::DEFAULT.hash.bytes;

fn frozen(object: &dyn Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.freeze(&mut bytes);
    bytes
}

#[test]
fn a_hash_does_what_a_map_does_and_survives_freezing_and_copying() {
    for seed in 0..30 {
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        // A third stay small, a third become big by count, a third by length.
        let (names, longest) = [(60, 20), (2000, 20), (60, 70)][seed as usize % 3];
        let mut fields = Fields::default();
        let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for step in 0..3000 {
            let field = dice.below(names).to_string().into_bytes();
            if dice.below(5) < 3 {
                let value = vec![b'v'; dice.below(longest)];
                let is_new = fields.set(&field, &value);
                assert_eq!(is_new, model.insert(field, value).is_none());
            } else {
                assert_eq!(fields.get(&field), model.get(&field).map(Vec::as_slice));
                assert_eq!(fields.remove(&field), model.remove(&field).is_some());
            }
            assert_eq!(fields.len(), model.len());
            if step % 211 == 0 && !model.is_empty() {
                let bytes = frozen(&fields);
                let thawed = (KIND.thaw)(&bytes).expect("what was frozen thaws");
                assert_eq!(frozen(&*thawed), bytes);
                let copy = fields.duplicate();
                assert_eq!((frozen(&*copy), copy.encoding()), (bytes, fields.encoding()));
                let at = dice.below(fields.len());
                assert_eq!(fields.iter().nth(at), fields.at(at));
                assert_eq!(fields.at(fields.len()), None);
            }
        }
        let seen: BTreeMap<_, _> = fields.iter().map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
        assert_eq!(seen, model);
        let (mut cursor, mut scanned) = (0, BTreeMap::new());
        loop {
            cursor = fields.scan(cursor, 7, |field, value| {
                scanned.insert(field.to_vec(), value.to_vec());
            });
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(scanned, model);
    }
}

/// A copy that came through a snapshot must go on in the same order: HRANDFIELD depends on it.
#[test]
fn the_order_goes_on_the_same_after_thawing() {
    for seed in 0..10 {
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        let mut original: Box<dyn Object> = {
            let mut fields = Fields::default();
            for _ in 0..dice.below(1500) + 1 {
                fields.set(&dice.next().to_le_bytes(), b"v");
            }
            Box::new(fields)
        };
        let mut copy = (KIND.thaw)(&frozen(&*original)).expect("what was frozen thaws");
        for object in [&mut original, &mut copy] {
            let mut dice = Dice::new(seed ^ 77);
            let object: &mut dyn std::any::Any = &mut **object;
            let fields: &mut Fields = object.downcast_mut().expect("a hash");
            for _ in 0..500 {
                let gone = fields.at(dice.below(fields.len())).map(|(field, _)| field.to_vec());
                if let Some(gone) = gone {
                    fields.remove(&gone);
                }
                fields.set(&dice.next().to_le_bytes(), b"w");
            }
        }
        assert_eq!(frozen(&*original), frozen(&*copy));
    }
}

#[test]
fn the_form_changes_where_redis_changes_it() {
    let mut fields = Fields::default();
    for number in 0..PACKED_FIELDS_MAX {
        fields.set(number.to_string().as_bytes(), &[b'v'; PACKED_BYTES_MAX]);
    }
    assert_eq!(fields.encoding(), "listpack");
    fields.set(b"0", b"again");
    assert_eq!(fields.encoding(), "listpack");
    fields.set(b"one more", b"");
    assert_eq!(fields.encoding(), "hashtable");
    for number in 0..PACKED_FIELDS_MAX {
        fields.remove(number.to_string().as_bytes());
    }
    assert_eq!((fields.len(), fields.encoding()), (1, "hashtable"));

    let mut fields = Fields::default();
    fields.set(b"field", &[b'v'; PACKED_BYTES_MAX + 1]);
    assert_eq!(fields.encoding(), "hashtable");
}

#[test]
fn the_frozen_bytes_are_fixed() {
    let mut fields = Fields::default();
    fields.set(b"f", b"v");
    assert_eq!(frozen(&fields), b"\x01\x01\x01f\x01v");
    fields.set(b"", &[b'x'; 65]);
    let mut bytes = b"\x01\x02\x01f\x01v\x00\x41".to_vec();
    bytes.extend([b'x'; 65]);
    assert_eq!(frozen(&fields), bytes);
    assert_eq!((KIND.tag, KIND.name), (2, "hash"));
}

#[test]
fn damaged_bytes_are_refused() {
    for bytes in [
        &b""[..],
        b"\x00\x00",
        b"\x00\x01\x01f\x01v",
        b"\x01\x00",
        b"\x01\x02\x01f\x01v",
        b"\x01\x02\x01f\x01v\x01f\x01w",
        b"\x01\x01\x01f\x01vx",
        b"\x05\x01\x01f\x01v",
        b"\x00\xff\xff\xff\xff\x7f",
        b"\x01\xff\xff\xff\xff\x7f",
    ] {
        assert!((KIND.thaw)(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_flipped_bit_is_refused_or_means_what_it_says() {
    for count in [3, 200] {
        let mut fields = Fields::default();
        for number in 0..count {
            fields.set(number.to_string().as_bytes(), b"v");
        }
        let whole = frozen(&fields);
        for cut in 0..whole.len() {
            assert!((KIND.thaw)(&whole[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..whole.len().min(200) {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                if let Ok(thawed) = (KIND.thaw)(&bytes) {
                    assert_eq!(frozen(&*thawed), bytes, "bit {bit} of byte {at}");
                }
            }
        }
    }
}

/// What a removal does to the order is the same in both forms. (Tables are shorter in tests than a
/// packed hash may be; `tests/it/replay.rs` compares longer ones.)
#[test]
fn a_removal_keeps_the_order_of_a_few_and_fills_the_gap_among_many() {
    let of = |count: usize, longest: usize| {
        let mut fields = Fields::default();
        fields.set(b"long", &vec![b'v'; longest]);
        fields.remove(b"long");
        for number in 0..count {
            fields.set(number.to_string().as_bytes(), b"v");
        }
        fields
    };
    for (count, gone, follows) in [(128, 5, "6"), (129, 5, "128"), (300, 0, "299")] {
        let mut fields = of(count, 1);
        assert!(fields.remove(gone.to_string().as_bytes()));
        let (next, _) = fields.at(gone).expect("it was not the last");
        assert_eq!((next, fields.encoding()), (follows.as_bytes(), "listpack"), "of {count}");
    }
    for gone in ["0", "17", "59"] {
        let [mut packed, mut big] = [1, PACKED_BYTES_MAX + 1].map(|longest| of(60, longest));
        assert!(packed.remove(gone.as_bytes()) && big.remove(gone.as_bytes()));
        assert_eq!((packed.encoding(), big.encoding()), ("listpack", "hashtable"));
        assert_eq!(frozen(&packed), frozen(&big));
        assert!(packed.iter().all(|(field, _)| big.get(field) == Some(b"v")));
    }
}
