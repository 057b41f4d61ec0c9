//! The hash as a value against a plain map.

use std::collections::BTreeMap;

use super::fields::{Fields, KIND};
use crate::dice::Dice;
use crate::keyspace::{Bounds, Mortal, Object, Shape};
use crate::structure::dense::NEVER;

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
                let is_new = fields.set(&field, &value, 0);
                assert_eq!(is_new, model.insert(field, value).is_none());
            } else {
                assert_eq!(fields.get(&field, 0), model.get(&field).map(Vec::as_slice));
                assert_eq!(fields.remove(&field, 0), model.remove(&field).is_some());
            }
            assert_eq!(fields.len(0), model.len());
            if step % 211 == 0 && !model.is_empty() {
                let bytes = frozen(&fields);
                let thawed = (KIND.thaw)(&bytes).expect("what was frozen thaws");
                assert_eq!(frozen(&*thawed), bytes);
                let copy = fields.duplicate();
                assert_eq!((frozen(&*copy), copy.encoding()), (bytes, fields.encoding()));
                let at = dice.below(fields.len(0));
                assert_eq!(fields.iter(0).nth(at), fields.at(at, 0));
                assert_eq!(fields.at(fields.len(0), 0), None);
            }
        }
        let seen: BTreeMap<_, _> = fields.iter(0).map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
        assert_eq!(seen, model);
        let (mut cursor, mut scanned) = (0, BTreeMap::new());
        loop {
            cursor = fields.scan(cursor, 7, 0, |field, value| {
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
                fields.set(&dice.next().to_le_bytes(), b"v", 0);
            }
            Box::new(fields)
        };
        let mut copy = (KIND.thaw)(&frozen(&*original)).expect("what was frozen thaws");
        for object in [&mut original, &mut copy] {
            let mut dice = Dice::new(seed ^ 77);
            let object: &mut dyn std::any::Any = &mut **object;
            let fields: &mut Fields = object.downcast_mut().expect("a hash");
            for _ in 0..500 {
                let gone = fields.at(dice.below(fields.len(0)), 0).map(|(field, _)| field.to_vec());
                if let Some(gone) = gone {
                    fields.remove(&gone, 0);
                }
                fields.set(&dice.next().to_le_bytes(), b"w", 0);
            }
        }
        assert_eq!(frozen(&*original), frozen(&*copy));
    }
}

#[test]
fn the_form_changes_where_redis_changes_it() {
    let mut fields = Fields::default();
    for number in 0..PACKED_FIELDS_MAX {
        fields.set(number.to_string().as_bytes(), &[b'v'; PACKED_BYTES_MAX], 0);
    }
    assert_eq!(fields.encoding(), "listpack");
    fields.set(b"0", b"again", 0);
    assert_eq!(fields.encoding(), "listpack");
    fields.set(b"one more", b"", 0);
    assert_eq!(fields.encoding(), "hashtable");
    for number in 0..PACKED_FIELDS_MAX {
        fields.remove(number.to_string().as_bytes(), 0);
    }
    assert_eq!((fields.len(0), fields.encoding()), (1, "hashtable"));

    let mut fields = Fields::default();
    fields.set(b"field", &[b'v'; PACKED_BYTES_MAX + 1], 0);
    assert_eq!(fields.encoding(), "hashtable");
}

#[test]
fn the_frozen_bytes_are_fixed() {
    let mut fields = Fields::default();
    fields.set(b"f", b"v", 0);
    assert_eq!(frozen(&fields), b"\x01\x01\x01f\x01v");
    fields.set(b"", &[b'x'; 65], 0);
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
            fields.set(number.to_string().as_bytes(), b"v", 0);
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
        fields.set(b"long", &vec![b'v'; longest], 0);
        fields.remove(b"long", 0);
        for number in 0..count {
            fields.set(number.to_string().as_bytes(), b"v", 0);
        }
        fields
    };
    for (count, gone, follows) in [(128, 5, "6"), (129, 5, "128"), (300, 0, "299")] {
        let mut fields = of(count, 1);
        assert!(fields.remove(gone.to_string().as_bytes(), 0));
        let (next, _) = fields.at(gone, 0).expect("it was not the last");
        assert_eq!((next, fields.encoding()), (follows.as_bytes(), "listpack"), "of {count}");
    }
    for gone in ["0", "17", "59"] {
        let [mut packed, mut big] = [1, PACKED_BYTES_MAX + 1].map(|longest| of(60, longest));
        assert!(packed.remove(gone.as_bytes(), 0) && big.remove(gone.as_bytes(), 0));
        assert_eq!((packed.encoding(), big.encoding()), ("listpack", "hashtable"));
        assert_eq!(frozen(&packed), frozen(&big));
        assert!(packed.iter(0).all(|(field, _)| big.get(field, 0) == Some(b"v")));
    }
}

/// One hash is swept now and then, a bounded piece at a time, the other never: both are what the
/// model is, and freeze to the same bytes.
#[test]
fn deadlines_do_what_the_model_does_swept_or_not() {
    for seed in 0..24 {
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        let (names, longest) = [(40, 20), (700, 20), (40, 66)][seed as usize % 3];
        let mut hashes = [Fields::default(), Fields::default()];
        let mut model: BTreeMap<Vec<u8>, (Vec<u8>, u64)> = BTreeMap::new();
        let mut now = 1_700_000_000_000;
        for step in 0..3000 {
            let field = dice.below(names).to_string().into_bytes();
            let held = model.get(&field).cloned();
            let value = vec![b'v'; dice.below(longest)];
            match dice.below(10) {
                0..3 => {
                    for fields in &mut hashes {
                        assert_eq!(fields.set(&field, &value, now), held.is_none());
                    }
                    model.insert(field, (value, NEVER));
                }
                3 => {
                    for fields in &mut hashes {
                        assert_eq!(fields.set_keeping(&field, &value, now), held.is_none());
                    }
                    let deadline = held.map_or(NEVER, |(_, deadline)| deadline);
                    model.insert(field, (value, deadline));
                }
                4..7 => {
                    let never = dice.below(5) == 0;
                    let at = if never { NEVER } else { now + 1 + dice.next() % 2000 };
                    for fields in &mut hashes {
                        let told = fields.deadline(&field, now);
                        assert_eq!(told, held.as_ref().map(|(_, deadline)| *deadline));
                        if told.is_some() {
                            fields.set_deadline(&field, at);
                        }
                    }
                    model.entry(field).and_modify(|(_, deadline)| *deadline = at);
                }
                7 => {
                    for fields in &mut hashes {
                        assert_eq!(fields.remove(&field, now), held.is_some());
                    }
                    model.remove(&field);
                }
                8 => {
                    now += dice.next() % 60;
                    model.retain(|_, (_, deadline)| *deadline > now);
                }
                _ => {
                    hashes[0].drop_dead(now, 1 + dice.below(30));
                }
            }
            if model.is_empty() {
                // The keyspace would have taken such a hash out.
                for fields in &mut hashes {
                    assert!(fields.is_empty() || Mortal::is_dead(fields, now));
                    *fields = Fields::default();
                }
            }
            let first = model.values().map(|(_, deadline)| *deadline).min().unwrap_or(NEVER);
            for fields in &hashes {
                assert_eq!(fields.len(now), model.len());
                assert!(Mortal::due(fields) <= first);
                assert!((now + 1..=first).contains(&Mortal::due_after(fields, now)));
                assert!(model.is_empty() || !Mortal::is_dead(fields, now));
            }
            assert_eq!(hashes[0].encoding(), hashes[1].encoding(), "the form depends on sweeping");
            if step % 97 == 0 && !model.is_empty() {
                compare(&hashes, &model, now, &mut dice);
            }
        }
    }
}

fn compare(
    hashes: &[Fields; 2],
    model: &BTreeMap<Vec<u8>, (Vec<u8>, u64)>,
    now: u64,
    dice: &mut Dice,
) {
    let at = |object: &dyn Object| {
        let mut bytes = Vec::new();
        object.freeze_at(now, &mut bytes);
        bytes
    };
    let bytes = at(&hashes[0]);
    assert_eq!(bytes, at(&hashes[1]), "sweeping is seen in the frozen bytes");
    let thawed = (KIND.thaw)(&bytes).expect("what was frozen thaws");
    assert_eq!(at(&*thawed), bytes);
    let mut damaged = bytes.clone();
    damaged[dice.below(bytes.len())] ^= 1 << dice.below(8);
    if let Ok(other) = (KIND.thaw)(&damaged) {
        assert_eq!(frozen(&*other), damaged);
    }
    for fields in hashes {
        assert_eq!(at(&*fields.duplicate()), bytes);
        let pairs: BTreeMap<_, _> = fields.iter(now).collect();
        let wanted = model.iter().map(|(field, (value, _))| (&field[..], &value[..]));
        assert_eq!(pairs, wanted.collect());
        let (mut cursor, mut scanned) = (0, BTreeMap::new());
        loop {
            cursor = fields.scan(cursor, 5, now, |field, value| {
                scanned.insert(field, value);
            });
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(scanned, pairs);
        let placed = (0..fields.places()).filter_map(|place| fields.at(place, now));
        assert_eq!(placed.collect::<BTreeMap<_, _>>(), pairs);
    }
}

#[test]
fn the_frozen_bytes_of_deadlines_are_fixed() {
    let mut fields = Fields::default();
    fields.set(b"f", b"v", 0);
    fields.set(b"g", b"w", 0);
    fields.set_deadline(b"g", 300);
    assert_eq!(frozen(&fields), b"\x00\x02\x01g\x01w\xac\x02\x01f\x01v\x00");
    assert_eq!(fields.encoding(), "listpackex");
    fields.set_deadline(b"g", NEVER);
    assert_eq!(frozen(&fields), b"\x00\x02\x01g\x01w\x00\x01f\x01v\x00");
    fields.set_deadline(b"f", 7);
    fields.set(b"h", &[b'x'; 65], 7);
    assert_eq!(fields.encoding(), "hashtable");
    let bytes = frozen(&fields);
    assert_eq!(
        bytes[..2],
        *b"\x00\x02",
        "what was dead is gone; that there was a deadline is known for good"
    );
    fields.set_deadline(b"h", 9);
    let bytes = frozen(&fields);
    assert_eq!(bytes[..2], *b"\x00\x02");
    for (cut, _) in bytes.iter().enumerate() {
        assert!((KIND.thaw)(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

/// Two hashes with deadlines that got the same commands freeze to the same bytes, whatever their
/// forms.
#[test]
fn the_form_of_a_hash_with_deadlines_is_not_frozen() {
    let mut dice = Dice::new(41);
    let bounds = [Bounds::new(1 << 20, 1 << 20), Bounds::new(0, 0)];
    let mut hashes = [Fields::default(), Fields::default()];
    // From the beginning, since tables are shorter in tests than a packed hash may be.
    for fields in &mut hashes {
        fields.set(b"first", b"v", 0);
        fields.set_deadline(b"first", 1001);
    }
    let install = |kind: Bounds| Shape { hash: kind, ..Shape::DEFAULT }.install();
    for (step, now) in (0..4000).zip(1000..) {
        let field = dice.below(500).to_string().into_bytes();
        let (call, deadline) = (dice.below(8), now + 1 + dice.next() % 900);
        let value = vec![b'v'; dice.below(200)];
        for (fields, kind) in hashes.iter_mut().zip(bounds) {
            install(kind);
            match call {
                0..4 => _ = fields.set(&field, &value, now),
                4 => _ = fields.set_keeping(&field, &value, now),
                5 => _ = fields.remove(&field, now),
                _ if fields.deadline(&field, now).is_none() => {}
                6 => fields.set_deadline(&field, deadline),
                _ => fields.set_deadline(&field, NEVER),
            }
        }
        if step % 40 == 39 {
            Mortal::drop_dead(&mut hashes[step / 40 % 2], now, usize::MAX);
            let bytes = hashes.each_ref().map(|fields| {
                let mut bytes = Vec::new();
                fields.freeze_live(now, &mut bytes);
                bytes
            });
            assert!(bytes[0] == bytes[1], "step {step}");
            for kind in bounds {
                install(kind);
                let thawed = (KIND.thaw)(&bytes[0]).expect("what was frozen thaws");
                assert!(frozen(&*thawed) == bytes[0], "step {step}, thawed");
            }
        }
    }
    assert_eq!(hashes.each_ref().map(|fields| fields.encoding()), ["listpackex", "hashtable"]);
    Shape::DEFAULT.install();
}

/// A field whose time is over leaves its place to others: a packed hash stays packed.
#[test]
fn dead_fields_do_not_count_for_the_form() {
    let mut fields = Fields::default();
    for number in 0..PACKED_FIELDS_MAX {
        fields.set(number.to_string().as_bytes(), b"v", 0);
        fields.set_deadline(number.to_string().as_bytes(), 10 + number as u64);
    }
    fields.set(b"one more", b"v", 10);
    assert_eq!((fields.encoding(), fields.len(10)), ("listpackex", PACKED_FIELDS_MAX));
    fields.set(b"one too many", b"v", 10);
    assert_eq!((fields.encoding(), fields.len(10)), ("hashtable", PACKED_FIELDS_MAX + 1));
}
