//! system/info/slow_log.rs — SLOWLOG: the latest commands that took long.

use crate::command::options::parse_integer;
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, help};
use crate::error::Refusal;

/// Entries that GET answers without a count.
const GET_DEFAULT: usize = 10;

/// The container.
pub static SLOWLOG: Command = Command {
    name: "SLOWLOG",
    summary: "A container for slow log commands.",
    since: "2.2.12",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&GET, &HELP, &LEN, &RESET]),
    also: &[],
};

/// See its summary.
pub static GET: Command = Command {
    name: "SLOWLOG GET",
    summary: "Returns the slow log's entries.",
    since: "2.2.12",
    cost: Cost::Linear("entries returned"),
    args: &[Arg::Maybe(&Arg::Value("count", Type::Integer))],
    reply: Reply::Array(&Reply::Tuple(&[
        Reply::Int,
        Reply::Int,
        Reply::Int,
        Reply::Array(&Reply::Bulk),
        Reply::Bulk,
        Reply::Bulk,
    ])),
    run: Run::Server(get),
    also: &[
        Trait::Admin,
        Trait::Loading,
        Trait::Tip("request_policy:all_nodes"),
        Trait::Tip("nondeterministic_output"),
    ],
};

fn get(cx: &mut Desk<'_>) -> Outcome {
    let most = match cx.args.len() {
        2 => GET_DEFAULT,
        3 => match parse_integer(cx.args.arg(2)) {
            Some(-1) => usize::MAX,
            Some(count @ 0..) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => {
                return Err(Refusal::text("ERR count should be greater than or equal to -1"));
            }
        },
        _ => {
            return Err(Refusal::text(
                "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.",
            ));
        }
    };
    let latest = cx.process.slow_log.latest(most);
    cx.out.array(latest.len());
    for slow in latest {
        cx.out.array(6);
        cx.out.integer(slow.id as i64);
        cx.out.integer((slow.at / 1000) as i64);
        cx.out.integer(i64::try_from(slow.micros).unwrap_or(i64::MAX));
        cx.out.array(slow.args.len());
        slow.args.iter().for_each(|arg| cx.out.bulk(arg));
        cx.out.bulk_str(&slow.peer);
        cx.out.bulk_str(&slow.name);
    }
    Ok(Next::Done)
}

/// See its summary.
pub static LEN: Command = Command {
    name: "SLOWLOG LEN",
    summary: "Returns the number of entries in the slow log.",
    since: "2.2.12",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Int,
    run: Run::Server(len),
    also: &[
        Trait::Admin,
        Trait::Loading,
        Trait::Slow,
        Trait::Tip("request_policy:all_nodes"),
        Trait::Tip("response_policy:agg_sum"),
        Trait::Tip("nondeterministic_output"),
    ],
};

fn len(cx: &mut Desk<'_>) -> Outcome {
    cx.out.integer(cx.process.slow_log.len() as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static RESET: Command = Command {
    name: "SLOWLOG RESET",
    summary: "Clears all entries from the slow log.",
    since: "2.2.12",
    cost: Cost::Linear("entries in the slow log"),
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(reset),
    also: &[
        Trait::Admin,
        Trait::Loading,
        Trait::Tip("request_policy:all_nodes"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn reset(cx: &mut Desk<'_>) -> Outcome {
    cx.process.slow_log.keep(0);
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static HELP: Command =
    help::command("SLOWLOG HELP", "6.2.0", |cx| help::answer("SLOWLOG", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
];
