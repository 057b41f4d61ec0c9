//! algorithm/calendar.rs — when the local day or month ends.
//!
//! ```text
//!   Europe/Berlin, days:
//!   ---|------------- 23 h ------------|-------------- 24 h --------------|---> time
//!   00:00, 29 March 2026           00:00, 30 March                    00:00, 31 March
//! ```
//!
//! A day lasts as long as its people's clocks say, so a zone is a name of the IANA database as well
//! as a fixed offset. The database is part of the program: two servers of one version agree on it,
//! whatever the machines' own says. The end of a window is stored with it when it begins, so a
//! later version with other rules changes no window that has begun.
//!
//! The count itself is a [`Window`](super::window::Window).

use crate::engine::limiter::quota::{MILLI, Nanos};

const DAY: i64 = 86_400;
const SECOND: Nanos = 1000 * MILLI;

/// What a window of the calendar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// From midnight to midnight.
    Day,
    /// From the first day's midnight to the next first day's.
    Month,
}

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of Greenwich.
    Fixed(i32),
    /// The index of a name in [`tzdb_data::TZ_NAMES`].
    Named(usize),
}

impl Zone {
    /// `UTC`, `+02:00`, `-0330`, or a name such as `Europe/Berlin` in any case.
    pub fn parse(text: &[u8]) -> Option<Zone> {
        if text.eq_ignore_ascii_case(b"UTC") || text.eq_ignore_ascii_case(b"Z") {
            return Some(Zone::Fixed(0));
        }
        if let Some((sign @ (b'+' | b'-'), rest)) = text.split_first() {
            let digits: Vec<u8> = rest.iter().copied().filter(|&byte| byte != b':').collect();
            let [a, b, c, d] = digits[..] else { return None };
            let number = |high: u8, low: u8| {
                let digit = |byte: u8| char::from(byte).to_digit(10);
                Some(i32::try_from(digit(high)? * 10 + digit(low)?).unwrap_or(0))
            };
            let (hours, minutes) = (number(a, b)?, number(c, d)?);
            let is_plain = rest.len() == 4 || rest.get(2) == Some(&b':') && rest.len() == 5;
            if hours > 14 || minutes > 59 || !is_plain {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            return Some(Zone::Fixed(if *sign == b'-' { -seconds } else { seconds }));
        }
        let is_same = |name: &&str| name.as_bytes().eq_ignore_ascii_case(text);
        tzdb_data::TZ_NAMES.iter().position(|name| is_same(name)).map(Zone::Named)
    }

    /// As [`Zone::parse`] reads it.
    pub fn name(self) -> String {
        match self {
            Zone::Fixed(0) => "UTC".into(),
            Zone::Fixed(seconds) => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Zone::Named(index) => (*tzdb_data::TZ_NAMES.get(index).unwrap_or(&"UTC")).to_owned(),
        }
    }

    /// Seconds east of Greenwich at an instant, in seconds since the epoch.
    fn offset(self, at: i64) -> i64 {
        match self {
            Zone::Fixed(seconds) => seconds.into(),
            Zone::Named(index) => {
                let name = tzdb_data::TZ_NAMES.get(index);
                let zone = name.and_then(|name| tzdb_data::find_tz(name.as_bytes()));
                let local = zone.and_then(|zone| zone.find_local_time_type(at).ok());
                local.map_or(0, |local| local.ut_offset().into())
            }
        }
    }

    /// The number of the local day, 1 January 1970 being 0.
    fn day(self, at: i64) -> i64 {
        (at + self.offset(at)).div_euclid(DAY)
    }
}

impl Span {
    /// When the window ends in which `now` is.
    pub fn end(self, zone: Zone, now: Nanos) -> Nanos {
        let now = i64::try_from(now / SECOND).unwrap_or(i64::MAX / 4);
        let today = zone.day(now);
        let next = match self {
            Span::Day => today + 1,
            Span::Month => first_of_next_month(today),
        };
        u64::try_from(beginning(zone, next, now)).unwrap_or(0).saturating_mul(SECOND)
    }
}

/// The first instant after `now` that belongs to a local day, or to one behind it if the clocks
/// leave the day out.
fn beginning(zone: Zone, day: i64, now: i64) -> i64 {
    let midnight = day * DAY;
    // The offset in force then is nearly always that of the day before, or of the day after.
    for near in [midnight - DAY, midnight + DAY] {
        let at = midnight - zone.offset(near);
        if at > now && zone.day(at) >= day && zone.day(at - 1) < day {
            return at;
        }
    }
    // The clocks are set at midnight itself: the instant at which the date changes is looked for.
    let (mut before, mut behind) = (now, midnight + 2 * DAY);
    while before + 1 < behind {
        let middle = before + (behind - before) / 2;
        if zone.day(middle) >= day { behind = middle } else { before = middle }
    }
    behind
}

/// The number of the first day of the month after that of `day`.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn first_of_next_month(day: i64) -> i64 {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    // Years begin with March there, so what follows month 11, February, is month 0 of the next.
    let (year, month) = if month == 11 { (year_of_era + 1, 0) } else { (year_of_era, month + 1) };
    let of_year = (153 * month + 2) / 5;
    era * 146_097 + year * 365 + year / 4 - year / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the window ends that holds `now`, both in seconds.
    fn end(span: Span, zone: &str, now: i64) -> i64 {
        let zone = Zone::parse(zone.as_bytes()).expect("a zone");
        (span.end(zone, now as u64 * SECOND) / SECOND) as i64
    }

    #[test]
    fn days_and_months_end_where_clocks_say() {
        for (span, zone, now, ends) in [
            // 14 November 2023, 22:13:20 UTC, is the 15th in Kiritimati.
            (Span::Day, "UTC", 1_700_000_000, 1_700_006_400),
            (Span::Day, "+14:00", 1_700_000_000, 1_700_042_400),
            (Span::Day, "Pacific/Kiritimati", 1_700_000_000, 1_700_042_400),
            (Span::Month, "UTC", 1_700_000_000, 1_701_388_800),
            (Span::Month, "-03:30", 1_700_000_000, 1_701_401_400),
            // 29 March 2026 in Berlin: 23 hours. 25 October: 25 hours.
            (Span::Day, "Europe/Berlin", 1_774_738_800, 1_774_821_600),
            (Span::Day, "europe/berlin", 1_792_879_200, 1_792_969_200),
            // Leap day, and the month before it.
            (Span::Month, "UTC", 1_707_000_000, 1_709_251_200),
            (Span::Day, "UTC", 1_709_164_800, 1_709_251_200),
            // December.
            (Span::Month, "UTC", 1_703_000_000, 1_704_067_200),
            // 5 September 2015 in Santiago, whose clocks were set at midnight, was not cut.
            (Span::Day, "America/Sao_Paulo", 1_508_000_000, 1_508_036_400),
        ] {
            assert_eq!(end(span, zone, now), ends, "{span:?} {zone} {now}");
        }
    }

    /// Sunday, 15 October 2017, began at 01:00 in São Paulo.
    #[test]
    fn a_day_may_begin_without_midnight() {
        let midnight = 1_508_036_400;
        assert_eq!(end(Span::Day, "America/Sao_Paulo", midnight - 1), midnight);
        assert_eq!(end(Span::Day, "America/Sao_Paulo", midnight), midnight + 23 * 3600);
    }

    #[test]
    fn an_end_is_the_first_instant_of_another_day() {
        for name in ["Europe/Berlin", "America/New_York", "Asia/Tehran", "Australia/Lord_Howe"] {
            let zone = Zone::parse(name.as_bytes()).expect("a zone");
            for step in 0..3000 {
                let now = 1_600_000_000 + step * 40_009;
                let end = end(Span::Day, name, now);
                assert!(end > now && end - now <= DAY + 7200, "{name} {now} {end}");
                assert!(zone.day(end - 1) < zone.day(end), "{name} {now} {end}");
                assert_eq!(zone.day(end - 1), zone.day(now), "{name} {now} {end}");
            }
        }
    }

    #[test]
    fn zones_are_read_and_printed() {
        for (text, name) in [
            ("utc", Some("UTC")),
            ("+00:00", Some("UTC")),
            ("-0330", Some("-03:30")),
            ("+05:45", Some("+05:45")),
            ("asia/kathmandu", Some("Asia/Kathmandu")),
            ("", None),
            ("+5", None),
            ("+15:00", None),
            ("+0:530", None),
            ("Mars/Base", None),
        ] {
            let read = Zone::parse(text.as_bytes()).map(Zone::name);
            assert_eq!(read.as_deref(), name, "{text:?}");
        }
    }
}
