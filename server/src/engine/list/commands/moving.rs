//! engine/list/commands/moving.rs — between lists, and from the first of several.

use crate::command::options::is_word;
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Several, Trait, Type, Write,
};
use crate::engine::list::commands::ends::pop_array;
use crate::engine::list::sequence::Sequence;
use crate::error::Refusal;
use crate::structure::segments::End;

pub(super) const SIDE: Arg = Arg::OneOf(&[Arg::Word("LEFT"), Arg::Word("RIGHT")]);

/// As [`Several`] is told them.
pub(super) const ENDS: [&str; 2] = ["LEFT", "RIGHT"];

/// See its summary.
pub static LMOVE: Command = Command {
    name: "LMOVE",
    summary: "Returns an element after popping it from one list and pushing it to another. Deletes the list if the last element was moved.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("source", Access::Take), Arg::Key("destination", Access::Insert), SIDE, SIDE],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(lmove),
    also: &[Trait::Slow],
};

fn lmove(cx: &mut Write<'_, '_>) -> Outcome {
    let (from, to) = (side(cx.args.arg(3))?, side(cx.args.arg(4))?);
    transfer(cx, from, to)?;
    Ok(Next::Done)
}

/// See its summary.
pub static RPOPLPUSH: Command = Command {
    name: "RPOPLPUSH",
    summary: "Returns the last element of a list after removing and pushing it to another list. Deletes the list if the last element was popped.",
    since: "1.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("source", Access::Take), Arg::Key("destination", Access::Insert)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(|cx| transfer(cx, End::Back, End::Front).map(|_| Next::Done)),
    also: &[Trait::Slow],
};

pub(super) fn side(word: &[u8]) -> Result<End, Refusal> {
    if is_word(word, "LEFT") {
        Ok(End::Front)
    } else if is_word(word, "RIGHT") {
        Ok(End::Back)
    } else {
        Err(Refusal::Syntax)
    }
}

/// Moves the element at one end of the first key's list to an end of the second's; answers nil and
/// says no if there is none.
pub(super) fn transfer(cx: &mut Write<'_, '_>, from: End, to: End) -> Result<bool, Refusal> {
    let (source, target) = (cx.args.arg(1), cx.args.arg(2));
    if !cx.keys.holds::<Sequence>(source)? {
        cx.out.null();
        return Ok(false);
    }
    cx.keys.holds::<Sequence>(target)?;
    let mut moved = Vec::new();
    if let Some(mut list) = cx.keys.edit_existing::<Sequence>(source)?
        && list.entries.pop(from, |entry| moved.extend_from_slice(entry)).is_some()
    {
        // A list that is moved within must not be gone for a moment: its deadline would be too.
        if source == target {
            list.entries.push(to, &moved);
        }
    }
    if source != target {
        cx.keys.edit::<Sequence>(target)?.entries.push(to, &moved);
    }
    cx.out.bulk(&moved);
    Ok(true)
}

/// See its summary.
pub static LMPOP: Command = Command {
    name: "LMPOP",
    summary: "Returns multiple elements from a list after removing them. Deletes the list if the last element was popped.",
    since: "7.0.0",
    cost: Cost::Linear("keys and elements returned"),
    args: &[
        Arg::Counted(&Arg::Key("key", Access::Take)),
        SIDE,
        Arg::Maybe(&Arg::Tagged("COUNT", &Arg::Value("count", Type::Integer))),
    ],
    reply: Reply::Maybe(&Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Bulk)])),
    run: Run::Write(lmpop),
    also: &[],
};

fn lmpop(cx: &mut Write<'_, '_>) -> Outcome {
    pop_first(cx, &Several::read(cx.args, 1, ENDS)?)?;
    Ok(Next::Done)
}

/// Pops from the first list there is; answers nil and says no if there is none.
pub(super) fn pop_first(cx: &mut Write<'_, '_>, asked: &Several) -> Result<bool, Refusal> {
    let end = if asked.is_second { End::Back } else { End::Front };
    for key in asked.keys(cx.args) {
        if let Some(mut list) = cx.keys.edit_existing::<Sequence>(key)? {
            cx.out.array(2);
            cx.out.bulk(key);
            pop_array(&mut list.entries, end, asked.count, &mut cx.out);
            return Ok(true);
        }
    }
    cx.out.null_array();
    Ok(false)
}
