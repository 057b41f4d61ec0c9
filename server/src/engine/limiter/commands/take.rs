//! limiter/commands/take.rs — RL.TAKE: a budget without a rule; the request says what it allows.

use super::{
    Asked, COST, VERDICT, WAIT, WRONG_PERIOD, must_stand_back, positive, span, tell, wait_in_line,
};
use crate::command::options::{Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Run, Trait, Type, Write};
use crate::engine::limiter::admission::{Link, Verdict, take_one};
use crate::engine::limiter::algorithm::{Algorithm, Terms};
use crate::engine::limiter::quota::Quota;
use crate::engine::limiter::rules::Facts;
use crate::error::Refusal;

/// See its summary.
pub static RL_TAKE: Command = Command {
    name: "RL.TAKE",
    summary: "Takes from a key's budget, whose rate the request says, or tells when there is enough.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Tagged("RATE", &Arg::Value("limit", Type::Positive)),
        Arg::Tagged("PER", &Arg::Value("period", Type::Duration)),
        Arg::AnyOrder(&[
            Arg::Tagged("BURST", &Arg::Value("burst", Type::Positive)),
            COST,
            Arg::Word("PEEK"),
            WAIT,
        ]),
    ],
    reply: VERDICT,
    run: Run::Write(take),
    also: &[Trait::Blocking, Trait::Fast],
};

fn take(cx: &mut Write<'_, '_>) -> Outcome {
    let (args, key) = (cx.args, cx.args.arg(1));
    if !is_word(args.arg(2), "RATE") || !is_word(args.arg(4), "PER") {
        return Err(Refusal::Syntax);
    }
    let limit = positive(args.arg(3), Refusal::text("ERR limit must be positive"))?;
    let period = span(args.arg(5), WRONG_PERIOD)?;
    let (mut burst, mut asked) = (limit, Asked::PLAIN);
    let mut words = Words::new(args, 6);
    while let Some(word) = words.next() {
        if is_word(word, "BURST") {
            burst = positive(words.value()?, Refusal::text("ERR burst must be positive"))?;
        } else if !asked.take(word, &mut words)? {
            return Err(Refusal::Syntax);
        }
    }
    let quota = Quota::new(limit, period, burst)?;
    let facts = Facts::of(Terms { algorithm: Algorithm::Gcra, quota });
    let verdict = if asked.is_peek || must_stand_back(cx, key) {
        look(cx, key, facts, &asked)?
    } else {
        take_one(&mut cx.keys, key, &facts, asked.cost, cx.now)?
    };
    tell(&mut cx.out, &verdict, None);
    if verdict.is_admitted { Ok(Next::Done) } else { wait_in_line(cx, key, &asked, verdict.retry) }
}

/// The verdict on a request that takes nothing: it only asks, or others are before it.
fn look(cx: &Write<'_, '_>, key: &[u8], facts: Facts, asked: &Asked) -> Result<Verdict, Refusal> {
    let mut link = Link::new(facts, key.into(), asked.cost);
    link.weigh(&cx.keys, cx.now)?;
    let mut verdict = link.show(&cx.keys, cx.now);
    if !asked.is_peek {
        verdict.is_admitted = false;
        verdict.retry = verdict.retry.max(1);
    }
    Ok(verdict)
}
