//! engine/limiter/quota.rs — how much is allowed in which time, and the arithmetic of it.
//!
//! Time is in nanoseconds since the epoch. A command's time has whole milliseconds, so `now` is a
//! multiple of a million; the shares of time that requests stand for are not: a third of a second
//! is 333,333,333 ns and one third. So nothing here divides before it must. Products are computed
//! in 128 bits, and the bounds of [`Quota::new`] are such that none overflows.

use crate::clock::Millis;
use crate::error::Refusal;

/// Nanoseconds: since the epoch, or a span.
pub type Nanos = u64;

/// Nanoseconds of a millisecond.
pub const MILLI: Nanos = 1_000_000;

/// The greatest limit, burst or cost.
pub const COUNT_MAX: u64 = 1_000_000_000_000_000;

/// The longest period, and the longest time that an empty budget may take to fill: a hundred years.
pub const SPAN_MAX: Nanos = 100 * 365 * 86_400 * 1000 * MILLI;

/// `limit` units each `period`, and at most `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Units; at least 1.
    pub limit: u64,
    /// In which they come; at least 1.
    pub period: Nanos,
    /// The most that can be taken at once from a full budget; at least 1.
    pub burst: u64,
}

impl Quota {
    /// A quota whose arithmetic is safe.
    ///
    /// # Errors
    /// A count or the period is zero, or the numbers are so great that an empty budget would not be
    /// full again within a hundred years.
    pub fn new(limit: u64, period: Nanos, burst: u64) -> Result<Quota, Refusal> {
        const TOO_MUCH: Refusal = Refusal::text("ERR limit times period is too large");
        if limit == 0 {
            return Err(Refusal::text("ERR limit must be positive"));
        }
        if period == 0 {
            return Err(Refusal::text("ERR period must be positive"));
        }
        if burst == 0 {
            return Err(Refusal::text("ERR burst must be positive"));
        }
        if limit > COUNT_MAX || period > SPAN_MAX || burst > COUNT_MAX {
            return Err(TOO_MUCH);
        }
        let quota = Quota { limit, period, burst };
        let (fill, _) = divide(quota.worth(burst), limit);
        if fill > u128::from(SPAN_MAX) { Err(TOO_MUCH) } else { Ok(quota) }
    }

    /// What `count` units are worth, in `1 / limit` nanoseconds: the time they take to come back.
    #[inline]
    pub fn worth(&self, count: u64) -> u128 {
        u128::from(count) * u128::from(self.period)
    }
}

/// Quotient and remainder; quick if the dividend is small.
#[inline]
pub fn divide(dividend: u128, divisor: u64) -> (u128, u64) {
    match u64::try_from(dividend) {
        Ok(small) => (u128::from(small / divisor), small % divisor),
        Err(_) => {
            let divisor = u128::from(divisor);
            (dividend / divisor, (dividend % divisor) as u64)
        }
    }
}

/// The quotient, rounded up; what is beyond all time becomes the end of it.
#[inline]
pub fn divide_up(dividend: u128, divisor: u64) -> Nanos {
    let (quotient, rest) = divide(dividend, divisor);
    let quotient = u64::try_from(quotient).unwrap_or(u64::MAX);
    quotient.saturating_add(u64::from(rest != 0))
}

/// A command's time in nanoseconds.
#[inline]
pub fn nanos(time: Millis) -> Nanos {
    time.saturating_mul(MILLI)
}

/// A span or an instant in milliseconds, rounded up: not before it.
#[inline]
pub fn millis_up(span: Nanos) -> Millis {
    span.div_ceil(MILLI)
}
