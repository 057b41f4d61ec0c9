//! engine/string/commands.rs — statics and handlers.

use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type, Write};
use crate::keyspace::Ttl;

/// See its summary.
pub static GET: Command = Command {
    name: "GET",
    summary: "Returns the string value of a key.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(get),
    also: &[],
};

fn get(cx: &mut Read<'_>) -> Outcome {
    match cx.keys.string(cx.args.arg(1))? {
        Some(value) => cx.out.bulk(value),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static SET: Command = Command {
    name: "SET",
    summary: "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Replace), Arg::Value("value", Type::Bytes)],
    reply: Reply::Ok,
    run: Run::Write(set),
    also: &[],
};

fn set(cx: &mut Write<'_, '_>) -> Outcome {
    cx.keys.put_string(cx.args.arg(1), cx.args.arg(2), Ttl::Clear);
    cx.out.ok();
    Ok(Next::Done)
}
