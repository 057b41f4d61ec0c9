//! structure/segments/tests.rs — lists against a deque.

use std::collections::VecDeque;

use super::directory::GROUP;
use super::segment::FULL;
use super::{End, Form, List};
use crate::structure::dice::Dice;
use crate::structure::varint;

fn check(list: &List, model: &VecDeque<Vec<u8>>) {
    assert_eq!(list.len(), model.len());
    assert!(list.iter().eq(model.iter().map(Vec::as_slice)));
    assert!(list.iter_back().eq(model.iter().rev().map(Vec::as_slice)));
    let bytes: usize = model.iter().map(|entry| entry.len() + 2 * varint::width(entry.len())).sum();
    assert_eq!(list.bytes(), bytes);
    if let Form::Long(directory) = &list.form {
        directory.check();
    }
}

impl super::Directory {
    /// What the module doc calls invariants, and the tracked sums.
    fn check(&self) {
        let (mut place, mut len, mut heap) = (self.end(End::Front), 0, 0);
        let mut segments = 0;
        while let Some(at) = place {
            let segment = self.get(at).expect("a place that `next` gave");
            assert!(segment.len() > 0, "an empty segment");
            assert!(segment.len() == 1 || segment.used() <= FULL, "{} bytes", segment.used());
            assert_eq!(segment.walk().count(), segment.len());
            len += segment.len();
            heap += segment.weight();
            segments += 1;
            place = self.next(at, End::Back);
        }
        assert_eq!((len, heap), (self.len(), self.buffers()));
        let (kept, counted) = self.frames();
        assert_eq!(kept, counted);
        assert!(segments > 1, "a directory of one segment");
    }
}

#[test]
fn a_list_does_what_a_deque_does() {
    for seed in 0..32 {
        let mut dice = Dice::new(seed);
        let mut list = List::new();
        let mut model: VecDeque<Vec<u8>> = VecDeque::new();
        let most = [10, 300, 3000, 8000][seed as usize % 4];
        for step in 0..12_000 {
            let entry = if dice.below(3) == 0 { dice.bytes() } else { vec![step as u8; 16] };
            let index = dice.below(model.len() + 1);
            let grows = model.len() < dice.below(most);
            let end = if dice.below(2) == 0 { End::Front } else { End::Back };
            match dice.below(if grows { 6 } else { 12 }) {
                0..4 => {
                    list.push(end, &entry);
                    match end {
                        End::Front => model.push_front(entry),
                        End::Back => model.push_back(entry),
                    }
                }
                4 => {
                    assert!(list.insert(index, &entry));
                    model.insert(index, entry);
                }
                5 => {
                    assert_eq!(list.set(index, &entry), index < model.len());
                    if let Some(place) = model.get_mut(index) {
                        *place = entry;
                    }
                }
                6..10 => {
                    let expected = match end {
                        End::Front => model.front(),
                        End::Back => model.back(),
                    };
                    assert_eq!(list.peek(end), expected.map(Vec::as_slice));
                    let popped = match end {
                        End::Front => model.pop_front(),
                        End::Back => model.pop_back(),
                    };
                    assert_eq!(list.pop(end, <[u8]>::to_vec), popped);
                }
                10 => {
                    let count = if dice.below(20) == 0 { dice.below(most) } else { dice.below(4) };
                    let last = (index + count).min(model.len());
                    assert_eq!(list.remove(index, count), last - index);
                    model.drain(index..last);
                }
                11 if dice.below(20) == 0 => {
                    let tail = list.split_off(index);
                    let cut = model.split_off(index);
                    check(&tail, &cut);
                    check(&list, &model);
                    if dice.below(2) == 0 {
                        (list, model) = (tail, cut);
                    }
                }
                _ => {
                    assert_eq!(list.get(index), model.get(index).map(Vec::as_slice));
                    let ahead = list.iter_from(index).take(5);
                    assert!(ahead.eq(model.range(index..).take(5).map(Vec::as_slice)));
                    let last = model.len().min(index + 1);
                    let back = list.iter_back_from(index).take(5);
                    assert!(back.eq(model.range(..last).rev().take(5).map(Vec::as_slice)));
                }
            }
            if step % 1000 == 0 {
                check(&list, &model);
            }
        }
        check(&list, &model);
        assert_eq!(list.remove(0, usize::MAX), model.len());
        assert!(list.is_empty() && list.bytes() == 0);
        assert!(list.weight() < 600, "an empty list keeps {} bytes", list.weight());
    }
}

#[test]
fn values_around_the_size_of_a_segment() {
    for around in [127, 128, FULL - 4, FULL / 2, FULL, 16_383, 70_000] {
        for length in around - 6..around + 6 {
            for end in [End::Front, End::Back] {
                let mut list = List::new();
                let mut model = VecDeque::new();
                for size in [3, length, length, 5, length, 0] {
                    list.push(end, &vec![7; size]);
                    match end {
                        End::Front => model.push_front(vec![7; size]),
                        End::Back => model.push_back(vec![7; size]),
                    }
                    list.insert(1, &vec![8; size]);
                    model.insert(1, vec![8; size]);
                    let middle = model.len() / 2;
                    list.set(middle, &vec![9; length]);
                    model[middle] = vec![9; length];
                    check(&list, &model);
                }
            }
        }
    }
}

/// A queue that is fed at one end and served at the other stays as small as what it holds.
#[test]
fn a_queue_does_not_creep() {
    for (feed, serve) in [(End::Front, End::Back), (End::Back, End::Front)] {
        for backlog in [1, 100, 5000] {
            let mut list = List::new();
            for i in 0..60_000usize {
                list.push(feed, &i.to_le_bytes());
                if i >= backlog {
                    assert_eq!(list.peek(serve), Some(&(i - backlog).to_le_bytes()[..]));
                    assert!(list.pop(serve, |_| ()).is_some());
                }
            }
            assert_eq!(list.len(), backlog);
            assert!(list.weight() < 2 * list.bytes() + 3 * FULL, "{} bytes", list.weight());
        }
    }
}

#[test]
fn a_long_list_costs_at_most_nineteen_bytes_per_short_entry() {
    for end in [End::Front, End::Back] {
        let mut list = List::new();
        for _ in 0..100_000 {
            list.push(end, b"sixteen bytes...");
        }
        let each = list.weight() as f64 / list.len() as f64;
        assert!(each <= 19.0, "{each} bytes");
    }
}

/// Removing all but a few entries everywhere leaves no trail of nearly empty segments.
#[test]
fn thinned_segments_are_joined() {
    let mut list = List::new();
    for i in 0..20_000usize {
        list.push(End::Back, &i.to_le_bytes());
    }
    for index in 0..200 {
        list.remove(index, 99);
    }
    let left: Vec<usize> = (0..200).map(|i| 100 * i + 99).collect();
    let entries = left.iter().map(|number| number.to_le_bytes().to_vec()).collect();
    check(&list, &entries);
    assert!(list.weight() < 3 * FULL, "{} bytes for {}", list.weight(), list.bytes());
}

/// An index skips segments unread: work is counted in groups and segments, not in entries.
#[test]
fn groups_bound_what_an_index_skips() {
    let mut list = List::new();
    for i in 0..200_000usize {
        list.push(if i % 2 == 0 { End::Front } else { End::Back }, &[0; 16]);
    }
    let Form::Long(directory) = &list.form else { unreachable!("a short list of 3 MB") };
    let segments = list.bytes() / FULL;
    assert!(directory.groups() <= segments / (GROUP - 2) + 2, "{} groups", directory.groups());
}

#[test]
fn a_list_is_shed_in_bounded_parts_until_one_is_left() {
    for count in [0usize, 1, 3000, 60_000] {
        let mut list = List::new();
        (0..count).for_each(|i| list.push(End::Back, format!("some entry {i}").as_bytes()));
        let (mut parts, mut calls) = (0, 0);
        loop {
            let gone = list.shed(3);
            assert!(gone <= 3);
            if gone == 0 {
                break;
            }
            (parts, calls) = (parts + gone, calls + 1);
        }
        let segments = count * 16 / FULL;
        assert!(parts >= segments && calls >= segments / 3, "{parts} parts in {calls} calls");
    }
}
