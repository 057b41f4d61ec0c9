//! command/table.rs — the commands of all engines, looked up by name.
//!
//! Made once at start. An entry adds to its command what is read off the grammar: arity, where the
//! keys are, and an index by which counters are kept. Lookup folds the name's bytes into 64 bits
//! without regard to case and probes a small open table.

use mainstay_protocol::Request;

use super::keyspec::{Begin, Find, KeySpec, specs};
use super::schema::{Arg, Command, Cost, Engine, Implied, Run, Trait, Type};
use crate::keyspace::{Keyspace, Shelf, StripeId};

/// A command and what is read off it.
pub struct Entry {
    /// What its engine says of it.
    pub command: &'static Command,
    /// The engine.
    pub engine: &'static Engine,
    /// Its place in the table; counters use it. Never leaves the process.
    pub index: usize,
    /// As COMMAND names it: lower case, `container|sub`.
    pub wire_name: &'static str,
    /// The fewest arguments, name included.
    pub arity_min: usize,
    /// Whether more than the fewest are allowed.
    pub arity_open: bool,
    /// Where its keys are.
    pub keys: Vec<KeySpec>,
    /// Its subcommands' places in the table.
    pub subs: Vec<usize>,
    /// Whether its name alone says that it is called: no container, and none of a container's.
    pub is_plain: bool,
    /// The position of its only key; 0 if it has none, or may have several.
    only_key: usize,
    /// For a command of one or more keys: the first position, how many arguments belong to each
    /// key, and how many follow the last one. A step of 0 stands for any other command.
    run_of_keys: (usize, usize, usize),
    /// The position of the argument that is looked for in the key's container; 0 if there is none.
    pub member: usize,
    /// Whether it runs alone, with everything locked, when it has more arguments than `alone_from`.
    pub alone_from: usize,
    /// What shows the keys that it touches and does not name.
    implied: Option<Implied>,
    /// Options that make it run alone, if not all requests so long do, see [`Trait::Patterns`].
    patterns: &'static [&'static str],
}

/// All commands.
pub struct Table {
    entries: Vec<Entry>,
    places: Vec<u16>,
}

const NONE: u16 = u16::MAX;

/// How many commands a table can hold.
const MOST: usize = 4096;

impl Table {
    /// The table of these engines' commands.
    pub fn new(engines: &[&'static Engine]) -> Table {
        let mut table = Table { entries: Vec::new(), places: vec![NONE; MOST * 2] };
        for engine in engines {
            for command in engine.commands {
                let index = table.add(command, engine);
                let mask = table.places.len() - 1;
                let mut at = fold(command.name.as_bytes()) as usize & mask;
                while table.places[at] != NONE {
                    at = (at + 1) & mask;
                }
                table.places[at] = index as u16;
                table.entries[index].is_plain = !matches!(command.run, Run::Group(_));
                if let Run::Group(subs) = command.run {
                    let subs = subs.iter().map(|sub| table.add(sub, engine)).collect();
                    table.entries[index].subs = subs;
                }
            }
        }
        table
    }

    fn add(&mut self, command: &'static Command, engine: &'static Engine) -> usize {
        assert!(self.entries.len() < MOST, "more than {MOST} commands");
        let index = self.entries.len();
        let words = command.name.split(' ').count();
        let keys = specs(command.args, words);
        let (least, open) = match command.run {
            // A container whose name alone is a command has it among its subcommands.
            Run::Group(subs) => {
                (usize::from(!subs.iter().any(|sub| sub.name == command.name)), true)
            }
            _ => arity(command.args),
        };
        let patterns = command.also.iter().find_map(|also| match also {
            Trait::Patterns(options) => Some(*options),
            _ => None,
        });
        let patterns = patterns.unwrap_or_default();
        let only_key = match keys[..] {
            _ if !patterns.is_empty() => 0,
            [KeySpec { begin: Begin::Index(at), find: Find::Range { last: 0, .. }, .. }] => at,
            _ => 0,
        };
        let run_of_keys = match keys[..] {
            _ if !patterns.is_empty() => (0, 0, 0),
            [KeySpec { begin: Begin::Index(at), find: Find::Range { last, step }, .. }]
                if last < 0 =>
            {
                (at, step, last.unsigned_abs() - 1)
            }
            _ => (0, 0, 0),
        };
        let member = command.also.iter().find_map(|also| match also {
            Trait::Member(at) if only_key != 0 => Some(*at),
            _ => None,
        });
        let member = member.unwrap_or(0);
        self.entries.push(Entry {
            command,
            engine,
            index,
            // Leaked once per command and process: names are asked for on every path that counts.
            wire_name: String::leak(command.wire_name()),
            arity_min: words + least,
            arity_open: open,
            alone_from: alone_from(command, words + least),
            keys,
            subs: Vec::new(),
            is_plain: false,
            only_key,
            run_of_keys,
            member,
            implied: command.also.iter().find_map(|also| match also {
                Trait::Implies(implied) => Some(*implied),
                _ => None,
            }),
            patterns,
        });
        index
    }

    /// All entries, subcommands behind their container.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The command of this name, without looking at subcommands.
    #[inline]
    pub fn by_name(&self, name: &[u8]) -> Option<&Entry> {
        let mask = self.places.len() - 1;
        let mut at = fold(name) as usize & mask;
        loop {
            let place = self.places[at];
            if place == NONE {
                return None;
            }
            let entry = &self.entries[place as usize];
            if entry.command.name.as_bytes().eq_ignore_ascii_case(name) {
                return Some(entry);
            }
            at = (at + 1) & mask;
        }
    }

    /// The subcommand of this name; `None` asks for the command that the container's name alone is.
    pub fn sub(&self, container: &Entry, name: Option<&[u8]>) -> Option<&Entry> {
        container.subs.iter().map(|&index| &self.entries[index]).find(|entry| {
            match (entry.command.name.split_once(' '), name) {
                (Some((_, sub)), Some(name)) => sub.as_bytes().eq_ignore_ascii_case(name),
                (None, None) => true,
                _ => false,
            }
        })
    }

    /// The command that a request calls; a container itself if it names no subcommand of its.
    #[inline]
    pub fn called(&self, request: Request<'_>) -> Option<&Entry> {
        let entry = self.by_name(request.name())?;
        if let Run::Group(_) = entry.command.run
            && let Some(sub) = self.sub(entry, request.get(1))
        {
            return Some(sub);
        }
        Some(entry)
    }

    /// The subcommands of a container that have a name of their own.
    pub fn subs<'t>(&'t self, container: &'t Entry) -> impl Iterator<Item = &'t Entry> {
        let subs = container.subs.iter().map(|&index| &self.entries[index]);
        subs.filter(|entry| entry.command.name.contains(' '))
    }

    /// The commands that a client finds by their first word: all but subcommands.
    pub fn top(&self) -> impl Iterator<Item = &Entry> {
        // A command that is its container's name alone stands behind the container.
        self.entries.iter().filter(|entry| match self.by_name(entry.command.name.as_bytes()) {
            Some(found) => found.index == entry.index,
            None => false,
        })
    }

    /// The command of a name as COMMAND INFO is given it: `get`, `config|get`.
    pub fn by_wire_name(&self, name: &[u8]) -> Option<&Entry> {
        match name.iter().position(|&byte| byte == b'|') {
            None => self.by_name(name),
            Some(at) => self.sub(self.by_name(&name[..at])?, Some(&name[at + 1..])),
        }
    }
}

/// Folds a name to 64 bits; names that differ only in case fold alike.
#[inline]
fn fold(name: &[u8]) -> u64 {
    let mut folded = name.len() as u64;
    for chunk in name.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        // Clearing bit 5 folds the letters; what it does to other bytes is settled by the compare.
        let word = u64::from_le_bytes(word) & 0xDFDF_DFDF_DFDF_DFDF;
        folded = (folded.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    folded >> 40
}

/// The fewest arguments a grammar takes, and whether it takes more.
fn arity(args: &[Arg]) -> (usize, bool) {
    let mut least = 0;
    let mut open = false;
    for arg in args {
        let (more, more_open) = arg_arity(arg);
        least += more;
        open |= more_open;
    }
    (least, open)
}

fn arg_arity(arg: &Arg) -> (usize, bool) {
    match arg {
        Arg::Key(..) | Arg::Value(..) | Arg::Word(_) => (1, false),
        Arg::Tagged(_, inner) => {
            let (least, open) = arg_arity(inner);
            (least + 1, open)
        }
        Arg::Maybe(_) | Arg::AnyOrder(_) => (0, true),
        Arg::OneOf(choices) => {
            let all: Vec<_> = choices.iter().map(arg_arity).collect();
            let least = all.iter().map(|&(least, _)| least).min().unwrap_or(0);
            (least, all.iter().any(|&(other, open)| open || other != least))
        }
        Arg::Group(parts) => arity(parts),
        Arg::Many(inner) => (arg_arity(inner).0, true),
        Arg::Counted(inner) => (1 + arg_arity(inner).0, true),
        Arg::Halves(first, second) => (arg_arity(first).0 + arg_arity(second).0, true),
    }
}

/// From how many arguments on a command may reach into another database, or all of this one.
fn alone_from(command: &Command, least: usize) -> usize {
    fn names_database(arg: &Arg) -> bool {
        match arg {
            Arg::Value(_, Type::Database) => true,
            Arg::Tagged(_, inner) | Arg::Maybe(inner) | Arg::Many(inner) | Arg::Counted(inner) => {
                names_database(inner)
            }
            Arg::OneOf(parts) | Arg::Group(parts) | Arg::AnyOrder(parts) => {
                parts.iter().any(names_database)
            }
            Arg::Key(..) | Arg::Value(..) | Arg::Word(_) | Arg::Halves(..) => false,
        }
    }
    fn required(arg: &Arg) -> bool {
        !matches!(arg, Arg::Maybe(_) | Arg::AnyOrder(_))
    }
    match command.run {
        // What follows it within a transaction touches keys of another database.
        Run::Session(_) if command.args.iter().any(names_database) => 0,
        Run::Write(_) if command.is(Trait::Alone) || specs(command.args, 1).is_empty() => 0,
        Run::Write(_) if command.args.iter().any(|arg| required(arg) && names_database(arg)) => 0,
        Run::Write(_) if command.args.iter().any(names_database) => least + 1,
        // An option and its value.
        _ if command.also.iter().any(|also| matches!(also, Trait::Patterns(_))) => least + 2,
        _ => usize::MAX,
    }
}

impl Entry {
    /// Whether this many arguments, name included, are right.
    #[inline]
    pub fn takes(&self, count: usize) -> bool {
        count == self.arity_min || (count > self.arity_min && self.arity_open)
    }

    /// The position of the only key of a request; `None` if it has none or several, or if only a
    /// closer look would tell.
    #[inline]
    pub fn sole_key(&self, args: Request<'_>) -> Option<usize> {
        if self.only_key != 0 {
            return Some(self.only_key);
        }
        let (at, step, behind) = self.run_of_keys;
        let end = args.len().saturating_sub(behind);
        (at < end && end - at <= step).then_some(at)
    }

    /// Whether a request must have everything for itself.
    #[inline]
    pub fn is_alone(&self, args: Request<'_>) -> bool {
        args.len() >= self.alone_from && (self.patterns.is_empty() || self.has_pattern(args))
    }

    /// Whether an option names a pattern of keys.
    fn has_pattern(&self, args: Request<'_>) -> bool {
        (self.arity_min..args.len()).any(|at| {
            self.patterns.iter().any(|option| args.arg(at).eq_ignore_ascii_case(option.as_bytes()))
                && args.arg(at + 1).contains(&b'*')
        })
    }

    /// Whether options of it may name patterns of keys.
    pub fn may_have_patterns(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// The arity as COMMAND prints it: negative if more are allowed.
    pub fn arity(&self) -> i64 {
        let least = self.arity_min as i64;
        if self.arity_open { -least } else { least }
    }

    /// Whether its cost is small.
    pub fn is_fast(&self) -> bool {
        let command = self.command;
        match command.cost {
            _ if command.is(Trait::Fast) => true,
            _ if command.is(Trait::Slow) => false,
            _ if matches!(command.run, Run::Group(_)) => false,
            Cost::Constant | Cost::Logarithmic | Cost::Each(_) => true,
            Cost::Linear(_) => false,
        }
    }

    /// The positions of the keys of a request; `None` if the request does not say.
    pub fn key_positions(&self, args: Request<'_>) -> Option<Vec<usize>> {
        let mut positions = Vec::new();
        for spec in &self.keys {
            positions.extend(spec.positions(args)?);
        }
        Some(positions)
    }

    /// The positions of the keys whose values a request may change where they are.
    pub fn edited_keys(&self, args: Request<'_>) -> impl Iterator<Item = usize> {
        let edited = self.keys.iter().filter(|spec| spec.access.edits());
        edited.filter_map(move |spec| spec.positions(args)).flatten()
    }

    /// Whether a request touches keys that it does not name.
    #[inline]
    pub fn reaches_further(&self, shelf: &Shelf, args: Request<'_>) -> bool {
        let Some(Implied(show)) = self.implied else { return false };
        let mut is_any = false;
        show(shelf, args, &mut |_| is_any = true);
        is_any
    }

    /// Adds the stripes of a request's keys, those that it does not name included.
    pub fn stripes(
        &self,
        keyspace: &Keyspace,
        shelf: &Shelf,
        database: usize,
        args: Request<'_>,
        to: &mut Vec<StripeId>,
    ) {
        let mut add = |key: &[u8]| to.push(keyspace.stripe_of(database, keyspace.hash(key)));
        for spec in &self.keys {
            for at in spec.positions(args).into_iter().flatten() {
                add(args.arg(at));
            }
        }
        if let Some(Implied(show)) = self.implied {
            show(shelf, args, &mut add);
        }
    }
}
