//! Sets and maps of byte strings with a defined order: what big sets and hashes are.
//!
//! Elements stand in vectors, and an index of 4-byte cells beside each vector finds them by hash.
//! The structure is cut into sub-tables of a few thousand elements by the low bits of the hash, in
//! the manner of linear hashing (Litwin 1980): one sub-table is split for every `TARGET`
//! insertions, so nothing ever moves more than some thousand words at once. Splitting reads bits
//! that every element carries in its own word; only each eighth doubling reads the keys again to
//! take the next eight bits.
//!
//! Invariants: the number of sub-tables `n` obeys `n * TARGET / 4 <= len <= n * TARGET` (or `n ==
//! 1`); it depends on the past, so a snapshot stores it, and `with_tables` followed by the elements
//! in order gives the same structure. A sub-table of depth `d` holds the elements whose low `d`
//! hash bits are its number; their marks are the hash bits from `d / 8 * 8` on. `times` agrees with
//! the sub-tables' deadlines; see `mortal`. Cost: a look-up
//! touches the sub-table's header, one or two cells' lines, the element's word, its key. Not here:
//! protection from members chosen to collide. The seed is the same everywhere, so that order is.

mod counts;
mod deadlines;
mod element;
mod index;
mod map;
mod mortal;
mod scan;
mod seek;
mod set;
mod table;
#[cfg(test)]
mod tests;

pub use deadlines::NEVER;
pub use map::DenseMap;
pub use seek::Seek;
pub use set::DenseSet;

use self::counts::Counts;
pub(super) use self::element::Element;
use self::mortal::Times;
use self::table::Table;
use super::hash::hash;
use crate::structure::room;

/// The hash seed of all containers.
const SEED: u64 = 0x6d61_696e_7374_6179;
/// Elements per sub-table where there are several: a sub-table grows from this many to twice as
/// many, and is split. Small enough that a split takes some ten microseconds.
const TARGET: usize = if cfg!(test) { 64 } else { 2944 };
/// The most sub-tables; beyond (at 68 thousand million elements) they only grow.
const TABLES_MAX: usize = 1 << scan::PREFIX_BITS;

/// How many elements before its turn a walk asks for one.
const AHEAD: usize = 12;

fn hash_of(key: &[u8]) -> u64 {
    hash(key, SEED)
}

/// Elements by key, in sub-tables.
pub(super) struct Dense<E> {
    tables: Vec<Table<E>>,
    counts: Counts,
    len: usize,
    /// Merges so far. A scan that began before one must look again at what was merged.
    merges: u64,
    /// Heap bytes of the sub-tables and their elements.
    heap: usize,
    /// Once an element had a deadline, for good.
    times: Option<Box<Times>>,
}

/// Where an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    table: usize,
    position: usize,
}

impl<E: Element> Dense<E> {
    pub(super) fn new() -> Self {
        let mut dense = Self {
            tables: Vec::with_capacity(1),
            counts: Counts::default(),
            len: 0,
            merges: 0,
            heap: 0,
            times: None,
        };
        dense.add_table(Table::new());
        dense
    }

    /// An empty structure of `tables` sub-tables that waits for `len` elements, or `None` when no
    /// structure of so many elements has that shape. Until they are all inserted, nothing may be
    /// removed. It takes memory in proportion to `len`: the caller has checked that against what it
    /// read.
    pub(super) fn with_tables(tables: usize, len: usize) -> Option<Self> {
        let most = tables.checked_mul(TARGET)?;
        let fits = tables == 1 || tables <= TABLES_MAX && len >= most / 4;
        if tables == 0 || !fits || len > most && tables < TABLES_MAX {
            return None;
        }
        let mut dense = Self::new();
        for _ in 1..tables {
            dense.add_table(Table::new());
        }
        Some(dense)
    }

    /// The number of sub-tables: the part of the structure that does not follow from the elements.
    pub(super) fn tables(&self) -> usize {
        self.tables.len()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Heap bytes.
    pub(super) fn weight(&self) -> usize {
        let times = if self.times.is_some() { room(size_of::<Times>()) } else { 0 };
        self.heap
            + room(self.tables.capacity() * size_of::<Table<E>>())
            + self.counts.weight()
            + times
    }

    #[inline]
    pub(super) fn get(&self, key: &[u8]) -> Option<&E> {
        let hash = hash_of(key);
        let table = &self.tables[self.address(hash)];
        table.find(hash, key).and_then(|(_, position)| table.get(position))
    }

    /// Changes an element; its key must stay the same.
    pub(super) fn change<R>(&mut self, key: &[u8], change: impl FnOnce(&mut E) -> R) -> Option<R> {
        let hash = hash_of(key);
        let address = self.address(hash);
        let (_, position) = self.tables[address].find(hash, key)?;
        self.change_at(address, position, change)
    }

    fn change_at<R>(
        &mut self,
        table: usize,
        position: usize,
        change: impl FnOnce(&mut E) -> R,
    ) -> Option<R> {
        let element = self.tables[table].get_mut(position)?;
        let before = element.thin().weight();
        let result = change(element);
        self.heap = self.heap + element.thin().weight() - before;
        Some(result)
    }

    /// Inserts what `make` gives when the key is new, else hands the element that is there to
    /// `change` and returns what that says. `change` leaves the key alone, and `make` makes an
    /// element of this key.
    #[inline]
    pub(super) fn upsert<R>(
        &mut self,
        key: &[u8],
        make: impl FnOnce() -> E,
        change: impl FnOnce(&mut E) -> R,
    ) -> Option<R> {
        self.upsert_at(key, make, change).map(|(_, result)| result)
    }

    /// As `upsert`, and says where the element is that was there.
    #[inline]
    fn upsert_at<R>(
        &mut self,
        key: &[u8],
        make: impl FnOnce() -> E,
        change: impl FnOnce(&mut E) -> R,
    ) -> Option<(Place, R)> {
        let hash = hash_of(key);
        let address = self.address(hash);
        let table = &mut self.tables[address];
        if let Some((_, position)) = table.find(hash, key) {
            let result = self.change_at(address, position, change)?;
            return Some((Place { table: address, position }, result));
        }
        let mut element = make();
        debug_assert!(element.key() == key, "an element under another key");
        element.thin_mut().set_mark(mark(hash, self.depth(address)));
        let table = &mut self.tables[address];
        let before = table.weight();
        self.heap += element.thin().weight();
        table.push(hash, element);
        self.heap = self.heap + table.weight() - before;
        self.counts.add(address, 1);
        self.len += 1;
        if self.len > self.tables.len() * TARGET && self.tables.len() < TABLES_MAX {
            self.split();
        }
        None
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<E> {
        let hash = hash_of(key);
        let address = self.address(hash);
        let table = &self.tables[address];
        table.prefetch_last();
        let (cell, position) = table.find(hash, key)?;
        self.take(address, cell, position)
    }

    /// Removes the element at a position of the whole. The last of its sub-table takes its place.
    pub(super) fn remove_at(&mut self, position: usize) -> Option<E> {
        self.pop_at(position, |_| ())
    }

    /// As `remove_at`, and shows the element before: both touch the same cold memory, and what the
    /// removal alone needs is loaded while the element is.
    pub(super) fn pop_at(&mut self, position: usize, show: impl FnOnce(&E)) -> Option<E> {
        let (address, position) = self.locate(position)?;
        let table = &self.tables[address];
        table.prefetch_last();
        let element = table.get(position)?;
        let hash = hash_of(element.key());
        table.prefetch(hash);
        show(element);
        let cell = table.cell(hash, position)?;
        self.take(address, cell, position)
    }

    fn take(&mut self, address: usize, cell: usize, position: usize) -> Option<E> {
        self.take_by(address, position, |table| table.remove(cell, position))
    }

    fn take_by(
        &mut self,
        address: usize,
        position: usize,
        take: impl FnOnce(&mut Table<E>) -> Option<E>,
    ) -> Option<E> {
        let table = &mut self.tables[address];
        if let Some(times) = &mut self.times {
            times.forget(table.deadline(position));
        }
        let before = table.weight();
        let element = take(table)?;
        self.heap = self.heap + table.weight() - before - element.thin().weight();
        self.counts.subtract(address, 1);
        self.len -= 1;
        if self.tables.len() > 1 && self.len < self.tables.len() * TARGET / 4 {
            self.merge();
        }
        Some(element)
    }

    /// The element at a position of the whole, in O(log n) steps over the sub-tables' counts.
    pub(super) fn at(&self, position: usize) -> Option<&E> {
        let (table, position) = self.locate(position)?;
        self.tables[table].get(position)
    }

    fn locate(&self, position: usize) -> Option<(usize, usize)> {
        (position < self.len).then(|| self.counts.find(position))
    }

    /// All elements: sub-tables by number, elements by position. This is the order of
    /// [`Dense::at`].
    pub(super) fn iter(&self) -> impl Iterator<Item = &E> {
        self.tables.iter().flat_map(Table::iter)
    }

    /// The elements from a position on, each loaded some time before its turn: for walking over
    /// many.
    pub(super) fn iter_from(&self, position: usize) -> impl Iterator<Item = &E> {
        let (first, from) = self.locate(position).unwrap_or((self.tables.len(), 0));
        self.tables.iter().enumerate().skip(first).flat_map(move |(number, table)| {
            let from = if number == first { from } else { 0 };
            (from..table.len()).filter_map(move |at| {
                if let Some(later) = table.get(at + AHEAD) {
                    later.thin().prefetch();
                }
                table.get(at)
            })
        })
    }

    /// Starts loading what a look-up of `key` reads first.
    #[inline]
    pub(super) fn prefetch(&self, key: &[u8]) {
        let hash = hash_of(key);
        self.tables[self.address(hash)].prefetch(hash);
    }

    /// As `prefetch`, for one step of the look-up: 0 the cell, 1 the element's word, 2 the element.
    /// Each but the first reads what the one before loaded.
    #[inline]
    pub(super) fn prefetch_step(&self, seek: &mut Seek, step: usize) {
        if step == 0 {
            seek.table = self.address(seek.hash);
        }
        // The structure may have changed since the step before: then there is nothing to ask for.
        let Some(table) = self.tables.get(seek.table) else { return };
        match step {
            0 => table.prefetch(seek.hash),
            1 => seek.position = table.prefetch_candidate(seek.hash),
            _ => table.prefetch_element(seek.position),
        }
    }

    /// The sub-table of a hash: its low bits, one less of them where that sub-table is not split
    /// off yet.
    #[inline]
    fn address(&self, hash: u64) -> usize {
        let whole = hash as usize & (self.tables.len().next_power_of_two() - 1);
        if whole < self.tables.len() { whole } else { parent(whole) }
    }

    /// How many low hash bits the elements of a sub-table share.
    #[inline]
    fn depth(&self, table: usize) -> u32 {
        let level = self.tables.len().ilog2();
        let split = self.tables.len() - (1 << level);
        if table < split || table >> level != 0 { level + 1 } else { level }
    }

    fn add_table(&mut self, table: Table<E>) {
        self.heap += table.weight();
        self.counts.push(table.len());
        self.tables.push(table);
    }

    /// Splits the next sub-table in turn.
    #[cold]
    fn split(&mut self) {
        let number = self.tables.len();
        let from = parent(number);
        let bit = number.ilog2();
        let table = &mut self.tables[from];
        let (before, count) = (table.weight(), table.len());
        let mut other = table.split((bit % 8) as u8);
        if (bit + 1).is_multiple_of(8) {
            table.mark_by_hash(|hash| mark(hash, bit + 1));
            other.mark_by_hash(|hash| mark(hash, bit + 1));
        }
        self.heap = self.heap + table.weight() - before;
        self.counts.subtract(from, count - table.len());
        self.add_table(other);
    }

    /// Frees about `most` elements of a structure that is to be freed, and says how many it were.
    /// Nothing else may be called afterwards.
    pub(super) fn shed(&mut self, most: usize) -> usize {
        let mut gone = 0;
        while gone < most
            && let Some(table) = self.tables.last_mut()
        {
            gone += table.shed(most - gone);
            if table.len() == 0 {
                self.tables.pop();
                gone += 1;
            }
        }
        gone
    }

    /// Undoes the last split.
    #[cold]
    fn merge(&mut self) {
        let Some(mut last) = self.tables.pop() else { return };
        let number = self.tables.len();
        let (to, bit) = (parent(number), number.ilog2());
        self.counts.pop();
        self.counts.add(to, last.len());
        self.heap -= last.weight();
        let table = &mut self.tables[to];
        self.heap -= table.weight();
        if (bit + 1).is_multiple_of(8) {
            // All bits of the group before are the sub-tables' own numbers.
            table.mark_all(mark(to as u64, bit));
            last.mark_all(mark(number as u64, bit));
        }
        table.merge(last);
        self.heap += table.weight();
        self.merges += 1;
        if self.tables.capacity() > 4 * self.tables.len() + 16 {
            self.tables.shrink_to(2 * self.tables.len());
        }
    }
}

/// The sub-table that was split to make this one: the same number without its highest bit.
#[inline]
fn parent(table: usize) -> usize {
    table ^ 1 << table.ilog2()
}

/// The eight hash bits that an element in a sub-table of this depth carries.
#[inline]
fn mark(hash: u64, depth: u32) -> u8 {
    (hash >> (depth / 8 * 8)) as u8
}
