//! The readers' table against a naive model.

use std::collections::{BTreeMap, BTreeSet};

use super::readers::Readers;
use crate::dice::Dice;

#[test]
fn readers_are_those_of_a_naive_model() {
    for seed in 1..=20 {
        let mut dice = Dice::new(seed);
        let readers = Readers::new(seed);
        let mut model: BTreeMap<Box<[u8]>, BTreeSet<u64>> = BTreeMap::new();
        for step in 0..4000 {
            let name = (dice.next() % 300).to_string().into_bytes();
            match dice.next() % 200 {
                0 => {
                    readers.clear();
                    model.clear();
                }
                1..=20 => match readers.take_any() {
                    Some((name, ids)) => {
                        let held = model.remove(&name);
                        assert_eq!(held, Some(ids.iter().copied().collect()), "{seed}/{step}");
                    }
                    None => assert!(model.is_empty(), "{seed}/{step}"),
                },
                21..=90 => {
                    let ids: Vec<u64> = readers.take(&name).to_vec();
                    let held = model.remove(&name[..]).unwrap_or_default();
                    assert_eq!(ids, held.into_iter().collect::<Vec<_>>(), "{seed}/{step}");
                }
                _ => {
                    let id = dice.next() % 7;
                    readers.add(&name, id);
                    model.entry(name.into()).or_default().insert(id);
                }
            }
            assert_eq!(readers.keys(), model.len(), "{seed}/{step}");
            let items: usize = model.values().map(BTreeSet::len).sum();
            assert_eq!(readers.items(), items, "{seed}/{step}");
        }
    }
}
