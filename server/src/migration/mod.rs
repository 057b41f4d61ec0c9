//! migration — moving over from Redis: its files, and its stream of commands.
//!
//! - [`load`](mod@load): the keys of an RDB file or stream into a keyspace, on several threads.
//! - [`export`](mod@export): the keys of a keyspace as an RDB file, so that nobody is locked in.

pub mod export;
pub mod load;
