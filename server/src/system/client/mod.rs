//! system/client — CLIENT: what is known of connections, and what is done to them.
//!
//! Connections are known by their cards ([`crate::clients`]); to close one of another loop, its
//! card is marked and its loop is told.
//!
//! Not here: who caches which keys ([`crate::tracking`]).

mod kill;
mod list;
mod own;
mod pause;
mod tracking;

use crate::command::{Command, Cost, Engine, Group, Reply, Run, help};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "client",
    summary: "What is known of connections, and what is done to them.",
    group: Group::Connection,
    kinds: &[],
    commands: &[&CLIENT],
    settings: &[],
    state: None,
};

/// See its summary.
pub static CLIENT: Command = Command {
    name: "CLIENT",
    summary: "A container for client connection commands.",
    since: "2.4.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[
        &tracking::CACHING,
        &own::GETNAME,
        &own::GETREDIR,
        &HELP,
        &own::ID,
        &list::INFO,
        &kill::KILL,
        &list::LIST,
        &own::NO_EVICT,
        &own::NO_TOUCH,
        &pause::PAUSE,
        &own::REPLY,
        &own::SETINFO,
        &own::SETNAME,
        &tracking::TRACKING,
        &tracking::TRACKINGINFO,
        &own::UNBLOCK,
        &pause::UNPAUSE,
    ]),
    also: &[],
};

static HELP: Command =
    help::command("CLIENT HELP", "5.0.0", |cx| help::answer("CLIENT", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "CACHING (YES|NO)",
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "    * ID <client-id>",
    "      Kill connections by client id.",
    "    * MAXAGE <maxage>",
    "      Kill connections older than the specified age.",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "    * ID <client-id> [<client-id> ...]",
    "      Return clients of specified ids.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETINFO <option> <value>",
    "    Set client meta attr. Options are:",
    "    * LIB-NAME: the client lib name.",
    "    * LIB-VER: the client lib version.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
    "         [OPTIN] [OPTOUT] [NOLOOP]",
    "    Control server assisted client side caching.",
    "TRACKINGINFO",
    "    Report tracking status for the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
    "NO-TOUCH (ON|OFF)",
    "    Will not touch LRU/LFU stats when this mode is on.",
];
