//! keyspace/capture/freezing.rs — a big value written down a slice at a time.

use super::item::{put_end, put_part};
use crate::clock::Millis;
use crate::keyspace::BIG_BYTES;
use crate::keyspace::entry::Slot;

/// Bytes of a slice, about: some tens of microseconds.
const SLICE_BYTES: usize = 32 * 1024;

/// A string from this length on is big: shorter ones are copied at once.
const STRING_BYTES: usize = 1 << 20;

/// How far a value is written down.
pub(super) struct Freezing {
    number: u64,
    /// Where the value goes on, in its own terms.
    at: u64,
    /// Bytes written.
    bytes: u64,
}

/// A value in the keyspace that is being written down.
pub(super) struct Stream {
    database: usize,
    key: Box<[u8]>,
    pub(super) freezing: Freezing,
}

impl Stream {
    pub(super) fn new(database: usize, key: &[u8], freezing: Freezing) -> Stream {
        Stream { database, key: key.into(), freezing }
    }

    /// Whether it is the value of this key, in the database that had the number at the cut.
    pub(super) fn is_of(&self, database: usize, key: &[u8]) -> bool {
        self.database == database && *self.key == *key
    }

    pub(super) fn database(&self) -> usize {
        self.database
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

impl Freezing {
    /// Of a value whose beginning was written with this number.
    pub(super) fn new(number: u64) -> Freezing {
        Freezing { number, at: 0, bytes: 0 }
    }

    /// Appends the next slice, and the end if it is the last. Says whether there is more.
    pub(super) fn slice(
        &mut self,
        slot: &Slot,
        now: Millis,
        scratch: &mut Vec<u8>,
        to: &mut Vec<u8>,
    ) -> bool {
        scratch.clear();
        let next = match (slot.as_string(), slot.as_object()) {
            (Some(bytes), _) => string_part(bytes, self.at, scratch),
            (None, Some(object)) => object.freeze_part(now, self.at, SLICE_BYTES, scratch),
            (None, None) => None,
        };
        put_part(self.number, self.bytes, scratch, to);
        self.bytes += scratch.len() as u64;
        match next {
            Some(next) => self.at = next,
            None => put_end(self.number, self.bytes, to),
        }
        next.is_some()
    }
}

/// Copying is quick: a slice is longer.
fn string_part(bytes: &[u8], at: u64, to: &mut Vec<u8>) -> Option<u64> {
    let from = (at as usize).min(bytes.len());
    let end = bytes.len().min(from + 4 * SLICE_BYTES);
    to.extend_from_slice(&bytes[from..end]);
    (end < bytes.len()).then_some(end as u64)
}

/// Whether an entry's value is too big to be written down at once.
pub(super) fn is_big(slot: &Slot) -> bool {
    match (slot.as_string(), slot.as_object()) {
        (Some(bytes), _) => bytes.len() >= STRING_BYTES,
        (None, Some(object)) => object.weight() >= BIG_BYTES,
        (None, None) => false,
    }
}
