//! engine/sorted_set/commands/pop.rs — taking members from the ends.

use mainstay_protocol::ReplyWriter;

use super::reply;
use crate::command::options;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Several, Type, Write};
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;

/// Which end of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Lowest,
    Highest,
}

const POP: &[Arg] = &[Arg::Key("key", Access::Take), Arg::Maybe(&Arg::Value("count", Type::Count))];

const POPPED: Reply = Reply::OneOf(&[
    Reply::Array(&Reply::Any),
    Reply::Tuple(&[Reply::Bulk, Reply::Double]),
    reply::SCORED,
]);

const COST: Cost = Cost::Each("members popped, times the logarithm of the sorted set's size");

/// See its summary.
pub static ZPOPMIN: Command = Command {
    name: "ZPOPMIN",
    summary: "Returns the lowest-scoring members from a sorted set after removing them. Deletes the sorted set if the last member was popped.",
    since: "5.0.0",
    cost: COST,
    args: POP,
    reply: POPPED,
    run: Run::Write(zpopmin),
    also: &[],
};

fn zpopmin(cx: &mut Write<'_, '_>) -> Outcome {
    pop(cx, End::Lowest)
}

/// See its summary.
pub static ZPOPMAX: Command = Command {
    name: "ZPOPMAX",
    summary: "Returns the highest-scoring members from a sorted set after removing them. Deletes the sorted set if the last member was popped.",
    since: "5.0.0",
    cost: COST,
    args: POP,
    reply: POPPED,
    run: Run::Write(zpopmax),
    also: &[],
};

fn zpopmax(cx: &mut Write<'_, '_>) -> Outcome {
    pop(cx, End::Highest)
}

fn pop(cx: &mut Write<'_, '_>, end: End) -> Outcome {
    let count = match cx.args.len() {
        2 => None,
        3 => Some(
            options::parse_integer(cx.args.arg(2))
                .and_then(|count| usize::try_from(count).ok())
                .ok_or(Refusal::text("ERR value is out of range, must be positive"))?,
        ),
        _ => return Err(Refusal::Syntax),
    };
    let Some(mut edit) = cx.keys.edit_existing::<Ranking>(cx.args.arg(1))? else {
        cx.out.array(0);
        return Ok(Next::Done);
    };
    match count {
        None => {
            cx.out.array(2);
            take(&mut edit, end, 1, |member, score| {
                cx.out.bulk(member);
                cx.out.double(score.get());
            });
        }
        Some(count) => {
            let count = count.min(edit.len());
            reply::begin(&mut cx.out, count, true);
            take(&mut edit, end, count, |member, score| {
                reply::member(&mut cx.out, member, score, true);
            });
            if count == 0 {
                edit.unchanged();
            }
        }
    }
    Ok(Next::Done)
}

/// Removes `count` members, which must be there, and shows each before.
pub(super) fn take(
    ranking: &mut Ranking,
    end: End,
    count: usize,
    mut show: impl FnMut(&[u8], crate::structure::ranked::Score),
) {
    for _ in 0..count {
        let rank = match end {
            End::Lowest => 0,
            End::Highest => ranking.len().saturating_sub(1),
        };
        if let Some((member, score)) = ranking.at(rank) {
            show(member, score);
        }
        ranking.remove_at(rank);
    }
}

/// See its summary.
pub static ZMPOP: Command = Command {
    name: "ZMPOP",
    summary: "Returns the highest- or lowest-scoring members from one or more sorted sets after removing them. Deletes a sorted set if the last member was popped.",
    since: "7.0.0",
    cost: Cost::Linear("keys, and members popped times the logarithm of the sorted set's size"),
    args: &[
        Arg::Counted(&Arg::Key("key", Access::Take)),
        Arg::OneOf(&[Arg::Word("MIN"), Arg::Word("MAX")]),
        Arg::Maybe(&Arg::Tagged("COUNT", &Arg::Value("count", Type::Count))),
    ],
    reply: Reply::Maybe(&Reply::Tuple(&[
        Reply::Bulk,
        Reply::Array(&Reply::Tuple(&[Reply::Bulk, Reply::Double])),
    ])),
    run: Run::Write(zmpop),
    also: &[],
};

fn zmpop(cx: &mut Write<'_, '_>) -> Outcome {
    pop_first(cx, &Several::read(cx.args, 1, ENDS)?)?;
    Ok(Next::Done)
}

/// As [`Several`] is told them.
pub(super) const ENDS: [&str; 2] = ["MIN", "MAX"];

/// Pops from the first sorted set there is; answers nil and says no if there is none.
pub(super) fn pop_first(cx: &mut Write<'_, '_>, asked: &Several) -> Result<bool, Refusal> {
    let end = if asked.is_second { End::Highest } else { End::Lowest };
    for key in asked.keys(cx.args) {
        if let Some(mut edit) = cx.keys.edit_existing::<Ranking>(key)? {
            cx.out.array(2);
            cx.out.bulk(key);
            pop_pairs(&mut edit, end, asked.count, &mut cx.out);
            return Ok(true);
        }
    }
    cx.out.null_array();
    Ok(false)
}

/// Removes up to `count` members and answers them as pairs, in RESP2 as well.
fn pop_pairs(ranking: &mut Ranking, end: End, count: usize, out: &mut ReplyWriter<'_>) {
    let count = count.min(ranking.len());
    out.array(count);
    take(ranking, end, count, |member, score| {
        out.array(2);
        out.bulk(member);
        out.double(score.get());
    });
}
