//! system/replication/commands.rs — statics and handlers.

use std::sync::atomic::Ordering::Relaxed;

use crate::command::options::{integer, is_word};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type};
use crate::error::Refusal;
use crate::following::Master;
use crate::settings::catalog as said;
use crate::settings::{Value, redis};

const TARGET: &[Arg] = &[Arg::OneOf(&[
    Arg::Group(&[Arg::Value("host", Type::Bytes), Arg::Value("port", Type::Integer)]),
    Arg::Group(&[Arg::Word("NO"), Arg::Word("ONE")]),
])];

/// What a call that waits is told when there is another master.
const UNBLOCKED: &str = "UNBLOCKED force unblock from blocking operation, instance state changed \
                         (master -> replica?)";

/// The words by which this very machine is meant.
const LOOPBACK: &[&str] = &["127.0.0.1", "localhost", "::1", "0.0.0.0"];

/// See its summary.
pub static REPLICAOF: Command = Command {
    name: "REPLICAOF",
    summary: "Follows another server: takes over its data, then its commands as they come; NO ONE \
              ends it and keeps the data.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: TARGET,
    reply: Reply::Simple,
    run: Run::Server(replicaof),
    also: &[Trait::Admin, Trait::NoScript, Trait::Loading, Trait::Slow],
};

/// See its summary.
pub static SLAVEOF: Command = Command {
    name: "SLAVEOF",
    summary: "Follows another server, as REPLICAOF.",
    since: "1.0.0",
    ..REPLICAOF
};

fn replicaof(cx: &mut Desk<'_>) -> Outcome {
    let process = cx.process;
    let (host, port) = (cx.args.arg(1), cx.args.arg(2));
    let who = &cx.session.card.peer;
    if is_word(host, "NO") && is_word(port, "ONE") {
        if process.following.leave() {
            tracing::warn!("REPLICAOF NO ONE by {who}: this server stands alone now");
            process.settings.correct(&redis::REPLICAOF, Value::Words(Vec::new()));
        }
        cx.out.ok();
        return Ok(Next::Done);
    }
    let invalid = || Refusal::text("ERR Invalid master port");
    let port = integer(port).ok().and_then(|port| u16::try_from(port).ok()).ok_or_else(invalid)?;
    let host = String::from_utf8_lossy(host).into_owned();
    if i64::from(port) == process.settings.integer(&said::PORT)
        && LOOPBACK.contains(&host.to_ascii_lowercase().as_str())
    {
        return Err(Refusal::text("ERR REPLICAOF names this server itself"));
    }
    let words = vec![host.clone(), port.to_string()];
    if !process.following.follow(Master { host, port }, cx.now) {
        cx.out.simple("OK Already connected to specified master");
        return Ok(Next::Done);
    }
    tracing::warn!("REPLICAOF {} by {who}: following it", words.join(" "));
    process.settings.correct(&redis::REPLICAOF, Value::Words(words));
    // They wait for what only the other server's clients can bring now.
    for card in process.clients.all() {
        let wait = card.blocked.load(Relaxed);
        if wait != 0 {
            cx.post.unblock(card.address, wait, Some(UNBLOCKED));
        }
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static ROLE: Command = Command {
    name: "ROLE",
    summary: "Returns the replication role.",
    since: "2.8.12",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Array(&Reply::Any),
    run: Run::Server(role),
    also: &[Trait::NoScript, Trait::Loading, Trait::InCategory("admin")],
};

fn role(cx: &mut Desk<'_>) -> Outcome {
    let status = cx.process.following.status();
    let offset = cx.process.following.offset();
    match status.master {
        None => {
            cx.out.array(3);
            cx.out.bulk_str("master");
            cx.out.integer(offset.cast_signed());
            cx.out.array(0);
        }
        Some(master) => {
            cx.out.array(5);
            cx.out.bulk_str("slave");
            cx.out.bulk_str(&master.host);
            cx.out.integer(master.port.into());
            cx.out.bulk_str(status.link.name());
            let is_known = !status.history.is_empty();
            cx.out.integer(if is_known { offset.cast_signed() } else { -1 });
        }
    }
    Ok(Next::Done)
}
