//! command/argument.rs — a grammar as COMMAND DOCS and the docs' syntax lines tell it.
//!
//! A command's [`Arg`]s are written for checking and for finding keys; Redis describes arguments as
//! a tree of named parts with tokens and flags. This turns the one into the other.

use std::fmt::Write as _;

use super::schema::{Arg, Type};

/// One argument in Redis's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// What people call it, in lower case.
    pub name: String,
    /// `string`, `integer`, `double`, `key`, `pattern`, `unix-time`, `pure-token`, `oneof` or
    /// `block`.
    pub sort: &'static str,
    /// The fixed word in front of it.
    pub token: Option<&'static str>,
    /// Which of the command's key specifications it belongs to.
    pub key_spec: Option<usize>,
    /// May be left out.
    pub optional: bool,
    /// May be repeated.
    pub multiple: bool,
    /// Its token is repeated with it.
    pub multiple_token: bool,
    /// The parts of a `oneof` or a `block`.
    pub parts: Vec<Argument>,
}

/// The arguments of a grammar; `specs` is how many key specifications the command has.
pub fn arguments(args: &[Arg], specs: usize) -> Vec<Argument> {
    let mut keys = 0;
    let mut all: Vec<Argument> = args.iter().flat_map(|arg| build(arg, &mut keys)).collect();
    // Neighbouring keys may share a specification, which stands for all that follow.
    all.iter_mut().for_each(|argument| argument.bound_key_spec(specs));
    all
}

fn build(arg: &Arg, keys: &mut usize) -> Vec<Argument> {
    match arg {
        Arg::Key(name, _) => {
            *keys += 1;
            vec![Argument { key_spec: Some(*keys - 1), ..Argument::plain(name, "key") }]
        }
        Arg::Value(name, sort) => vec![Argument::plain(name, type_name(*sort))],
        Arg::Word(word) => vec![Argument {
            token: Some(word),
            ..Argument::plain(&word.to_ascii_lowercase(), "pure-token")
        }],
        Arg::Tagged(word, inner) => {
            let mut argument = one(inner, keys);
            argument.token = Some(word);
            vec![argument]
        }
        Arg::Maybe(inner) => {
            let mut all = build(inner, keys);
            if !matches!(inner, Arg::AnyOrder(_)) && all.len() > 1 {
                all = vec![Argument::block(all)];
            }
            all.iter_mut().for_each(|argument| argument.optional = true);
            all
        }
        Arg::OneOf(choices) => {
            let parts: Vec<Argument> = choices.iter().map(|choice| one(choice, keys)).collect();
            let name = match &parts[..] {
                [first, second] => format!("{}-or-{}", first.name, second.name),
                _ => "alternatives".into(),
            };
            vec![Argument { parts, ..Argument::plain(&name, "oneof") }]
        }
        Arg::Group(parts) => {
            let parts = parts.iter().flat_map(|part| build(part, keys)).collect();
            vec![Argument::block(parts)]
        }
        Arg::Many(inner) => {
            let mut argument = one(inner, keys);
            argument.multiple = true;
            argument.multiple_token = argument.token.is_some() && argument.sort != "pure-token";
            vec![argument]
        }
        Arg::AnyOrder(parts) => {
            let mut all: Vec<Argument> = parts.iter().flat_map(|part| build(part, keys)).collect();
            all.iter_mut().for_each(|argument| argument.optional = true);
            all
        }
        Arg::Counted(inner) => {
            let mut argument = one(inner, keys);
            argument.multiple = true;
            let name = match inner {
                _ if has_key(inner) => "numkeys",
                Arg::Value(_, Type::StreamId) => "numids",
                _ => "numfields",
            };
            vec![Argument::plain(name, "integer"), argument]
        }
        Arg::Halves(first, second) => {
            let mut both = [one(first, keys), one(second, keys)];
            both.iter_mut().for_each(|argument| argument.multiple = true);
            both.into()
        }
    }
}

/// Whether it is a key, or begins with one.
fn has_key(arg: &Arg) -> bool {
    matches!(arg, Arg::Key(..) | Arg::Group([Arg::Key(..), ..]))
}

/// As `build`, with several arguments made one block.
fn one(arg: &Arg, keys: &mut usize) -> Argument {
    let mut all = build(arg, keys);
    match all.len() {
        1 => all.remove(0),
        _ => Argument::block(all),
    }
}

fn type_name(sort: Type) -> &'static str {
    match sort {
        Type::Bytes | Type::Channel | Type::ShardChannel | Type::StreamId => "string",
        Type::Integer | Type::Count | Type::Positive | Type::Flag | Type::Duration => "integer",
        Type::Database | Type::Cursor => "integer",
        Type::Float | Type::Timeout => "double",
        Type::Deadline => "unix-time",
        Type::Pattern => "pattern",
    }
}

impl Argument {
    fn plain(name: &str, sort: &'static str) -> Argument {
        Argument {
            name: name.into(),
            sort,
            token: None,
            key_spec: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            parts: Vec::new(),
        }
    }

    fn block(parts: Vec<Argument>) -> Argument {
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        let name = if names.len() <= 2 { names.join("-") } else { "block".into() };
        Argument { parts, ..Argument::plain(&name, "block") }
    }

    fn bound_key_spec(&mut self, specs: usize) {
        self.key_spec = match (self.key_spec, specs) {
            (_, 0) | (None, _) => None,
            (Some(at), specs) => Some(at.min(specs - 1)),
        };
        self.parts.iter_mut().for_each(|part| part.bound_key_spec(specs));
    }

    /// `optional`, `multiple`, `multiple_token`: those that hold.
    pub fn flags(&self) -> Vec<&'static str> {
        let all = [
            ("optional", self.optional),
            ("multiple", self.multiple),
            ("multiple_token", self.multiple_token),
        ];
        all.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect()
    }

    /// What stands for it in a syntax line, without the marks of optional and multiple.
    fn bare(&self) -> String {
        let body = match self.sort {
            "pure-token" => String::new(),
            "oneof" => {
                let all: Vec<String> = self.parts.iter().map(Argument::bare).collect();
                // Brackets of an optional choice are enough to hold it together.
                let joined = all.join(" | ");
                if self.optional && self.token.is_none() && !self.multiple {
                    joined
                } else {
                    format!("<{joined}>")
                }
            }
            "block" => syntax(&self.parts),
            _ => self.name.clone(),
        };
        match self.token {
            Some(token) if body.is_empty() => token.into(),
            Some(token) => format!("{token} {body}"),
            None => body,
        }
    }
}

/// A syntax line: `key value [NX | XX] [GET]`.
pub fn syntax(arguments: &[Argument]) -> String {
    let mut line = String::new();
    for argument in arguments {
        let bare = argument.bare();
        let body = if argument.multiple { format!("{bare} [{bare} ...]") } else { bare };
        let space = if line.is_empty() { "" } else { " " };
        let _ = match argument.optional {
            true => write!(line, "{space}[{body}]"),
            false => write!(line, "{space}{body}"),
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Access;

    fn check(args: &[Arg], specs: usize, line: &str) -> Vec<Argument> {
        let all = arguments(args, specs);
        assert_eq!(syntax(&all), line);
        all
    }

    #[test]
    fn a_syntax_line_says_what_may_be_left_out_and_what_repeats() {
        check(
            &[
                Arg::Key("key", Access::Exchange("GET")),
                Arg::Value("value", Type::Bytes),
                Arg::AnyOrder(&[
                    Arg::OneOf(&[Arg::Word("NX"), Arg::Word("XX")]),
                    Arg::Word("GET"),
                    Arg::OneOf(&[
                        Arg::Tagged("EX", &Arg::Value("seconds", Type::Duration)),
                        Arg::Tagged("EXAT", &Arg::Value("unix-time-seconds", Type::Deadline)),
                        Arg::Word("KEEPTTL"),
                    ]),
                ]),
            ],
            1,
            "key value [NX | XX] [GET] [EX seconds | EXAT unix-time-seconds | KEEPTTL]",
        );
        let pair =
            Arg::Group(&[Arg::Key("key", Access::Replace), Arg::Value("value", Type::Bytes)]);
        let pair: &'static Arg = Box::leak(Box::new(pair));
        check(&[Arg::Many(pair)], 1, "key value [key value ...]");
        let get = Arg::Tagged("GET", &Arg::Value("pattern", Type::Pattern));
        let get: &'static Arg = Box::leak(Box::new(Arg::Many(Box::leak(Box::new(get)))));
        let all = check(&[Arg::Maybe(get)], 0, "[GET pattern [GET pattern ...]]");
        assert_eq!(all[0].flags(), ["optional", "multiple", "multiple_token"]);
        check(&[Arg::Counted(&Arg::Key("key", Access::Look))], 1, "numkeys key [key ...]");
    }

    #[test]
    fn keys_that_share_a_specification_name_it_both() {
        let args = [Arg::Key("key1", Access::Look), Arg::Key("key2", Access::Look)];
        let specs = |count| -> Vec<_> {
            arguments(&args, count).iter().map(|argument| argument.key_spec).collect()
        };
        assert_eq!(specs(1), [Some(0), Some(0)]);
        assert_eq!(specs(2), [Some(0), Some(1)]);
    }
}
