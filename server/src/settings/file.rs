//! The grammar of redis.conf: lines, words, quotes, `include`.
//!
//! A line is blank, a comment (`#` first) or a name and words; a `#` further on is an ordinary
//! word. Words are split as Redis's `sdssplitargs` does: `"..."` with `\n \r \t \b \a \xHH`,
//! `'...'` with `\'`, and after a closing quote a blank must follow. `include` reads other files at
//! that place, wildcards in sorted order, so that later lines win.
//!
//! Invariants: any bytes give directives or problems, never a panic; a file cannot include itself,
//! files nest at most `DEPTH_MAX` deep, and none is read beyond `FILE_BYTES_MAX`.
//! Not here: what a directive means (`start`).

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::structure::glob;

/// Files included by included files, at most this deep.
pub const DEPTH_MAX: usize = 16;
/// A configuration file is at most this long; a longer one is some other file.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// Where a directive was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of a file, counted from 1; the file as it was named.
    Line(Rc<str>, usize),
    /// A flag of the command line with its dashes.
    Flag(String),
    /// A file as a whole.
    File(Rc<str>),
}

/// A name and the words after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Where it was said.
    pub place: Place,
    /// As written.
    pub name: String,
    /// The words after the name, unquoted.
    pub words: Vec<Vec<u8>>,
    /// The line as written, trimmed; empty for a flag.
    pub line: String,
}

/// Takes what a file says, in order.
pub trait Sink {
    /// A directive other than `include`.
    fn directive(&mut self, directive: Directive);
    /// A line or a file that cannot be read.
    fn problem(&mut self, place: Place, line: &str, text: String);
}

/// Splits a line into words, or answers `None` when a quote is not closed properly.
pub fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = skip_blanks(line);
    while !rest.is_empty() {
        let (word, after) = next_word(rest)?;
        words.push(word);
        rest = skip_blanks(after);
    }
    Some(words)
}

fn skip_blanks(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !is_blank(*byte)).unwrap_or(line.len());
    &line[start..]
}

/// The first word and what follows it. A quote may open in the middle of a word, but closes the
/// word.
fn next_word(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    let mut rest = line;
    loop {
        match rest {
            [] => return Some((word, rest)),
            [blank, ..] if is_blank(*blank) => return Some((word, rest)),
            [quote @ (b'"' | b'\''), after @ ..] => {
                let after = quoted(*quote, after, &mut word)?;
                // `"a"b` is a mistake rather than a word.
                let closed = after.first().is_none_or(|byte| is_blank(*byte));
                return closed.then_some((word, after));
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

/// Reads up to the closing quote and answers what follows it.
fn quoted<'a>(quote: u8, mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'\\', b'x', high, low, after @ ..] if quote == b'"' && is_hex(*high, *low) => {
                word.push(hex(*high) << 4 | hex(*low));
                after
            }
            [b'\\', escaped, after @ ..] if quote == b'"' => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                after
            }
            [b'\\', b'\'', after @ ..] if quote == b'\'' => {
                word.push(b'\'');
                after
            }
            [byte, after @ ..] if *byte == quote => return Some(after),
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        }
    }
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b || byte == 0
}

fn is_hex(high: u8, low: u8) -> bool {
    high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

/// The word as it must be written so that `split_words` gives it back.
pub fn quote(word: &str) -> String {
    let plain = !word.is_empty()
        && !word.starts_with('#')
        && word
            .chars()
            .all(|c| !c.is_ascii_whitespace() && !c.is_control() && !"\"'\\".contains(c));
    if plain {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c.is_ascii_control() => text.push_str(&format!("\\x{:02x}", c as u32)),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Reads a file and what it includes.
pub fn read(path: &Path, sink: &mut impl Sink) {
    match load(path) {
        Ok(text) => read_text(&shown(path), &text, &[canonical(path)], sink),
        Err(error) => {
            sink.problem(Place::File(shown(path)), "", format!("cannot be read: {error}"));
        }
    }
}

/// Reads a stream as if it were a file of this name, and what it includes.
pub fn read_stream(name: &str, stream: impl Read, sink: &mut impl Sink) {
    let name = Rc::from(name);
    match drain(stream) {
        Ok(text) => read_text(&name, &text, &[], sink),
        Err(error) => sink.problem(Place::File(name), "", format!("cannot be read: {error}")),
    }
}

/// Reads the files that an `include` of the command line names.
pub fn read_included(place: &Place, words: &[Vec<u8>], sink: &mut impl Sink) {
    include(place, "", words, &[], sink);
}

/// The bytes of a file of reasonable length.
pub(super) fn load(path: &Path) -> io::Result<Vec<u8>> {
    drain(File::open(path)?)
}

fn drain(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    stream.take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        let reason = format!("longer than {FILE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(text)
}

fn shown(path: &Path) -> Rc<str> {
    Rc::from(path.to_string_lossy())
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// `open` are the files that are being read: this one last, before it those that include it.
fn read_text(file: &Rc<str>, text: &[u8], open: &[PathBuf], sink: &mut impl Sink) {
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let place = Place::Line(file.clone(), index + 1);
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let shown = String::from_utf8_lossy(line).into_owned();
        let Some(words) = split_words(line) else {
            sink.problem(place, &shown, "unbalanced quotes".into());
            continue;
        };
        let mut words = words.into_iter();
        let name = String::from_utf8_lossy(&words.next().unwrap_or_default()).into_owned();
        let words: Vec<Vec<u8>> = words.collect();
        if name.eq_ignore_ascii_case("include") {
            include(&place, &shown, &words, open, sink);
        } else {
            sink.directive(Directive { place, name, words, line: shown });
        }
    }
}

fn include(place: &Place, line: &str, words: &[Vec<u8>], open: &[PathBuf], sink: &mut impl Sink) {
    let [pattern] = words else {
        return sink.problem(place.clone(), line, "include takes one path".into());
    };
    if open.len() > DEPTH_MAX {
        let text = format!("include goes deeper than {DEPTH_MAX} files");
        return sink.problem(place.clone(), line, text);
    }
    for path in expand(pattern) {
        let file = canonical(&path);
        if open.contains(&file) {
            let text = format!("'{}' includes itself", path.display());
            sink.problem(place.clone(), line, text);
            continue;
        }
        let open: Vec<PathBuf> = open.iter().cloned().chain([file]).collect();
        match load(&path) {
            Ok(text) => read_text(&shown(&path), &text, &open, sink),
            Err(error) => {
                let text = format!("cannot read '{}': {error}", path.display());
                sink.problem(place.clone(), line, text);
            }
        }
    }
}

/// The paths that a pattern stands for, sorted; itself when it has no wildcard.
fn expand(pattern: &[u8]) -> Vec<PathBuf> {
    if !glob::has_wildcard(pattern) {
        return vec![PathBuf::from(std::ffi::OsStr::from_bytes(pattern))];
    }
    let mut paths = vec![PathBuf::from(if pattern.starts_with(b"/") { "/" } else { "" })];
    for part in pattern.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
        if !glob::has_wildcard(part) {
            let part = std::ffi::OsStr::from_bytes(part);
            paths.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        paths = paths.iter().flat_map(|folder| matching(folder, part)).collect();
    }
    paths.retain(|path| path.exists());
    paths.sort();
    paths
}

/// The entries of a folder whose name matches; a leading dot must be written, as in a shell.
fn matching(folder: &Path, pattern: &[u8]) -> Vec<PathBuf> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = listed.read_dir() else { return Vec::new() };
    entries
        .filter_map(|entry| Some(entry.ok()?.file_name().into_vec()))
        .filter(|name| pattern.starts_with(b".") || !name.starts_with(b"."))
        .filter(|name| glob::matches(pattern, name))
        .map(|name| folder.join(std::ffi::OsString::from_vec(name)))
        .collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(file, number) => write!(f, "{file}:{number}"),
            Place::Flag(flag) => write!(f, "{flag}"),
            Place::File(file) => write!(f, "{file}"),
        }
    }
}
