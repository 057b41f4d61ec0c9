//! system/client/list.rs — LIST and INFO: a card as a line of `name=value`.
//!
//! The fields are those of Redis 7.2. What has no counterpart here is 0: there is one buffer per
//! loop for requests and one for replies, so a connection's own are those that hold a partial
//! request (`qbuf`) and output its peer has not taken (`omem`).

use std::fmt::{self, Display, Formatter};
use std::sync::atomic::Ordering::Relaxed;

use crate::clients::{Card, DEFAULT_USER, Sort};
use crate::clock::Millis;
use crate::command::options::{Words, is_word, parse_integer};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Table, Trait, Type};
use crate::error::Refusal;
use crate::tracking::bits;

/// See its summary.
pub static INFO: Command = Command {
    name: "CLIENT INFO",
    summary: "Returns information about the connection.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Bulk,
    run: Run::Server(info),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow, Trait::Tip("nondeterministic_output")],
};

fn info(cx: &mut Desk<'_>) -> Outcome {
    let text = Line::of(&cx.session.card, cx).to_string();
    cx.out.verbatim(*b"txt", text.as_bytes());
    Ok(Next::Done)
}

/// See its summary.
pub static LIST: Command = Command {
    name: "CLIENT LIST",
    summary: "Lists open connections.",
    since: "2.4.0",
    cost: Cost::Linear("client connections"),
    args: &[Arg::Maybe(&Arg::OneOf(&[
        Arg::Tagged(
            "TYPE",
            &Arg::OneOf(&[
                Arg::Word("NORMAL"),
                Arg::Word("MASTER"),
                Arg::Word("REPLICA"),
                Arg::Word("PUBSUB"),
            ]),
        ),
        Arg::Tagged("ID", &Arg::Many(&Arg::Value("client-id", Type::Integer))),
    ]))],
    reply: Reply::Bulk,
    run: Run::Server(list),
    also: &[
        Trait::Admin,
        Trait::Loading,
        Trait::NoScript,
        Trait::Slow,
        Trait::Tip("nondeterministic_output"),
    ],
};

fn list(cx: &mut Desk<'_>) -> Outcome {
    let mut text = String::new();
    let mut add = |card: &Card| text.push_str(&Line::of(card, cx).to_string());
    let clients = &cx.process.clients;
    match (cx.args.get(2), cx.args.len()) {
        (None, _) => clients.all().iter().for_each(|card| add(card)),
        (Some(word), 4) if is_word(word, "TYPE") => {
            let sort = Sort::read(cx.args.arg(3))?;
            clients.all().iter().filter(|card| card.sort() == sort).for_each(|card| add(card));
        }
        (Some(word), 4..) if is_word(word, "ID") => {
            for id in Words::new(cx.args, 3) {
                let id = parse_integer(id).ok_or(Refusal::text("ERR Invalid client ID"))?;
                if let Some(card) = u64::try_from(id).ok().and_then(|id| clients.get(id)) {
                    add(&card);
                }
            }
        }
        _ => return Err(Refusal::Syntax),
    }
    cx.out.verbatim(*b"txt", text.as_bytes());
    Ok(Next::Done)
}

/// One line, its end included.
struct Line<'a> {
    card: &'a Card,
    table: &'a Table,
    now: Millis,
    /// Whether it is the line of who asks, whose request has just come.
    own: bool,
}

impl<'a> Line<'a> {
    fn of(card: &'a Card, cx: &Desk<'a>) -> Line<'a> {
        let own = card.id == cx.session.id;
        Line { card, table: &cx.process.table, now: cx.now, own }
    }

    fn flags(&self) -> String {
        let card = self.card;
        let mut flags = String::new();
        for (holds, flag) in [
            (card.sort() == Sort::PubSub, 'P'),
            (card.queued.load(Relaxed) >= 0, 'x'),
            (card.blocked.load(Relaxed) != 0, 'b'),
            (card.tracks(bits::ON), 't'),
            (card.tracks(bits::BROKEN), 'R'),
            (card.tracks(bits::BROADCAST), 'B'),
            (card.doomed.load(Relaxed), 'A'),
            (card.is_unix, 'U'),
            (card.no_evict.load(Relaxed), 'e'),
            (card.no_touch.load(Relaxed), 'T'),
        ] {
            if holds {
                flags.push(flag);
            }
        }
        if flags.is_empty() { "N".to_owned() } else { flags }
    }
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let card = self.card;
        let text = card.text.lock().clone();
        let age = self.now.saturating_sub(card.since) / 1000;
        let idle = self.now.saturating_sub(card.active.load(Relaxed)) / 1000;
        let command = (card.command.load(Relaxed) as usize).checked_sub(1);
        let command = command.and_then(|index| self.table.entries().get(index));
        let (input, output) = (card.input_bytes.load(Relaxed), card.output_bytes.load(Relaxed));
        write!(f, "id={} addr={} laddr={} ", card.id, card.peer, card.local)?;
        write!(f, "fd={} name={} age={age} ", card.descriptor, text.name)?;
        write!(f, "idle={} flags={} ", if self.own { 0 } else { idle }, self.flags())?;
        write!(f, "db={} ", card.database.load(Relaxed))?;
        write!(f, "sub={} psub={} ", card.channels.load(Relaxed), card.patterns.load(Relaxed))?;
        write!(f, "ssub={} ", card.shard_channels.load(Relaxed))?;
        write!(f, "multi={} ", card.queued.load(Relaxed))?;
        write!(f, "qbuf={input} qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 ")?;
        write!(f, "omem={output} tot-mem={} ", u64::from(input) + output)?;
        write!(f, "events={} ", if output > 0 { "rw" } else { "r" })?;
        write!(f, "cmd={} ", command.map_or("NULL", |entry| entry.wire_name))?;
        write!(f, "user={DEFAULT_USER} redir={} ", card.redirection())?;
        write!(f, "resp={} ", if card.resp3.load(Relaxed) { 3 } else { 2 })?;
        writeln!(f, "lib-name={} lib-ver={}", text.library, text.library_version)
    }
}
