//! keyspace/gate.rs — the lock between commands that know their keys and commands that do not.
//!
//! Each turn of an event loop holds the gate shared; FLUSHALL, SWAPDB or a transaction over unknown
//! keys takes it exclusively, and then every stripe is theirs. A big-reader lock: sharing it costs
//! one uncontended atomic per loop turn, whatever the number of loops.

use crossbeam::sync::{ShardedLock, ShardedLockReadGuard, ShardedLockWriteGuard};

/// See the module.
#[derive(Default)]
pub struct Gate(ShardedLock<()>);

/// Proof that nobody holds the gate exclusively.
pub struct Shared<'a> {
    #[expect(dead_code, reason = "held, not read")]
    guard: ShardedLockReadGuard<'a, ()>,
    gate: &'a Gate,
}

/// Proof that nobody else is inside the gate.
pub struct Exclusive<'a> {
    #[expect(dead_code, reason = "held, not read")]
    guard: ShardedLockWriteGuard<'a, ()>,
    gate: &'a Gate,
}

impl Gate {
    /// Waits until no exclusive holder is left.
    pub fn share(&self) -> Shared<'_> {
        // Nothing under the gate can be left half done by a panic that the stripes' own locks
        // would not also show, so poisoning says nothing here.
        let guard = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        Shared { guard, gate: self }
    }

    /// Waits until everybody else is outside. Give a [`Shared`] back first.
    pub fn close(&self) -> Exclusive<'_> {
        let guard = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        Exclusive { guard, gate: self }
    }
}

impl Shared<'_> {
    /// The other keyspace's gate proves nothing here.
    #[inline]
    pub(super) fn must_be_of(&self, gate: &Gate) {
        assert!(std::ptr::eq(self.gate, gate), "the gate of another keyspace");
    }
}

impl Exclusive<'_> {
    /// As [`Shared::must_be_of`].
    pub(super) fn must_be_of(&self, gate: &Gate) {
        assert!(std::ptr::eq(self.gate, gate), "the gate of another keyspace");
    }
}
