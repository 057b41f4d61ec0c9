//! engine/sorted_set/commands/store.rs — the results of algebra, kept at a key.
//!
//! The result replaces whatever the key held, its deadline included; an empty one removes the key.

use super::algebra::{AGGREGATE, Asked, Operation, WEIGHTS, Wanted};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Write};
use crate::keyspace::Ttl;

const DESTINATION: Arg = Arg::Key("destination", Access::Replace);

const SOURCES: Arg = Arg::Counted(&Arg::Key("key", Access::Look));

/// See its summary.
pub static ZUNIONSTORE: Command = Command {
    name: "ZUNIONSTORE",
    summary: "Stores the union of multiple sorted sets in a key.",
    since: "2.0.0",
    cost: Cost::Linear("members of all sorted sets, times the logarithm of the result's size"),
    args: &[DESTINATION, SOURCES, Arg::AnyOrder(&[WEIGHTS, AGGREGATE])],
    reply: Reply::Int,
    run: Run::Write(zunionstore),
    also: &[],
};

fn zunionstore(cx: &mut Write<'_, '_>) -> Outcome {
    store(cx, Operation::Union, "zunionstore")
}

/// See its summary.
pub static ZINTERSTORE: Command = Command {
    name: "ZINTERSTORE",
    summary: "Stores the intersect of multiple sorted sets in a key.",
    since: "2.0.0",
    cost: Cost::Linear("members of the smallest sorted set, times the sorted sets"),
    args: &[DESTINATION, SOURCES, Arg::AnyOrder(&[WEIGHTS, AGGREGATE])],
    reply: Reply::Int,
    run: Run::Write(zinterstore),
    also: &[],
};

fn zinterstore(cx: &mut Write<'_, '_>) -> Outcome {
    store(cx, Operation::Intersect, "zinterstore")
}

/// See its summary.
pub static ZDIFFSTORE: Command = Command {
    name: "ZDIFFSTORE",
    summary: "Stores the difference of multiple sorted sets in a key.",
    since: "6.2.0",
    cost: Cost::Linear("members of the first sorted set, times the sorted sets"),
    args: &[DESTINATION, SOURCES],
    reply: Reply::Int,
    run: Run::Write(zdiffstore),
    also: &[],
};

fn zdiffstore(cx: &mut Write<'_, '_>) -> Outcome {
    store(cx, Operation::Subtract, "zdiffstore")
}

fn store(cx: &mut Write<'_, '_>, operation: Operation, name: &str) -> Outcome {
    let asked = Asked::read(&cx.keys, cx.args, 2, operation, Wanted::Stored, name)?;
    let mut result = asked.compute();
    result.settle();
    let (key, count) = (cx.args.arg(1), result.len());
    if count == 0 {
        cx.keys.remove(key);
    } else {
        cx.keys.put_object(key, Box::new(result), Ttl::Clear);
    }
    cx.out.integer(count as i64);
    Ok(Next::Done)
}
