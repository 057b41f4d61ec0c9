//! structure/ranked/tests.rs — sorted sets against pairs of maps.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Score, SortedSet};
use crate::structure::dense::Element;
use crate::structure::dice::Dice;
use crate::structure::thin::tests::LIVE;

/// The order by score, then member; scores are small integers in these tests.
type Order = BTreeSet<(i64, Vec<u8>)>;

fn score(number: i64) -> Score {
    Score::new(number as f64).expect("an integer")
}

fn check(set: &SortedSet, order: &Order) {
    set.tree.check();
    assert_eq!(set.len(), order.len());
    assert_eq!(set.index.len(), order.len());
    let expected = || order.iter().map(|(number, member)| (member.as_slice(), score(*number)));
    assert!(set.iter().eq(expected()));
    assert!(set.iter_back_from(usize::MAX).eq(expected().rev()));
}

#[test]
fn a_sorted_set_does_what_a_tree_set_does() {
    for seed in 0..24 {
        let mut dice = Dice::new(seed);
        let live = LIVE.get();
        let mut set = SortedSet::new();
        let (mut order, mut scores) = (Order::new(), BTreeMap::new());
        // Few scores make ties of many members, one makes the order that of the members.
        let span = [1, 5, 200, 1_000_000][seed as usize % 4];
        let most = [20, 200, 3000][seed as usize % 3];
        for step in 0..5000 {
            let member = match dice.below(20) {
                0 => dice.bytes(),
                _ => format!("m{}", dice.below(most)).into_bytes(),
            };
            let number = dice.below(span) as i64 - span as i64 / 2;
            let index = dice.below(order.len() + 1);
            match dice.below(if step % 2000 < 1300 { 7 } else { 14 }) {
                0..5 => {
                    let old = scores.insert(member.clone(), number);
                    let expected = match old {
                        None => Change::Added,
                        Some(old) if old == number => Change::Same,
                        Some(old) => Change::Moved(score(old)),
                    };
                    assert_eq!(set.insert(&member, score(number)), expected);
                    if let Some(old) = old {
                        order.remove(&(old, member.clone()));
                    }
                    order.insert((number, member));
                }
                5 => {
                    let old = scores.get(&member).copied();
                    assert_eq!(set.score(&member), old.map(score));
                    let key = old.map(|old| (old, member.clone()));
                    let rank = key.map(|key| order.range(..key).count());
                    assert_eq!(set.rank(&member), rank);
                }
                6 => {
                    let below = order.iter().filter(|(other, _)| *other < number).count();
                    assert_eq!(set.rank_where(|other, _| other < score(number)), below);
                    let key = (number, member.clone());
                    let before = order.iter().filter(|entry| **entry <= key).count();
                    let rank =
                        set.rank_where(|other, name| (other, name) <= (score(number), &member));
                    assert_eq!(rank, before);
                    let some: Vec<_> = set.iter_from(index).take(9).collect();
                    let expected = order.iter().skip(index).take(9);
                    assert!(expected.map(|(n, m)| (m.as_slice(), score(*n))).eq(some));
                    let some: Vec<_> = set.iter_back_from(index).take(9).collect();
                    let last = (index + 1).min(order.len());
                    let expected = order.iter().take(last).rev().take(9);
                    assert!(expected.map(|(n, m)| (m.as_slice(), score(*n))).eq(some));
                }
                7..10 => {
                    let old = scores.remove(&member);
                    assert_eq!(set.remove(&member), old.map(score));
                    if let Some(old) = old {
                        order.remove(&(old, member));
                    }
                }
                _ => {
                    let rank = [0, order.len().saturating_sub(1), index][dice.below(3)];
                    let entry = order.iter().nth(rank).cloned();
                    let expected = entry.as_ref().map(|(n, m)| (m.as_slice(), score(*n)));
                    assert_eq!(set.at(rank), expected);
                    assert_eq!(set.remove_at(rank), entry.is_some());
                    if let Some(entry) = entry {
                        order.remove(&entry);
                        scores.remove(&entry.1);
                    }
                }
            }
            if step % 250 == 0 {
                check(&set, &order);
            }
        }
        check(&set, &order);
        while set.remove_at(set.len() / 2) {}
        check(&set, &Order::new());
        assert_eq!(set.tree.nodes(), (1, 0));
        drop(set);
        assert_eq!(LIVE.get(), live, "memory is left behind");
    }
}

#[test]
fn dropping_a_full_set_frees_every_member() {
    let live = LIVE.get();
    let mut set = SortedSet::new();
    for i in 0..3000 {
        set.insert(format!("member {i}").as_bytes(), score(i * 7919 % 100));
    }
    let members: usize = set.index.iter().map(|scored| scored.thin().weight()).sum();
    assert_eq!(LIVE.get() - live, members);
    assert!(set.weight() > members + set.tree.weight());
    drop(set);
    assert_eq!(LIVE.get(), live);
}

#[test]
fn ascending_scores_fill_the_leaves() {
    let mut set = SortedSet::new();
    for i in 0..4000 {
        set.insert(format!("{i}").as_bytes(), score(i));
    }
    let (leaves, _) = set.tree.nodes();
    assert_eq!(leaves, 4000 / super::node::LEAF);
    set.tree.check();
}

#[test]
fn thinned_nodes_are_joined() {
    let mut set = SortedSet::new();
    for i in 0..8000 {
        set.insert(format!("{i}").as_bytes(), score(i * 7919 % 8000));
    }
    for i in 0..8000 {
        if i % 16 != 0 {
            assert_eq!(set.remove(format!("{i}").as_bytes()), Some(score(i * 7919 % 8000)));
        }
    }
    set.tree.check();
    let (leaves, _) = set.tree.nodes();
    assert!(leaves <= 500 * 4 / super::node::LEAF, "{leaves} leaves for {} members", set.len());
}

#[test]
fn zeros_are_one_score_and_infinities_are_the_ends() {
    assert!(Score::new(f64::NAN).is_none());
    let [minus, plus, low, high] = [-0.0, 0.0, f64::NEG_INFINITY, f64::INFINITY]
        .map(|number| Score::new(number).expect("no NaN"));
    let mut set = SortedSet::new();
    for (member, score) in [("b", minus), ("a", plus), ("z", low), ("0", high)] {
        assert_eq!(set.insert(member.as_bytes(), score), Change::Added);
    }
    let order: Vec<_> = set.iter().map(|(member, _)| member).collect();
    assert_eq!(order, [b"z", b"a", b"b", b"0"]);
    assert_eq!(set.insert(b"b", plus), Change::Same);
    assert!(set.score(b"b").is_some_and(|zero| zero.get().is_sign_negative()));
    assert_eq!(set.remove(b"b"), Some(plus));
    assert_eq!(set.rank_where(|score, _| score <= minus), 2);
}

#[test]
fn a_scan_visits_every_member_with_its_score() {
    let mut set = SortedSet::new();
    for i in 0..2000 {
        set.insert(format!("{i}").as_bytes(), score(i));
    }
    let (mut cursor, mut seen) = (0, BTreeMap::new());
    loop {
        cursor = set.scan(cursor, 7, |member, score| {
            seen.insert(member.to_vec(), score);
        });
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(seen.len(), 2000);
    assert!(seen.iter().all(|(member, &score)| set.score(member) == Some(score)));
}

#[test]
fn a_set_is_shed_in_bounded_parts_until_nothing_is_left() {
    for count in [0u64, 1, 8, 9, 1000, 5000] {
        let live = LIVE.get();
        let mut set = SortedSet::new();
        for i in 0..count {
            set.insert(format!("a long member {i}").as_bytes(), score(i as i64 % 700));
        }
        let mut before = LIVE.get();
        loop {
            let gone = set.shed(10);
            assert!(gone <= 11 && before - LIVE.get() <= 10 * 32, "{gone} blocks at once");
            before = LIVE.get();
            if gone == 0 {
                break;
            }
        }
        assert_eq!(LIVE.get(), live, "members of a set of {count} are left");
    }
}
