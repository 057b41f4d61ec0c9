//! system/connection/commands.rs — statics and handlers of what a connection asks for itself.

use mainstay_protocol::Version;

use crate::command::{Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Visit, options};
use crate::error::Refusal;
use crate::session::Replies;
use crate::settings::catalog as said;

/// See its summary.
pub static PING: Command = Command {
    name: "PING",
    summary: "Returns the server's liveliness response.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Value("message", Type::Bytes))],
    reply: Reply::OneOf(&[Reply::Simple, Reply::Bulk, Reply::Tuple(&[Reply::Bulk, Reply::Bulk])]),
    run: Run::Session(ping),
    also: &[
        Trait::WhileSubscribed,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn ping(cx: &mut Visit<'_>) -> Outcome {
    if cx.args.len() > 2 {
        return Err(Refusal::Arity("ping"));
    }
    let message = cx.args.get(1);
    if cx.session.is_confined() {
        cx.out.array(2);
        cx.out.bulk(b"pong");
        cx.out.bulk(message.unwrap_or_default());
    } else {
        match message {
            Some(message) => cx.out.bulk(message),
            None => cx.out.simple("PONG"),
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static ECHO: Command = Command {
    name: "ECHO",
    summary: "Returns the given string.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Value("message", Type::Bytes)],
    reply: Reply::Bulk,
    run: Run::Session(echo),
    also: &[Trait::Loading],
};

fn echo(cx: &mut Visit<'_>) -> Outcome {
    cx.out.bulk(cx.args.arg(1));
    Ok(Next::Done)
}

/// See its summary.
pub static SELECT: Command = Command {
    name: "SELECT",
    summary: "Changes the selected database.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Value("index", Type::Database)],
    reply: Reply::Ok,
    run: Run::Session(select),
    also: &[Trait::Loading],
};

fn select(cx: &mut Visit<'_>) -> Outcome {
    cx.session.database = options::database(cx.args.arg(1), cx.process.keyspace.databases())?;
    cx.session.settle();
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static QUIT: Command = Command {
    name: "QUIT",
    summary: "Closes the connection.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("ignored", Type::Bytes)))],
    reply: Reply::Ok,
    run: Run::Session(quit),
    also: &[
        Trait::NoAuth,
        Trait::NoScript,
        Trait::NotQueued,
        Trait::WhileSubscribed,
        Trait::Loading,
    ],
};

fn quit(cx: &mut Visit<'_>) -> Outcome {
    cx.out.ok();
    Ok(Next::Close)
}

/// See its summary.
pub static RESET: Command = Command {
    name: "RESET",
    summary: "Resets the connection.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Simple,
    run: Run::Session(reset),
    also: &[
        Trait::NoAuth,
        Trait::NoScript,
        Trait::NotQueued,
        Trait::WhileSubscribed,
        Trait::Loading,
    ],
};

fn reset(cx: &mut Visit<'_>) -> Outcome {
    use std::sync::atomic::Ordering::Relaxed;
    let session = &mut *cx.session;
    session.transaction = None;
    if let Some(gate) = cx.gate {
        session.unwatch(&cx.process.keyspace, gate);
    }
    cx.process.leave(session);
    session.database = 0;
    session.version = Version::Resp2;
    session.replies = Replies::On;
    session.authenticated = cx.process.settings.text(&said::REQUIREPASS).is_empty();
    session.card.no_evict.store(false, Relaxed);
    session.card.no_touch.store(false, Relaxed);
    session.card.text.lock().name.clear();
    session.settle();
    cx.out.set_version(Version::Resp2);
    cx.out.simple("RESET");
    Ok(Next::Done)
}
