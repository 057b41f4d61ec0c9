//! algorithm/log.rs — the sliding log: every request of the last period, for small limits.
//!
//! ```text
//!            |<----- one period ---->|
//!   --#--#---|--#---#-----##---------|---> time
//!      forgotten    counted          now
//! ```
//!
//! Exact over any interval, at eight bytes for each millisecond in which something was admitted.
//! Requests of one millisecond are one entry; the oldest are forgotten when something is added.

use std::collections::VecDeque;

use crate::engine::limiter::quota::{MILLI, Nanos, Quota};

/// The greatest limit.
pub const LIMIT_MAX: u64 = 1 << 16;

const COST_BITS: u32 = 16;

/// What was admitted when, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// 48 bits of milliseconds, then 16 bits of units less one. Ascending by time.
    entries: VecDeque<u64>,
}

fn time(entry: u64) -> Nanos {
    (entry >> COST_BITS).saturating_mul(MILLI)
}

fn cost_of(entry: u64) -> u64 {
    (entry & ((1 << COST_BITS) - 1)) + 1
}

impl Log {
    /// The log of these entries; none unless their times ascend and their units are within the
    /// greatest limit.
    pub fn from_entries(entries: impl Iterator<Item = u64>) -> Option<Log> {
        let entries: VecDeque<u64> = entries.collect();
        let times = entries.iter().map(|entry| entry >> COST_BITS);
        let units: u64 = entries.iter().copied().map(cost_of).sum();
        (units <= LIMIT_MAX && times.is_sorted_by(|a, b| a < b)).then_some(Log { entries })
    }

    /// Its entries, oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.entries.iter().copied()
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.entries.capacity() * size_of::<u64>()
    }

    fn alive(&self, now: Nanos, quota: &Quota) -> impl Iterator<Item = u64> + '_ {
        let period = quota.period;
        self.entries().skip_while(move |&entry| time(entry).saturating_add(period) <= now)
    }

    fn used(&self, now: Nanos, quota: &Quota) -> u64 {
        self.alive(now, quota).map(cost_of).sum()
    }

    /// How long until `cost` units can be taken; 0 if they can be now. `cost` is at most the limit.
    pub fn wait(&self, now: Nanos, quota: &Quota, cost: u64) -> Nanos {
        let mut excess = (self.used(now, quota) + cost).saturating_sub(quota.limit);
        for entry in self.alive(now, quota) {
            if excess == 0 {
                break;
            }
            excess = excess.saturating_sub(cost_of(entry));
            if excess == 0 {
                return time(entry).saturating_add(quota.period).saturating_sub(now);
            }
        }
        0
    }

    /// Takes `cost` units, of which there are at least one.
    pub fn charge(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        self.forget(now, quota);
        let stamp = now / MILLI;
        if let Some(last) = self.entries.back_mut()
            && *last >> COST_BITS >= stamp
        {
            *last =
                *last >> COST_BITS << COST_BITS | (cost_of(*last) + cost - 1).min(LIMIT_MAX - 1);
            return;
        }
        self.entries.push_back(stamp << COST_BITS | (cost - 1).min(LIMIT_MAX - 1));
    }

    /// Gives `cost` units back, the latest first.
    pub fn refund(&mut self, now: Nanos, quota: &Quota, mut cost: u64) {
        self.forget(now, quota);
        while cost > 0
            && let Some(last) = self.entries.back_mut()
        {
            let held = cost_of(*last);
            if held > cost {
                *last -= cost;
                return;
            }
            cost -= held;
            self.entries.pop_back();
        }
    }

    fn forget(&mut self, now: Nanos, quota: &Quota) {
        while let Some(&first) = self.entries.front()
            && time(first).saturating_add(quota.period) <= now
        {
            self.entries.pop_front();
        }
    }

    /// How many units can be taken now, and how long until all can be.
    pub fn room(&self, now: Nanos, quota: &Quota) -> (u64, Nanos) {
        let last = self.entries.back().map_or(0, |&last| time(last).saturating_add(quota.period));
        (quota.limit.saturating_sub(self.used(now, quota)), last.saturating_sub(now))
    }
}
