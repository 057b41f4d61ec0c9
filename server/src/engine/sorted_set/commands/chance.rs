//! engine/sorted_set/commands/chance.rs — members by chance.

use super::reply;
use crate::command::options::{self, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;

/// The most members that one ZRANDMEMBER draws when it may draw a member twice. The sorted set's
/// size does not bound that, and a reply must be bounded.
const DRAWN_MAX: u64 = 1 << 24;

/// See its summary.
pub static ZRANDMEMBER: Command = Command {
    name: "ZRANDMEMBER",
    summary: "Returns one or more random members from a sorted set.",
    since: "6.2.0",
    cost: Cost::Linear("members drawn"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Maybe(&Arg::Group(&[
            Arg::Value("count", Type::Integer),
            Arg::Maybe(&Arg::Word("WITHSCORES")),
        ])),
    ],
    reply: Reply::OneOf(&[Reply::Maybe(&Reply::Bulk), reply::MEMBERS]),
    run: Run::Read(zrandmember),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn zrandmember(cx: &mut Read<'_>) -> Outcome {
    if cx.args.len() > 2 {
        return zrandmember_count(cx);
    }
    let ranking = cx.keys.get::<Ranking>(cx.args.arg(1))?;
    match ranking.and_then(|ranking| ranking.at(cx.dice.below(ranking.len()))) {
        Some((member, _)) => cx.out.bulk(member),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

fn zrandmember_count(cx: &mut Read<'_>) -> Outcome {
    let count = options::integer(cx.args.arg(2))?;
    if count == i64::MIN {
        return Err(Refusal::text(
            "ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        ));
    }
    let with_scores = match cx.args.len() {
        3 => false,
        4 if is_word(cx.args.arg(3), "WITHSCORES") => true,
        _ => return Err(Refusal::Syntax),
    };
    let asked = count.unsigned_abs();
    if with_scores && asked > i64::MAX.unsigned_abs() / 2 {
        return Err(Refusal::text("ERR value is out of range"));
    }
    let ranking = match cx.keys.get::<Ranking>(cx.args.arg(1))? {
        Some(ranking) if count != 0 => ranking,
        _ => {
            cx.out.array(0);
            return Ok(Next::Done);
        }
    };
    let len = ranking.len();
    if count < 0 {
        if asked > DRAWN_MAX {
            return Err(Refusal::text("ERR value is out of range"));
        }
        reply::begin(&mut cx.out, asked as usize, with_scores);
        for _ in 0..asked {
            let (member, score) = ranking.at(cx.dice.below(len)).unwrap_or_default();
            reply::member(&mut cx.out, member, score, with_scores);
        }
        return Ok(Next::Done);
    }
    let count = usize::try_from(asked).unwrap_or(usize::MAX).min(len);
    reply::begin(&mut cx.out, count, with_scores);
    if count == len {
        for (member, score) in ranking.iter() {
            reply::member(&mut cx.out, member, score, with_scores);
        }
        return Ok(Next::Done);
    }
    for rank in cx.dice.sample(count, len) {
        let (member, score) = ranking.at(rank).unwrap_or_default();
        reply::member(&mut cx.out, member, score, with_scores);
    }
    Ok(Next::Done)
}
