//! system/script/scripts.rs — SCRIPT: statics and handlers.

use super::{FLUSH_MODE, NOT_BUSY, require_flush_mode};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, help};

/// See its summary.
pub static SCRIPT: Command = Command {
    name: "SCRIPT",
    summary: "A container for Lua scripts management commands.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&EXISTS, &FLUSH, &HELP, &KILL]),
    also: &[Trait::Slow],
};

static EXISTS: Command = Command {
    name: "SCRIPT EXISTS",
    summary: "Determines whether server-side Lua scripts exist in the script cache.",
    since: "2.6.0",
    cost: Cost::Linear("scripts to check"),
    args: &[Arg::Many(&Arg::Value("sha1", Type::Bytes))],
    reply: Reply::Array(&Reply::Int),
    run: Run::Server(exists),
    also: &[
        Trait::NoScript,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:agg_logical_and"),
    ],
};

fn exists(cx: &mut Desk<'_>) -> Outcome {
    let count = cx.args.len() - 2;
    cx.out.array(count);
    (0..count).for_each(|_| cx.out.integer(0));
    Ok(Next::Done)
}

static FLUSH: Command = Command {
    name: "SCRIPT FLUSH",
    summary: "Removes all server-side Lua scripts from the script cache.",
    since: "2.6.0",
    cost: Cost::Linear("scripts in the cache"),
    args: &[FLUSH_MODE],
    reply: Reply::Ok,
    run: Run::Server(flush),
    also: &[
        Trait::NoScript,
        Trait::Tip("request_policy:all_nodes"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn flush(cx: &mut Desk<'_>) -> Outcome {
    require_flush_mode(cx.args, "ERR SCRIPT FLUSH only support SYNC|ASYNC option")?;
    cx.out.ok();
    Ok(Next::Done)
}

static KILL: Command = Command {
    name: "SCRIPT KILL",
    summary: "Terminates a server-side Lua script during execution.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(|_| Err(NOT_BUSY)),
    also: &[
        Trait::NoScript,
        Trait::AllowBusy,
        Trait::Slow,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:one_succeeded"),
    ],
};

static HELP: Command =
    help::command("SCRIPT HELP", "5.0.0", |cx| help::answer("SCRIPT", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "EXISTS <sha1> [<sha1> ...]",
    "    Return information about the existence of the scripts in the script cache.",
    "FLUSH [ASYNC|SYNC]",
    "    Flush the Lua scripts cache. Very dangerous on replicas.",
    "KILL",
    "    Kill the currently executing Lua script.",
];
