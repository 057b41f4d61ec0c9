//! engine/string/commands/several.rs — putting several strings at once.
//!
//! MSETEX is Redis 8.4's (<https://redis.io/docs/latest/commands/msetex/>, and its tests,
//! `string.tcl`).

use super::lifetime::{EX, EXAT, Lifetime, PX, PXAT};
use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::error::Refusal;
use crate::keyspace::Ttl;

/// See its summary.
pub static MSET: Command = Command {
    name: "MSET",
    summary: "Atomically creates or modifies the string values of one or more keys.",
    since: "1.0.1",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Group(&[
        Arg::Key("key", Access::Replace),
        Arg::Value("value", Type::Bytes),
    ]))],
    reply: Reply::Ok,
    run: Run::Write(mset),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:multi_shard"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn mset(cx: &mut Write<'_, '_>) -> Outcome {
    require_pairs(cx, "mset")?;
    put_pairs(cx);
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static MSETNX: Command = Command {
    name: "MSETNX",
    summary: "Atomically modifies the string values of one or more keys only when all keys don't exist.",
    since: "1.0.1",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Group(&[
        Arg::Key("key", Access::Create),
        Arg::Value("value", Type::Bytes),
    ]))],
    reply: Reply::Int,
    run: Run::Write(msetnx),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:multi_shard"),
        Trait::Tip("response_policy:agg_min"),
    ],
};

fn msetnx(cx: &mut Write<'_, '_>) -> Outcome {
    require_pairs(cx, "msetnx")?;
    let free = cx.args.args().skip(1).step_by(2).all(|key| !cx.keys.finds(key));
    if free {
        put_pairs(cx);
    }
    cx.out.integer(free.into());
    Ok(Next::Done)
}

fn require_pairs(cx: &Write<'_, '_>, command: &'static str) -> Result<(), Refusal> {
    if cx.args.len().is_multiple_of(2) { Err(Refusal::Arity(command)) } else { Ok(()) }
}

fn put_pairs(cx: &mut Write<'_, '_>) {
    let mut args = cx.args.args().skip(1);
    while let (Some(key), Some(value)) = (args.next(), args.next()) {
        cx.keys.put_string(key, value, Ttl::Clear);
    }
}

/// See its summary.
pub static MSETEX: Command = Command {
    name: "MSETEX",
    summary: "Atomically sets multiple string keys with a shared expiration in a single operation.",
    since: "8.4.0",
    cost: Cost::Each("keys"),
    args: &[
        Arg::Counted(&Arg::Group(&[
            Arg::Key("key", Access::Replace),
            Arg::Value("value", Type::Bytes),
        ])),
        Arg::AnyOrder(&[
            Arg::OneOf(&[Arg::Word("NX"), Arg::Word("XX")]),
            Arg::OneOf(&[EX, PX, EXAT, PXAT, Arg::Word("KEEPTTL")]),
        ]),
    ],
    reply: Reply::Int,
    run: Run::Write(msetex),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:multi_shard"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn msetex(cx: &mut Write<'_, '_>) -> Outcome {
    let count = options::parse_integer(cx.args.arg(1))
        .and_then(|count| i32::try_from(count).ok())
        .and_then(|count| usize::try_from(count).ok())
        .filter(|&count| count > 0)
        .ok_or(Refusal::text("ERR invalid numkeys value"))?;
    if count > (cx.args.len() - 2) / 2 {
        return Err(Refusal::text("ERR wrong number of key-value pairs"));
    }
    let mut lifetime = Lifetime::Unsaid;
    let (mut if_absent, mut if_present) = (false, false);
    let mut words = Words::new(cx.args, 2 + 2 * count);
    while let Some(word) = words.next() {
        if is_word(word, "NX") && !if_present {
            if_absent = true;
        } else if is_word(word, "XX") && !if_absent {
            if_present = true;
        } else if !lifetime.take_keep(word) && !lifetime.take(word, &mut words)? {
            return Err(Refusal::Syntax);
        }
    }
    let ttl = lifetime.ttl(cx.now, "msetex")?;
    let mut pairs = (0..count).map(|at| (cx.args.arg(2 + 2 * at), cx.args.arg(3 + 2 * at)));
    let fits = |(key, _): (&[u8], _)| match cx.keys.peek(key) {
        Some(_) => !if_absent,
        None => !if_present,
    };
    let all_fit = (!if_absent && !if_present) || pairs.clone().all(fits);
    if all_fit {
        pairs.by_ref().for_each(|(key, value)| cx.keys.put_string(key, value, ttl));
    }
    cx.out.integer(all_fit.into());
    Ok(Next::Done)
}
