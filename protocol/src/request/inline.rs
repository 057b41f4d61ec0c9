//! Splits a line into words, as `sdssplitargs` of Redis does.
//!
//! Words stand between blanks. Double quotes keep blanks and know `\n \r \t \b \a`, `\xHH` and
//! `\` before any other byte; single quotes keep blanks and know `\'`. A quote may open inside
//! a word (`a"b c"` is one word), and after a closing one must come a blank or the end.

use super::{RequestError, Span};

/// Appends the bytes of each word to `side` and its place there to `spans`; at most `words_max`.
///
/// # Errors
/// [`RequestError::UnbalancedQuotes`], or `too_many` for a word too much. What was appended stays.
pub(super) fn split(
    line: &[u8],
    words_max: usize,
    too_many: RequestError,
    side: &mut Vec<u8>,
    spans: &mut Vec<Span>,
) -> Result<(), RequestError> {
    let mut rest = line;
    let mut words = 0;
    loop {
        rest = skip_blanks(rest);
        if rest.is_empty() {
            return Ok(());
        }
        words += 1;
        if words > words_max {
            return Err(too_many);
        }
        let start = side.len();
        rest = word(rest, side)?;
        // A line is far shorter than 4 GiB, but a batch may see many lines before it is cleared.
        let (Ok(start), Ok(len)) = (u32::try_from(start), u32::try_from(side.len() - start)) else {
            return Err(RequestError::TooBigInline);
        };
        spans.push(Span { start, len });
    }
}

/// Appends one word to `side` and returns what follows it.
fn word<'a>(mut rest: &'a [u8], side: &mut Vec<u8>) -> Result<&'a [u8], RequestError> {
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(rest),
            [b'"', inside @ ..] => return double_quoted(inside, side),
            [b'\'', inside @ ..] => return single_quoted(inside, side),
            [byte, after @ ..] => {
                side.push(*byte);
                rest = after;
            }
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], side: &mut Vec<u8>) -> Result<&'a [u8], RequestError> {
    loop {
        let (byte, after) = match rest {
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex_value(*high) << 4 | hex_value(*low), after)
            }
            [b'\\', escaped, after @ ..] => (unescaped(*escaped), after),
            [b'"', after @ ..] => return end_of_quotes(after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(RequestError::UnbalancedQuotes),
        };
        side.push(byte);
        rest = after;
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], side: &mut Vec<u8>) -> Result<&'a [u8], RequestError> {
    loop {
        let (byte, after) = match rest {
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [b'\'', after @ ..] => return end_of_quotes(after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(RequestError::UnbalancedQuotes),
        };
        side.push(byte);
        rest = after;
    }
}

fn end_of_quotes(after: &[u8]) -> Result<&[u8], RequestError> {
    match after {
        [byte, ..] if !is_blank(*byte) => Err(RequestError::UnbalancedQuotes),
        _ => Ok(after),
    }
}

fn skip_blanks(mut rest: &[u8]) -> &[u8] {
    while let [byte, after @ ..] = rest
        && is_blank(*byte)
    {
        rest = after;
    }
    rest
}

/// `isspace` of C: also vertical tab and form feed, which do not end a word once it has begun.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}
