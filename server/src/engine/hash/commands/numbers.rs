//! engine/hash/commands/numbers.rs — values as numbers. A field keeps its deadline.

use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write, options,
};
use crate::engine::hash::fields::Fields;
use crate::error::Refusal;
use crate::structure::extended::Extended;

/// See its summary.
pub static HINCRBY: Command = Command {
    name: "HINCRBY",
    summary: "Increments the integer value of a field in a hash by a number. Uses 0 as initial value if the field doesn't exist.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Value("field", Type::Bytes),
        Arg::Value("increment", Type::Integer),
    ],
    reply: Reply::Int,
    run: Run::Write(hincrby),
    also: &[Trait::Member(2)],
};

fn hincrby(cx: &mut Write<'_, '_>) -> Outcome {
    let by = options::integer(cx.args.arg(3))?;
    let mut fields = cx.keys.edit::<Fields>(cx.args.arg(1))?;
    // Until the sum is known: what is refused changes nothing, and leaves no empty hash.
    fields.unchanged();
    let held = match fields.get(cx.args.arg(2), cx.now) {
        Some(value) => options::parse_integer(value)
            .ok_or(Refusal::text("ERR hash value is not an integer"))?,
        None => 0,
    };
    let sum =
        held.checked_add(by).ok_or(Refusal::text("ERR increment or decrement would overflow"))?;
    fields.set_keeping(cx.args.arg(2), itoa::Buffer::new().format(sum).as_bytes(), cx.now);
    fields.changed();
    cx.out.integer(sum);
    Ok(Next::Done)
}

/// See its summary.
pub static HINCRBYFLOAT: Command = Command {
    name: "HINCRBYFLOAT",
    summary: "Increments the floating point value of a field by a number. Uses 0 as initial value if the field doesn't exist.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Value("field", Type::Bytes),
        Arg::Value("increment", Type::Float),
    ],
    reply: Reply::Bulk,
    run: Run::Write(hincrbyfloat),
    also: &[Trait::Member(2)],
};

fn hincrbyfloat(cx: &mut Write<'_, '_>) -> Outcome {
    let by = Extended::parse(cx.args.arg(3)).ok_or(Refusal::NotFloat)?;
    if !by.is_finite() {
        return Err(Refusal::text("ERR value is NaN or Infinity"));
    }
    let mut fields = cx.keys.edit::<Fields>(cx.args.arg(1))?;
    fields.unchanged();
    let held = match fields.get(cx.args.arg(2), cx.now) {
        Some(value) => {
            Extended::parse(value).ok_or(Refusal::text("ERR hash value is not a float"))?
        }
        None => Extended::ZERO,
    };
    let sum = held.plus(by).ok_or(Refusal::text("ERR increment would produce NaN or Infinity"))?;
    let text = sum.to_string();
    fields.set_keeping(cx.args.arg(2), text.as_bytes(), cx.now);
    fields.changed();
    cx.out.bulk_str(&text);
    Ok(Next::Done)
}
