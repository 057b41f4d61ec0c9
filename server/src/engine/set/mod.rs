//! engine/set — unique members under one key.
//!
//! `members` is the value, `commands` what can be done to it.

mod commands;
mod members;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{algebra, basic, random, scan, store};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "set",
    summary: "Unique members.",
    group: Group::Set,
    kinds: &[&members::KIND],
    commands: &[
        &basic::SADD,
        &basic::SREM,
        &basic::SCARD,
        &basic::SMEMBERS,
        &basic::SISMEMBER,
        &basic::SMISMEMBER,
        &basic::SMOVE,
        &random::SPOP,
        &random::SRANDMEMBER,
        &scan::SSCAN,
        &algebra::SINTER,
        &algebra::SINTERCARD,
        &algebra::SUNION,
        &algebra::SDIFF,
        &store::SINTERSTORE,
        &store::SUNIONSTORE,
        &store::SDIFFSTORE,
    ],
    settings: &[],
    state: None,
};
