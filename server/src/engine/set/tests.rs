//! The set as a value against a plain model that keeps its order.

use super::members::{KIND, Members};
use crate::dice::Dice;
use crate::keyspace::{Object, Shape};

const PACKED_MEMBERS_MAX: usize = Shape::DEFAULT.set.elements;
const PACKED_BYTES_MAX: usize = Shape::DEFAULT.set.bytes;
const INTEGERS_MAX: usize = Shape::DEFAULT.integers;

fn frozen(object: &dyn Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.freeze(&mut bytes);
    bytes
}

fn listed(set: &Members) -> Vec<Vec<u8>> {
    set.iter().map(<[u8]>::to_vec).collect()
}

fn sorted(mut members: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    members.sort();
    members
}

fn of(members: impl IntoIterator<Item = String>) -> Members {
    let mut set = Members::default();
    for member in members {
        assert!(set.insert(member.as_bytes()), "{member} twice");
    }
    set
}

/// One vector in which the last member takes the place of a removed one. Of few members the order
/// is compared too: the form must not show. (Of many it may, since sub-tables are small in tests.)
#[test]
fn a_set_keeps_its_order_in_every_form_and_survives_freezing_and_copying() {
    for seed in 0..40 {
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        let (names, word) = [(50, ""), (50, "w"), (900, ""), (900, "w")][seed as usize % 4];
        let (mut set, mut model) = (Members::default(), Vec::<Vec<u8>>::new());
        for step in 0..2500 {
            let mut member = format!("{word}{}", dice.below(names)).into_bytes();
            if dice.below(1500) == 0 {
                member.resize(60 + dice.below(9), b'x');
            }
            let found = model.iter().position(|other| *other == member);
            assert_eq!(set.contains(&member), found.is_some());
            match dice.below(8) {
                0 | 1 => {
                    assert_eq!(set.remove(&member), found.is_some());
                    found.map(|at| model.swap_remove(at));
                }
                2 if !model.is_empty() => {
                    let position = dice.below(model.len());
                    let mut taken = set.at(position).expect("a member").to_vec();
                    taken.push(b'?');
                    assert!(set.pop_at(position, |member| taken = member.to_vec()));
                    let at = model.iter().position(|other| *other == taken).expect("a member");
                    assert!(names > 50 || at == position, "{at} instead of {position}");
                    model.swap_remove(at);
                }
                _ => {
                    assert_eq!(set.insert(&member), found.is_none());
                    if found.is_none() {
                        model.push(member);
                    }
                }
            }
            assert_eq!((set.len(), set.at(model.len())), (model.len(), None));
            if step % 173 == 0 && !model.is_empty() {
                if names == 50 {
                    assert_eq!(listed(&set), model);
                } else {
                    assert_eq!(sorted(listed(&set)), sorted(model.clone()));
                }
                let bytes = frozen(&set);
                let thawed = (KIND.thaw)(&bytes).expect("what was frozen thaws");
                assert_eq!(frozen(&*thawed), bytes);
                let copy = set.duplicate();
                assert_eq!((frozen(&*copy), copy.encoding()), (bytes, set.encoding()));
            }
        }
        let (mut cursor, mut scanned) = (0, Vec::new());
        loop {
            cursor = set.scan(cursor, 7, |member| scanned.push(member.to_vec()));
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(sorted(scanned), sorted(model));
    }
}

#[test]
fn encodings_are_those_of_redis() {
    let numbers = |count: usize| (0..count).map(|n| n.to_string());
    let words = |count: usize| (0..count).map(|n| format!("w{n}"));
    for (set, want) in [
        (of(numbers(INTEGERS_MAX)), "intset"),
        (of(numbers(INTEGERS_MAX + 1)), "hashtable"),
        (of(words(PACKED_MEMBERS_MAX)), "listpack"),
        (of(words(PACKED_MEMBERS_MAX + 1)), "hashtable"),
        (of(numbers(PACKED_MEMBERS_MAX - 1).chain(words(1))), "listpack"),
        (of(numbers(PACKED_MEMBERS_MAX).chain(words(1))), "hashtable"),
        (of(["x".repeat(PACKED_BYTES_MAX)]), "listpack"),
        (of(["x".repeat(PACKED_BYTES_MAX + 1)]), "hashtable"),
        (of(["01".into()]), "listpack"),
    ] {
        assert_eq!(set.encoding(), want, "{} members", set.len());
    }
    // Many integers, few of them left, and then a word.
    let mut set = of(numbers(300));
    for n in 10..300 {
        assert!(set.remove(n.to_string().as_bytes()));
    }
    assert_eq!(set.encoding(), "intset");
    set.insert(b"word");
    assert_eq!((set.encoding(), set.len()), ("listpack", 11));
    // A set that was big stays so, and Redis knows beforehand how many members come.
    let mut set = of(words(129));
    for n in 0..128 {
        assert!(set.remove(format!("w{n}").as_bytes()));
    }
    assert_eq!(set.encoding(), "hashtable");
    let mut set = Members::default();
    set.expect(129, b"word");
    set.insert(b"word");
    assert_eq!(set.encoding(), "hashtable");
    let mut set = Members::default();
    set.expect(512, b"1");
    set.insert(b"1");
    assert_eq!(set.encoding(), "intset");
}

#[test]
fn damaged_bytes_are_refused_or_mean_what_they_say() {
    for set in [
        of((0..100).map(|n| n.to_string())),
        of((0..200).map(|n| n.to_string())),
        of((0..9).map(|n| format!("word {n}"))),
        of((0..200).map(|n| format!("word {n}"))),
    ] {
        let whole = frozen(&set);
        for cut in 0..whole.len() {
            assert!((KIND.thaw)(&whole[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..whole.len().min(300) {
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
