//! engine/bitmap/field.rs — an integer of 1 to 64 bits at any bit of a string, highest bit first.
//!
//! A field touches at most nine bytes. They are read and written as one big-endian number of 72
//! bits, so that no width and no alignment is special.

/// Where an integer lies, and how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    /// Its first bit.
    pub(super) offset: u64,
    /// Its bits: 1 to 64, at most 63 for an unsigned one.
    pub(super) width: u8,
    /// Whether its highest bit is a sign.
    pub(super) signed: bool,
}

/// What becomes of a value that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overflow {
    /// Its low bits are kept.
    Wrap,
    /// The nearest value that fits is taken.
    Sat,
    /// Nothing is written.
    Fail,
}

const SPAN: usize = 9;

impl Field {
    /// Behind the last byte that the field touches.
    pub(super) fn end_byte(self) -> usize {
        ((self.offset + u64::from(self.width)).div_ceil(8)) as usize
    }

    fn first_byte(self) -> usize {
        (self.offset / 8) as usize
    }

    /// How far the field is from the low end of its nine bytes.
    fn shift(self) -> u32 {
        SPAN as u32 * 8 - (self.offset % 8) as u32 - u32::from(self.width)
    }

    /// The nine bytes from the field's first on; 0 where the string has none.
    fn load(self, bytes: &[u8]) -> u128 {
        let rest = bytes.get(self.first_byte()..).unwrap_or_default();
        let mut span = [0; 16];
        let there = rest.len().min(SPAN);
        span[16 - SPAN..16 - SPAN + there].copy_from_slice(&rest[..there]);
        u128::from_be_bytes(span)
    }

    /// The field's value; what is behind the end of the string reads as 0.
    pub(super) fn read(self, bytes: &[u8]) -> i64 {
        self.narrow((self.load(bytes) >> self.shift()) as i64)
    }

    /// Writes the low bits of `value`. The string reaches to [`Field::end_byte`].
    pub(super) fn write(self, bytes: &mut [u8], value: i64) {
        let mask = ((1u128 << self.width) - 1) << self.shift();
        let span = (self.load(bytes) & !mask) | (((value as u64 as u128) << self.shift()) & mask);
        let (first, end) = (self.first_byte(), self.end_byte());
        let span = &span.to_be_bytes()[16 - SPAN..];
        bytes[first..end].copy_from_slice(&span[..end - first]);
    }

    /// What SET was asked to put: a negative number is far too large for an unsigned field, and so
    /// saturates at its top, as in Redis.
    pub(super) fn settable(self, value: i64) -> i128 {
        if self.signed { value.into() } else { (value as u64).into() }
    }

    /// The value to write for the one wanted; `None` if it does not fit and must.
    pub(super) fn fit(self, wanted: i128, overflow: Overflow) -> Option<i64> {
        let (least, most) = if self.signed {
            (-(1i128 << (self.width - 1)), (1i128 << (self.width - 1)) - 1)
        } else {
            (0, (1i128 << self.width) - 1)
        };
        if (least..=most).contains(&wanted) {
            return Some(wanted as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.narrow(wanted as i64)),
            Overflow::Sat => Some(wanted.clamp(least, most) as i64),
            Overflow::Fail => None,
        }
    }

    /// The low bits of a number, as this field reads them.
    fn narrow(self, value: i64) -> i64 {
        let spare = 64 - u32::from(self.width);
        let raised = (value as u64) << spare;
        if self.signed { (raised as i64) >> spare } else { (raised >> spare) as i64 }
    }
}
