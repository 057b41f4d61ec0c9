//! engine/geo/commands/radius.rs — GEORADIUS and its relatives, which GEOSEARCH has replaced.

use super::read::{LATITUDE, LONGITUDE, UNIT};
use super::search::{Asked, Asker, COST, COUNT, FOUND, ORDER, store};
use crate::command::{Access, Arg, Command, Next, Outcome, Read, Reply, Run, Type, Write};

const RADIUS: Arg = Arg::Value("radius", Type::Float);

const OPTIONS: Arg = Arg::AnyOrder(&[
    Arg::Word("WITHCOORD"),
    Arg::Word("WITHDIST"),
    Arg::Word("WITHHASH"),
    COUNT,
    ORDER,
]);

const STORING: Arg = Arg::AnyOrder(&[
    Arg::Word("WITHCOORD"),
    Arg::Word("WITHDIST"),
    Arg::Word("WITHHASH"),
    COUNT,
    ORDER,
    Arg::Tagged("STORE", &Arg::Key("storekey", Access::Replace)),
    Arg::Tagged("STOREDIST", &Arg::Key("storedistkey", Access::Replace)),
]);

const FOUND_OR_STORED: Reply = Reply::OneOf(&[FOUND, Reply::Int]);

/// See its summary.
pub static GEORADIUS: Command = Command {
    name: "GEORADIUS",
    summary: "Queries a geospatial index for members within a distance from a coordinate, optionally stores the result.",
    since: "3.2.0",
    cost: COST,
    args: &[Arg::Key("key", Access::Look), LONGITUDE, LATITUDE, RADIUS, UNIT, STORING],
    reply: FOUND_OR_STORED,
    run: Run::Write(|cx| search_or_store(cx, Asker::Place)),
    also: &[],
};

/// See its summary.
pub static GEORADIUS_RO: Command = Command {
    name: "GEORADIUS_RO",
    summary: "Returns members from a geospatial index that are within a distance from a coordinate.",
    since: "3.2.10",
    cost: COST,
    args: &[Arg::Key("key", Access::Look), LONGITUDE, LATITUDE, RADIUS, UNIT, OPTIONS],
    reply: FOUND,
    run: Run::Read(|cx| search(cx, Asker::Place)),
    also: &[],
};

/// See its summary.
pub static GEORADIUSBYMEMBER: Command = Command {
    name: "GEORADIUSBYMEMBER",
    summary: "Queries a geospatial index for members within a distance from a member, optionally stores the result.",
    since: "3.2.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("member", Type::Bytes),
        RADIUS,
        UNIT,
        STORING,
    ],
    reply: FOUND_OR_STORED,
    run: Run::Write(|cx| search_or_store(cx, Asker::Member)),
    also: &[],
};

/// See its summary.
pub static GEORADIUSBYMEMBER_RO: Command = Command {
    name: "GEORADIUSBYMEMBER_RO",
    summary: "Returns members from a geospatial index that are within a distance from a member.",
    since: "3.2.10",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("member", Type::Bytes),
        RADIUS,
        UNIT,
        OPTIONS,
    ],
    reply: FOUND,
    run: Run::Read(|cx| search(cx, Asker::Member)),
    also: &[],
};

fn search(cx: &mut Read<'_>, asker: Asker) -> Outcome {
    Asked::read(cx.keys, cx.args, asker, false)?.answer(&mut cx.out);
    Ok(Next::Done)
}

fn search_or_store(cx: &mut Write<'_, '_>, asker: Asker) -> Outcome {
    let asked = Asked::read(&cx.keys, cx.args, asker, true)?;
    match asked.target {
        Some(target) => {
            let result = asked.collect();
            store(cx, target, result)
        }
        None => {
            asked.answer(&mut cx.out);
            Ok(Next::Done)
        }
    }
}
