//! persist/rdb/zipmap.rs — small hashes of Redis before 2.6; only read.
//!
//! ```text
//! | fields: u8 | field | value | field | value | ... | ff |
//! field   | length | bytes ... |
//! value   | length | unused: u8 | bytes ... | unused bytes ... |
//! ```
//!
//! A length is a byte below 254, or 254 and four bytes, lowest first. 254 fields stand for any
//! number of them.

use std::io;

use super::reader::malformed;

const END: u8 = 0xff;
const WIDE: u8 = 0xfe;
const COUNT_UNKNOWN: u8 = 0xfe;

/// Shows every field with its value.
pub(super) fn each<'a>(
    packed: &'a [u8],
    mut take: impl FnMut(&'a [u8], &'a [u8]) -> io::Result<()>,
) -> io::Result<()> {
    let broken = || malformed("a broken zipmap");
    let mut rest = packed;
    let announced = *rest.split_off_first().ok_or_else(broken)?;
    let mut count = 0usize;
    while *rest.first().ok_or_else(broken)? != END {
        let (field, value) = pair(&mut rest).ok_or_else(broken)?;
        take(field, value)?;
        count += 1;
    }
    let is_told = announced == COUNT_UNKNOWN || usize::from(announced) == count;
    if is_told && rest.len() == 1 { Ok(()) } else { Err(broken()) }
}

fn pair<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let field_bytes = length(rest)?;
    let field = rest.split_off(..field_bytes)?;
    let value_bytes = length(rest)?;
    let unused = usize::from(*rest.split_off_first()?);
    let value = rest.split_off(..value_bytes)?;
    rest.split_off(..unused)?;
    Some((field, value))
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    match *rest.split_off_first()? {
        END => None,
        WIDE => {
            let length = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?);
            usize::try_from(length).ok().filter(|&length| length >= usize::from(WIDE))
        }
        narrow => Some(usize::from(narrow)),
    }
}
