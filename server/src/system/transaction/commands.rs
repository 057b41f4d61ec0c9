//! system/transaction/commands.rs — statics and handlers.

use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Visit};
use crate::error::Refusal;

/// The most keys that one connection may watch.
const WATCHED_MAX: usize = 1 << 20;

/// See its summary.
pub static MULTI: Command = Command {
    name: "MULTI",
    summary: "Starts a transaction.",
    since: "1.2.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Ok,
    run: Run::Session(multi),
    also: &[Trait::NotQueued, Trait::NoScript, Trait::Loading],
};

fn multi(cx: &mut Visit<'_>) -> Outcome {
    if cx.session.transaction.is_some() {
        return Err(Refusal::text("ERR MULTI calls can not be nested"));
    }
    cx.session.transaction = Some(Box::default());
    cx.session.settle();
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static EXEC: Command = Command {
    name: "EXEC",
    summary: "Executes all commands in a transaction.",
    since: "1.2.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::OneOf(&[Reply::Array(&Reply::Any), Reply::Maybe(&Reply::Any)]),
    run: Run::Session(exec),
    also: &[
        Trait::Executes,
        Trait::NotQueued,
        Trait::NoScript,
        Trait::Loading,
        Trait::SkipSlowLog,
        Trait::Slow,
    ],
};

fn exec(cx: &mut Visit<'_>) -> Outcome {
    match cx.session.transaction {
        Some(_) => Ok(Next::Execute),
        None => Err(Refusal::text("ERR EXEC without MULTI")),
    }
}

/// See its summary.
pub static DISCARD: Command = Command {
    name: "DISCARD",
    summary: "Discards a transaction.",
    since: "2.0.0",
    cost: Cost::Each("queued commands"),
    args: &[],
    reply: Reply::Ok,
    run: Run::Session(discard),
    also: &[Trait::NotQueued, Trait::NoScript, Trait::Loading],
};

fn discard(cx: &mut Visit<'_>) -> Outcome {
    if cx.session.transaction.take().is_none() {
        return Err(Refusal::text("ERR DISCARD without MULTI"));
    }
    forget(cx);
    Ok(Next::Done)
}

/// See its summary.
pub static WATCH: Command = Command {
    name: "WATCH",
    summary: "Monitors changes to keys to determine the execution of a transaction.",
    since: "2.2.0",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Key("key", Access::Probe))],
    reply: Reply::Ok,
    run: Run::Session(watch),
    also: &[Trait::NotQueued, Trait::NoScript, Trait::Loading],
};

fn watch(cx: &mut Visit<'_>) -> Outcome {
    if cx.session.transaction.is_some() {
        return Err(Refusal::text("ERR WATCH inside MULTI is not allowed"));
    }
    let Some(gate) = cx.gate else { unreachable!("WATCH is never queued") };
    let session = &mut *cx.session;
    let watched = session.watched.get_or_insert_default();
    if watched.keys.len().saturating_add(cx.args.len()) > WATCHED_MAX {
        return Err(Refusal::text("ERR too many watched keys"));
    }
    for key in cx.args.args().skip(1) {
        let place = (session.database, Box::from(key));
        if !watched.keys.contains_key(&place) {
            let keyspace = &cx.process.keyspace;
            let due = keyspace.watch(gate, session.database, key, cx.now, &watched.watch);
            watched.keys.insert(place, due);
        }
    }
    session.settle();
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static UNWATCH: Command = Command {
    name: "UNWATCH",
    summary: "Forgets about watched keys of a transaction.",
    since: "2.2.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Ok,
    run: Run::Session(unwatch),
    also: &[Trait::NoScript, Trait::Loading],
};

fn unwatch(cx: &mut Visit<'_>) -> Outcome {
    forget(cx);
    Ok(Next::Done)
}

fn forget(cx: &mut Visit<'_>) {
    // Without a gate this is part of a transaction, which has taken the watches before it began.
    if let Some(gate) = cx.gate {
        cx.session.unwatch(&cx.process.keyspace, gate);
    }
    cx.session.settle();
    cx.out.ok();
}
