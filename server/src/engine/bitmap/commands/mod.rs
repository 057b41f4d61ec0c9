//! engine/bitmap/commands — statics and handlers, by what they do.

pub(super) mod combine;
pub(super) mod fields;
pub(super) mod find;
pub(super) mod one;

use super::OFFSET_MAX;
use crate::command::options;
use crate::error::Refusal;

/// Reads the offset of a bit; with `width` also `#3`, the third field of that many bits.
fn offset(bytes: &[u8], width: Option<u8>) -> Result<u64, Refusal> {
    let number = match (bytes, width) {
        ([b'#', index @ ..], Some(width)) => {
            options::parse_integer(index).and_then(|index| index.checked_mul(width.into()))
        }
        _ => options::parse_integer(bytes),
    };
    number
        .and_then(|offset| u64::try_from(offset).ok())
        .filter(|&offset| offset <= OFFSET_MAX)
        .ok_or(Refusal::text("ERR bit offset is not an integer or out of range"))
}
