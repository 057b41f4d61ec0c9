//! engine/sorted_set/commands/pop.rs — taking members from the ends.

use mainstay_protocol::{ReplyWriter, Request};

use super::reply;
use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Type, Write};
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
    Several::read(cx.args, 1)?.pop(cx)?;
    Ok(Next::Done)
}

/// `numkeys key [key ...] MIN|MAX [COUNT count]`.
pub(super) struct Several {
    /// Where the number of keys is.
    at: usize,
    /// What comes behind the keys.
    pub(super) behind: usize,
    end: End,
    count: usize,
}

impl Several {
    pub(super) fn read(args: Request<'_>, at: usize) -> Result<Several, Refusal> {
        let positive = |bytes: &[u8]| {
            let number = options::parse_integer(bytes).filter(|&number| number > 0)?;
            Some(usize::try_from(number).unwrap_or(usize::MAX))
        };
        let wrong = Refusal::text("ERR numkeys should be greater than 0");
        let keys = positive(args.arg(at)).ok_or(wrong)?;
        let behind = keys.saturating_add(at + 1);
        let mut words = Words::new(args, behind);
        let end = match words.value()? {
            word if is_word(word, "MIN") => End::Lowest,
            word if is_word(word, "MAX") => End::Highest,
            _ => return Err(Refusal::Syntax),
        };
        let mut count = None;
        while let Some(word) = words.next() {
            if count.is_some() || !is_word(word, "COUNT") {
                return Err(Refusal::Syntax);
            }
            let asked = positive(words.value()?);
            count = Some(asked.ok_or(Refusal::text("ERR count should be greater than 0"))?);
        }
        Ok(Several { at, behind, end, count: count.unwrap_or(1) })
    }

    pub(super) fn keys<'a>(&self, args: Request<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        args.args().take(self.behind).skip(self.at + 1)
    }

    /// Pops from the first sorted set there is; answers nil and says no if there is none.
    pub(super) fn pop(&self, cx: &mut Write<'_, '_>) -> Result<bool, Refusal> {
        for key in self.keys(cx.args) {
            if let Some(mut edit) = cx.keys.edit_existing::<Ranking>(key)? {
                cx.out.array(2);
                cx.out.bulk(key);
                pop_pairs(&mut edit, self.end, self.count, &mut cx.out);
                return Ok(true);
            }
        }
        cx.out.null_array();
        Ok(false)
    }
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
