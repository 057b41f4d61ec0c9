//! system/connection/wait.rs — WAIT: until replicas have what this connection wrote.
//!
//! There are no replicas, so none has acknowledged anything, and none will. Whoever asks for some
//! waits for them nevertheless until the time is up, and hears 0 then, as from Redis without any.

use crate::command::options;
use crate::command::{
    Arg, Command, Cost, Group, Next, Outcome, Reply, Run, Trait, Type, Visit, Wait,
};

/// See its summary.
pub static WAIT: Command = Command {
    name: "WAIT",
    summary: "Blocks until the asynchronous replication of all preceding write commands sent by \
              the connection is completed.",
    since: "3.0.0",
    cost: Cost::Constant,
    args: &[Arg::Value("numreplicas", Type::Integer), Arg::Value("timeout", Type::Count)],
    reply: Reply::Int,
    run: Run::Session(wait),
    also: &[
        Trait::NoScript,
        Trait::Slow,
        Trait::InGroup(Group::Generic),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:agg_min"),
    ],
};

fn wait(cx: &mut Visit<'_>) -> Outcome {
    let replicas = options::integer(cx.args.arg(1))?;
    let until = options::timeout_millis(cx.args.arg(2), cx.now)?;
    cx.out.integer(0);
    Ok(if replicas > 0 { Wait::out(until) } else { Next::Done })
}
