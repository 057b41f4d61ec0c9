//! system/command/commands.rs — statics and handlers; those about keys are in `keys`.

use super::keys;
use crate::command::options::is_word;
use crate::command::{
    Arg, Command, Cost, Desk, Entry, Next, Outcome, Reply, Run, Trait, Type, help, render,
};
use crate::error::Refusal;
use crate::structure::glob;

/// The container, which is a command by itself too.
pub static COMMAND: Command = Command {
    name: "COMMAND",
    summary: "Returns detailed information about all commands.",
    since: "2.8.13",
    cost: Cost::Linear("commands"),
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[
        &ALONE,
        &COUNT,
        &DOCS,
        &keys::GETKEYS,
        &keys::GETKEYSANDFLAGS,
        &HELP,
        &INFO,
        &LIST,
    ]),
    also: &[Trait::Loading, Trait::InCategory("connection"), Trait::Tip(ANY_ORDER)],
};

const ANY_ORDER: &str = "nondeterministic_output_order";

/// COMMAND without a subcommand.
pub static ALONE: Command = Command {
    name: "COMMAND",
    summary: "Returns detailed information about all commands.",
    since: "2.8.13",
    cost: Cost::Linear("commands"),
    args: &[],
    reply: Reply::Array(&Reply::Any),
    run: Run::Server(every),
    also: &[Trait::Loading, Trait::InCategory("connection"), Trait::Slow, Trait::Tip(ANY_ORDER)],
};

fn every(cx: &mut Desk<'_>) -> Outcome {
    let table = &cx.process.table;
    cx.out.array(table.top().count());
    table.top().for_each(|entry| render::info(table, entry, &mut cx.out));
    Ok(Next::Done)
}

/// See its summary.
pub static COUNT: Command = Command {
    name: "COMMAND COUNT",
    summary: "Returns a count of commands.",
    since: "2.8.13",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Int,
    run: Run::Server(count),
    also: &[Trait::Loading, Trait::InCategory("connection"), Trait::Slow],
};

fn count(cx: &mut Desk<'_>) -> Outcome {
    cx.out.integer(cx.process.table.top().count() as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static DOCS: Command = Command {
    name: "COMMAND DOCS",
    summary: "Returns documentary information about one, multiple or all commands.",
    since: "7.0.0",
    cost: Cost::Linear("commands to look up"),
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("command-name", Type::Bytes)))],
    reply: Reply::Map(&Reply::Any),
    run: Run::Server(docs),
    also: &[Trait::Loading, Trait::InCategory("connection"), Trait::Tip(ANY_ORDER)],
};

fn docs(cx: &mut Desk<'_>) -> Outcome {
    let table = &cx.process.table;
    let entries: Vec<&Entry> = match cx.args.len() {
        2 => table.top().collect(),
        _ => cx.args.args().skip(2).filter_map(|name| table.by_wire_name(name)).collect(),
    };
    cx.out.map(entries.len());
    entries.into_iter().for_each(|entry| render::docs(table, entry, &mut cx.out));
    Ok(Next::Done)
}

/// See its summary.
pub static INFO: Command = Command {
    name: "COMMAND INFO",
    summary: "Returns information about one, multiple or all commands.",
    since: "2.8.13",
    cost: Cost::Linear("commands to look up"),
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("command-name", Type::Bytes)))],
    reply: Reply::Array(&Reply::Maybe(&Reply::Any)),
    run: Run::Server(info),
    also: &[Trait::Loading, Trait::InCategory("connection"), Trait::Tip(ANY_ORDER)],
};

fn info(cx: &mut Desk<'_>) -> Outcome {
    if cx.args.len() == 2 {
        return every(cx);
    }
    let table = &cx.process.table;
    cx.out.array(cx.args.len() - 2);
    for name in cx.args.args().skip(2) {
        match table.by_wire_name(name) {
            Some(entry) => render::info(table, entry, &mut cx.out),
            None => cx.out.null(),
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static LIST: Command = Command {
    name: "COMMAND LIST",
    summary: "Returns a list of command names.",
    since: "7.0.0",
    cost: Cost::Linear("commands"),
    args: &[Arg::Maybe(&Arg::Tagged(
        "FILTERBY",
        &Arg::OneOf(&[
            Arg::Tagged("MODULE", &Arg::Value("module-name", Type::Bytes)),
            Arg::Tagged("ACLCAT", &Arg::Value("category", Type::Bytes)),
            Arg::Tagged("PATTERN", &Arg::Value("pattern", Type::Pattern)),
        ]),
    ))],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Server(list),
    also: &[Trait::Loading, Trait::InCategory("connection"), Trait::Tip(ANY_ORDER)],
};

fn list(cx: &mut Desk<'_>) -> Outcome {
    let (args, table) = (cx.args, &cx.process.table);
    let what = args.arg(4);
    let chosen: Box<dyn Fn(&Entry) -> bool> = match args.len() {
        2 => Box::new(|_| true),
        5 if is_word(args.arg(2), "FILTERBY") => match args.arg(3) {
            // There are no modules, so none has a command.
            by if is_word(by, "MODULE") => Box::new(|_| false),
            by if is_word(by, "ACLCAT") => {
                let category = String::from_utf8_lossy(what).to_ascii_lowercase();
                Box::new(move |entry| entry.is_in(&category))
            }
            by if is_word(by, "PATTERN") => {
                let pattern = what.to_ascii_lowercase();
                Box::new(move |entry| glob::matches(&pattern, entry.wire_name.as_bytes()))
            }
            _ => return Err(Refusal::Syntax),
        },
        _ => return Err(Refusal::Syntax),
    };
    let begun = cx.out.begin_array();
    let mut found = 0;
    for top in table.top() {
        for entry in std::iter::once(top).chain(table.subs(top)) {
            if chosen(entry) {
                cx.out.bulk_str(entry.wire_name);
                found += 1;
            }
        }
    }
    cx.out.finish_array(begun, found);
    Ok(Next::Done)
}

/// See its summary.
pub static HELP: Command = Command {
    also: &[Trait::Loading, Trait::InCategory("connection"), Trait::Slow],
    ..help::command("COMMAND HELP", "5.0.0", |cx| help::answer("COMMAND", LINES, &mut cx.out))
};

const LINES: &[&str] = &[
    "(no subcommand)",
    "    Return details about all commands.",
    "COUNT",
    "    Return the total number of commands in this server.",
    "LIST [FILTERBY <MODULE <name>|ACLCAT <category>|PATTERN <pattern>>]",
    "    Return a list of all commands in this server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple commands.",
    "    If no command names are given, details for all commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full command.",
];
