//! command/schema.rs — what can be said about a command. If a fact is not here, nobody may rely on
//! it.

use std::fmt;

use mainstay_protocol::Request;

use super::context::{Desk, Outcome, Read, Visit, Write};
use crate::keyspace::{Kind, Shelf};
use crate::process::State;
use crate::settings::Setting;

/// One command, said once, next to its handler.
pub struct Command {
    /// As on the wire, upper case; a subcommand is `"CLIENT SETNAME"`. Also what goes to disk:
    /// never an index.
    pub name: &'static str,
    /// One sentence, ends with a full stop.
    pub summary: &'static str,
    /// The version of Mainstay (`"0.1.0"`) or, for Redis's own commands, of Redis that brought it.
    pub since: &'static str,
    /// Decides `@fast` / `@slow`, and tells people what a call costs.
    pub cost: Cost,
    /// The grammar of what follows the name; arity and key positions are read off it.
    pub args: &'static [Arg],
    /// The shape of the reply.
    pub reply: Reply,
    /// Where a handler runs, hence what it can touch.
    pub run: Run,
    /// Only what cannot be derived from the rest.
    pub also: &'static [Trait],
}

/// What a call costs, as a function of what it is given or what it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// O(1).
    Constant,
    /// O(log N).
    Logarithmic,
    /// O(N), N being what the text names: `"elements returned"`.
    Linear(&'static str),
    /// O(1) for each of what the text names: fast, though it grows with the arguments.
    Each(&'static str),
}

/// Where a handler runs. WRITE and READONLY are read off the variant: a reader is handed a shared
/// view of the keys and could not write if it tried.
#[derive(Clone, Copy)]
pub enum Run {
    /// Looks at keys.
    Read(fn(&mut Read<'_>) -> Outcome),
    /// Changes keys; journaled as a stamped record when it changed something.
    Write(fn(&mut Write<'_, '_>) -> Outcome),
    /// One connection: AUTH, HELLO, SUBSCRIBE, MULTI.
    Session(fn(&mut Visit<'_>) -> Outcome),
    /// The process: CONFIG, INFO, SHUTDOWN.
    Server(fn(&mut Desk<'_>) -> Outcome),
    /// A container; its subcommands are in the list.
    Group(&'static [&'static Command]),
}

/// One element of an argument grammar.
#[derive(Debug, Clone, Copy)]
pub enum Arg {
    /// A key, and what the command does to it.
    Key(&'static str, Access),
    /// A value of the type given.
    Value(&'static str, Type),
    /// A fixed word, matched without regard to case.
    Word(&'static str),
    /// A fixed word followed by what it introduces: `EX seconds`.
    Tagged(&'static str, &'static Arg),
    /// May be left out.
    Maybe(&'static Arg),
    /// One of several.
    OneOf(&'static [Arg]),
    /// Several in this order.
    Group(&'static [Arg]),
    /// One or more times.
    Many(&'static Arg),
    /// Options in any order, each at most once.
    AnyOrder(&'static [Arg]),
    /// `numkeys key [key ...]`, `numids` of ids of a stream, or `numfields` of something else.
    Counted(&'static Arg),
    /// One or more of the first, then as many of the second: `key [key ...] id [id ...]`.
    Halves(&'static Arg, &'static Arg),
}

/// What a command does to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads it.
    Look,
    /// Looks whether it is there, of which kind or how large, but answers nothing of its value
    /// (EXISTS, TYPE, STRLEN).
    Probe,
    /// Reads and changes it.
    Update,
    /// Changes it and answers nothing that it held (SETRANGE, HSET, ZADD).
    Edit,
    /// Adds to it, creating it if need be.
    Insert,
    /// Overwrites it whatever it held.
    Replace,
    /// Overwrites it whatever it held, and answers the old value if the request has the word given
    /// (SET with GET).
    Exchange(&'static str),
    /// Reads it, and changes it if the request has one of the words given (BITFIELD).
    UpdateIf(&'static [&'static str]),
    /// Makes it if it is not there (SETNX).
    Create,
    /// Takes from it and answers what was taken (LPOP, GETDEL, the source of RENAME).
    Take,
    /// Takes from it; never makes it larger (SREM, HDEL).
    Remove,
    /// Removes it, whatever it holds (DEL).
    Delete,
    /// Changes its deadline or its name, not its value.
    Mark,
    /// Reads it and adds to it (the destination of PFMERGE).
    Merge,
    /// Reads it, and may store it in another form or with what was computed of it (PFCOUNT).
    Recast,
}

impl Access {
    /// Whether a value that is there may be changed, not just read, replaced or removed as a whole.
    pub fn edits(self) -> bool {
        use Access::*;
        !matches!(self, Look | Probe | Replace | Exchange(_) | Create | Delete)
    }

    /// Whether the keyspace may hold more memory afterwards.
    pub const fn grows(self) -> bool {
        use Access::*;
        matches!(
            self,
            Update | Edit | Insert | Replace | Exchange(_) | UpdateIf(_) | Create | Merge | Recast
        )
    }

    /// As the key specifications of COMMAND name it: what is done to the entry, then to its data.
    pub const fn flags(self) -> &'static [&'static str] {
        match self {
            Access::Look => &["RO", "access"],
            Access::Probe => &["RO"],
            Access::Update => &["RW", "access", "update"],
            Access::Edit | Access::Mark => &["RW", "update"],
            Access::Insert => &["RW", "insert"],
            Access::Replace => &["OW", "update"],
            Access::Exchange(_) | Access::UpdateIf(_) => {
                &["RW", "access", "update", "variable_flags"]
            }
            Access::Create => &["OW", "insert"],
            Access::Take => &["RW", "access", "delete"],
            Access::Remove => &["RW", "delete"],
            Access::Delete => &["RM", "delete"],
            Access::Merge => &["RW", "access", "insert"],
            Access::Recast => &["RW", "access"],
        }
    }
}

/// The type of a value in a grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Any bytes.
    Bytes,
    /// A 64-bit signed integer.
    Integer,
    /// A double.
    Float,
    /// An integer of at least 0.
    Count,
    /// An integer of at least 1.
    Positive,
    /// 0 or 1.
    Flag,
    /// A span of time, in the unit its name says; positive.
    Duration,
    /// How long to wait at most, in seconds, with a fraction; 0 for as long as it takes.
    Timeout,
    /// An absolute time, in the unit its name says.
    Deadline,
    /// A glob.
    Pattern,
    /// The name of a channel.
    Channel,
    /// The name of a channel that belongs to a slot, as a key does (SPUBLISH): COMMAND shows where
    /// it is, marked as no key.
    ShardChannel,
    /// The number of a database.
    Database,
    /// What an earlier SCAN answered.
    Cursor,
    /// The id of an entry of a stream.
    StreamId,
}

/// The shape of a reply.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    /// `+OK`.
    Ok,
    /// A simple string.
    Simple,
    /// An integer.
    Int,
    /// A bulk string.
    Bulk,
    /// A double (a bulk string in RESP2).
    Double,
    /// Nil, or the shape given.
    Maybe(&'static Reply),
    /// An array of the shape given.
    Array(&'static Reply),
    /// A set of the shape given (an array in RESP2).
    Set(&'static Reply),
    /// A map (a flat array in RESP2).
    Map(&'static Reply),
    /// A fixed sequence.
    Tuple(&'static [Reply]),
    /// One of several shapes.
    OneOf(&'static [Reply]),
    /// A message out of turn, or several.
    Push,
    /// Whatever the queued commands answer, or anything else that cannot be said here.
    Any,
    /// No reply at all.
    Nothing,
}

/// What is true of a command and cannot be derived from its grammar, cost or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trait {
    /// `@admin`: for operators.
    Admin,
    /// `@dangerous`: may hurt others.
    Dangerous,
    /// Allowed before AUTH.
    NoAuth,
    /// Refused inside a script.
    NoScript,
    /// Refused inside MULTI.
    NoMulti,
    /// Runs at once even when a transaction is open.
    NotQueued,
    /// Allowed to a RESP2 connection that has subscriptions.
    WhileSubscribed,
    /// May wait.
    Blocking,
    /// Is not listed in the slow log.
    SkipSlowLog,
    /// Answers while data is still loading, and on a replica whose data is stale.
    Loading,
    /// Slow though its cost is small, or the other way round.
    Slow,
    /// See `Slow`.
    Fast,
    /// Options whose value, if it has a `*`, is a pattern of keys that are read too (SORT's BY):
    /// with one the command runs alone.
    Patterns(&'static [&'static str]),
    /// Makes no memory grow although its keys are updated.
    NoGrowth,
    /// Takes or changes a whole database, or several: runs alone.
    Alone,
    /// Refused while CLIENT PAUSE WRITE holds, though it writes no key (PUBLISH).
    MayReplicate,
    /// Runs what is queued (EXEC): is held by CLIENT PAUSE WRITE if a queued command would be, and
    /// ends the transaction even when it is refused.
    Executes,
    /// The argument at this place, the name being 0, is looked for inside the key's container: its
    /// memory is asked for ahead. A hint; for commands whose container may be large.
    Member(usize),
    /// Answers while a script runs for too long.
    AllowBusy,
    /// Counts as a reader for COMMAND, ACL and client caches, though it may write: what it writes
    /// is what it has computed of the value it read (PFCOUNT).
    Reads,
    /// Belongs to this group in COMMAND DOCS and the docs, not to its engine's. ACL categories stay
    /// those of the engine (DBSIZE is a server command of category `@keyspace`).
    InGroup(Group),
    /// Belongs to this ACL category too, named without `@`.
    InCategory(&'static str),
    /// Touches more keys than the request names; see [`Implied`].
    Implies(Implied),
    /// A tip for clients and proxies, as COMMAND shows it: `nondeterministic_output`.
    Tip(&'static str),
}

/// Shows the keys that a request touches besides those it names, as they follow from these and from
/// what lies on the database's shelf. They are locked together with the named ones.
#[derive(Clone, Copy)]
pub struct Implied(pub fn(&Shelf, Request<'_>, &mut dyn FnMut(&[u8])));

impl PartialEq for Implied {
    /// A command has one at most, so none is ever looked for by what it does.
    fn eq(&self, _: &Implied) -> bool {
        false
    }
}

impl Eq for Implied {}

impl fmt::Debug for Implied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Implied")
    }
}

/// A folder of `engine/` or `system/`.
pub struct Engine {
    /// The folder's name.
    pub name: &'static str,
    /// One sentence, ends with a full stop.
    pub summary: &'static str,
    /// How Redis groups its commands: names the docs group and the ACL category.
    pub group: Group,
    /// The kinds of value it owns: TYPE, snapshot, memory.
    pub kinds: &'static [&'static Kind],
    /// Its commands, containers included, subcommands not.
    pub commands: &'static [&'static Command],
    /// Its settings: CONFIG, `--help`, docs.
    pub settings: &'static [&'static Setting],
    /// Makes what the engine keeps for the process besides keys.
    pub state: Option<fn() -> Box<dyn State>>,
}

/// A group of commands as COMMAND DOCS and ACL CAT know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Generic,
    String,
    List,
    Hash,
    Set,
    SortedSet,
    Stream,
    Bitmap,
    HyperLogLog,
    Geo,
    RateLimit,
    PubSub,
    Transactions,
    Scripting,
    Connection,
    Server,
}

impl Group {
    /// As COMMAND DOCS names it.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Hash => "hash",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Stream => "stream",
            Group::Bitmap => "bitmap",
            Group::HyperLogLog => "hyperloglog",
            Group::Geo => "geo",
            Group::RateLimit => "rate_limit",
            Group::PubSub => "pubsub",
            Group::Transactions => "transactions",
            Group::Scripting => "scripting",
            Group::Connection => "connection",
            Group::Server => "server",
        }
    }

    /// As ACL CAT names it; some groups have no category of their own.
    pub const fn category(self) -> Option<&'static str> {
        match self {
            Group::Generic => Some("keyspace"),
            Group::String => Some("string"),
            Group::List => Some("list"),
            Group::Hash => Some("hash"),
            Group::Set => Some("set"),
            Group::SortedSet => Some("sortedset"),
            Group::Stream => Some("stream"),
            Group::Bitmap => Some("bitmap"),
            Group::HyperLogLog => Some("hyperloglog"),
            Group::Geo => Some("geo"),
            Group::PubSub => Some("pubsub"),
            Group::Transactions => Some("transaction"),
            Group::Scripting => Some("scripting"),
            Group::Connection => Some("connection"),
            // Those of Redis 7 are all there are.
            Group::RateLimit | Group::Server => None,
        }
    }
}

impl Command {
    /// Whether the command changes keys.
    pub const fn writes(&self) -> bool {
        matches!(self.run, Run::Write(_))
    }

    /// Whether it counts as a reader; see [`Trait::Reads`].
    pub fn reads(&self) -> bool {
        matches!(self.run, Run::Read(_)) || self.is(Trait::Reads)
    }

    /// Whether the trait was said of it.
    pub fn is(&self, what: Trait) -> bool {
        self.also.contains(&what)
    }

    /// As COMMAND names it: lower case, `container|sub`.
    pub fn wire_name(&self) -> String {
        self.name.to_ascii_lowercase().replace(' ', "|")
    }
}
