//! keyspace/sweep.rs — frees dead keys promptly, a bounded piece at a time.
//!
//! Every stripe publishes its earliest deadline, and a stripe's deadlines lie side by side, so what
//! is due is found without touching what is not. Nobody can see a dead key, so freeing it is not a
//! change and leaves no record. A round is bounded in what it frees and in what it looks at; where
//! it begins moves with the time, so that a part that always has something due holds up no other.

use std::sync::atomic::Ordering::Relaxed;

use super::entry::Slot;
use super::{Changed, Keyspace, Ready, Shared, StripeId};
use crate::clock::Millis;

/// Deadlines that a round looks at for every key that it may free: a table is looked at as a whole,
/// so a round may go over by one.
const LOOKED_PER_FREED: usize = 16;

/// What a round of sweeping came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// Keys freed.
    pub freed: usize,
    /// The earliest deadline left in the stripes looked at; in the past if the round was cut short.
    pub due: Millis,
    /// Keys among them that a call waits for.
    pub awaited: Vec<Ready>,
}

impl Keyspace {
    /// Frees keys that are dead at `now` in the stripes of share `share` out of `shares`, at most
    /// about `most` of them; their names are added to `changed` if anybody caches keys.
    pub fn sweep(
        &self,
        gate: &Shared<'_>,
        share: usize,
        shares: usize,
        now: Millis,
        most: usize,
        changed: &mut Changed,
    ) -> Swept {
        gate.must_be_of(&self.gate);
        let mut swept = Swept { freed: 0, due: Millis::MAX, awaited: Vec::new() };
        let mut gone: Vec<Slot> = Vec::new();
        let mut left_to_look = most.saturating_mul(LOOKED_PER_FREED);
        for (number, database) in self.databases.iter().enumerate() {
            let ours = database.stripes.len().saturating_sub(share).div_ceil(shares.max(1));
            for turn in 0..ours {
                let index = share + (turn + now as usize % ours) % ours * shares.max(1);
                let due = database.dues[index].load(Relaxed);
                if due > now || swept.freed >= most || left_to_look == 0 {
                    swept.due = swept.due.min(due);
                    continue;
                }
                let mut held = self.lock(StripeId::new(number, index));
                let guarded = held.edit();
                let looked = guarded.sweep(now, most - swept.freed, &mut gone);
                left_to_look = left_to_look.saturating_sub(looked.0);
                swept.freed += gone.len();
                swept.due = swept.due.min(guarded.due());
                if let Some(watchers) = &guarded.watchers {
                    for key in gone.iter().map(Slot::key) {
                        watchers.mark(key);
                        if watchers.waiters.is_awaited(key) {
                            swept.awaited.push((number, key.into()));
                        }
                    }
                }
                if self.collecting.is_on() {
                    changed.keys.extend(gone.iter().map(|slot| Box::from(slot.key())));
                }
                drop(held);
                gone.drain(..).for_each(|slot| self.discard(slot));
            }
        }
        swept
    }
}
