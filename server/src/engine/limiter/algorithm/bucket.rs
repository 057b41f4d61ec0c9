//! algorithm/bucket.rs — the token bucket that is filled in steps.
//!
//! ```text
//!   tokens
//!    burst |####                   ####
//!          |####____          _____####
//!          |####____####_____#####_####
//!          +---|-------|-------|-------> time
//!          taken   + limit  + limit   (each period)
//! ```
//!
//! `limit` tokens come at once at the end of each period; periods are counted from the first token
//! that was taken from a full bucket. (With tokens that come one by one it would be `gcra`.)
//!
//! What is kept is what is missing, not what is there, so a full bucket is nothing at all.

use crate::engine::limiter::quota::{Nanos, Quota, divide};

/// What is missing from a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When the period began in which `used` was true.
    pub since: Nanos,
    /// Tokens missing then.
    pub used: u64,
}

impl Bucket {
    /// The same bucket as it is now.
    fn at(&self, now: Nanos, quota: &Quota) -> Bucket {
        let periods = now.saturating_sub(self.since) / quota.period;
        let come = u128::from(periods) * u128::from(quota.limit);
        let used = u128::from(self.used).saturating_sub(come) as u64;
        Bucket { since: self.since.saturating_add(periods * quota.period), used }
    }

    /// How long until at least `count` of the missing tokens have come.
    fn until(&self, now: Nanos, quota: &Quota, count: u64) -> Nanos {
        let span = u128::from(count.div_ceil(quota.limit)) * u128::from(quota.period);
        let span = u64::try_from(span).unwrap_or(u64::MAX);
        self.since.saturating_add(span).saturating_sub(now)
    }

    /// How long until `cost` units can be taken; 0 if they can be now. `cost` is at most the burst.
    pub fn wait(&self, now: Nanos, quota: &Quota, cost: u64) -> Nanos {
        let bucket = self.at(now, quota);
        let wanted = bucket.used.saturating_add(cost);
        if wanted <= quota.burst { 0 } else { bucket.until(now, quota, wanted - quota.burst) }
    }

    /// Takes `cost` units.
    pub fn charge(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        let bucket = self.at(now, quota);
        let since = if bucket.used == 0 { now } else { bucket.since };
        *self = Bucket { since, used: bucket.used.saturating_add(cost) };
    }

    /// Gives `cost` units back, or as many as are missing.
    pub fn refund(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        let bucket = self.at(now, quota);
        *self = Bucket { since: bucket.since, used: bucket.used.saturating_sub(cost) };
    }

    /// How many units can be taken now, and how long until the bucket is full.
    pub fn room(&self, now: Nanos, quota: &Quota) -> (u64, Nanos) {
        let bucket = self.at(now, quota);
        let reset = if bucket.used == 0 { 0 } else { bucket.until(now, quota, bucket.used) };
        (quota.burst.saturating_sub(bucket.used), reset)
    }

    /// The same share of another quota, as of `at`.
    pub fn scale(&self, at: Nanos, from: &Quota, to: &Quota) -> Bucket {
        let bucket = self.at(at, from);
        let (used, _) = divide(u128::from(bucket.used) * u128::from(to.burst), from.burst);
        Bucket { since: bucket.since, used: u64::try_from(used).unwrap_or(u64::MAX) }
    }
}
