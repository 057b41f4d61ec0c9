//! engine/stream/commands/look.rs — XLEN, XRANGE and XREVRANGE.

use super::reply;
use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type};
use crate::engine::stream::ids;
use crate::engine::stream::log::Stream;
use crate::error::Refusal;

pub(super) const ENTRY: Reply = Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Bulk)]);

/// See its summary.
pub static XLEN: Command = Command {
    name: "XLEN",
    summary: "Return the number of messages in a stream.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Int,
    run: Run::Read(xlen),
    also: &[],
};

fn xlen(cx: &mut Read<'_>) -> Outcome {
    let stream = cx.keys.get::<Stream>(cx.args.arg(1))?;
    cx.out.integer(stream.map_or(0, |stream| stream.log.entries.len()) as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static XRANGE: Command = Command {
    name: "XRANGE",
    summary: "Returns the messages from a stream within a range of IDs.",
    since: "5.0.0",
    cost: Cost::Linear("elements returned"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("start", Type::StreamId),
        Arg::Value("end", Type::StreamId),
        Arg::Maybe(&Arg::Tagged("COUNT", &Arg::Value("count", Type::Integer))),
    ],
    reply: Reply::Maybe(&Reply::Array(&ENTRY)),
    run: Run::Read(|cx| xrange(cx, false)),
    also: &[],
};

/// See its summary.
pub static XREVRANGE: Command = Command {
    name: "XREVRANGE",
    summary: "Returns the messages from a stream within a range of IDs in reverse order.",
    since: "5.0.0",
    cost: Cost::Linear("elements returned"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("end", Type::StreamId),
        Arg::Value("start", Type::StreamId),
        Arg::Maybe(&Arg::Tagged("COUNT", &Arg::Value("count", Type::Integer))),
    ],
    reply: Reply::Maybe(&Reply::Array(&ENTRY)),
    run: Run::Read(|cx| xrange(cx, true)),
    also: &[],
};

fn xrange(cx: &mut Read<'_>, back: bool) -> Outcome {
    let (from, to) = if back { (3, 2) } else { (2, 3) };
    let (from, to) = (ids::start(cx.args.arg(from))?, ids::end(cx.args.arg(to))?);
    let mut words = Words::new(cx.args, 4);
    let mut most = usize::MAX;
    while let Some(word) = words.next() {
        if !is_word(word, "COUNT") {
            return Err(Refusal::Syntax);
        }
        most = usize::try_from(options::integer(words.value()?)?).unwrap_or(0);
    }
    match cx.keys.get::<Stream>(cx.args.arg(1))? {
        None => cx.out.array(0),
        Some(_) if most == 0 => cx.out.null_array(),
        Some(stream) if back => {
            reply::entries(stream.log.entries.range_back(from, to), most, &mut cx.out);
        }
        Some(stream) => {
            reply::entries(stream.log.entries.range(from, to), most, &mut cx.out);
        }
    }
    Ok(Next::Done)
}
