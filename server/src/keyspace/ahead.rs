//! keyspace/ahead.rs — asking for the memory inside containers before commands need it.
//!
//! Finding a field in a hash of a million takes three reads that nearly always miss the cache, each
//! at an address that the one before tells; in one of a million small hashes it takes one. One
//! command after the other would wait for each. So a batch of requests is walked once per step: by
//! the time the first request takes its second step, its first has long been answered by memory.
//!
//! Everything here is a hint: it changes nothing but the processor's cache, and a key that is dead,
//! of another kind or not there costs a look and no more.

use super::entry::Slot;
use super::{Keyspace, Shared};
use crate::structure::dense::Seek;

/// How often a batch is walked: the steps of [`Object::prefetch`](super::Object::prefetch). The
/// entry, and with it the object, was asked for before.
const STEPS: usize = 3;

/// A request that looks for something inside a container.
pub struct Sought {
    database: usize,
    hash: u64,
    seek: Seek,
}

impl Sought {
    /// It looks for `member` in what a key of this hash holds.
    #[inline]
    pub fn new(database: usize, hash: u64, member: &[u8]) -> Sought {
        Sought { database, hash, seek: Seek::of(member) }
    }
}

impl Keyspace {
    /// Takes all steps for a batch of requests, each once for all before the next.
    pub fn prefetch_members(&self, gate: &Shared<'_>, batch: &mut [Sought]) {
        gate.must_be_of(&self.gate);
        for step in 0..STEPS {
            // Neighbours often have the same key: its stripe is locked and searched once for all.
            let same = |a: &Sought, b: &Sought| a.database == b.database && a.hash == b.hash;
            for run in batch.chunk_by_mut(same) {
                let Some(Sought { database, hash, .. }) = run.first() else { continue };
                let held = self.lock(self.stripe_of(*database, *hash));
                let object = held.get().candidate(*hash).and_then(Slot::as_object);
                if let Some(object) = object {
                    run.iter_mut().for_each(|sought| object.prefetch(&mut sought.seek, step));
                }
            }
        }
    }
}
