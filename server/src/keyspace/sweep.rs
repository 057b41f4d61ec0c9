//! keyspace/sweep.rs — frees dead keys promptly, a bounded piece at a time.
//!
//! Every stripe publishes its earliest deadline, and a stripe's deadlines lie side by side, so what
//! is due is found without touching what is not. Nobody can see a dead key, so freeing it is not a
//! change and leaves no record.

use std::sync::atomic::Ordering::Relaxed;

use super::entry::Slot;
use super::{Changed, Keyspace, Ready, Shared, StripeId};
use crate::clock::Millis;

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
        _gate: &Shared<'_>,
        share: usize,
        shares: usize,
        now: Millis,
        most: usize,
        changed: &mut Changed,
    ) -> Swept {
        let mut swept = Swept { freed: 0, due: Millis::MAX, awaited: Vec::new() };
        let mut gone: Vec<Slot> = Vec::new();
        for (number, database) in self.databases.iter().enumerate() {
            for index in (share..database.stripes.len()).step_by(shares.max(1)) {
                let due = database.dues[index].load(Relaxed);
                if due > now || swept.freed >= most {
                    swept.due = swept.due.min(due);
                    continue;
                }
                let mut held = self.lock(StripeId::new(number, index));
                let guarded = held.edit();
                swept.freed += guarded.sweep(now, most - swept.freed, &mut gone);
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
