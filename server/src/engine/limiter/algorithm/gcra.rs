//! algorithm/gcra.rs — the generic cell rate algorithm, exactly.
//!
//! ```text
//!        now                    full again
//!   ------|------------------------|---------> time
//!         |<-------- debt -------->|
//!         |<------------- burst units' worth ------------->|
//! ```
//!
//! One instant stands for the whole budget: when it will be full again (the *theoretical arrival
//! time*). What lies between now and then is the debt. A request moves that instant by what its
//! units are worth, `period / limit` each, and is admitted if the debt stays within what `burst`
//! units are worth. Refilling is the passing of time, and costs nothing.
//!
//! `period / limit` is rarely a whole number of nanoseconds. Rounding it would drift, a second in
//! 10^9 requests; so the instant has a fraction, counted in `1 / limit` nanoseconds.
//!
//! Source: ITU-T I.371, and <https://brandur.org/rate-limiting> for its use on requests.

use crate::engine::limiter::quota::{Nanos, Quota, divide, divide_up};

/// When the budget is full again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gcra {
    /// Rounded down.
    pub full: Nanos,
    /// What was cut off, in `1 / limit` nanoseconds.
    pub fraction: u64,
}

impl Gcra {
    /// What is missing, in `1 / limit` nanoseconds. A fraction that was counted by another limit is
    /// cut: a changed rate moves the instant by less than a nanosecond.
    #[inline]
    pub fn debt(&self, now: Nanos, quota: &Quota) -> u128 {
        if self.full < now {
            return 0;
        }
        let fraction = self.fraction.min(quota.limit - 1);
        u128::from(self.full - now) * u128::from(quota.limit) + u128::from(fraction)
    }

    /// The state with this debt.
    #[inline]
    pub fn owing(debt: u128, now: Nanos, quota: &Quota) -> Gcra {
        let (span, fraction) = divide(debt, quota.limit);
        let span = u64::try_from(span).unwrap_or(u64::MAX);
        Gcra { full: now.saturating_add(span), fraction }
    }

    /// How long until `cost` units can be taken; 0 if they can be now. `cost` is at most the burst.
    #[inline]
    pub fn wait(&self, now: Nanos, quota: &Quota, cost: u64) -> Nanos {
        let debt = self.debt(now, quota) + quota.worth(cost);
        let most = quota.worth(quota.burst);
        if debt <= most { 0 } else { divide_up(debt - most, quota.limit) }
    }

    /// Takes `cost` units.
    #[inline]
    pub fn charge(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        *self = Gcra::owing(self.debt(now, quota) + quota.worth(cost), now, quota);
    }

    /// Gives `cost` units back, or as many as are missing.
    pub fn refund(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        let debt = self.debt(now, quota).saturating_sub(quota.worth(cost));
        *self = Gcra::owing(debt, now, quota);
    }

    /// How many units can be taken now, and how long until the budget is full.
    #[inline]
    pub fn room(&self, now: Nanos, quota: &Quota) -> (u64, Nanos) {
        let debt = self.debt(now, quota);
        let (left, _) = divide(quota.worth(quota.burst).saturating_sub(debt), quota.period);
        (u64::try_from(left).unwrap_or(u64::MAX), divide_up(debt, quota.limit))
    }
}
