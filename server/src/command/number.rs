//! command/number.rs — doubles as clients write them: scores, ends of ranges, what SORT sorts by.
//!
//! All that C's `strtod` takes, bounded for each in its own way. The whole numbers that most scores
//! are take a few nanoseconds; everything else goes the long way. What Redis's `strtod` calls out
//! of range is refused, except at the ends of a range.

use crate::command::options::parse_float;
use crate::structure::ranked::Score;

/// A score or an increment; `None` if it is no number or out of range.
#[inline]
pub fn score(text: &[u8]) -> Option<Score> {
    match whole(text) {
        Some(number) => Score::new(number),
        None => other(text),
    }
}

/// An end of a range: as a score, but white space may stand in front, a NUL ends it, and what is
/// out of range is infinite or zero. Nothing at all is 0. All that is `strtod`'s doing.
pub fn bound(text: &[u8]) -> Option<Score> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Score::new(0.0);
    }
    let text = text.trim_ascii_start();
    whole(text).or_else(|| hexadecimal(text)).or_else(|| parse_float(text)).and_then(Score::new)
}

/// What SORT sorts by: as an end of a range, but nothing is taken that is too near to zero or too
/// far from it to be exact.
pub fn weight(text: &[u8]) -> Option<f64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|byte| !blank(byte))?;
    let number = score(&text[start..])?.get();
    (!number.is_subnormal()).then_some(number)
}

#[cold]
fn other(text: &[u8]) -> Option<Score> {
    if let Some(number) = hexadecimal(text) {
        return Score::new(number);
    }
    let number = parse_float(text)?;
    let named = text.iter().any(|byte| matches!(byte, b'n' | b'N'));
    let mut mantissa = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    let vanished = number == 0.0 && mantissa.any(|byte| matches!(byte, b'1'..=b'9'));
    if number.is_infinite() && !named || vanished { None } else { Score::new(number) }
}

/// The value of up to thirteen hexadecimal digits behind `0x`, which `strtod` takes too. Not here:
/// points and exponents among them, which nobody was seen to write.
fn hexadecimal(text: &[u8]) -> Option<f64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let [b'0', b'x' | b'X', digits @ ..] = rest else { return None };
    if digits.is_empty() || digits.len() > 13 {
        return None;
    }
    let mut value = 0u64;
    for &digit in digits {
        value = value << 4 | u64::from(char::from(digit).to_digit(16)?);
    }
    let value = value as f64;
    Some(if negative { -value } else { value })
}

/// The value of at most fifteen digits, which a double holds exactly.
#[inline]
fn whole(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut value = 0u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    let value = value as f64;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_read_as_by_redis() {
        let rows: [(&str, Option<f64>); 25] = [
            ("0", Some(0.0)),
            ("-0", Some(-0.0)),
            ("007", Some(7.0)),
            ("-12", Some(-12.0)),
            ("+5", Some(5.0)),
            ("999999999999999", Some(999_999_999_999_999.0)),
            ("9007199254740993", Some(9_007_199_254_740_992.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("-1.5E-3", Some(-0.0015)),
            ("inf", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("0e-999", Some(0.0)),
            ("0x10", Some(16.0)),
            ("-0Xfffffffffffff", Some(-4_503_599_627_370_495.0)),
            ("0x", None),
            ("1e400", None),
            ("1e-400", None),
            ("nan", None),
            ("", None),
            ("-", None),
            (" 1", None),
            ("1 ", None),
            ("x", None),
        ];
        for (text, want) in rows {
            let read = score(text.as_bytes()).map(|score| score.get().to_bits());
            assert_eq!(read, want.map(f64::to_bits), "{text:?}");
        }
        assert_eq!(bound(b"1e400").map(Score::get), Some(f64::INFINITY));
        assert_eq!(bound(b" 20\0x").map(Score::get), Some(20.0));
        assert_eq!(bound(b" "), None);
        assert_eq!(bound(b"").map(Score::get), Some(0.0));
        for (text, want) in [
            ("", Some(0.0)),
            (" \t\n\x0b7", Some(7.0)),
            ("7\0x", Some(7.0)),
            (" ", None),
            ("7 ", None),
            ("5e-324", None),
            ("1e-400", None),
            ("1e400", None),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("nan", None),
        ] {
            assert_eq!(weight(text.as_bytes()), want, "{text:?}");
        }
    }
}
