//! The hash as a value against a plain map.

use std::collections::BTreeMap;

use super::fields::{Fields, KIND, PACKED_BYTES_MAX, PACKED_FIELDS_MAX};
use crate::dice::Dice;
use crate::keyspace::{Mortal, Object};
use crate::structure::dense::NEVER;

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
                assert_eq!(frozen(&*fields.duplicate()), bytes);
                assert_eq!(thawed.encoding(), fields.encoding());
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
    assert_eq!(frozen(&fields), b"\x00\x01\x01f\x01v");
    fields.set(b"", &[b'x'; 65], 0);
    let mut bytes = b"\x01\x02\x01f\x01v\x00\x41".to_vec();
    bytes.extend([b'x'; 65]);
    assert_eq!(frozen(&fields), bytes);
    assert_eq!((KIND.tag, KIND.name), (2, "hash"));
}

#[test]
fn damaged_bytes_are_refused() {
    let mut long = b"\x00\x01\x01f\x41".to_vec();
    long.extend([b'x'; 65]);
    for bytes in [
        &b""[..],
        b"\x00\x00",
        b"\x00\x02\x01f\x01v",
        b"\x00\x02\x01f\x01v\x01f\x01w",
        b"\x00\x01\x01f\x01vx",
        b"\x05\x01\x01f\x01v",
        b"\x00\xff\xff\xff\xff\x7f",
        b"\x01\xff\xff\xff\xff\x7f",
        &long,
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
    assert_eq!(thawed.encoding(), hashes[0].encoding());
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
    assert_eq!(frozen(&fields), b"\x00\x00\x00\x02\x01f\x01v\x00\x01g\x01w\xac\x02");
    assert_eq!(fields.encoding(), "listpackex");
    fields.set_deadline(b"g", NEVER);
    assert_eq!(frozen(&fields), b"\x00\x00\x00\x02\x01f\x01v\x00\x01g\x01w\x00");
    fields.set_deadline(b"f", 7);
    fields.set(b"h", &[b'x'; 65], 7);
    assert_eq!(fields.encoding(), "hashtable");
    let plain = frozen(&fields);
    assert_eq!(plain[..3], *b"\x01\x02\x01", "what was dead is gone, and with it all deadlines");
    fields.set_deadline(b"h", 9);
    let bytes = frozen(&fields);
    assert_eq!(bytes[..4], *b"\x00\x00\x01\x02");
    for (cut, _) in bytes.iter().enumerate() {
        assert!((KIND.thaw)(&bytes[..cut]).is_err(), "cut at {cut}");
    }
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
