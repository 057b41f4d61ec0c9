//! persist/rdb/file — Redis's files: `dump.rdb`, and what a Redis sends a new replica.
//!
//! ```text
//! | REDIS | version: 4 digits | part ... | ff | checksum: u64 |
//! part   | fa, name, text                       what the writer says of itself
//!        | fe, length                           the database of what follows
//!        | f4 or fb, lengths                    how much follows
//!        | fd, u32 or fc, u64                   the deadline of the next value, in s or ms
//!        | f9, u8 or f8, length                 how often or when the next value was used
//!        | f5, string                           a library of functions
//!        | f7, module's id, fields              what a module keeps besides keys
//!        | form, key, value
//! ```
//!
//! - [`Reader`] goes through a file part by part; the value of a key is left in the input for the
//!   caller to read, so nothing but that value is in memory.
//! - [`scan`] copies a value without understanding it, so that others can, meanwhile or elsewhere.
//! - [`Writer`] writes a file.
//! - `input` counts and sums what is read.
//!
//! Invariants: no input panics; an announced length takes no memory; the checksum covers all before
//! it, and the end of the file is believed only when it fits. Every error has its offset
//! ([`Damage`]).
//!
//! Not here: where the values go, the names of files, keys that come twice.

mod input;
mod reader;
mod scan;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

pub use input::Input;
pub use reader::{Part, Reader};
pub use scan::scan;
pub use writer::Writer;

/// What a file begins with.
const MAGIC: &[u8; 5] = b"REDIS";

/// The bytes that stand where a form would.
mod opcode {
    pub(super) const SLOT_INFO: u8 = 244;
    pub(super) const FUNCTION: u8 = 245;
    pub(super) const FUNCTION_PRE_GA: u8 = 246;
    pub(super) const MODULE_AUX: u8 = 247;
    pub(super) const IDLE: u8 = 248;
    pub(super) const FREQUENCY: u8 = 249;
    pub(super) const AUX: u8 = 250;
    pub(super) const SIZES: u8 = 251;
    pub(super) const DEADLINE_MS: u8 = 252;
    pub(super) const DEADLINE_SECONDS: u8 = 253;
    pub(super) const DATABASE: u8 = 254;
    pub(super) const END: u8 = 255;
}

/// Why a file cannot be read, and where.
#[derive(Debug)]
pub struct Damage {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// What is wrong there: `InvalidData` and `UnexpectedEof` are the file's fault, anything else
    /// its disk's.
    pub why: io::Error,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { offset, why } = self;
        match why.kind() {
            io::ErrorKind::UnexpectedEof => write!(f, "cut off at byte {offset}"),
            io::ErrorKind::InvalidData => write!(f, "damaged at byte {offset}: {why}"),
            _ => write!(f, "cannot be read at byte {offset}: {why}"),
        }
    }
}

impl std::error::Error for Damage {}
