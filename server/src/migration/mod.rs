//! migration — moving over from Redis: its files, and its stream of commands.
//!
//! - [`load`](mod@load): the keys of an RDB file or stream into a keyspace, on several threads.
//! - `apply`: requests that a Redis wrote, run as any others; `append_only`: its journal.
//! - [`files`]: what there is in a folder, and loading it.
//! - [`follow`]: all data of a running Redis, then its commands as they come.
//! - [`export`](mod@export): the keys of a keyspace as an RDB file, so that nobody is locked in.
//! - [`keep`](mod@keep): what was taken over, written to the journal.
//! - `libraries`: functions that came along.
//!
//! Not here: what the bytes mean (`persist/rdb`), the commands that ask for it
//! (`system/replication`), keeping what was loaded.

mod append_only;
mod apply;
pub mod export;
pub mod files;
pub mod follow;
pub mod keep;
mod libraries;
pub mod load;
