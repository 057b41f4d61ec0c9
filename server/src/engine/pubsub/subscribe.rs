//! engine/pubsub/subscribe.rs — joining and leaving: three ways, each with its pair of commands.

use super::Hub;
use super::hub::Way;
use crate::command::{Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Visit};
use crate::error::Refusal;
use crate::session::Subscriptions;

/// The most subscriptions of one connection in one way.
const SUBSCRIPTIONS_MAX: usize = 1 << 20;

/// See its summary.
pub static SUBSCRIBE: Command = Command {
    name: "SUBSCRIBE",
    summary: "Listens for messages published to channels.",
    since: "2.0.0",
    cost: Cost::Linear("channels to subscribe to"),
    args: &[Arg::Many(&Arg::Value("channel", Type::Channel))],
    reply: Reply::Push,
    run: Run::Session(subscribe),
    also: &[Trait::WhileSubscribed, Trait::NoScript, Trait::Loading],
};

fn subscribe(cx: &mut Visit<'_>) -> Outcome {
    join(cx, Way::Channel, "subscribe")
}

/// See its summary.
pub static UNSUBSCRIBE: Command = Command {
    name: "UNSUBSCRIBE",
    summary: "Stops listening to messages posted to channels.",
    since: "2.0.0",
    cost: Cost::Linear("channels to unsubscribe from"),
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("channel", Type::Channel)))],
    reply: Reply::Push,
    run: Run::Session(unsubscribe),
    also: &[Trait::WhileSubscribed, Trait::NoScript, Trait::Loading],
};

fn unsubscribe(cx: &mut Visit<'_>) -> Outcome {
    part(cx, Way::Channel, "unsubscribe")
}

/// See its summary.
pub static PSUBSCRIBE: Command = Command {
    name: "PSUBSCRIBE",
    summary: "Listens for messages published to channels that match one or more patterns.",
    since: "2.0.0",
    cost: Cost::Linear("patterns to subscribe to"),
    args: &[Arg::Many(&Arg::Value("pattern", Type::Pattern))],
    reply: Reply::Push,
    run: Run::Session(psubscribe),
    also: &[Trait::WhileSubscribed, Trait::NoScript, Trait::Loading],
};

fn psubscribe(cx: &mut Visit<'_>) -> Outcome {
    join(cx, Way::Pattern, "psubscribe")
}

/// See its summary.
pub static PUNSUBSCRIBE: Command = Command {
    name: "PUNSUBSCRIBE",
    summary: "Stops listening to messages published to channels that match one or more patterns.",
    since: "2.0.0",
    cost: Cost::Linear("patterns to unsubscribe from"),
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("pattern", Type::Pattern)))],
    reply: Reply::Push,
    run: Run::Session(punsubscribe),
    also: &[Trait::WhileSubscribed, Trait::NoScript, Trait::Loading],
};

fn punsubscribe(cx: &mut Visit<'_>) -> Outcome {
    part(cx, Way::Pattern, "punsubscribe")
}

/// See its summary.
pub static SSUBSCRIBE: Command = Command {
    name: "SSUBSCRIBE",
    summary: "Listens for messages published to shard channels.",
    since: "7.0.0",
    cost: Cost::Linear("shard channels to subscribe to"),
    args: &[Arg::Many(&Arg::Value("shardchannel", Type::ShardChannel))],
    reply: Reply::Push,
    run: Run::Session(ssubscribe),
    also: &[Trait::WhileSubscribed, Trait::NoScript, Trait::Loading],
};

fn ssubscribe(cx: &mut Visit<'_>) -> Outcome {
    join(cx, Way::Shard, "ssubscribe")
}

/// See its summary.
pub static SUNSUBSCRIBE: Command = Command {
    name: "SUNSUBSCRIBE",
    summary: "Stops listening to messages posted to shard channels.",
    since: "7.0.0",
    cost: Cost::Linear("shard channels to unsubscribe from"),
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("shardchannel", Type::ShardChannel)))],
    reply: Reply::Push,
    run: Run::Session(sunsubscribe),
    also: &[Trait::WhileSubscribed, Trait::NoScript, Trait::Loading],
};

fn sunsubscribe(cx: &mut Visit<'_>) -> Outcome {
    part(cx, Way::Shard, "sunsubscribe")
}

/// Adds subscriptions and confirms each, those that were there already too.
fn join(cx: &mut Visit<'_>, way: Way, kind: &str) -> Outcome {
    let hub = cx.process.state::<Hub>();
    let session = &mut *cx.session;
    let address = session.address;
    let have = session.subscriptions.as_ref().map_or(0, |all| way.of(all).len());
    if have.saturating_add(cx.args.len()) > SUBSCRIPTIONS_MAX {
        return Err(Refusal::text("ERR too many subscriptions"));
    }
    let all = session.subscriptions.get_or_insert_default();
    for name in cx.args.args().skip(1) {
        let names = way.of_mut(all);
        if !names.contains(name) {
            names.insert(name.into());
            hub.add(way, name, address);
        }
        cx.out.push(3);
        cx.out.bulk_str(kind);
        cx.out.bulk(name);
        cx.out.integer(way.counted(all) as i64);
    }
    session.settle();
    Ok(Next::Pushed)
}

/// Takes back the subscriptions named, or all of this way, and confirms each; confirms nothing at
/// all once if there is none.
fn part(cx: &mut Visit<'_>, way: Way, kind: &str) -> Outcome {
    let hub = cx.process.state::<Hub>();
    let session = &mut *cx.session;
    let address = session.address;
    let all = session.subscriptions.get_or_insert_default();
    let mut confirm = |name: Option<&[u8]>, left: usize| {
        cx.out.push(3);
        cx.out.bulk_str(kind);
        match name {
            Some(name) => cx.out.bulk(name),
            None => cx.out.null(),
        }
        cx.out.integer(left as i64);
    };
    if cx.args.len() > 1 {
        for name in cx.args.args().skip(1) {
            if way.of_mut(all).remove(name) {
                hub.remove(way, name, address);
            }
            confirm(Some(name), way.counted(all));
        }
    } else if way.of(all).is_empty() {
        confirm(None, way.counted(all));
    } else {
        while let Some(name) = way.of_mut(all).pop_first() {
            hub.remove(way, &name, address);
            confirm(Some(&name), way.counted(all));
        }
    }
    session.settle();
    Ok(Next::Pushed)
}

impl Way {
    /// The number that confirmations carry: channels and patterns together, shard channels apart.
    fn counted(self, all: &Subscriptions) -> usize {
        match self {
            Way::Channel | Way::Pattern => all.count(),
            Way::Shard => all.shard_channels.len(),
        }
    }
}
