//! command/options.rs — reading arguments: numbers, words, times. The refusals are Redis's.

use mainstay_protocol::Request;

use crate::clock::Millis;
use crate::error::Refusal;
pub use crate::structure::decimal::parse_integer;

/// An integer argument.
///
/// # Errors
/// [`Refusal::NotInteger`] if it is none.
pub fn integer(bytes: &[u8]) -> Result<i64, Refusal> {
    parse_integer(bytes).ok_or(Refusal::NotInteger)
}

/// Reads a double as Redis does: decimal or `inf`, no spaces, not NaN.
pub fn parse_float(bytes: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?;
    match bytes.first()? {
        b'0'..=b'9' | b'-' | b'+' | b'.' | b'i' | b'I' => {}
        _ => return None,
    }
    let value: f64 = text.parse().ok()?;
    (!value.is_nan()).then_some(value)
}

/// A double argument.
///
/// # Errors
/// [`Refusal::NotFloat`] if it is none.
pub fn float(bytes: &[u8]) -> Result<f64, Refusal> {
    parse_float(bytes).ok_or(Refusal::NotFloat)
}

/// Whether an argument is the word given, which must be upper case.
#[inline]
pub fn is_word(bytes: &[u8], word: &str) -> bool {
    bytes.eq_ignore_ascii_case(word.as_bytes())
}

/// The index of a database, checked against how many there are.
///
/// # Errors
/// Redis's three texts: not an integer, not one of 32 bits, and not the index of a database.
pub fn database(bytes: &[u8], databases: usize) -> Result<usize, Refusal> {
    let index = i32::try_from(integer(bytes)?).map_err(|_| {
        Refusal::text("ERR value is out of range, value must between -2147483648 and 2147483647")
    })?;
    usize::try_from(index)
        .ok()
        .filter(|&index| index < databases)
        .ok_or(Refusal::text("ERR DB index is out of range"))
}

/// When a call that may wait stops waiting, from a timeout in seconds: never for 0. Rounded up to
/// whole milliseconds.
///
/// # Errors
/// Redis's texts: not a number, negative, or further away than any deadline.
pub fn timeout(bytes: &[u8], now: Millis) -> Result<Option<Millis>, Refusal> {
    let refusal = Refusal::text("ERR timeout is not a float or out of range");
    let seconds = parse_float(bytes).ok_or(refusal)?;
    let millis = (seconds * 1000.0).ceil();
    if seconds < 0.0 {
        Err(Refusal::text("ERR timeout is negative"))
    } else if millis >= (i64::MAX as f64) - now as f64 {
        Err(Refusal::text("ERR timeout is out of range"))
    } else {
        Ok((millis > 0.0).then_some(now.saturating_add(millis as Millis)))
    }
}

/// As [`timeout`], from whole milliseconds.
///
/// # Errors
/// Redis's texts: not an integer, negative, or further away than any deadline.
pub fn timeout_millis(bytes: &[u8], now: Millis) -> Result<Option<Millis>, Refusal> {
    let refusal = Refusal::text("ERR timeout is not an integer or out of range");
    let millis = parse_integer(bytes).ok_or(refusal)?;
    let millis = Millis::try_from(millis).map_err(|_| Refusal::text("ERR timeout is negative"))?;
    let until = now.checked_add(millis).filter(|&until| i64::try_from(until).is_ok());
    let until = until.ok_or(Refusal::text("ERR timeout is out of range"))?;
    Ok((millis > 0).then_some(until))
}

/// The unit and the origin of a time argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Millis,
    /// Seconds since the epoch.
    UnixSeconds,
    /// Milliseconds since the epoch.
    UnixMillis,
}

impl Time {
    /// The absolute time, in milliseconds, which may be negative; `None` if it does not fit.
    pub fn absolute(self, value: i64, now: Millis) -> Option<i64> {
        let now = i64::try_from(now).ok()?;
        match self {
            Time::Seconds => value.checked_mul(1000)?.checked_add(now),
            Time::Millis => value.checked_add(now),
            Time::UnixSeconds => value.checked_mul(1000),
            Time::UnixMillis => Some(value),
        }
    }

    /// The deadline that a setting command (SET EX, GETEX, SETEX) was given: a positive number.
    ///
    /// # Errors
    /// Not an integer, or not a valid expire time for `command` (as on the wire, lower case).
    pub fn deadline(
        self,
        bytes: &[u8],
        now: Millis,
        command: &'static str,
    ) -> Result<Millis, Refusal> {
        let value = integer(bytes)?;
        self.absolute(value, now)
            .filter(|_| value > 0)
            .and_then(|at| Millis::try_from(at).ok())
            .ok_or(Refusal::InvalidExpire(command))
    }
}

/// Walks the arguments behind the fixed ones.
pub struct Words<'a> {
    args: Request<'a>,
    at: usize,
}

impl<'a> Words<'a> {
    /// Starts at argument `at`, the name being 0.
    pub fn new(args: Request<'a>, at: usize) -> Words<'a> {
        Words { args, at }
    }

    /// The value that an option needs.
    ///
    /// # Errors
    /// [`Refusal::Syntax`] if there is none.
    pub fn value(&mut self) -> Result<&'a [u8], Refusal> {
        self.next().ok_or(Refusal::Syntax)
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.args.len().saturating_sub(self.at)
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let word = self.args.get(self.at)?;
        self.at += 1;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_do_not_wrap() {
        assert_eq!(Time::Seconds.absolute(i64::MAX, 5), None);
        assert_eq!(Time::Millis.absolute(i64::MAX, 5), None);
        assert_eq!(Time::Millis.absolute(-10, 5), Some(-5));
        assert!(Time::Seconds.deadline(b"0", 5, "set").is_err());
        assert_eq!(Time::UnixMillis.deadline(b"7", 5, "set"), Ok(7));
    }
}
