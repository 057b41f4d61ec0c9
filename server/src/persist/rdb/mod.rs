//! persist/rdb — Redis's serialisation of values (RDB), as a pure codec.
//!
//! A value is a byte that names its *form* and what the form says. Redis has had several forms for
//! each type; all of versions 1 to 12 are read, and those that redis-server 7.0 (version 10) reads
//! are written. `docs/formats.md` draws them.
//!
//! - [`string`], [`list`], [`set`], [`sorted_set`], [`hash`], [`stream`]: a module for each type,
//!   with the forms it reads, a `read` that shows element after element to a closure or a sink, and
//!   a `write` for each form written. So a value is built once, in the form of its engine.
//! - [`payload`]: what DUMP puts around a value: the version and a checksum.
//! - [`crc64`](mod@crc64), [`lzf`]: checksum and compression.
//! - [`file`](mod@file): files of values, `dump.rdb`, with their opcodes.
//! - `reader` and `writer`: lengths and strings; `entries`, `listpack`, `ziplist`, `zipmap`: the
//!   packed forms.
//!
//! Invariants: no input panics. Input is read from a [`BufRead`](std::io::BufRead), so a value
//! never needs to lie in memory as a whole; an announced length takes no memory before the bytes
//! are there, and compressed strings are at most 88 times as long as their bytes. An error is
//! `InvalidData` or `UnexpectedEof`, or comes from the input itself.
//!
//! Not here: duplicates, which only the one who builds the value can see cheaply; modules' values,
//! which only the module can read.
//!
//! Source: `rdb.c` and `t_stream.c` of Redis describe the forms; LZF is Marc Lehmann's.

pub mod crc64;
mod entries;
pub mod file;
pub mod hash;
pub mod list;
mod listpack;
pub mod lzf;
pub mod payload;
mod reader;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod string;
mod writer;
mod ziplist;
mod zipmap;

#[cfg(test)]
mod tests;

pub use reader::{Reader, malformed};

/// The bytes that name forms. They are on disk everywhere: none ever changes.
pub mod form {
    /// A string.
    pub const STRING: u8 = 0;
    /// A list, string by string.
    pub const LIST: u8 = 1;
    /// A set, string by string.
    pub const SET: u8 = 2;
    /// A sorted set with scores as text.
    pub const ZSET: u8 = 3;
    /// A hash, string by string.
    pub const HASH: u8 = 4;
    /// A sorted set with scores as doubles.
    pub const ZSET_2: u8 = 5;
    /// A hash as one zipmap.
    pub const HASH_ZIPMAP: u8 = 9;
    /// A list as one ziplist.
    pub const LIST_ZIPLIST: u8 = 10;
    /// A set as one sorted vector of integers.
    pub const SET_INTSET: u8 = 11;
    /// A sorted set as one ziplist.
    pub const ZSET_ZIPLIST: u8 = 12;
    /// A hash as one ziplist.
    pub const HASH_ZIPLIST: u8 = 13;
    /// A list as several ziplists.
    pub const LIST_QUICKLIST: u8 = 14;
    /// A stream of Redis 5.
    pub const STREAM_LISTPACKS: u8 = 15;
    /// A hash as one listpack.
    pub const HASH_LISTPACK: u8 = 16;
    /// A sorted set as one listpack.
    pub const ZSET_LISTPACK: u8 = 17;
    /// A list as several listpacks and single elements.
    pub const LIST_QUICKLIST_2: u8 = 18;
    /// A stream of Redis 7.0.
    pub const STREAM_LISTPACKS_2: u8 = 19;
    /// A set as one listpack: Redis 7.2.
    pub const SET_LISTPACK: u8 = 20;
    /// A stream of Redis 7.2.
    pub const STREAM_LISTPACKS_3: u8 = 21;
    /// A hash with deadlines of fields, of a release candidate of Redis 7.4.
    pub const HASH_METADATA_PRE_GA: u8 = 22;
    /// The same as one listpack.
    pub const HASH_LISTPACK_EX_PRE_GA: u8 = 23;
    /// A hash with deadlines of fields: Redis 7.4.
    pub const HASH_METADATA: u8 = 24;
    /// The same as one listpack.
    pub const HASH_LISTPACK_EX: u8 = 25;
}
