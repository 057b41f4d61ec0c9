//! engine/stream — entries of fields and values, ordered by ids that only grow, and groups of
//! consumers that share them.
//!
//! `log` is the value, `groups` and `group` what consumers leave in it, `trim` how old entries go,
//! `ids` how ids are written, `serialised` how Redis writes a stream down, `commands` what can be
//! done. How entries lie in memory is `structure/blocks`.

mod commands;
mod group;
mod groups;
mod ids;
mod log;
mod serialised;
#[cfg(test)]
mod tests;
mod trim;

use crate::command::{Engine, Group};
use commands::{add, claim, groups as xgroup, info, look, pending, read, remove};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "stream",
    summary: "Entries ordered by time, and groups of consumers that share them.",
    group: Group::Stream,
    kinds: &[&log::KIND],
    commands: &[
        &add::XADD,
        &add::XTRIM,
        &add::XSETID,
        &look::XLEN,
        &look::XRANGE,
        &look::XREVRANGE,
        &remove::XDEL,
        &remove::XDELEX,
        &remove::XACK,
        &remove::XACKDEL,
        &read::XREAD,
        &read::XREADGROUP,
        &pending::XPENDING,
        &claim::XCLAIM,
        &claim::XAUTOCLAIM,
        &xgroup::XGROUP,
        &info::XINFO,
    ],
    settings: &[],
    state: None,
};
