//! engine/stream/commands/claim.rs — XCLAIM and XAUTOCLAIM: what was given to one consumer goes to
//! another.

use mainstay_protocol::{ReplyWriter, Request};
use smallvec::SmallVec;

use super::pending::idle;
use super::reply;
use crate::clock::Millis;
use crate::command::options::{self, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::stream::group::{Group, Number, Pending};
use crate::engine::stream::ids;
use crate::engine::stream::log::Stream;
use crate::error::Refusal;
use crate::structure::blocks::{Entry, Id};

/// See its summary.
pub static XCLAIM: Command = Command {
    name: "XCLAIM",
    summary: "Changes, or acquires, ownership of a message in a consumer group, as if the message was delivered a consumer group member.",
    since: "5.0.0",
    cost: Cost::Each("entries, times the logarithm of the pending ones"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("group", Type::Bytes),
        Arg::Value("consumer", Type::Bytes),
        Arg::Value("min-idle-time", Type::Count),
        Arg::Many(&Arg::Value("id", Type::StreamId)),
        Arg::AnyOrder(&[
            Arg::Tagged("IDLE", &Arg::Value("ms", Type::Integer)),
            Arg::Tagged("TIME", &Arg::Value("unix-time-milliseconds", Type::Deadline)),
            Arg::Tagged("RETRYCOUNT", &Arg::Value("count", Type::Integer)),
            Arg::Word("FORCE"),
            Arg::Word("JUSTID"),
            Arg::Tagged("LASTID", &Arg::Value("lastid", Type::StreamId)),
        ]),
    ],
    reply: Reply::Array(&Reply::Any),
    run: Run::Write(xclaim),
    also: &[Trait::NoGrowth, Trait::Tip("nondeterministic_output")],
};

/// What is done with an entry that is claimed.
struct Claim {
    consumer: Number,
    min_idle: i64,
    now: Millis,
    /// When it counts as given.
    at: Millis,
    retries: Option<u64>,
    only_ids: bool,
    force: bool,
}

impl Claim {
    /// Gives an entry that is there to the consumer; false if it may not have it.
    fn take(&self, group: &mut Group, id: Id) -> bool {
        let before = match group.pending(id) {
            Some(pending) if self.min_idle > 0 && idle(pending, self.now) < self.min_idle => {
                return false;
            }
            Some(pending) => pending.count,
            None if self.force => 1,
            None => return false,
        };
        let count = match self.retries {
            Some(retries) => retries,
            None if self.only_ids => before,
            None => before.wrapping_add(1),
        };
        group.put(Pending { id, consumer: self.consumer, at: self.at, count });
        if let Some(consumer) = group.consumer_mut(self.consumer) {
            consumer.active = Some(self.now);
        }
        true
    }

    fn show(&self, entry: Entry<'_>, out: &mut ReplyWriter<'_>) {
        if self.only_ids {
            ids::write(entry.id, out);
        } else {
            reply::entry(entry, out);
        }
    }
}

/// The options behind the ids of XCLAIM.
#[derive(Default)]
struct Options {
    force: bool,
    only_ids: bool,
    at: Option<i64>,
    retries: i64,
    last: Id,
}

impl Options {
    fn read(args: Request<'_>, mut at: usize, now: i64) -> Result<Options, Refusal> {
        let mut options = Options { retries: -1, ..Options::default() };
        let number = |at: usize, refusal: &'static str| {
            options::parse_integer(args.arg(at)).ok_or(Refusal::text(refusal))
        };
        while let Some(word) = args.get(at) {
            at += 1;
            let more = at < args.len();
            if is_word(word, "FORCE") {
                options.force = true;
                continue;
            } else if is_word(word, "JUSTID") {
                options.only_ids = true;
                continue;
            } else if more && is_word(word, "IDLE") {
                let idle = number(at, "ERR Invalid IDLE option argument for XCLAIM")?;
                options.at = Some(now.wrapping_sub(idle));
            } else if more && is_word(word, "TIME") {
                options.at = Some(number(at, "ERR Invalid TIME option argument for XCLAIM")?);
            } else if more && is_word(word, "RETRYCOUNT") {
                options.retries = number(at, "ERR Invalid RETRYCOUNT option argument for XCLAIM")?;
            } else if more && is_word(word, "LASTID") {
                options.last = ids::exact(args.arg(at), 0)?;
            } else {
                let shown = word.split(|&byte| byte == 0).next().unwrap_or_default();
                let text = [b"ERR Unrecognized XCLAIM option '", shown, b"'"].concat();
                return Err(Refusal::Quoting(text.into()));
            }
            at += 1;
        }
        Ok(options)
    }
}

fn xclaim(cx: &mut Write<'_, '_>) -> Outcome {
    let (args, now) = (cx.args, cx.now);
    let (key, name) = (args.arg(1), args.arg(2));
    let mut edit = cx.keys.edit_existing::<Stream>(key)?;
    edit.iter_mut().for_each(|edit| edit.unchanged());
    let Some(mut edit) = edit.filter(|edit| edit.groups.get(name).is_some()) else {
        return Err(reply::no_key_or_group(key, name));
    };
    let min_idle = options::parse_integer(args.arg(4))
        .ok_or(Refusal::text("ERR Invalid min-idle-time argument for XCLAIM"))?;
    let wanted: SmallVec<[Id; 8]> =
        args.args().skip(5).map_while(|text| ids::parse(text, 0)).collect();
    let options = Options::read(args, 5 + wanted.len(), now as i64)?;
    edit.changed();
    edit.hush();
    let Stream { log, groups } = &mut *edit;
    let out = &mut cx.out;
    let claimed = groups.change(name, |group| {
        group.last = group.last.max(options.last);
        let claim = Claim {
            consumer: group.see(args.arg(3), now)?,
            min_idle,
            now,
            // What is not a time of the past is now: clients may compute it by their own clock.
            at: options.at.map_or(now, |at| u64::try_from(at).unwrap_or(now).min(now)),
            retries: u64::try_from(options.retries).ok(),
            only_ids: options.only_ids,
            force: options.force,
        };
        let begun = out.begin_array();
        let mut count = 0;
        for id in wanted {
            let Some(entry) = log.entries.get(id) else {
                // Nobody can do anything with it any more.
                group.acknowledge(id);
                continue;
            };
            if claim.take(group, id) {
                claim.show(entry, out);
                count += 1;
            }
        }
        out.finish_array(begun, count);
        Some(())
    });
    debug_assert!(claimed.is_some(), "the group was there");
    Ok(Next::Done)
}

/// See its summary.
pub static XAUTOCLAIM: Command = Command {
    name: "XAUTOCLAIM",
    summary: "Changes, or acquires, ownership of messages in a consumer group, as if the messages were delivered to as consumer group member.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Take),
        Arg::Value("group", Type::Bytes),
        Arg::Value("consumer", Type::Bytes),
        Arg::Value("min-idle-time", Type::Count),
        Arg::Value("start", Type::StreamId),
        Arg::AnyOrder(&[
            Arg::Tagged("COUNT", &Arg::Value("count", Type::Positive)),
            Arg::Word("JUSTID"),
        ]),
    ],
    reply: Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Any), Reply::Array(&Reply::Bulk)]),
    run: Run::Write(xautoclaim),
    also: &[Trait::Tip("nondeterministic_output")],
};

/// How many pending entries XAUTOCLAIM looks at for each that it may answer.
const ATTEMPTS: i64 = 10;

fn xautoclaim(cx: &mut Write<'_, '_>) -> Outcome {
    let (args, now) = (cx.args, cx.now);
    let min_idle = options::parse_integer(args.arg(4))
        .ok_or(Refusal::text("ERR Invalid min-idle-time argument for XAUTOCLAIM"))?;
    let start = ids::start(args.arg(5))?;
    let (mut count, mut only_ids, mut at) = (100, false, 6);
    while let Some(word) = args.get(at) {
        at += 1;
        if is_word(word, "JUSTID") {
            only_ids = true;
        } else if is_word(word, "COUNT") && at < args.len() {
            count = options::parse_integer(args.arg(at))
                .filter(|count| (1..=i64::MAX / 16).contains(count))
                .ok_or(Refusal::text("ERR COUNT must be > 0"))?;
            at += 1;
        } else {
            return Err(Refusal::Syntax);
        }
    }
    let (key, name) = (args.arg(1), args.arg(2));
    let mut edit = cx.keys.edit_existing::<Stream>(key)?;
    edit.iter_mut().for_each(|edit| edit.unchanged());
    let Some(mut edit) = edit.filter(|edit| edit.groups.get(name).is_some()) else {
        return Err(reply::no_key_or_group(key, name));
    };
    edit.changed();
    edit.hush();
    let Stream { log, groups } = &mut *edit;
    let out = &mut cx.out;
    let claimed = groups.change(name, |group| {
        let claim = Claim {
            consumer: group.see(args.arg(3), now)?,
            min_idle,
            now,
            at: now,
            retries: None,
            only_ids,
            force: false,
        };
        let mut gone = Vec::new();
        let mut found = Vec::new();
        let mut next = Some(start);
        let mut left = count;
        let first_from = |group: &Group, from: Id| {
            group.pending_in(from..=Id::MAX).next().map(|pending| pending.id)
        };
        for _ in 0..count.saturating_mul(ATTEMPTS) {
            if left == 0 {
                break;
            }
            let Some(id) = next.and_then(|from| first_from(group, from)) else { break };
            next = id.next();
            match log.entries.get(id) {
                None => {
                    group.acknowledge(id);
                    gone.push(id);
                }
                Some(entry) if claim.take(group, id) => found.push(entry),
                Some(_) => continue,
            }
            left -= 1;
        }
        out.array(3);
        ids::write(next.and_then(|from| first_from(group, from)).unwrap_or(Id::MIN), out);
        out.array(found.len());
        found.into_iter().for_each(|entry| claim.show(entry, out));
        out.array(gone.len());
        gone.into_iter().for_each(|id| ids::write(id, out));
        Some(())
    });
    debug_assert!(claimed.is_some(), "the group was there");
    Ok(Next::Done)
}
