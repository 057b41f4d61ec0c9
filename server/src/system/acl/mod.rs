//! system/acl — ACL: who may do what. There is one user, `default`, who may do everything.
//!
//! Not here yet: other users, rules, and what shows them (LIST, GETUSER, SETUSER).

use crate::clients::DEFAULT_USER;
use crate::command::facts::CATEGORIES;
use crate::command::{
    Arg, Command, Cost, Desk, Engine, Group, Next, Outcome, Reply, Run, Trait, Type, help,
};
use crate::error::Refusal;

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "acl",
    summary: "Who may do what.",
    group: Group::Server,
    kinds: &[],
    commands: &[&ACL],
    settings: &[],
    state: None,
};

/// See its summary.
pub static ACL: Command = Command {
    name: "ACL",
    summary: "A container for Access List Control commands.",
    since: "6.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&CAT, &HELP, &USERS, &WHOAMI]),
    also: &[],
};

static CAT: Command = Command {
    name: "ACL CAT",
    summary: "Lists the ACL categories, or the commands inside a category.",
    since: "6.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Value("category", Type::Bytes))],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Server(cat),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn cat(cx: &mut Desk<'_>) -> Outcome {
    if cx.args.len() > 3 {
        return Err(Refusal::text(
            "ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.",
        ));
    }
    let Some(wanted) = cx.args.get(2) else {
        cx.out.array(CATEGORIES.len());
        CATEGORIES.iter().for_each(|category| cx.out.bulk_str(category));
        return Ok(Next::Done);
    };
    let found = CATEGORIES.iter().find(|name| wanted.eq_ignore_ascii_case(name.as_bytes()));
    let Some(category) = found else {
        return Err(Refusal::quoting("ERR Unknown category '", wanted, "'"));
    };
    let begun = cx.out.begin_array();
    let mut count = 0;
    for entry in cx.process.table.entries().iter().filter(|entry| entry.is_in(category)) {
        cx.out.bulk_str(entry.wire_name);
        count += 1;
    }
    cx.out.finish_array(begun, count);
    Ok(Next::Done)
}

static USERS: Command = Command {
    name: "ACL USERS",
    summary: "Lists all ACL users.",
    since: "6.0.0",
    cost: Cost::Linear("configured users"),
    args: &[],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Server(users),
    also: &[Trait::Admin, Trait::Loading, Trait::NoScript],
};

fn users(cx: &mut Desk<'_>) -> Outcome {
    cx.out.array(1);
    cx.out.bulk_str(DEFAULT_USER);
    Ok(Next::Done)
}

static WHOAMI: Command = Command {
    name: "ACL WHOAMI",
    summary: "Returns the authenticated username of the current connection.",
    since: "6.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Bulk,
    run: Run::Server(whoami),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn whoami(cx: &mut Desk<'_>) -> Outcome {
    cx.out.bulk_str(DEFAULT_USER);
    Ok(Next::Done)
}

static HELP: Command =
    help::command("ACL HELP", "6.0.0", |cx| help::answer("ACL", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "CAT [<category>]",
    "    List all commands that belong to <category>, or all command categories",
    "    when no category is specified.",
    "USERS",
    "    List all the registered usernames.",
    "WHOAMI",
    "    Return the current connection username.",
];
