//! engine/hash/commands/one.rs — what names its fields.

use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::engine::hash::fields::Fields;
use crate::error::Refusal;

const PAIRS: &[Arg] = &[
    Arg::Key("key", Access::Edit),
    Arg::Many(&Arg::Group(&[Arg::Value("field", Type::Bytes), Arg::Value("value", Type::Bytes)])),
];

const PROBE_ONE: &[Arg] = &[Arg::Key("key", Access::Probe), Arg::Value("field", Type::Bytes)];

/// See its summary.
pub static HSET: Command = Command {
    name: "HSET",
    summary: "Creates or modifies the value of a field in a hash.",
    since: "2.0.0",
    cost: Cost::Each("fields"),
    args: PAIRS,
    reply: Reply::Int,
    run: Run::Write(hset),
    also: &[Trait::Member(2)],
};

fn hset(cx: &mut Write<'_, '_>) -> Outcome {
    let added = set_pairs(cx, "hset")?;
    cx.out.integer(added);
    Ok(Next::Done)
}

/// See its summary.
pub static HMSET: Command = Command {
    name: "HMSET",
    summary: "Sets the values of multiple fields.",
    since: "2.0.0",
    cost: Cost::Each("fields"),
    args: PAIRS,
    reply: Reply::Ok,
    run: Run::Write(hmset),
    also: &[Trait::Member(2)],
};

fn hmset(cx: &mut Write<'_, '_>) -> Outcome {
    set_pairs(cx, "hmset")?;
    cx.out.ok();
    Ok(Next::Done)
}

/// Sets the pairs behind the key; how many fields are new.
#[inline]
fn set_pairs(cx: &mut Write<'_, '_>, name: &'static str) -> Result<i64, Refusal> {
    if !cx.args.len().is_multiple_of(2) {
        return Err(Refusal::Arity(name));
    }
    let now = cx.now;
    let mut fields = cx.keys.edit::<Fields>(cx.args.arg(1))?;
    let mut added = 0;
    for at in (2..cx.args.len()).step_by(2) {
        added += i64::from(fields.set(cx.args.arg(at), cx.args.arg(at + 1), now));
    }
    Ok(added)
}

/// See its summary.
pub static HSETNX: Command = Command {
    name: "HSETNX",
    summary: "Sets the value of a field in a hash only when the field doesn't exist.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Insert),
        Arg::Value("field", Type::Bytes),
        Arg::Value("value", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(hsetnx),
    also: &[Trait::Member(2)],
};

fn hsetnx(cx: &mut Write<'_, '_>) -> Outcome {
    let mut fields = cx.keys.edit::<Fields>(cx.args.arg(1))?;
    let is_new = fields.get(cx.args.arg(2), cx.now).is_none();
    if is_new {
        fields.set(cx.args.arg(2), cx.args.arg(3), cx.now);
    } else {
        fields.unchanged();
    }
    cx.out.integer(i64::from(is_new));
    Ok(Next::Done)
}

/// See its summary.
pub static HGET: Command = Command {
    name: "HGET",
    summary: "Returns the value of a field in a hash.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look), Arg::Value("field", Type::Bytes)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(hget),
    also: &[Trait::Member(2)],
};

fn hget(cx: &mut Read<'_>) -> Outcome {
    let fields = cx.keys.get::<Fields>(cx.args.arg(1))?;
    match fields.and_then(|fields| fields.get(cx.args.arg(2), cx.now)) {
        Some(value) => cx.out.bulk(value),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static HMGET: Command = Command {
    name: "HMGET",
    summary: "Returns the values of all fields in a hash.",
    since: "2.0.0",
    cost: Cost::Each("fields"),
    args: &[Arg::Key("key", Access::Look), Arg::Many(&Arg::Value("field", Type::Bytes))],
    reply: Reply::Array(&Reply::Maybe(&Reply::Bulk)),
    run: Run::Read(hmget),
    also: &[Trait::Member(2)],
};

fn hmget(cx: &mut Read<'_>) -> Outcome {
    let fields = cx.keys.get::<Fields>(cx.args.arg(1))?;
    cx.out.array(cx.args.len() - 2);
    for at in 2..cx.args.len() {
        match fields.and_then(|fields| fields.get(cx.args.arg(at), cx.now)) {
            Some(value) => cx.out.bulk(value),
            None => cx.out.null(),
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static HDEL: Command = Command {
    name: "HDEL",
    summary: "Deletes one or more fields and their values from a hash. Deletes the hash if no fields remain.",
    since: "2.0.0",
    cost: Cost::Each("fields"),
    args: &[Arg::Key("key", Access::Remove), Arg::Many(&Arg::Value("field", Type::Bytes))],
    reply: Reply::Int,
    run: Run::Write(hdel),
    also: &[Trait::Member(2)],
};

fn hdel(cx: &mut Write<'_, '_>) -> Outcome {
    let mut removed = 0;
    if let Some(mut fields) = cx.keys.edit_existing::<Fields>(cx.args.arg(1))? {
        for at in 2..cx.args.len() {
            removed += i64::from(fields.remove(cx.args.arg(at), cx.now));
        }
        if removed == 0 {
            fields.unchanged();
        }
    }
    cx.out.integer(removed);
    Ok(Next::Done)
}

/// See its summary.
pub static HEXISTS: Command = Command {
    name: "HEXISTS",
    summary: "Determines whether a field exists in a hash.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: PROBE_ONE,
    reply: Reply::Int,
    run: Run::Read(hexists),
    also: &[Trait::Member(2)],
};

fn hexists(cx: &mut Read<'_>) -> Outcome {
    let fields = cx.keys.get::<Fields>(cx.args.arg(1))?;
    let value = fields.and_then(|fields| fields.get(cx.args.arg(2), cx.now));
    cx.out.integer(i64::from(value.is_some()));
    Ok(Next::Done)
}

/// See its summary.
pub static HSTRLEN: Command = Command {
    name: "HSTRLEN",
    summary: "Returns the length of the value of a field.",
    since: "3.2.0",
    cost: Cost::Constant,
    args: PROBE_ONE,
    reply: Reply::Int,
    run: Run::Read(hstrlen),
    also: &[Trait::Member(2)],
};

fn hstrlen(cx: &mut Read<'_>) -> Outcome {
    let fields = cx.keys.get::<Fields>(cx.args.arg(1))?;
    let value = fields.and_then(|fields| fields.get(cx.args.arg(2), cx.now));
    cx.out.integer(value.map_or(0, |value| value.len() as i64));
    Ok(Next::Done)
}
