//! engine/set/commands/store.rs — the results of set algebra, kept at a key.
//!
//! The result replaces whatever the key held, its deadline included; an empty one removes the key.

use super::algebra::{Sets, each_common, each_of_any, each_only_first, sets};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Write};
use crate::engine::set::members::Members;
use crate::keyspace::Ttl;

/// See its summary.
pub static SINTERSTORE: Command = Command {
    name: "SINTERSTORE",
    summary: "Stores the intersect of multiple sets in a key.",
    since: "1.0.0",
    cost: Cost::Linear("members of the smallest set, times the sets"),
    // It replaces the key; Redis's key specification calls that an update, here only.
    args: &[Arg::Key("destination", Access::Edit), Arg::Many(&Arg::Key("key", Access::Look))],
    reply: Reply::Int,
    run: Run::Write(sinterstore),
    also: &[],
};

fn sinterstore(cx: &mut Write<'_, '_>) -> Outcome {
    store(cx, |sets, result| {
        each_common(sets, |member| {
            result.insert(member);
            true
        });
    })
}

/// See its summary.
pub static SUNIONSTORE: Command = Command {
    name: "SUNIONSTORE",
    summary: "Stores the union of multiple sets in a key.",
    since: "1.0.0",
    cost: Cost::Linear("members of all sets"),
    args: STORE,
    reply: Reply::Int,
    run: Run::Write(sunionstore),
    also: &[],
};

const STORE: &[Arg] =
    &[Arg::Key("destination", Access::Replace), Arg::Many(&Arg::Key("key", Access::Look))];

fn sunionstore(cx: &mut Write<'_, '_>) -> Outcome {
    store(cx, |sets, result| {
        each_of_any(sets, |member| {
            result.insert(member);
        });
    })
}

/// See its summary.
pub static SDIFFSTORE: Command = Command {
    name: "SDIFFSTORE",
    summary: "Stores the difference of multiple sets in a key.",
    since: "1.0.0",
    cost: Cost::Linear("members of the first set, times the sets"),
    args: STORE,
    reply: Reply::Int,
    run: Run::Write(sdiffstore),
    also: &[],
};

fn sdiffstore(cx: &mut Write<'_, '_>) -> Outcome {
    store(cx, |sets, result| {
        each_only_first(sets, |member| {
            result.insert(member);
        });
    })
}

/// Keeps what `gather` makes of the sets, and answers how many members that are.
fn store(cx: &mut Write<'_, '_>, gather: impl FnOnce(&Sets<'_>, &mut Members)) -> Outcome {
    let mut result = Members::default();
    gather(&sets(&cx.keys, cx.args.args().skip(2))?, &mut result);
    let (key, count) = (cx.args.arg(1), result.len());
    if count == 0 {
        cx.keys.remove(key);
    } else {
        cx.keys.put_object(key, Box::new(result), Ttl::Clear);
    }
    cx.out.integer(count as i64);
    Ok(Next::Done)
}
