//! engine/sorted_set — unique members ordered by score.
//!
//! `ranking` is the value, `range` the ways to name a part of it, `number` how scores are written,
//! `commands` what can be done. Not here: waiting for members to come; members on a map, which
//! are sorted sets seen by `geo`.

mod commands;
mod range;
pub(in crate::engine) mod ranking;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{add, algebra, blocking, chance, look, pop, ranges, remove, scan, store};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "sorted_set",
    summary: "Unique members ordered by score.",
    group: Group::SortedSet,
    kinds: &[&ranking::KIND],
    commands: &[
        &add::ZADD,
        &add::ZINCRBY,
        &look::ZCARD,
        &look::ZSCORE,
        &look::ZMSCORE,
        &look::ZRANK,
        &look::ZREVRANK,
        &look::ZCOUNT,
        &look::ZLEXCOUNT,
        &ranges::ZRANGE,
        &ranges::ZREVRANGE,
        &ranges::ZRANGEBYSCORE,
        &ranges::ZREVRANGEBYSCORE,
        &ranges::ZRANGEBYLEX,
        &ranges::ZREVRANGEBYLEX,
        &ranges::ZRANGESTORE,
        &pop::ZPOPMIN,
        &pop::ZPOPMAX,
        &pop::ZMPOP,
        &blocking::BZPOPMIN,
        &blocking::BZPOPMAX,
        &blocking::BZMPOP,
        &remove::ZREM,
        &remove::ZREMRANGEBYRANK,
        &remove::ZREMRANGEBYSCORE,
        &remove::ZREMRANGEBYLEX,
        &chance::ZRANDMEMBER,
        &scan::ZSCAN,
        &algebra::ZUNION,
        &algebra::ZINTER,
        &algebra::ZDIFF,
        &algebra::ZINTERCARD,
        &store::ZUNIONSTORE,
        &store::ZINTERSTORE,
        &store::ZDIFFSTORE,
    ],
    settings: &[],
    state: None,
};
