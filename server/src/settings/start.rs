//! From the arguments of the process to its settings, with every mistake reported at once.
//!
//! Order of precedence is Redis's: defaults, the file, standard input (`-`), flags; later wins.
//! Whether a value of a setting marked `Absent` is refused is decided at the end, on the value that
//! won, so `daemonize yes` in a file can be taken back by `--daemonize no`.
//!
//! Invariant: either all is well and there are settings, or nothing is started and there are
//! problems.
//! Not here: opening what the settings name (sockets, log file, folder).

use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::catalog;
use super::file::{self, Directive, Place, Sink};
use super::flags;
use super::known;
use super::page;
use super::schema::{Effect, Setting, Shape};
use super::store::{Settings, Table};
use super::value::{Value, parse};

/// More problems than this are counted, not shown.
pub const PROBLEMS_SHOWN_MAX: usize = 20;

/// What the process was asked to do.
#[derive(Debug)]
pub enum Start {
    /// Serve with these settings.
    Serve(Box<Configured>),
    /// Print this text to standard output and leave with success.
    Print(String),
}

/// The settings and what is worth a log line about them.
#[derive(Debug)]
pub struct Configured {
    /// All values.
    pub settings: Settings,
    /// Directives that were given and change nothing here, each once.
    pub idle: Vec<String>,
}

/// Something wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub text: String,
    /// The line as written; empty for a flag and where it may hold a secret.
    pub line: String,
}

/// Everything that is wrong with the configuration; shown as one line or two per problem.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// The first `PROBLEMS_SHOWN_MAX`.
    pub shown: Vec<Problem>,
    /// How many more there are.
    pub further: usize,
}

/// The arguments of this process without the name of the program, for `start`.
pub fn arguments() -> Vec<Vec<u8>> {
    std::env::args_os().skip(1).map(OsString::into_vec).collect()
}

/// Reads arguments (without the name of the program), file and, if asked for, standard input.
///
/// # Errors
/// All problems of file and flags together.
pub fn start(
    own: &[&'static Setting],
    args: &[Vec<u8>],
    stdin: &mut dyn Read,
) -> Result<Start, Problems> {
    let line = flags::parse(args);
    if line.help {
        return Ok(Start::Print(page::help(own)));
    }
    if line.version {
        return Ok(Start::Print(page::version()));
    }
    let table = Table::new(own);
    let mut draft = Draft::new(&table);
    let path = line.file.map(|path| PathBuf::from(OsString::from_vec(path)));
    if let Some(path) = &path {
        file::read(path, &mut draft);
    }
    if line.stdin {
        file::read_stream("standard input", stdin, &mut draft);
    }
    for word in line.stray {
        let text = "is neither the first argument (a file) nor the value of a flag".into();
        draft.problem(Place::Flag(word), "", text);
    }
    for directive in line.directives {
        if directive.name.eq_ignore_ascii_case("include") {
            file::read_included(&directive.place, &directive.words, &mut draft);
        } else {
            draft.directive(directive);
        }
    }
    draft.finish().map(|(values, idle)| {
        // REWRITE may come after a change of folder, so the path is made absolute now.
        let path = path.map(|path| std::path::absolute(&path).unwrap_or(path));
        let settings = Settings::with(table, values, path);
        Start::Serve(Box::new(Configured { settings, idle }))
    })
}

/// Values under construction.
pub(super) struct Draft<'t> {
    table: &'t Table,
    given: Vec<Option<Given>>,
    idle: Vec<String>,
    problems: Problems,
}

struct Given {
    value: Value,
    place: Place,
    line: String,
}

impl<'t> Draft<'t> {
    pub(super) fn new(table: &'t Table) -> Draft<'t> {
        let given = table.all().iter().map(|_| None).collect();
        Draft { table, given, idle: Vec::new(), problems: Problems::default() }
    }

    /// The value of a setting so far, if one was given.
    pub(super) fn given(&self, index: usize) -> Option<&Value> {
        self.given[index].as_ref().map(|given| &given.value)
    }

    /// All values and the idle directives that were given.
    fn finish(mut self) -> Result<(Vec<Value>, Vec<String>), Problems> {
        let mut values = Vec::with_capacity(self.given.len());
        self.keep_data_in_given_folder();
        for (setting, given) in self.table.all().iter().zip(std::mem::take(&mut self.given)) {
            let Some(Given { value, place, line }) = given else {
                values.push(setting.default_value());
                continue;
            };
            if let Err(sentence) = setting.permits(&value) {
                let given = if setting.secret { String::new() } else { said(&value.text()) };
                let subject = subject(&place, setting.name, &given);
                self.problem(place, &line, format!("{subject}{sentence}"));
            }
            values.push(value);
        }
        if self.problems.shown.is_empty() { Ok((values, self.idle)) } else { Err(self.problems) }
    }

    /// Whoever says where data belongs wants it kept, unless they say otherwise.
    fn keep_data_in_given_folder(&mut self) {
        let at = |setting: &Setting| self.table.find(setting.name.as_bytes());
        let (Some(dir), Some(appendonly)) = (at(&catalog::DIR), at(&catalog::APPENDONLY)) else {
            return;
        };
        if let (Some(Given { place, line, .. }), None) = (&self.given[dir], &self.given[appendonly])
        {
            let (value, place, line) = (Value::Bool(true), place.clone(), line.clone());
            self.given[appendonly] = Some(Given { value, place, line });
        }
    }

    fn note_idle(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        if !self.idle.contains(&name) {
            self.idle.push(name);
        }
    }

    /// What is wrong with a name that is no setting, or `None` if Redis accepts and ignores it too.
    fn unknown(&self, directive: &Directive) -> Option<String> {
        let name = directive.name.to_ascii_lowercase();
        if known::IGNORED.contains(&name.as_str()) {
            return None;
        }
        if let Some((_, sentence)) = known::REFUSED.iter().find(|(other, _)| *other == name) {
            return Some(format!("{}{sentence}", subject(&directive.place, &name, "")));
        }
        let what = match &directive.place {
            Place::Flag(_) => "unknown directive".to_owned(),
            _ => format!("unknown directive{}", said(&directive.name)),
        };
        if let (Place::Flag(_), Some((flag, _))) = (&directive.place, name.split_once('='))
            && self.table.find(flag.as_bytes()).is_some()
        {
            return Some(format!("the value stands after a blank: --{flag} VALUE"));
        }
        Some(match self.nearest(&name) {
            Some(near) if matches!(directive.place, Place::Flag(_)) => {
                format!("{what}: did you mean '--{near}'?")
            }
            Some(near) => format!("{what}: did you mean '{near}'?"),
            None => what,
        })
    }

    /// The name most like this one, if it is like enough to be meant.
    fn nearest(&self, name: &str) -> Option<&'static str> {
        if name.len() > 64 {
            return None;
        }
        let names = self.table.names().chain(known::REFUSED.iter().map(|(name, _)| *name));
        names
            .map(|other| (strsim::osa_distance(name, other), other))
            .min()
            .filter(|(distance, other)| *distance <= 1 + other.len().min(name.len()) / 4)
            .map(|(_, other)| other)
    }

    /// False if the line holds a secret, or might: its name is almost that of one.
    fn may_show(&self, line: &str) -> bool {
        let first = match file::split_words(line.as_bytes()) {
            Some(words) => words.into_iter().next().unwrap_or_default(),
            // A quote is left open: what stands before the first blank, without quotes, is the
            // name.
            None => {
                let name = line.split_ascii_whitespace().next().unwrap_or_default();
                name.replace(['"', '\''], "").into_bytes()
            }
        };
        let name = String::from_utf8_lossy(&first).to_ascii_lowercase();
        let secret = |name: &str| {
            let index = self.table.find(name.as_bytes());
            index.is_some_and(|index| self.table.at(index).secret)
                || known::REFUSED_SECRET.contains(&name)
        };
        !secret(&name) && !self.nearest(&name).is_some_and(secret)
    }
}

impl Sink for Draft<'_> {
    fn directive(&mut self, directive: Directive) {
        let Some(index) = self.table.find(directive.name.as_bytes()) else {
            match self.unknown(&directive) {
                Some(text) => self.problem(directive.place, &directive.line, text),
                None => self.note_idle(&directive.name),
            }
            return;
        };
        let setting = self.table.at(index);
        let Directive { place, name, words, line } = directive;
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let default = setting.default_value();
        let base = match (&self.given[index], setting.shape) {
            (Some(given), _) => Some(&given.value),
            (None, Shape::OutputLimits) => Some(&default),
            (None, _) => None,
        };
        match parse(setting.shape, &words, base) {
            Ok(value) => {
                self.given[index] = Some(Given { value, place, line });
                if setting.effect == Effect::Idle {
                    self.note_idle(&name);
                }
            }
            Err(reason) => {
                let given = match (setting.secret, &words[..]) {
                    (true, _) | (_, []) => String::new(),
                    (false, words) => said(&String::from_utf8_lossy(&words.join(&b' '))),
                };
                let allowed = page::allowed(setting.shape).replace('`', "'");
                let subject = subject(&place, &name, &given);
                self.problem(place, &line, format!("{subject}{reason} (it takes {allowed})"));
            }
        }
    }

    fn problem(&mut self, place: Place, line: &str, text: String) {
        if self.problems.shown.len() == PROBLEMS_SHOWN_MAX {
            self.problems.further += 1;
            return;
        }
        let line = if self.may_show(line) { line.to_owned() } else { String::new() };
        self.problems.shown.push(Problem { place, text, line });
    }
}

/// What a message is about: name and value, or only the value where the place is the name already.
fn subject(place: &Place, name: &str, given: &str) -> String {
    match (place, given) {
        (Place::Flag(_), "") => String::new(),
        (Place::Flag(_), given) => format!("{}: ", given.trim_start()),
        _ => format!("{name}{given}: "),
    }
}

/// A value as part of a message: quoted, on one line, and cut when long.
fn said(text: &str) -> String {
    format!(" '{}'", cut(text))
}

fn cut(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    let mut shown = String::new();
    for c in text.chars().take(CHARS_MAX) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.shown.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{}: {}", problem.place, problem.text)?;
            if !problem.line.is_empty() {
                write!(f, "\n  | {}", cut(&problem.line))?;
            }
        }
        if self.further > 0 {
            write!(f, "\nand {} more", self.further)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
