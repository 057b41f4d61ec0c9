//! engine/hash/commands/all.rs — what goes over the whole hash.

use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait};
use crate::engine::hash::fields::Fields;

const WHOLE: &[Arg] = &[Arg::Key("key", Access::Look)];

/// See its summary.
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
    cx.out.integer(fields.map_or(0, |fields| fields.len() as i64));
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
    also: &[Trait::Tip("nondeterministic_output_order")],
};

fn hgetall(cx: &mut Read<'_>) -> Outcome {
    let Some(fields) = cx.keys.get::<Fields>(cx.args.arg(1))? else {
        cx.out.map(0);
        return Ok(Next::Done);
    };
    cx.out.map(fields.len());
    for (field, value) in fields.iter() {
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
    also: &[Trait::Tip("nondeterministic_output_order")],
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
    also: &[Trait::Tip("nondeterministic_output_order")],
};

fn list(cx: &mut Read<'_>, part: for<'a> fn((&'a [u8], &'a [u8])) -> &'a [u8]) -> Outcome {
    let Some(fields) = cx.keys.get::<Fields>(cx.args.arg(1))? else {
        cx.out.array(0);
        return Ok(Next::Done);
    };
    cx.out.array(fields.len());
    for pair in fields.iter() {
        cx.out.bulk(part(pair));
    }
    Ok(Next::Done)
}
