//! persist/rdb/listpack.rs — Redis's packed entries since 7.0.
//!
//! ```text
//! | bytes: u32 | entries: u16 | entry ... | ff |
//! entry   | head | body ... | its own length, in 7-bit groups that are read from the end |
//!
//! 0vvv vvvv                an integer from 0 to 127
//! 10ll llll                a string of up to 63 bytes
//! 110v vvvv vvvv vvvv      an integer of 13 bits
//! 1110 llll llll llll      a string of up to 4095 bytes
//! 1111 0000 u32            a longer string
//! 1111 0001 .. 0100        an integer of 2, 3, 4 or 8 bytes
//! ```
//!
//! Numbers of several bytes are lowest byte first. 65,535 entries stand for any number of them.

use mainstay_protocol::parse_i64;

use super::entries::Entry;

const HEADER_BYTES: usize = 6;
const END: u8 = 0xff;

/// The announced number of entries, and their bytes; `None` if header or end are wrong.
pub(super) fn unframe(packed: &[u8]) -> Option<(u16, &[u8])> {
    let bytes = u32::from_le_bytes(*packed.first_chunk()?);
    let count = u16::from_le_bytes(*packed.get(4..)?.first_chunk()?);
    let (&end, entries) = packed.get(HEADER_BYTES..)?.split_last()?;
    (usize::try_from(bytes) == Ok(packed.len()) && end == END).then_some((count, entries))
}

/// The next entry; `None` if it is broken.
pub(super) fn take<'a>(rest: &mut &'a [u8]) -> Option<Entry<'a>> {
    let whole = rest.len();
    let head = *rest.split_off_first()?;
    let entry = match head {
        0x00..=0x7f => Entry::Integer(i64::from(head)),
        0x80..=0xbf => Entry::Bytes(rest.split_off(..usize::from(head & 0x3f))?),
        0xc0..=0xdf => {
            let bits = i16::from(head & 0x1f) << 8 | i16::from(*rest.split_off_first()?);
            Entry::Integer(i64::from(bits << 3 >> 3))
        }
        0xe0..=0xef => {
            let length = usize::from(head & 0x0f) << 8 | usize::from(*rest.split_off_first()?);
            Entry::Bytes(rest.split_off(..length)?)
        }
        0xf0 => {
            let length = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?);
            Entry::Bytes(rest.split_off(..usize::try_from(length).ok()?)?)
        }
        0xf1 => take_integer(rest, 2)?,
        0xf2 => take_integer(rest, 3)?,
        0xf3 => take_integer(rest, 4)?,
        0xf4 => take_integer(rest, 8)?,
        _ => return None,
    };
    let (length, width) = back_length(whole - rest.len());
    (rest.split_off(..width)? == &length[..width]).then_some(entry)
}

/// An integer of `width` bytes, lowest first.
pub(super) fn take_integer<'a>(rest: &mut &'a [u8], width: usize) -> Option<Entry<'a>> {
    let mut bytes = [0; 8];
    let unused = 8 - width;
    bytes[unused..].copy_from_slice(rest.split_off(..width)?);
    // The highest byte stands at the end, so that shifting it down brings the sign along.
    Some(Entry::Integer(i64::from_le_bytes(bytes) >> (8 * unused)))
}

/// An entry's length as it stands behind it, and how many bytes that takes. The limits are Redis's:
/// each is one below what would fit.
fn back_length(length: usize) -> ([u8; 5], usize) {
    let width = match length {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    let mut bytes = [0; 5];
    for (at, byte) in bytes[..width].iter_mut().rev().enumerate() {
        let more = if at + 1 < width { 0x80 } else { 0 };
        *byte = (length >> (7 * at)) as u8 & 0x7f | more;
    }
    (bytes, width)
}

/// Entries being written.
#[derive(Debug, Default)]
pub(super) struct Listpack {
    entries: Vec<u8>,
    count: usize,
}

impl Listpack {
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.count = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How long it will be.
    pub(super) fn len(&self) -> usize {
        HEADER_BYTES + self.entries.len() + 1
    }

    /// Adds a string, as an integer if it is one's only spelling.
    pub(super) fn push(&mut self, entry: &[u8]) {
        if let Some(number) = parse_i64(entry) {
            return self.push_integer(number);
        }
        let start = self.entries.len();
        let length = entry.len();
        match length {
            0..0x40 => self.entries.push(0x80 | length as u8),
            0x40..0x1000 => self.entries.extend_from_slice(&(0xe000 | length as u16).to_be_bytes()),
            _ => {
                self.entries.push(0xf0);
                self.entries.extend_from_slice(&(length as u32).to_le_bytes());
            }
        }
        self.entries.extend_from_slice(entry);
        self.end(start);
    }

    pub(super) fn push_integer(&mut self, number: i64) {
        let start = self.entries.len();
        let (head, width) = match number {
            0..0x80 => (number as u8, 0),
            -0x1000..0x1000 => {
                let bits = 0xc000 | number as u16 & 0x1fff;
                self.entries.extend_from_slice(&bits.to_be_bytes());
                return self.end(start);
            }
            -0x8000..0x8000 => (0xf1, 2),
            -0x80_0000..0x80_0000 => (0xf2, 3),
            -0x8000_0000..0x8000_0000 => (0xf3, 4),
            _ => (0xf4, 8),
        };
        self.entries.push(head);
        self.entries.extend_from_slice(&number.to_le_bytes()[..width]);
        self.end(start);
    }

    /// Writes the length of the entry that began at `start` behind it.
    fn end(&mut self, start: usize) {
        let (length, width) = back_length(self.entries.len() - start);
        self.entries.extend_from_slice(&length[..width]);
        self.count += 1;
    }

    /// Adds all entries of another.
    pub(super) fn append(&mut self, other: &Listpack) {
        self.entries.extend_from_slice(&other.entries);
        self.count += other.count;
    }

    /// The whole listpack.
    pub(super) fn framed(&self) -> Vec<u8> {
        let mut framed = Vec::with_capacity(self.len());
        framed.extend_from_slice(&(self.len() as u32).to_le_bytes());
        let count = u16::try_from(self.count).unwrap_or(u16::MAX);
        framed.extend_from_slice(&count.to_le_bytes());
        framed.extend_from_slice(&self.entries);
        framed.push(END);
        framed
    }
}
