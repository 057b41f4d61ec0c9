//! engine/keys/commands/object.rs — OBJECT: how a value is stored, in Redis's words.

use crate::command::options::parse_integer;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, help};
use crate::error::Refusal;
use crate::keyspace::Value;

/// The longest string that Redis keeps in one allocation with its header.
const EMBEDDED_BYTES_MAX: usize = 44;
/// The longest string that Redis tries to read as an integer.
const INTEGER_BYTES_MAX: usize = 20;
/// How many integers Redis shares, from 0 on, and what it then tells as their count.
const SHARED_INTEGERS: i64 = 10_000;
const SHARED_COUNT: i64 = i32::MAX as i64;

/// See its summary.
pub static OBJECT: Command = Command {
    name: "OBJECT",
    summary: "A container for object introspection commands.",
    since: "2.2.3",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&ENCODING, &FREQ, &IDLETIME, &REFCOUNT, &HELP]),
    also: &[Trait::Slow],
};

/// See its summary.
pub static ENCODING: Command = Command {
    name: "OBJECT ENCODING",
    summary: "Returns the internal encoding of a Redis object.",
    since: "2.2.3",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(encoding),
    also: &[Trait::Slow, Trait::Tip("nondeterministic_output")],
};

fn encoding(cx: &mut Read<'_>) -> Outcome {
    let key = cx.args.arg(2);
    match cx.keys.peek(key) {
        None => cx.out.null(),
        Some(Value::Object(object)) => cx.out.bulk_str(object.encoding()),
        Some(Value::String(value)) => {
            cx.out.bulk_str(string_encoding(value, cx.keys.is_raw(key)));
        }
    }
    Ok(Next::Done)
}

/// What Redis would call a string; `is_raw` says that it was made by editing.
fn string_encoding(value: &[u8], is_raw: bool) -> &'static str {
    if is_raw {
        "raw"
    } else if value.len() <= INTEGER_BYTES_MAX && parse_integer(value).is_some() {
        "int"
    } else if value.len() <= EMBEDDED_BYTES_MAX {
        "embstr"
    } else {
        "raw"
    }
}

/// See its summary.
pub static FREQ: Command = Command {
    name: "OBJECT FREQ",
    summary: "Returns the logarithmic access frequency counter of a Redis object.",
    since: "4.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Maybe(&Reply::Int),
    run: Run::Read(freq),
    also: &[Trait::Slow, Trait::Tip("nondeterministic_output")],
};

fn freq(cx: &mut Read<'_>) -> Outcome {
    if cx.keys.peek(cx.args.arg(2)).is_none() {
        cx.out.null();
        return Ok(Next::Done);
    }
    Err(Refusal::text(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note \
         that when switching between policies at runtime LRU and LFU data will take some time to \
         adjust.",
    ))
}

/// See its summary.
pub static IDLETIME: Command = Command {
    name: "OBJECT IDLETIME",
    summary: "Returns the time since the last access to a Redis object.",
    since: "2.2.3",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Maybe(&Reply::Int),
    run: Run::Read(idletime),
    also: &[Trait::Slow, Trait::Tip("nondeterministic_output")],
};

fn idletime(cx: &mut Read<'_>) -> Outcome {
    match cx.keys.idle(cx.args.arg(2)) {
        Some(seconds) => cx.out.integer(seconds as i64),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary. It is what Redis answers: there the integers below 10,000 are shared by all
/// keys, which it says with the highest count that there is; every other value is held once.
pub static REFCOUNT: Command = Command {
    name: "OBJECT REFCOUNT",
    summary: "Returns the reference count of a value of a key.",
    since: "2.2.3",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Maybe(&Reply::Int),
    run: Run::Read(refcount),
    also: &[Trait::Slow, Trait::Tip("nondeterministic_output")],
};

fn refcount(cx: &mut Read<'_>) -> Outcome {
    let key = cx.args.arg(2);
    match cx.keys.peek(key) {
        None => cx.out.null(),
        Some(Value::String(value)) if is_shared(value, cx.keys.is_raw(key)) => {
            cx.out.integer(SHARED_COUNT);
        }
        Some(_) => cx.out.integer(1),
    }
    Ok(Next::Done)
}

/// Whether Redis would keep one value for all keys that hold it.
fn is_shared(value: &[u8], is_raw: bool) -> bool {
    let number = parse_integer(value);
    !is_raw && number.is_some_and(|number| (0..SHARED_INTEGERS).contains(&number))
}

/// See its summary.
pub static HELP: Command =
    help::command("OBJECT HELP", "6.2.0", |cx| help::answer("OBJECT", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
];

#[cfg(test)]
mod tests {
    use super::{is_shared, string_encoding};

    #[test]
    fn strings_are_named_as_redis_names_them() {
        assert_eq!(string_encoding(b"123", false), "int");
        assert_eq!(string_encoding(b"-9223372036854775808", false), "int");
        assert_eq!(string_encoding(b"012", false), "embstr");
        assert_eq!(string_encoding(&[b'x'; 44], false), "embstr");
        assert_eq!(string_encoding(&[b'x'; 45], false), "raw");
        assert_eq!(string_encoding(b"123", true), "raw");
    }

    #[test]
    fn small_integers_count_as_shared() {
        let rows = [("0", true), ("9999", true), ("10000", false), ("-1", false), ("07", false)];
        for (value, want) in rows {
            assert_eq!(is_shared(value.as_bytes(), false), want, "{value}");
        }
        assert!(!is_shared(b"7", true));
    }
}
