//! engine/hash/commands — statics and handlers.
//!
//! - `one`: what names its fields: HSET, HGET, HDEL and their relatives.
//! - `all`: what goes over the hash: HGETALL, HKEYS, HVALS, HLEN.

pub mod all;
pub mod one;
