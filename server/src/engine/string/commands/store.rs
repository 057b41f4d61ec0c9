//! engine/string/commands/store.rs — putting whole strings: SET and its relatives.

use crate::clock::Millis;
use crate::command::options::{Time, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::error::Refusal;
use crate::keyspace::Ttl;

const EX: Arg = Arg::Tagged("EX", &Arg::Value("seconds", Type::Duration));
const PX: Arg = Arg::Tagged("PX", &Arg::Value("milliseconds", Type::Duration));
const EXAT: Arg = Arg::Tagged("EXAT", &Arg::Value("unix-time-seconds", Type::Deadline));
const PXAT: Arg = Arg::Tagged("PXAT", &Arg::Value("unix-time-milliseconds", Type::Deadline));

/// What an option list says about the deadline.
#[derive(Clone, Copy)]
enum Lifetime<'a> {
    /// Nothing.
    Unsaid,
    /// KEEPTTL.
    Keep,
    /// PERSIST.
    Persist,
    /// EX, PX, EXAT or PXAT, and its value.
    Given(Time, &'a [u8]),
}

impl<'a> Lifetime<'a> {
    /// Takes `word` in if it is EX, PX, EXAT or PXAT; says whether it was. As in Redis the same
    /// unit may come twice, and the last one counts.
    fn take(&mut self, word: &[u8], words: &mut Words<'a>) -> Result<bool, Refusal> {
        let time = if is_word(word, "EX") {
            Time::Seconds
        } else if is_word(word, "PX") {
            Time::Millis
        } else if is_word(word, "EXAT") {
            Time::UnixSeconds
        } else if is_word(word, "PXAT") {
            Time::UnixMillis
        } else {
            return Ok(false);
        };
        match self {
            Lifetime::Unsaid => {}
            Lifetime::Given(said, _) if *said == time => {}
            _ => return Err(Refusal::Syntax),
        }
        *self = Lifetime::Given(time, words.value()?);
        Ok(true)
    }
}

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
            Arg::OneOf(&[Arg::Word("NX"), Arg::Word("XX")]),
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
    let (mut if_absent, mut if_present, mut answer_old) = (false, false, false);
    let mut words = Words::new(cx.args, 3);
    while let Some(word) = words.next() {
        if is_word(word, "NX") && !if_present {
            if_absent = true;
        } else if is_word(word, "XX") && !if_absent {
            if_present = true;
        } else if is_word(word, "GET") {
            answer_old = true;
        } else if is_word(word, "KEEPTTL") && matches!(lifetime, Lifetime::Unsaid | Lifetime::Keep)
        {
            lifetime = Lifetime::Keep;
        } else if !lifetime.take(word, &mut words)? {
            return Err(Refusal::Syntax);
        }
    }
    let ttl = match lifetime {
        Lifetime::Given(time, bytes) => Ttl::At(time.deadline(bytes, cx.now, "set")?),
        Lifetime::Keep => Ttl::Keep,
        Lifetime::Unsaid | Lifetime::Persist => Ttl::Clear,
    };
    let found = if answer_old {
        let old = cx.keys.string(key)?;
        match old {
            Some(old) => cx.out.bulk(old),
            None => cx.out.null(),
        }
        old.is_some()
    } else {
        (if_absent || if_present) && cx.keys.peek(key).is_some()
    };
    if (if_absent && found) || (if_present && !found) {
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
    let absent = cx.keys.peek(key).is_none();
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

/// Answers the string at the first key, or nil; says whether it was there.
fn answer_string(cx: &mut Write<'_, '_>) -> Result<bool, Refusal> {
    match cx.keys.string(cx.args.arg(1))? {
        Some(value) => {
            cx.out.bulk(value);
            Ok(true)
        }
        None => {
            cx.out.null();
            Ok(false)
        }
    }
}

/// See its summary.
pub static GETDEL: Command = Command {
    name: "GETDEL",
    summary: "Returns the string value of a key after deleting the key.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Take)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(getdel),
    also: &[],
};

fn getdel(cx: &mut Write<'_, '_>) -> Outcome {
    if answer_string(cx)? {
        cx.keys.remove(cx.args.arg(1));
    }
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

/// See its summary.
pub static MSET: Command = Command {
    name: "MSET",
    summary: "Atomically creates or modifies the string values of one or more keys.",
    since: "1.0.1",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Group(&[
        Arg::Key("key", Access::Replace),
        Arg::Value("value", Type::Bytes),
    ]))],
    reply: Reply::Ok,
    run: Run::Write(mset),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:multi_shard"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn mset(cx: &mut Write<'_, '_>) -> Outcome {
    require_pairs(cx, "mset")?;
    put_pairs(cx);
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static MSETNX: Command = Command {
    name: "MSETNX",
    summary: "Atomically modifies the string values of one or more keys only when all keys don't exist.",
    since: "1.0.1",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Group(&[
        Arg::Key("key", Access::Create),
        Arg::Value("value", Type::Bytes),
    ]))],
    reply: Reply::Int,
    run: Run::Write(msetnx),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:multi_shard"),
        Trait::Tip("response_policy:agg_min"),
    ],
};

fn msetnx(cx: &mut Write<'_, '_>) -> Outcome {
    require_pairs(cx, "msetnx")?;
    let free = cx.args.args().skip(1).step_by(2).all(|key| cx.keys.peek(key).is_none());
    if free {
        put_pairs(cx);
    }
    cx.out.integer(free.into());
    Ok(Next::Done)
}

fn require_pairs(cx: &Write<'_, '_>, command: &'static str) -> Result<(), Refusal> {
    if cx.args.len().is_multiple_of(2) { Err(Refusal::Arity(command)) } else { Ok(()) }
}

fn put_pairs(cx: &mut Write<'_, '_>) {
    let mut args = cx.args.args().skip(1);
    while let (Some(key), Some(value)) = (args.next(), args.next()) {
        cx.keys.put_string(key, value, Ttl::Clear);
    }
}
