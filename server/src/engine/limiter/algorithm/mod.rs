//! algorithm — the algorithms, each a pure function of (state, now, cost).
//!
//! | file | algorithm | what it keeps |
//! |---|---|---|
//! | `gcra` | generic cell rate algorithm, and the leaky bucket | when the budget is full again |
//! | `bucket` | token bucket, filled in steps | what is missing, since when |
//! | `window` | fixed and calendar windows | a count and an end |
//! | `sliding` | sliding window counter | two counts |
//! | `log` | sliding log | what was admitted when |
//! | `calendar` | | when a local day or month ends |
//!
//! Each answers the same questions: how long until so much can be taken (`wait`, 0 for now), how
//! much is left and when all of it is back (`room`); and takes (`charge`) or gives back (`refund`).
//! A state is only made by `charge`; its default is a full budget. They know neither rules nor keys
//! nor RESP.

pub mod bucket;
pub mod calendar;
pub mod gcra;
pub mod log;
pub mod sliding;
pub mod window;

use super::quota::{Nanos, Quota};
use calendar::{Span, Zone};

/// How a budget is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Units come back one by one, evenly.
    Gcra,
    /// Units come back all at once at the end of each period.
    Bucket,
    /// As `Gcra`; a burst is 1 unless it is said, so that requests are evenly spaced.
    Leaky,
    /// A count for a period from the first request on.
    Fixed,
    /// An estimate from two counts.
    Sliding,
    /// A list of all requests.
    Log,
    /// A count for a day or a month of people's clocks.
    Calendar(Span, Zone),
}

impl Algorithm {
    /// All words for algorithms.
    pub const WORDS: [&str; 7] = ["gcra", "bucket", "leaky", "fixed", "sliding", "log", "calendar"];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Algorithm::Gcra => "gcra",
            Algorithm::Bucket => "bucket",
            Algorithm::Leaky => "leaky",
            Algorithm::Fixed => "fixed",
            Algorithm::Sliding => "sliding",
            Algorithm::Log => "log",
            Algorithm::Calendar(..) => "calendar",
        }
    }

    /// Whether a full budget may hold more or less than the limit.
    pub fn has_burst(self) -> bool {
        matches!(self, Algorithm::Gcra | Algorithm::Bucket | Algorithm::Leaky)
    }

    /// The greatest limit it can keep count of.
    pub fn limit_max(self) -> u64 {
        match self {
            Algorithm::Sliding => sliding::LIMIT_MAX,
            Algorithm::Log => log::LIMIT_MAX,
            _ => u64::MAX,
        }
    }
}

/// How much, and how it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How it is counted.
    pub algorithm: Algorithm,
    /// How much.
    pub quota: Quota,
}

impl Terms {
    /// When a window that begins now ends.
    pub fn window_end(&self, now: Nanos) -> Nanos {
        match self.algorithm {
            Algorithm::Calendar(span, zone) => span.end(zone, now),
            _ => now.saturating_add(self.quota.period),
        }
    }
}
