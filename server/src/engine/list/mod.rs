//! engine/list — sequences with two ends.
//!
//! `sequence` is the value, `commands` what can be done to it, and SORT, which makes a list of
//! anything that has elements. Not here: waiting for an element
//! (BLPOP and its relatives).

mod commands;
mod sequence;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{blocking, ends, moving, places, search, sort};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "list",
    summary: "Sequences with two ends.",
    group: Group::List,
    kinds: &[&sequence::KIND],
    commands: &[
        &ends::LPUSH,
        &ends::RPUSH,
        &ends::LPUSHX,
        &ends::RPUSHX,
        &ends::LPOP,
        &ends::RPOP,
        &places::LLEN,
        &places::LINDEX,
        &places::LRANGE,
        &places::LSET,
        &places::LTRIM,
        &search::LPOS,
        &search::LINSERT,
        &search::LREM,
        &moving::LMOVE,
        &moving::RPOPLPUSH,
        &moving::LMPOP,
        &blocking::BLPOP,
        &blocking::BRPOP,
        &blocking::BLMOVE,
        &blocking::BRPOPLPUSH,
        &blocking::BLMPOP,
        &sort::SORT,
        &sort::SORT_RO,
    ],
    settings: &[],
    state: None,
};
