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
use super::stripe::Held;
use super::{Keyspace, Shared};

/// How often a batch is walked: the steps of [`Object::prefetch`](super::Object::prefetch). The
/// entry, and with it the object, was asked for before.
pub const STEPS: usize = 3;

/// One walk over a batch. Holds the lock of the stripe that was looked at last, since neighbours
/// often have the same key.
pub struct Ahead<'a> {
    space: &'a Keyspace,
    #[expect(dead_code, reason = "proof, not data")]
    gate: &'a Shared<'a>,
    step: usize,
    last: Option<(usize, u64, Held<'a>)>,
}

impl Keyspace {
    /// Begins the walk for a step below [`STEPS`].
    pub fn ahead<'a>(&'a self, gate: &'a Shared<'a>, step: usize) -> Ahead<'a> {
        gate.must_be_of(self.gate());
        Ahead { space: self, gate, step, last: None }
    }
}

impl Ahead<'_> {
    /// Takes the step for one request: that names `member` in the container of a key of this hash.
    #[inline]
    pub fn prefetch(&mut self, database: usize, hash: u64, member: &[u8]) {
        let is_same = matches!(self.last, Some((at, of, _)) if at == database && of == hash);
        if !is_same {
            // Before the next is taken: nobody may hold one stripe and wait for another unordered.
            self.last = None;
            let held = self.space.lock(self.space.stripe_of(database, hash));
            self.last = Some((database, hash, held));
        }
        let Some((_, _, held)) = &self.last else { return };
        if let Some(object) = held.get().candidate(hash).and_then(Slot::as_object) {
            object.prefetch(member, self.step);
        }
    }
}
