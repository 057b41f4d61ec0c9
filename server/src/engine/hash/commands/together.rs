//! engine/hash/commands/together.rs — values and deadlines, or values and their end, in one step.
//!
//! Semantics, replies and refusals are those of Redis 8.0 (`t_hash.c`: `hgetexCommand`,
//! `hsetexCommand`, `hgetdelCommand`). HSETEX reads its arguments before it looks at the key, and
//! has words of its own for what is wrong with them; the other two look at the key first.

use mainstay_protocol::Request;

use super::counted::{self, BAD_COUNT, FIELDS};
use crate::clock::Millis;
use crate::command::options::{self, Time, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::hash::fields::Fields;
use crate::error::Refusal;
use crate::structure::dense::NEVER;

const EX: Arg = Arg::Tagged("EX", &Arg::Value("seconds", Type::Count));
const PX: Arg = Arg::Tagged("PX", &Arg::Value("milliseconds", Type::Count));
const EXAT: Arg = Arg::Tagged("EXAT", &Arg::Value("unix-time-seconds", Type::Deadline));
const PXAT: Arg = Arg::Tagged("PXAT", &Arg::Value("unix-time-milliseconds", Type::Deadline));

/// The time that an option introduces.
fn time_of(word: &[u8]) -> Option<Time> {
    let words = [
        ("EX", Time::Seconds),
        ("PX", Time::Millis),
        ("EXAT", Time::UnixSeconds),
        ("PXAT", Time::UnixMillis),
    ];
    words.into_iter().find(|(text, _)| is_word(word, text)).map(|(_, time)| time)
}

/// See its summary.
pub static HGETEX: Command = Command {
    name: "HGETEX",
    summary: "Get the value of one or more fields of a given hash key, and optionally set their expiration.",
    since: "8.0.0",
    cost: Cost::Each("specified fields"),
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Maybe(&Arg::OneOf(&[EX, PX, EXAT, PXAT, Arg::Word("PERSIST")])),
        FIELDS,
    ],
    reply: Reply::Array(&Reply::Maybe(&Reply::Bulk)),
    run: Run::Write(hgetex),
    also: &[Trait::NoGrowth],
};

fn hgetex(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, now) = (cx.args.arg(1), cx.now);
    cx.keys.holds::<Fields>(key)?;
    let word = cx.args.arg(2);
    let (deadline, behind) = match time_of(word) {
        Some(time) => (Some(counted::deadline(time, cx.args.arg(3), now, "hgetex")?), 4),
        None if is_word(word, "PERSIST") => (Some(NEVER), 3),
        None => (None, 2),
    };
    let names = counted::fields(cx.args, behind, BAD_COUNT)?;
    cx.out.array(names.len());
    let Some(mut fields) = cx.keys.edit_existing::<Fields>(key)? else {
        names.for_each(|_| cx.out.null());
        return Ok(Next::Done);
    };
    fields.unchanged();
    let mut deleted = 0;
    for name in names {
        let Some(value) = fields.get(name, now) else {
            cx.out.null();
            continue;
        };
        cx.out.bulk(value);
        match deadline {
            None => continue,
            Some(NEVER) if fields.deadline(name, now) == Some(NEVER) => continue,
            Some(at) if at <= now => {
                fields.remove(name, now);
                deleted += 1;
            }
            Some(at) => fields.set_deadline(name, at),
        }
        fields.changed();
    }
    drop(fields);
    cx.keys.expire_parts(deleted);
    Ok(Next::Done)
}

/// See its summary.
pub static HGETDEL: Command = Command {
    name: "HGETDEL",
    summary: "Returns the value of a field and deletes it from the hash.",
    since: "8.0.0",
    cost: Cost::Each("specified fields"),
    args: &[Arg::Key("key", Access::Take), FIELDS],
    reply: Reply::Array(&Reply::Maybe(&Reply::Bulk)),
    run: Run::Write(hgetdel),
    also: &[],
};

fn hgetdel(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, now) = (cx.args.arg(1), cx.now);
    cx.keys.holds::<Fields>(key)?;
    let names = counted::fields(cx.args, 2, BAD_COUNT)?;
    cx.out.array(names.len());
    let Some(mut fields) = cx.keys.edit_existing::<Fields>(key)? else {
        names.for_each(|_| cx.out.null());
        return Ok(Next::Done);
    };
    fields.unchanged();
    for name in names {
        match fields.get(name, now) {
            Some(value) => cx.out.bulk(value),
            None => {
                cx.out.null();
                continue;
            }
        }
        fields.remove(name, now);
        fields.changed();
    }
    Ok(Next::Done)
}

/// See its summary.
pub static HSETEX: Command = Command {
    name: "HSETEX",
    summary: "Set the value of one or more fields of a given hash key, and optionally set their expiration.",
    since: "8.0.0",
    cost: Cost::Each("fields being set"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::AnyOrder(&[
            Arg::OneOf(&[Arg::Word("FNX"), Arg::Word("FXX")]),
            Arg::OneOf(&[EX, PX, EXAT, PXAT, Arg::Word("KEEPTTL")]),
        ]),
        Arg::Tagged(
            "FIELDS",
            &Arg::Counted(&Arg::Group(&[
                Arg::Value("field", Type::Bytes),
                Arg::Value("value", Type::Bytes),
            ])),
        ),
    ],
    reply: Reply::Int,
    run: Run::Write(hsetex),
    also: &[],
};

/// What HSETEX was asked for.
struct Setting {
    /// FNX: only if none of the fields is there; FXX: only if all are.
    only_if: Option<bool>,
    /// EX and the like, or KEEPTTL.
    lifetime: Lifetime,
    /// Where the first field is.
    first: usize,
}

/// What becomes of the fields' deadlines.
enum Lifetime {
    Endless,
    Kept,
    Until(Millis),
}

impl Setting {
    fn read(args: Request<'_>, now: Millis) -> Result<Setting, Refusal> {
        const LIFETIMES: Refusal = Refusal::text(
            "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
        );
        let (mut only_if, mut lifetime) = (None, None);
        let mut at = 2;
        while let Some(word) = args.get(at) {
            at += 1;
            if is_word(word, "FIELDS") {
                let first = Setting::first(args, at)?;
                return Ok(Setting {
                    only_if,
                    lifetime: lifetime.unwrap_or(Lifetime::Endless),
                    first,
                });
            } else if let Some(time) = time_of(word) {
                if lifetime.is_some() {
                    return Err(LIFETIMES);
                }
                let value = args.get(at).ok_or(Refusal::text("ERR missing expire time"))?;
                lifetime = Some(Lifetime::Until(counted::deadline(time, value, now, "hsetex")?));
                at += 1;
            } else if is_word(word, "KEEPTTL") {
                if lifetime.is_some() {
                    return Err(LIFETIMES);
                }
                lifetime = Some(Lifetime::Kept);
            } else if is_word(word, "FXX") || is_word(word, "FNX") {
                if only_if.is_some() {
                    return Err(Refusal::text(
                        "ERR Only one of FXX or FNX arguments can be specified",
                    ));
                }
                only_if = Some(is_word(word, "FXX"));
            } else {
                return Err(Refusal::ending_in("ERR unknown argument: ", word));
            }
        }
        // All options without FIELDS are fewer arguments than the fewest that the command takes.
        Err(Refusal::Arity("hsetex"))
    }

    /// Where the first field is, if the count at `at` is that of what follows.
    fn first(args: Request<'_>, at: usize) -> Result<usize, Refusal> {
        let follow = args.len().saturating_sub(at + 1);
        if follow < 2 {
            return Err(Refusal::Arity("hsetex"));
        }
        let count = options::parse_integer(args.arg(at));
        let count = count.filter(|&count| count > 0 && count <= i64::from(i32::MAX));
        let count = count.ok_or(Refusal::text("ERR invalid number of fields"))?;
        if !follow.is_multiple_of(2) || usize::try_from(count) != Ok(follow / 2) {
            return Err(Refusal::Arity("hsetex"));
        }
        Ok(at + 1)
    }
}

fn hsetex(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, now, args) = (cx.args.arg(1), cx.now, cx.args);
    let Setting { only_if, lifetime, first } = Setting::read(args, now)?;
    let mut fields = cx.keys.edit::<Fields>(key)?;
    fields.unchanged();
    let pairs = (first..args.len()).step_by(2).map(|at| (args.arg(at), args.arg(at + 1)));
    if let Some(wanted) = only_if
        && pairs.clone().any(|(name, _)| fields.get(name, now).is_some() != wanted)
    {
        cx.out.integer(0);
        return Ok(Next::Done);
    }
    let mut deleted = 0;
    for (name, value) in pairs {
        match lifetime {
            Lifetime::Endless => {
                fields.set(name, value, now);
            }
            Lifetime::Kept => {
                fields.set_keeping(name, value, now);
            }
            // What would be dead at once is not even set.
            Lifetime::Until(at) if at <= now => {
                deleted += 1;
                if !fields.remove(name, now) {
                    continue;
                }
            }
            Lifetime::Until(at) => {
                fields.set(name, value, now);
                fields.set_deadline(name, at);
            }
        }
        fields.changed();
    }
    drop(fields);
    cx.keys.expire_parts(deleted);
    cx.out.integer(1);
    Ok(Next::Done)
}
