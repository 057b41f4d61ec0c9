//! engine/hash/commands — statics and handlers.
//!
//! - `one`: what names its fields: HSET, HGET, HDEL and their relatives.
//! - `numbers`: HINCRBY, HINCRBYFLOAT.
//! - `all`: what goes over the hash: HGETALL, HKEYS, HVALS, HLEN, HSCAN.
//! - `random`: HRANDFIELD.
//! - `deadlines`: HEXPIRE, HTTL, HPERSIST and their relatives.
//! - `together`: HGETEX, HSETEX, HGETDEL.
//! - `counted`: the fields that the last two groups name, and the times they give.

pub mod all;
mod counted;
pub mod deadlines;
pub mod numbers;
pub mod one;
pub mod random;
pub mod together;
