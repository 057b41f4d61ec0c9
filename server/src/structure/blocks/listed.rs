//! structure/blocks/listed.rs — how many bytes a listpack of Redis has for what a block holds.
//!
//! They decide when a block is full, and so what is trimmed with a block. An element is its bytes
//! in one of several encodings and, behind them, their number in seven-bit groups (`listpack.c`).

use crate::structure::decimal::parse_integer;

/// An empty listpack: six bytes in front and one at the end.
pub(super) const FRAME: usize = 7;

/// An element that is text, or a number if the text is one.
#[inline]
pub(super) fn text(bytes: &[u8]) -> usize {
    if bytes.len() <= 20
        && let Some(value) = parse_integer(bytes)
    {
        return integer(value);
    }
    let head = match bytes.len() {
        0..64 => 1,
        64..4096 => 2,
        _ => 5,
    };
    with_length(head + bytes.len())
}

/// An element that is a number.
#[inline]
pub(super) fn integer(value: i64) -> usize {
    with_length(match value {
        0..=127 => 1,
        -4096..=4095 => 2,
        -32_768..=32_767 => 3,
        -8_388_608..=8_388_607 => 4,
        -2_147_483_648..=2_147_483_647 => 5,
        _ => 9,
    })
}

/// An element of so many bytes with its length behind it.
#[inline]
fn with_length(bytes: usize) -> usize {
    bytes
        + match bytes {
            0..=127 => 1,
            128..16_383 => 2,
            16_383..2_097_151 => 3,
            2_097_151..268_435_455 => 4,
            _ => 5,
        }
}
