//! engine/sorted_set/commands/blocking.rs — popping that waits until there is something.
//!
//! A call that finds no sorted set waits for its keys ([`Wait`]); what is tried when one of them
//! has one is the same command on that key alone.

use mainstay_protocol::OwnedRequest;

use super::pop;
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Several, Trait, Type, Wait, Write,
    options,
};
use crate::engine::sorted_set::ranking::{KIND, Ranking};

const TIMEOUT: Arg = Arg::Value("timeout", Type::Timeout);

const POP: &[Arg] = &[Arg::Many(&Arg::Key("key", Access::Take)), TIMEOUT];

const POPPED: Reply = Reply::Maybe(&Reply::Tuple(&[Reply::Bulk, Reply::Bulk, Reply::Double]));

const COST: Cost = Cost::Each("keys, and the logarithm of the sorted set's size");

/// See its summary.
pub static BZPOPMIN: Command = Command {
    name: "BZPOPMIN",
    summary: "Removes and returns the member with the lowest score from one or more sorted sets. Blocks until a member is available otherwise. Deletes the sorted set if the last element was popped.",
    since: "5.0.0",
    cost: COST,
    args: POP,
    reply: POPPED,
    run: Run::Write(|cx| bzpop(cx, pop::End::Lowest)),
    also: &[Trait::Blocking],
};

/// See its summary.
pub static BZPOPMAX: Command = Command {
    name: "BZPOPMAX",
    summary: "Removes and returns the member with the highest score from one or more sorted sets. Blocks until a member available otherwise.  Deletes the sorted set if the last element was popped.",
    since: "5.0.0",
    cost: COST,
    args: POP,
    reply: POPPED,
    run: Run::Write(|cx| bzpop(cx, pop::End::Highest)),
    also: &[Trait::Blocking],
};

fn bzpop(cx: &mut Write<'_, '_>, end: pop::End) -> Outcome {
    let args = cx.args;
    let last = args.len() - 1;
    let until = options::timeout(args.arg(last), cx.now)?;
    for key in args.args().take(last).skip(1) {
        if let Some(mut edit) = cx.keys.edit_existing::<Ranking>(key)? {
            cx.out.array(3);
            cx.out.bulk(key);
            pop::take(&mut edit, end, 1, |member, score| {
                cx.out.bulk(member);
                cx.out.double(score.get());
            });
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
pub static BZMPOP: Command = Command {
    name: "BZMPOP",
    summary: "Removes and returns a member by score from one or more sorted sets. Blocks until a member is available otherwise. Deletes the sorted set if the last element was popped.",
    since: "7.0.0",
    cost: Cost::Linear("keys, and members popped times the logarithm of the sorted set's size"),
    args: &[
        TIMEOUT,
        Arg::Counted(&Arg::Key("key", Access::Take)),
        Arg::OneOf(&[Arg::Word("MIN"), Arg::Word("MAX")]),
        Arg::Maybe(&Arg::Tagged("COUNT", &Arg::Value("count", Type::Count))),
    ],
    reply: Reply::Maybe(&Reply::Tuple(&[
        Reply::Bulk,
        Reply::Array(&Reply::Tuple(&[Reply::Bulk, Reply::Double])),
    ])),
    run: Run::Write(bzmpop),
    also: &[Trait::Blocking],
};

fn bzmpop(cx: &mut Write<'_, '_>) -> Outcome {
    let args = cx.args;
    let until = options::timeout(args.arg(1), cx.now)?;
    let asked = Several::read(args, 2, pop::ENDS)?;
    if pop::pop_first(cx, &asked)? {
        return Ok(Next::Done);
    }
    Ok(Wait::park(KIND.name, until, asked.keys(args), |_, key| asked.on_key(args, key)))
}
