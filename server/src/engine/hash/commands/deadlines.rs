//! engine/hash/commands/deadlines.rs — when fields die.
//!
//! Semantics, replies and refusals are those of Redis 7.4.5 (`t_hash.c`:`hexpireGenericCommand`,
//! `hashTypeSetEx`, `httlGenericCommand`, `hpersistCommand`). In two things nobody can see the
//! difference but by OBJECT ENCODING and HLEN: a hash gets room for deadlines when one is set, not
//! when one might have been; and a dead field is gone, whether it was freed or not.

use super::counted::{self, BAD_COUNT, BAD_COUNT_SETTING, FIELDS};
use crate::clock::Millis;
use crate::command::options::{Time, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::engine::hash::fields::Fields;
use crate::structure::dense::NEVER;

/// There is no such field, or no such key.
const NO_FIELD: i64 = -2;
/// The field has no deadline.
const NO_DEADLINE: i64 = -1;
/// The condition does not hold.
const NOT_MET: i64 = 0;
/// Done.
const DONE: i64 = 1;
/// The deadline has passed already: the field is gone.
const DELETED: i64 = 2;

const CONDITION: Arg =
    Arg::Maybe(&Arg::OneOf(&[Arg::Word("NX"), Arg::Word("XX"), Arg::Word("GT"), Arg::Word("LT")]));

/// See its summary.
pub static HEXPIRE: Command = Command {
    name: "HEXPIRE",
    summary: "Set expiry for hash field using relative time to expire (seconds).",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[Arg::Key("key", Access::Edit), Arg::Value("seconds", Type::Count), CONDITION, FIELDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Write(hexpire),
    also: &[Trait::NoGrowth],
};

fn hexpire(cx: &mut Write<'_, '_>) -> Outcome {
    expire(cx, Time::Seconds, "hexpire")
}

/// See its summary.
pub static HPEXPIRE: Command = Command {
    name: "HPEXPIRE",
    summary: "Set expiry for hash field using relative time to expire (milliseconds).",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("milliseconds", Type::Count),
        CONDITION,
        FIELDS,
    ],
    reply: Reply::Array(&Reply::Int),
    run: Run::Write(hpexpire),
    also: &[Trait::NoGrowth],
};

fn hpexpire(cx: &mut Write<'_, '_>) -> Outcome {
    expire(cx, Time::Millis, "hpexpire")
}

/// See its summary.
pub static HEXPIREAT: Command = Command {
    name: "HEXPIREAT",
    summary: "Set expiry for hash field using an absolute Unix timestamp (seconds).",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("unix-time-seconds", Type::Deadline),
        CONDITION,
        FIELDS,
    ],
    reply: Reply::Array(&Reply::Int),
    run: Run::Write(hexpireat),
    also: &[Trait::NoGrowth],
};

fn hexpireat(cx: &mut Write<'_, '_>) -> Outcome {
    expire(cx, Time::UnixSeconds, "hexpireat")
}

/// See its summary.
pub static HPEXPIREAT: Command = Command {
    name: "HPEXPIREAT",
    summary: "Set expiry for hash field using an absolute Unix timestamp (milliseconds).",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("unix-time-milliseconds", Type::Deadline),
        CONDITION,
        FIELDS,
    ],
    reply: Reply::Array(&Reply::Int),
    run: Run::Write(hpexpireat),
    also: &[Trait::NoGrowth],
};

fn hpexpireat(cx: &mut Write<'_, '_>) -> Outcome {
    expire(cx, Time::UnixMillis, "hpexpireat")
}

/// When a deadline may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    IfNone,
    IfSome,
    IfLater,
    IfSooner,
}

impl Condition {
    /// The condition that a word is, if it is one.
    fn of(word: &[u8]) -> Condition {
        let words = [
            ("NX", Condition::IfNone),
            ("XX", Condition::IfSome),
            ("GT", Condition::IfLater),
            ("LT", Condition::IfSooner),
        ];
        let found = words.into_iter().find(|(text, _)| is_word(word, text));
        found.map_or(Condition::Always, |(_, condition)| condition)
    }

    /// Whether a field with this deadline, [`NEVER`] for none, may get that one. None counts as
    /// later than any.
    fn allows(self, held: Millis, at: Millis) -> bool {
        match self {
            Condition::Always => true,
            Condition::IfNone => held == NEVER,
            Condition::IfSome => held != NEVER,
            Condition::IfLater => held < at,
            Condition::IfSooner => at < held,
        }
    }
}

fn expire(cx: &mut Write<'_, '_>, time: Time, command: &'static str) -> Outcome {
    let (key, now) = (cx.args.arg(1), cx.now);
    cx.keys.holds::<Fields>(key)?;
    let at = counted::deadline(time, cx.args.arg(2), now, command)?;
    let condition = Condition::of(cx.args.arg(3));
    let behind = 3 + usize::from(condition != Condition::Always);
    let names = counted::fields(cx.args, behind, BAD_COUNT_SETTING)?;
    cx.out.array(names.len());
    let Some(mut fields) = cx.keys.edit_existing::<Fields>(key)? else {
        names.for_each(|_| cx.out.integer(NO_FIELD));
        return Ok(Next::Done);
    };
    let (mut changes, mut deleted) = (0, 0);
    for name in names {
        let answer = match fields.deadline(name, now) {
            None => NO_FIELD,
            Some(held) if !condition.allows(held, at) => NOT_MET,
            Some(_) if at <= now => {
                fields.remove(name, now);
                deleted += 1;
                DELETED
            }
            Some(_) => {
                fields.set_deadline(name, at);
                DONE
            }
        };
        changes += i64::from(answer > NOT_MET);
        cx.out.integer(answer);
    }
    if changes == 0 {
        fields.unchanged();
    }
    drop(fields);
    cx.keys.expire_parts(deleted);
    Ok(Next::Done)
}

/// See its summary.
pub static HPERSIST: Command = Command {
    name: "HPERSIST",
    summary: "Removes the expiration time for each specified field.",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[Arg::Key("key", Access::Mark), FIELDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Write(hpersist),
    also: &[Trait::NoGrowth],
};

fn hpersist(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, now) = (cx.args.arg(1), cx.now);
    cx.keys.holds::<Fields>(key)?;
    let names = counted::fields(cx.args, 2, BAD_COUNT)?;
    cx.out.array(names.len());
    let Some(mut fields) = cx.keys.edit_existing::<Fields>(key)? else {
        names.for_each(|_| cx.out.integer(NO_FIELD));
        return Ok(Next::Done);
    };
    fields.unchanged();
    for name in names {
        cx.out.integer(match fields.deadline(name, now) {
            None => NO_FIELD,
            Some(NEVER) => NO_DEADLINE,
            Some(_) => {
                fields.set_deadline(name, NEVER);
                fields.changed();
                DONE
            }
        });
    }
    Ok(Next::Done)
}

/// See its summary.
pub static HTTL: Command = Command {
    name: "HTTL",
    summary: "Returns the TTL in seconds of a hash field.",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[Arg::Key("key", Access::Look), FIELDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Read(|cx| tell(cx, |at, now| seconds(at - now))),
    also: &[Trait::Tip("nondeterministic_output")],
};

/// See its summary.
pub static HPTTL: Command = Command {
    name: "HPTTL",
    summary: "Returns the TTL in milliseconds of a hash field.",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[Arg::Key("key", Access::Look), FIELDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Read(|cx| tell(cx, |at, now| at - now)),
    also: &[Trait::Tip("nondeterministic_output")],
};

/// See its summary.
pub static HEXPIRETIME: Command = Command {
    name: "HEXPIRETIME",
    summary: "Returns the expiration time of a hash field as a Unix timestamp, in seconds.",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[Arg::Key("key", Access::Look), FIELDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Read(|cx| tell(cx, |at, _| seconds(at))),
    also: &[],
};

/// See its summary.
pub static HPEXPIRETIME: Command = Command {
    name: "HPEXPIRETIME",
    summary: "Returns the expiration time of a hash field as a Unix timestamp, in msec.",
    since: "7.4.0",
    cost: Cost::Each("specified fields"),
    args: &[Arg::Key("key", Access::Look), FIELDS],
    reply: Reply::Array(&Reply::Int),
    run: Run::Read(|cx| tell(cx, |at, _| at)),
    also: &[],
};

/// Milliseconds as seconds, rounded up; TTL of a key rounds to the nearest.
fn seconds(millis: Millis) -> Millis {
    millis.div_ceil(1000)
}

/// For each field what `show` makes of its deadline, which is after now, and of now.
fn tell(cx: &mut Read<'_>, show: fn(Millis, Millis) -> Millis) -> Outcome {
    let fields = cx.keys.get::<Fields>(cx.args.arg(1))?;
    let names = counted::fields(cx.args, 2, BAD_COUNT)?;
    cx.out.array(names.len());
    for name in names {
        cx.out.integer(match fields.and_then(|fields| fields.deadline(name, cx.now)) {
            None => NO_FIELD,
            Some(NEVER) => NO_DEADLINE,
            Some(at) => i64::try_from(show(at, cx.now)).unwrap_or(i64::MAX),
        });
    }
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_deadline_is_later_than_any() {
        let rows: [(&[u8], Millis, Millis, bool); 11] = [
            (b"FIELDS", 7, 5, true),
            (b"nx", NEVER, 5, true),
            (b"NX", 7, 5, false),
            (b"XX", NEVER, 5, false),
            (b"xX", 7, 5, true),
            (b"GT", NEVER, 5, false),
            (b"GT", 5, 5, false),
            (b"GT", 4, 5, true),
            (b"LT", NEVER, 5, true),
            (b"LT", 5, 5, false),
            (b"LT", 6, 5, true),
        ];
        for (word, held, at, want) in rows {
            assert_eq!(Condition::of(word).allows(held, at), want, "{word:?} {held} {at}");
        }
    }
}
