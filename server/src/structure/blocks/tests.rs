//! Blocks against a plain list, their frozen form against damage, and their costs by counting.

use std::cell::Cell;

use super::block::{Block, listed_entry, listed_names};
use super::{Blocks, Bound, ENTRIES_MAX, Id, listed};
use crate::structure::dice::Dice;
use crate::structure::frozen::Frozen;

thread_local! {
    static STEPS: Cell<usize> = const { Cell::new(0) };
}

/// An entry or a block was looked at.
pub(super) fn step() {
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

fn steps<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = STEPS.with(Cell::get);
    let result = work();
    (result, STEPS.with(Cell::get) - before)
}

type Pair = (Vec<u8>, Vec<u8>);
type Held = (Id, Vec<Pair>);

fn push(blocks: &mut Blocks, (id, pairs): &Held) {
    blocks.push(*id, pairs.iter().map(|(name, value)| (&name[..], &value[..])));
}

fn held(entry: super::Entry<'_>) -> Held {
    let pairs: Vec<Pair> =
        entry.pairs().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    assert_eq!(pairs.len(), entry.len());
    (entry.id, pairs)
}

fn frozen(blocks: &Blocks) -> Vec<u8> {
    let mut bytes = Vec::new();
    blocks.freeze(&mut bytes);
    bytes
}

fn thaw(bytes: &[u8]) -> Option<Blocks> {
    let mut frozen = Frozen::new(bytes);
    Blocks::thaw(&mut frozen).filter(|_| frozen.left() == 0)
}

fn value(dice: &mut Dice) -> Vec<u8> {
    match dice.below(6) {
        0 => (dice.next() as i64 >> dice.below(64)).to_string().into_bytes(),
        1 => dice.below(300).to_string().into_bytes(),
        2 => (*[b"-0" as &[u8], b"007", b"-1", b"9223372036854775808", b"+1", b"-"]
            [dice.below(6)..][..1][0])
            .to_vec(),
        _ => dice.bytes(),
    }
}

fn pairs(dice: &mut Dice) -> Vec<Pair> {
    let names: &[&[u8]] = match dice.below(4) {
        0 => &[b"a"],
        1 => &[b"12", b"", b"temperature"],
        _ => &[b"a", b"b"],
    };
    names.iter().map(|name| (name.to_vec(), value(dice))).collect()
}

/// A higher id: mostly a little, at times far away.
fn higher(dice: &mut Dice, last: Id) -> Id {
    let id = match dice.below(8) {
        0..=2 => Id::new(last.ms, last.seq + 1 + dice.below(3) as u64),
        3 => Id::new(last.ms + 1 + dice.below(1 << 20) as u64, dice.next() >> 8),
        4 => Id::new(last.ms + 200, 5),
        _ => Id::new(last.ms + 1 + dice.below(9) as u64, 0),
    };
    assert!(id > last);
    id
}

#[test]
fn blocks_agree_with_a_list() {
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let (mut blocks, mut list, mut last) = (Blocks::default(), Vec::<Held>::new(), Id::MIN);
        for step in 0..3000 {
            match dice.below(30) {
                0..=1 if !list.is_empty() => {
                    let at = dice.below(list.len());
                    let (id, _) = list.remove(at);
                    assert!(blocks.remove(id));
                    assert!(!blocks.remove(id));
                }
                2 => {
                    let keep = dice.below(list.len() + 2) as u64;
                    let id = list.get(dice.below(list.len() + 1)).map_or(last, |(id, _)| *id);
                    let bound =
                        if dice.below(2) == 0 { Bound::Len(keep.max(5)) } else { Bound::Below(id) };
                    let bound = if dice.below(8) == 0 { bound } else { Bound::Len(2000) };
                    let whole = dice.below(2) == 0;
                    let most = if dice.below(2) == 0 { 0 } else { dice.below(300) as u64 };
                    let mut gone = Vec::new();
                    let count = blocks.trim(bound, whole, most, Some(&mut |id| gone.push(id)));
                    assert_eq!(count as usize, gone.len());
                    assert!(most == 0 || whole || count <= most.max(ENTRIES_MAX as u64));
                    let cut: Vec<Held> = list.drain(..gone.len()).collect();
                    assert!(cut.iter().map(|(id, _)| *id).eq(gone.iter().copied()));
                    match bound {
                        Bound::Len(len) if most == 0 && !whole => {
                            assert!(list.len() as u64 <= len);
                        }
                        Bound::Len(len) => assert!(count == 0 || list.len() as u64 >= len),
                        Bound::Below(id) => {
                            assert!(gone.iter().all(|gone| *gone < id));
                            let all = list.first().is_none_or(|(first, _)| *first >= id);
                            assert!(all || most > 0 || whole);
                        }
                    }
                }
                3 if dice.below(100) == 0 => {
                    list.drain(..).for_each(|(id, _)| assert!(blocks.remove(id)));
                    assert_eq!(blocks.blocks(), 0);
                }
                _ => {
                    last = higher(&mut dice, last);
                    let entry = (last, pairs(&mut dice));
                    push(&mut blocks, &entry);
                    list.push(entry);
                }
            }
            assert_eq!(blocks.len(), list.len() as u64);
            if step % 97 == 0 {
                check(&mut dice, &blocks, &list, last);
            }
        }
    }
}

fn check(dice: &mut Dice, blocks: &Blocks, list: &[Held], last: Id) {
    assert_eq!(blocks.first().map(held).as_ref(), list.first());
    assert_eq!(blocks.last().map(held).as_ref(), list.last());
    for _ in 0..5 {
        let mut end = || match dice.below(4) {
            0 => Id::MIN,
            1 => Id::MAX,
            2 => list.get(dice.below(list.len() + 1)).map_or(last, |(id, _)| *id),
            _ => Id::new(dice.next() % (last.ms + 2), dice.below(3) as u64),
        };
        let (from, to) = (end(), end());
        let want: Vec<&Held> = list.iter().filter(|(id, _)| (from..=to).contains(id)).collect();
        let found: Vec<Held> = blocks.range(from, to).map(held).collect();
        assert!(found.iter().eq(want.iter().copied()), "{from:?} {to:?}");
        let back: Vec<Held> = blocks.range_back(from, to).map(held).collect();
        assert!(back.iter().eq(want.into_iter().rev()), "{from:?} {to:?} backwards");
        assert_eq!(blocks.contains(to), list.iter().any(|(id, _)| *id == to));
    }
    let bytes = frozen(blocks);
    let thawed = thaw(&bytes).expect("what was frozen thaws");
    assert_eq!(frozen(&thawed), bytes);
    assert_eq!(frozen(&blocks.clone()), bytes);
    assert!(thawed.range(Id::MIN, Id::MAX).map(held).eq(list.iter().cloned()));
    let heap: usize = blocks.directory.iter().map(Block::weight).sum();
    assert!(blocks.weight() >= heap);
    for block in blocks.directory.iter() {
        let entries = block.entries().count();
        assert_eq!(entries, block.len());
        assert_eq!(block.tail().map(|(id, _)| id), block.entries().last().map(|entry| entry.id));
        assert!(entries + usize::from(block.dead) <= ENTRIES_MAX);
    }
}

/// The blocks go on alike after a thaw: what was removed still takes its place.
#[test]
fn a_thawed_stream_fills_its_blocks_as_the_other_does() {
    let mut dice = Dice::new(3);
    let (mut blocks, mut last) = (Blocks::default(), Id::MIN);
    let mut ids = Vec::new();
    for round in 0..400 {
        last = higher(&mut dice, last);
        ids.push(last);
        let entry = (last, pairs(&mut dice));
        let mut thawed = thaw(&frozen(&blocks)).expect("what was frozen thaws");
        push(&mut blocks, &entry);
        push(&mut thawed, &entry);
        if round % 3 == 0 {
            let id = ids.swap_remove(dice.below(ids.len()));
            assert_eq!(blocks.remove(id), thawed.remove(id));
        }
        assert_eq!(frozen(&blocks), frozen(&thawed), "round {round}");
    }
}

#[test]
fn damaged_blocks_are_refused_or_whole() {
    let mut dice = Dice::new(8);
    let (mut blocks, mut last) = (Blocks::default(), Id::MIN);
    for round in 0..260 {
        last = higher(&mut dice, last);
        push(&mut blocks, &(last, pairs(&mut dice)));
        if round % 7 == 0 {
            blocks.remove(last);
        }
    }
    let bytes = frozen(&blocks);
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        match dice.below(4) {
            0 => damaged.truncate(dice.below(bytes.len())),
            1 => damaged = (0..dice.below(60)).map(|_| dice.next() as u8).collect(),
            2 => {
                let at = dice.below(damaged.len());
                damaged.splice(at..at, [dice.next() as u8]);
            }
            _ => {}
        }
        for _ in 0..=dice.below(2) {
            if let Some(last) = damaged.len().checked_sub(1) {
                damaged[dice.below(last + 1)] ^= 1 << dice.below(8);
            }
        }
        if let Some(mut thawed) = thaw(&damaged) {
            assert_eq!(frozen(&thawed), damaged, "another spelling");
            let ids: Vec<Id> = thawed.range(Id::MIN, Id::MAX).map(|entry| held(entry).0).collect();
            assert_eq!(ids.len() as u64, thawed.len());
            assert!(ids.is_sorted_by(|a, b| a < b));
            for id in ids {
                assert!(thawed.remove(id));
            }
        }
    }
}

/// Two megabytes of entries: what is looked at does not grow with them.
#[test]
fn costs_do_not_grow_with_the_stream() {
    let mut dice = Dice::new(1);
    let mut blocks = Blocks::default();
    let entry = |n: u64| (Id::new(n, 0), vec![(b"field".to_vec(), n.to_string().into_bytes())]);
    for n in 1..=40_000 {
        let (_, steps) = steps(|| push(&mut blocks, &entry(n)));
        assert!(steps <= 4, "{steps} steps to append");
    }
    for _ in 0..300 {
        let n = 1 + dice.below(39_000) as u64;
        let (_, one) = steps(|| assert!(blocks.contains(Id::new(n, 0))));
        assert!(one < 2 * ENTRIES_MAX, "{one} steps to find one");
        let (_, ten) = steps(|| {
            let from = blocks.range(Id::new(n, 0), Id::MAX);
            assert!(from.take(10).last().is_some_and(|entry| entry.id.ms == n + 9));
        });
        assert!(ten < 2 * ENTRIES_MAX + 20, "{ten} steps to walk ten");
        let (_, last) = steps(|| assert!(blocks.last().is_some() && blocks.top().is_some()));
        assert!(last < 10, "{last} steps to see the last one");
        let (_, back) = steps(|| {
            let from = blocks.range_back(Id::MIN, Id::new(n + 9, 0));
            assert!(from.take(10).last().is_some_and(|entry| entry.id.ms == n));
        });
        assert!(back < 3 * ENTRIES_MAX + 20, "{back} steps to walk ten back");
    }
    let before = blocks.blocks();
    let (gone, spent) = steps(|| blocks.trim(Bound::Len(20_000), true, 0, None));
    let went = before - blocks.blocks();
    assert!(gone > 19_000 && spent <= 2 * went + 2, "{spent} steps to trim {went} blocks");
    for n in (20_100..40_000).step_by(3) {
        let (_, steps) = steps(|| assert!(blocks.remove(Id::new(n, 0))));
        assert!(steps < 2 * ENTRIES_MAX + 10, "{steps} steps to remove");
    }
}

/// Sizes from `listpack.c`: encoding, bytes, length behind them.
#[test]
fn listpack_sizes_are_redis() {
    let rows: [(&[u8], usize); 14] = [
        (b"", 2),
        (b"a", 3),
        (b"0", 2),
        (b"127", 2),
        (b"128", 3),
        (b"-1", 3),
        (b"4096", 4),
        (b"-32769", 5),
        (b"8388608", 6),
        (b"2147483648", 10),
        (b"01", 4),
        (&[b'x'; 63], 65),
        (&[b'x'; 64], 67),
        (&[b'x'; 126], 130),
    ];
    for (text, size) in rows {
        assert_eq!(listed::text(text), size, "{}", text.escape_ascii());
    }
    assert_eq!(listed::text(&[b'x'; 5000]), 5 + 5000 + 2);
    let first = Id::new(10, 5);
    assert_eq!(listed_names([b"f" as &[u8]].into_iter(), 1), 7 + 2 + 2 + 2 + 3 + 2);
    assert_eq!(listed_entry(first, Id::new(200, 0), 1, true), 2 + 3 + 3 + 2);
}
