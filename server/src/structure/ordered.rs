//! A sorted sequence in chunks, for keys that mostly grow and mostly go from the front.
//!
//! What is added at the end fills its chunk before the next one is begun, so that there is hardly
//! anything beside the elements; a tree's nodes would be half empty. What comes in between splits a
//! full chunk, and chunks that have become small are joined.
//!
//! Cost: finding O(log N); adding at the end O(1); adding and removing elsewhere moves a chunk's
//! elements, and, once in a chunk's life, pointers to the chunks on one side.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::room;

/// The most elements of a chunk.
#[cfg(not(test))]
const CHUNK: usize = 64;
#[cfg(test)]
const CHUNK: usize = 8;

/// What has a place in the order.
pub trait Keyed {
    /// What it is ordered by.
    type Key: Ord + Copy;
    /// Its place.
    fn key(&self) -> Self::Key;
}

/// See the module. Invariants: keys ascend, none is there twice; no chunk is empty.
#[derive(Debug, Clone)]
pub struct Ordered<T> {
    chunks: VecDeque<Vec<T>>,
    len: usize,
    /// Heap bytes of the chunks.
    heap: usize,
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Ordered { chunks: VecDeque::new(), len: 0, heap: 0 }
    }
}

fn frame<T>(chunk: &Vec<T>) -> usize {
    room(chunk.capacity() * size_of::<T>())
}

impl<T: Keyed> Ordered<T> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.heap + room(self.chunks.capacity() * size_of::<Vec<T>>())
    }

    /// The chunk where a key is or would be, and its place there.
    fn find(&self, key: T::Key) -> Result<(usize, usize), (usize, usize)> {
        let ends_before = |chunk: &Vec<T>| chunk.last().is_some_and(|last| last.key() < key);
        let number = match self.chunks.back() {
            // Most look for something new.
            Some(last) if ends_before(last) => self.chunks.len(),
            _ => self.chunks.partition_point(ends_before),
        };
        let Some(chunk) = self.chunks.get(number) else { return Err((number, 0)) };
        match chunk.binary_search_by_key(&key, T::key) {
            Ok(at) => Ok((number, at)),
            Err(at) => Err((number, at)),
        }
    }

    /// The element with this key.
    pub fn get(&self, key: T::Key) -> Option<&T> {
        let (chunk, at) = self.find(key).ok()?;
        self.chunks.get(chunk)?.get(at)
    }

    /// The element with the highest key.
    pub fn last(&self) -> Option<&T> {
        self.chunks.back()?.last()
    }

    /// The elements from one key to another, in order.
    pub fn range(&self, keys: RangeInclusive<T::Key>) -> impl Iterator<Item = &T> {
        let (from, to) = keys.into_inner();
        let (chunk, at) = self.find(from).unwrap_or_else(|place| place);
        let first = self.chunks.get(chunk).and_then(|chunk| chunk.get(at..)).unwrap_or_default();
        let rest = self.chunks.iter().skip(chunk + 1).flatten();
        first.iter().chain(rest).take_while(move |element| element.key() <= to)
    }

    /// Puts an element where it belongs, and returns the one that had its key.
    pub fn insert(&mut self, element: T) -> Option<T> {
        let (mut chunk, mut at) = match self.find(element.key()) {
            Ok((chunk, at)) => {
                let place = self.chunks.get_mut(chunk)?.get_mut(at)?;
                return Some(std::mem::replace(place, element));
            }
            Err(place) => place,
        };
        self.len += 1;
        if chunk == self.chunks.len() {
            // Behind everything: into the last chunk if it has room.
            if self.chunks.back().is_none_or(|last| last.len() == CHUNK) {
                let room = if self.chunks.is_empty() { 1 } else { CHUNK };
                let fresh = Vec::with_capacity(room);
                self.heap += frame(&fresh);
                if self.chunks.is_empty() {
                    self.chunks.reserve_exact(1);
                }
                self.chunks.push_back(fresh);
            }
            chunk = self.chunks.len() - 1;
            at = self.chunks[chunk].len();
        } else if self.chunks[chunk].len() == CHUNK {
            (chunk, at) = self.split(chunk, at);
        }
        self.change(chunk, |chunk| {
            if chunk.len() == chunk.capacity() {
                let most = (chunk.len() + chunk.len() / 2 + 1).min(CHUNK);
                chunk.reserve_exact(most - chunk.len());
            }
            chunk.insert(at, element);
        });
        None
    }

    /// Cuts a full chunk in half; says where the place given is then.
    fn split(&mut self, number: usize, at: usize) -> (usize, usize) {
        let mut tail = Vec::with_capacity(CHUNK);
        self.change(number, |chunk| tail.extend(chunk.drain(CHUNK / 2..)));
        self.heap += frame(&tail);
        self.chunks.insert(number + 1, tail);
        if at > CHUNK / 2 { (number + 1, at - CHUNK / 2) } else { (number, at) }
    }

    /// Removes the element with this key.
    pub fn remove(&mut self, key: T::Key) -> Option<T> {
        let (number, at) = self.find(key).ok()?;
        let mut removed = None;
        self.change(number, |chunk| removed = Some(chunk.remove(at)));
        self.len -= 1;
        let left = self.chunks[number].len();
        if left == 0 {
            self.drop_chunk(number);
        } else if left <= CHUNK / 4 {
            self.join(number);
        }
        removed
    }

    /// Frees up to `most` chunks, and says how many; for one that is to be freed.
    pub fn shed(&mut self, most: usize) -> usize {
        let count = most.min(self.chunks.len());
        self.chunks.drain(..count);
        count
    }

    fn drop_chunk(&mut self, number: usize) {
        if let Some(chunk) = self.chunks.remove(number) {
            self.heap -= frame(&chunk);
        }
        if self.chunks.is_empty() {
            *self = Ordered::default();
        }
    }

    /// Joins a small chunk with a neighbour, if both fit one; else gives back what it does not
    /// need.
    fn join(&mut self, number: usize) {
        let len = |number: usize| self.chunks.get(number).map_or(CHUNK, Vec::len);
        let first = if len(number + 1) <= CHUNK / 2 {
            number
        } else if number > 0 && len(number - 1) <= CHUNK / 2 {
            number - 1
        } else {
            self.change(number, |chunk| {
                if chunk.capacity() > 2 * chunk.len() {
                    chunk.shrink_to(chunk.len() + chunk.len() / 4);
                }
            });
            return;
        };
        let next = std::mem::take(&mut self.chunks[first + 1]);
        self.heap -= frame(&next);
        self.chunks.remove(first + 1);
        self.change(first, |chunk| {
            chunk.reserve_exact(next.len());
            chunk.extend(next);
        });
    }

    fn change(&mut self, number: usize, change: impl FnOnce(&mut Vec<T>)) {
        let Some(chunk) = self.chunks.get_mut(number) else { return };
        let before = frame(chunk);
        change(chunk);
        self.heap = self.heap + frame(chunk) - before;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::structure::dice::Dice;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Row(u64, u64);

    impl Keyed for Row {
        type Key = u64;

        fn key(&self) -> u64 {
            self.0
        }
    }

    fn check(rows: &Ordered<Row>, model: &BTreeMap<u64, u64>) {
        assert!(rows.range(0..=u64::MAX).map(|row| (row.0, row.1)).eq(model.clone()));
        assert_eq!(rows.len(), model.len());
        assert_eq!(rows.last().map(|row| row.0), model.keys().next_back().copied());
        assert_eq!(rows.heap, rows.chunks.iter().map(frame).sum::<usize>());
        assert!(rows.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
    }

    #[test]
    fn a_sorted_sequence_agrees_with_a_tree() {
        for seed in 0..20 {
            let mut dice = Dice::new(seed);
            let (mut rows, mut model) = (Ordered::default(), BTreeMap::new());
            let mut next = 0;
            for step in 0..4000 {
                let shrinking = step / 700 % 2 == 1;
                let key = match dice.below(4) {
                    0 => dice.below(next as usize + 3) as u64,
                    1 => model.keys().next().copied().unwrap_or(0),
                    _ => next,
                };
                if dice.below(10) < if shrinking { 8 } else { 2 } {
                    let key = if shrinking { dice.below(next as usize + 1) as u64 } else { key };
                    assert_eq!(rows.remove(key).map(|row: Row| row.1), model.remove(&key));
                } else {
                    let row = Row(key, step);
                    assert_eq!(rows.insert(row).map(|row| row.1), model.insert(key, step));
                    next = next.max(key + 1 + dice.below(3) as u64);
                }
                let (from, to) = (dice.below(600) as u64, dice.below(900) as u64);
                if from <= to {
                    let found = rows.range(from..=to).map(|row| (row.0, row.1));
                    assert!(found.eq(model.range(from..=to).map(|(&key, &value)| (key, value))));
                }
                assert_eq!(rows.get(to).map(|row| row.1), model.get(&to).copied());
                if step % 50 == 0 {
                    check(&rows, &model);
                }
            }
            check(&rows, &model);
        }
    }

    #[test]
    fn growing_keys_leave_no_gaps() {
        let mut rows = Ordered::default();
        for key in 0..1000 * CHUNK as u64 {
            rows.insert(Row(key, 0));
        }
        assert_eq!(rows.chunks.len(), 1000);
        assert!(rows.weight() < 1000 * CHUNK * (size_of::<Row>() + 6), "{}", rows.weight());
        for key in 0..1000 * CHUNK as u64 {
            assert!(rows.remove(key).is_some());
        }
        assert_eq!(rows.weight(), 0);
    }
}
