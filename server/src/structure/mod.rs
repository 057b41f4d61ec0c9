//! Pure data structures: what lists, hashes, sets and sorted sets are made of.
//!
//! Everything here is a function of the calls made to it: no clock, no chance, no RESP, no keys. Two copies
//! that saw the same calls hold their elements in the same order, and so does a copy rebuilt from a snapshot.

mod fixed_state;
pub mod glob;
pub mod hash;
mod prefetch;

pub use fixed_state::{FixedHasher, FixedState};
pub use hash::hash;
pub use prefetch::prefetch;
