//! engine/hyperloglog/commands/count.rs — PFCOUNT: how many different elements were seen.

use super::sketch;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Write};
use crate::engine::hyperloglog::REGISTERS;
use crate::engine::hyperloglog::sketch::{count_values, store};
use crate::error::Refusal;

/// See its summary.
pub static PFCOUNT: Command = Command {
    name: "PFCOUNT",
    summary: "Returns the approximated cardinality of the set(s) observed by the HyperLogLog \
              key(s).",
    since: "2.8.9",
    cost: Cost::Linear("keys; O(1) for one key whose count was asked for since it changed"),
    args: &[Arg::Many(&Arg::Key("key", Access::Recast))],
    reply: Reply::Int,
    run: Run::Write(pfcount),
    also: &[Trait::Reads],
};

fn pfcount(cx: &mut Write<'_, '_>) -> Outcome {
    let count = if cx.args.len() == 2 { count_one(cx)? } else { count_union(cx)? };
    cx.out.integer(count as i64);
    Ok(Next::Done)
}

/// The count of one value, which is stored in it until it changes.
fn count_one(cx: &mut Write<'_, '_>) -> Result<u64, Refusal> {
    let key = cx.args.arg(1);
    let Some(sketch) = sketch(&cx.keys, key)? else { return Ok(0) };
    if let Some(stored) = sketch.stored() {
        return Ok(stored);
    }
    let count = sketch.count()?;
    cx.keys.amend_string(
        key,
        |len| len,
        |bytes| {
            store(bytes, count);
            (count, true)
        },
    )
}

fn count_union(cx: &mut Write<'_, '_>) -> Result<u64, Refusal> {
    let mut values = [0; REGISTERS];
    for key in cx.args.args().skip(1) {
        if let Some(sketch) = sketch(&cx.keys, key)? {
            sketch.merge(&mut values)?;
        }
    }
    Ok(count_values(&values))
}
