//! engine/hash/commands/all.rs — what goes over the whole hash.

use crate::command::options::{Words, is_word};
use crate::command::paging::{COUNT, MATCH, Paging};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::hash::fields::Fields;
use crate::error::Refusal;

const WHOLE: &[Arg] = &[Arg::Key("key", Access::Look)];

const UNORDERED: &[Trait] = &[Trait::Tip("nondeterministic_output_order")];

/// See its summary. Redis counts fields that are dead and not yet freed; here nobody sees them.
pub static HLEN: Command = Command {
    name: "HLEN",
    summary: "Returns the number of fields in a hash.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Int,
    run: Run::Read(hlen),
    also: &[],
};

fn hlen(cx: &mut Read<'_>) -> Outcome {
    let fields = cx.keys.get::<Fields>(cx.args.arg(1))?;
    cx.out.integer(fields.map_or(0, |fields| fields.len(cx.now) as i64));
    Ok(Next::Done)
}

/// See its summary.
pub static HGETALL: Command = Command {
    name: "HGETALL",
    summary: "Returns all fields and values in a hash.",
    since: "2.0.0",
    cost: Cost::Linear("fields"),
    args: WHOLE,
    reply: Reply::Map(&Reply::Bulk),
    run: Run::Read(hgetall),
    also: UNORDERED,
};

fn hgetall(cx: &mut Read<'_>) -> Outcome {
    let Some(fields) = cx.keys.get::<Fields>(cx.args.arg(1))? else {
        cx.out.map(0);
        return Ok(Next::Done);
    };
    cx.out.map(fields.len(cx.now));
    for (field, value) in fields.iter(cx.now) {
        cx.out.bulk(field);
        cx.out.bulk(value);
    }
    Ok(Next::Done)
}

/// See its summary.
pub static HKEYS: Command = Command {
    name: "HKEYS",
    summary: "Returns all fields in a hash.",
    since: "2.0.0",
    cost: Cost::Linear("fields"),
    args: WHOLE,
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Read(|cx| list(cx, |(field, _)| field)),
    also: UNORDERED,
};

/// See its summary.
pub static HVALS: Command = Command {
    name: "HVALS",
    summary: "Returns all values in a hash.",
    since: "2.0.0",
    cost: Cost::Linear("fields"),
    args: WHOLE,
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Read(|cx| list(cx, |(_, value)| value)),
    also: UNORDERED,
};

/// Chooses the field or the value of a pair.
type Part = for<'a> fn((&'a [u8], &'a [u8])) -> &'a [u8];

fn list(cx: &mut Read<'_>, part: Part) -> Outcome {
    let Some(fields) = cx.keys.get::<Fields>(cx.args.arg(1))? else {
        cx.out.array(0);
        return Ok(Next::Done);
    };
    cx.out.array(fields.len(cx.now));
    for pair in fields.iter(cx.now) {
        cx.out.bulk(part(pair));
    }
    Ok(Next::Done)
}

/// See its summary.
pub static HSCAN: Command = Command {
    name: "HSCAN",
    summary: "Iterates over fields and values of a hash.",
    since: "2.8.0",
    cost: Cost::Linear("the fields looked at; a whole iteration looks at all"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("cursor", Type::Cursor),
        Arg::AnyOrder(&[MATCH, COUNT, Arg::Word("NOVALUES")]),
    ],
    reply: Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Bulk)]),
    run: Run::Read(hscan),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn hscan(cx: &mut Read<'_>) -> Outcome {
    let mut paging = Paging::new(cx.args.arg(2))?;
    let Some(fields) = cx.keys.get::<Fields>(cx.args.arg(1))? else {
        return paging.nothing(&mut cx.out);
    };
    let mut has_values = true;
    let mut words = Words::new(cx.args, 3);
    while let Some(word) = words.next() {
        if is_word(word, "NOVALUES") {
            has_values = false;
        } else if !paging.option(word, &mut words)? {
            return Err(Refusal::Syntax);
        }
    }
    paging.answer(&mut cx.out, |page| {
        let mut found = 0;
        let next = fields.scan(paging.cursor, paging.count, cx.now, |field, value| {
            if paging.pattern.matches(field) {
                page.bulk(field);
                found += 1;
                if has_values {
                    page.bulk(value);
                    found += 1;
                }
            }
        });
        (found, next)
    })
}
