//! A map from byte strings to byte strings, whose fields may have deadlines.
//!
//! What looks at fields is told the time, and a dead field counts as not there; see `mortal`. A map
//! without deadlines does not care: any time will do.

use super::element::{Element, Field};
use super::{Dense, NEVER, Seek};

/// A map from byte strings to byte strings in a defined order. Field and value share one
/// allocation.
pub struct DenseMap(pub(super) Dense<Field>);

impl Default for DenseMap {
    fn default() -> Self {
        Self::new()
    }
}

impl DenseMap {
    /// An empty map.
    pub fn new() -> Self {
        Self(Dense::new())
    }

    /// An empty map that waits for the `len` fields of a snapshot taken when [`DenseMap::tables`]
    /// was `tables`; `None` when no map has that shape. Inserting them in order then restores the
    /// map's order exactly.
    pub fn with_tables(tables: usize, len: usize) -> Option<Self> {
        Dense::with_tables(tables, len).map(Self)
    }

    /// An empty map that counts as one that had a deadline.
    pub fn timed() -> Self {
        let mut map = Self::new();
        map.0.set_timed();
        map
    }

    /// The part of the order that does not follow from the fields; for a snapshot.
    pub fn tables(&self) -> usize {
        self.0.tables()
    }

    /// How many fields there are, dead ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.0.weight()
    }

    /// The value of a field that is not dead.
    #[inline]
    pub fn get(&self, field: &[u8], now: u64) -> Option<&[u8]> {
        self.0.get_live(field, now).map(Field::value)
    }

    /// Sets a field, which has no deadline then; true when it is new. A value that fits where the
    /// old one was is written there.
    pub fn insert(&mut self, field: &[u8], value: &[u8], now: u64) -> bool {
        let make = || Field::new(field, value);
        match self.0.upsert_at(field, make, |element| element.set_value(value)) {
            None => true,
            Some((place, ())) => self.0.set_deadline_at(place, NEVER) <= now,
        }
    }

    /// Sets a field that exists and keeps its deadline; false, and nothing done, when it does not
    /// exist.
    pub fn replace(&mut self, field: &[u8], value: &[u8], now: u64) -> bool {
        let is_there = self.0.get_live(field, now).is_some();
        is_there && self.0.change(field, |element| element.set_value(value)).is_some()
    }

    /// Removes a field; true when it was there and not dead.
    pub fn remove(&mut self, field: &[u8], now: u64) -> bool {
        self.0.remove_live(field, now)
    }

    /// As [`DenseMap::remove`], and the fields behind it move up by one instead of the last one
    /// taking its place: O(n), for small maps.
    pub fn remove_in_order(&mut self, field: &[u8], now: u64) -> bool {
        self.0.remove_live_in_order(field, now)
    }

    /// The field and value at a position below [`DenseMap::len`], in O(log n); `None` for a dead
    /// one.
    pub fn at(&self, position: usize, now: u64) -> Option<(&[u8], &[u8])> {
        self.0.at_live(position, now).map(pair)
    }

    /// Removes the field at a position; true when there was one. Another field takes the position.
    pub fn remove_at(&mut self, position: usize) -> bool {
        self.0.remove_at(position).is_some()
    }

    /// The fields and values that are not dead, in order of position.
    pub fn iter(&self, now: u64) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter_live(now).map(pair)
    }

    /// The fields and values from a position on, dead ones too.
    pub fn iter_from(&self, position: usize) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter_from(position).map(pair)
    }

    /// As [`DenseMap::iter`], with the deadlines, [`NEVER`] for none.
    pub fn iter_deadlines(&self, now: u64) -> impl Iterator<Item = (&[u8], &[u8], u64)> {
        self.0.iter_deadlines(now).map(|(element, deadline)| {
            let (field, value) = pair(element);
            (field, value, deadline)
        })
    }

    /// Visits about `count` fields and returns the next cursor; 0 begins and ends. A field that
    /// stays from the first call to the last is visited at least once, whatever else comes and
    /// goes. Dead ones are passed over.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        now: u64,
        mut visit: impl FnMut(&'a [u8], &'a [u8]),
    ) -> u64 {
        self.0.scan(cursor, count, now, |element| visit(element.key(), element.value()))
    }

    /// The deadline of a field that is not dead; [`NEVER`] if it has none.
    pub fn deadline(&self, field: &[u8], now: u64) -> Option<u64> {
        self.0.deadline(field, now)
    }

    /// Gives a field a deadline, or takes it away with [`NEVER`]; false, and nothing done, when
    /// there is no such field. Eight bytes for each field near one that has a deadline.
    pub fn set_deadline(&mut self, field: &[u8], deadline: u64) -> bool {
        self.0.set_deadline(field, deadline)
    }

    /// Whether any field ever had a deadline.
    #[inline]
    pub fn is_timed(&self) -> bool {
        self.0.is_timed()
    }

    /// No deadline is earlier; [`NEVER`] if there is none. O(1).
    pub fn due(&self) -> u64 {
        self.0.due()
    }

    /// The next deadline after `now`, or a time between; [`NEVER`] if there is none.
    pub fn due_after(&self, now: u64) -> u64 {
        self.0.due_after(now)
    }

    /// How many fields are not dead: O(1) while none can be, else it reads the deadlines of those
    /// sub-tables where one may be.
    pub fn live_len(&self, now: u64) -> usize {
        self.0.live_len(now)
    }

    /// Whether there are fields and all are dead.
    pub fn is_dead(&self, now: u64) -> bool {
        self.0.is_dead(now)
    }

    /// Removes up to `most` dead fields and returns how many.
    pub fn drop_dead(&mut self, now: u64, most: usize) -> usize {
        self.0.drop_dead(now, most)
    }

    /// Frees about `most` elements and says how many it were, 0 when none is left. For a map that
    /// is to be dropped: nothing else may be called afterwards.
    pub fn shed(&mut self, most: usize) -> usize {
        self.0.shed(most)
    }

    /// Starts loading what an operation on `field` will read at a step, 0 to 2: what the cell, the
    /// element's word and the element say. Other work should lie between the steps.
    #[inline]
    pub fn prefetch_step(&self, seek: &mut Seek, step: usize) {
        self.0.prefetch_step(seek, step);
    }

    /// Starts loading what an operation on `field` will read first.
    pub fn prefetch(&self, field: &[u8]) {
        self.0.prefetch(field);
    }
}

fn pair(element: &Field) -> (&[u8], &[u8]) {
    (element.key(), element.value())
}
