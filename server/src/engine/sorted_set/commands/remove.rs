//! engine/sorted_set/commands/remove.rs — removing members by name and by range.

use std::ops::Range;

use super::look::{NOT_NAMES, NOT_SCORES};
use crate::command::options;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::sorted_set::range::{self, Names, Scores};
use crate::engine::sorted_set::ranking::Ranking;

/// See its summary.
pub static ZREM: Command = Command {
    name: "ZREM",
    summary: "Removes one or more members from a sorted set. Deletes the sorted set if all members were removed.",
    since: "1.2.0",
    cost: Cost::Each("members, times the logarithm of the sorted set's size"),
    args: &[Arg::Key("key", Access::Remove), Arg::Many(&Arg::Value("member", Type::Bytes))],
    reply: Reply::Int,
    run: Run::Write(zrem),
    also: &[Trait::Member(2)],
};

fn zrem(cx: &mut Write<'_, '_>) -> Outcome {
    let mut removed = 0;
    if let Some(mut edit) = cx.keys.edit_existing::<Ranking>(cx.args.arg(1))? {
        let ranking = &mut *edit;
        for member in cx.args.args().skip(2) {
            removed += i64::from(ranking.remove(member).is_some());
        }
        if removed == 0 {
            edit.unchanged();
        }
    }
    cx.out.integer(removed);
    Ok(Next::Done)
}

const COST: Cost = Cost::Linear("members removed, times the logarithm of the sorted set's size");

/// See its summary.
pub static ZREMRANGEBYRANK: Command = Command {
    name: "ZREMRANGEBYRANK",
    summary: "Removes members in a sorted set within a range of indexes. Deletes the sorted set if all members were removed.",
    since: "2.0.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Remove),
        Arg::Value("start", Type::Integer),
        Arg::Value("stop", Type::Integer),
    ],
    reply: Reply::Int,
    run: Run::Write(zremrangebyrank),
    also: &[],
};

fn zremrangebyrank(cx: &mut Write<'_, '_>) -> Outcome {
    let start = options::integer(cx.args.arg(2))?;
    let stop = options::integer(cx.args.arg(3))?;
    remove(cx, |ranking| range::ranks(start, stop, ranking.len()))
}

/// See its summary.
pub static ZREMRANGEBYSCORE: Command = Command {
    name: "ZREMRANGEBYSCORE",
    summary: "Removes members in a sorted set within a range of scores. Deletes the sorted set if all members were removed.",
    since: "1.2.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Remove),
        Arg::Value("min", Type::Float),
        Arg::Value("max", Type::Float),
    ],
    reply: Reply::Int,
    run: Run::Write(zremrangebyscore),
    also: &[],
};

fn zremrangebyscore(cx: &mut Write<'_, '_>) -> Outcome {
    let range = Scores::parse(cx.args.arg(2), cx.args.arg(3)).ok_or(NOT_SCORES)?;
    remove(cx, |ranking| range.span(ranking))
}

/// See its summary.
pub static ZREMRANGEBYLEX: Command = Command {
    name: "ZREMRANGEBYLEX",
    summary: "Removes members in a sorted set within a lexicographical range. Deletes the sorted set if all members were removed.",
    since: "2.8.9",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Remove),
        Arg::Value("min", Type::Bytes),
        Arg::Value("max", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(zremrangebylex),
    also: &[],
};

fn zremrangebylex(cx: &mut Write<'_, '_>) -> Outcome {
    let range = Names::parse(cx.args.arg(2), cx.args.arg(3)).ok_or(NOT_NAMES)?;
    remove(cx, |ranking| range.span(ranking))
}

/// Removes the members of a span of ranks and answers how many there were.
fn remove(cx: &mut Write<'_, '_>, span: impl FnOnce(&Ranking) -> Range<usize>) -> Outcome {
    let key = cx.args.arg(1);
    let Some(mut edit) = cx.keys.edit_existing::<Ranking>(key)? else {
        cx.out.integer(0);
        return Ok(Next::Done);
    };
    let (span, len) = (span(&edit), edit.len());
    let removed = span.len();
    if removed == 0 || removed == len {
        edit.unchanged();
    } else {
        edit.remove_range(span.start, removed);
    }
    drop(edit);
    if removed == len {
        // All at once: a big one is freed elsewhere.
        cx.keys.remove(key);
    }
    cx.out.integer(removed as i64);
    Ok(Next::Done)
}
