//! engine/string/commands/count.rs — strings as numbers: INCR and its relatives.

use crate::command::options;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Type, Write};
use crate::error::Refusal;
use crate::structure::extended::Extended;

/// See its summary.
pub static INCR: Command = Command {
    name: "INCR",
    summary: "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Update)],
    reply: Reply::Int,
    run: Run::Write(incr),
    also: &[],
};

fn incr(cx: &mut Write<'_, '_>) -> Outcome {
    add(cx, 1)
}

/// See its summary.
pub static DECR: Command = Command {
    name: "DECR",
    summary: "Decrements the integer value of a key by one. Uses 0 as initial value if the key doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Update)],
    reply: Reply::Int,
    run: Run::Write(decr),
    also: &[],
};

fn decr(cx: &mut Write<'_, '_>) -> Outcome {
    add(cx, -1)
}

/// See its summary.
pub static INCRBY: Command = Command {
    name: "INCRBY",
    summary: "Increments the integer value of a key by a number. Uses 0 as initial value if the key doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Update), Arg::Value("increment", Type::Integer)],
    reply: Reply::Int,
    run: Run::Write(incrby),
    also: &[],
};

fn incrby(cx: &mut Write<'_, '_>) -> Outcome {
    let by = options::integer(cx.args.arg(2))?;
    add(cx, by)
}

/// See its summary.
pub static DECRBY: Command = Command {
    name: "DECRBY",
    summary: "Decrements a number from the integer value of a key. Uses 0 as initial value if the key doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Update), Arg::Value("decrement", Type::Integer)],
    reply: Reply::Int,
    run: Run::Write(decrby),
    also: &[],
};

fn decrby(cx: &mut Write<'_, '_>) -> Outcome {
    let by = options::integer(cx.args.arg(2))?;
    let by = by.checked_neg().ok_or(Refusal::text("ERR decrement would overflow"))?;
    add(cx, by)
}

/// Adds to the integer at the first key; one lookup, no allocation.
#[inline]
fn add(cx: &mut Write<'_, '_>, by: i64) -> Outcome {
    let mut buffer = itoa::Buffer::new();
    let mut sum = 0;
    let (digits, result) = (&mut buffer, &mut sum);
    cx.keys.update_string(cx.args.arg(1), move |held| {
        let held = held.map_or(Ok(0), options::integer)?;
        *result = held
            .checked_add(by)
            .ok_or(Refusal::text("ERR increment or decrement would overflow"))?;
        Ok(digits.format(*result))
    })?;
    cx.out.integer(sum);
    Ok(Next::Done)
}

/// See its summary.
pub static INCRBYFLOAT: Command = Command {
    name: "INCRBYFLOAT",
    summary: "Increment the floating point value of a key by a number. Uses 0 as initial value if the key doesn't exist.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Update), Arg::Value("increment", Type::Float)],
    reply: Reply::Bulk,
    run: Run::Write(incrbyfloat),
    also: &[],
};

fn incrbyfloat(cx: &mut Write<'_, '_>) -> Outcome {
    let by = cx.args.arg(2);
    let mut text = String::new();
    let result = &mut text;
    cx.keys.update_string(cx.args.arg(1), move |held| {
        let held = held.map_or(Some(Extended::ZERO), Extended::parse).ok_or(Refusal::NotFloat)?;
        let by = Extended::parse(by).ok_or(Refusal::NotFloat)?;
        let sum =
            held.add(by).ok_or(Refusal::text("ERR increment would produce NaN or Infinity"))?;
        *result = sum.to_string();
        Ok(&*result)
    })?;
    cx.out.bulk_str(&text);
    Ok(Next::Done)
}
