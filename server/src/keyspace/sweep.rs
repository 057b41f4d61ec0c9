//! keyspace/sweep.rs — frees dead keys, and what is dead inside objects, promptly and a bounded
//! piece at a time.
//!
//! Every stripe publishes its earliest deadline, and a stripe's deadlines lie side by side, so what
//! is due is found without touching what is not. Nobody can see what is dead, so freeing it is no
//! change and leaves no record. A round is bounded in what it frees and in what it looks at; where
//! it begins moves with the time, so that a part that always has something due holds up no other.

use std::sync::atomic::Ordering::Relaxed;

use super::capture::Saver;
use super::table::Sweep;
use super::{Changed, Keyspace, Ready, Shared, StripeId};
use crate::clock::Millis;

/// Deadlines that a round looks at for every key that it may free: a table is looked at as a whole,
/// so a round may go over by one.
const LOOKED_PER_FREED: usize = 16;

/// What a round of sweeping came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// Keys freed because their deadline had passed.
    pub freed: usize,
    /// Parts of objects freed. A key all of whose parts are dead goes with them, and is not counted
    /// above.
    pub parts: usize,
    /// The earliest deadline left in the stripes looked at; in the past if the round was cut short.
    pub due: Millis,
    /// Keys among them that a call waits for.
    pub awaited: Vec<Ready>,
}

impl Keyspace {
    /// Frees what is dead at `now` in the stripes of share `share` out of `shares`, at most about
    /// `most` keys and parts of objects; the names of keys that went or lost parts are added to
    /// `changed` if anybody caches keys.
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
        let (mut due_left, mut awaited) = (Millis::MAX, Vec::new());
        let cut = self.captures.cut();
        let mut sweep = Sweep::new(now, most);
        let most_to_look = most.saturating_mul(LOOKED_PER_FREED);
        for (number, database) in self.databases.iter().enumerate() {
            let ours = database.stripes.len().saturating_sub(share).div_ceil(shares.max(1));
            for turn in 0..ours {
                let index = share + (turn + now as usize % ours) % ours * shares.max(1);
                let due = database.dues[index].load(Relaxed);
                if due > now || sweep.left == 0 || sweep.looked >= most_to_look {
                    due_left = due_left.min(due);
                    continue;
                }
                let mut held = self.lock(StripeId::new(number, index));
                let guarded = held.edit();
                let is_asked = self.collecting.is_on() || guarded.watchers.is_some();
                sweep.thinned = is_asked.then(Vec::new);
                sweep.saver = Some(Saver::new(self, cut, number));
                guarded.sweep(&mut sweep);
                due_left = due_left.min(guarded.due());
                let thinned = sweep.thinned.take().unwrap_or_default();
                if let Some(watchers) = &guarded.watchers {
                    for key in sweep.gone.iter().map(|(slot, _)| slot.key()) {
                        watchers.mark(key);
                        if watchers.waiters.is_awaited(key) {
                            awaited.push((number, key.into()));
                        }
                    }
                    thinned.iter().for_each(|key| watchers.mark(key));
                }
                if self.collecting.is_on() {
                    changed.keys.extend(sweep.gone.iter().map(|(slot, _)| Box::from(slot.key())));
                    changed.keys.extend(thinned);
                }
                if cut.is_active() {
                    for (slot, deadline) in sweep.gone.drain(..) {
                        self.let_go(cut, number, slot, deadline);
                    }
                }
                drop(held);
                sweep.gone.drain(..).for_each(|(slot, _)| self.discard(slot));
            }
        }
        Swept { freed: sweep.keys, parts: sweep.parts, due: due_left, awaited }
    }
}
