//! engine/keys/commands/object.rs — OBJECT: how a value is stored, in Redis's words.

use crate::command::options::parse_integer;
use crate::command::{
    Access, Arg, Command, Cost, Desk, Next, Outcome, Read, Reply, Run, Trait, help,
};
use crate::error::Refusal;
use crate::keyspace::Value;

/// The longest string that Redis keeps in one allocation with its header.
const EMBEDDED_BYTES_MAX: usize = 44;
/// The longest string that Redis tries to read as an integer.
const INTEGER_BYTES_MAX: usize = 20;

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

/// See its summary. No access time is kept, so a key counts as just used.
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
    answer_if_there(cx, 0)
}

/// See its summary. A value is never shared, so it is 1.
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
    answer_if_there(cx, 1)
}

fn answer_if_there(cx: &mut Read<'_>, answer: i64) -> Outcome {
    match cx.keys.peek(cx.args.arg(2)) {
        Some(_) => cx.out.integer(answer),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static HELP: Command = Command {
    name: "OBJECT HELP",
    summary: "Returns helpful text about the different subcommands.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Array(&Reply::Simple),
    run: Run::Server(say_help),
    also: &[Trait::Slow, Trait::Loading],
};

fn say_help(cx: &mut Desk<'_>) -> Outcome {
    let lines = [
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
    help("OBJECT", &lines, &mut cx.out);
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::string_encoding;

    #[test]
    fn strings_are_named_as_redis_names_them() {
        assert_eq!(string_encoding(b"123", false), "int");
        assert_eq!(string_encoding(b"-9223372036854775808", false), "int");
        assert_eq!(string_encoding(b"012", false), "embstr");
        assert_eq!(string_encoding(&[b'x'; 44], false), "embstr");
        assert_eq!(string_encoding(&[b'x'; 45], false), "raw");
        assert_eq!(string_encoding(b"123", true), "raw");
    }
}
