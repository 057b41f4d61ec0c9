//! engine/pubsub/publish.rs — PUBLISH and SPUBLISH.

use super::Hub;
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type};

/// See its summary.
pub static PUBLISH: Command = Command {
    name: "PUBLISH",
    summary: "Posts a message to a channel.",
    since: "2.0.0",
    cost: Cost::Linear("clients subscribed to the channel, plus patterns subscribed to"),
    args: &[Arg::Value("channel", Type::Channel), Arg::Value("message", Type::Bytes)],
    reply: Reply::Int,
    run: Run::Server(publish),
    also: &[Trait::Loading, Trait::MayReplicate, Trait::Fast],
};

fn publish(cx: &mut Desk<'_>) -> Outcome {
    let hub = cx.process.state::<Hub>();
    let count = hub.publish(cx.args.arg(1), cx.args.arg(2), cx.post);
    cx.out.integer(count as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static SPUBLISH: Command = Command {
    name: "SPUBLISH",
    summary: "Posts a message to a shard channel.",
    since: "7.0.0",
    cost: Cost::Linear("clients subscribed to the shard channel"),
    args: &[Arg::Value("shardchannel", Type::ShardChannel), Arg::Value("message", Type::Bytes)],
    reply: Reply::Int,
    run: Run::Server(spublish),
    also: &[Trait::Loading, Trait::MayReplicate, Trait::Fast],
};

fn spublish(cx: &mut Desk<'_>) -> Outcome {
    let hub = cx.process.state::<Hub>();
    let count = hub.publish_shard(cx.args.arg(1), cx.args.arg(2), cx.post);
    cx.out.integer(count as i64);
    Ok(Next::Done)
}
