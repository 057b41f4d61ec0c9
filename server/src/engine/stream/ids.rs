//! engine/stream/ids.rs — how clients spell ids, and how replies do.
//!
//! Numbers are read as Redis reads them: canonical ones first, then by C's `strtoull`, which takes
//! spaces, signs and zeros in front. A NUL ends the text.

use mainstay_protocol::ReplyWriter;

use crate::error::Refusal;
use crate::structure::blocks::Id;
use crate::structure::decimal::parse_integer;

/// The longest text of an id that is read at all.
const TEXT_BYTES_MAX: usize = 127;

/// What is said of a text that is no id.
pub const INVALID: Refusal =
    Refusal::text("ERR Invalid stream ID specified as stream command argument");

/// An id as XADD is given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// `*`: the time of now.
    Now,
    /// `ms-*`: the next one of that millisecond.
    Within(u64),
    /// Exactly this one.
    Exactly(Id),
}

/// An id, without `-` and `+`; if its number is left out it is `seq`.
///
/// # Errors
/// It is none.
pub fn exact(text: &[u8], seq: u64) -> Result<Id, Refusal> {
    parse(text, seq).ok_or(INVALID)
}

/// As [`exact`], or nothing: for words that may be something else.
pub fn parse(text: &[u8], seq: u64) -> Option<Id> {
    let (ms, own) = split(text)?;
    Some(Id::new(ms, own.map_or(Some(seq), unsigned)?))
}

/// What XADD is given.
///
/// # Errors
/// It is no id.
pub fn wanted(text: &[u8]) -> Result<Wanted, Refusal> {
    if text == b"*" {
        return Ok(Wanted::Now);
    }
    match split(text) {
        Some((ms, Some(b"*"))) => Ok(Wanted::Within(ms)),
        _ => exact(text, 0).map(Wanted::Exactly),
    }
}

/// An id, or `-` for the lowest and `+` for the highest.
///
/// # Errors
/// It is none of them.
pub fn any(text: &[u8], seq: u64) -> Result<Id, Refusal> {
    match terminated(text) {
        b"-" => Ok(Id::MIN),
        b"+" => Ok(Id::MAX),
        _ => exact(text, seq),
    }
}

/// The lower end of an interval: an id, `-`, `+`, or `(` and an id that is not part of it.
///
/// # Errors
/// It is none of them, or there is nothing above it.
pub fn start(text: &[u8]) -> Result<Id, Refusal> {
    match text {
        [b'(', rest @ ..] if !rest.is_empty() => {
            exact(rest, 0)?.next().ok_or(Refusal::text("ERR invalid start ID for the interval"))
        }
        _ => any(text, 0),
    }
}

/// The upper end of an interval, see [`start`].
///
/// # Errors
/// As there.
pub fn end(text: &[u8]) -> Result<Id, Refusal> {
    match text {
        [b'(', rest @ ..] if !rest.is_empty() => exact(rest, u64::MAX)?
            .previous()
            .ok_or(Refusal::text("ERR invalid end ID for the interval")),
        _ => any(text, u64::MAX),
    }
}

/// The part of a word that a C string would have.
fn terminated(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    &text[..end]
}

/// The milliseconds, and the text behind the first minus.
fn split(text: &[u8]) -> Option<(u64, Option<&[u8]>)> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let text = terminated(text);
    match text.iter().position(|&byte| byte == b'-') {
        Some(at) => Some((unsigned(&text[..at])?, Some(&text[at + 1..]))),
        None => Some((unsigned(text)?, None)),
    }
}

fn unsigned(text: &[u8]) -> Option<u64> {
    if let Some(value) = parse_integer(text) {
        return u64::try_from(value).ok();
    }
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let text = &text[text.iter().take_while(|byte| blank(byte)).count()..];
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        value = value.checked_mul(10)?.checked_add(u64::from(digit)).filter(|_| digit <= 9)?;
    }
    Some(if negative { value.wrapping_neg() } else { value })
}

/// Answers an id.
pub fn write(id: Id, out: &mut ReplyWriter<'_>) {
    let mut text = [0; 41];
    let (mut ms, mut seq) = (itoa::Buffer::new(), itoa::Buffer::new());
    let (ms, seq) = (ms.format(id.ms).as_bytes(), seq.format(id.seq).as_bytes());
    let end = ms.len() + 1 + seq.len();
    text[..ms.len()].copy_from_slice(ms);
    text[ms.len()] = b'-';
    text[ms.len() + 1..end].copy_from_slice(seq);
    out.bulk(&text[..end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_redis_reads_them() {
        let max = u64::MAX.to_string();
        let rows: [(&str, Option<(u64, u64)>); 20] = [
            ("0", Some((0, 7))),
            ("12-34", Some((12, 34))),
            ("007-01", Some((7, 1))),
            ("+5", Some((5, 7))),
            (" 5- 6", Some((5, 6))),
            ("1-+2", Some((1, 2))),
            ("1--05", Some((1, 5u64.wrapping_neg()))),
            ("1--5", None),
            ("-5", None),
            ("-", None),
            ("+", None),
            ("", None),
            ("1-", None),
            ("1-*", None),
            ("1-2-3", None),
            ("1x", None),
            ("18446744073709551616", None),
            ("1-2\0x", Some((1, 2))),
            ("1.5", None),
            (&max, Some((u64::MAX, 7))),
        ];
        for (text, want) in rows {
            let want = want.map(|(ms, seq)| Id::new(ms, seq));
            assert_eq!(parse(text.as_bytes(), 7), want, "{text:?}");
        }
        assert_eq!(parse(&[b'1'; 128], 0), None);
        assert_eq!(wanted(b"3-*"), Ok(Wanted::Within(3)));
        assert_eq!(wanted(b"3-4"), Ok(Wanted::Exactly(Id::new(3, 4))));
        assert!(wanted(b"3-**").is_err());
    }

    #[test]
    fn open_ends_step_over_the_number() {
        assert_eq!(start(b"(1-18446744073709551615"), Ok(Id::new(2, 0)));
        assert_eq!(end(b"(2-0"), Ok(Id::new(1, u64::MAX)));
        assert_eq!(end(b"(2"), Ok(Id::new(2, u64::MAX - 1)));
        assert!(start(b"(18446744073709551615-18446744073709551615").is_err());
        assert!(end(b"(0-0").is_err() && start(b"(-").is_err() && start(b"(").is_err());
    }
}
