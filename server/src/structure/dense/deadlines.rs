//! When elements die: a number beside each element of a sub-table, once one of them has one.
//!
//! Eight bytes for each element of a sub-table that has any deadline, in a vector of their own, so
//! that looking for what is dead reads numbers that lie side by side and no element. A structure
//! without deadlines has none of this.
//!
//! Invariants: `at` is as long as the sub-table; `mortal` counts what in it is not [`NEVER`]; `due`
//! is never above the earliest. Deadlines are milliseconds of whatever clock the caller has; an
//! element is dead when `now >= deadline`.

use crate::structure::{Chunks, room};

/// The deadline of an element that has none.
pub const NEVER: u64 = u64::MAX;

pub(super) struct Deadlines {
    at: Chunks<u64>,
    mortal: usize,
    due: u64,
}

impl Deadlines {
    /// For `count` elements, none of which has a deadline yet.
    pub(super) fn new(count: usize) -> Self {
        let mut at = Chunks::new();
        (0..count).for_each(|_| at.push(NEVER));
        Self { at, mortal: 0, due: NEVER }
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> u64 {
        self.at.get(position).copied().unwrap_or(NEVER)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.at.iter().copied()
    }

    /// How many elements have one.
    pub(super) fn mortal(&self) -> usize {
        self.mortal
    }

    /// None is earlier.
    pub(super) fn due(&self) -> u64 {
        self.due
    }

    /// Says again what is the earliest, for whoever has looked at all of them.
    pub(super) fn set_due(&mut self, due: u64) {
        self.due = due;
    }

    /// Sets one and returns what it was.
    pub(super) fn set(&mut self, position: usize, deadline: u64) -> u64 {
        let Some(place) = self.at.get_mut(position) else { return NEVER };
        let was = std::mem::replace(place, deadline);
        self.mortal = self.mortal + usize::from(deadline != NEVER) - usize::from(was != NEVER);
        self.due = self.due.min(deadline);
        was
    }

    pub(super) fn push(&mut self, deadline: u64) {
        self.at.push(deadline);
        self.mortal += usize::from(deadline != NEVER);
        self.due = self.due.min(deadline);
    }

    pub(super) fn swap_remove(&mut self, position: usize) {
        let was = self.at.swap_remove(position).unwrap_or(NEVER);
        self.mortal -= usize::from(was != NEVER);
    }

    /// As [`Deadlines::swap_remove`], and those behind it move up by one.
    pub(super) fn remove_in_order(&mut self, position: usize) {
        if position < self.at.len() {
            self.at.rotate_to_end(position);
            self.swap_remove(self.at.len() - 1);
        }
    }

    /// How many elements are dead.
    pub(super) fn dead(&self, now: u64) -> usize {
        if self.due > now { 0 } else { self.iter().filter(|&deadline| deadline <= now).count() }
    }

    /// Heap bytes, its own box included.
    pub(super) fn weight(&self) -> usize {
        room(size_of::<Self>()) + self.at.weight()
    }
}
