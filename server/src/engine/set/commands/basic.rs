//! engine/set/commands/basic.rs — members by name.

use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::engine::set::members::Members;

/// See its summary.
pub static SADD: Command = Command {
    name: "SADD",
    summary: "Adds one or more members to a set. Creates the key if it doesn't exist.",
    since: "1.0.0",
    cost: Cost::Each("members"),
    args: &[Arg::Key("key", Access::Insert), Arg::Many(&Arg::Value("member", Type::Bytes))],
    reply: Reply::Int,
    run: Run::Write(sadd),
    also: &[Trait::Member(2)],
};

fn sadd(cx: &mut Write<'_, '_>) -> Outcome {
    let mut edit = cx.keys.edit::<Members>(cx.args.arg(1))?;
    let set = &mut *edit;
    set.expect(cx.args.len() - 2, cx.args.arg(2));
    let mut added = 0;
    for member in cx.args.args().skip(2) {
        added += i64::from(set.insert(member));
    }
    if added == 0 {
        edit.unchanged();
    }
    cx.out.integer(added);
    Ok(Next::Done)
}

/// See its summary.
pub static SREM: Command = Command {
    name: "SREM",
    summary: "Removes one or more members from a set. Deletes the set if the last member was removed.",
    since: "1.0.0",
    cost: Cost::Each("members"),
    args: &[Arg::Key("key", Access::Remove), Arg::Many(&Arg::Value("member", Type::Bytes))],
    reply: Reply::Int,
    run: Run::Write(srem),
    also: &[Trait::Member(2)],
};

fn srem(cx: &mut Write<'_, '_>) -> Outcome {
    let mut removed = 0;
    if let Some(mut edit) = cx.keys.edit_existing::<Members>(cx.args.arg(1))? {
        let set = &mut *edit;
        for member in cx.args.args().skip(2) {
            removed += i64::from(set.remove(member));
        }
        if removed == 0 {
            edit.unchanged();
        }
    }
    cx.out.integer(removed);
    Ok(Next::Done)
}

/// See its summary.
pub static SCARD: Command = Command {
    name: "SCARD",
    summary: "Returns the number of members in a set.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Int,
    run: Run::Read(scard),
    also: &[],
};

fn scard(cx: &mut Read<'_>) -> Outcome {
    let count = cx.keys.get::<Members>(cx.args.arg(1))?.map_or(0, Members::len);
    cx.out.integer(count as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static SMEMBERS: Command = Command {
    name: "SMEMBERS",
    summary: "Returns all members of a set.",
    since: "1.0.0",
    cost: Cost::Linear("the members"),
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Set(&Reply::Bulk),
    run: Run::Read(smembers),
    also: &[Trait::Tip("nondeterministic_output_order")],
};

fn smembers(cx: &mut Read<'_>) -> Outcome {
    match cx.keys.get::<Members>(cx.args.arg(1))? {
        None => cx.out.set(0),
        Some(set) => {
            cx.out.set(set.len());
            set.iter().for_each(|member| cx.out.bulk(member));
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static SISMEMBER: Command = Command {
    name: "SISMEMBER",
    summary: "Determines whether a member belongs to a set.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe), Arg::Value("member", Type::Bytes)],
    reply: Reply::Int,
    run: Run::Read(sismember),
    also: &[Trait::Member(2)],
};

fn sismember(cx: &mut Read<'_>) -> Outcome {
    let set = cx.keys.get::<Members>(cx.args.arg(1))?;
    cx.out.integer(i64::from(set.is_some_and(|set| set.contains(cx.args.arg(2)))));
    Ok(Next::Done)
}

/// See its summary.
pub static SMISMEMBER: Command = Command {
    name: "SMISMEMBER",
    summary: "Determines whether multiple members belong to a set.",
    since: "6.2.0",
    cost: Cost::Each("members"),
    args: &[Arg::Key("key", Access::Look), Arg::Many(&Arg::Value("member", Type::Bytes))],
    reply: Reply::Array(&Reply::Int),
    run: Run::Read(smismember),
    also: &[],
};

fn smismember(cx: &mut Read<'_>) -> Outcome {
    let set = cx.keys.get::<Members>(cx.args.arg(1))?;
    cx.out.array(cx.args.len() - 2);
    for member in cx.args.args().skip(2) {
        cx.out.integer(i64::from(set.is_some_and(|set| set.contains(member))));
    }
    Ok(Next::Done)
}

/// See its summary.
pub static SMOVE: Command = Command {
    name: "SMOVE",
    summary: "Moves a member from one set to another.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("source", Access::Take),
        Arg::Key("destination", Access::Insert),
        Arg::Value("member", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(smove),
    also: &[],
};

fn smove(cx: &mut Write<'_, '_>) -> Outcome {
    let (from, to, member) = (cx.args.arg(1), cx.args.arg(2), cx.args.arg(3));
    // Both keys are looked at, whatever comes of it.
    cx.keys.finds(to);
    let moved = match cx.keys.get::<Members>(from)? {
        None => false,
        Some(source) => {
            let there = source.contains(member);
            cx.keys.get::<Members>(to)?;
            there
        }
    };
    if moved && from != to {
        if let Some(mut source) = cx.keys.edit_existing::<Members>(from)? {
            source.remove(member);
        }
        let mut target = cx.keys.edit::<Members>(to)?;
        if !target.insert(member) {
            target.unchanged();
        }
    }
    cx.out.integer(i64::from(moved));
    Ok(Next::Done)
}
