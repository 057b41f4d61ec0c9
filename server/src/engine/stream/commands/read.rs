//! engine/stream/commands/read.rs — XREAD and XREADGROUP.

use mainstay_protocol::{Deferred, OwnedRequest, ReplyWriter, Request, Version};
use smallvec::SmallVec;

use super::look::ENTRY;
use super::reply;
use crate::clock::Millis;
use crate::command::options::{self, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Wait, Write,
};
use crate::engine::stream::group::{Group, Number, Pending};
use crate::engine::stream::ids;
use crate::engine::stream::log::{KIND, Log, Stream};
use crate::error::Refusal;
use crate::keyspace::Keys;
use crate::structure::blocks::Id;

const ENTRIES: Reply = Reply::Array(&Reply::OneOf(&[ENTRY, DELETED]));
/// What stands for an entry that was given to the consumer and is no longer there.
const DELETED: Reply = Reply::Tuple(&[Reply::Bulk, Reply::Maybe(&Reply::Bulk)]);
const STREAMS: Reply = Reply::Maybe(&Reply::OneOf(&[
    Reply::Map(&ENTRIES),
    Reply::Array(&Reply::Tuple(&[Reply::Bulk, ENTRIES])),
]));

const COUNT: Arg = Arg::Tagged("COUNT", &Arg::Value("count", Type::Integer));
const BLOCK: Arg = Arg::Tagged("BLOCK", &Arg::Value("milliseconds", Type::Count));

/// See its summary.
pub static XREAD: Command = Command {
    name: "XREAD",
    summary: "Returns messages from multiple streams with IDs greater than the ones requested. Blocks until a message is available otherwise.",
    since: "5.0.0",
    cost: Cost::Linear("elements returned"),
    args: &[
        Arg::AnyOrder(&[COUNT, BLOCK]),
        Arg::Tagged(
            "STREAMS",
            &Arg::Halves(
                &Arg::Key("key", Access::Look),
                &Arg::OneOf(&[Arg::Value("id", Type::StreamId), Arg::Word("$")]),
            ),
        ),
    ],
    reply: STREAMS,
    run: Run::Read(xread),
    also: &[Trait::Blocking],
};

/// See its summary.
pub static XREADGROUP: Command = Command {
    name: "XREADGROUP",
    summary: "Returns new or historical messages from a stream for a consumer in a group. Blocks until a message is available otherwise.",
    since: "5.0.0",
    cost: Cost::Linear("elements returned"),
    args: &[
        Arg::Tagged(
            "GROUP",
            &Arg::Group(&[Arg::Value("group", Type::Bytes), Arg::Value("consumer", Type::Bytes)]),
        ),
        Arg::AnyOrder(&[COUNT, BLOCK, Arg::Word("NOACK")]),
        Arg::Tagged(
            "STREAMS",
            &Arg::Halves(
                &Arg::Key("key", Access::Look),
                &Arg::OneOf(&[Arg::Value("id", Type::StreamId), Arg::Word(">")]),
            ),
        ),
    ],
    reply: STREAMS,
    run: Run::Write(xreadgroup),
    also: &[Trait::Blocking],
};

/// A request, its ids aside.
struct Wanted<'a> {
    /// How many entries of a stream at most.
    count: usize,
    /// Whether to wait, and until when if not for ever.
    block: Option<Option<Millis>>,
    no_ack: bool,
    /// Group and consumer.
    group: Option<(&'a [u8], &'a [u8])>,
    /// Where the keys begin.
    first: usize,
    /// How many keys there are.
    streams: usize,
}

impl<'a> Wanted<'a> {
    /// Reads the options; `in_group` for XREADGROUP.
    fn read(args: Request<'a>, now: Millis, in_group: bool) -> Result<Wanted<'a>, Refusal> {
        let mut wanted = Wanted {
            count: usize::MAX,
            block: None,
            no_ack: false,
            group: None,
            first: 0,
            streams: 0,
        };
        let only_group = |option: &str| {
            Refusal::from(format!(
                "ERR The {option} option is only supported by XREADGROUP. You called XREAD instead."
            ))
        };
        let mut at = 1;
        while let Some(word) = args.get(at) {
            let more = args.len() - at - 1;
            at += 1;
            if more > 0 && is_word(word, "BLOCK") {
                wanted.block = Some(options::timeout_millis(args.arg(at), now)?);
                at += 1;
            } else if more > 0 && is_word(word, "COUNT") {
                let count = options::integer(args.arg(at))?;
                let count = usize::try_from(count).unwrap_or(0);
                wanted.count = if count == 0 { usize::MAX } else { count };
                at += 1;
            } else if more > 0 && is_word(word, "STREAMS") {
                if !more.is_multiple_of(2) {
                    return Err(Refusal::text(
                        "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' \
                         must be specified.",
                    ));
                }
                (wanted.first, wanted.streams) = (at, more / 2);
                break;
            } else if more > 1 && is_word(word, "GROUP") {
                if !in_group {
                    return Err(only_group("GROUP"));
                }
                wanted.group = Some((args.arg(at), args.arg(at + 1)));
                at += 2;
            } else if is_word(word, "NOACK") {
                if !in_group {
                    return Err(only_group("NOACK"));
                }
                wanted.no_ack = true;
            } else {
                return Err(Refusal::Syntax);
            }
        }
        if wanted.first == 0 {
            return Err(Refusal::Syntax);
        }
        if in_group && wanted.group.is_none() {
            return Err(Refusal::text("ERR Missing GROUP option for XREADGROUP"));
        }
        if locked_from(args, in_group) != wanted.first {
            return Err(Refusal::Syntax);
        }
        Ok(wanted)
    }

    fn key(&self, args: Request<'a>, number: usize) -> &'a [u8] {
        args.arg(self.first + number)
    }

    fn id(&self, args: Request<'a>, number: usize) -> &'a [u8] {
        args.arg(self.first + self.streams + number)
    }

    /// What is done when there was nothing: waiting, if that was asked for. `id` is what the call
    /// then asks for, of each stream.
    fn park(&self, args: Request<'a>, id: impl Fn(usize) -> String) -> Next {
        let Some(until) = self.block else { return Next::Done };
        let keys = (0..self.streams).map(|number| self.key(args, number));
        let mut next = Wait::park(KIND.name, until, keys, |number, key| {
            self.resume(key, id(number).as_bytes())
        });
        if let Next::Park(wait) = &mut next {
            // Who reads in a group must know when the group is gone, with or without its stream.
            wait.always = self.group.is_some();
        }
        next
    }

    /// The request that is tried when a stream has changed.
    fn resume(&self, key: &[u8], id: &[u8]) -> OwnedRequest {
        let mut count = itoa::Buffer::new();
        let mut words = SmallVec::<[&[u8]; 16]>::new();
        match self.group {
            Some((group, consumer)) => {
                words.extend([&b"XREADGROUP"[..], b"GROUP", group, consumer]);
            }
            None => words.push(b"XREAD"),
        }
        if self.count != usize::MAX {
            words.extend([&b"COUNT"[..], count.format(self.count).as_bytes()]);
        }
        if self.no_ack {
            words.push(b"NOACK");
        }
        words.extend([&b"BLOCK"[..], b"0", b"STREAMS", key, id]);
        OwnedRequest::from_args(words)
    }
}

/// Where the keys begin that were locked: the grammar has GROUP in front, as Redis's key
/// specification has, and a client may have it elsewhere.
fn locked_from(args: Request<'_>, in_group: bool) -> usize {
    let mut at = if in_group { 4 } else { 1 };
    while at < args.len() && !is_word(args.arg(at), "STREAMS") {
        let word = args.arg(at);
        let values = match in_group && is_word(word, "GROUP") {
            true => 2,
            false => usize::from(is_word(word, "COUNT") || is_word(word, "BLOCK")),
        };
        at += 1 + values;
    }
    at + 1
}

/// The streams of a reply, begun when the first of them is there.
struct Streams {
    begun: Option<Deferred>,
    count: usize,
}

impl Streams {
    fn new() -> Streams {
        Streams { begun: None, count: 0 }
    }

    /// A stream's name; its entries follow.
    fn name(&mut self, key: &[u8], out: &mut ReplyWriter<'_>) {
        if self.begun.is_none() {
            self.begun = Some(match out.version() {
                Version::Resp2 => out.begin_array(),
                Version::Resp3 => out.begin_map(),
            });
        }
        if out.version() == Version::Resp2 {
            out.array(2);
        }
        out.bulk(key);
        self.count += 1;
    }

    /// Ends the reply, which is nothing if there was no stream; says whether there was one.
    fn finish(self, out: &mut ReplyWriter<'_>) -> bool {
        match (self.begun, out.version()) {
            (None, _) => out.null_array(),
            (Some(begun), Version::Resp2) => out.finish_array(begun, self.count),
            (Some(begun), Version::Resp3) => out.finish_map(begun, self.count),
        }
        self.count > 0
    }
}

fn xread(cx: &mut Read<'_>) -> Outcome {
    let args = cx.args;
    let wanted = Wanted::read(args, cx.now, false)?;
    let mut above = SmallVec::<[Id; 8]>::new();
    for number in 0..wanted.streams {
        let stream = cx.keys.get::<Stream>(wanted.key(args, number))?;
        above.push(match wanted.id(args, number) {
            b"$" => stream.map_or(Id::MIN, |stream| stream.log.last),
            b">" => {
                return Err(Refusal::text(
                    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP \
                     <group> <consumer> option.",
                ));
            }
            text => ids::exact(text, 0)?,
        });
    }
    let mut streams = Streams::new();
    for (number, &above) in above.iter().enumerate() {
        let key = wanted.key(args, number);
        let Some(stream) = cx.keys.get::<Stream>(key)? else { continue };
        let Some(start) = above.next().filter(|_| stream.log.has_above(above)) else { continue };
        streams.name(key, &mut cx.out);
        reply::entries(stream.log.entries.range(start, Id::MAX), wanted.count, &mut cx.out);
    }
    if streams.finish(&mut cx.out) {
        return Ok(Next::Done);
    }
    // What is above the last id of now is asked for, whatever the last id is then.
    Ok(wanted.park(args, |number| format!("{}-{}", above[number].ms, above[number].seq)))
}

fn xreadgroup(cx: &mut Write<'_, '_>) -> Outcome {
    let args = cx.args;
    let wanted = Wanted::read(args, cx.now, true)?;
    let (group, consumer) = wanted.group.unwrap_or_default();
    // The ids above which entries are wanted: of those that were given to the consumer before, or,
    // for `>`, of those that were given to nobody.
    let mut above = SmallVec::<[Option<Id>; 8]>::new();
    for number in 0..wanted.streams {
        let key = wanted.key(args, number);
        let is_there = group_is_there(&cx.keys, key, group)?;
        if !is_there {
            return Err(reply::no_group(
                "NOGROUP No such key '",
                key,
                "' or consumer group '",
                group,
                "' in XREADGROUP with GROUP option",
            ));
        }
        above.push(match wanted.id(args, number) {
            b"$" => {
                return Err(Refusal::text(
                    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read \
                     the history of this consumer by specifying a proper ID, or use the > ID to \
                     get new messages. The $ ID would just return an empty result set.",
                ));
            }
            b">" => None,
            text => Some(ids::exact(text, 0)?).filter(|&id| id != Id::MAX),
        });
    }
    let mut streams = Streams::new();
    for (number, above) in above.into_iter().enumerate() {
        let key = wanted.key(args, number);
        let Some(mut edit) = cx.keys.edit_existing::<Stream>(key)? else { continue };
        edit.hush();
        let Stream { log, groups } = &mut *edit;
        let has_some = |group: &Group| above.is_some() || log.has_above(group.last);
        if cx.resumed && !groups.get(group).is_some_and(has_some) {
            // That the consumer waits for it is known.
            edit.unchanged();
            continue;
        }
        let (out, now) = (&mut cx.out, cx.now);
        groups.change(group, |group| {
            let number = group.see(consumer, now)?;
            match above {
                Some(above) => {
                    streams.name(key, out);
                    history(log, group, number, above, &wanted, now, out);
                }
                None if log.has_above(group.last) => {
                    streams.name(key, out);
                    fresh(log, group, number, &wanted, now, out);
                }
                None => {}
            }
            Some(())
        });
    }
    if streams.finish(&mut cx.out) {
        return Ok(Next::Done);
    }
    Ok(wanted.park(args, |_| ">".to_owned()))
}

fn group_is_there(keys: &Keys<'_>, key: &[u8], group: &[u8]) -> Result<bool, Refusal> {
    Ok(keys.get::<Stream>(key)?.is_some_and(|stream| stream.groups.get(group).is_some()))
}

/// Gives a consumer what nobody was given yet.
fn fresh(
    log: &Log,
    group: &mut Group,
    number: Number,
    wanted: &Wanted<'_>,
    now: Millis,
    out: &mut ReplyWriter<'_>,
) {
    let begun = out.begin_array();
    let mut count = 0;
    let start = group.last.next().unwrap_or(Id::MAX);
    for entry in log.entries.range(start, Id::MAX).take(wanted.count) {
        group.advance(log, entry.id);
        reply::entry(entry, out);
        if !wanted.no_ack {
            group.give(entry.id, number, now);
        }
        count += 1;
    }
    out.finish_array(begun, count);
}

/// Gives a consumer again what it was given and did not acknowledge.
fn history(
    log: &Log,
    group: &mut Group,
    number: Number,
    above: Id,
    wanted: &Wanted<'_>,
    now: Millis,
    out: &mut ReplyWriter<'_>,
) {
    let start = above.next().unwrap_or(Id::MAX);
    let own = group.pending_of(number, start..=Id::MAX).take(wanted.count);
    let own: Vec<Pending> = own.copied().collect();
    out.array(own.len());
    for pending in own {
        match log.entries.get(pending.id) {
            Some(entry) => {
                reply::entry(entry, out);
                let count = pending.count.wrapping_add(1);
                group.put(Pending { at: now, count, ..pending });
            }
            None => {
                out.array(2);
                ids::write(pending.id, out);
                out.null_array();
            }
        }
    }
}
