//! Configuration in Redis's own words: a redis.conf, redis-server's flags, CONFIG.
//!
//! ```text
//! arguments --flags--+
//!                    +--> start: directives in order --> Settings, read by everybody
//! redis.conf --file--+                                      ^            |
//!                                             CONFIG SET ---+            +--> CONFIG REWRITE
//! ```
//!
//! - `schema` says what can be said about a setting; `catalog` lists those of the process, of which
//!   `redis` has those about a Redis that is taken over from, and `known` those of Redis that do
//!   nothing here or are refused; engines own theirs.
//! - `value` reads and writes one value; `file` is the grammar of redis.conf; `flags` that of the
//!   command line.
//! - `start` puts them together and reports every mistake at once; `store` holds the result.
//! - `rewrite` writes the file; `page` makes `--help` and `docs/settings.md`.
//!
//! Invariants: a setting is said once, as a `static Setting`; a value that a client could find to
//! be a lie is refused, never ignored (`Effect`); secrets reach no error message.
//! Not here: the CONFIG command (it calls `Settings`), and what a value does.

pub mod catalog;
pub mod file;
pub mod flags;
pub mod known;
pub mod page;
pub mod redis;
mod rewrite;
pub mod schema;
pub mod start;
pub mod store;
pub mod value;

#[cfg(test)]
mod tests;

pub use schema::{Effect, Section, Setting, Shape, When};
pub use start::{Start, start};
pub use store::{SettingError, Settings};
pub use value::{OutputLimit, OutputLimits, SavePoint, Value};
