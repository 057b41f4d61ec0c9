//! algorithm/sliding.rs — the sliding window counter: two counters that stand for a whole log.
//!
//! ```text
//!        previous: 8              current: 3
//!   |----------------------|----------------------|---> time
//!                  |<----- one period ---->|
//!                  |  1/2  |               now
//!        estimate: 8 * 1/2 + 3 = 7
//! ```
//!
//! It takes the requests of the window before as if they had come evenly. The estimate is exact
//! arithmetic: nothing is rounded before it is compared with the limit.
//!
//! Its error: if all `p` requests of the window before came at its end, and a share `s` of this
//! window is over, the period up to now holds up to `s * p` more than the estimate. So over any
//! period at most `limit + s * p`, less than twice the limit, is admitted; with even traffic it is
//! the limit.
//!
//! Source: "How we built rate limiting capable of scaling to millions of domains" (Cloudflare).

use crate::engine::limiter::quota::{Nanos, Quota, divide};

/// The greatest limit: the counters have 32 bits.
pub const LIMIT_MAX: u64 = u32::MAX as u64;

/// Two neighbouring windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sliding {
    /// When the current one began.
    pub start: Nanos,
    /// Units taken in the one before.
    pub previous: u32,
    /// Units taken in the current one.
    pub current: u32,
}

impl Sliding {
    /// The same windows as they are now.
    fn at(&self, now: Nanos, quota: &Quota) -> Sliding {
        match now.saturating_sub(self.start) / quota.period {
            0 => *self,
            1 => Sliding {
                start: self.start.saturating_add(quota.period),
                previous: self.current,
                current: 0,
            },
            _ => Sliding { start: now, previous: 0, current: 0 },
        }
    }

    /// The estimate, in `1 / period` units. Call it on windows as they are now.
    fn estimate(&self, now: Nanos, quota: &Quota) -> u128 {
        let left = quota.period.saturating_sub(now.saturating_sub(self.start));
        u128::from(self.previous) * u128::from(left) + quota.worth(self.current.into())
    }

    /// When, counted from a window's beginning, what was taken in the one before it counts for no
    /// more than `room` units.
    fn shrunk(quota: &Quota, previous: u32, room: u64) -> Nanos {
        if previous == 0 {
            return 0;
        }
        let (counts, _) = divide(quota.worth(room), previous.into());
        quota.period.saturating_sub(u64::try_from(counts).unwrap_or(u64::MAX))
    }

    /// How long until `cost` units can be taken; 0 if they can be now. `cost` is at most the limit.
    pub fn wait(&self, now: Nanos, quota: &Quota, cost: u64) -> Nanos {
        let windows = self.at(now, quota);
        if windows.estimate(now, quota) + quota.worth(cost) <= quota.worth(quota.limit) {
            return 0;
        }
        let current = u64::from(windows.current);
        let after = if current.saturating_add(cost) <= quota.limit {
            Sliding::shrunk(quota, windows.previous, quota.limit - cost - current)
        } else {
            let next = Sliding::shrunk(quota, windows.current, quota.limit - cost);
            quota.period.saturating_add(next)
        };
        windows.start.saturating_add(after).saturating_sub(now)
    }

    /// Takes `cost` units.
    pub fn charge(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        let windows = self.at(now, quota);
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        *self = Sliding { current: windows.current.saturating_add(cost), ..windows };
    }

    /// Gives `cost` units back, of the current window first.
    pub fn refund(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        let windows = self.at(now, quota);
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let rest = cost.saturating_sub(windows.current);
        *self = Sliding {
            start: windows.start,
            previous: windows.previous.saturating_sub(rest),
            current: windows.current.saturating_sub(cost),
        };
    }

    /// How many units can be taken now, and how long until nothing counts any more.
    pub fn room(&self, now: Nanos, quota: &Quota) -> (u64, Nanos) {
        let windows = self.at(now, quota);
        let most = quota.worth(quota.limit);
        let (left, _) = divide(most.saturating_sub(windows.estimate(now, quota)), quota.period);
        let periods = match windows {
            Sliding { current: 1.., .. } => 2,
            Sliding { previous: 1.., .. } => 1,
            _ => return (quota.limit, 0),
        };
        let over = windows.start.saturating_add(quota.period.saturating_mul(periods));
        (left as u64, over.saturating_sub(now))
    }

    /// The same share of another quota, as of `at`.
    pub fn scale(&self, at: Nanos, from: &Quota, to: &Quota) -> Sliding {
        let windows = self.at(at, from);
        let scaled = |count: u32| {
            let (count, _) = divide(u128::from(count) * u128::from(to.limit), from.limit);
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        Sliding {
            start: windows.start,
            previous: scaled(windows.previous),
            current: scaled(windows.current),
        }
    }
}
