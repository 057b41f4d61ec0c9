//! engine/stream/commands/pending.rs — XPENDING.

use super::reply;
use crate::command::options::{self, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::stream::group::{Group, Pending};
use crate::engine::stream::ids;
use crate::engine::stream::log::Stream;
use crate::error::Refusal;
use crate::structure::blocks::Id;

/// See its summary.
pub static XPENDING: Command = Command {
    name: "XPENDING",
    summary: "Returns the information and entries from a stream consumer group's pending entries list.",
    since: "5.0.0",
    cost: Cost::Linear("elements returned, and of those that IDLE passes over"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("group", Type::Bytes),
        Arg::Maybe(&Arg::Group(&[
            Arg::Maybe(&Arg::Tagged("IDLE", &Arg::Value("min-idle-time", Type::Duration))),
            Arg::Value("start", Type::StreamId),
            Arg::Value("end", Type::StreamId),
            Arg::Value("count", Type::Integer),
            Arg::Maybe(&Arg::Value("consumer", Type::Bytes)),
        ])),
    ],
    reply: Reply::Array(&Reply::Any),
    run: Run::Read(xpending),
    also: &[Trait::Tip("nondeterministic_output")],
};

/// Which pending entries are asked for.
struct Filter<'a> {
    idle: i64,
    from: Id,
    to: Id,
    count: usize,
    consumer: Option<&'a [u8]>,
}

fn xpending(cx: &mut Read<'_>) -> Outcome {
    let args = cx.args;
    let filter = match args.len() {
        3 => None,
        6..=9 => {
            let (mut at, mut idle) = (3, 0);
            if is_word(args.arg(3), "IDLE") {
                idle = options::integer(args.arg(4))?;
                if args.len() < 8 {
                    return Err(Refusal::Syntax);
                }
                at = 5;
            }
            let count = options::integer(args.arg(at + 2))?;
            let count = usize::try_from(count).unwrap_or(0);
            let (from, to) = (ids::start(args.arg(at))?, ids::end(args.arg(at + 1))?);
            Some(Filter { idle, from, to, count, consumer: args.get(at + 3) })
        }
        _ => return Err(Refusal::Syntax),
    };
    let stream = cx.keys.get::<Stream>(args.arg(1))?;
    let Some(group) = stream.and_then(|stream| stream.groups.get(args.arg(2))) else {
        return Err(reply::no_key_or_group(args.arg(1), args.arg(2)));
    };
    match filter {
        None => summary(cx, group),
        Some(filter) => list(cx, group, &filter),
    }
    Ok(Next::Done)
}

fn summary(cx: &mut Read<'_>, group: &Group) {
    let out = &mut cx.out;
    out.array(4);
    out.integer(group.pending_count() as i64);
    let first = group.pending_in(Id::MIN..=Id::MAX).next();
    let (Some(first), Some(last)) = (first, group.pending_last()) else {
        out.null();
        out.null();
        out.null_array();
        return;
    };
    ids::write(first.id, out);
    ids::write(last.id, out);
    let begun = out.begin_array();
    let mut count = 0;
    for consumer in group.consumers().filter(|consumer| consumer.pending_count() > 0) {
        out.array(2);
        out.bulk(&consumer.name);
        out.bulk_str(itoa::Buffer::new().format(consumer.pending_count()));
        count += 1;
    }
    out.finish_array(begun, count);
}

fn list(cx: &mut Read<'_>, group: &Group, filter: &Filter<'_>) {
    let now = cx.now;
    let ids = filter.from..=filter.to;
    let long = |pending: &&Pending| idle(pending, now) >= filter.idle;
    let begun = cx.out.begin_array();
    let mut count = 0;
    let mut show = |pending: &Pending| {
        cx.out.array(4);
        ids::write(pending.id, &mut cx.out);
        cx.out.bulk(group.consumer(pending.consumer).map_or(b"", |consumer| &consumer.name));
        cx.out.integer(idle(pending, now).max(0));
        cx.out.integer(pending.count as i64);
        count += 1;
    };
    match filter.consumer {
        None => group.pending_in(ids).filter(long).take(filter.count).for_each(&mut show),
        Some(name) => {
            if let Some(number) = group.number(name) {
                let own = group.pending_of(number, ids);
                own.filter(long).take(filter.count).for_each(&mut show);
            }
        }
    }
    cx.out.finish_array(begun, count);
}

/// How long ago an entry was given to its consumer, in milliseconds.
pub(super) fn idle(pending: &Pending, now: u64) -> i64 {
    (now as i64).wrapping_sub(pending.at as i64)
}
