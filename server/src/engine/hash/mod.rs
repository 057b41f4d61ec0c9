//! engine/hash — fields with values under one key.
//!
//! `fields` is the value, `commands` what can be done to it. Not here: deadlines of single fields.

mod commands;
mod fields;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{all, numbers, one, random};

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
    ],
    settings: &[],
    state: None,
};
