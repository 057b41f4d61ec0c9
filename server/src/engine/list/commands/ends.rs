//! engine/list/commands/ends.rs — pushing and popping.
//!
//! The hot paths of queues: one lookup, and nothing allocated but what the list grows by.

use mainstay_protocol::ReplyWriter;

use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write, options,
};
use crate::engine::list::sequence::Sequence;
use crate::error::Refusal;
use crate::structure::segments::{End, List};

const PUSH: &[Arg] =
    &[Arg::Key("key", Access::Insert), Arg::Many(&Arg::Value("element", Type::Bytes))];

const POP: &[Arg] = &[Arg::Key("key", Access::Take), Arg::Maybe(&Arg::Value("count", Type::Count))];

const POPPED: Reply = Reply::Maybe(&Reply::OneOf(&[Reply::Bulk, Reply::Array(&Reply::Bulk)]));

/// See its summary.
pub static LPUSH: Command = Command {
    name: "LPUSH",
    summary: "Prepends one or more elements to a list. Creates the key if it doesn't exist.",
    since: "1.0.0",
    cost: Cost::Each("elements"),
    args: PUSH,
    reply: Reply::Int,
    run: Run::Write(|cx| push(cx, End::Front)),
    also: &[],
};

/// See its summary.
pub static RPUSH: Command = Command {
    name: "RPUSH",
    summary: "Appends one or more elements to a list. Creates the key if it doesn't exist.",
    since: "1.0.0",
    cost: Cost::Each("elements"),
    args: PUSH,
    reply: Reply::Int,
    run: Run::Write(|cx| push(cx, End::Back)),
    also: &[],
};

/// See its summary.
pub static LPUSHX: Command = Command {
    name: "LPUSHX",
    summary: "Prepends one or more elements to a list only when the list exists.",
    since: "2.2.0",
    cost: Cost::Each("elements"),
    args: PUSH,
    reply: Reply::Int,
    run: Run::Write(|cx| push_existing(cx, End::Front)),
    also: &[],
};

/// See its summary.
pub static RPUSHX: Command = Command {
    name: "RPUSHX",
    summary: "Appends an element to a list only when the list exists.",
    since: "2.2.0",
    cost: Cost::Each("elements"),
    args: PUSH,
    reply: Reply::Int,
    run: Run::Write(|cx| push_existing(cx, End::Back)),
    also: &[],
};

/// See its summary.
pub static LPOP: Command = Command {
    name: "LPOP",
    summary: "Returns the first elements in a list after removing it. Deletes the list if the last element was popped.",
    since: "1.0.0",
    cost: Cost::Linear("elements returned"),
    args: POP,
    reply: POPPED,
    run: Run::Write(|cx| pop(cx, End::Front, "lpop")),
    also: &[Trait::Fast],
};

/// See its summary.
pub static RPOP: Command = Command {
    name: "RPOP",
    summary: "Returns and removes the last elements of a list. Deletes the list if the last element was popped.",
    since: "1.0.0",
    cost: Cost::Linear("elements returned"),
    args: POP,
    reply: POPPED,
    run: Run::Write(|cx| pop(cx, End::Back, "rpop")),
    also: &[Trait::Fast],
};

#[inline]
fn push(cx: &mut Write<'_, '_>, end: End) -> Outcome {
    let mut list = cx.keys.edit::<Sequence>(cx.args.arg(1))?;
    for at in 2..cx.args.len() {
        list.entries.push(end, cx.args.arg(at));
    }
    cx.out.integer(list.entries.len() as i64);
    Ok(Next::Done)
}

fn push_existing(cx: &mut Write<'_, '_>, end: End) -> Outcome {
    let Some(mut list) = cx.keys.edit_existing::<Sequence>(cx.args.arg(1))? else {
        cx.out.integer(0);
        return Ok(Next::Done);
    };
    for at in 2..cx.args.len() {
        list.entries.push(end, cx.args.arg(at));
    }
    cx.out.integer(list.entries.len() as i64);
    Ok(Next::Done)
}

#[inline]
fn pop(cx: &mut Write<'_, '_>, end: End, name: &'static str) -> Outcome {
    if cx.args.len() > 2 {
        return pop_several(cx, end, name);
    }
    match cx.keys.edit_existing::<Sequence>(cx.args.arg(1))? {
        Some(mut list) => pop_one(&mut list.entries, end, &mut cx.out),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

#[cold]
fn pop_several(cx: &mut Write<'_, '_>, end: End, name: &'static str) -> Outcome {
    if cx.args.len() > 3 {
        return Err(Refusal::Arity(name));
    }
    let count = options::parse_integer(cx.args.arg(2))
        .and_then(|count| usize::try_from(count).ok())
        .ok_or(Refusal::text("ERR value is out of range, must be positive"))?;
    let Some(mut list) = cx.keys.edit_existing::<Sequence>(cx.args.arg(1))? else {
        cx.out.null_array();
        return Ok(Next::Done);
    };
    if count == 0 {
        list.unchanged();
    }
    pop_array(&mut list.entries, end, count, &mut cx.out);
    Ok(Next::Done)
}

/// Moves the entry at an end into a reply.
#[inline]
pub(super) fn pop_one(list: &mut List, end: End, out: &mut ReplyWriter<'_>) {
    if list.pop(end, |entry| out.bulk(entry)).is_none() {
        out.null();
    }
}

/// Moves up to `count` entries at an end into an array.
pub(super) fn pop_array(list: &mut List, end: End, count: usize, out: &mut ReplyWriter<'_>) {
    let count = count.min(list.len());
    out.array(count);
    for _ in 0..count {
        pop_one(list, end, out);
    }
}
