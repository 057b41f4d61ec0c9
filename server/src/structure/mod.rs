//! Pure data structures: what lists, hashes, sets and sorted sets are made of.
//!
//! Everything here is a function of the calls made to it: no clock, no chance, no RESP, no keys. Two copies
//! that saw the same calls hold their elements in the same order, and so does a copy rebuilt from a snapshot.

pub mod dense;
#[cfg(test)]
mod dice;
pub mod hash;
pub mod packed;
pub mod ranked;
pub mod segments;
mod thin;
mod varint;
