//! system/script/functions.rs — FUNCTION: statics and handlers.

use super::{FLUSH_MODE, NOT_BUSY, require_flush_mode};
use crate::command::options::is_word;
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, help};
use crate::error::Refusal;

/// See its summary.
pub static FUNCTION: Command = Command {
    name: "FUNCTION",
    summary: "A container for function commands.",
    since: "7.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&DELETE, &FLUSH, &HELP, &KILL, &LIST, &STATS]),
    also: &[Trait::Slow],
};

static DELETE: Command = Command {
    name: "FUNCTION DELETE",
    summary: "Deletes a library and its functions.",
    since: "7.0.0",
    cost: Cost::Constant,
    args: &[Arg::Value("library-name", Type::Bytes)],
    reply: Reply::Ok,
    run: Run::Server(|_| Err(Refusal::text("ERR Library not found"))),
    also: &[
        Trait::NoScript,
        Trait::Slow,
        Trait::InCategory("write"),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

static FLUSH: Command = Command {
    name: "FUNCTION FLUSH",
    summary: "Deletes all libraries and functions.",
    since: "7.0.0",
    cost: Cost::Linear("functions deleted"),
    args: &[FLUSH_MODE],
    reply: Reply::Ok,
    run: Run::Server(flush),
    also: &[
        Trait::NoScript,
        Trait::InCategory("write"),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn flush(cx: &mut Desk<'_>) -> Outcome {
    if cx.args.len() > 3 {
        return Err(Refusal::quoting(
            "ERR unknown subcommand or wrong number of arguments for '",
            cx.args.arg(1),
            "'. Try FUNCTION HELP.",
        ));
    }
    require_flush_mode(cx.args, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option")?;
    cx.out.ok();
    Ok(Next::Done)
}

static KILL: Command = Command {
    name: "FUNCTION KILL",
    summary: "Terminates a function during execution.",
    since: "7.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(|_| Err(NOT_BUSY)),
    also: &[
        Trait::NoScript,
        Trait::AllowBusy,
        Trait::Slow,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:one_succeeded"),
    ],
};

static LIST: Command = Command {
    name: "FUNCTION LIST",
    summary: "Returns information about all libraries.",
    since: "7.0.0",
    cost: Cost::Linear("functions"),
    args: &[Arg::AnyOrder(&[
        Arg::Tagged("LIBRARYNAME", &Arg::Value("library-name-pattern", Type::Pattern)),
        Arg::Word("WITHCODE"),
    ])],
    reply: Reply::Array(&Reply::Any),
    run: Run::Server(list),
    also: &[Trait::NoScript, Trait::Tip("nondeterministic_output_order")],
};

fn list(cx: &mut Desk<'_>) -> Outcome {
    let (mut with_code, mut pattern) = (false, None);
    let mut words = cx.args.args().skip(2);
    while let Some(word) = words.next() {
        if !with_code && is_word(word, "WITHCODE") {
            with_code = true;
        } else if pattern.is_none() && is_word(word, "LIBRARYNAME") {
            let missing = Refusal::text("ERR library name argument was not given");
            pattern = Some(words.next().ok_or(missing)?);
        } else {
            return Err(Refusal::quoting("ERR Unknown argument ", word, ""));
        }
    }
    cx.out.array(0);
    Ok(Next::Done)
}

static STATS: Command = Command {
    name: "FUNCTION STATS",
    summary: "Returns information about a function during execution.",
    since: "7.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Map(&Reply::Any),
    run: Run::Server(stats),
    also: &[
        Trait::NoScript,
        Trait::AllowBusy,
        Trait::Slow,
        Trait::Tip("nondeterministic_output"),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:special"),
    ],
};

fn stats(cx: &mut Desk<'_>) -> Outcome {
    cx.out.map(2);
    cx.out.bulk_str("running_script");
    cx.out.null();
    cx.out.bulk_str("engines");
    cx.out.map(1);
    cx.out.bulk_str("LUA");
    cx.out.map(2);
    cx.out.bulk_str("libraries_count");
    cx.out.integer(0);
    cx.out.bulk_str("functions_count");
    cx.out.integer(0);
    Ok(Next::Done)
}

static HELP: Command =
    help::command("FUNCTION HELP", "7.0.0", |cx| help::answer("FUNCTION", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "DELETE <LIBRARY NAME>",
    "    Delete the given library.",
    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
    "    Return general information on all the libraries.",
    "STATS",
    "    Return information about the current function running. If no function is",
    "    running, return nil. In addition, returns a list of available engines.",
    "KILL",
    "    Kill the current running function.",
    "FLUSH [ASYNC|SYNC]",
    "    Delete all the libraries.",
];
