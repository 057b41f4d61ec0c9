//! The only reader of time in this crate, and the only place that sleeps.

#![allow(clippy::disallowed_methods, reason = "this is the module the others are sent to")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The monotonic time. Costs a vDSO call, about 20 ns.
#[inline]
pub fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds since `start`; enough for 584 years.
#[inline]
pub fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Waits. For settling servers and sampling, never inside a measured loop.
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

/// Milliseconds since 1970, the clock that absolute deadlines are written in.
pub fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
}

/// The present as `2026-11-20 12:30` in UTC.
pub fn date() -> String {
    format_minutes(unix_ms() / 60_000)
}

/// Minutes since 1970 as a date and time in UTC. The calendar arithmetic is Howard Hinnant's
/// `civil_from_days` (<https://howardhinnant.github.io/date_algorithms.html>).
fn format_minutes(minutes: u64) -> String {
    let days = minutes / 1440 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (minutes / 60 % 24, minutes % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(format_minutes(0), "1970-01-01 00:00");
        assert_eq!(format_minutes(951_782_400 / 60), "2000-02-29 00:00");
        assert_eq!(format_minutes(1_709_251_140 / 60), "2024-02-29 23:59");
        assert_eq!(format_minutes(1_795_132_800 / 60), "2026-11-20 00:00");
    }
}
