//! command/keyspec.rs — where a command's keys are, read off its grammar.
//!
//! A [`KeySpec`] says where a run of keys begins and how far it goes, in the terms of COMMAND INFO;
//! a command has as many as its grammar has runs. Positions count the name as 0, and a subcommand's
//! name as two words.

use mainstay_protocol::Request;

use super::schema::{Access, Arg};

/// A run of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpec {
    /// Where it begins.
    pub begin: Begin,
    /// How far it goes.
    pub find: Find,
    /// What the command does to these keys.
    pub access: Access,
    /// The options of the command and how many values each has, so that a value that looks like an
    /// option is not taken for one. Only where the run begins behind a word.
    pub options: &'static [(&'static str, usize)],
}

/// Where a run of keys begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At this argument.
    Index(usize),
    /// Behind this word, looked for from an argument on.
    Keyword(&'static str, usize),
}

/// How far a run of keys goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    /// To `last` arguments behind the beginning, or, if negative, to that many before the end of
    /// the request (-1 is the last argument); every `step`-th is a key.
    Range { last: isize, step: usize },
    /// The first argument says how many follow; the first is `first` arguments behind it, and from
    /// there on every `step`-th argument is one.
    Counted { first: usize, step: usize },
    /// To the middle of what is left of the request.
    Half,
}

/// The key runs of a grammar that starts at argument `at`.
pub fn specs(args: &[Arg], at: usize) -> Vec<KeySpec> {
    let mut specs = Vec::new();
    let mut position = Some(at);
    let mut start = at;
    for (index, arg) in args.iter().enumerate() {
        start = position.unwrap_or(start);
        collect(arg, &mut position, start, tail_len(&args[index + 1..]), &mut specs);
    }
    let mut specs = merge(specs);
    if specs.iter().any(|spec| matches!(spec.begin, Begin::Keyword(..))) {
        let mut found = Vec::new();
        args.iter().for_each(|arg| options(arg, &mut found));
        // Once per command and process.
        let found: &'static [_] = Vec::leak(found);
        specs.iter_mut().for_each(|spec| spec.options = found);
    }
    specs
}

/// The words of a grammar that have a fixed number of values.
fn options(arg: &Arg, found: &mut Vec<(&'static str, usize)>) {
    match arg {
        Arg::Tagged(word, inner) => found.extend(fixed_len(inner).map(|len| (*word, len))),
        Arg::Maybe(inner) | Arg::Many(inner) => options(inner, found),
        Arg::OneOf(parts) | Arg::AnyOrder(parts) | Arg::Group(parts) => {
            parts.iter().for_each(|part| options(part, found));
        }
        Arg::Key(..) | Arg::Value(..) | Arg::Word(_) => {}
        Arg::Counted(_) | Arg::Halves(..) => {}
    }
}

/// How many arguments a fixed grammar takes; `None` if that varies.
fn fixed_len(arg: &Arg) -> Option<usize> {
    match arg {
        Arg::Key(..) | Arg::Value(..) | Arg::Word(_) => Some(1),
        Arg::Tagged(_, inner) => fixed_len(inner).map(|len| len + 1),
        Arg::Group(parts) => parts.iter().map(fixed_len).sum(),
        Arg::OneOf(choices) => {
            let mut lens = choices.iter().map(fixed_len);
            let first = lens.next()??;
            lens.all(|len| len == Some(first)).then_some(first)
        }
        Arg::Maybe(_) | Arg::Many(_) | Arg::AnyOrder(_) => None,
        Arg::Counted(_) | Arg::Halves(..) => None,
    }
}

fn tail_len(args: &[Arg]) -> Option<usize> {
    args.iter().map(fixed_len).sum()
}

fn collect(
    arg: &Arg,
    position: &mut Option<usize>,
    start: usize,
    tail: Option<usize>,
    specs: &mut Vec<KeySpec>,
) {
    match arg {
        Arg::Key(_, access) => {
            if let Some(at) = *position {
                let find = Find::Range { last: 0, step: 1 };
                specs.push(KeySpec {
                    begin: Begin::Index(at),
                    find,
                    access: *access,
                    options: &[],
                });
            }
        }
        Arg::Many(inner) => {
            if let (Some(at), Some(tail)) = (*position, tail) {
                let key = match inner {
                    Arg::Key(_, access) => Some((0, 1, *access)),
                    Arg::Group(parts) => key_among(parts),
                    _ => None,
                };
                if let Some((index, step, access)) = key {
                    let find = Find::Range { last: -1 - tail as isize, step };
                    specs.push(KeySpec {
                        begin: Begin::Index(at + index),
                        find,
                        access,
                        options: &[],
                    });
                }
            }
        }
        Arg::Counted(inner) => {
            let key = match inner {
                Arg::Key(_, access) => Some((0, 1, *access)),
                Arg::Group(parts) => key_among(parts),
                _ => None,
            };
            if let (Some(at), Some((index, step, access))) = (*position, key) {
                let (begin, find) = (Begin::Index(at), Find::Counted { first: index + 1, step });
                specs.push(KeySpec { begin, find, access, options: &[] });
            }
        }
        Arg::Tagged(word, Arg::Key(_, access)) => {
            let begin = Begin::Keyword(word, position.unwrap_or(start));
            let find = Find::Range { last: 0, step: 1 };
            specs.push(KeySpec { begin, find, access: *access, options: &[] });
        }
        Arg::Tagged(word, Arg::Halves(Arg::Key(_, access), _)) => {
            let begin = Begin::Keyword(word, position.unwrap_or(start));
            specs.push(KeySpec { begin, find: Find::Half, access: *access, options: &[] });
        }
        Arg::Group(parts) => {
            for (index, part) in parts.iter().enumerate() {
                collect(part, position, start, tail_len(&parts[index + 1..]), specs);
            }
            return;
        }
        Arg::OneOf(parts) | Arg::AnyOrder(parts) => {
            for part in *parts {
                let mut unknown = None;
                collect(part, &mut unknown, position.unwrap_or(start), None, specs);
            }
        }
        // A run of none is a run.
        Arg::Maybe(inner @ Arg::Many(_)) => {
            let mut position = *position;
            collect(inner, &mut position, start, tail, specs);
        }
        Arg::Maybe(inner) => {
            let mut unknown = None;
            collect(inner, &mut unknown, position.unwrap_or(start), None, specs);
        }
        Arg::Value(..) | Arg::Word(_) | Arg::Tagged(..) | Arg::Halves(..) => {}
    }
    *position = match (*position, fixed_len(arg)) {
        (Some(at), Some(len)) => Some(at + len),
        _ => None,
    };
}

/// Where the key is in a group that is repeated, how long the group is, and what is done to it.
fn key_among(parts: &[Arg]) -> Option<(usize, usize, Access)> {
    parts.iter().enumerate().find_map(|(index, part)| {
        let Arg::Key(_, access) = part else { return None };
        Some((index, parts.len(), *access))
    })
}

/// Joins neighbouring single keys of equal access (`RENAME key newkey` stays two runs).
fn merge(specs: Vec<KeySpec>) -> Vec<KeySpec> {
    let mut merged: Vec<KeySpec> = Vec::new();
    for spec in specs {
        if let (
            Some(KeySpec {
                begin: Begin::Index(first),
                find: Find::Range { last, step: 1 },
                access,
                ..
            }),
            KeySpec { begin: Begin::Index(at), find: Find::Range { last: 0, step: 1 }, .. },
        ) = (merged.last_mut(), spec)
            && *last >= 0
            && *access == spec.access
            && at == *first + *last as usize + 1
        {
            *last += 1;
            continue;
        }
        merged.push(spec);
    }
    merged
}

impl KeySpec {
    /// Where the last option of this name has its value: the last one holds. What goes on to the
    /// end of the request begins at the first.
    fn behind(&self, word: &str, from: usize, args: Request<'_>) -> Option<usize> {
        let (mut at, mut found) = (from, None);
        while at + 1 < args.len() {
            let is = |word: &str| args.arg(at).eq_ignore_ascii_case(word.as_bytes());
            if is(word) {
                found = Some(at + 1);
                if self.find == Find::Half {
                    break;
                }
            }
            at += 1 + self.options.iter().find(|(name, _)| is(name)).map_or(0, |(_, len)| *len);
        }
        found
    }

    /// The positions of the run's keys in a request; `None` if the request does not say how many.
    pub fn positions(&self, args: Request<'_>) -> Option<impl Iterator<Item = usize> + use<>> {
        let len = args.len();
        let begin = match self.begin {
            Begin::Index(at) => at,
            Begin::Keyword(word, from) => match self.behind(word, from, args) {
                Some(at) => at,
                None => return Some((0..0).step_by(1)),
            },
        };
        match self.find {
            Find::Range { last, step } => {
                let end = if last < 0 {
                    len.checked_add_signed(last).map_or(0, |last| last + 1)
                } else {
                    begin + last as usize + 1
                };
                Some((begin..end.min(len).max(begin)).step_by(step))
            }
            Find::Half => Some((begin..begin + (len - begin.min(len)) / 2).step_by(1)),
            Find::Counted { first, step } => {
                let count = super::options::parse_integer(args.arg(begin))?;
                let count = usize::try_from(count).ok().filter(|&count| count > 0)?;
                let taken = count.checked_mul(step)?;
                let end = (begin + 1).checked_add(taken).filter(|&end| end <= len)?;
                Some((begin + first..end).step_by(step))
            }
        }
    }
}
