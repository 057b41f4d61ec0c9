//! A set of byte strings.

use super::element::{Element, Member};
use super::{Dense, Seek};

/// A set of byte strings in a defined order. A 16-byte member costs about 31 bytes of heap, and
/// 34 of resident memory in a set of a million.
pub struct DenseSet(pub(super) Dense<Member>);

impl Default for DenseSet {
    fn default() -> Self {
        Self::new()
    }
}

impl DenseSet {
    /// An empty set.
    pub fn new() -> Self {
        Self(Dense::new())
    }

    /// An empty set that waits for the `len` members of a snapshot taken when [`DenseSet::tables`]
    /// was `tables`; `None` when no set has that shape. Inserting them in order then restores the
    /// set's order exactly.
    pub fn with_tables(tables: usize, len: usize) -> Option<Self> {
        Dense::with_tables(tables, len).map(Self)
    }

    /// The part of the order that does not follow from the members; for a snapshot.
    pub fn tables(&self) -> usize {
        self.0.tables()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.0.weight()
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: &[u8]) -> bool {
        self.0.get(member).is_some()
    }

    /// Inserts a member; true when it is new.
    pub fn insert(&mut self, member: &[u8]) -> bool {
        self.0.upsert(member, || Member::new(member), |_| ()).is_none()
    }

    /// Removes a member; true when it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.0.remove(member).is_some()
    }

    /// The member at a position below [`DenseSet::len`], in O(log n).
    pub fn at(&self, position: usize) -> Option<&[u8]> {
        self.0.at(position).map(Element::key)
    }

    /// Removes the member at a position; true when there was one. Another member takes the
    /// position.
    pub fn remove_at(&mut self, position: usize) -> bool {
        self.0.remove_at(position).is_some()
    }

    /// Shows the member at a position and removes it; true when there was one. As `at` and
    /// `remove_at`, but waits for memory once.
    pub fn pop_at(&mut self, position: usize, show: impl FnOnce(&[u8])) -> bool {
        self.0.pop_at(position, |member| show(member.key())).is_some()
    }

    /// The members in order of position.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Element::key)
    }

    /// The members from a position on.
    pub fn iter_from(&self, position: usize) -> impl Iterator<Item = &[u8]> {
        self.0.iter_from(position).map(Element::key)
    }

    /// Visits about `count` members and returns the next cursor; 0 begins and ends. A member that
    /// stays from the first call to the last is visited at least once, whatever else comes and
    /// goes.
    pub fn scan<'a>(&'a self, cursor: u64, count: usize, mut visit: impl FnMut(&'a [u8])) -> u64 {
        self.0.scan(cursor, count, 0, |member| visit(member.key()))
    }

    /// Frees about `most` elements and says how many it were, 0 when none is left. For a set that
    /// is to be dropped: nothing else may be called afterwards.
    pub fn shed(&mut self, most: usize) -> usize {
        self.0.shed(most)
    }

    /// Starts loading what an operation on `member` will read at a step, 0 to 2: what the cell, the
    /// element's word and the element say. Other work should lie between the steps.
    #[inline]
    pub fn prefetch_step(&self, seek: &mut Seek, step: usize) {
        self.0.prefetch_step(seek, step);
    }

    /// Starts loading what an operation on `member` will read first.
    pub fn prefetch(&self, member: &[u8]) {
        self.0.prefetch(member);
    }
}
