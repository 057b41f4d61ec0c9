//! Reads one value's own bytes: its type, and the line or string that belongs to it.
//!
//! Both the walk that looks for the end of a frame and the builder behind it read through
//! [`head`], so that they cannot disagree.

use std::ops::Range;

use memchr::memchr;

use super::{FrameError, FrameLimits};
use crate::number::parse_i64;

/// A value without its children. Ranges are places in the buffer.
#[derive(Clone, Debug)]
pub(super) enum Head {
    Simple(Range<usize>),
    Error(Range<usize>),
    Integer(i64),
    Bulk(Range<usize>),
    Null,
    Double(f64),
    Boolean(bool),
    BigNumber(Range<usize>),
    Verbatim([u8; 3], Range<usize>),
    /// The number of elements.
    Array(usize),
    Set(usize),
    Push(usize),
    /// The number of pairs.
    Map(usize),
    Attribute(usize),
}

/// What stands at a place of the buffer.
#[derive(Debug)]
pub(super) enum Scan {
    /// A value's head, and where what follows it starts.
    Whole(Head, usize),
    /// Nothing can be said before the buffer has this many bytes.
    Part(usize),
}

/// Reads the head at `at`.
pub(super) fn head(buffer: &[u8], at: usize, limits: &FrameLimits) -> Result<Scan, FrameError> {
    let Some(&marker) = buffer.get(at) else { return Ok(Scan::Part(at + 1)) };
    match marker {
        b'+' | b'-' | b':' | b'$' | b'*' | b'_' | b',' | b'#' | b'(' | b'=' | b'%' | b'~'
        | b'>' | b'|' | b'!' => {}
        other => return Err(FrameError::UnknownType(other)),
    }
    let line = match line(buffer, at + 1, limits)? {
        Ok(line) => line,
        Err(wanted) => return Ok(Scan::Part(wanted)),
    };
    let next = line.end + 2;
    let text = &buffer[line.clone()];
    let head = match marker {
        b'+' => Head::Simple(line),
        b'-' => Head::Error(line),
        b':' => Head::Integer(parse_i64(text).ok_or(FrameError::InvalidNumber)?),
        b',' => Head::Double(parse_double(text)?),
        b'(' if is_big_number(text) => Head::BigNumber(line),
        b'(' => return Err(FrameError::InvalidNumber),
        b'#' => match text {
            b"t" => Head::Boolean(true),
            b"f" => Head::Boolean(false),
            _ => return Err(FrameError::InvalidBoolean),
        },
        b'_' if text.is_empty() => Head::Null,
        b'_' => return Err(FrameError::InvalidNull),
        b'$' | b'=' | b'!' => return string(buffer, marker, text, next, limits),
        _ => match (length(text)?, marker) {
            (None, b'*') => Head::Null,
            (None, _) => return Err(FrameError::InvalidLength),
            (Some(count), b'*') => Head::Array(count),
            (Some(count), b'~') => Head::Set(count),
            (Some(count), b'>') => Head::Push(count),
            (Some(count), b'%') => Head::Map(count),
            (Some(count), _) => Head::Attribute(count),
        },
    };
    Ok(Scan::Whole(head, next))
}

/// Reads a string whose length is known: bulk, verbatim, or RESP3's long error.
fn string(
    buffer: &[u8],
    marker: u8,
    length_text: &[u8],
    start: usize,
    limits: &FrameLimits,
) -> Result<Scan, FrameError> {
    let Some(len) = length(length_text)? else {
        return match marker {
            b'$' => Ok(Scan::Whole(Head::Null, start)),
            _ => Err(FrameError::InvalidLength),
        };
    };
    if len > limits.bulk_bytes_max {
        return Err(FrameError::BulkTooLong);
    }
    let end = start.checked_add(len).ok_or(FrameError::BulkTooLong)?;
    let next = end.checked_add(2).ok_or(FrameError::BulkTooLong)?;
    if buffer.len() < next {
        return Ok(Scan::Part(next));
    }
    if &buffer[end..next] != b"\r\n" {
        return Err(FrameError::MissingLineEnd);
    }
    let head = match marker {
        b'$' => Head::Bulk(start..end),
        b'!' => Head::Error(start..end),
        _ => match buffer[start..end] {
            [a, b, c, b':', ..] => Head::Verbatim([a, b, c], start + 4..end),
            _ => return Err(FrameError::InvalidVerbatim),
        },
    };
    Ok(Scan::Whole(head, next))
}

/// The line that starts at `start` without its CR LF, or how many bytes it needs to be judged.
fn line(
    buffer: &[u8],
    start: usize,
    limits: &FrameLimits,
) -> Result<Result<Range<usize>, usize>, FrameError> {
    let stop = start.saturating_add(limits.line_bytes_max).saturating_add(1);
    let window = buffer.get(start..stop.min(buffer.len())).unwrap_or_default();
    let Some(found) = find_cr(window) else {
        return match buffer.len() >= stop {
            true => Err(FrameError::LineTooLong),
            false => Ok(Err(buffer.len() + 1)),
        };
    };
    let end = start + found;
    match buffer.get(end + 1) {
        Some(b'\n') => Ok(Ok(start..end)),
        Some(_) => Err(FrameError::MissingLineEnd),
        None => Ok(Err(end + 2)),
    }
}

/// Lines of one to four bytes are the rule, and a loop finds their end before a call would start.
#[inline]
fn find_cr(window: &[u8]) -> Option<usize> {
    match window.iter().take(4).position(|&byte| byte == b'\r') {
        Some(found) => Some(found),
        None => memchr(b'\r', window),
    }
}

/// A length, or none for -1.
fn length(text: &[u8]) -> Result<Option<usize>, FrameError> {
    match text {
        b"-1" => Ok(None),
        b"?" => Err(FrameError::Streamed),
        _ => match parse_i64(text).map(usize::try_from) {
            Some(Ok(length)) => Ok(Some(length)),
            _ => Err(FrameError::InvalidLength),
        },
    }
}

fn parse_double(text: &[u8]) -> Result<f64, FrameError> {
    let text = std::str::from_utf8(text).map_err(|_| FrameError::InvalidNumber)?;
    text.parse().map_err(|_| FrameError::InvalidNumber)
}

fn is_big_number(text: &[u8]) -> bool {
    let digits = match text {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
