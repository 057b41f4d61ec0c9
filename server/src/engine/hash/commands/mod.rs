//! engine/hash/commands — statics and handlers.
//!
//! - `one`: what names its fields: HSET, HGET, HDEL and their relatives.
//! - `numbers`: HINCRBY, HINCRBYFLOAT.
//! - `all`: what goes over the hash: HGETALL, HKEYS, HVALS, HLEN, HSCAN.
//! - `random`: HRANDFIELD.

pub mod all;
pub mod numbers;
pub mod one;
pub mod random;
