//! system/config/commands.rs — statics and handlers.

use super::effect;
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, help};
use crate::error::Refusal;

/// The container.
pub static CONFIG: Command = Command {
    name: "CONFIG",
    summary: "A container for server configuration commands.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&GET, &HELP, &RESETSTAT, &REWRITE, &SET]),
    also: &[],
};

/// See its summary.
pub static GET: Command = Command {
    name: "CONFIG GET",
    summary: "Returns the effective values of configuration parameters.",
    since: "2.0.0",
    cost: Cost::Linear("configuration parameters provided"),
    args: &[Arg::Many(&Arg::Value("parameter", Type::Pattern))],
    reply: Reply::Map(&Reply::Bulk),
    run: Run::Server(get),
    also: &[Trait::Admin, Trait::NoScript, Trait::Loading],
};

fn get(cx: &mut Desk<'_>) -> Outcome {
    let patterns: Vec<&[u8]> = cx.args.args().skip(2).collect();
    let found = cx.process.settings.get(&patterns);
    cx.out.map(found.len());
    for (name, value) in found {
        cx.out.bulk_str(&name);
        cx.out.bulk_str(&value);
    }
    Ok(Next::Done)
}

/// See its summary.
pub static SET: Command = Command {
    name: "CONFIG SET",
    summary: "Sets configuration parameters in-flight.",
    since: "2.0.0",
    cost: Cost::Linear("configuration parameters provided"),
    args: &[Arg::Many(&Arg::Group(&[
        Arg::Value("parameter", Type::Bytes),
        Arg::Value("value", Type::Bytes),
    ]))],
    reply: Reply::Ok,
    run: Run::Server(set),
    also: &[
        Trait::Admin,
        Trait::NoScript,
        Trait::Loading,
        Trait::Tip("request_policy:all_nodes"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn set(cx: &mut Desk<'_>) -> Outcome {
    let args: Vec<&[u8]> = cx.args.args().skip(2).collect();
    let (pairs, rest) = args.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Refusal::Syntax);
    }
    let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|[name, value]| (*name, *value)).collect();
    let process = cx.process;
    process
        .settings
        .set_with(&pairs, |changes| effect::apply(process, changes))
        .map_err(|error| Refusal::from(format!("ERR {error}")))?;
    // Idle loops take the change now rather than when they next wake.
    cx.post.look();
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static RESETSTAT: Command = Command {
    name: "CONFIG RESETSTAT",
    summary: "Resets the server's statistics.",
    since: "2.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(resetstat),
    also: &[Trait::Admin, Trait::NoScript, Trait::Loading, Trait::Slow],
};

fn resetstat(cx: &mut Desk<'_>) -> Outcome {
    cx.process.counters.iter().for_each(|counters| counters.reset());
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static REWRITE: Command = Command {
    name: "CONFIG REWRITE",
    summary: "Persists the effective configuration to file.",
    since: "2.8.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(rewrite),
    also: &[Trait::Admin, Trait::NoScript, Trait::Loading, Trait::Slow],
};

fn rewrite(cx: &mut Desk<'_>) -> Outcome {
    let settings = &cx.process.settings;
    let Some(path) = settings.file() else {
        return Err(Refusal::text("ERR The server is running without a config file"));
    };
    if let Err(error) = settings.rewrite(path) {
        tracing::warn!("cannot rewrite {}: {error}", path.display());
        return Err(Refusal::from(format!("ERR Rewriting config file: {error}")));
    }
    tracing::info!("{} was rewritten by CONFIG REWRITE", path.display());
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static HELP: Command =
    help::command("CONFIG HELP", "5.0.0", |cx| help::answer("CONFIG", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "GET <pattern> [<pattern> ...]",
    "    Return parameters matching the glob-like patterns and their values.",
    "SET <directive> <value> [<directive> <value> ...]",
    "    Set the configuration directives to the values, all or none.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
];
