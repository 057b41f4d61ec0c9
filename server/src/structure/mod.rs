//! Pure data structures: what lists, hashes, sets, sorted sets and streams are made of.
//!
//! Everything here is a function of the calls made to it: no clock, no chance, no RESP, no keys.
//! Two copies that saw the same calls hold their elements in the same order, and so does a copy
//! rebuilt from a snapshot.
//!
//! - [`packed`]: a short sequence of strings in one allocation; small hashes, sets and sorted sets.
//! - [`Small`]: a packed sequence or a box of something bigger, behind eight bytes.
//! - [`dense`]: sets and maps in sub-tables; big sets and hashes, and the names of a sorted set's
//!   members.
//! - [`ranked`]: members by score; big sorted sets.
//! - [`segments`]: lists of any length.
//! - [`blocks`]: entries by growing ids; streams.
//! - [`decimal`]: whole numbers as text.
//! - [`partial_sort`]: the first few of many in order.
//! - [`glob`]: the patterns of keys, channels, settings and files.
//! - [`ordered`]: elements by keys that mostly grow; what is pending in a stream's groups.
//! - [`frozen`]: how values are written into a snapshot and read back.
//! - [`extended`]: 80-bit floating-point numbers, in software; `big` is what it computes with.
//! - [`Chunks`]: a vector that never moves what it holds.
//! - [`hash()`]: the hash they and the keyspace use.
//!
//! `thin` owns every allocation of a single string, and with it most unsafe code; `varint` writes
//! lengths.
//!
//! Weights are heap bytes as mimalloc's size classes round them. Not here: when a small form
//! becomes a big one.

mod big;
pub mod blocks;
mod chunks;
pub mod decimal;
pub mod dense;
#[cfg(test)]
mod dice;
pub mod extended;
mod fixed_state;
pub mod frozen;
pub mod glob;
pub mod hash;
pub mod ordered;
pub mod packed;
pub mod partial_sort;
mod prefetch;
pub mod ranked;
pub mod segments;
mod size_class;
mod small;
mod thin;
mod varint;

pub use chunks::Chunks;
pub use fixed_state::{FixedHasher, FixedState};
pub use hash::hash;
pub use prefetch::prefetch;
pub use size_class::room;
pub use small::{Form, Small};
