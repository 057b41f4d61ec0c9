//! engine/keys — commands on keys whatever they hold.
//!
//! `commands` has the statics and handlers: `presence` counts and removes, `names` renames, copies
//! and moves, `deadlines` sets and tells deadlines, `walk` looks through a database, `whole`
//! empties and swaps databases, `object` tells how a value is stored, `serialised` hands
//! values out and takes them as Redis serialises them.
//!
//! Not here: what a value means, how a walk keeps its promise (`keyspace::scan`), MEMORY USAGE.

mod commands;

use crate::command::{Engine, Group};
use commands::{deadlines, names, object, presence, serialised, walk, whole};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "keys",
    summary: "Commands on keys whatever they hold.",
    group: Group::Generic,
    kinds: &[],
    commands: &[
        &presence::DEL,
        &presence::UNLINK,
        &presence::EXISTS,
        &presence::TOUCH,
        &presence::TYPE,
        &names::RENAME,
        &names::RENAMENX,
        &names::COPY,
        &names::MOVE,
        &deadlines::EXPIRE,
        &deadlines::PEXPIRE,
        &deadlines::EXPIREAT,
        &deadlines::PEXPIREAT,
        &deadlines::TTL,
        &deadlines::PTTL,
        &deadlines::EXPIRETIME,
        &deadlines::PEXPIRETIME,
        &deadlines::PERSIST,
        &walk::KEYS,
        &walk::SCAN,
        &walk::RANDOMKEY,
        &walk::DBSIZE,
        &whole::FLUSHDB,
        &whole::FLUSHALL,
        &whole::SWAPDB,
        &object::OBJECT,
        &serialised::DUMP,
        &serialised::RESTORE,
    ],
    settings: &[],
    state: None,
};
