//! engine/keys/commands/whole.rs — emptying and exchanging databases.

use crate::command::options::{self, is_word};
use crate::command::{Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::error::Refusal;

const HOW: Arg = Arg::Maybe(&Arg::OneOf(&[Arg::Word("ASYNC"), Arg::Word("SYNC")]));

/// See its summary. Memory is freed elsewhere, SYNC or not.
pub static FLUSHDB: Command = Command {
    name: "FLUSHDB",
    summary: "Removes all keys from the current database.",
    since: "1.0.0",
    cost: Cost::Linear("the stripes of the database"),
    args: &[HOW],
    reply: Reply::Ok,
    run: Run::Write(flushdb),
    also: &[
        Trait::Dangerous,
        Trait::Alone,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn flushdb(cx: &mut Write<'_, '_>) -> Outcome {
    require_how(cx)?;
    cx.keys.flush();
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary. Memory is freed elsewhere, SYNC or not.
pub static FLUSHALL: Command = Command {
    name: "FLUSHALL",
    summary: "Removes all keys from all databases.",
    since: "1.0.0",
    cost: Cost::Linear("the stripes of all databases"),
    args: &[HOW],
    reply: Reply::Ok,
    run: Run::Write(flushall),
    also: &[
        Trait::Dangerous,
        Trait::Alone,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn flushall(cx: &mut Write<'_, '_>) -> Outcome {
    require_how(cx)?;
    let home = cx.keys.database();
    for database in 0..cx.keys.databases() {
        cx.keys.select(database);
        cx.keys.flush();
    }
    cx.keys.select(home);
    cx.out.ok();
    Ok(Next::Done)
}

fn require_how(cx: &Write<'_, '_>) -> Result<(), Refusal> {
    match cx.args.get(1) {
        None => Ok(()),
        Some(how) if cx.args.len() == 2 && (is_word(how, "SYNC") || is_word(how, "ASYNC")) => {
            Ok(())
        }
        Some(_) => Err(Refusal::Syntax),
    }
}

/// See its summary.
pub static SWAPDB: Command = Command {
    name: "SWAPDB",
    summary: "Swaps two Redis databases.",
    since: "4.0.0",
    cost: Cost::Linear("the stripes of a database"),
    args: &[Arg::Value("index1", Type::Database), Arg::Value("index2", Type::Database)],
    reply: Reply::Ok,
    run: Run::Write(swapdb),
    also: &[Trait::Dangerous, Trait::Alone, Trait::Fast],
};

fn swapdb(cx: &mut Write<'_, '_>) -> Outcome {
    let index = |at, wrong| {
        let index = options::parse_integer(cx.args.arg(at));
        index.and_then(|index| i32::try_from(index).ok()).ok_or(Refusal::text(wrong))
    };
    let one = index(1, "ERR invalid first DB index")?;
    let other = index(2, "ERR invalid second DB index")?;
    let valid = |index: i32| {
        let index = usize::try_from(index).ok();
        index
            .filter(|&index| index < cx.keys.databases())
            .ok_or(Refusal::text("ERR DB index is out of range"))
    };
    let (one, other) = (valid(one)?, valid(other)?);
    if one != other {
        cx.keys.swap(one, other);
    }
    cx.out.ok();
    Ok(Next::Done)
}
