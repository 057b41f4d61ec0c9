//! system/client/tracking.rs — TRACKING, CACHING and TRACKINGINFO: a client that caches what it
//! reads asks to be told when that changes.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use crate::command::options::{self, Words, is_word};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, Visit};
use crate::error::Refusal;
use crate::process::Process;
use crate::tracking::{Cache, bits};

/// See its summary.
pub static TRACKING: Command = Command {
    name: "CLIENT TRACKING",
    summary: "Controls server-assisted client-side caching for the connection.",
    since: "6.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::OneOf(&[Arg::Word("ON"), Arg::Word("OFF")]),
        Arg::Maybe(&Arg::Tagged("REDIRECT", &Arg::Value("client-id", Type::Integer))),
        Arg::Maybe(&Arg::Many(&Arg::Tagged("PREFIX", &Arg::Value("prefix", Type::Bytes)))),
        Arg::Maybe(&Arg::Word("BCAST")),
        Arg::Maybe(&Arg::Word("OPTIN")),
        Arg::Maybe(&Arg::Word("OPTOUT")),
        Arg::Maybe(&Arg::Word("NOLOOP")),
    ],
    reply: Reply::Ok,
    run: Run::Session(tracking),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn tracking(cx: &mut Visit<'_>) -> Outcome {
    let asked = Asked::read(Words::new(cx.args, 3), cx.process)?;
    let session = &mut *cx.session;
    match cx.args.arg(2) {
        word if is_word(word, "ON") => {
            asked.check(session.cache.as_deref())?;
            let card = &session.card;
            let mut how = bits::ON;
            for (is_asked, bit) in
                [(asked.broadcast, bits::BROADCAST), (asked.no_loop, bits::NO_LOOP)]
            {
                how |= if is_asked { bit } else { 0 };
            }
            card.redirect.store(asked.redirect, Relaxed);
            card.tracking.store(how, Relaxed);
            let cache = session.cache.get_or_insert_default();
            cache.broadcast = asked.broadcast;
            cache.opt_in = asked.opt_in;
            cache.opt_out = asked.opt_out;
            if asked.broadcast {
                let prefixes: &[&[u8]] =
                    if asked.prefixes.is_empty() { &[b""] } else { &asked.prefixes };
                cache.prefixes.extend(prefixes.iter().map(|&prefix| Box::from(prefix)));
            }
            cx.process.tracking.enter(session, &cx.process.keyspace);
        }
        word if is_word(word, "OFF") => cx.process.tracking.leave(session, &cx.process.keyspace),
        _ => return Err(Refusal::Syntax),
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// The options of TRACKING.
#[derive(Default)]
struct Asked<'a> {
    redirect: u64,
    prefixes: Vec<&'a [u8]>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

impl<'a> Asked<'a> {
    fn read(mut words: Words<'a>, process: &Process) -> Result<Asked<'a>, Refusal> {
        let mut asked = Asked::default();
        while let Some(word) = words.next() {
            if is_word(word, "REDIRECT") && words.left() > 0 {
                let value = words.value()?;
                if asked.redirect != 0 {
                    return Err(Refusal::text(
                        "ERR A client can only redirect to a single other client",
                    ));
                }
                let id = u64::try_from(options::integer(value)?).unwrap_or(0);
                if process.clients.get(id).is_none() {
                    return Err(Refusal::text(
                        "ERR The client ID you want redirect to does not exist",
                    ));
                }
                asked.redirect = id;
            } else if is_word(word, "PREFIX") && words.left() > 0 {
                asked.prefixes.push(words.value()?);
            } else if is_word(word, "BCAST") {
                asked.broadcast = true;
            } else if is_word(word, "OPTIN") {
                asked.opt_in = true;
            } else if is_word(word, "OPTOUT") {
                asked.opt_out = true;
            } else if is_word(word, "NOLOOP") {
                asked.no_loop = true;
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(asked)
    }

    /// Refuses options that do not go together, or not with how the client tracks already.
    fn check(&self, held: Option<&Cache>) -> Result<(), Refusal> {
        if !self.broadcast && !self.prefixes.is_empty() {
            return Err(Refusal::text("ERR PREFIX option requires BCAST mode to be enabled"));
        }
        if held.is_some_and(|held| held.broadcast != self.broadcast) {
            return Err(Refusal::text(
                "ERR You can't switch BCAST mode on/off before disabling tracking for this client, \
                 and then re-enabling it with a different mode.",
            ));
        }
        if self.broadcast && (self.opt_in || self.opt_out) {
            return Err(Refusal::text("ERR OPTIN and OPTOUT are not compatible with BCAST"));
        }
        if self.opt_in && self.opt_out {
            return Err(Refusal::text("ERR You can't specify both OPTIN mode and OPTOUT mode"));
        }
        if held.is_some_and(|held| self.opt_in && held.opt_out || self.opt_out && held.opt_in) {
            return Err(Refusal::text(
                "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, \
                 and then re-enabling it with a different mode.",
            ));
        }
        let none = BTreeSet::new();
        let held = held.map_or(&none, |held| &held.prefixes);
        for (at, prefix) in self.prefixes.iter().enumerate() {
            let overlaps = |other: &[u8]| other.starts_with(prefix) || prefix.starts_with(other);
            if let Some(other) = held.iter().find(|other| overlaps(other)) {
                return Err(overlap(prefix, "an existing", other));
            }
            if let Some(other) = self.prefixes[at + 1..].iter().find(|other| overlaps(other)) {
                return Err(overlap(prefix, "another provided", other));
            }
        }
        Ok(())
    }
}

fn overlap(prefix: &[u8], which: &str, other: &[u8]) -> Refusal {
    let mut text = b"ERR Prefix '".to_vec();
    text.extend_from_slice(prefix);
    text.extend_from_slice(format!("' overlaps with {which} prefix '").as_bytes());
    let after = "'. Prefixes for a single client must not overlap.";
    Refusal::quoting(&String::from_utf8_lossy(&text), other, after)
}

/// See its summary.
pub static CACHING: Command = Command {
    name: "CLIENT CACHING",
    summary: "Instructs the server whether to track the keys in the next request.",
    since: "6.0.0",
    cost: Cost::Constant,
    args: &[Arg::OneOf(&[Arg::Word("YES"), Arg::Word("NO")])],
    reply: Reply::Ok,
    run: Run::Session(caching),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn caching(cx: &mut Visit<'_>) -> Outcome {
    let Some(cache) = &mut cx.session.cache else {
        return Err(Refusal::text(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN \
             or OPTOUT mode enabled",
        ));
    };
    match cx.args.arg(2) {
        word if is_word(word, "YES") && !cache.opt_in => {
            return Err(Refusal::text(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
            ));
        }
        word if is_word(word, "NO") && !cache.opt_out => {
            return Err(Refusal::text(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            ));
        }
        word if is_word(word, "YES") || is_word(word, "NO") => cache.caching = true,
        _ => return Err(Refusal::Syntax),
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static TRACKINGINFO: Command = Command {
    name: "CLIENT TRACKINGINFO",
    summary: "Returns information about server-assisted client-side caching for the connection.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Map(&Reply::Any),
    run: Run::Server(trackinginfo),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn trackinginfo(cx: &mut Desk<'_>) -> Outcome {
    let card = &cx.session.card;
    let none = Cache::default();
    let cache = cx.session.cache.as_deref().unwrap_or(&none);
    let flags = [
        (card.tracks(bits::ON), "on"),
        (!card.tracks(bits::ON), "off"),
        (cache.broadcast, "bcast"),
        (cache.opt_in, "optin"),
        (cache.opt_in && cache.caching, "caching-yes"),
        (cache.opt_out, "optout"),
        (cache.opt_out && cache.caching, "caching-no"),
        (card.tracks(bits::NO_LOOP), "noloop"),
        (card.tracks(bits::BROKEN), "broken_redirect"),
    ];
    let out = &mut cx.out;
    out.map(3);
    out.bulk_str("flags");
    out.set(flags.iter().filter(|(holds, _)| *holds).count());
    flags.iter().filter(|(holds, _)| *holds).for_each(|(_, flag)| out.bulk_str(flag));
    out.bulk_str("redirect");
    out.integer(card.redirection());
    out.bulk_str("prefixes");
    out.array(cache.prefixes.len());
    cache.prefixes.iter().for_each(|prefix| out.bulk(prefix));
    Ok(Next::Done)
}
