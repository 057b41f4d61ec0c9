//! Positions by hash: an open-addressing table of 4-byte cells.
//!
//! A cell holds the upper bits of an element's hash and its position. The bits say where the cell
//! belongs, so growing, removing and splitting read cells only, never an element; and they differ
//! for all but 3 % of the other elements of a full table, so a search reads hardly any element in
//! vain.
//!
//! Invariants: linear probing without gaps (removal shifts back), at most three quarters full; the
//! home of a cell grows with its bits, so that rebuilding walks both tables forward. Not here: the
//! elements. The caller says how many there are and whether one is the one sought.

use crate::structure::{prefetch, room};

/// No element. Position bits of all ones are never used, so no element's cell looks like this.
const EMPTY: u32 = u32::MAX;
/// Bits of a position at first: twice what a table holds. A table that many colliding keys make
/// longer takes one bit more from the hash.
const POSITION_BITS: u32 = 14;

/// Cells in a chunk: 4 KiB, as the chunks of elements, so that the allocator keeps one kind of
/// block for all.
const CHUNK: usize = 1024;

pub(super) struct Index {
    /// One chunk of any size, or several of [`CHUNK`] cells.
    chunks: Vec<Box<[u32]>>,
    count: usize,
    position_bits: u32,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { chunks: Vec::new(), count: 0, position_bits: POSITION_BITS }
    }

    /// An empty index that takes `count` elements without growing.
    pub(super) fn with_room(count: usize) -> Self {
        let mut position_bits = POSITION_BITS;
        while count >> position_bits != 0 {
            position_bits += 1;
        }
        Self::with_cells(count + count / 3 + 1, position_bits)
    }

    fn with_cells(count: usize, position_bits: u32) -> Self {
        let (chunk, chunks) = if count <= CHUNK {
            (room(count * size_of::<u32>()) / size_of::<u32>(), 1)
        } else {
            (CHUNK, count.div_ceil(CHUNK))
        };
        let chunks: Vec<_> = (0..chunks).map(|_| vec![EMPTY; chunk].into_boxed_slice()).collect();
        Self { count: chunk * chunks.len(), chunks, position_bits }
    }

    #[inline]
    fn cell(&self, at: usize) -> u32 {
        self.chunks[at / CHUNK][at % CHUNK]
    }

    #[inline]
    fn set_cell(&mut self, at: usize, cell: u32) {
        self.chunks[at / CHUNK][at % CHUNK] = cell;
    }

    #[inline]
    fn bits(&self, hash: u64) -> u32 {
        (hash >> (32 + self.position_bits)) as u32
    }

    #[inline]
    fn home(&self, bits: u32) -> usize {
        ((u64::from(bits) * self.count as u64) >> (32 - self.position_bits)) as usize
    }

    #[inline]
    fn position(&self, cell: u32) -> usize {
        (cell & ((1 << self.position_bits) - 1)) as usize
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        if at + 1 == self.count { 0 } else { at + 1 }
    }

    /// The cell (by its place) and position of the element with this hash that `same` accepts.
    #[inline]
    pub(super) fn find(
        &self,
        hash: u64,
        mut same: impl FnMut(usize) -> bool,
    ) -> Option<(usize, usize)> {
        if self.count == 0 {
            return None;
        }
        let bits = self.bits(hash);
        let mut at = self.home(bits);
        loop {
            let cell = self.cell(at);
            if cell == EMPTY {
                return None;
            }
            if cell >> self.position_bits == bits {
                let position = self.position(cell);
                if same(position) {
                    return Some((at, position));
                }
            }
            at = self.next(at);
        }
    }

    /// Adds the element at `position`, which is also the number of elements before it.
    #[inline]
    pub(super) fn insert(&mut self, hash: u64, position: usize) {
        if (position + 1) * 4 > self.count * 3 || (position + 1) >> self.position_bits != 0 {
            self.grow(position);
        }
        self.put(self.bits(hash), position);
    }

    #[inline]
    fn put(&mut self, bits: u32, position: usize) {
        let mut at = self.home(bits);
        while self.cell(at) != EMPTY {
            at = self.next(at);
        }
        self.set_cell(at, bits << self.position_bits | position as u32);
    }

    #[cold]
    fn grow(&mut self, position: usize) {
        let mut position_bits = self.position_bits;
        while (position + 1) >> position_bits != 0 {
            position_bits += 1;
        }
        assert!(position_bits < 32, "a sub-table of 2^31 elements");
        let mut count = self.count;
        if (position + 1) * 4 > count * 3 {
            count += if count < CHUNK { count / 4 + 8 } else { 2 * CHUNK };
        }
        let mut wider = Self::with_cells(count, position_bits);
        for (bits, position) in self.entries() {
            wider.put(bits >> (position_bits - self.position_bits), position);
        }
        *self = wider;
    }

    /// All elements in the order of their cells: hash bits and position.
    fn entries(&self) -> impl Iterator<Item = (u32, usize)> {
        let filled = self.chunks.iter().flatten().copied().filter(|&cell| cell != EMPTY);
        filled.map(|cell| (cell >> self.position_bits, self.position(cell)))
    }

    /// Empties a cell and closes the gap.
    pub(super) fn remove(&mut self, cell: usize) {
        let count = self.count;
        let distance =
            |from: usize, to: usize| if to >= from { to - from } else { to + count - from };
        let (mut gap, mut at) = (cell, cell);
        loop {
            at = self.next(at);
            let moved = self.cell(at);
            if moved == EMPTY {
                break;
            }
            let home = self.home(moved >> self.position_bits);
            if distance(home, at) >= distance(gap, at) {
                self.set_cell(gap, moved);
                gap = at;
            }
        }
        self.set_cell(gap, EMPTY);
    }

    /// Tells the cell of the element at `from` that it moved to `to`.
    pub(super) fn relocate(&mut self, hash: u64, from: usize, to: usize) {
        if let Some((cell, _)) = self.find(hash, |position| position == from) {
            let bits = self.cell(cell) >> self.position_bits;
            self.set_cell(cell, bits << self.position_bits | to as u32);
        }
    }

    /// Tells the cells of all elements behind `position` that they move up by one.
    pub(super) fn move_up(&mut self, position: usize) {
        let mask = (1 << self.position_bits) - 1;
        for cell in self.chunks.iter_mut().flat_map(|chunk| chunk.iter_mut()) {
            if *cell != EMPTY && (*cell & mask) as usize > position {
                *cell -= 1;
            }
        }
    }

    /// Deals the cells out to two indexes. `place` tells for a position which of them, and where
    /// there.
    pub(super) fn split(&self, place: impl Fn(usize) -> (usize, usize)) -> [Self; 2] {
        let mut counts = [0, 0];
        for (_, position) in self.entries() {
            counts[place(position).0] += 1;
        }
        let mut parts = counts.map(|count| {
            let mut part = Self::with_room(count + count / 4);
            part.position_bits = part.position_bits.max(self.position_bits);
            part
        });
        for (bits, position) in self.entries() {
            let (side, position) = place(position);
            parts[side].put(bits, position);
        }
        parts
    }

    /// An index of this one's `count` elements, and behind them the other's.
    pub(super) fn merge(&self, count: usize, other: &Self, other_count: usize) -> Self {
        let mut both = Self::with_room(count + other_count);
        both.position_bits = both.position_bits.max(self.position_bits).max(other.position_bits);
        for (part, start) in [(self, 0), (other, count)] {
            for (bits, position) in part.entries() {
                both.put(bits >> (both.position_bits - part.position_bits), start + position);
            }
        }
        both
    }

    /// Makes the index as small as `count` elements allow when it is much larger.
    pub(super) fn shrink(&mut self, count: usize) {
        if self.count > 4 * count + 64 {
            let mut narrow = Self::with_room(count + count / 4);
            narrow.position_bits = self.position_bits;
            for (bits, position) in self.entries() {
                narrow.put(bits, position);
            }
            *self = narrow;
        }
    }

    /// The position that [`Index::find`] would ask about first.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> Option<usize> {
        self.find(hash, |_| true).map(|(_, position)| position)
    }

    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        let home = self.home(self.bits(hash));
        if let Some(chunk) = self.chunks.get(home / CHUNK) {
            prefetch(chunk.as_ptr().wrapping_add(home % CHUNK));
        }
    }

    #[inline]
    pub(super) fn weight(&self) -> usize {
        let chunk = self.chunks.first().map_or(0, |chunk| room(chunk.len() * size_of::<u32>()));
        chunk * self.chunks.len() + room(self.chunks.capacity() * size_of::<Box<[u32]>>())
    }
}
