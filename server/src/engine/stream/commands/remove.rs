//! engine/stream/commands/remove.rs — XDEL and XACK, and XDELEX and XACKDEL, which say for each
//! entry what became of it.

use mainstay_protocol::Request;
use smallvec::SmallVec;

use crate::command::options::{self, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::stream::ids;
use crate::engine::stream::log::Stream;
use crate::engine::stream::trim::References;
use crate::error::Refusal;
use crate::structure::blocks::Id;

type Ids = SmallVec<[Id; 8]>;

/// The ids that are the arguments from `first` on, `count` of them.
///
/// # Errors
/// One of them is none.
pub(super) fn read_ids(args: Request<'_>, first: usize, count: usize) -> Result<Ids, Refusal> {
    args.args().skip(first).take(count).map(|text| ids::exact(text, 0)).collect()
}

/// See its summary.
pub static XDEL: Command = Command {
    name: "XDEL",
    summary: "Returns the number of messages after removing them from a stream.",
    since: "5.0.0",
    cost: Cost::Each("entries, times the logarithm of the stream's blocks"),
    args: &[Arg::Key("key", Access::Remove), Arg::Many(&Arg::Value("id", Type::StreamId))],
    reply: Reply::Int,
    run: Run::Write(xdel),
    also: &[],
};

fn xdel(cx: &mut Write<'_, '_>) -> Outcome {
    let Some(mut edit) = cx.keys.edit_existing::<Stream>(cx.args.arg(1))? else {
        cx.out.integer(0);
        return Ok(Next::Done);
    };
    edit.unchanged();
    edit.hush();
    let ids = read_ids(cx.args, 2, usize::MAX)?;
    let removed = ids.into_iter().filter(|&id| edit.log.remove(id)).count();
    if removed > 0 {
        edit.changed();
    }
    cx.out.integer(removed as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static XACK: Command = Command {
    name: "XACK",
    summary: "Returns the number of messages that were successfully acknowledged by the consumer group member of a stream.",
    since: "5.0.0",
    cost: Cost::Each("entries, times the logarithm of the pending ones"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("group", Type::Bytes),
        Arg::Many(&Arg::Value("id", Type::StreamId)),
    ],
    reply: Reply::Int,
    run: Run::Write(xack),
    also: &[Trait::NoGrowth],
};

fn xack(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, name) = (cx.args.arg(1), cx.args.arg(2));
    let edit = cx.keys.edit_existing::<Stream>(key)?;
    let Some(mut edit) = edit else {
        cx.out.integer(0);
        return Ok(Next::Done);
    };
    edit.unchanged();
    edit.hush();
    if edit.groups.get(name).is_none() {
        cx.out.integer(0);
        return Ok(Next::Done);
    }
    let ids = read_ids(cx.args, 3, usize::MAX)?;
    let acknowledged = edit
        .groups
        .change(name, |group| ids.into_iter().filter(|&id| group.acknowledge(id)).count());
    let acknowledged = acknowledged.unwrap_or(0);
    if acknowledged > 0 {
        edit.changed();
    }
    cx.out.integer(acknowledged as i64);
    Ok(Next::Done)
}

const REFERENCES: Arg =
    Arg::Maybe(&Arg::OneOf(&[Arg::Word("KEEPREF"), Arg::Word("DELREF"), Arg::Word("ACKED")]));

const IDS: Arg = Arg::Tagged("IDS", &Arg::Counted(&Arg::Value("id", Type::StreamId)));

/// See its summary.
pub static XDELEX: Command = Command {
    name: "XDELEX",
    summary: "Deletes one or multiple entries from the stream.",
    since: "8.2.0",
    cost: Cost::Each("entries, times the logarithm of the stream's blocks"),
    args: &[Arg::Key("key", Access::Remove), REFERENCES, IDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Write(xdelex),
    also: &[],
};

/// See its summary.
pub static XACKDEL: Command = Command {
    name: "XACKDEL",
    summary: "Acknowledges and deletes one or multiple messages for a stream consumer group.",
    since: "8.2.0",
    cost: Cost::Each("entries, times the logarithm of the stream's blocks"),
    args: &[Arg::Key("key", Access::Remove), Arg::Value("group", Type::Bytes), REFERENCES, IDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Write(xackdel),
    also: &[],
};

/// The entry, or what refers to it, is not there.
const ABSENT: i64 = -1;
/// The entry is gone.
const DELETED: i64 = 1;
/// The entry stays, since a group needs it.
const NEEDED: i64 = 2;

/// Reads `[KEEPREF | DELREF | ACKED] IDS numids id [id ...]`, in either order.
fn read_request(args: Request<'_>, first: usize) -> Result<(References, Ids), Refusal> {
    let (mut references, mut found) = (None, None);
    let mut at = first;
    while let Some(word) = args.get(at) {
        at += 1;
        if let Some(said) = References::read(word).filter(|_| references.is_none()) {
            references = Some(said);
        } else if is_word(word, "IDS") && found.is_none() && at < args.len() {
            let count = options::parse_integer(args.arg(at))
                .and_then(|count| usize::try_from(count).ok())
                .filter(|&count| count > 0)
                .ok_or(Refusal::text("ERR Number of IDs must be a positive integer"))?;
            if count > args.len() - at - 1 {
                return Err(Refusal::text(
                    "ERR The `numids` parameter must match the number of arguments",
                ));
            }
            found = Some(read_ids(args, at + 1, count)?);
            at += 1 + count;
        } else {
            return Err(Refusal::Syntax);
        }
    }
    Ok((references.unwrap_or_default(), found.ok_or(Refusal::Syntax)?))
}

fn xdelex(cx: &mut Write<'_, '_>) -> Outcome {
    let (references, ids) = read_request(cx.args, 2)?;
    let edit = cx.keys.edit_existing::<Stream>(cx.args.arg(1))?;
    cx.out.array(ids.len());
    let Some(mut edit) = edit else {
        ids.iter().for_each(|_| cx.out.integer(ABSENT));
        return Ok(Next::Done);
    };
    edit.unchanged();
    edit.hush();
    for id in ids {
        let stream = &mut *edit;
        let needed = references == References::Acked && stream.groups.need(id);
        let (became, changed) = if needed && stream.log.entries.contains(id) {
            (NEEDED, false)
        } else {
            let removed = stream.log.remove(id);
            let forgotten = references == References::Delete && stream.groups.forget(id);
            (if removed { DELETED } else { ABSENT }, removed || forgotten)
        };
        if changed {
            edit.changed();
        }
        cx.out.integer(became);
    }
    Ok(Next::Done)
}

fn xackdel(cx: &mut Write<'_, '_>) -> Outcome {
    let (references, ids) = read_request(cx.args, 3)?;
    let (key, name) = (cx.args.arg(1), cx.args.arg(2));
    let edit = cx.keys.edit_existing::<Stream>(key)?;
    cx.out.array(ids.len());
    let Some(mut edit) = edit else {
        ids.iter().for_each(|_| cx.out.integer(ABSENT));
        return Ok(Next::Done);
    };
    edit.unchanged();
    edit.hush();
    for id in ids {
        let Stream { log, groups } = &mut *edit;
        let became = if groups.change(name, |group| group.acknowledge(id)) != Some(true) {
            ABSENT
        } else if references == References::Acked && groups.need(id) {
            NEEDED
        } else {
            // An entry that went before is as good as deleted now.
            log.remove(id);
            if references == References::Delete {
                groups.forget(id);
            }
            DELETED
        };
        if became != ABSENT {
            edit.changed();
        }
        cx.out.integer(became);
    }
    Ok(Next::Done)
}
