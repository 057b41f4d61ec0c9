//! engine/string/commands/remove.rs — taking a string away.
//!
//! DELEX is Redis 8.4's (<https://redis.io/docs/latest/commands/delex/>), DELIFEQ is Valkey 9's
//! (<https://valkey.io/commands/delifeq/>).

use super::condition::{Condition, IFDEQ, IFDNE, IFEQ, IFNE, Test};
use super::read::answer_string;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::error::Refusal;
use crate::keyspace::Value;

/// See its summary.
pub static GETDEL: Command = Command {
    name: "GETDEL",
    summary: "Returns the string value of a key after deleting the key.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Take)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(getdel),
    also: &[],
};

fn getdel(cx: &mut Write<'_, '_>) -> Outcome {
    if answer_string(cx)? {
        cx.keys.remove(cx.args.arg(1));
    }
    Ok(Next::Done)
}

/// See its summary.
pub static DELEX: Command = Command {
    name: "DELEX",
    summary: "Conditionally removes the specified key based on value or digest comparison.",
    since: "8.4.0",
    cost: Cost::Linear("bytes of the value, for IFDEQ and IFDNE; else O(1)"),
    args: &[Arg::Key("key", Access::Remove), Arg::Maybe(&Arg::OneOf(&[IFEQ, IFNE, IFDEQ, IFDNE]))],
    reply: Reply::Int,
    run: Run::Write(delex),
    also: &[Trait::Fast],
};

fn delex(cx: &mut Write<'_, '_>) -> Outcome {
    let key = cx.args.arg(1);
    let goes = match cx.args.len() {
        2 => true,
        4 => match cx.keys.value(key) {
            None => false,
            Some(Value::Object(_)) => {
                return Err(Refusal::text(
                    "ERR Key should be of string type if conditions are specified",
                ));
            }
            Some(Value::String(held)) => {
                let test = Test::of(cx.args.arg(2)).ok_or(Refusal::text(
                    "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE",
                ))?;
                Condition { test, with: cx.args.arg(3) }.holds(held)?
            }
        },
        _ => return Err(Refusal::Arity("delex")),
    };
    let gone = goes && cx.keys.remove(key);
    cx.out.integer(gone.into());
    Ok(Next::Done)
}

/// See its summary.
pub static DELIFEQ: Command = Command {
    name: "DELIFEQ",
    summary: "Delete key if value matches string.",
    since: "9.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Remove), Arg::Value("value", Type::Bytes)],
    reply: Reply::Int,
    run: Run::Write(delifeq),
    also: &[],
};

fn delifeq(cx: &mut Write<'_, '_>) -> Outcome {
    let key = cx.args.arg(1);
    let matches = cx.keys.string(key)?.is_some_and(|held| held == cx.args.arg(2));
    let gone = matches && cx.keys.remove(key);
    cx.out.integer(gone.into());
    Ok(Next::Done)
}
