//! system/connection/wait.rs — WAIT: until replicas have what this connection wrote.
//!
//! There are no replicas, so none has acknowledged anything, and none would by waiting: WAIT
//! answers 0 at once, where Redis with no replicas answers 0 when the time is up.

use crate::command::options;
use crate::command::{Arg, Command, Cost, Group, Next, Outcome, Reply, Run, Trait, Type, Visit};
use crate::error::Refusal;

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
    options::integer(cx.args.arg(1))?;
    let timeout = options::parse_integer(cx.args.arg(2))
        .ok_or(Refusal::text("ERR timeout is not an integer or out of range"))?;
    if timeout < 0 {
        return Err(Refusal::text("ERR timeout is negative"));
    }
    cx.out.integer(0);
    Ok(Next::Done)
}
