//! keyspace/watch.rs — who must be told when a key changes: WATCH, and calls that wait (`wait`).
//!
//! WATCH puts a [`Watch`] beside the key in its stripe; whatever changes the key marks it, and EXEC
//! asks it. The mark only ever goes from clean to dirty, so a relaxed flag is enough: the stripe's
//! lock orders the change before the EXEC that looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::stripe::KeyMap;
use super::wait::Waiters;

/// Whether any of the keys that one connection watches has changed.
#[derive(Debug, Default)]
pub struct Watch {
    dirty: AtomicBool,
}

impl Watch {
    /// Some watched key has changed.
    pub fn mark(&self) {
        self.dirty.store(true, Relaxed);
    }

    /// Whether some watched key has changed.
    pub fn is_dirty(&self) -> bool {
        self.dirty.load(Relaxed)
    }
}

/// The watches of a stripe's keys, and the calls that wait for one.
#[derive(Default)]
pub(super) struct Watchers {
    by_key: KeyMap<Vec<Arc<Watch>>>,
    pub(super) waiters: Waiters,
}

impl Watchers {
    pub(super) fn add(&mut self, key: &[u8], watch: &Arc<Watch>) {
        match self.by_key.get_mut(key) {
            Some(watches) => watches.push(Arc::clone(watch)),
            None => {
                self.by_key.insert(key.into(), vec![Arc::clone(watch)]);
            }
        }
    }

    pub(super) fn remove(&mut self, key: &[u8], watch: &Arc<Watch>) {
        if let Some(watches) = self.by_key.get_mut(key) {
            watches.retain(|other| !Arc::ptr_eq(other, watch));
            if watches.is_empty() {
                self.by_key.remove(key);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty() && self.waiters.is_empty()
    }

    pub(super) fn mark(&self, key: &[u8]) {
        for watch in self.by_key.get(key).into_iter().flatten() {
            watch.mark();
        }
    }

    /// Marks the watches of every key for which `is_there` says yes.
    pub(super) fn mark_where(&self, mut is_there: impl FnMut(&[u8]) -> bool) {
        for (key, watches) in &self.by_key {
            if is_there(key) {
                watches.iter().for_each(|watch| watch.mark());
            }
        }
    }
}
