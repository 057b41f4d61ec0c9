//! Lengths in seven-bit groups, least significant first (LEB128), readable forwards and backwards.

/// The most bytes a length takes.
pub(super) const WIDTH_MAX: usize = 10;

/// From here on a length takes more than one byte.
pub(super) const LONG: usize = 0x80;

/// An encoded length.
#[derive(Clone, Copy)]
pub(super) struct Varint {
    bytes: [u8; WIDTH_MAX],
    width: usize,
}

impl Varint {
    #[inline]
    pub(super) fn new(mut value: usize) -> Self {
        let mut bytes = [0; WIDTH_MAX];
        let mut width = 0;
        loop {
            bytes[width] = value as u8 & 0x7f;
            width += 1;
            value >>= 7;
            if value == 0 {
                return Self { bytes, width };
            }
            bytes[width - 1] |= 0x80;
        }
    }

    /// The encoding, to be read with [`read`].
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.width]
    }

    /// Turns the encoding around, to be read from its end with [`read_back`].
    #[inline]
    pub(super) fn reversed(mut self) -> Self {
        self.bytes[..self.width].reverse();
        self
    }
}

/// How many bytes the length takes.
#[inline]
pub(super) fn width(value: usize) -> usize {
    if value < LONG { 1 } else { (usize::BITS - value.leading_zeros()).div_ceil(7) as usize }
}

/// The length at the start of `bytes`, and its width.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes.first() {
        Some(&byte) if byte < 0x80 => Some((usize::from(byte), 1)),
        _ => gather(bytes.iter()),
    }
}

/// The length at the end of `bytes`, and its width.
#[inline]
pub(super) fn read_back(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes.last() {
        Some(&byte) if byte < 0x80 => Some((usize::from(byte), 1)),
        _ => gather(bytes.iter().rev()),
    }
}

fn gather<'a>(bytes: impl Iterator<Item = &'a u8>) -> Option<(usize, usize)> {
    let mut value = 0u64;
    for (at, &byte) in bytes.take(WIDTH_MAX).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return Some((value as usize, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Varint, read, read_back, width};

    #[test]
    fn lengths_survive_in_both_directions() {
        let mut values = vec![0, usize::MAX];
        for bit in 0..usize::BITS {
            let power = 1usize << bit;
            values.extend([power - 1, power, power + 1]);
        }
        for value in values {
            let varint = Varint::new(value);
            let bytes = varint.bytes();
            assert_eq!((read(bytes), width(value)), (Some((value, bytes.len())), bytes.len()));
            assert_eq!(read_back(varint.reversed().bytes()), Some((value, bytes.len())));
            assert_eq!(read(&bytes[..bytes.len() - 1]), None, "a length cut short");
        }
        assert_eq!(read(&[0xff; 20]), None, "a length without end");
    }
}
