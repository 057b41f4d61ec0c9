//! engine/hyperloglog/commands/merge.rs — PFMERGE: one value of several, and of what the
//! destination held.

use super::{put, sketch};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Write};
use crate::engine::hyperloglog::REGISTERS;
use crate::engine::hyperloglog::sketch::{Draft, Sketch};

/// See its summary.
pub static PFMERGE: Command = Command {
    name: "PFMERGE",
    summary: "Merges one or more HyperLogLog values into a single key.",
    since: "2.8.9",
    cost: Cost::Linear("HyperLogLogs to merge"),
    args: &[
        Arg::Key("destkey", Access::Merge),
        Arg::Maybe(&Arg::Many(&Arg::Key("sourcekey", Access::Look))),
    ],
    reply: Reply::Ok,
    run: Run::Write(pfmerge),
    also: &[],
};

fn pfmerge(cx: &mut Write<'_, '_>) -> Outcome {
    let target = cx.args.arg(1);
    let mut values = [0; REGISTERS];
    let mut any_dense = false;
    for key in cx.args.args().skip(1) {
        if let Some(sketch) = sketch(&cx.keys, key)? {
            any_dense |= matches!(sketch, Sketch::Dense(..));
            sketch.merge(&mut values)?;
        }
    }
    let mut draft = sketch(&cx.keys, target)?.map_or_else(Draft::empty, Draft::of);
    if any_dense {
        draft.make_dense()?;
    }
    draft.raise_all(&values)?;
    put(&mut cx.keys, target, &draft.finish())?;
    cx.out.ok();
    Ok(Next::Done)
}
