//! persist/snapshot — the whole keyspace as it was at one LSN, as a file.
//!
//! [`write()`] walks a capture of the keyspace and writes it block after block, in bounded memory;
//! [`load`] puts it back on all cores; [`verify`] and [`each`] read it without a keyspace. A file
//! is written under another name, synced, read back, and only then given its own, so a file that
//! has its name is whole.
//!
//! Invariants: every byte is under a checksum that also knows which file it is in and where, so
//! that no block of another file, or of another place, is taken for one; whatever is damaged or
//! missing is a fault that names file and byte. Nothing is taken on an announced length.
//!
//! Not here: which snapshot is current ([`manifest`](super::manifest)), when one is made, what
//! the entries mean (`keyspace::capture`), whose state the sections hold.

mod format;
mod load;
mod read;
mod write;

use std::sync::atomic::AtomicU64;

use super::journal::Lsn;
use crate::clock::Millis;

pub use load::{Loaded, load};
pub use read::{Piece, each, verify};
pub use write::{Plan, write};

/// Which state a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// The data set that it is of.
    pub set: u64,
    /// Drawn anew for each file.
    pub file: u64,
    /// The last LSN that is in it.
    pub lsn: Lsn,
    /// The time of the cut: what was dead then is not in it.
    pub stamp: Millis,
}

/// What a snapshot comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entries.
    pub entries: u64,
    /// Blocks.
    pub blocks: u64,
    /// Bytes of the blocks' contents before they were packed.
    pub whole: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// How far reading or writing is, for whoever looks from outside.
#[derive(Debug, Default)]
pub struct Progress {
    /// Entries done.
    pub entries: AtomicU64,
    /// Bytes of the file done.
    pub bytes: AtomicU64,
    /// Bytes of the file in all, 0 if that is not known yet.
    pub bytes_all: AtomicU64,
}
