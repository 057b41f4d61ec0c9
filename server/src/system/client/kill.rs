//! system/client/kill.rs — KILL: closes connections, by address or by what is known of them.

use std::sync::atomic::Ordering::Relaxed;

use crate::clients::{Card, DEFAULT_USER, Sort};
use crate::clock::Millis;
use crate::command::options::{Words, is_word, parse_integer};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type};
use crate::error::Refusal;

/// See its summary.
pub static KILL: Command = Command {
    name: "CLIENT KILL",
    summary: "Terminates open connections.",
    since: "2.4.0",
    cost: Cost::Linear("client connections"),
    args: &[Arg::OneOf(&[
        Arg::Value("ip:port", Type::Bytes),
        Arg::Many(&Arg::OneOf(&[
            Arg::Tagged("ID", &Arg::Value("client-id", Type::Integer)),
            Arg::Tagged(
                "TYPE",
                &Arg::OneOf(&[
                    Arg::Word("NORMAL"),
                    Arg::Word("MASTER"),
                    Arg::Word("SLAVE"),
                    Arg::Word("REPLICA"),
                    Arg::Word("PUBSUB"),
                ]),
            ),
            Arg::Tagged("USER", &Arg::Value("username", Type::Bytes)),
            Arg::Tagged("ADDR", &Arg::Value("ip:port", Type::Bytes)),
            Arg::Tagged("LADDR", &Arg::Value("ip:port", Type::Bytes)),
            Arg::Tagged("SKIPME", &Arg::OneOf(&[Arg::Word("YES"), Arg::Word("NO")])),
            Arg::Tagged("MAXAGE", &Arg::Value("maxage", Type::Integer)),
        ])),
    ])],
    reply: Reply::OneOf(&[Reply::Ok, Reply::Int]),
    run: Run::Server(kill),
    also: &[Trait::Admin, Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn kill(cx: &mut Desk<'_>) -> Outcome {
    let (filter, is_old) = match cx.args.len() {
        // The old form, which may name the connection itself.
        3 => (Filter { address: Some(cx.args.arg(2)), ..Filter::default() }, true),
        _ => (Filter::read(Words::new(cx.args, 2))?, false),
    };
    let mut killed = 0;
    let mut next = Next::Done;
    for card in cx.process.clients.all() {
        let own = card.id == cx.session.id;
        if (own && filter.skips_me) || !filter.takes(&card, cx.now) {
            continue;
        }
        killed += 1;
        if own {
            next = Next::Close;
        } else {
            card.doomed.store(true, Relaxed);
            cx.post.close(card.address);
        }
    }
    match (is_old, killed) {
        (true, 0) => return Err(Refusal::text("ERR No such client")),
        (true, _) => cx.out.ok(),
        (false, _) => cx.out.integer(killed),
    }
    Ok(next)
}

/// Whom to kill: all that is said must hold.
#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    sort: Option<Sort>,
    address: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
    age_seconds: Option<u64>,
    skips_me: bool,
}

impl<'a> Filter<'a> {
    fn read(mut words: Words<'a>) -> Result<Filter<'a>, Refusal> {
        let mut filter = Filter { skips_me: true, ..Filter::default() };
        while let Some(word) = words.next() {
            let value = words.value()?;
            if is_word(word, "ID") {
                let positive = parse_integer(value).filter(|&id| id > 0);
                filter.id = Some(
                    positive
                        .map(i64::cast_unsigned)
                        .ok_or(Refusal::text("ERR client-id should be greater than 0"))?,
                );
            } else if is_word(word, "MAXAGE") {
                let age = parse_integer(value)
                    .ok_or(Refusal::text("ERR maxage is not an integer or out of range"))?;
                let positive = u64::try_from(age).ok().filter(|&age| age > 0);
                filter.age_seconds =
                    Some(positive.ok_or(Refusal::text("ERR maxage should be greater than 0"))?);
            } else if is_word(word, "TYPE") {
                filter.sort = Some(Sort::read(value)?);
            } else if is_word(word, "ADDR") {
                filter.address = Some(value);
            } else if is_word(word, "LADDR") {
                filter.local = Some(value);
            } else if is_word(word, "USER") {
                if value != DEFAULT_USER.as_bytes() {
                    return Err(Refusal::quoting("ERR No such user '", value, "'"));
                }
            } else if is_word(word, "SKIPME") {
                filter.skips_me = match value {
                    value if is_word(value, "YES") => true,
                    value if is_word(value, "NO") => false,
                    _ => return Err(Refusal::Syntax),
                };
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(filter)
    }

    fn takes(&self, card: &Card, now: Millis) -> bool {
        let age_seconds = now.saturating_sub(card.since) / 1000;
        self.id.is_none_or(|id| card.id == id)
            && self.sort.is_none_or(|sort| card.sort() == sort)
            && self.address.is_none_or(|address| card.peer.as_bytes() == address)
            && self.local.is_none_or(|local| card.local.as_bytes() == local)
            && self.age_seconds.is_none_or(|least| age_seconds >= least)
    }
}
