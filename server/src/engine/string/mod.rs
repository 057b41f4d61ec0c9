//! engine/string — byte strings, and the numbers that people keep in them.
//!
//! A string lies in its key's own entry, as bytes: an integer too. Reading one as a number costs a
//! few nanoseconds, and every other command is spared a second form.
//!
//! - `commands` has the statics and handlers: `read` looks, `store` puts a whole value, `several`
//!   many of them, `remove` takes one away, `edit` changes bytes in place, `count` adds numbers.
//! - `lcs` is the longest common subsequence, `digest` the hash that stands for a value.
//!
//! Not here: bitmaps and HyperLogLogs, which are strings with other commands.

mod commands;
mod digest;
mod lcs;

use crate::command::{Engine, Group};
use commands::{count, edit, increx, read, remove, several, store};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "string",
    summary: "Byte strings and counters.",
    group: Group::String,
    kinds: &[],
    commands: &[
        &read::GET,
        &read::MGET,
        &read::STRLEN,
        &read::GETRANGE,
        &read::SUBSTR,
        &read::DIGEST,
        &read::LCS,
        &store::SET,
        &store::SETNX,
        &store::SETEX,
        &store::PSETEX,
        &store::GETSET,
        &remove::GETDEL,
        &remove::DELEX,
        &remove::DELIFEQ,
        &store::GETEX,
        &several::MSET,
        &several::MSETNX,
        &several::MSETEX,
        &edit::APPEND,
        &edit::SETRANGE,
        &count::INCR,
        &count::DECR,
        &count::INCRBY,
        &count::DECRBY,
        &count::INCRBYFLOAT,
        &increx::INCREX,
    ],
    settings: &[],
    state: None,
};
