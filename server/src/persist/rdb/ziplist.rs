//! persist/rdb/ziplist.rs — Redis's packed entries before 7.0; only read.
//!
//! ```text
//! | bytes: u32 | offset of the last entry: u32 | entries: u16 | entry ... | ff |
//! entry   | length of the entry before: u8, or fe and u32 | head | body ... |
//!
//! 00ll llll                a string of up to 63 bytes
//! 01ll llll llll llll      a string of up to 16,383 bytes
//! 10.. .... u32            a longer string; the length is highest byte first
//! c0 d0 e0 f0 fe           an integer of 2, 4, 8, 3 or 1 bytes, lowest first
//! f1 .. fd                 an integer from 0 to 12
//! ```

use super::entries::Entry;
use super::listpack::take_integer;

const HEADER_BYTES: usize = 10;
const END: u8 = 0xff;
/// Longer lengths stand in four bytes of their own.
const BEFORE_WIDE: u8 = 0xfe;

/// The announced number of entries, their bytes, and how many of these are the last entry's; `None`
/// if header or end are wrong.
pub(super) fn unframe(packed: &[u8]) -> Option<(u16, &[u8], usize)> {
    let bytes = u32::from_le_bytes(*packed.first_chunk()?);
    let count = u16::from_le_bytes(*packed.get(8..)?.first_chunk()?);
    let (&end, entries) = packed.get(HEADER_BYTES..)?.split_last()?;
    let last = u32::from_le_bytes(*packed.get(4..)?.first_chunk()?);
    let last = packed.len().checked_sub(usize::try_from(last).ok()?)?.checked_sub(1)?;
    (usize::try_from(bytes) == Ok(packed.len()) && end == END).then_some((count, entries, last))
}

/// The next entry; `None` if it is broken. `before` is the length of the one before it.
pub(super) fn take<'a>(rest: &mut &'a [u8], before: &mut usize) -> Option<Entry<'a>> {
    let whole = rest.len();
    let told = match *rest.split_off_first()? {
        BEFORE_WIDE => u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?),
        narrow => u32::from(narrow),
    };
    if usize::try_from(told) != Ok(*before) {
        return None;
    }
    let head = *rest.split_off_first()?;
    let entry = match head {
        0x00..=0x3f => Entry::Bytes(rest.split_off(..usize::from(head))?),
        0x40..=0x7f => {
            let length = usize::from(head & 0x3f) << 8 | usize::from(*rest.split_off_first()?);
            Entry::Bytes(rest.split_off(..length)?)
        }
        0x80..=0xbf => {
            let length = u32::from_be_bytes(*rest.split_off(..4)?.first_chunk()?);
            Entry::Bytes(rest.split_off(..usize::try_from(length).ok()?)?)
        }
        0xc0 => take_integer(rest, 2)?,
        0xd0 => take_integer(rest, 4)?,
        0xe0 => take_integer(rest, 8)?,
        0xf0 => take_integer(rest, 3)?,
        0xfe => take_integer(rest, 1)?,
        0xf1..=0xfd => Entry::Integer(i64::from(head - 0xf1)),
        _ => return None,
    };
    *before = whole - rest.len();
    Some(entry)
}
