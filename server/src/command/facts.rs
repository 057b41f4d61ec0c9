//! command/facts.rs — what COMMAND, ACL and the docs say of a command, derived from what its engine
//! says of it.
//!
//! Names and order are Redis's (`server.c: ACLCommandCategories`, `addReplyFlagsForCommand`).

use super::keyspec::{Begin, Find};
use super::schema::{Arg, Cost, Group, Run, Trait, Type};
use super::table::Entry;

/// The ACL categories, in Redis's order.
pub const CATEGORIES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// First key, last key and step, as COMMAND gives them beside the key specifications: what of them
/// can be said in three numbers. All 0 if nothing can.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRange {
    /// Position of the first key.
    pub first: i64,
    /// Position of the last key; negative counts from the end.
    pub last: i64,
    /// From one key to the next.
    pub step: i64,
}

impl Entry {
    /// Whether it writes and may make memory grow.
    pub fn grows(&self) -> bool {
        let command = self.command;
        command.writes()
            && !command.reads()
            && !command.is(Trait::NoGrowth)
            && self.keys.iter().any(|spec| spec.access.grows())
    }

    /// The flags that COMMAND shows.
    pub fn flags(&self) -> Vec<&'static str> {
        let command = self.command;
        let group = self.is_mere_container();
        let write = command.writes() && !command.reads();
        let grows = self.grows();
        let settles = self.engine.group == Group::Transactions && self.is_fast();
        let busy = command.is(Trait::NoAuth) || command.is(Trait::AllowBusy) || settles;
        let movable = self.may_have_patterns()
            || self.keys.iter().any(|spec| {
                !matches!((spec.begin, spec.find), (Begin::Index(_), Find::Range { .. }))
            });
        let all = [
            ("write", write),
            ("readonly", command.reads()),
            ("denyoom", grows),
            ("admin", command.is(Trait::Admin)),
            ("pubsub", self.is_about_messages()),
            ("noscript", command.is(Trait::NoScript)),
            ("blocking", command.is(Trait::Blocking)),
            ("loading", command.is(Trait::Loading)),
            ("stale", command.is(Trait::Loading)),
            ("skip_slowlog", command.is(Trait::SkipSlowLog)),
            ("fast", self.is_fast()),
            ("no_auth", command.is(Trait::NoAuth)),
            ("no_multi", command.is(Trait::NoMulti)),
            ("movablekeys", movable),
            ("allow_busy", busy),
        ];
        let all = all.into_iter().filter(|(_, holds)| *holds && !group);
        all.map(|(name, _)| name).collect()
    }

    /// Whether it is a container that is no command by itself: it has no flags and no group.
    fn is_mere_container(&self) -> bool {
        matches!(self.command.run, Run::Group(subs)
            if subs.iter().all(|sub| sub.name != self.command.name))
    }

    /// Whether it sends, receives or counts messages; PUBSUB HELP does not.
    fn is_about_messages(&self) -> bool {
        self.engine.group == Group::PubSub
            && !self.is_mere_container()
            && !self.command.name.ends_with(" HELP")
    }

    /// The ACL categories, named without `@`, in Redis's order.
    pub fn categories(&self) -> Vec<&'static str> {
        CATEGORIES.into_iter().filter(|category| self.is_in(category)).collect()
    }

    /// Whether it belongs to an ACL category, named without `@` in lower case.
    pub fn is_in(&self, category: &str) -> bool {
        let command = self.command;
        if command
            .also
            .iter()
            .any(|said| matches!(said, Trait::InCategory(name) if *name == category))
        {
            return true;
        }
        match category {
            "write" => command.writes() && !command.reads(),
            "read" => command.reads(),
            "admin" => command.is(Trait::Admin),
            "dangerous" => {
                command.is(Trait::Admin) || command.is(Trait::Dangerous) || self.is_in("admin")
            }
            "fast" => self.is_fast(),
            "slow" => !self.is_fast(),
            "blocking" => command.is(Trait::Blocking),
            "pubsub" => self.is_about_messages(),
            _ => !self.is_mere_container() && self.engine.group.category() == Some(category),
        }
    }

    /// What of its keys three numbers can say, see [`KeyRange`].
    pub fn key_range(&self) -> KeyRange {
        if let Some((first, last)) = self.shard_channels() {
            return KeyRange { first, last, step: 1 };
        }
        let mut range = KeyRange::default();
        for spec in &self.keys {
            let (Begin::Index(begin), Find::Range { last, step }) = (spec.begin, spec.find) else {
                continue;
            };
            let (begin, step) = (begin as i64, step as i64);
            let last = if last < 0 { last as i64 } else { begin + last as i64 };
            if range.first == 0 {
                range = KeyRange { first: begin, last, step };
            } else if range.step == 1 && step == 1 && range.last == begin - 1 {
                range.last = last;
            } else {
                // Two runs with something between them: the numbers say the first.
                break;
            }
        }
        range
    }

    /// First and last position of the shard channels among its arguments.
    pub(super) fn shard_channels(&self) -> Option<(i64, i64)> {
        match self.command.args {
            [Arg::Value(_, Type::ShardChannel), ..] => Some((1, 1)),
            [Arg::Many(Arg::Value(_, Type::ShardChannel))]
            | [Arg::Maybe(Arg::Many(Arg::Value(_, Type::ShardChannel)))] => Some((1, -1)),
            _ => None,
        }
    }

    /// Tips for clients and proxies.
    pub fn tips(&self) -> impl Iterator<Item = &'static str> {
        self.command.also.iter().filter_map(|said| match said {
            Trait::Tip(tip) => Some(*tip),
            _ => None,
        })
    }

    /// The group that it is documented in.
    pub fn group(&self) -> Group {
        let said = self.command.also.iter().find_map(|said| match said {
            Trait::InGroup(group) => Some(*group),
            _ => None,
        });
        said.unwrap_or(self.engine.group)
    }

    /// What a call costs, in words.
    pub fn complexity(&self) -> String {
        match self.command.cost {
            _ if matches!(self.command.run, Run::Group(_)) => "Depends on subcommand.".into(),
            Cost::Constant => "O(1)".into(),
            Cost::Logarithmic => "O(log(N))".into(),
            Cost::Linear(what) | Cost::Each(what) => {
                format!("O(N) where N is the number of {what}.")
            }
        }
    }
}
