//! engine/hash — fields with values under one key, each with a deadline of its own or without.
//!
//! `fields` is the value, `packed` its small form, `frozen` how it is written down, `commands` what
//! can be done to it. Not here: when dead fields are freed; see `keyspace/sweep.rs`.

mod commands;
mod fields;
mod frozen;
mod packed;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{all, deadlines, numbers, one, random, together};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "hash",
    summary: "Fields with values under one key.",
    group: Group::Hash,
    kinds: &[&fields::KIND],
    commands: &[
        &one::HSET,
        &one::HMSET,
        &one::HSETNX,
        &one::HGET,
        &one::HMGET,
        &one::HDEL,
        &one::HEXISTS,
        &one::HSTRLEN,
        &all::HLEN,
        &all::HGETALL,
        &all::HKEYS,
        &all::HVALS,
        &all::HSCAN,
        &numbers::HINCRBY,
        &numbers::HINCRBYFLOAT,
        &random::HRANDFIELD,
        &deadlines::HEXPIRE,
        &deadlines::HPEXPIRE,
        &deadlines::HEXPIREAT,
        &deadlines::HPEXPIREAT,
        &deadlines::HTTL,
        &deadlines::HPTTL,
        &deadlines::HEXPIRETIME,
        &deadlines::HPEXPIRETIME,
        &deadlines::HPERSIST,
        &together::HGETEX,
        &together::HSETEX,
        &together::HGETDEL,
    ],
    settings: &[],
    state: None,
};
