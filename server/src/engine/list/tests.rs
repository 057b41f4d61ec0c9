//! The list as a value against a plain vector.

use super::sequence::{KIND, Sequence};
use crate::dice::Dice;
use crate::keyspace::{Keys, Keyspace, Later, Object};
use crate::structure::segments::End;

fn frozen(object: &dyn Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.freeze(&mut bytes);
    bytes
}

fn entry(dice: &mut Dice) -> Vec<u8> {
    let length = match dice.below(60) {
        0 => dice.below(6000),
        1 => 125 + dice.below(6),
        _ => dice.below(20),
    };
    (0..length).map(|_| dice.next() as u8).collect()
}

#[test]
fn a_list_survives_freezing_and_copying_at_any_point() {
    for seed in 0..20 {
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        let mut list = Sequence::default();
        let mut model: Vec<Vec<u8>> = Vec::new();
        for step in 0..600 {
            let (at, value) = (dice.below(model.len() + 1), entry(&mut dice));
            match dice.below(8) {
                0 if !model.is_empty() => {
                    let popped = list.entries.pop(End::Front, <[u8]>::to_vec);
                    assert_eq!(popped, Some(model.remove(0)));
                }
                1 if at < model.len() => {
                    list.entries.set(at, &value);
                    model[at] = value;
                }
                2 => {
                    list.entries.insert(at, &value);
                    model.insert(at, value);
                }
                3 => {
                    let count = dice.below(4);
                    let gone = list.entries.remove(at, count);
                    assert_eq!(gone, model.drain(at..model.len().min(at + count)).count());
                }
                4 | 5 => {
                    list.entries.push(End::Front, &value);
                    model.insert(0, value);
                }
                _ => {
                    list.entries.push(End::Back, &value);
                    model.push(value);
                }
            }
            assert_eq!(list.is_empty(), model.is_empty());
            if step % 37 == 0 && !model.is_empty() {
                let bytes = frozen(&list);
                let thawed = (KIND.thaw)(&bytes).expect("what was frozen thaws");
                assert_eq!(frozen(&*thawed), bytes);
                assert_eq!(frozen(&*list.duplicate()), bytes);
                assert_eq!(thawed.encoding(), list.encoding());
            }
        }
        assert!(list.entries.iter().eq(model.iter().map(Vec::as_slice)));
    }
}

#[test]
fn the_frozen_bytes_are_fixed() {
    let mut list = Sequence::default();
    for entry in [&b"a"[..], b"", b"bc"] {
        list.entries.push(End::Back, entry);
    }
    assert_eq!(frozen(&list), b"\x03\x01a\x00\x02bc");
    assert_eq!((KIND.tag, KIND.name), (1, "list"));
}

#[test]
fn damaged_bytes_are_refused() {
    for bytes in [
        &b""[..],
        b"\x00",
        b"\x02\x01a",
        b"\x01\x02a",
        b"\x01\x01ab",
        b"\x81\x00\x01a",
        b"\xff\xff\xff\xff\x7f",
    ] {
        assert!((KIND.thaw)(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn long_lists_have_another_encoding() {
    let mut list = Sequence::default();
    // An entry of a hundred bytes takes two more for its length.
    for _ in 0..80 {
        assert_eq!(list.encoding(), "listpack");
        list.entries.push(End::Back, &[b'x'; 100]);
    }
    assert_eq!(list.encoding(), "listpack");
    list.entries.push(End::Back, &[b'x'; 100]);
    assert_eq!(list.encoding(), "quicklist");
}

/// Whoever trims a long list frees none of it: its segments go later, a bounded number at a time.
#[test]
fn what_a_trim_cuts_off_is_freed_in_slices() {
    const LEN: usize = 400_000;
    let space = Keyspace::new(1, 1, Some(Later::default()));
    let gate = space.gate().share();
    let mut keys = Keys::one(&space, &gate, 0, b"long", space.hash(b"long"), 0);
    let mut list = keys.edit::<Sequence>(b"long").expect("a list");
    (0..LEN).for_each(|i| list.entries.push(End::Back, &i.to_le_bytes()));
    let segments = list.weight() / 4096;
    for cut in list.trim(LEN / 2, 10).into_iter().flatten() {
        list.discard(cut);
    }
    let kept: Vec<usize> =
        list.entries.iter().map(|e| usize::from_le_bytes(e.try_into().expect("8"))).collect();
    assert!(kept.iter().copied().eq(LEN / 2..LEN / 2 + 10), "{kept:?}");
    assert!(list.weight() < 8192, "{} bytes for ten entries", list.weight());
    drop(list);
    assert_eq!((space.aside().pending, space.aside().blocks), (2, 0));
    let mut before = 0;
    while space.free_slice(100) {
        let blocks = space.aside().blocks;
        assert!(blocks - before <= 100, "{} blocks in one slice", blocks - before);
        before = blocks;
    }
    assert!(before as usize + 100 > segments, "{before} blocks of {segments} segments");
}
