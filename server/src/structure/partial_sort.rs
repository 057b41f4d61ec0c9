//! structure/partial_sort.rs — the first few in order: a quicksort that leaves out the parts that
//! nobody asked for.
//!
//! The order of equal elements shows in replies (GEOSEARCH with COUNT, SORT with LIMIT), so it is
//! Redis's: all of a slice is sorted stably, as by the C library's merge sort; a part of it by the
//! quicksort of J. Bentley and M. McIlroy ("Engineering a sort function", 1993) with its choice of
//! pivots. Where that one would need quadratic time, a stable sort takes over, so the time is
//! O(n log n) whatever comes.

use std::cmp::Ordering;
use std::ops::Range;

/// Puts what the first `count` elements of the whole order are in front, in order. What is behind
/// them is in no particular one.
pub fn sort_first<T>(all: &mut [T], count: usize, compare: impl Fn(&T, &T) -> Ordering) {
    sort_range(all, 0..count, compare);
}

/// Puts the elements whose place in the whole order is within `wanted` there.
pub fn sort_range<T>(all: &mut [T], wanted: Range<usize>, compare: impl Fn(&T, &T) -> Ordering) {
    if wanted.start == 0 && wanted.end >= all.len() {
        all.sort_by(compare);
    } else if !wanted.is_empty() {
        let depth = 2 * all.len().ilog2() + 8;
        Sort { compare, wanted }.part(all, 0, depth);
    }
}

struct Sort<F> {
    compare: F,
    wanted: Range<usize>,
}

/// Shorter parts are sorted by insertion.
const SHORT: usize = 7;

/// From so many elements on, the pivot is the middle of three middles.
const LONG: usize = 40;

impl<F> Sort<F> {
    /// Sorts a part that begins at `offset` of the whole.
    fn part<T>(&self, mut part: &mut [T], mut offset: usize, mut depth: u32)
    where
        F: Fn(&T, &T) -> Ordering,
    {
        loop {
            let len = part.len();
            if len < SHORT {
                self.insertion(part);
                return;
            }
            let Some(next) = depth.checked_sub(1) else {
                part.sort_by(&self.compare);
                return;
            };
            depth = next;
            part.swap(0, self.pivot(part));
            let (less, greater) = self.divide(part);
            let (front, back) = part.split_at_mut(len - greater);
            if less > 1 && self.is_wanted(offset, less) {
                self.part(&mut front[..less], offset, depth);
            }
            offset += len - greater;
            if greater < 2 || !self.is_wanted(offset, greater) {
                return;
            }
            part = back;
        }
    }

    fn is_wanted(&self, offset: usize, len: usize) -> bool {
        offset < self.wanted.end && self.wanted.start < offset + len
    }

    fn insertion<T>(&self, part: &mut [T])
    where
        F: Fn(&T, &T) -> Ordering,
    {
        for next in 1..part.len() {
            let mut at = next;
            while at > 0 && (self.compare)(&part[at - 1], &part[at]).is_gt() {
                part.swap(at - 1, at);
                at -= 1;
            }
        }
    }

    fn pivot<T>(&self, part: &[T]) -> usize
    where
        F: Fn(&T, &T) -> Ordering,
    {
        let (len, middle) = (part.len(), part.len() / 2);
        if len == SHORT {
            return middle;
        }
        let (mut low, mut mid, mut high) = (0, middle, len - 1);
        if len > LONG {
            let apart = len / 8;
            low = self.median(part, low, low + apart, low + 2 * apart);
            mid = self.median(part, mid - apart, mid, mid + apart);
            high = self.median(part, high - 2 * apart, high - apart, high);
        }
        self.median(part, low, mid, high)
    }

    fn median<T>(&self, part: &[T], a: usize, b: usize, c: usize) -> usize
    where
        F: Fn(&T, &T) -> Ordering,
    {
        let order = |one: usize, other: usize| (self.compare)(&part[one], &part[other]);
        if order(a, b).is_lt() {
            if order(b, c).is_lt() {
                b
            } else if order(a, c).is_lt() {
                c
            } else {
                a
            }
        } else if order(b, c).is_gt() {
            b
        } else if order(a, c).is_lt() {
            a
        } else {
            c
        }
    }

    /// Divides a part by its first element: how many are less and stand in front now, how many are
    /// greater and stand at the end.
    fn divide<T>(&self, part: &mut [T]) -> (usize, usize)
    where
        F: Fn(&T, &T) -> Ordering,
    {
        let len = part.len();
        // Equal ones gather in front of `equal` and from `equal_back` on; `low..high` is to be
        // looked at.
        let (mut equal, mut low) = (1, 1);
        let (mut equal_back, mut high) = (len, len);
        loop {
            while low < high {
                match (self.compare)(&part[low], &part[0]) {
                    Ordering::Greater => break,
                    Ordering::Equal => {
                        part.swap(equal, low);
                        equal += 1;
                    }
                    Ordering::Less => {}
                }
                low += 1;
            }
            while low < high {
                match (self.compare)(&part[high - 1], &part[0]) {
                    Ordering::Less => break,
                    Ordering::Equal => {
                        equal_back -= 1;
                        part.swap(high - 1, equal_back);
                    }
                    Ordering::Greater => {}
                }
                high -= 1;
            }
            if low >= high {
                break;
            }
            part.swap(low, high - 1);
            low += 1;
            high -= 1;
        }
        // The equal ones go to the middle.
        let (less, greater) = (low - equal, equal_back - low);
        let count = equal.min(less);
        swap_runs(part, 0, low - count, count);
        let count = greater.min(len - equal_back);
        swap_runs(part, low, len - count, count);
        (less, greater)
    }
}

/// Exchanges two runs of `count` elements.
fn swap_runs<T>(part: &mut [T], one: usize, other: usize, count: usize) {
    for at in 0..count {
        part.swap(one + at, other + at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    /// Distances of places of which some are shared, as GEOSEARCH met them, and the order of the
    /// first seven in redis-server 7.0.15.
    #[test]
    fn equal_elements_come_as_in_redis() {
        let mut places = [
            (3, 438),
            (5, 415),
            (25, 314),
            (15, 134),
            (20, 134),
            (22, 193),
            (24, 233),
            (2, 166),
            (9, 166),
            (4, 262),
            (0, 0),
            (21, 0),
            (27, 147),
            (8, 1627),
            (19, 2319),
            (28, 10571),
            (13, 10147),
            (18, 8394),
            (14, 4449),
        ];
        let mut all = places;
        sort_first(&mut places, 7, |one, other| one.1.cmp(&other.1));
        assert_eq!(places.map(|(name, _)| name)[..7], [21, 0, 20, 15, 27, 9, 2]);
        sort_first(&mut all, 19, |one, other| one.1.cmp(&other.1));
        assert_eq!(all.map(|(name, _)| name)[..7], [0, 21, 15, 20, 27, 2, 9]);
    }

    #[test]
    fn the_range_is_as_in_a_whole_sort() {
        let seed = 0x50F7;
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        for _ in 0..2000 {
            let len = dice.below(300);
            let values = 1 + dice.below(400);
            let all: Vec<usize> = (0..len).map(|_| dice.below(values)).collect();
            let start = dice.below(len + 1);
            let wanted = start..start + dice.below(len + 1 - start);
            let mut sorted = all.clone();
            sorted.sort_unstable();
            let mut part = all.clone();
            sort_range(&mut part, wanted.clone(), usize::cmp);
            assert_eq!(part[wanted.clone()], sorted[wanted], "of {all:?}");
            part.sort_unstable();
            assert_eq!(part, sorted);
        }
    }

    /// An adversary (M. McIlroy, "A killer adversary for quicksort", 1999) makes quicksort compare
    /// as often as it can.
    #[test]
    fn no_input_takes_quadratic_time() {
        const LEN: usize = 4000;
        let solid = std::cell::Cell::new(0);
        let candidate = std::cell::Cell::new(0);
        let compared = std::cell::Cell::new(0u64);
        let values: Vec<_> = (0..LEN).map(|_| std::cell::Cell::new(LEN)).collect();
        let mut all: Vec<usize> = (0..LEN).collect();
        sort_first(&mut all, LEN - 1, |&one, &other| {
            compared.set(compared.get() + 1);
            if values[one].get() == LEN && values[other].get() == LEN {
                let freeze = if one == candidate.get() { one } else { other };
                values[freeze].set(solid.get());
                solid.set(solid.get() + 1);
            }
            if values[one].get() == LEN {
                candidate.set(one);
            } else if values[other].get() == LEN {
                candidate.set(other);
            }
            values[one].get().cmp(&values[other].get())
        });
        assert!(compared.get() < 40 * LEN as u64, "{} comparisons", compared.get());
    }
}
