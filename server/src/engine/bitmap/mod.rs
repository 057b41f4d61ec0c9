//! engine/bitmap — strings as rows of bits, and as rows of small integers.
//!
//! A bitmap is a string of the keyspace; bit 0 is the highest bit of its first byte. Bits behind
//! the end read as 0, and writing there makes the string longer.
//!
//! - `commands` has the statics and handlers: `one` reads and sets a bit, `find` counts and looks
//!   for bits, `combine` computes one bitmap of several, `fields` is BITFIELD.
//! - `bits` counts and finds, `operation` combines, `field` reads and writes integers of any width.
//!   They know no RESP.
//!
//! Rules and error texts are those of Redis 7.2 (`bitops.c`); DIFF, DIFF1, ANDOR and ONE of BITOP
//! are those of Redis 8.2 (<https://redis.io/docs/latest/commands/bitop/>).
//!
//! Invariant: an offset is checked against `OFFSET_MAX` before any memory is taken.
//! Not here: the strings' other commands, see `string`.

mod bits;
mod commands;
mod field;
mod operation;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{combine, fields, find, one};

/// The last bit that may be named: that of a string of 512 MiB, the default of Redis's
/// `proto-max-bulk-len`. A constant, since a setting of one machine must not decide what a record
/// means.
const OFFSET_MAX: u64 = (512 << 20) * 8 - 1;

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "bitmap",
    summary: "Strings as rows of bits.",
    group: Group::Bitmap,
    kinds: &[],
    commands: &[
        &one::SETBIT,
        &one::GETBIT,
        &find::BITCOUNT,
        &find::BITPOS,
        &combine::BITOP,
        &fields::BITFIELD,
        &fields::BITFIELD_RO,
    ],
    settings: &[],
    state: None,
};
