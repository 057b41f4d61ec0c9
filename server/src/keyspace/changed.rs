//! keyspace/changed.rs — the names of changed keys, kept while somebody caches keys.
//!
//! A change is noted under the stripe's lock and told after it: whoever reads between the two has
//! the new value already and is told for nothing, which costs it one more read. Names are enough:
//! a client's cache does not know databases.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{Keys, Keyspace};

/// What a command has changed, as caches must be told.
#[derive(Debug, Default)]
pub struct Changed {
    /// The names, in the order of the changes; one may be there several times.
    pub keys: Vec<Box<[u8]>>,
    /// A whole database was emptied or exchanged.
    pub everything: bool,
}

impl Changed {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.everything
    }
}

/// Whether changes are collected at all.
#[derive(Debug, Default)]
pub(super) struct Collecting(AtomicBool);

impl Collecting {
    /// Relaxed is enough: the lock of a stripe lies between a cache's first read and the change
    /// after it.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Relaxed)
    }
}

impl Keyspace {
    /// Says whether somebody caches keys, so that changes are collected.
    pub fn collect_changes(&self, on: bool) {
        self.collecting.0.store(on, Relaxed);
    }
}

impl Keys<'_> {
    /// What was changed through this view since it was asked last, if anybody wants to know.
    #[inline]
    pub fn take_changed(&mut self) -> Option<Box<Changed>> {
        self.changed.take()
    }

    #[cold]
    pub(super) fn collect(&mut self, key: &[u8]) {
        self.changed.get_or_insert_default().keys.push(key.into());
    }

    /// Notes that a whole database has changed.
    pub(super) fn collect_everything(&mut self) {
        if self.space().collecting.is_on() {
            self.changed.get_or_insert_default().everything = true;
        }
    }
}
