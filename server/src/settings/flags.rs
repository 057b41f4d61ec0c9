//! The command line of redis-server: `[FILE] [-] [--directive value ...]`.
//!
//! It is read by hand, not with clap: a flag takes every word up to the next `--` (`--save 60 1
//! --port 7000`), a flag's first word is its value even when it begins with dashes (`--requirepass
//! --x`), flag and value may be one argument (`"--port 7000"`), and `--save` before another flag
//! means `--save ""`. A flag is a line of the file said elsewhere, so it goes through the same
//! checks and the same errors. clap has no word for these rules, and its own (`--port=7000`, `-p`,
//! stop at `--`) would accept what redis-server refuses.
//!
//! Not here: which names exist (`start`), the text of `--help` (`page`).

use super::file::{Directive, Place, split_words};

/// What the command line asks for, before any name or value is looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// `-h` or `--help` came first.
    pub help: bool,
    /// `-v` or `--version` came first.
    pub version: bool,
    /// The configuration file.
    pub file: Option<Vec<u8>>,
    /// A lone `-`: read more configuration from standard input, after the file.
    pub stdin: bool,
    /// The flags as directives, in order; their names have no dashes.
    pub directives: Vec<Directive>,
    /// Words that belong to no flag.
    pub stray: Vec<String>,
}

/// Reads the arguments after the name of the program.
pub fn parse(args: &[Vec<u8>]) -> Line {
    let mut line = Line::default();
    if let [only] = args {
        line.help = matches!(&only[..], b"-h" | b"--help");
        line.version = matches!(&only[..], b"-v" | b"--version");
        if line.help || line.version {
            return line;
        }
    }
    let mut rest = args;
    if let [first, after @ ..] = rest
        && !first.starts_with(b"-")
    {
        line.file = Some(first.clone());
        rest = after;
    }
    // While this is set the next argument is a value, whatever it looks like.
    let mut value_is_due = false;
    let count = rest.len();
    for (index, arg) in rest.iter().enumerate() {
        if arg == b"-" && (index == 0 || index + 1 == count) {
            line.stdin = true;
            continue;
        }
        let next = rest.get(index + 1);
        match arg.strip_prefix(b"--") {
            Some(flag) if !value_is_due => {
                let directive = flag_directive(flag);
                value_is_due = directive.words.is_empty();
                let save_nothing = directive.name.eq_ignore_ascii_case("save")
                    && next.is_none_or(|next| next.starts_with(b"--"));
                if value_is_due && save_nothing {
                    value_is_due = false;
                }
                line.directives.push(directive);
                if save_nothing && let Some(last) = line.directives.last_mut() {
                    last.words.push(Vec::new());
                }
            }
            _ => {
                value_is_due = false;
                match line.directives.last_mut() {
                    Some(last) => last.words.push(arg.clone()),
                    None => line.stray.push(String::from_utf8_lossy(arg).into_owned()),
                }
            }
        }
    }
    line
}

/// `port`, or `port 7000` when flag and value were one argument.
fn flag_directive(flag: &[u8]) -> Directive {
    let mut words = split_words(flag).unwrap_or_else(|| vec![flag.to_vec()]).into_iter();
    let name = String::from_utf8_lossy(&words.next().unwrap_or_default()).into_owned();
    // What follows `=` may be a secret that was meant as a value, and a place is shown.
    let shown = name.split('=').next().unwrap_or_default();
    let place = Place::Flag(format!("--{shown}"));
    Directive { place, name, words: words.collect(), line: String::new() }
}
