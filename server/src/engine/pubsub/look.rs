//! engine/pubsub/look.rs — PUBSUB: who listens to what.

use super::Hub;
use super::hub::Way;
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, help};
use crate::error::Refusal;

/// See its summary.
pub static PUBSUB: Command = Command {
    name: "PUBSUB",
    summary: "A container for Pub/Sub commands.",
    since: "2.8.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&CHANNELS, &HELP, &NUMPAT, &NUMSUB, &SHARDCHANNELS, &SHARDNUMSUB]),
    also: &[],
};

static CHANNELS: Command = Command {
    name: "PUBSUB CHANNELS",
    summary: "Returns the active channels.",
    since: "2.8.0",
    cost: Cost::Linear("active channels"),
    args: &[Arg::Maybe(&Arg::Value("pattern", Type::Pattern))],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Server(channels),
    also: &[Trait::Loading],
};

fn channels(cx: &mut Desk<'_>) -> Outcome {
    names(cx, Way::Channel)
}

static SHARDCHANNELS: Command = Command {
    name: "PUBSUB SHARDCHANNELS",
    summary: "Returns the active shard channels.",
    since: "7.0.0",
    cost: Cost::Linear("active shard channels"),
    args: &[Arg::Maybe(&Arg::Value("pattern", Type::Pattern))],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Server(shardchannels),
    also: &[Trait::Loading],
};

fn shardchannels(cx: &mut Desk<'_>) -> Outcome {
    names(cx, Way::Shard)
}

static NUMSUB: Command = Command {
    name: "PUBSUB NUMSUB",
    summary: "Returns a count of subscribers to channels.",
    since: "2.8.0",
    cost: Cost::Linear("requested channels"),
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("channel", Type::Channel)))],
    reply: Reply::Array(&Reply::Any),
    run: Run::Server(numsub),
    also: &[Trait::Loading],
};

fn numsub(cx: &mut Desk<'_>) -> Outcome {
    counts(cx, Way::Channel)
}

static SHARDNUMSUB: Command = Command {
    name: "PUBSUB SHARDNUMSUB",
    summary: "Returns the count of subscribers of shard channels.",
    since: "7.0.0",
    cost: Cost::Linear("requested shard channels"),
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("shardchannel", Type::Channel)))],
    reply: Reply::Array(&Reply::Any),
    run: Run::Server(shardnumsub),
    also: &[Trait::Loading],
};

fn shardnumsub(cx: &mut Desk<'_>) -> Outcome {
    counts(cx, Way::Shard)
}

static NUMPAT: Command = Command {
    name: "PUBSUB NUMPAT",
    summary: "Returns a count of unique pattern subscriptions.",
    since: "2.8.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Int,
    run: Run::Server(numpat),
    also: &[Trait::Loading, Trait::Slow],
};

fn numpat(cx: &mut Desk<'_>) -> Outcome {
    cx.out.integer(cx.process.state::<Hub>().patterns() as i64);
    Ok(Next::Done)
}

static HELP: Command =
    help::command("PUBSUB HELP", "6.2.0", |cx| help::answer("PUBSUB", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
];

fn names(cx: &mut Desk<'_>, way: Way) -> Outcome {
    if cx.args.len() > 3 {
        return Err(Refusal::from(format!(
            "ERR unknown subcommand or wrong number of arguments for '{}'. Try PUBSUB HELP.",
            String::from_utf8_lossy(cx.args.arg(1))
        )));
    }
    let names = cx.process.state::<Hub>().names(way, cx.args.get(2));
    cx.out.array(names.len());
    names.iter().for_each(|name| cx.out.bulk(name));
    Ok(Next::Done)
}

fn counts(cx: &mut Desk<'_>, way: Way) -> Outcome {
    let hub = cx.process.state::<Hub>();
    cx.out.array((cx.args.len() - 2) * 2);
    for name in cx.args.args().skip(2) {
        cx.out.bulk(name);
        cx.out.integer(hub.count(way, name) as i64);
    }
    Ok(Next::Done)
}
