//! clock.rs — the only reader of OS time.
//!
//! Everything else is handed a [`Millis`] (wall time, what deadlines and records are written in) or
//! a [`Ticks`] (a cheap monotonic counter for how long something took).
//! Not here: timers; the reactor has those.

#![allow(clippy::disallowed_methods, reason = "this is the one home of OS time")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

/// The latest wall time handed out by this process.
static LATEST_MS: AtomicU64 = AtomicU64::new(0);

/// Wall time in milliseconds. Never goes back within a process, even if somebody sets the clock.
pub fn now() -> Millis {
    let wall = micros() / 1000;
    LATEST_MS.fetch_max(wall, Ordering::Relaxed).max(wall)
}

/// Wall time in microseconds, for TIME and for people; may go back when the clock is set.
pub fn micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

/// Seconds since the process first asked the time.
pub fn uptime_seconds() -> u64 {
    anchor().instant.elapsed().as_secs()
}

/// A reading of a fast monotonic counter. Only differences mean something, see [`Ticks::micros`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(u64);

impl Ticks {
    /// Reads the counter: the time stamp counter where there is one, else the monotonic clock.
    #[inline]
    pub fn now() -> Ticks {
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        {
            // SAFETY: RDTSC exists on every x86-64 processor and has no preconditions.
            Ticks(unsafe { core::arch::x86_64::_rdtsc() })
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            Ticks(anchor().instant.elapsed().as_nanos() as u64)
        }
    }

    /// Counter steps since `earlier`.
    #[inline]
    pub fn since(self, earlier: Ticks) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Converts counter steps to microseconds. The rate is measured against the monotonic clock
    /// since the process started, so it becomes better the longer the process lives.
    pub fn micros(steps: u64) -> f64 {
        let anchor = anchor();
        let passed_us = anchor.instant.elapsed().as_micros() as f64;
        let passed_steps = Ticks::now().since(anchor.ticks).max(1) as f64;
        steps as f64 * passed_us / passed_steps
    }

    /// How many counter steps so many microseconds are, by the same measure.
    pub fn steps(micros: u64) -> u64 {
        (micros as f64 / Ticks::micros(1_000_000).max(1e-9) * 1e6) as u64
    }
}

/// Stops this thread for a while, for DEBUG SLEEP alone: a loop that calls it serves nobody.
pub fn block(time: std::time::Duration) {
    std::thread::sleep(time);
}

struct Anchor {
    instant: Instant,
    ticks: Ticks,
}

fn anchor() -> &'static Anchor {
    static ANCHOR: OnceLock<Anchor> = OnceLock::new();
    ANCHOR.get_or_init(|| {
        let instant = Instant::now();
        #[cfg(target_arch = "x86_64")]
        let ticks = Ticks::now();
        #[cfg(not(target_arch = "x86_64"))]
        let ticks = Ticks(0);
        Anchor { instant, ticks }
    })
}

/// Starts the clock; called first thing in `main`, so that uptime counts from there.
pub fn start() {
    anchor();
}

/// A monotonic instant, for timers of the reactor.
pub fn instant() -> Instant {
    Instant::now()
}
