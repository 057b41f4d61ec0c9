//! engine/stream/commands/groups.rs — XGROUP: making and removing groups and consumers.

use super::reply;
use crate::command::options::{self, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write, help,
};
use crate::engine::stream::group::Group;
use crate::engine::stream::ids;
use crate::engine::stream::log::{Stream, UNKNOWN};
use crate::error::Refusal;
use crate::keyspace::Edit;
use crate::structure::blocks::Id;

/// See its summary.
pub static XGROUP: Command = Command {
    name: "XGROUP",
    summary: "A container for consumer groups commands.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&CREATE, &CREATECONSUMER, &DELCONSUMER, &DESTROY, &HELP, &SETID]),
    also: &[],
};

const ID_OR_LAST: Arg = Arg::OneOf(&[Arg::Value("id", Type::StreamId), Arg::Word("$")]);
const ENTRIES_READ: Arg = Arg::Tagged("ENTRIESREAD", &Arg::Value("entries-read", Type::Count));

static CREATE: Command = Command {
    name: "XGROUP CREATE",
    summary: "Creates a consumer group.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Insert),
        Arg::Value("group", Type::Bytes),
        ID_OR_LAST,
        Arg::AnyOrder(&[Arg::Word("MKSTREAM"), ENTRIES_READ]),
    ],
    reply: Reply::Ok,
    run: Run::Write(create),
    also: &[Trait::Slow],
};

/// The options of CREATE and SETID: how many entries were read, and whether a stream is made.
fn options(cx: &Write<'_, '_>, creating: bool) -> Result<(i64, bool), Refusal> {
    let (mut read, mut make, mut at) = (UNKNOWN, false, 5);
    while let Some(word) = cx.args.get(at) {
        if creating && is_word(word, "MKSTREAM") {
            make = true;
        } else if is_word(word, "ENTRIESREAD") && at + 1 < cx.args.len() {
            at += 1;
            read = options::integer(cx.args.arg(at))?;
            if read < 0 && read != UNKNOWN {
                return Err(Refusal::text("ERR value for ENTRIESREAD must be positive or -1"));
            }
        } else {
            return Err(reply::subcommand("XGROUP", cx.args.arg(1)));
        }
        at += 1;
    }
    Ok((read, make))
}

const NO_KEY: Refusal = Refusal::text(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use \
     the MKSTREAM option to create an empty stream automatically.",
);

fn create(cx: &mut Write<'_, '_>) -> Outcome {
    let (read, make) = options(cx, true)?;
    let (key, name, text) = (cx.args.arg(2), cx.args.arg(3), cx.args.arg(4));
    let is_there = cx.keys.holds::<Stream>(key)?;
    if !is_there && !make {
        return Err(NO_KEY);
    }
    if cx.args.len() > 8 {
        return Err(reply::subcommand("XGROUP", cx.args.arg(1)));
    }
    let given = if text == b"$" { None } else { Some(ids::exact(text, 0)?) };
    let mut edit = cx.keys.edit::<Stream>(key)?;
    let last = given.unwrap_or(edit.log.last);
    if !edit.groups.create(name, Group::new(last, read)) {
        edit.unchanged();
        return Err(Refusal::text("BUSYGROUP Consumer Group name already exists"));
    }
    cx.out.ok();
    Ok(Next::Done)
}

static SETID: Command = Command {
    name: "XGROUP SETID",
    summary: "Sets the last-delivered ID of a consumer group.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("group", Type::Bytes),
        ID_OR_LAST,
        Arg::Maybe(&ENTRIES_READ),
    ],
    reply: Reply::Ok,
    run: Run::Write(setid),
    also: &[Trait::Slow, Trait::NoGrowth],
};

/// The stream that a subcommand is about, as it will be changed; it must be there, and unless
/// `any` the group, too.
fn stream<'k, 'a>(cx: &'k mut Write<'_, 'a>, any: bool) -> Result<Edit<'k, 'a, Stream>, Refusal> {
    let (key, name) = (cx.args.arg(2), cx.args.arg(3));
    let mut edit = cx.keys.edit_existing::<Stream>(key)?.ok_or(NO_KEY)?;
    edit.unchanged();
    if !any && edit.groups.get(name).is_none() {
        return Err(reply::no_group_for_key(key, name));
    }
    Ok(edit)
}

fn setid(cx: &mut Write<'_, '_>) -> Outcome {
    let (read, _) = options(cx, false)?;
    let (name, text) = (cx.args.arg(3), cx.args.arg(4));
    let subcommand = reply::subcommand("XGROUP", cx.args.arg(1));
    let known = matches!(cx.args.len(), 5 | 7);
    let mut edit = stream(cx, false)?;
    if !known {
        return Err(subcommand);
    }
    let last: Id = if text == b"$" { edit.log.last } else { ids::any(text, 0)? };
    edit.groups.change(name, |group| (group.last, group.read) = (last, read));
    edit.changed();
    edit.hush();
    drop(edit);
    cx.out.ok();
    Ok(Next::Done)
}

static DESTROY: Command = Command {
    name: "XGROUP DESTROY",
    summary: "Destroys a consumer group.",
    since: "5.0.0",
    cost: Cost::Linear("entries in the group's pending entries list"),
    args: &[Arg::Key("key", Access::Remove), Arg::Value("group", Type::Bytes)],
    reply: Reply::Int,
    run: Run::Write(destroy),
    also: &[],
};

fn destroy(cx: &mut Write<'_, '_>) -> Outcome {
    let name = cx.args.arg(3);
    let mut edit = stream(cx, true)?;
    let destroyed = edit.groups.destroy(name);
    if destroyed {
        edit.changed();
    }
    drop(edit);
    cx.out.integer(destroyed.into());
    Ok(Next::Done)
}

static CREATECONSUMER: Command = Command {
    name: "XGROUP CREATECONSUMER",
    summary: "Creates a consumer in a consumer group.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Insert),
        Arg::Value("group", Type::Bytes),
        Arg::Value("consumer", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(create_consumer),
    also: &[Trait::Slow],
};

fn create_consumer(cx: &mut Write<'_, '_>) -> Outcome {
    let (name, consumer, now) = (cx.args.arg(3), cx.args.arg(4), cx.now);
    let mut edit = stream(cx, false)?;
    let created = edit.groups.change(name, |group| group.create_consumer(consumer, now).is_some());
    let created = created == Some(true);
    if created {
        edit.changed();
        edit.hush();
    }
    drop(edit);
    cx.out.integer(created.into());
    Ok(Next::Done)
}

static DELCONSUMER: Command = Command {
    name: "XGROUP DELCONSUMER",
    summary: "Deletes a consumer from a consumer group.",
    since: "5.0.0",
    cost: Cost::Linear("entries pending for the consumer"),
    args: &[
        Arg::Key("key", Access::Remove),
        Arg::Value("group", Type::Bytes),
        Arg::Value("consumer", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(delete_consumer),
    also: &[],
};

fn delete_consumer(cx: &mut Write<'_, '_>) -> Outcome {
    let (name, consumer) = (cx.args.arg(3), cx.args.arg(4));
    let mut edit = stream(cx, false)?;
    let pending = edit.groups.change(name, |group| group.remove_consumer(consumer)).flatten();
    if pending.is_some() {
        edit.changed();
        edit.hush();
    }
    drop(edit);
    cx.out.integer(pending.unwrap_or(0) as i64);
    Ok(Next::Done)
}

static HELP: Command =
    help::command("XGROUP HELP", "5.0.0", |cx| help::answer("XGROUP", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
];
