//! engine/string/commands/store.rs — putting a whole string: SET and its relatives.
//!
//! IFEQ, IFNE, IFDEQ and IFDNE of SET are those of Redis 8.4, see [`condition`].

use super::condition::{self, Condition, Test};
use super::lifetime::{EX, EXAT, Lifetime, PX, PXAT};
use super::read::answer_string;
use crate::clock::Millis;
use crate::command::options::{Time, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::error::Refusal;
use crate::keyspace::{Keys, Ttl};

/// See its summary.
pub static SET: Command = Command {
    name: "SET",
    summary: "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Exchange("GET")),
        Arg::Value("value", Type::Bytes),
        Arg::AnyOrder(&[
            Arg::OneOf(&[
                Arg::Word("NX"),
                Arg::Word("XX"),
                condition::IFEQ,
                condition::IFNE,
                condition::IFDEQ,
                condition::IFDNE,
            ]),
            Arg::Word("GET"),
            Arg::OneOf(&[EX, PX, EXAT, PXAT, Arg::Word("KEEPTTL")]),
        ]),
    ],
    reply: Reply::OneOf(&[Reply::Ok, Reply::Maybe(&Reply::Bulk)]),
    run: Run::Write(set),
    also: &[Trait::Slow],
};

fn set(cx: &mut Write<'_, '_>) -> Outcome {
    if cx.args.len() == 3 {
        cx.keys.put_string(cx.args.arg(1), cx.args.arg(2), Ttl::Clear);
        cx.out.ok();
        return Ok(Next::Done);
    }
    set_with_options(cx)
}

fn set_with_options(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, value) = (cx.args.arg(1), cx.args.arg(2));
    let mut lifetime = Lifetime::Unsaid;
    let mut only = Only::Always;
    let mut answer_old = false;
    let mut words = Words::new(cx.args, 3);
    while let Some(word) = words.next() {
        if is_word(word, "GET") {
            answer_old = true;
        } else if !lifetime.take_keep(word)
            && !lifetime.take(word, &mut words)?
            && !only.take(word, &mut words)?
        {
            return Err(Refusal::Syntax);
        }
    }
    let ttl = lifetime.ttl(cx.now, "set")?;
    if answer_old {
        answer_string(cx)?;
    }
    if !only.allows(&cx.keys, key)? {
        if !answer_old {
            cx.out.null();
        }
        return Ok(Next::Done);
    }
    cx.keys.put_string(key, value, ttl);
    if !answer_old {
        cx.out.ok();
    }
    Ok(Next::Done)
}

/// When SET sets.
enum Only<'a> {
    Always,
    /// NX.
    Absent,
    /// XX.
    Present,
    /// IFEQ and its relatives.
    If(Condition<'a>),
}

impl<'a> Only<'a> {
    /// Takes `word` in if it is one of the conditions; says whether it was. As in Redis the same
    /// one may come twice, and the last one counts.
    fn take(&mut self, word: &'a [u8], words: &mut Words<'a>) -> Result<bool, Refusal> {
        match self {
            Only::Always | Only::Absent if is_word(word, "NX") => *self = Only::Absent,
            Only::Always | Only::Present if is_word(word, "XX") => *self = Only::Present,
            Only::Always | Only::If(_) => {
                let Some(test) = Test::of(word) else { return Ok(false) };
                if matches!(self, Only::If(said) if said.test != test) {
                    return Err(Refusal::Syntax);
                }
                *self = Only::If(Condition { test, with: words.value()? });
            }
            Only::Absent | Only::Present => return Ok(false),
        }
        Ok(true)
    }

    fn allows(&self, keys: &Keys<'_>, key: &[u8]) -> Result<bool, Refusal> {
        Ok(match self {
            Only::Always => true,
            Only::Absent => !keys.finds(key),
            Only::Present => keys.finds(key),
            Only::If(condition) => match keys.string(key)? {
                Some(held) => condition.holds(held)?,
                None => condition.test.is_difference(),
            },
        })
    }
}

/// See its summary.
pub static SETNX: Command = Command {
    name: "SETNX",
    summary: "Set the string value of a key only when the key doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Create), Arg::Value("value", Type::Bytes)],
    reply: Reply::Int,
    run: Run::Write(setnx),
    also: &[],
};

fn setnx(cx: &mut Write<'_, '_>) -> Outcome {
    let key = cx.args.arg(1);
    let absent = !cx.keys.finds(key);
    if absent {
        cx.keys.put_string(key, cx.args.arg(2), Ttl::Clear);
    }
    cx.out.integer(absent.into());
    Ok(Next::Done)
}

/// See its summary.
pub static SETEX: Command = Command {
    name: "SETEX",
    summary: "Sets the string value and expiration time of a key. Creates the key if it doesn't exist.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Replace),
        Arg::Value("seconds", Type::Duration),
        Arg::Value("value", Type::Bytes),
    ],
    reply: Reply::Ok,
    run: Run::Write(setex),
    also: &[Trait::Slow],
};

fn setex(cx: &mut Write<'_, '_>) -> Outcome {
    let deadline = Time::Seconds.deadline(cx.args.arg(2), cx.now, "setex")?;
    set_until(cx, deadline)
}

/// See its summary.
pub static PSETEX: Command = Command {
    name: "PSETEX",
    summary: "Sets both string value and expiration time in milliseconds of a key. The key is \
              created if it doesn't exist.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Replace),
        Arg::Value("milliseconds", Type::Duration),
        Arg::Value("value", Type::Bytes),
    ],
    reply: Reply::Ok,
    run: Run::Write(psetex),
    also: &[Trait::Slow],
};

fn psetex(cx: &mut Write<'_, '_>) -> Outcome {
    let deadline = Time::Millis.deadline(cx.args.arg(2), cx.now, "psetex")?;
    set_until(cx, deadline)
}

fn set_until(cx: &mut Write<'_, '_>, deadline: Millis) -> Outcome {
    cx.keys.put_string(cx.args.arg(1), cx.args.arg(3), Ttl::At(deadline));
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static GETSET: Command = Command {
    name: "GETSET",
    summary: "Returns the previous string value of a key after setting it to a new value.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Update), Arg::Value("value", Type::Bytes)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(getset),
    also: &[],
};

fn getset(cx: &mut Write<'_, '_>) -> Outcome {
    answer_string(cx)?;
    cx.keys.put_string(cx.args.arg(1), cx.args.arg(2), Ttl::Clear);
    Ok(Next::Done)
}

/// See its summary.
pub static GETEX: Command = Command {
    name: "GETEX",
    summary: "Returns the string value of a key after setting its expiration time.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Maybe(&Arg::OneOf(&[EX, PX, EXAT, PXAT, Arg::Word("PERSIST")])),
    ],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(getex),
    also: &[Trait::NoGrowth],
};

fn getex(cx: &mut Write<'_, '_>) -> Outcome {
    let key = cx.args.arg(1);
    let mut lifetime = Lifetime::Unsaid;
    let mut words = Words::new(cx.args, 2);
    while let Some(word) = words.next() {
        if is_word(word, "PERSIST") && matches!(lifetime, Lifetime::Unsaid | Lifetime::Persist) {
            lifetime = Lifetime::Persist;
        } else if !lifetime.take(word, &mut words)? {
            return Err(Refusal::Syntax);
        }
    }
    // A missing key answers nil before the time is looked at; a refusal takes the answer back.
    if !answer_string(cx)? {
        return Ok(Next::Done);
    }
    match lifetime {
        Lifetime::Given(time, bytes) => {
            let deadline = time.deadline(bytes, cx.now, "getex")?;
            if deadline <= cx.now {
                cx.keys.remove(key);
            } else {
                cx.keys.set_deadline(key, Some(deadline));
            }
        }
        Lifetime::Persist if matches!(cx.keys.deadline(key), Some(Some(_))) => {
            cx.keys.set_deadline(key, None);
        }
        _ => {}
    }
    Ok(Next::Done)
}
