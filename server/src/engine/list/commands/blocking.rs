//! engine/list/commands/blocking.rs — popping and moving that waits until there is something.
//!
//! A call that finds no list waits for its keys ([`Wait`]); what is tried when one of them has a
//! list is the same command on that key alone.

use mainstay_protocol::OwnedRequest;

use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Several, Trait, Type, Wait, Write,
    options,
};
use crate::engine::list::commands::ends::pop_one;
use crate::engine::list::commands::moving;
use crate::engine::list::sequence::{KIND, Sequence};
use crate::structure::segments::End;

const TIMEOUT: Arg = Arg::Value("timeout", Type::Timeout);

const POP: &[Arg] = &[Arg::Many(&Arg::Key("key", Access::Take)), TIMEOUT];

const POPPED: Reply = Reply::Maybe(&Reply::Tuple(&[Reply::Bulk, Reply::Bulk]));

/// See its summary.
pub static BLPOP: Command = Command {
    name: "BLPOP",
    summary: "Removes and returns the first element in a list. Blocks until an element is available otherwise. Deletes the list if the last element was popped.",
    since: "2.0.0",
    cost: Cost::Linear("keys"),
    args: POP,
    reply: POPPED,
    run: Run::Write(|cx| pop(cx, End::Front)),
    also: &[Trait::Blocking],
};

/// See its summary.
pub static BRPOP: Command = Command {
    name: "BRPOP",
    summary: "Removes and returns the last element in a list. Blocks until an element is available otherwise. Deletes the list if the last element was popped.",
    since: "2.0.0",
    cost: Cost::Linear("keys"),
    args: POP,
    reply: POPPED,
    run: Run::Write(|cx| pop(cx, End::Back)),
    also: &[Trait::Blocking],
};

fn pop(cx: &mut Write<'_, '_>, end: End) -> Outcome {
    let args = cx.args;
    let last = args.len() - 1;
    let until = options::timeout(args.arg(last), cx.now)?;
    for key in args.args().take(last).skip(1) {
        if let Some(mut list) = cx.keys.edit_existing::<Sequence>(key)? {
            cx.out.array(2);
            cx.out.bulk(key);
            pop_one(&mut list.entries, end, &mut cx.out);
            return Ok(Next::Done);
        }
    }
    cx.out.null_array();
    let keys = args.args().take(last).skip(1);
    Ok(Wait::park(KIND.name, until, keys, |_, key| {
        OwnedRequest::from_args([args.name(), key, b"0"])
    }))
}

/// See its summary.
pub static BLMOVE: Command = Command {
    name: "BLMOVE",
    summary: "Pops an element from a list, pushes it to another list and returns it. Blocks until an element is available otherwise. Deletes the list if the last element was moved.",
    since: "6.2.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("source", Access::Take),
        Arg::Key("destination", Access::Insert),
        moving::SIDE,
        moving::SIDE,
        TIMEOUT,
    ],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(blmove),
    also: &[Trait::Blocking, Trait::Slow],
};

fn blmove(cx: &mut Write<'_, '_>) -> Outcome {
    let (from, to) = (moving::side(cx.args.arg(3))?, moving::side(cx.args.arg(4))?);
    transfer(cx, from, to)
}

/// See its summary.
pub static BRPOPLPUSH: Command = Command {
    name: "BRPOPLPUSH",
    summary: "Pops an element from a list, pushes it to another list and returns it. Block until an element is available otherwise. Deletes the list if the last element was popped.",
    since: "2.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("source", Access::Take), Arg::Key("destination", Access::Insert), TIMEOUT],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(|cx| transfer(cx, End::Back, End::Front)),
    also: &[Trait::Blocking, Trait::Slow],
};

fn transfer(cx: &mut Write<'_, '_>, from: End, to: End) -> Outcome {
    let args = cx.args;
    let until = options::timeout(args.arg(args.len() - 1), cx.now)?;
    if moving::transfer(cx, from, to)? {
        return Ok(Next::Done);
    }
    let source = std::iter::once(args.arg(1));
    let mut next =
        Wait::park(KIND.name, until, source, |_, _| OwnedRequest::from_args(args.args()));
    if let Next::Park(wait) = &mut next {
        // As Redis does: nil in a transaction, a nil array when the time is over.
        wait.late = Some(|out| out.null_array());
    }
    Ok(next)
}

/// See its summary.
pub static BLMPOP: Command = Command {
    name: "BLMPOP",
    summary: "Pops the first element from one of multiple lists. Blocks until an element is available otherwise. Deletes the list if the last element was popped.",
    since: "7.0.0",
    cost: Cost::Linear("keys and elements returned"),
    args: &[
        TIMEOUT,
        Arg::Counted(&Arg::Key("key", Access::Take)),
        moving::SIDE,
        Arg::Maybe(&Arg::Tagged("COUNT", &Arg::Value("count", Type::Integer))),
    ],
    reply: Reply::Maybe(&Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Bulk)])),
    run: Run::Write(blmpop),
    also: &[Trait::Blocking],
};

fn blmpop(cx: &mut Write<'_, '_>) -> Outcome {
    let args = cx.args;
    let until = options::timeout(args.arg(1), cx.now)?;
    let asked = Several::read(args, 2, moving::ENDS)?;
    if moving::pop_first(cx, &asked)? {
        return Ok(Next::Done);
    }
    Ok(Wait::park(KIND.name, until, asked.keys(args), |_, key| asked.on_key(args, key)))
}
