//! observe/log.rs — the log that people read: where it goes, how a line looks, how much is said.
//!
//! ```text
//! 4711:M 2026-11-20T13:36:49.123Z * Ready to accept connections
//! ```
//!
//! Process, role, time (UTC), and Redis's mark of importance: `.` debug, `-` verbose, `*` notice,
//! `#` warning. In `tracing`'s words these are TRACE, DEBUG, INFO, and WARN or ERROR.

use std::fmt;
use std::fs::OpenOptions;
use std::sync::{Mutex, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clock;
use crate::error::Fault;
use crate::settings::Settings;
use crate::settings::catalog as said;

/// Changes what is said; set once the log is open.
static LEVEL: OnceLock<Box<dyn Fn(LevelFilter) + Send + Sync>> = OnceLock::new();

/// Opens the log as `logfile` and `loglevel` say. Only the first call of a process has an effect.
///
/// # Errors
/// If the file cannot be opened.
pub fn open(settings: &Settings) -> Result<(), Fault> {
    let path = settings.text(&said::LOGFILE);
    let writer = match path.is_empty() {
        true => BoxMakeWriter::new(std::io::stdout),
        false => {
            let file = OpenOptions::new().append(true).create(true).open(&path);
            let file = file.map_err(Fault::io(format!("open the log file '{path}'")))?;
            BoxMakeWriter::new(Mutex::new(file))
        }
    };
    let (filter, handle) = reload::Layer::new(filter(settings.choice(&said::LOGLEVEL)));
    let lines = tracing_subscriber::fmt::layer().event_format(Line).with_writer(writer);
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        let _ = LEVEL.set(Box::new(move |level| {
            // It fails only if the log is gone, and then nobody misses the change.
            let _ = handle.reload(level);
        }));
    }
    Ok(())
}

/// Says from now on what this value of `loglevel` asks for.
pub fn set_level(level: &str) {
    if let Some(change) = LEVEL.get() {
        change(filter(level));
    }
}

fn filter(level: &str) -> LevelFilter {
    match level {
        "debug" => LevelFilter::TRACE,
        "verbose" => LevelFilter::DEBUG,
        "warning" => LevelFilter::WARN,
        "nothing" => LevelFilter::OFF,
        _ => LevelFilter::INFO,
    }
}

struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mark = match *event.metadata().level() {
            Level::TRACE => '.',
            Level::DEBUG => '-',
            Level::INFO => '*',
            Level::WARN | Level::ERROR => '#',
        };
        write!(writer, "{}:M {} {mark} ", std::process::id(), Utc(clock::micros() / 1000))?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// Milliseconds since the epoch, shown as RFC 3339 in UTC.
struct Utc(u64);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = date(days);
        let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
        let (second, millis) = (millis / 1000 % 60, millis % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Year, month and day of a day since the epoch, by counting from 1 March of the year 0 (Howard
/// Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_181_952_739, "2026-11-20T13:39:12.739Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Utc(millis).to_string(), text);
        }
    }

    #[test]
    fn every_value_of_loglevel_is_known() {
        let known = ["debug", "verbose", "notice", "warning", "nothing"].map(filter);
        assert!(known.is_sorted_by(|a, b| a > b));
        let crate::settings::Shape::Choice(all) = said::LOGLEVEL.shape else { unreachable!() };
        assert_eq!(all.len(), known.len());
    }
}
