//! keyspace/access.rs — when a key was last looked at, for OBJECT IDLETIME and for choosing what to
//! evict.
//!
//! An entry has 24 bits for it. They hold the seconds of the command's time, cut to 24 bits: half a
//! year, after which idle times begin anew, as in Redis. Under a policy that counts how often keys
//! are used the same bits are to hold that: 16 bits of minutes and a counter of 8.
//!
//! Not state: they are in no record, no digest and no snapshot, and no reply but those of OBJECT
//! depends on them. Redis decides which commands count as a look; `Keys::value` and its kin do,
//! `Keys::peek` and its kin do not.
//!
//! Source: `evict.c` and `lookupKey` of Redis.

use super::Keys;
use crate::clock::Millis;

const BITS: u32 = 24;
const MASK: u32 = (1 << BITS) - 1;

/// The time of an entry that was made when there was none (a snapshot that is read): it counts from
/// when it is first asked for.
const UNKNOWN: u32 = 0;

/// The access bits of a look at this time.
#[inline]
pub(super) fn clock(now: Millis) -> u32 {
    (now / 1000) as u32 & MASK
}

impl Keys<'_> {
    /// From now on looking at keys leaves no trace: CLIENT NO-TOUCH.
    pub fn leave_no_trace(&mut self) {
        self.traceless = true;
    }

    /// Looks at a key for its access time's sake, even if this view leaves no trace; says whether
    /// it is there. Counts as a keyspace hit or miss.
    pub fn touch(&self, key: &[u8]) -> bool {
        let found = self.count(self.live(key));
        if let Some((guarded, place)) = found {
            guarded.slot(place).set_access(clock(self.now()));
        }
        found.is_some()
    }

    /// For how many seconds nobody has looked at a key; `None` if it is not there.
    pub fn idle(&self, key: &[u8]) -> Option<u64> {
        let (guarded, place) = self.live(key)?;
        let slot = guarded.slot(place);
        if slot.access() == UNKNOWN {
            slot.set_access(clock(self.now()));
        }
        Some(u64::from(clock(self.now()).wrapping_sub(slot.access()) & MASK))
    }

    /// Sets for how many seconds nobody has looked at a key. What no clock of 24 bits can say
    /// becomes half of what it can, as in Redis.
    pub fn set_idle(&mut self, key: &[u8], seconds: u64) {
        let now = clock(self.now());
        let then = match u32::try_from(seconds).ok().and_then(|seconds| now.checked_sub(seconds)) {
            Some(then) => then,
            None => (now + MASK / 2) % MASK,
        };
        if let Some((guarded, place)) = self.live(key) {
            guarded.slot(place).set_access(then);
        }
    }
}
