//! structure/extended.rs — the number of INCRBYFLOAT and HINCRBYFLOAT: 80-bit extended precision,
//! in software.
//!
//! Redis adds with x86's `long double` and prints with `%.17Lf`. Clients see its digits, and every
//! node must find the same ones on every machine, so that number is done here with integers: 64
//! bits of mantissa, 15 of exponent, rounding to nearest, ties to even, gradual underflow.
//!
//! Reading a decimal text is exact division of big integers, rounded once; printing is exact too.
//! A text of usual length costs about a microsecond; the longest, 5 KiB, about one millisecond.
//! Source: IEEE 754-1985 double extended; `string2ld` and `ld2string` of Redis 7.0.

use std::cmp::Ordering;
use std::fmt;

use super::big::Big;

/// The longest text that is read: Redis's `MAX_LONG_DOUBLE_CHARS`, less the final NUL.
const TEXT_BYTES_MAX: usize = 5 * 1024 - 1;
/// The exponent of the last bit of a subnormal number.
const EXPONENT_MIN: i32 = -16445;
/// The exponent of the last bit of the greatest number.
const EXPONENT_MAX: i32 = 16383 - 63;
/// Decimal places that are printed.
const PLACES: u32 = 17;

/// A number: `mantissa * 2^exponent`, or infinite. The mantissa's top bit is set, unless the
/// exponent is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extended {
    negative: bool,
    mantissa: u64,
    exponent: i32,
    infinite: bool,
}

impl Extended {
    /// Nought.
    pub const ZERO: Extended =
        Extended { negative: false, mantissa: 0, exponent: EXPONENT_MIN, infinite: false };

    /// Reads what C's `strtold` reads to the end: decimal, hexadecimal, infinity; no spaces before,
    /// not NaN, nothing that overflows or that vanishes.
    pub fn parse(text: &[u8]) -> Option<Extended> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
            return Some(Extended { negative, infinite: true, ..Extended::ZERO });
        }
        let (value, is_zero) = match text {
            [b'0', b'x' | b'X', digits @ ..] => Extended::parse_hexadecimal(digits)?,
            _ => Extended::parse_decimal(text)?,
        };
        let vanished = value.mantissa == 0 && !is_zero;
        (!value.infinite && !vanished).then_some(Extended { negative, ..value })
    }

    /// The number, and whether the text says zero.
    fn parse_decimal(text: &[u8]) -> Option<(Extended, bool)> {
        let Scientific { digits, point, exponent } =
            Scientific::read(text, b'e', u8::is_ascii_digit)?;
        let Some(first) = digits.iter().position(|&digit| digit != b'0') else {
            return Some((Extended::ZERO, true));
        };
        let last = digits.iter().rposition(|&digit| digit != b'0').unwrap_or(first);
        // The value is 0.ddd * 10^magnitude, and ddd * 10^power.
        let magnitude = exponent + point as i64 - first as i64;
        let power = exponent + point as i64 - last as i64 - 1;
        if !(-4_960..=4_940).contains(&magnitude) {
            // Beyond the least or the greatest number: the caller refuses both.
            return Some((Extended::ZERO, false));
        }
        let mut above = Big::from_decimal(&digits[first..=last]);
        let mut below = Big::from_decimal(b"1");
        let power_size = u32::try_from(power.unsigned_abs()).ok()?;
        if power < 0 { &mut below } else { &mut above }.multiply_by_power_of_ten(power_size);
        Some((Extended::quotient(above, below), false))
    }

    /// As `parse_decimal`, for what follows `0x`.
    fn parse_hexadecimal(text: &[u8]) -> Option<(Extended, bool)> {
        let Scientific { digits, point, exponent } =
            Scientific::read(text, b'p', u8::is_ascii_hexdigit)?;
        let (mut wide, mut sticky) = (0u128, false);
        let mut exponent = exponent + 4 * (point as i64 - digits.len() as i64);
        for digit in digits {
            let digit = (digit as char).to_digit(16)?;
            if wide >> 120 == 0 {
                wide = wide << 4 | u128::from(digit);
            } else {
                sticky |= digit != 0;
                exponent += 4;
            }
        }
        let is_zero = wide == 0;
        // Clamped to where everything vanishes or overflows.
        let exponent = exponent.clamp(-40_000, 40_000) as i32;
        Some((Extended::round(wide, exponent, sticky), is_zero))
    }

    /// `above / below`, rounded once.
    fn quotient(mut above: Big, mut below: Big) -> Extended {
        const BITS: i32 = 68;
        let (above_bits, below_bits) = (above.bits(), below.bits());
        let longer = above_bits.max(below_bits);
        above.shift_left(longer - above_bits);
        below.shift_left(longer - below_bits);
        // Long division, bit by bit: both are equally long now, so the first bit is worth
        // 2^(difference of the lengths).
        let mut wide = 0u128;
        for _ in 0..BITS {
            wide <<= 1;
            if above.compare(&below) != Ordering::Less {
                above.subtract(&below);
                wide |= 1;
            }
            above.shift_left(1);
        }
        let exponent = above_bits as i32 - below_bits as i32 - (BITS - 1);
        Extended::round(wide, exponent, !above.is_zero())
    }

    /// The number nearest to `wide * 2^exponent`, or, if `sticky`, to something between that and
    /// the next; then `wide` must have more than 65 bits.
    fn round(wide: u128, exponent: i32, sticky: bool) -> Extended {
        if wide == 0 {
            return Extended::ZERO;
        }
        let bits = 128 - wide.leading_zeros() as i32;
        let shift = (bits - 64).max(EXPONENT_MIN - exponent);
        let mut exponent = exponent + shift;
        let mantissa = if shift <= 0 {
            (wide << -shift) as u64
        } else {
            let kept = wide.checked_shr(shift as u32).unwrap_or(0);
            let half = wide.checked_shr(shift as u32 - 1).unwrap_or(0) & 1 == 1;
            let below_half =
                1u128.checked_shl(shift as u32 - 1).map_or(wide, |one| wide & (one - 1));
            let up = half && (sticky || below_half != 0 || kept & 1 == 1);
            match u64::try_from(kept + u128::from(up)) {
                Ok(mantissa) => mantissa,
                Err(_) => {
                    exponent += 1;
                    1 << 63
                }
            }
        };
        let infinite = exponent > EXPONENT_MAX;
        Extended { negative: false, mantissa, exponent, infinite }
    }

    /// Whether it is a number and not an infinity.
    pub fn is_finite(self) -> bool {
        !self.infinite
    }

    /// The number with the other sign.
    pub fn negated(self) -> Extended {
        Extended { negative: !self.negative, ..self }
    }

    /// Whether it is the lesser of two; zeros of either sign are equal.
    pub fn is_less(self, other: Extended) -> bool {
        // With the top bit set the exponent decides; without it, it is the least there is.
        let size = |it: Extended| (it.infinite, it.exponent, it.mantissa);
        let is_zero = |it: Extended| it.mantissa == 0 && !it.infinite;
        match (self.negative && !is_zero(self), other.negative && !is_zero(other)) {
            (true, false) => true,
            (false, true) => false,
            (false, false) => size(self) < size(other),
            (true, true) => size(other) < size(self),
        }
    }

    /// The sum; `None` if it is infinite or not a number.
    pub fn plus(self, other: Extended) -> Option<Extended> {
        if self.infinite || other.infinite {
            return None;
        }
        let (great, small) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        // Both get 63 bits more below; what the smaller one loses is kept as one bit of memory.
        let gap = (great.exponent - small.exponent) as u32;
        let great_wide = u128::from(great.mantissa) << 63;
        let small_wide = u128::from(small.mantissa) << 63;
        let aligned = small_wide.checked_shr(gap).unwrap_or(0);
        let sticky = aligned.checked_shl(gap).unwrap_or(0) != small_wide;
        let exponent = great.exponent - 63;
        let (wide, negative) = if great.negative == small.negative {
            (great_wide + aligned, great.negative)
        } else if great_wide >= aligned {
            // Something between 0 and 1 more is to be taken off, hence one now.
            (great_wide - aligned - u128::from(sticky), great.negative)
        } else {
            (aligned - great_wide, small.negative)
        };
        let sum = Extended { negative, ..Extended::round(wide, exponent, sticky) };
        (!sum.infinite).then_some(sum)
    }
}

/// As `ld2string` prints for people: `%.17Lf` without the zeros at the end.
impl fmt::Display for Extended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ONE: u128 = 10u128.pow(PLACES);
        let sign = if self.negative { "-" } else { "" };
        if self.exponent >= 0 {
            let mut whole = Big::from(self.mantissa);
            whole.shift_left(self.exponent as u32);
            return write!(f, "{sign}{whole}");
        }
        // Less than 2^64 * 10^17 < 2^121, so this is exact.
        let scaled = u128::from(self.mantissa) * ONE;
        let shift = self.exponent.unsigned_abs();
        let kept = scaled.checked_shr(shift).unwrap_or(0);
        let half = scaled.checked_shr(shift - 1).unwrap_or(0) & 1 == 1;
        let below_half = 1u128.checked_shl(shift - 1).map_or(scaled, |one| scaled & (one - 1));
        let places = kept + u128::from(half && (below_half != 0 || kept & 1 == 1));
        if places == 0 {
            return f.write_str("0");
        }
        write!(f, "{sign}{}", places / ONE)?;
        let (mut fraction, mut width) = (places % ONE, PLACES as usize);
        if fraction == 0 {
            return Ok(());
        }
        while fraction % 10 == 0 {
            fraction /= 10;
            width -= 1;
        }
        write!(f, ".{fraction:0width$}")
    }
}

/// The parts of a text like `12.5e-3`.
struct Scientific {
    /// The digits without the point; at least one.
    digits: Vec<u8>,
    /// How many of them are before the point.
    point: usize,
    /// What follows the letter, cut to what can matter.
    exponent: i64,
}

impl Scientific {
    fn read(text: &[u8], letter: u8, is_digit: fn(&u8) -> bool) -> Option<Scientific> {
        let mut digits = Vec::with_capacity(text.len());
        let mut point = None;
        let mut rest = text;
        while let [byte, tail @ ..] = rest {
            if is_digit(byte) {
                digits.push(*byte);
            } else if *byte == b'.' && point.is_none() {
                point = Some(digits.len());
            } else {
                break;
            }
            rest = tail;
        }
        if digits.is_empty() {
            return None;
        }
        let point = point.unwrap_or(digits.len());
        let exponent = match rest {
            [] => 0,
            [byte, tail @ ..] if byte.eq_ignore_ascii_case(&letter) => Scientific::exponent(tail)?,
            _ => return None,
        };
        Some(Scientific { digits, point, exponent })
    }

    fn exponent(text: &[u8]) -> Option<i64> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if digits.is_empty() {
            return None;
        }
        let mut exponent = 0i64;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            exponent = (exponent * 10 + i64::from(digit - b'0')).min(1_000_000);
        }
        Some(if negative { -exponent } else { exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::Extended;

    fn sum(a: &str, b: &str) -> Option<String> {
        let (a, b) = (Extended::parse(a.as_bytes()), Extended::parse(b.as_bytes()));
        Some(a?.plus(b?)?.to_string())
    }

    /// What redis-server 7.0.15 on x86-64 answers to SET k a, INCRBYFLOAT k b.
    #[test]
    fn sums_are_those_of_redis() {
        let rows = include_str!("extended_sums.txt");
        let mut count = 0;
        for row in rows.lines().filter(|row| !row.starts_with('#')) {
            let [a, b, want] = row.split(' ').collect::<Vec<_>>()[..] else {
                unreachable!("three words a row: {row}")
            };
            let want = (want != "refused").then(|| want.to_owned());
            assert_eq!(sum(a, b), want, "{a} + {b}");
            count += 1;
        }
        assert!(count > 500);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", ".", "e5", "1e", "1e+", "1 ", " 1", "nan", "-nan", "1e5000", "1e-5000", "0x",
            "0xg", "0x1p", "1..2", "1.2.3", "infinit", "--1", "1_0",
        ] {
            assert_eq!(Extended::parse(text.as_bytes()), None, "{text:?}");
        }
        assert!(Extended::parse(&[b'1'; 5120]).is_none());
        assert!(Extended::parse(&[b'0'; 5119]).is_some());
    }

    #[test]
    fn the_ends_of_the_range_are_kept() {
        let greatest = "1.18973149535723176502e+4932";
        assert_eq!(sum(greatest, "0").map(|text| text.len()), Some(4933));
        assert_eq!(sum(greatest, greatest), None);
        assert_eq!(sum(greatest, &format!("-{greatest}")).as_deref(), Some("0"));
        assert_eq!(sum("3.6452e-4951", "0").as_deref(), Some("0"));
        assert_eq!(sum("1e-4960", "0"), None);
    }
}
