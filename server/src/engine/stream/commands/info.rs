//! engine/stream/commands/info.rs — XINFO: what there is of streams, groups and consumers.

use mainstay_protocol::ReplyWriter;

use super::reply;
use crate::command::options::{self, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, help,
};
use crate::engine::stream::group::{Consumer, Group};
use crate::engine::stream::ids;
use crate::engine::stream::log::{Log, Stream, UNKNOWN};
use crate::error::Refusal;
use crate::structure::blocks::Id;

/// See its summary.
pub static XINFO: Command = Command {
    name: "XINFO",
    summary: "A container for stream introspection commands.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&CONSUMERS, &GROUPS, &HELP, &STREAM]),
    also: &[],
};

static STREAM: Command = Command {
    name: "XINFO STREAM",
    summary: "Returns information about a stream.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Maybe(&Arg::Group(&[
            Arg::Word("FULL"),
            Arg::Maybe(&Arg::Tagged("COUNT", &Arg::Value("count", Type::Integer))),
        ])),
    ],
    reply: Reply::Map(&Reply::Any),
    run: Run::Read(stream),
    also: &[Trait::Slow],
};

fn stream(cx: &mut Read<'_>) -> Outcome {
    let args = cx.args;
    let stream = cx.keys.get::<Stream>(args.arg(2))?.ok_or(Refusal::NoSuchKey)?;
    let wrong = || reply::subcommand("XINFO", args.arg(1));
    let mut count = 10;
    match args.len() {
        3 => {}
        4 | 6 if !is_word(args.arg(3), "FULL") => return Err(wrong()),
        4 => {}
        6 if is_word(args.arg(4), "COUNT") => {
            count = match options::integer(args.arg(5))? {
                0 => usize::MAX,
                asked => usize::try_from(asked).unwrap_or(10),
            };
        }
        _ => return Err(wrong()),
    }
    let out = &mut cx.out;
    let Stream { log, groups } = stream;
    out.map(if args.len() == 3 { 10 } else { 9 });
    number("length", log.entries.len() as i64, out);
    number("radix-tree-keys", log.entries.blocks() as i64, out);
    // The tree of Redis has a root besides its keys, and more where ids part from each other.
    number("radix-tree-nodes", log.entries.blocks() as i64 + 1, out);
    id("last-generated-id", log.last, out);
    id("max-deleted-entry-id", log.max_deleted, out);
    number("entries-added", log.added as i64, out);
    id("recorded-first-entry-id", log.first(), out);
    if args.len() == 3 {
        number("groups", groups.len() as i64, out);
        for (name, entry) in
            [("first-entry", log.entries.first()), ("last-entry", log.entries.last())]
        {
            out.bulk_str(name);
            match entry {
                Some(entry) => reply::entry(entry, out),
                None => out.null(),
            }
        }
        return Ok(Next::Done);
    }
    out.bulk_str("entries");
    reply::entries(log.entries.range(Id::MIN, Id::MAX), count, out);
    out.bulk_str("groups");
    out.array(groups.len());
    for (name, group) in groups.iter() {
        full_group(name, group, log, count, out);
    }
    Ok(Next::Done)
}

fn number(name: &str, value: i64, out: &mut ReplyWriter<'_>) {
    out.bulk_str(name);
    out.integer(value);
}

fn id(name: &str, id: Id, out: &mut ReplyWriter<'_>) {
    out.bulk_str(name);
    ids::write(id, out);
}

/// How far a group has read.
fn progress(group: &Group, log: &Log, out: &mut ReplyWriter<'_>) {
    id("last-delivered-id", group.last, out);
    for (name, value) in [
        ("entries-read", Some(group.read).filter(|&read| read != UNKNOWN)),
        ("lag", log.lag(group.last, group.read)),
    ] {
        out.bulk_str(name);
        match value {
            Some(value) => out.integer(value),
            None => out.null(),
        }
    }
}

fn full_group(name: &[u8], group: &Group, log: &Log, count: usize, out: &mut ReplyWriter<'_>) {
    out.map(7);
    out.bulk_str("name");
    out.bulk(name);
    progress(group, log, out);
    number("pel-count", group.pending_count() as i64, out);
    out.bulk_str("pending");
    out.array(group.pending_count().min(count));
    for pending in group.pending_in(Id::MIN..=Id::MAX).take(count) {
        out.array(4);
        ids::write(pending.id, out);
        out.bulk(group.consumer(pending.consumer).map_or(b"", |consumer| &consumer.name));
        out.integer(pending.at as i64);
        out.integer(pending.count as i64);
    }
    out.bulk_str("consumers");
    out.array(group.consumers().len());
    for consumer in group.consumers() {
        full_consumer(consumer, group, count, out);
    }
}

fn full_consumer(consumer: &Consumer, group: &Group, count: usize, out: &mut ReplyWriter<'_>) {
    out.map(5);
    out.bulk_str("name");
    out.bulk(&consumer.name);
    number("seen-time", consumer.seen as i64, out);
    number("active-time", consumer.active.map_or(-1, |at| at as i64), out);
    number("pel-count", consumer.pending_count() as i64, out);
    out.bulk_str("pending");
    out.array(consumer.pending_count().min(count));
    let Some(own) = group.number(&consumer.name) else { return };
    for pending in group.pending_of(own, Id::MIN..=Id::MAX).take(count) {
        out.array(3);
        ids::write(pending.id, out);
        out.integer(pending.at as i64);
        out.integer(pending.count as i64);
    }
}

static GROUPS: Command = Command {
    name: "XINFO GROUPS",
    summary: "Returns a list of the consumer groups of a stream.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Array(&Reply::Map(&Reply::Any)),
    run: Run::Read(groups),
    also: &[Trait::Slow],
};

fn groups(cx: &mut Read<'_>) -> Outcome {
    let stream = cx.keys.get::<Stream>(cx.args.arg(2))?.ok_or(Refusal::NoSuchKey)?;
    let out = &mut cx.out;
    out.array(stream.groups.len());
    for (name, group) in stream.groups.iter() {
        out.map(6);
        out.bulk_str("name");
        out.bulk(name);
        number("consumers", group.consumers().len() as i64, out);
        number("pending", group.pending_count() as i64, out);
        progress(group, &stream.log, out);
    }
    Ok(Next::Done)
}

static CONSUMERS: Command = Command {
    name: "XINFO CONSUMERS",
    summary: "Returns a list of the consumers in a consumer group.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look), Arg::Value("group", Type::Bytes)],
    reply: Reply::Array(&Reply::Map(&Reply::Any)),
    run: Run::Read(consumers),
    also: &[Trait::Slow, Trait::Tip("nondeterministic_output")],
};

fn consumers(cx: &mut Read<'_>) -> Outcome {
    let (key, name) = (cx.args.arg(2), cx.args.arg(3));
    let stream = cx.keys.get::<Stream>(key)?.ok_or(Refusal::NoSuchKey)?;
    let group = stream.groups.get(name).ok_or_else(|| reply::no_group_for_key(key, name))?;
    let (out, now) = (&mut cx.out, cx.now as i64);
    out.array(group.consumers().len());
    for consumer in group.consumers() {
        let since = |at: u64| now.wrapping_sub(at as i64).max(0);
        out.map(4);
        out.bulk_str("name");
        out.bulk(&consumer.name);
        number("pending", consumer.pending_count() as i64, out);
        number("idle", since(consumer.seen), out);
        number("inactive", consumer.active.map_or(-1, since), out);
    }
    Ok(Next::Done)
}

static HELP: Command =
    help::command("XINFO HELP", "5.0.0", |cx| help::answer("XINFO", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
];
