//! engine/keys/commands/presence.rs — whether keys are there, and taking them away.

use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Write};

/// See its summary.
pub static DEL: Command = Command {
    name: "DEL",
    summary: "Deletes one or more keys.",
    since: "1.0.0",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Key("key", Access::Delete))],
    reply: Reply::Int,
    run: Run::Write(del),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:multi_shard"),
        Trait::Tip("response_policy:agg_sum"),
    ],
};

/// The same as DEL here: what is big is always freed elsewhere.
pub static UNLINK: Command = Command {
    name: "UNLINK",
    summary: "Asynchronously deletes one or more keys.",
    since: "4.0.0",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Key("key", Access::Delete))],
    reply: Reply::Int,
    run: Run::Write(del),
    also: &[Trait::Tip("request_policy:multi_shard"), Trait::Tip("response_policy:agg_sum")],
};

fn del(cx: &mut Write<'_, '_>) -> Outcome {
    let gone = cx.args.args().skip(1).filter(|key| cx.keys.remove(key)).count();
    cx.out.integer(gone as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static EXISTS: Command = Command {
    name: "EXISTS",
    summary: "Determines whether one or more keys exist.",
    since: "1.0.0",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Key("key", Access::Probe))],
    reply: Reply::Int,
    run: Run::Read(exists),
    also: &[Trait::Tip("request_policy:multi_shard"), Trait::Tip("response_policy:agg_sum")],
};

/// As EXISTS, and it counts as a look at the keys.
pub static TOUCH: Command = Command {
    name: "TOUCH",
    summary: "Returns the number of existing keys out of those specified after updating the time they were last accessed.",
    since: "3.2.1",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Key("key", Access::Probe))],
    reply: Reply::Int,
    run: Run::Read(touch),
    also: &[Trait::Tip("request_policy:multi_shard"), Trait::Tip("response_policy:agg_sum")],
};

fn touch(cx: &mut Read<'_>) -> Outcome {
    let found = cx.args.args().skip(1).filter(|key| cx.keys.touch(key)).count();
    cx.out.integer(found as i64);
    Ok(Next::Done)
}

fn exists(cx: &mut Read<'_>) -> Outcome {
    let found = cx.args.args().skip(1).filter(|key| cx.keys.exists(key)).count();
    cx.out.integer(found as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static TYPE: Command = Command {
    name: "TYPE",
    summary: "Determines the type of value stored at a key.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Simple,
    run: Run::Read(kind),
    also: &[],
};

fn kind(cx: &mut Read<'_>) -> Outcome {
    cx.out.simple(cx.keys.peek(cx.args.arg(1)).map_or("none", |value| value.kind()));
    Ok(Next::Done)
}
