//! engine/string/commands/edit.rs — changing some bytes of a string in place.

use crate::command::options;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::error::Refusal;
use crate::keyspace::Ttl;

/// A string may grow to this many bytes: the default of Redis's `proto-max-bulk-len`. A constant,
/// since a setting of one machine must not decide what a record means.
const STRING_BYTES_MAX: usize = 512 << 20;

fn require_room(len: Option<usize>) -> Result<usize, Refusal> {
    len.filter(|&len| len <= STRING_BYTES_MAX)
        .ok_or(Refusal::text("ERR string exceeds maximum allowed size (proto-max-bulk-len)"))
}

/// See its summary.
pub static APPEND: Command = Command {
    name: "APPEND",
    summary: "Appends a string to the value of a key. Creates the key if it doesn't exist.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Insert), Arg::Value("value", Type::Bytes)],
    reply: Reply::Int,
    run: Run::Write(append),
    also: &[],
};

fn append(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, tail) = (cx.args.arg(1), cx.args.arg(2));
    let Some(held) = cx.keys.string(key)?.map(<[u8]>::len) else {
        // What APPEND creates is encoded as what SET creates.
        cx.keys.put_string(key, tail, Ttl::Keep);
        cx.out.integer(tail.len() as i64);
        return Ok(Next::Done);
    };
    let len = require_room(held.checked_add(tail.len()))?;
    cx.keys.edit_string(key, len, |bytes| bytes[held..].copy_from_slice(tail))?;
    cx.out.integer(len as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static SETRANGE: Command = Command {
    name: "SETRANGE",
    summary: "Overwrites a part of a string value with another by an offset. Creates the key if it doesn't exist.",
    since: "2.2.0",
    cost: Cost::Linear("the length of the value, and of the zeros put before it"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("offset", Type::Count),
        Arg::Value("value", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(setrange),
    also: &[Trait::Slow],
};

fn setrange(cx: &mut Write<'_, '_>) -> Outcome {
    let (key, part) = (cx.args.arg(1), cx.args.arg(3));
    let offset = options::integer(cx.args.arg(2))?;
    let offset =
        usize::try_from(offset).map_err(|_| Refusal::text("ERR offset is out of range"))?;
    let held = cx.keys.string(key)?.map_or(0, <[u8]>::len);
    if part.is_empty() {
        cx.out.integer(held as i64);
        return Ok(Next::Done);
    }
    let end = require_room(offset.checked_add(part.len()))?;
    let len = held.max(end);
    cx.keys.edit_string(key, len, |bytes| bytes[offset..end].copy_from_slice(part))?;
    cx.out.integer(len as i64);
    Ok(Next::Done)
}
