//! algorithm/window.rs — a count until an instant at which it begins anew: fixed windows and
//! calendar days and months.
//!
//! ```text
//!      |<--- window --->|      |<--- window --->|
//!   ---|#-#--#----------|------|##--------------|----> time
//!      first request    end    first request
//! ```
//!
//! A fixed window begins with the first request and lasts one period; a calendar window ends when
//! the day or the month does. Up to twice the limit can pass around an end, within a time shorter
//! than the window: that is what the definition says, and why there are other algorithms.

use crate::engine::limiter::quota::{Nanos, Quota, divide};

/// A window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// When it ends.
    pub end: Nanos,
    /// Units taken in it.
    pub used: u64,
}

impl Window {
    #[inline]
    fn used(&self, now: Nanos) -> u64 {
        if now < self.end { self.used } else { 0 }
    }

    /// How long until `cost` units can be taken; 0 if they can be now. `cost` is at most the burst.
    pub fn wait(&self, now: Nanos, quota: &Quota, cost: u64) -> Nanos {
        if self.used(now).saturating_add(cost) <= quota.burst { 0 } else { self.end - now }
    }

    /// Takes `cost` units; a new window ends when `end` says.
    pub fn charge(&mut self, now: Nanos, cost: u64, end: impl FnOnce() -> Nanos) {
        if self.used(now) == 0 && now >= self.end {
            *self = Window { end: end(), used: 0 };
        }
        self.used = self.used.saturating_add(cost);
    }

    /// Gives `cost` units back, or as many as were taken in this window.
    pub fn refund(&mut self, now: Nanos, cost: u64) {
        self.used = self.used(now).saturating_sub(cost);
    }

    /// How many units can be taken now, and how long until all can be.
    pub fn room(&self, now: Nanos, quota: &Quota) -> (u64, Nanos) {
        let used = self.used(now);
        let reset = if used == 0 { 0 } else { self.end - now };
        (quota.burst.saturating_sub(used), reset)
    }

    /// The same share of another quota.
    pub fn scale(&self, from: &Quota, to: &Quota) -> Window {
        let (used, _) = divide(u128::from(self.used) * u128::from(to.burst), from.burst);
        Window { end: self.end, used: u64::try_from(used).unwrap_or(u64::MAX) }
    }
}
