//! keyspace/stripe.rs — one lock and what it guards: a share of a database's keys.
//!
//! A stripe starts with one [`Table`]. When a table is full it splits in two by the next bit of the
//! hash (extendible hashing), so no step ever moves more than one table. Beside the lock stand a
//! few numbers that others read without it: how many keys, how many with a deadline, and where the
//! index lies, so that it can be prefetched. The earliest deadline is published too, into an array
//! of the database's, so that looking for dead keys reads little.
//!
//! Invariants: `directory` has `2^depth` places, each naming the table for that prefix, and a table
//! of depth `d` stands in `2^(depth-d)` neighbouring places; with one table it is empty.

use std::cell::Cell;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use hashbrown::HashMap;
use parking_lot::{Mutex, MutexGuard};
use smallvec::{SmallVec, smallvec};

use super::entry::Slot;
use super::mortal;
use super::object::Object;
use super::table::{NEVER, Sweep, Table};
use super::watch::Watchers;
use crate::clock::Millis;

/// How often a lock that must not be waited for is tried: some microseconds, which is longer than
/// most commands take.
const TRIES: usize = 200;

/// A lock, what it guards, and what may be read without it.
#[repr(align(128))]
pub(super) struct Stripe {
    inner: Mutex<Guarded>,
    meter: Meter,
}

/// What is read without the lock; written only by whoever holds it.
#[derive(Default)]
pub(super) struct Meter {
    pub(super) keys: AtomicU32,
    pub(super) volatile: AtomicU32,
    pub(super) mortal: AtomicU32,
    heap: AtomicUsize,
    tables: AtomicUsize,
    cells: AtomicPtr<u32>,
    mask: AtomicUsize,
}

impl Meter {
    /// Heap bytes of the entries, what they hold, and the tables.
    pub(super) fn weight(&self) -> usize {
        self.heap.load(Relaxed) + self.tables.load(Relaxed)
    }
}

/// What the lock guards.
pub(super) struct Guarded {
    tables: SmallVec<[Table; 1]>,
    depths: SmallVec<[u8; 8]>,
    directory: Vec<u16>,
    depth: u8,
    /// Heap bytes of the entries and what they hold.
    heap: usize,
    /// Whether more than `heap` has changed since it was published. Most writes change what an
    /// entry holds, and leave the tables as they are.
    reshaped: Cell<bool>,
    /// Who must be told when a key changes: WATCH.
    pub(super) watchers: Option<Box<Watchers>>,
}

/// Where an entry is within a stripe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) table: usize,
    pub(super) position: usize,
}

impl Default for Stripe {
    fn default() -> Stripe {
        Stripe { inner: Mutex::new(Guarded::new()), meter: Meter::default() }
    }
}

impl Stripe {
    #[inline]
    pub(super) fn lock<'a>(&'a self, due: &'a AtomicU64) -> Held<'a> {
        Held { guard: self.inner.lock(), meter: &self.meter, due, changed: false }
    }

    /// As [`Stripe::lock`], unless somebody else holds it for longer than a moment.
    pub(super) fn try_lock<'a>(&'a self, due: &'a AtomicU64) -> Option<Held<'a>> {
        let guard = (0..TRIES).find_map(|_| {
            std::hint::spin_loop();
            self.inner.try_lock()
        })?;
        Some(Held { guard, meter: &self.meter, due, changed: false })
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// What the lock guards, for whoever holds the gate exclusively. Changes must be followed by
    /// [`Stripe::publish`].
    pub(super) fn unlocked(&self) -> *mut Guarded {
        self.inner.data_ptr()
    }

    /// Brings the meter up to date after changes made without the lock.
    pub(super) fn publish(&self, guarded: &Guarded, due: &AtomicU64) {
        guarded.publish(&self.meter, due);
    }

    /// Asks the processor to fetch the home cell of a hash. A hint: needs no lock, and does nothing
    /// when the stripe has been split.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        let cells = self.meter.cells.load(Relaxed);
        if !cells.is_null() {
            let at = hash as u16 as usize & self.meter.mask.load(Relaxed);
            crate::structure::prefetch(cells.wrapping_add(at));
        }
    }
}

/// A locked stripe. When it goes, the meter is brought up to date if anything was changed.
pub(super) struct Held<'a> {
    guard: MutexGuard<'a, Guarded>,
    meter: &'a Meter,
    due: &'a AtomicU64,
    changed: bool,
}

impl Held<'_> {
    #[inline]
    pub(super) fn get(&self) -> &Guarded {
        &self.guard
    }

    /// To change something.
    #[inline]
    pub(super) fn edit(&mut self) -> &mut Guarded {
        self.changed = true;
        &mut self.guard
    }

    /// To change what is not published: the parity of slots.
    #[inline]
    pub(super) fn edit_quietly(&mut self) -> &mut Guarded {
        &mut self.guard
    }

    /// Gives the lock back after whoever waits for it had it: for one who comes back at once.
    pub(super) fn release_fairly(mut self) {
        MutexGuard::bump(&mut self.guard);
    }
}

impl Held<'_> {
    /// Brings what is read without the lock up to date.
    #[inline]
    pub(super) fn publish(&self) {
        if self.changed {
            self.guard.publish(self.meter, self.due);
        }
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        self.publish();
    }
}

impl Guarded {
    pub(super) fn new() -> Guarded {
        Guarded {
            tables: smallvec![Table::default()],
            depths: smallvec![0],
            directory: Vec::new(),
            depth: 0,
            heap: 0,
            reshaped: Cell::new(true),
            watchers: None,
        }
    }

    #[inline]
    fn publish(&self, meter: &Meter, due: &AtomicU64) {
        meter.heap.store(self.heap, Relaxed);
        if self.reshaped.replace(false) {
            self.publish_tables(meter, due);
        }
        debug_assert_eq!(meter.keys.load(Relaxed) as usize, self.len());
        debug_assert_eq!(meter.tables.load(Relaxed), self.tables_weight());
        debug_assert_eq!(due.load(Relaxed), self.due());
    }

    fn publish_tables(&self, meter: &Meter, due: &AtomicU64) {
        if let [table] = &self.tables[..] {
            let (cells, len) = table.cells();
            let cells = if len == 0 { std::ptr::null_mut() } else { cells.cast_mut() };
            meter.cells.store(cells, Relaxed);
            meter.mask.store(len.wrapping_sub(1), Relaxed);
            meter.keys.store(table.len() as u32, Relaxed);
            meter.volatile.store(table.volatile(), Relaxed);
            meter.mortal.store(table.mortal(), Relaxed);
            due.store(table.due(), Relaxed);
            meter.tables.store(table.weight(), Relaxed);
            return;
        }
        meter.cells.store(std::ptr::null_mut(), Relaxed);
        meter.keys.store(self.len() as u32, Relaxed);
        meter.volatile.store(self.tables.iter().map(Table::volatile).sum(), Relaxed);
        meter.mortal.store(self.tables.iter().map(Table::mortal).sum(), Relaxed);
        due.store(self.due(), Relaxed);
        meter.tables.store(self.tables_weight(), Relaxed);
    }

    fn tables_weight(&self) -> usize {
        self.tables.iter().map(Table::weight).sum()
    }

    #[cfg(test)]
    pub(super) fn entry_bytes(&self) -> usize {
        self.heap
    }

    #[inline]
    fn table_of(&self, hash: u64) -> usize {
        if self.depth == 0 {
            return 0;
        }
        self.directory[Table::prefix(hash, u32::from(self.depth))] as usize
    }

    #[inline]
    pub(super) fn find(&self, key: &[u8], hash: u64) -> Option<Place> {
        let table = self.table_of(hash);
        let position = self.tables[table].find(key, hash)?;
        Some(Place { table, position })
    }

    /// Whether a key is there and not dead.
    pub(super) fn holds(&self, key: &[u8], hash: u64, now: Millis) -> bool {
        self.find(key, hash).is_some_and(|place| !self.table(place).is_dead(place.position, now))
    }

    /// See [`Table::candidate`].
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> Option<&Slot> {
        self.tables[self.table_of(hash)].candidate(hash)
    }

    #[inline]
    pub(super) fn table(&self, place: Place) -> &Table {
        &self.tables[place.table]
    }

    /// The slot, to change what its entry holds.
    #[inline]
    pub(super) fn slot_mut(&mut self, place: Place) -> &mut Slot {
        self.tables[place.table].slot_mut(place.position)
    }

    /// See [`Table::set_deadline`].
    pub(super) fn set_deadline(&mut self, place: Place, deadline: Millis) {
        self.reshaped.set(true);
        self.tables[place.table].set_deadline(place.position, deadline);
    }

    /// See [`Table::set_inner`].
    #[inline]
    pub(super) fn set_inner(&mut self, place: Place, due: Millis) {
        if self.tables[place.table].set_inner(place.position, due) {
            self.reshaped.set(true);
        }
    }

    #[inline]
    pub(super) fn slot(&self, place: Place) -> &Slot {
        self.tables[place.table].slot(place.position)
    }

    /// The table with room for one more key of this hash.
    ///
    /// A table that is full at the last depth cannot be split, and [`Table::insert`] panics. That
    /// takes 16,382 keys that agree in 22 bits of a hash whose seed is secret: by chance, some
    /// 10^10 keys in one database.
    fn roomy(&mut self, hash: u64) -> usize {
        loop {
            let table = self.table_of(hash);
            let depth = u32::from(self.depths[table]);
            if self.tables[table].len() < Table::MAX || depth >= Table::PREFIX_BITS {
                return table;
            }
            self.split(table);
        }
    }

    fn split(&mut self, table: usize) {
        let depth = self.depths[table];
        if depth == self.depth {
            self.directory = if self.directory.is_empty() {
                vec![0, 0]
            } else {
                self.directory.iter().flat_map(|&table| [table, table]).collect()
            };
            self.depth += 1;
        }
        let high = self.tables[table].split(u32::from(depth));
        let new = self.tables.len() as u16;
        self.tables.push(high);
        self.depths[table] += 1;
        self.depths.push(depth + 1);
        let spare = self.depth - depth - 1;
        for (prefix, place) in self.directory.iter_mut().enumerate() {
            if *place as usize == table && prefix >> spare & 1 == 1 {
                *place = new;
            }
        }
    }

    pub(super) fn insert(&mut self, slot: Slot, hash: u64, deadline: Millis) -> Place {
        self.reshaped.set(true);
        let table = self.roomy(hash);
        self.heap += slot.weight();
        let due = slot.as_object().map_or(NEVER, mortal::due);
        let position = self.tables[table].insert(slot, hash, deadline);
        self.tables[table].set_inner(position, due);
        Place { table, position }
    }

    /// Replaces what an entry holds by a string; the deadline stays. Gives back what must be freed.
    #[inline]
    pub(super) fn set_string(&mut self, place: Place, value: &[u8]) -> Option<Slot> {
        let slot = self.tables[place.table].slot_mut(place.position);
        let before = slot.weight();
        let old = slot.set_string(value);
        let after = slot.weight();
        self.reweigh(before, after);
        self.set_inner(place, NEVER);
        old
    }

    /// As [`Guarded::set_string`], but never in place: gives back the entry as it was.
    pub(super) fn replace_string(&mut self, place: Place, value: &[u8]) -> Slot {
        let slot = self.tables[place.table].slot_mut(place.position);
        let before = slot.weight();
        let old = slot.replace_string(value);
        let after = slot.weight();
        self.reweigh(before, after);
        self.set_inner(place, NEVER);
        old
    }

    /// Replaces what an entry holds by an object; the deadline stays. Gives back what is to be
    /// freed.
    pub(super) fn set_object(&mut self, place: Place, object: Box<dyn Object>) -> Slot {
        let due = mortal::due(&*object);
        let slot = self.tables[place.table].slot_mut(place.position);
        let before = slot.weight();
        let old = slot.set_object(object);
        let after = slot.weight();
        self.reweigh(before, after);
        self.set_inner(place, due);
        old
    }

    /// Says what became of the weight of an entry that was changed in place.
    #[inline]
    pub(super) fn reweigh(&mut self, before: usize, after: usize) {
        self.heap = (self.heap + after).saturating_sub(before);
    }

    pub(super) fn remove(&mut self, place: Place) -> (Slot, Millis) {
        self.reshaped.set(true);
        let removed = self.tables[place.table].remove(place.position);
        self.heap = self.heap.saturating_sub(removed.0.weight());
        removed
    }

    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(Table::len).sum()
    }

    /// Entries that are not dead at `now`.
    pub(super) fn live_len(&self, now: Millis) -> usize {
        self.tables.iter().map(|table| table.len() - table.dead(now)).sum()
    }

    /// The place of the `index`-th entry, counted over all tables.
    pub(super) fn nth(&self, mut index: usize) -> Option<Place> {
        for (table, entries) in self.tables.iter().enumerate() {
            if index < entries.len() {
                return Some(Place { table, position: index });
            }
            index -= entries.len();
        }
        None
    }

    /// See [`Table::sweep`].
    pub(super) fn sweep(&mut self, sweep: &mut Sweep<'_>) {
        self.reshaped.set(true);
        for table in &mut self.tables {
            if table.due() <= sweep.now && sweep.left > 0 {
                sweep.looked += table.len();
                let before = sweep.gone.len();
                table.sweep(sweep);
                let freed: usize = sweep.gone[before..].iter().map(|(slot, _)| slot.weight()).sum();
                let (heavy, light) = std::mem::take(&mut sweep.thinner);
                self.heap = (self.heap + light).saturating_sub(freed + heavy);
            }
        }
    }

    /// Takes an entry out of a stripe that is being freed; `None` when there is none left.
    pub(super) fn shed(&mut self) -> Option<Slot> {
        loop {
            match self.tables.last_mut()?.shed() {
                Some(slot) => return Some(slot),
                None => self.tables.pop(),
            };
        }
    }

    /// As [`Guarded::shed`], with the entry's deadline.
    pub(super) fn shed_with_deadline(&mut self) -> Option<(Slot, Millis)> {
        loop {
            match self.tables.last_mut()?.shed_with_deadline() {
                Some(shed) => return Some(shed),
                None => self.tables.pop(),
            };
        }
    }

    /// Takes everything out at once, watchers excepted.
    pub(super) fn take(&mut self) -> Guarded {
        let watchers = self.watchers.take();
        let taken = std::mem::replace(self, Guarded::new());
        self.watchers = watchers;
        taken
    }

    /// Puts what was taken out elsewhere in place of what is here, watchers excepted.
    pub(super) fn adopt(&mut self, taken: Guarded) {
        let watchers = self.watchers.take();
        *self = taken;
        self.reshaped.set(true);
        self.watchers = watchers;
    }

    /// No deadline in the stripe is earlier.
    pub(super) fn due(&self) -> Millis {
        self.tables.iter().map(Table::due).min().unwrap_or(NEVER)
    }

    /// One step of a scan: `step(place)` for the entries of one table from `at` downwards, at most
    /// `most` of them. Returns where to go on, or `None` at the end of the stripe.
    pub(super) fn scan(
        &self,
        at: ScanPoint,
        most: usize,
        mut step: impl FnMut(Place),
    ) -> (usize, Option<ScanPoint>) {
        let prefix = usize::from(at.prefix) >> (ScanPoint::PREFIX_BITS - u32::from(self.depth));
        let table = if self.depth == 0 { 0 } else { self.directory[prefix] as usize };
        let depth = self.depths[table];
        let len = self.tables[table].len();
        // A position counts only for the table it was taken from: one that was split since then is
        // begun again, which may show an entry twice and never misses one.
        let from = if at.position != 0 && at.depth == depth {
            len.min(usize::from(at.position))
        } else {
            len
        };
        let to = from.saturating_sub(most);
        for position in (to..from).rev() {
            step(Place { table, position });
        }
        let seen = from - to;
        if to > 0 {
            return (seen, Some(ScanPoint { prefix: at.prefix, depth, position: to as u16 }));
        }
        let width = 1u32 << (ScanPoint::PREFIX_BITS - u32::from(depth));
        let next = (u32::from(at.prefix) / width + 1) * width;
        let end = 1u32 << ScanPoint::PREFIX_BITS;
        let next = (next < end).then_some(ScanPoint { prefix: next as u16, depth: 0, position: 0 });
        (seen, next)
    }
}

/// Where a scan stands within a stripe: the prefix of the table it is in, and how many of that
/// table's entries are still to be seen (0: all). Fits 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ScanPoint {
    prefix: u16,
    depth: u8,
    position: u16,
}

impl ScanPoint {
    const PREFIX_BITS: u32 = Table::PREFIX_BITS;

    pub(super) fn to_bits(self) -> u32 {
        u32::from(self.prefix) << 18 | u32::from(self.depth) << 14 | u32::from(self.position)
    }

    pub(super) fn from_bits(bits: u32) -> ScanPoint {
        ScanPoint {
            prefix: (bits >> 18 & 0xFFF) as u16,
            depth: (bits >> 14 & 0xF) as u8,
            position: (bits & 0x3FFF) as u16,
        }
    }
}

/// A map from keys; made with the deterministic hash so that order never differs between machines.
pub(super) type KeyMap<V> = HashMap<Box<[u8]>, V, crate::structure::FixedState>;
