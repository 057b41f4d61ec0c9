//! engine/hyperloglog/commands/add.rs — PFADD: elements are seen.

use super::{put, sketch};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Type, Write};
use crate::engine::hyperloglog::sketch::{Draft, Sketch, registers_mut};
use crate::engine::hyperloglog::{dense, element, sparse};
use crate::error::Refusal;

/// See its summary.
pub static PFADD: Command = Command {
    name: "PFADD",
    summary: "Adds elements to a HyperLogLog key. Creates the key if it doesn't exist.",
    since: "2.8.9",
    cost: Cost::Each("elements"),
    args: &[
        Arg::Key("key", Access::Insert),
        Arg::Maybe(&Arg::Many(&Arg::Value("element", Type::Bytes))),
    ],
    reply: Reply::Int,
    run: Run::Write(pfadd),
    also: &[],
};

fn pfadd(cx: &mut Write<'_, '_>) -> Outcome {
    let changed = match sketch(&cx.keys, cx.args.arg(1))? {
        None => {
            let draft = Draft::empty();
            add_to_draft(cx, draft, 2)?;
            true
        }
        Some(Sketch::Sparse(bytes)) => {
            let mut raising = None;
            for (at, element) in cx.args.args().enumerate().skip(2) {
                let (index, value) = element::place(element);
                if sparse::get(bytes, index).map_err(|_| super::Wrong::Corrupt)? < value {
                    raising = Some(at);
                    break;
                }
            }
            match raising {
                None => false,
                // Most additions change nothing; only the others need a copy.
                Some(at) => {
                    let draft = Draft::of(Sketch::Sparse(bytes));
                    add_to_draft(cx, draft, at)?;
                    true
                }
            }
        }
        Some(Sketch::Dense(_, registers)) => {
            let raises = |element| {
                let (index, value) = element::place(element);
                dense::get(registers, index) < value
            };
            let raising = cx.args.args().skip(2).position(raises);
            if let Some(at) = raising {
                raise(cx, at + 2)?;
            }
            raising.is_some()
        }
    };
    cx.out.integer(changed.into());
    Ok(Next::Done)
}

/// Adds the elements from an argument on, and puts the value in its place.
fn add_to_draft(cx: &mut Write<'_, '_>, mut draft: Draft, from: usize) -> Result<(), Refusal> {
    for element in cx.args.args().skip(from) {
        draft.add(element)?;
    }
    put(&mut cx.keys, cx.args.arg(1), &draft.finish())
}

/// Adds the elements from an argument on to a dense value where it is.
fn raise(cx: &mut Write<'_, '_>, from: usize) -> Result<(), Refusal> {
    let elements = cx.args.args().skip(from);
    cx.keys.amend_string(
        cx.args.arg(1),
        |len| len,
        |bytes| {
            if let Some(registers) = registers_mut(bytes) {
                for (index, value) in elements.map(element::place) {
                    dense::raise(registers, index, value);
                }
            }
            ((), true)
        },
    )
}
