//! engine/keys/commands/deadlines.rs — when keys die.

use crate::clock::Millis;
use crate::command::options::{self, Time, Words, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::error::Refusal;

const CONDITION: Arg =
    Arg::Maybe(&Arg::OneOf(&[Arg::Word("NX"), Arg::Word("XX"), Arg::Word("GT"), Arg::Word("LT")]));

/// See its summary.
pub static EXPIRE: Command = Command {
    name: "EXPIRE",
    summary: "Sets the expiration time of a key in seconds.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Mark), Arg::Value("seconds", Type::Integer), CONDITION],
    reply: Reply::Int,
    run: Run::Write(expire),
    also: &[Trait::NoGrowth],
};

fn expire(cx: &mut Write<'_, '_>) -> Outcome {
    set(cx, Time::Seconds, "expire")
}

/// See its summary.
pub static PEXPIRE: Command = Command {
    name: "PEXPIRE",
    summary: "Sets the expiration time of a key in milliseconds.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Mark), Arg::Value("milliseconds", Type::Integer), CONDITION],
    reply: Reply::Int,
    run: Run::Write(pexpire),
    also: &[Trait::NoGrowth],
};

fn pexpire(cx: &mut Write<'_, '_>) -> Outcome {
    set(cx, Time::Millis, "pexpire")
}

/// See its summary.
pub static EXPIREAT: Command = Command {
    name: "EXPIREAT",
    summary: "Sets the expiration time of a key to a Unix timestamp.",
    since: "1.2.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Mark),
        Arg::Value("unix-time-seconds", Type::Deadline),
        CONDITION,
    ],
    reply: Reply::Int,
    run: Run::Write(expireat),
    also: &[Trait::NoGrowth],
};

fn expireat(cx: &mut Write<'_, '_>) -> Outcome {
    set(cx, Time::UnixSeconds, "expireat")
}

/// See its summary.
pub static PEXPIREAT: Command = Command {
    name: "PEXPIREAT",
    summary: "Sets the expiration time of a key to a Unix milliseconds timestamp.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Mark),
        Arg::Value("unix-time-milliseconds", Type::Deadline),
        CONDITION,
    ],
    reply: Reply::Int,
    run: Run::Write(pexpireat),
    also: &[Trait::NoGrowth],
};

fn pexpireat(cx: &mut Write<'_, '_>) -> Outcome {
    set(cx, Time::UnixMillis, "pexpireat")
}

/// When a deadline may be set. Several words hold together: `XX GT`.
#[derive(Default)]
struct Condition {
    if_none: bool,
    if_some: bool,
    if_later: bool,
    if_sooner: bool,
}

impl Condition {
    fn read(words: Words<'_>) -> Result<Condition, Refusal> {
        let mut condition = Condition::default();
        for word in words {
            if is_word(word, "NX") {
                condition.if_none = true;
            } else if is_word(word, "XX") {
                condition.if_some = true;
            } else if is_word(word, "GT") {
                condition.if_later = true;
            } else if is_word(word, "LT") {
                condition.if_sooner = true;
            } else {
                return Err(Refusal::ending_in("ERR Unsupported option ", word));
            }
        }
        let Condition { if_none, if_some, if_later, if_sooner } = condition;
        if if_none && (if_some || if_later || if_sooner) {
            return Err(Refusal::text(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if if_later && if_sooner {
            return Err(Refusal::text("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(condition)
    }

    /// Whether a key with this deadline may get that one. No deadline counts as infinitely late.
    fn allows(&self, held: Option<Millis>, at: i64) -> bool {
        let held = held.map(|held| i64::try_from(held).unwrap_or(i64::MAX));
        let later = held.is_some_and(|held| at > held);
        let sooner = held.is_none_or(|held| at < held);
        (!self.if_none || held.is_none())
            && (!self.if_some || held.is_some())
            && (!self.if_later || later)
            && (!self.if_sooner || sooner)
    }
}

fn set(cx: &mut Write<'_, '_>, time: Time, command: &'static str) -> Outcome {
    let key = cx.args.arg(1);
    let condition = Condition::read(Words::new(cx.args, 3))?;
    let value = options::integer(cx.args.arg(2))?;
    let at = time.absolute(value, cx.now).ok_or(Refusal::InvalidExpire(command))?;
    let found = cx.keys.finds(key).then(|| cx.keys.deadline(key)).flatten();
    let allowed = found.is_some_and(|held| condition.allows(held, at));
    if allowed {
        match Millis::try_from(at) {
            Ok(at) if at > cx.now => cx.keys.set_deadline(key, Some(at)),
            // What is past is dead at once.
            _ => cx.keys.remove(key),
        };
    }
    cx.out.integer(allowed.into());
    Ok(Next::Done)
}

/// See its summary.
pub static PERSIST: Command = Command {
    name: "PERSIST",
    summary: "Removes the expiration time of a key.",
    since: "2.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Mark)],
    reply: Reply::Int,
    run: Run::Write(persist),
    also: &[Trait::NoGrowth],
};

fn persist(cx: &mut Write<'_, '_>) -> Outcome {
    let key = cx.args.arg(1);
    let had = cx.keys.finds(key) && matches!(cx.keys.deadline(key), Some(Some(_)));
    if had {
        cx.keys.set_deadline(key, None);
    }
    cx.out.integer(had.into());
    Ok(Next::Done)
}

/// See its summary.
pub static TTL: Command = Command {
    name: "TTL",
    summary: "Returns the expiration time in seconds of a key.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Int,
    run: Run::Read(ttl),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn ttl(cx: &mut Read<'_>) -> Outcome {
    answer(cx, |at, now| seconds(at.saturating_sub(now)))
}

/// See its summary.
pub static PTTL: Command = Command {
    name: "PTTL",
    summary: "Returns the expiration time in milliseconds of a key.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Int,
    run: Run::Read(pttl),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn pttl(cx: &mut Read<'_>) -> Outcome {
    answer(cx, |at, now| at.saturating_sub(now))
}

/// See its summary.
pub static EXPIRETIME: Command = Command {
    name: "EXPIRETIME",
    summary: "Returns the expiration time of a key as a Unix timestamp.",
    since: "7.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Int,
    run: Run::Read(expiretime),
    also: &[],
};

fn expiretime(cx: &mut Read<'_>) -> Outcome {
    answer(cx, |at, _| seconds(at))
}

/// See its summary.
pub static PEXPIRETIME: Command = Command {
    name: "PEXPIRETIME",
    summary: "Returns the expiration time of a key as a Unix milliseconds timestamp.",
    since: "7.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Int,
    run: Run::Read(pexpiretime),
    also: &[],
};

fn pexpiretime(cx: &mut Read<'_>) -> Outcome {
    answer(cx, |at, _| at)
}

/// Milliseconds as seconds, rounded to the nearest as Redis does.
fn seconds(millis: Millis) -> Millis {
    millis.saturating_add(500) / 1000
}

/// -2 for no key, -1 for no deadline, else what `show` makes of the deadline and the time.
fn answer(cx: &mut Read<'_>, show: fn(Millis, Millis) -> Millis) -> Outcome {
    cx.out.integer(match cx.keys.deadline(cx.args.arg(1)) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => i64::try_from(show(at, cx.now)).unwrap_or(i64::MAX),
    });
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use mainstay_protocol::OwnedRequest;

    use super::*;

    fn condition(words: &[&str]) -> Result<Condition, Refusal> {
        let request = OwnedRequest::from_args(words.iter().map(|word| word.as_bytes()));
        Condition::read(Words::new(request.as_request(), 0))
    }

    #[test]
    fn no_deadline_is_later_than_any() {
        let rows: [(&[&str], Option<Millis>, i64, bool); 10] = [
            (&[], None, 5, true),
            (&["nx"], None, 5, true),
            (&["NX"], Some(7), 5, false),
            (&["XX"], None, 5, false),
            (&["GT"], None, 5, false),
            (&["GT"], Some(5), 5, false),
            (&["GT"], Some(4), 5, true),
            (&["LT"], None, 5, true),
            (&["LT"], Some(5), 5, false),
            (&["XX", "LT"], None, 5, false),
        ];
        for (words, held, at, want) in rows {
            let allows = condition(words).map(|condition| condition.allows(held, at));
            assert_eq!(allows, Ok(want), "{words:?} {held:?} {at}");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        for words in [&["NX", "XX"], &["GT", "NX"], &["LT", "GT"], &["XX", "YY"]] {
            assert!(condition(words).is_err(), "{words:?}");
        }
    }
}
