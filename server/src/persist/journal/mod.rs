//! persist/journal — every write that changed something, in the order of its changes, on disk.
//!
//! ```text
//! loops:   command -> Tap (an LSN, while its stripes are locked) -> batch at the end of the turn
//! writer:  batches -> in order of LSN -> blocks -> write -> fdatasync -> durable LSN -> loops
//! ```
//!
//! A *unit* is what is done again as a whole or not at all: the record of one command, or all
//! records of a transaction. Its number, the LSN, is drawn while the stripes are locked, so the
//! order of LSNs is the order per key. A loop hands its units over at the end of a turn; the
//! writer thread puts them in order and never writes one before all that come before it are
//! there. While it syncs, the next batch collects: that is the group commit.
//!
//! - [`format`](mod@format), [`log`], [`read`]: the bytes, writing them, reading them back; without
//!   threads.
//! - `shared`: what loops and writer share: the queue, the LSNs, the policy, the trouble.
//! - [`tap`]: a loop's end of it. `writer`: the thread's.
//!
//! Invariants: nothing but the writer thread and its helper touches a file; memory for records
//! that are not written is bounded by holding writes back ([`Shared::is_full`]); a failed sync is
//! never tried again.

pub mod format;
pub mod log;
pub mod read;
mod shared;
pub mod tap;
mod writer;

pub use format::Lsn;
pub use shared::{Policy, Shared, Trouble};
pub use tap::Tap;
pub use writer::{Handle, start};
