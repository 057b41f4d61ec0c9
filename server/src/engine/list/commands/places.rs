//! engine/list/commands/places.rs — by index. A negative index counts from the tail, -1 being the
//! last element.

use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type, Write, options,
};
use crate::engine::list::sequence::Sequence;
use crate::error::Refusal;

/// See its summary.
pub static LLEN: Command = Command {
    name: "LLEN",
    summary: "Returns the length of a list.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Int,
    run: Run::Read(llen),
    also: &[],
};

fn llen(cx: &mut Read<'_>) -> Outcome {
    let list = cx.keys.get::<Sequence>(cx.args.arg(1))?;
    cx.out.integer(list.map_or(0, |list| list.entries.len() as i64));
    Ok(Next::Done)
}

/// See its summary.
pub static LINDEX: Command = Command {
    name: "LINDEX",
    summary: "Returns an element from a list by its index.",
    since: "1.0.0",
    cost: Cost::Linear("elements between the index and the nearer end"),
    args: &[Arg::Key("key", Access::Look), Arg::Value("index", Type::Integer)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(lindex),
    also: &[],
};

fn lindex(cx: &mut Read<'_>) -> Outcome {
    let Some(list) = cx.keys.get::<Sequence>(cx.args.arg(1))? else {
        cx.out.null();
        return Ok(Next::Done);
    };
    let index = options::integer(cx.args.arg(2))?;
    match at(index, list.entries.len()).and_then(|index| list.entries.get(index)) {
        Some(entry) => cx.out.bulk(entry),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static LRANGE: Command = Command {
    name: "LRANGE",
    summary: "Returns a range of elements from a list.",
    since: "1.0.0",
    cost: Cost::Linear("elements skipped from the nearer end, and elements returned"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("start", Type::Integer),
        Arg::Value("stop", Type::Integer),
    ],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Read(lrange),
    also: &[],
};

fn lrange(cx: &mut Read<'_>) -> Outcome {
    let (start, stop) = (options::integer(cx.args.arg(2))?, options::integer(cx.args.arg(3))?);
    let list = cx.keys.get::<Sequence>(cx.args.arg(1))?;
    let found = list.and_then(|list| Some((list, span(start, stop, list.entries.len())?)));
    let Some((list, (first, count))) = found else {
        cx.out.array(0);
        return Ok(Next::Done);
    };
    cx.out.array(count);
    for entry in list.entries.iter_from(first).take(count) {
        cx.out.bulk(entry);
    }
    Ok(Next::Done)
}

/// See its summary.
pub static LSET: Command = Command {
    name: "LSET",
    summary: "Sets the value of an element in a list by its index.",
    since: "1.0.0",
    cost: Cost::Linear("elements between the index and the nearer end"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("index", Type::Integer),
        Arg::Value("element", Type::Bytes),
    ],
    reply: Reply::Ok,
    run: Run::Write(lset),
    also: &[],
};

fn lset(cx: &mut Write<'_, '_>) -> Outcome {
    let mut list = cx.keys.edit_existing::<Sequence>(cx.args.arg(1))?.ok_or(Refusal::NoSuchKey)?;
    list.unchanged();
    let index = options::integer(cx.args.arg(2))?;
    let index = at(index, list.entries.len()).ok_or(Refusal::OutOfRange)?;
    list.entries.set(index, cx.args.arg(3));
    list.changed();
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static LTRIM: Command = Command {
    name: "LTRIM",
    summary: "Removes elements from both ends a list. Deletes the list if all elements were trimmed.",
    since: "1.0.0",
    cost: Cost::Linear("elements removed"),
    args: &[
        Arg::Key("key", Access::Remove),
        Arg::Value("start", Type::Integer),
        Arg::Value("stop", Type::Integer),
    ],
    reply: Reply::Ok,
    run: Run::Write(ltrim),
    also: &[],
};

fn ltrim(cx: &mut Write<'_, '_>) -> Outcome {
    let (start, stop) = (options::integer(cx.args.arg(2))?, options::integer(cx.args.arg(3))?);
    if let Some(mut list) = cx.keys.edit_existing::<Sequence>(cx.args.arg(1))? {
        let (first, count) = span(start, stop, list.entries.len()).unwrap_or_default();
        for cut in list.trim(first, count).into_iter().flatten() {
            list.discard(cut);
        }
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// The position that an index names in a list of `len` elements.
fn at(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(index).ok()?
    };
    (index < len).then_some(index)
}

/// The first position of a range whose ends are both included, and how many positions it has;
/// `None` if it is empty.
fn span(start: i64, stop: i64, len: usize) -> Option<(usize, usize)> {
    let length = i64::try_from(len).ok()?;
    let from_head = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
    let (start, stop) = (from_head(start).max(0), from_head(stop).min(length - 1));
    (start <= stop).then(|| (start as usize, (stop - start) as usize + 1))
}

#[cfg(test)]
mod tests {
    use super::{at, span};

    #[test]
    fn indexes_count_from_either_end() {
        for (index, want) in [
            (0, Some(0)),
            (2, Some(2)),
            (3, None),
            (-1, Some(2)),
            (-3, Some(0)),
            (-4, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            assert_eq!(at(index, 3), want, "{index}");
        }
    }

    #[test]
    fn spans_are_cut_to_the_list() {
        for (start, stop, want) in [
            (0, -1, Some((0, 3))),
            (1, 1, Some((1, 1))),
            (-100, 100, Some((0, 3))),
            (2, 1, None),
            (3, 5, None),
            (0, -4, None),
            (i64::MIN, i64::MAX, Some((0, 3))),
            (i64::MAX, i64::MIN, None),
        ] {
            assert_eq!(span(start, stop, 3), want, "{start} {stop}");
        }
        assert_eq!(span(0, -1, 0), None);
    }
}
