//! A map from byte strings to byte strings.

use super::element::{Element, Field};
use super::{Dense, Seek};

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

    /// The part of the order that does not follow from the fields; for a snapshot.
    pub fn tables(&self) -> usize {
        self.0.tables()
    }

    /// How many fields there are.
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

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.0.get(field).map(Field::value)
    }

    /// Whether there is such a field.
    pub fn contains(&self, field: &[u8]) -> bool {
        self.0.get(field).is_some()
    }

    /// Sets a field; true when it is new. A value that fits where the old one was is written there.
    pub fn insert(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.0
            .upsert(field, || Field::new(field, value), |element| element.set_value(value))
            .is_none()
    }

    /// Sets a field that exists; false, and nothing done, when it does not.
    pub fn replace(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.0.change(field, |element| element.set_value(value)).is_some()
    }

    /// Removes a field; true when it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        self.0.remove(field).is_some()
    }

    /// The field and value at a position below [`DenseMap::len`], in O(log n).
    pub fn at(&self, position: usize) -> Option<(&[u8], &[u8])> {
        self.0.at(position).map(pair)
    }

    /// Removes the field at a position; true when there was one. Another field takes the position.
    pub fn remove_at(&mut self, position: usize) -> bool {
        self.0.remove_at(position).is_some()
    }

    /// The fields and values in order of position.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(pair)
    }

    /// Visits about `count` fields and returns the next cursor; 0 begins and ends. A field that
    /// stays from the first call to the last is visited at least once, whatever else comes and
    /// goes.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&'a [u8], &'a [u8]),
    ) -> u64 {
        self.0.scan(cursor, count, |element| visit(element.key(), element.value()))
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
