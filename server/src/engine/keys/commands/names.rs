//! engine/keys/commands/names.rs — giving a value another key, or another database.

use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::error::Refusal;

/// See its summary.
pub static RENAME: Command = Command {
    name: "RENAME",
    summary: "Renames a key and overwrites the destination.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Take), Arg::Key("newkey", Access::Replace)],
    reply: Reply::Ok,
    run: Run::Write(rename),
    also: &[Trait::NoGrowth, Trait::Slow],
};

fn rename(cx: &mut Write<'_, '_>) -> Outcome {
    let (from, to) = (cx.args.arg(1), cx.args.arg(2));
    if !cx.keys.finds(from) {
        return Err(Refusal::NoSuchKey);
    }
    if from != to {
        cx.keys.rename(from, to);
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static RENAMENX: Command = Command {
    name: "RENAMENX",
    summary: "Renames a key only when the target key name doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Take), Arg::Key("newkey", Access::Create)],
    reply: Reply::Int,
    run: Run::Write(renamenx),
    also: &[Trait::NoGrowth],
};

fn renamenx(cx: &mut Write<'_, '_>) -> Outcome {
    let (from, to) = (cx.args.arg(1), cx.args.arg(2));
    if !cx.keys.finds(from) {
        return Err(Refusal::NoSuchKey);
    }
    let free = from != to && !cx.keys.finds(to);
    if free {
        cx.keys.rename(from, to);
    }
    cx.out.integer(free.into());
    Ok(Next::Done)
}

/// See its summary.
pub static COPY: Command = Command {
    name: "COPY",
    summary: "Copies the value of a key to a new key.",
    since: "6.2.0",
    cost: Cost::Linear("the elements of the value"),
    args: &[
        Arg::Key("source", Access::Look),
        Arg::Key("destination", Access::Replace),
        Arg::AnyOrder(&[
            Arg::Tagged("DB", &Arg::Value("destination-db", Type::Database)),
            Arg::Word("REPLACE"),
        ]),
    ],
    reply: Reply::Int,
    run: Run::Write(copy),
    also: &[],
};

fn copy(cx: &mut Write<'_, '_>) -> Outcome {
    let (from, to) = (cx.args.arg(1), cx.args.arg(2));
    let (mut target, mut replace) = (cx.keys.database(), false);
    let mut words = Words::new(cx.args, 3);
    while let Some(word) = words.next() {
        if is_word(word, "REPLACE") {
            replace = true;
        } else if is_word(word, "DB") {
            target = database(cx, words.value()?)?;
        } else {
            return Err(Refusal::Syntax);
        }
    }
    if target == cx.keys.database() && from == to {
        return Err(SAME_OBJECT);
    }
    if !cx.keys.finds(from) || (!replace && cx.keys.finds_in(to, target)) {
        cx.out.integer(0);
        return Ok(Next::Done);
    }
    cx.keys.copy(from, to, target);
    cx.out.integer(1);
    Ok(Next::Done)
}

/// See its summary.
pub static MOVE: Command = Command {
    name: "MOVE",
    summary: "Moves a key to another database.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Update), Arg::Value("db", Type::Database)],
    reply: Reply::Int,
    run: Run::Write(move_key),
    also: &[Trait::NoGrowth],
};

fn move_key(cx: &mut Write<'_, '_>) -> Outcome {
    let key = cx.args.arg(1);
    let target = database(cx, cx.args.arg(2))?;
    if target == cx.keys.database() {
        return Err(SAME_OBJECT);
    }
    let moved =
        cx.keys.finds(key) && !cx.keys.finds_in(key, target) && cx.keys.move_to(key, target);
    cx.out.integer(moved.into());
    Ok(Next::Done)
}

const SAME_OBJECT: Refusal = Refusal::text("ERR source and destination objects are the same");

/// The database of an argument. Redis has a text of its own for what is no C `int`.
fn database(cx: &Write<'_, '_>, bytes: &[u8]) -> Result<usize, Refusal> {
    if i32::try_from(options::integer(bytes)?).is_err() {
        return Err(Refusal::text(
            "ERR value is out of range, value must between -2147483648 and 2147483647",
        ));
    }
    options::database(bytes, cx.keys.databases())
}
