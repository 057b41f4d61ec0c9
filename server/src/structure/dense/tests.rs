//! structure/dense/tests.rs — sets and maps against models, and their order, frozen.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::element::{Element, Field, Member};
use super::index::Index;
use super::{Dense, DenseMap, DenseSet, NEVER, TARGET, hash_of, mark};
use crate::structure::dice::Dice;
use crate::structure::room;
use crate::structure::thin::Thin;
use crate::structure::thin::tests::LIVE;

impl<E: Element> Dense<E> {
    /// Everything the module doc calls an invariant.
    fn check(&self) {
        let mut heap = 0;
        let mut position = 0;
        let (mut mortal, mut due, mut last) = (0, NEVER, 0);
        for (number, table) in self.tables.iter().enumerate() {
            heap += table.weight();
            let depth = self.depth(number);
            for (at, element) in table.iter().enumerate() {
                let hash = hash_of(element.key());
                assert_eq!(self.address(hash), number);
                assert_eq!(hash & ((1 << depth) - 1), number as u64);
                assert_eq!(element.thin().mark(), mark(hash, depth));
                assert_eq!(table.find(hash, element.key()).map(|(_, at)| at), Some(at));
                assert_eq!(self.locate(position), Some((number, at)));
                heap += element.thin().weight();
                position += 1;
            }
            let Some(deadlines) = table.deadlines() else { continue };
            let there: Vec<u64> = deadlines.iter().filter(|&at| at != NEVER).collect();
            assert_eq!((deadlines.iter().count(), deadlines.mortal()), (table.len(), there.len()));
            assert!(!there.is_empty() && there.iter().all(|&at| at >= deadlines.due()));
            mortal += there.len();
            due = due.min(deadlines.due());
            last = last.max(there.into_iter().max().unwrap_or(0));
        }
        assert_eq!((position, heap), (self.len, self.heap));
        self.check_times(mortal, due, last);
        assert!(self.locate(position).is_none());
        assert!(self.tables.len() == 1 || self.len >= self.tables.len() * TARGET / 4);
        assert!(self.len <= self.tables.len() * TARGET);
    }
}

fn number(i: usize) -> Vec<u8> {
    format!("member:{i:09}").into_bytes()
}

#[test]
fn a_map_does_what_a_tree_map_does() {
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let live = LIVE.get();
        let mut map = DenseMap::new();
        let mut model = BTreeMap::new();
        let span = [3, 40, 700, 30_000][seed as usize % 4];
        for step in 0..6000 {
            // Phases of growing and of shrinking, so that splits and merges both happen.
            let grows = step % 3000 < 2000;
            let field = match dice.below(8) {
                0 => dice.bytes(),
                _ => number(dice.below(span)),
            };
            match dice.below(10) {
                0..5 if grows => {
                    let value = dice.bytes();
                    let new = model.insert(field.clone(), value.clone()).is_none();
                    assert_eq!(map.insert(&field, &value, 0), new);
                }
                5 => {
                    let value = dice.bytes();
                    let there = model.contains_key(&field);
                    if there {
                        model.insert(field.clone(), value.clone());
                    }
                    assert_eq!(map.replace(&field, &value, 0), there);
                }
                6 => assert_eq!(map.remove(&field, 0), model.remove(&field).is_some()),
                7..9 if !model.is_empty() => {
                    let position = dice.below(model.len());
                    let (field, value) = map.at(position, 0).expect("a position below the length");
                    assert_eq!(model.get(field).map(Vec::as_slice), Some(value));
                    if !grows {
                        model.remove(field);
                        assert!(map.remove_at(position));
                    }
                }
                _ => assert_eq!(map.get(&field, 0), model.get(&field).map(Vec::as_slice)),
            }
            assert_eq!(map.len(), model.len());
            if step % 500 == 0 {
                map.0.check();
            }
        }
        map.0.check();
        let elements: BTreeMap<_, _> =
            map.iter(0).map(|(field, value)| (field.to_vec(), value.to_vec())).collect();
        assert_eq!(elements, model);
        let owned: usize = map.0.iter().map(|field| field.thin().weight()).sum();
        assert_eq!(LIVE.get() - live, owned);
        assert!(!map.remove_at(map.len()) && map.at(map.len(), 0).is_none());
        drop(map);
        assert_eq!(LIVE.get(), live, "memory is left behind");
    }
}

/// Deadlines follow their fields through splits, merges and removals, whoever removes the dead.
#[test]
fn fields_with_deadlines_do_what_a_tree_map_does() {
    for seed in 400..408 {
        let mut dice = Dice::new(seed);
        let live = LIVE.get();
        let mut map = DenseMap::new();
        let mut model: BTreeMap<Vec<u8>, (Vec<u8>, u64)> = BTreeMap::new();
        let mut now = 1000;
        let span = [40, 700, 5000, 5000][seed as usize % 4];
        for step in 0..8000 {
            let field = number(dice.below(span));
            match dice.below(12) {
                0..4 => {
                    let value = dice.bytes();
                    let is_new = map.insert(&field, &value, now);
                    assert_eq!(model.insert(field, (value, NEVER)).is_none(), is_new);
                }
                4..8 => {
                    let there = map.deadline(&field, now);
                    assert_eq!(there, model.get(&field).map(|(_, deadline)| *deadline));
                    if let Some((_, held)) = model.get_mut(&field) {
                        let never = dice.below(6) == 0;
                        *held = if never { NEVER } else { now + 1 + dice.next() % 3000 };
                        assert!(map.set_deadline(&field, *held));
                    }
                }
                8 => {
                    let value = dice.bytes();
                    assert_eq!(map.replace(&field, &value, now), model.contains_key(&field));
                    model.entry(field).and_modify(|(held, _)| *held = value);
                }
                9 => {
                    let gone = match dice.below(2) {
                        0 => map.remove(&field, now),
                        _ => map.remove_in_order(&field, now),
                    };
                    assert_eq!(gone, model.remove(&field).is_some());
                }
                10 => {
                    // As now and then nobody frees anything for long, most of a hash can be dead.
                    now += dice.next() % [3, 3, 3, 800][step / 2000];
                    model.retain(|_, (_, deadline)| *deadline > now);
                }
                _ => {
                    let most = 1 + dice.below(40);
                    let gone = map.drop_dead(now, most);
                    assert!(gone == most || gone < most && map.due() > now);
                }
            }
            assert_eq!(map.get(&number(3), now), model.get(&number(3)).map(|(v, _)| &v[..]));
            assert_eq!(map.live_len(now), model.len());
            assert_eq!(map.is_dead(now), model.is_empty() && !map.is_empty());
            let next = model.values().map(|(_, deadline)| *deadline).min().unwrap_or(NEVER);
            assert!(map.due_after(now) <= next && map.due_after(now) > now);
            if step % 200 == 0 {
                map.0.check();
                let all = map.iter_deadlines(now);
                let all: BTreeMap<_, _> =
                    all.map(|(field, v, at)| (field.to_vec(), (v.to_vec(), at))).collect();
                assert_eq!(all, model);
            }
        }
        while map.drop_dead(NEVER - 1, 100) == 100 {}
        map.0.check();
        assert_eq!((map.len(), map.due()), (map.live_len(NEVER - 1), NEVER));
        drop(map);
        assert_eq!(LIVE.get(), live, "memory is left behind");
    }
}

/// The figure of the memory target.
#[test]
fn a_deadline_costs_at_most_eleven_bytes() {
    let mut map = DenseMap::new();
    for i in 0..20_000 {
        map.insert(&number(i), b"v", 0);
    }
    let before = map.weight();
    for i in 0..20_000 {
        map.set_deadline(&number(i), 10 + i as u64);
    }
    // Sub-tables are tiny in tests: their boxes (96 bytes each) count elsewhere.
    let boxes = map.tables() * 96;
    let each = (map.weight() - boxes - before) as f64 / 20_000.0;
    assert!(each <= 11.0, "{each} bytes for a deadline");
}

/// 40,000 members in sub-tables of 64: the depth passes eight, where marks are read from the keys
/// again.
#[test]
fn growing_and_shrinking_pass_every_depth() {
    let mut set = DenseSet::new();
    let count = 40_000;
    for i in 0..count {
        assert!(set.insert(&number(i)));
        if i.is_power_of_two() || i % 9973 == 0 {
            set.0.check();
        }
    }
    set.0.check();
    assert!(set.tables() > 512, "{} sub-tables", set.tables());
    for i in 0..count {
        assert!(set.contains(&number(i)) && !set.insert(&number(i)));
    }
    for i in 0..count {
        assert!(set.remove(&number(i)));
        if i % 3989 == 0 {
            set.0.check();
        }
    }
    assert_eq!((set.len(), set.tables()), (0, 1));
    assert!(set.weight() < 4096, "an empty set keeps {} bytes", set.weight());
}

#[test]
fn a_thawed_copy_has_the_same_order_and_keeps_it() {
    for seed in 100..106 {
        let mut dice = Dice::new(seed);
        let mut set = DenseSet::new();
        let peak = 1 + dice.below(6000);
        for _ in 0..peak {
            set.insert(&number(dice.below(100_000)));
        }
        for _ in 0..dice.below(set.len()) {
            set.remove_at(dice.below(set.len()));
        }
        let mut copy = DenseSet::with_tables(set.tables(), set.len()).expect("its own shape");
        for member in set.iter() {
            assert!(copy.insert(member));
        }
        copy.0.check();
        for _ in 0..8000 {
            assert_eq!(set.tables(), copy.tables());
            let member = number(dice.below(100_000));
            if dice.below(3) > 0 {
                assert_eq!(set.insert(&member), copy.insert(&member));
            } else if !set.is_empty() {
                let position = dice.below(set.len());
                assert_eq!(set.at(position), copy.at(position));
                assert!(set.remove_at(position) && copy.remove_at(position));
            }
        }
        assert!(set.iter().eq(copy.iter()), "the orders part");
    }
}

#[test]
fn shapes_that_cannot_be_are_refused() {
    for (tables, len) in [(0, 0), (2, 0), (1, TARGET + 1), (4, TARGET - 1), (usize::MAX, 5)] {
        assert!(DenseSet::with_tables(tables, len).is_none(), "{tables} tables, {len} members");
    }
    for (tables, len) in [(1, 0), (1, TARGET), (4, TARGET), (4, 4 * TARGET)] {
        assert!(DenseSet::with_tables(tables, len).is_some(), "{tables} tables, {len} members");
    }
}

#[test]
fn a_scan_visits_all_that_stay_while_others_come_and_go() {
    for seed in 200..240 {
        let mut dice = Dice::new(seed);
        let mut set = DenseSet::new();
        let stay: BTreeSet<Vec<u8>> = (0..dice.below(1500)).map(number).collect();
        let mut others = Vec::new();
        for _ in 0..dice.below(4000) {
            let other = number(1_000_000 + dice.below(1_000_000));
            others.push(other);
        }
        let mut all: Vec<_> = stay.iter().chain(&others).collect();
        for i in (1..all.len()).rev() {
            all.swap(i, dice.below(i + 1));
        }
        for member in all {
            set.insert(member);
        }
        let mut seen = BTreeSet::new();
        let (mut cursor, mut calls) = (0, 0);
        // The structure grows, shrinks, or does both between two calls.
        let (grow, shrink) =
            [(0, 0), (60, 0), (0, 60), (30, 30), (200, 190), (190, 200)][seed as usize % 6];
        loop {
            cursor = set.scan(cursor, 1 + dice.below(30), |member| {
                seen.insert(member.to_vec());
            });
            calls += 1;
            if cursor == 0 {
                break;
            }
            assert!(calls < 100_000, "the scan does not end");
            if calls > 400 {
                continue;
            }
            for _ in 0..dice.below(grow + 1) {
                let other = number(2_000_000 + dice.below(1_000_000));
                set.insert(&other);
                others.push(other);
            }
            for _ in 0..dice.below(shrink + 1).min(others.len()) {
                let other = others.swap_remove(dice.below(others.len()));
                set.remove(&other);
            }
        }
        set.0.check();
        assert!(stay.is_subset(&seen), "{} missed", stay.difference(&seen).count());
    }
}

#[test]
fn any_cursor_is_answered() {
    let mut dice = Dice::new(300);
    let mut set = DenseSet::new();
    for i in 0..5000 {
        set.insert(&number(i));
    }
    for _ in 0..2000 {
        let cursor = dice.next() >> dice.below(64);
        let mut visited = 0;
        set.scan(cursor, 10, |_| visited += 1);
        assert!(visited <= 10);
    }
    assert_eq!(
        DenseSet::new().scan(0, usize::MAX, |_| unreachable!("a member of the empty set")),
        0
    );
    let mut visited = 0;
    assert_eq!(set.scan(0, usize::MAX, |_| visited += 1), 0);
    assert_eq!(visited, 5000);
}

thread_local! {
    static READS: Cell<usize> = const { Cell::new(0) };
}

/// A member that counts how often its key is looked at.
struct Counted(Thin);

impl Element for Counted {
    fn thin(&self) -> &Thin {
        &self.0
    }

    fn thin_mut(&mut self) -> &mut Thin {
        &mut self.0
    }

    fn key(&self) -> &[u8] {
        READS.set(READS.get() + 1);
        self.0.bytes()
    }
}

#[test]
fn growing_hardly_reads_a_key() {
    let mut set = Dense::<Counted>::new();
    let count = 100 * TARGET;
    let debug_reads = usize::from(cfg!(debug_assertions));
    for i in 0..count {
        let key = number(i);
        set.upsert(&key, || Counted(Thin::join([&key], key.len())), |_| ());
    }
    let reads = READS.get() - debug_reads * count;
    assert!(reads < count / 50, "{reads} keys read for {count} insertions");
    READS.set(0);
    for i in 0..count {
        assert!(set.get(&number(i)).is_some());
    }
    assert!(READS.get() < count + count / 50, "{} keys read for {count} look-ups", READS.get());
}

#[test]
fn an_index_outgrows_its_position_bits() {
    let mut index = Index::new();
    let hashes: Vec<u64> = (0..70_000).map(|i| hash_of(&number(i))).collect();
    for (position, &hash) in hashes.iter().enumerate() {
        index.insert(hash, position);
    }
    for (position, &hash) in hashes.iter().enumerate() {
        assert!(index.find(hash, |at| at == position).is_some());
    }
    for (position, &hash) in hashes.iter().enumerate().skip(100) {
        let (cell, _) = index.find(hash, |at| at == position).expect("still there");
        index.remove(cell);
    }
    index.shrink(100);
    assert!(index.weight() < 1024);
    for (position, &hash) in hashes.iter().enumerate() {
        assert_eq!(index.find(hash, |at| at == position).is_some(), position < 100);
    }
}

#[test]
fn members_that_share_a_hash_are_told_apart() {
    let mut index = Index::new();
    for position in 0..3000 {
        index.insert(77, position);
    }
    for position in (0..3000).step_by(2) {
        let (cell, _) = index.find(77, |at| at == position).expect("inserted");
        index.remove(cell);
    }
    for position in 0..3000 {
        assert_eq!(index.find(77, |at| at == position).is_some(), position % 2 == 1);
    }
}

#[test]
fn values_are_overwritten_in_place_within_their_size_class() {
    for length in [0, 1, 8, 100, 200, 240, 250, 300, 5000] {
        let mut element = Field::new(b"field", &vec![1; length]);
        let weight = element.thin().weight();
        let place = element.key().as_ptr();
        // The size class has room for this much: the string ends on its boundary.
        let slack = element.thin().bytes().len() - (element.value().len() + element.key().len());
        assert!(weight == room(weight), "a size class");
        for shorter in [length, length - length / 4, length + slack.saturating_sub(16)] {
            element.set_value(&vec![2; shorter]);
            assert_eq!(element.value(), vec![2; shorter]);
            assert_eq!((element.key(), element.key().as_ptr()), (&b"field"[..], place));
        }
        element.thin_mut().set_mark(42);
        for other in [0, 10_000, 3, 255, 200, 70_000] {
            element.set_value(&vec![3; other]);
            assert_eq!((element.key(), element.value()), (&b"field"[..], &vec![3; other][..]));
            assert_eq!(element.thin().mark(), 42, "the hash bits stay");
            assert!(element.thin().weight() <= 2 * room(other + 24) + 64);
        }
    }
}

/// The figure of the memory target: 16 bytes of member, 8 of word, the rest index and slack.
#[test]
fn a_member_of_sixteen_bytes_costs_at_most_34() {
    let mut set = Dense::<Member>::new();
    let mut worst: f64 = 0.0;
    for i in 0..60_000 {
        let key = number(i);
        set.upsert(&key, || Member::new(&key), |_| ());
        if i > 5000 && i % 500 == 0 {
            // Sub-tables are tiny in tests: their headers (64 bytes each) count elsewhere.
            let headers = set.tables.capacity() * size_of::<super::Table<Member>>();
            let heap = set.weight() - room(headers);
            worst = worst.max(heap as f64 / set.len() as f64);
        }
    }
    assert!(worst <= 34.0, "{worst} bytes per member");
}

#[test]
fn a_structure_is_shed_in_bounded_parts_until_nothing_is_left() {
    for count in [0, 1, TARGET, 10 * TARGET + 7] {
        let live = LIVE.get();
        let mut map = DenseMap::new();
        for i in 0..count {
            map.insert(&number(i), b"value", 0);
        }
        let mut before = LIVE.get();
        loop {
            let gone = map.shed(10);
            assert!(gone <= 11 && before - LIVE.get() <= 10 * 32, "{gone} blocks at once");
            before = LIVE.get();
            if gone == 0 {
                break;
            }
        }
        assert_eq!(LIVE.get(), live, "fields of a map of {count} are left");
    }
}
