//! engine/bitmap/commands/one.rs — one bit.

use super::offset;
use crate::command::options;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type, Write};
use crate::error::Refusal;

/// See its summary.
pub static SETBIT: Command = Command {
    name: "SETBIT",
    summary: "Sets or clears the bit at offset of the string value. Creates the key if it doesn't \
              exist.",
    since: "2.2.0",
    cost: Cost::Linear("the zeros put before it, if it is behind the end"),
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Value("offset", Type::Count),
        Arg::Value("value", Type::Flag),
    ],
    reply: Reply::Int,
    run: Run::Write(setbit),
    also: &[],
};

fn setbit(cx: &mut Write<'_, '_>) -> Outcome {
    let (byte, mask) = place(offset(cx.args.arg(2), None)?);
    let on = match options::parse_integer(cx.args.arg(3)) {
        Some(bit @ 0..=1) => bit == 1,
        _ => return Err(Refusal::text("ERR bit is not an integer or out of range")),
    };
    let was = cx.keys.amend_string(
        cx.args.arg(1),
        |held| held.max(byte + 1),
        |bytes| {
            let was = bytes[byte] & mask != 0;
            bytes[byte] = if on { bytes[byte] | mask } else { bytes[byte] & !mask };
            (was, was != on)
        },
    )?;
    cx.out.integer(was.into());
    Ok(Next::Done)
}

/// See its summary.
pub static GETBIT: Command = Command {
    name: "GETBIT",
    summary: "Returns a bit value by offset.",
    since: "2.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look), Arg::Value("offset", Type::Count)],
    reply: Reply::Int,
    run: Run::Read(getbit),
    also: &[],
};

fn getbit(cx: &mut Read<'_>) -> Outcome {
    let (byte, mask) = place(offset(cx.args.arg(2), None)?);
    let held = cx.keys.string(cx.args.arg(1))?.unwrap_or_default();
    let is_set = held.get(byte).is_some_and(|byte| byte & mask != 0);
    cx.out.integer(is_set.into());
    Ok(Next::Done)
}

/// The byte that a bit is in, and the bit alone in it.
fn place(offset: u64) -> (usize, u8) {
    ((offset / 8) as usize, 0x80 >> (offset % 8))
}
