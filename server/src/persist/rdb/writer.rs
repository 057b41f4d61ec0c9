//! persist/rdb/writer.rs — lengths and strings, appended to what is being written.

use mainstay_protocol::parse_i64;

use super::lzf;

/// Instead of a length: an integer of one byte is the string.
pub(super) const CODE_INT8: u8 = 0;
/// Of two bytes.
pub(super) const CODE_INT16: u8 = 1;
/// Of four bytes.
pub(super) const CODE_INT32: u8 = 2;
/// Compressed: the lengths with and without compression, and the bytes.
pub(super) const CODE_LZF: u8 = 3;
/// A code is written with both high bits set.
pub(super) const IS_CODE: u8 = 0xc0;
/// A length of 32 bits follows, highest byte first.
pub(super) const LENGTH_32: u8 = 0x80;
/// A length of 64 bits follows.
pub(super) const LENGTH_64: u8 = 0x81;

/// The longest string read: what a string of ours can be long.
pub(super) const STRING_BYTES_MAX: usize = 512 << 20;

/// Up to here compressing does not pay.
const COMPRESSED_BYTES_MIN: usize = 21;

/// Integers of 32 bits have at most so many digits, the sign counted.
const INTEGER_BYTES_MAX: usize = 11;

/// Appends a length in its shortest form.
pub(super) fn put_length(to: &mut Vec<u8>, length: u64) {
    match length {
        0..0x40 => to.push(length as u8),
        0x40..0x4000 => to.extend_from_slice(&(0x4000 | length as u16).to_be_bytes()),
        0x4000..=0xffff_ffff => {
            to.push(LENGTH_32);
            to.extend_from_slice(&(length as u32).to_be_bytes());
        }
        _ => {
            to.push(LENGTH_64);
            to.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// A count that is written before it is known.
pub(super) struct Count {
    at: usize,
    count: u32,
}

impl Count {
    /// Appends a count of zero.
    pub(super) fn put(to: &mut Vec<u8>) -> Count {
        to.push(LENGTH_32);
        to.extend_from_slice(&[0; 4]);
        Count { at: to.len() - 4, count: 0 }
    }

    /// Whether it is still zero.
    pub(super) fn is_zero(&self) -> bool {
        self.count == 0
    }

    /// One more.
    pub(super) fn grow(&mut self, to: &mut [u8]) {
        self.count = self.count.saturating_add(1);
        if let Some(bytes) = to.get_mut(self.at..self.at + 4) {
            bytes.copy_from_slice(&self.count.to_be_bytes());
        }
    }
}

/// Appends an element of a value: an integer as such, anything else as it is.
pub(super) fn put_element(to: &mut Vec<u8>, string: &[u8]) {
    if !put_integer(to, string) {
        put_length(to, string.len() as u64);
        to.extend_from_slice(string);
    }
}

/// Appends a string that may be long, compressed if that makes it shorter.
pub(super) fn put_string(to: &mut Vec<u8>, string: &[u8]) {
    let tries = (COMPRESSED_BYTES_MIN..=lzf::BYTES_MAX).contains(&string.len());
    if let Some(packed) = tries.then(|| lzf::compress(string)).flatten() {
        to.push(IS_CODE | CODE_LZF);
        put_length(to, packed.len() as u64);
        put_length(to, string.len() as u64);
        to.extend_from_slice(&packed);
    } else {
        put_element(to, string);
    }
}

/// Appends a string that is an integer of at most 32 bits; false if it is not.
fn put_integer(to: &mut Vec<u8>, string: &[u8]) -> bool {
    if string.len() > INTEGER_BYTES_MAX {
        return false;
    }
    let Some(number) = parse_i64(string) else { return false };
    if let Ok(number) = i8::try_from(number) {
        to.extend_from_slice(&[IS_CODE | CODE_INT8, number as u8]);
    } else if let Ok(number) = i16::try_from(number) {
        to.push(IS_CODE | CODE_INT16);
        to.extend_from_slice(&number.to_le_bytes());
    } else if let Ok(number) = i32::try_from(number) {
        to.push(IS_CODE | CODE_INT32);
        to.extend_from_slice(&number.to_le_bytes());
    } else {
        return false;
    }
    true
}
