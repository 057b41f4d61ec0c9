//! engine/keys/commands/walk.rs — looking through a whole database.

use crate::command::options::{Words, is_word};
use crate::command::paging::{MATCH, Paging, Pattern};
use crate::command::{Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::error::Refusal;

/// See its summary.
pub static KEYS: Command = Command {
    name: "KEYS",
    summary: "Returns all key names that match a pattern.",
    since: "1.0.0",
    cost: Cost::Linear("the keys in the database"),
    args: &[Arg::Value("pattern", Type::Pattern)],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Read(keys),
    also: &[
        Trait::Dangerous,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("nondeterministic_output_order"),
    ],
};

fn keys(cx: &mut Read<'_>) -> Outcome {
    let pattern = Pattern::new(cx.args.arg(1));
    let begun = cx.out.begin_array();
    let mut count = 0;
    cx.keys.each(|key, _| {
        if pattern.matches(key) {
            cx.out.bulk(key);
            count += 1;
        }
    });
    cx.out.finish_array(begun, count);
    Ok(Next::Done)
}

/// See its summary.
pub static SCAN: Command = Command {
    name: "SCAN",
    summary: "Iterates over the key names in the database.",
    since: "2.8.0",
    cost: Cost::Linear("the keys looked at; a whole iteration looks at all"),
    args: &[
        Arg::Value("cursor", Type::Cursor),
        Arg::AnyOrder(&[
            MATCH,
            Arg::Tagged("COUNT", &Arg::Value("count", Type::Positive)),
            Arg::Tagged("TYPE", &Arg::Value("type", Type::Bytes)),
        ]),
    ],
    reply: Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Bulk)]),
    run: Run::Read(scan),
    also: &[Trait::Tip("nondeterministic_output"), Trait::Tip("request_policy:special")],
};

fn scan(cx: &mut Read<'_>) -> Outcome {
    let mut paging = Paging::new(cx.args.arg(1))?;
    let mut kind = None;
    let mut words = Words::new(cx.args, 2);
    while let Some(word) = words.next() {
        if is_word(word, "TYPE") {
            kind = Some(words.value()?);
        } else if !paging.option(word, &mut words)? {
            return Err(Refusal::Syntax);
        }
    }
    paging.answer(&mut cx.out, |page| {
        let mut found = 0;
        let next = cx.keys.scan(paging.cursor, paging.count, |key, value| {
            let is_kind =
                kind.is_none_or(|kind| value.kind().as_bytes().eq_ignore_ascii_case(kind));
            if is_kind && paging.pattern.matches(key) {
                page.bulk(key);
                found += 1;
            }
        });
        (found, next)
    })
}

/// See its summary.
pub static RANDOMKEY: Command = Command {
    name: "RANDOMKEY",
    summary: "Returns a random key name from the database.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(randomkey),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("nondeterministic_output"),
    ],
};

fn randomkey(cx: &mut Read<'_>) -> Outcome {
    match cx.keys.random(&mut cx.dice) {
        Some(key) => cx.out.bulk(&key),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static DBSIZE: Command = Command {
    name: "DBSIZE",
    summary: "Returns the number of keys in the database.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Int,
    run: Run::Read(dbsize),
    also: &[Trait::Tip("request_policy:all_shards"), Trait::Tip("response_policy:agg_sum")],
};

fn dbsize(cx: &mut Read<'_>) -> Outcome {
    cx.out.integer(cx.keys.len() as i64);
    Ok(Next::Done)
}
