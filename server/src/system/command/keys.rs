//! system/command/keys.rs — COMMAND GETKEYS and GETKEYSANDFLAGS: where the keys of a request are.

use mainstay_protocol::{OwnedRequest, Request};

use crate::command::options::is_word;
use crate::command::{
    Access, Arg, Command, Cost, Desk, Entry, Next, Outcome, Reply, Run, Table, Trait, Type,
};
use crate::error::Refusal;

/// See its summary.
pub static GETKEYS: Command = Command {
    name: "COMMAND GETKEYS",
    summary: "Extracts the key names from an arbitrary command.",
    since: "2.8.13",
    cost: Cost::Linear("arguments to the command"),
    args: &[
        Arg::Value("command", Type::Bytes),
        Arg::Value("arg", Type::Bytes),
        Arg::Maybe(&Arg::Many(&Arg::Value("arg", Type::Bytes))),
    ],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Server(keys),
    also: &[Trait::Loading, Trait::InCategory("connection")],
};

fn keys(cx: &mut Desk<'_>) -> Outcome {
    let request = behind(cx.args)?;
    let found = find(&cx.process.table, request.as_request())?;
    cx.out.array(found.len());
    for (at, _) in found {
        cx.out.bulk(request.as_request().arg(at));
    }
    Ok(Next::Done)
}

/// See its summary.
pub static GETKEYSANDFLAGS: Command = Command {
    name: "COMMAND GETKEYSANDFLAGS",
    summary: "Extracts the key names and access flags for an arbitrary command.",
    since: "7.0.0",
    cost: Cost::Linear("arguments to the command"),
    args: &[
        Arg::Value("command", Type::Bytes),
        Arg::Value("arg", Type::Bytes),
        Arg::Maybe(&Arg::Many(&Arg::Value("arg", Type::Bytes))),
    ],
    reply: Reply::Array(&Reply::Any),
    run: Run::Server(keys_and_flags),
    also: &[Trait::Loading, Trait::InCategory("connection")],
};

fn keys_and_flags(cx: &mut Desk<'_>) -> Outcome {
    let request = behind(cx.args)?;
    let table = &cx.process.table;
    let found = find(table, request.as_request())?;
    let fixed = table.called(request.as_request()).map_or(1, |entry| entry.arity_min);
    cx.out.array(found.len());
    for (at, access) in found {
        cx.out.array(2);
        cx.out.bulk(request.as_request().arg(at));
        let flags = flags_in(access, fixed, request.as_request());
        cx.out.set(flags.len());
        flags.iter().for_each(|flag| cx.out.simple(flag));
    }
    Ok(Next::Done)
}

/// The request that stands behind the subcommand.
fn behind(args: Request<'_>) -> Result<OwnedRequest, Refusal> {
    OwnedRequest::try_from_args(args.args().skip(2))
        .map_err(|_| Refusal::text("ERR Invalid arguments specified for command"))
}

/// The positions of a request's keys, each with what is done to it.
fn find(table: &Table, request: Request<'_>) -> Result<Vec<(usize, Access)>, Refusal> {
    let called = table.called(request).filter(|entry| !matches!(entry.command.run, Run::Group(_)));
    let Some(entry) = called else {
        return Err(Refusal::text("ERR Invalid command specified"));
    };
    if entry.keys.is_empty() {
        return Err(Refusal::text("ERR The command has no key arguments"));
    }
    if !entry.takes(request.len()) {
        return Err(Refusal::text("ERR Invalid number of arguments specified for command"));
    }
    let found = positions(entry, request);
    found.ok_or(Refusal::text("ERR Invalid arguments specified for command"))
}

fn positions(entry: &Entry, request: Request<'_>) -> Option<Vec<(usize, Access)>> {
    let mut found = Vec::new();
    for spec in &entry.keys {
        found.extend(spec.positions(request)?.map(|at| (at, spec.access)));
    }
    (!found.is_empty()).then_some(found)
}

/// What this very request does to the key.
fn flags_in(access: Access, fixed: usize, request: Request<'_>) -> &'static [&'static str] {
    match access {
        // An option, so not among the arguments that are always there.
        Access::Exchange(word) => match request.args().skip(fixed).any(|arg| is_word(arg, word)) {
            true => Access::Update.flags(),
            false => Access::Replace.flags(),
        },
        Access::UpdateIf(words) => {
            let named = |arg| words.iter().any(|word| is_word(arg, word));
            match request.args().skip(fixed).any(named) {
                true => Access::Update.flags(),
                false => Access::Look.flags(),
            }
        }
        _ => access.flags(),
    }
}
