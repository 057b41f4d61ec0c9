//! Doubles as text, in the words of Redis 7.2.
//!
//! The digits are the fewest that read back as the same number; Rust's formatting finds them the
//! same way on every machine. How they are laid out follows `d2string` and `fpconv_dtoa` of Redis
//! 7.2: integers up to 2^62 in full, then a point while the number stays short, then an exponent.
//! Redis searches the digits with Grisu2, which in about one of a thousand numbers finds more than
//! the fewest; there the texts differ, and both read back as the same number.

use std::fmt::Write;
use std::ops::Deref;

/// Longest text: a sign, 17 digits, a point, `e-` and three digits, rounded up.
const TEXT_BYTES_MAX: usize = 32;

/// Integers up to here are written in full, as Redis does (`double2ll`).
const WHOLE_MAX: f64 = (1u64 << 62) as f64;

/// The text of a double, on the stack. Dereferences to its bytes.
#[derive(Clone, Copy)]
pub struct DoubleText {
    bytes: [u8; TEXT_BYTES_MAX],
    len: u8,
}

impl DoubleText {
    const fn empty() -> DoubleText {
        DoubleText { bytes: [0; TEXT_BYTES_MAX], len: 0 }
    }

    /// The text as `str`; it is ASCII.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self).unwrap_or_default()
    }

    /// Appends what fits, which is everything this module writes.
    fn push(&mut self, text: &[u8]) {
        let start = usize::from(self.len);
        if let Some(room) = self.bytes.get_mut(start..start + text.len()) {
            room.copy_from_slice(text);
            self.len += text.len() as u8;
        }
    }

    fn push_zeros(&mut self, count: usize) {
        const ZEROS: [u8; TEXT_BYTES_MAX] = [b'0'; TEXT_BYTES_MAX];
        self.push(&ZEROS[..count.min(TEXT_BYTES_MAX)]);
    }
}

impl Deref for DoubleText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Write for DoubleText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl std::fmt::Debug for DoubleText {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.as_str())
    }
}

/// Writes a double as Redis 7.2 does: `3`, `0.1`, `1e+21`, `1e-7`, `inf`, `-inf`, `nan`, `-0`.
///
/// Costs about as much as an integer when the value is one, else some tens of nanoseconds.
pub fn format_double(value: f64) -> DoubleText {
    let mut text = DoubleText::empty();
    if value.is_nan() {
        text.push(b"nan");
    } else if value.is_infinite() {
        text.push(if value > 0.0 { b"inf" } else { b"-inf" });
    } else if value == 0.0 {
        text.push(if value.is_sign_positive() { b"0" } else { b"-0" });
    } else if value.abs() <= WHOLE_MAX && value == (value as i64) as f64 {
        text.push(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        write_shortest(value, &mut text);
    }
    text
}

/// Lays out the digits of a number that is finite and not zero.
fn write_shortest(value: f64, text: &mut DoubleText) {
    if value < 0.0 {
        text.push(b"-");
    }
    // `{:e}` gives d.ddde±x with the fewest digits; only their layout is Redis's own.
    let mut source = DoubleText::empty();
    let _ = write!(source, "{:e}", value.abs());
    let mark = source.iter().position(|&byte| byte == b'e').unwrap_or(source.len());
    let exponent: i32 = source.as_str().get(mark + 1..).and_then(|x| x.parse().ok()).unwrap_or(0);
    let mut digits = DoubleText::empty();
    digits.push(&source[..1]);
    digits.push(source.get(2..mark).unwrap_or_default());

    let digits: &[u8] = &digits;
    // The value is `digits` as an integer times ten to the `scale`.
    let scale = exponent + 1 - digits.len() as i32;
    let magnitude = exponent.unsigned_abs() as usize;
    if scale >= 0 && magnitude < digits.len() + 7 {
        text.push(digits);
        text.push_zeros(scale as usize);
    } else if scale < 0 && (scale > -7 || magnitude < 4) {
        let after_point = scale.unsigned_abs() as usize;
        match digits.len().checked_sub(after_point) {
            Some(before_point) if before_point > 0 => {
                text.push(&digits[..before_point]);
                text.push(b".");
                text.push(&digits[before_point..]);
            }
            _ => {
                text.push(b"0.");
                text.push_zeros(after_point - digits.len());
                text.push(digits);
            }
        }
    } else {
        text.push(&digits[..1]);
        if digits.len() > 1 {
            text.push(b".");
            text.push(&digits[1..]);
        }
        text.push(if exponent < 0 { b"e-" } else { b"e+" });
        text.push(itoa::Buffer::new().format(magnitude).as_bytes());
    }
}
