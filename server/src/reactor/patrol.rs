//! reactor/patrol.rs — walks the connections, a tenth every tenth of a second, and closes those
//! that exceed their time; and closes those whose output grew past its limit as soon as it does.

use std::sync::atomic::Ordering::Relaxed;

use super::Reactor;

/// Rounds in which every connection is looked at once.
const ROUNDS: usize = 10;

/// After so many freed blocks, of 4 KiB at most, the allocator is asked to return what is unused.
const GIVE_BACK_BLOCKS: u64 = 8000;

impl Reactor<'_> {
    pub(super) fn patrol(&mut self) {
        let total = self.connections.len();
        let share = total.div_ceil(ROUNDS);
        for _ in 0..share.min(total) {
            self.patrol_next = (self.patrol_next + 1) % total;
            self.look_after(self.patrol_next);
        }
    }

    /// Has the allocator return what big values left behind: in parts, while they are freed, and
    /// the rest when they are. Returning takes time too, so only a loop that has nothing else to do
    /// asks.
    pub(super) fn give_back(&mut self) {
        let aside = self.process.keyspace.aside();
        let blocks = aside.blocks.wrapping_sub(self.given_back);
        if (blocks >= GIVE_BACK_BLOCKS || blocks > 0 && aside.pending == 0)
            && let Some(give_back) = self.process.give_back.get()
        {
            self.given_back = aside.blocks;
            give_back();
        }
    }

    fn look_after(&mut self, place: usize) {
        let (now, policy) = (self.now, &self.policy);
        let over =
            |since: u64, limit: u64| since != 0 && limit != 0 && now.saturating_sub(since) >= limit;
        let Some(connection) = self.connections.get_mut(place) else { return };
        let session = &connection.session;
        if session.card.doomed.load(Relaxed) {
            self.close(place);
            return;
        }
        let stalled = over(connection.stalled_since, policy.stall_ms);
        let partial = over(connection.partial_since, policy.partial_ms);
        // A subscriber is silent by nature, and a held connection by our own doing.
        let may_idle = session.subscriptions.is_some() || connection.held.is_some();
        let idle = !may_idle && over(connection.active, policy.idle_ms);
        if stalled {
            self.counters.closed_stalled.add(1);
            self.close(place);
        } else if idle || (partial && connection.held.is_none()) {
            self.counters.closed_idle.add(1);
            self.close(place);
        } else {
            self.limit_output(place);
        }
    }

    /// Closes a connection whose unsent output is over the limit of its class.
    pub(super) fn limit_output(&mut self, place: usize) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(place) else { return };
        let unsent = connection.outbox.unsent() as u64;
        connection.session.card.output_bytes.store(unsent, Relaxed);
        let limit = if connection.session.subscriptions.is_some() {
            self.policy.output.pubsub
        } else {
            self.policy.output.normal
        };
        let over_soft = limit.soft_bytes > 0 && unsent > limit.soft_bytes;
        if !over_soft {
            connection.soft_since = 0;
        } else if connection.soft_since == 0 {
            connection.soft_since = now;
        }
        let too_long = connection.soft_since != 0
            && now.saturating_sub(connection.soft_since) >= limit.soft_seconds.saturating_mul(1000);
        if (limit.hard_bytes > 0 && unsent > limit.hard_bytes) || too_long {
            self.counters.closed_output.add(1);
            self.close(place);
        }
    }
}
