//! engine/hyperloglog — how many different elements were seen, from at most 12 KiB.
//!
//! A HyperLogLog is a string of the keyspace in Redis's own form, so that what GET answers, DUMP
//! carries and SET puts back is the same in both servers:
//!
//! ```text
//! | "HYLL" | form: u8 | 0 0 0 | cardinality: u64, little-endian | registers ... |
//! ```
//!
//! The highest bit of the cardinality says that it is out of date. There are 16,384 registers; an
//! element belongs to one, and raises it to one more than the zeros that its hash ends in. The
//! error of the estimate is 0.81 %.
//!
//! - `commands` has the statics and handlers.
//! - `sketch` knows the header, and changes a copy of a value; `sparse` and `dense` are the two
//!   forms of the registers; `element` hashes; `estimate` counts. They know no RESP.
//!
//! The rules and the bytes are those of Redis 7 (`hyperloglog.c`); the estimator is Ertl's "New
//! cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284, as there.
//!
//! Invariants
//! - Equal commands leave equal bytes, as in Redis. So PFCOUNT stores what it computed, and is a
//!   write, recorded when it did; COMMAND and ACL call it a reader as Redis does. Else a value read
//!   with GET would differ, and a count that is asked for often would be computed each time.
//! - What makes a value dense is a constant, not a setting of one machine: see
//!   `sparse::BYTES_MAX`.
//! - Values may be any bytes, since SET writes them: what is damaged is refused, and nothing is
//!   changed before all of a command's elements are in.

mod commands;
mod dense;
mod element;
mod estimate;
mod sketch;
mod sparse;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{add, count, debug, merge};

/// How many registers there are.
const REGISTERS: usize = 1 << 14;

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "hyperloglog",
    summary: "Estimated numbers of different elements.",
    group: Group::HyperLogLog,
    kinds: &[],
    commands: &[&add::PFADD, &count::PFCOUNT, &merge::PFMERGE, &debug::PFDEBUG, &debug::PFSELFTEST],
    settings: &[],
    state: None,
};
