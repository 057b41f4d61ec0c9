//! engine/sorted_set/commands/look.rs — sizes, scores, ranks, counts.

use crate::command::options::is_word;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::sorted_set::range::{Names, Scores};
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;

/// What is said of a range by score whose ends are no numbers.
pub(super) const NOT_SCORES: Refusal = Refusal::text("ERR min or max is not a float");

/// What is said of a range by member whose ends are none.
pub(super) const NOT_NAMES: Refusal = Refusal::text("ERR min or max not valid string range item");

/// See its summary.
pub static ZCARD: Command = Command {
    name: "ZCARD",
    summary: "Returns the number of members in a sorted set.",
    since: "1.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Int,
    run: Run::Read(zcard),
    also: &[],
};

fn zcard(cx: &mut Read<'_>) -> Outcome {
    let count = cx.keys.get::<Ranking>(cx.args.arg(1))?.map_or(0, Ranking::len);
    cx.out.integer(count as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static ZSCORE: Command = Command {
    name: "ZSCORE",
    summary: "Returns the score of a member in a sorted set.",
    since: "1.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look), Arg::Value("member", Type::Bytes)],
    reply: Reply::Maybe(&Reply::Double),
    run: Run::Read(zscore),
    also: &[Trait::Member(2)],
};

fn zscore(cx: &mut Read<'_>) -> Outcome {
    let ranking = cx.keys.get::<Ranking>(cx.args.arg(1))?;
    match ranking.and_then(|ranking| ranking.score(cx.args.arg(2))) {
        Some(score) => cx.out.double(score.get()),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static ZMSCORE: Command = Command {
    name: "ZMSCORE",
    summary: "Returns the score of one or more members in a sorted set.",
    since: "6.2.0",
    cost: Cost::Each("members"),
    args: &[Arg::Key("key", Access::Look), Arg::Many(&Arg::Value("member", Type::Bytes))],
    reply: Reply::Array(&Reply::Maybe(&Reply::Double)),
    run: Run::Read(zmscore),
    also: &[],
};

fn zmscore(cx: &mut Read<'_>) -> Outcome {
    let ranking = cx.keys.get::<Ranking>(cx.args.arg(1))?;
    cx.out.array(cx.args.len() - 2);
    for member in cx.args.args().skip(2) {
        match ranking.and_then(|ranking| ranking.score(member)) {
            Some(score) => cx.out.double(score.get()),
            None => cx.out.null(),
        }
    }
    Ok(Next::Done)
}

const RANK: &[Arg] = &[
    Arg::Key("key", Access::Look),
    Arg::Value("member", Type::Bytes),
    Arg::Maybe(&Arg::Word("WITHSCORE")),
];

const RANKED: Reply =
    Reply::Maybe(&Reply::OneOf(&[Reply::Int, Reply::Tuple(&[Reply::Int, Reply::Double])]));

/// See its summary.
pub static ZRANK: Command = Command {
    name: "ZRANK",
    summary: "Returns the index of a member in a sorted set ordered by ascending scores.",
    since: "2.0.0",
    cost: Cost::Logarithmic,
    args: RANK,
    reply: RANKED,
    run: Run::Read(zrank),
    also: &[Trait::Member(2)],
};

fn zrank(cx: &mut Read<'_>) -> Outcome {
    show_rank(cx, "zrank", |rank, _| rank)
}

/// See its summary.
pub static ZREVRANK: Command = Command {
    name: "ZREVRANK",
    summary: "Returns the index of a member in a sorted set ordered by descending scores.",
    since: "2.0.0",
    cost: Cost::Logarithmic,
    args: RANK,
    reply: RANKED,
    run: Run::Read(zrevrank),
    also: &[Trait::Member(2)],
};

fn zrevrank(cx: &mut Read<'_>) -> Outcome {
    show_rank(cx, "zrevrank", |rank, len| len - 1 - rank)
}

fn show_rank(
    cx: &mut Read<'_>,
    name: &'static str,
    from_end: impl Fn(usize, usize) -> usize,
) -> Outcome {
    let with_score = match cx.args.len() {
        3 => false,
        4 if is_word(cx.args.arg(3), "WITHSCORE") => true,
        4 => return Err(Refusal::Syntax),
        _ => return Err(Refusal::Arity(name)),
    };
    let member = cx.args.arg(2);
    let found = cx.keys.get::<Ranking>(cx.args.arg(1))?.and_then(|ranking| {
        let rank = from_end(ranking.rank(member)?, ranking.len()) as i64;
        Some((rank, with_score.then(|| ranking.score(member)).flatten()))
    });
    match found {
        None if with_score => cx.out.null_array(),
        None => cx.out.null(),
        Some((rank, None)) => cx.out.integer(rank),
        Some((rank, Some(score))) => {
            cx.out.array(2);
            cx.out.integer(rank);
            cx.out.double(score.get());
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static ZCOUNT: Command = Command {
    name: "ZCOUNT",
    summary: "Returns the count of members in a sorted set that have scores within a range.",
    since: "2.0.0",
    cost: Cost::Logarithmic,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("min", Type::Float),
        Arg::Value("max", Type::Float),
    ],
    reply: Reply::Int,
    run: Run::Read(zcount),
    also: &[],
};

fn zcount(cx: &mut Read<'_>) -> Outcome {
    let range = Scores::parse(cx.args.arg(2), cx.args.arg(3)).ok_or(NOT_SCORES)?;
    let ranking = cx.keys.get::<Ranking>(cx.args.arg(1))?;
    cx.out.integer(ranking.map_or(0, |ranking| range.span(ranking).len()) as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static ZLEXCOUNT: Command = Command {
    name: "ZLEXCOUNT",
    summary: "Returns the number of members in a sorted set within a lexicographical range.",
    since: "2.8.9",
    cost: Cost::Logarithmic,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("min", Type::Bytes),
        Arg::Value("max", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Read(zlexcount),
    also: &[],
};

fn zlexcount(cx: &mut Read<'_>) -> Outcome {
    let range = Names::parse(cx.args.arg(2), cx.args.arg(3)).ok_or(NOT_NAMES)?;
    let ranking = cx.keys.get::<Ranking>(cx.args.arg(1))?;
    cx.out.integer(ranking.map_or(0, |ranking| range.span(ranking).len()) as i64);
    Ok(Next::Done)
}
