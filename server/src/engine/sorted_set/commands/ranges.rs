//! engine/sorted_set/commands/ranges.rs — ZRANGE and those that it made superfluous.
//!
//! ZRANGE names its range by options, the older commands by their names; after [`Selection::read`]
//! they are the same.

use std::ops::Range;

use mainstay_protocol::Request;

use super::look::{NOT_NAMES, NOT_SCORES};
use super::reply;
use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type, Write};
use crate::engine::sorted_set::range::{self, Names, Scores};
use crate::engine::sorted_set::ranking::{Ranking, Walk};
use crate::error::Refusal;
use crate::keyspace::Ttl;

/// What a range is named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Name,
}

/// The ends of a range.
enum Ends<'a> {
    Ranks(i64, i64),
    Scores(Scores),
    Names(Names<'a>),
}

/// What part of a sorted set is asked for, and in which direction.
struct Selection<'a> {
    ends: Ends<'a>,
    down: bool,
    with_scores: bool,
    offset: i64,
    count: i64,
}

impl<'a> Selection<'a> {
    /// Reads the ends at argument `at` and the options behind them. What `by` and `down` say is
    /// settled by the command's name; `stores` takes WITHSCORES away.
    ///
    /// # Errors
    /// Everything that is wrong with the arguments.
    fn read(
        args: Request<'a>,
        at: usize,
        by: Option<By>,
        down: Option<bool>,
        stores: bool,
    ) -> Result<Selection<'a>, Refusal> {
        let (mut by, mut down, mut with_scores) = (by, down, false);
        let (mut offset, mut count) = (0, -1);
        let mut words = Words::new(args, at + 2);
        while let Some(word) = words.next() {
            if !stores && is_word(word, "WITHSCORES") {
                with_scores = true;
            } else if is_word(word, "LIMIT") && words.left() >= 2 {
                offset = options::integer(words.value()?)?;
                count = options::integer(words.value()?)?;
            } else if down.is_none() && is_word(word, "REV") {
                down = Some(true);
            } else if by.is_none() && is_word(word, "BYLEX") {
                by = Some(By::Name);
            } else if by.is_none() && is_word(word, "BYSCORE") {
                by = Some(By::Score);
            } else {
                return Err(Refusal::Syntax);
            }
        }
        let (by, down) = (by.unwrap_or(By::Rank), down.unwrap_or(false));
        if count != -1 && by == By::Rank {
            return Err(Refusal::text(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or \
                 BYLEX",
            ));
        }
        if with_scores && by == By::Name {
            return Err(Refusal::text(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let (start, stop) = (args.arg(at), args.arg(at + 1));
        // A range that is walked down is given from its upper end.
        let (min, max) = if down { (stop, start) } else { (start, stop) };
        let ends = match by {
            By::Rank => Ends::Ranks(options::integer(start)?, options::integer(stop)?),
            By::Score => Ends::Scores(Scores::parse(min, max).ok_or(NOT_SCORES)?),
            By::Name => Ends::Names(Names::parse(min, max).ok_or(NOT_NAMES)?),
        };
        Ok(Selection { ends, down, with_scores, offset, count })
    }

    /// The ranks that are asked for, counted from the lowest score.
    fn span(&self, ranking: &Ranking) -> Range<usize> {
        let limit = |span| range::limit(span, self.down, self.offset, self.count);
        match &self.ends {
            &Ends::Ranks(start, stop) => {
                let span = range::ranks(start, stop, ranking.len());
                if self.down { range::reversed(&span, ranking.len()) } else { span }
            }
            Ends::Scores(scores) => limit(scores.span(ranking)),
            Ends::Names(names) => limit(names.span(ranking)),
        }
    }

    /// Walks over the members of a span.
    fn walk<'r>(&self, ranking: &'r Ranking, span: &Range<usize>) -> std::iter::Take<Walk<'r>> {
        let walk = match span.end.checked_sub(1) {
            Some(last) if self.down => ranking.iter_back_from(last),
            _ => ranking.iter_from(span.start),
        };
        walk.take(span.len())
    }
}

/// Answers the range that the arguments behind the key name.
fn show(cx: &mut Read<'_>, by: Option<By>, down: Option<bool>) -> Outcome {
    let selection = Selection::read(cx.args, 2, by, down, false)?;
    let Some(ranking) = cx.keys.get::<Ranking>(cx.args.arg(1))? else {
        cx.out.array(0);
        return Ok(Next::Done);
    };
    let span = selection.span(ranking);
    reply::begin(&mut cx.out, span.len(), selection.with_scores);
    for (member, score) in selection.walk(ranking, &span) {
        reply::member(&mut cx.out, member, score, selection.with_scores);
    }
    Ok(Next::Done)
}

const COST: Cost = Cost::Linear("members shown, and the logarithm of the sorted set's size");

const BY: Arg = Arg::OneOf(&[Arg::Word("BYSCORE"), Arg::Word("BYLEX")]);

const LIMIT: Arg = Arg::Tagged(
    "LIMIT",
    &Arg::Group(&[Arg::Value("offset", Type::Integer), Arg::Value("count", Type::Integer)]),
);

/// See its summary.
pub static ZRANGE: Command = Command {
    name: "ZRANGE",
    summary: "Returns members in a sorted set within a range of indexes.",
    since: "1.2.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("start", Type::Bytes),
        Arg::Value("stop", Type::Bytes),
        Arg::AnyOrder(&[BY, Arg::Word("REV"), LIMIT, Arg::Word("WITHSCORES")]),
    ],
    reply: reply::MEMBERS,
    run: Run::Read(zrange),
    also: &[],
};

fn zrange(cx: &mut Read<'_>) -> Outcome {
    show(cx, None, None)
}

/// See its summary.
pub static ZREVRANGE: Command = Command {
    name: "ZREVRANGE",
    summary: "Returns members in a sorted set within a range of indexes in reverse order.",
    since: "1.2.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("start", Type::Integer),
        Arg::Value("stop", Type::Integer),
        Arg::Maybe(&Arg::Word("WITHSCORES")),
    ],
    reply: reply::MEMBERS,
    run: Run::Read(zrevrange),
    also: &[],
};

fn zrevrange(cx: &mut Read<'_>) -> Outcome {
    show(cx, Some(By::Rank), Some(true))
}

/// See its summary.
pub static ZRANGEBYSCORE: Command = Command {
    name: "ZRANGEBYSCORE",
    summary: "Returns members in a sorted set within a range of scores.",
    since: "1.0.5",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("min", Type::Float),
        Arg::Value("max", Type::Float),
        Arg::AnyOrder(&[Arg::Word("WITHSCORES"), LIMIT]),
    ],
    reply: reply::MEMBERS,
    run: Run::Read(zrangebyscore),
    also: &[],
};

fn zrangebyscore(cx: &mut Read<'_>) -> Outcome {
    show(cx, Some(By::Score), Some(false))
}

/// See its summary.
pub static ZREVRANGEBYSCORE: Command = Command {
    name: "ZREVRANGEBYSCORE",
    summary: "Returns members in a sorted set within a range of scores in reverse order.",
    since: "2.2.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("max", Type::Float),
        Arg::Value("min", Type::Float),
        Arg::AnyOrder(&[Arg::Word("WITHSCORES"), LIMIT]),
    ],
    reply: reply::MEMBERS,
    run: Run::Read(zrevrangebyscore),
    also: &[],
};

fn zrevrangebyscore(cx: &mut Read<'_>) -> Outcome {
    show(cx, Some(By::Score), Some(true))
}

/// See its summary.
pub static ZRANGEBYLEX: Command = Command {
    name: "ZRANGEBYLEX",
    summary: "Returns members in a sorted set within a lexicographical range.",
    since: "2.8.9",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("min", Type::Bytes),
        Arg::Value("max", Type::Bytes),
        Arg::Maybe(&LIMIT),
    ],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Read(zrangebylex),
    also: &[],
};

fn zrangebylex(cx: &mut Read<'_>) -> Outcome {
    show(cx, Some(By::Name), Some(false))
}

/// See its summary.
pub static ZREVRANGEBYLEX: Command = Command {
    name: "ZREVRANGEBYLEX",
    summary: "Returns members in a sorted set within a lexicographical range in reverse order.",
    since: "2.8.9",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("max", Type::Bytes),
        Arg::Value("min", Type::Bytes),
        Arg::Maybe(&LIMIT),
    ],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Read(zrevrangebylex),
    also: &[],
};

fn zrevrangebylex(cx: &mut Read<'_>) -> Outcome {
    show(cx, Some(By::Name), Some(true))
}

/// See its summary.
pub static ZRANGESTORE: Command = Command {
    name: "ZRANGESTORE",
    summary: "Stores a range of members from sorted set in a key.",
    since: "6.2.0",
    cost: Cost::Linear("members stored, times the logarithm of the sorted set's size"),
    args: &[
        Arg::Key("dst", Access::Replace),
        Arg::Key("src", Access::Look),
        Arg::Value("min", Type::Bytes),
        Arg::Value("max", Type::Bytes),
        Arg::AnyOrder(&[BY, Arg::Word("REV"), LIMIT]),
    ],
    reply: Reply::Int,
    run: Run::Write(zrangestore),
    also: &[],
};

fn zrangestore(cx: &mut Write<'_, '_>) -> Outcome {
    let selection = Selection::read(cx.args, 3, None, None, true)?;
    let mut result = Ranking::default();
    if let Some(ranking) = cx.keys.get::<Ranking>(cx.args.arg(2))? {
        let span = selection.span(ranking);
        for (member, score) in selection.walk(ranking, &span) {
            result.insert(member, score);
        }
    }
    let count = result.len();
    if count == 0 {
        cx.keys.remove(cx.args.arg(1));
    } else {
        cx.keys.put_object(cx.args.arg(1), Box::new(result), Ttl::Clear);
    }
    cx.out.integer(count as i64);
    Ok(Next::Done)
}
