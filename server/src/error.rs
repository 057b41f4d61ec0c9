//! error.rs — two kinds of bad news.
//!
//! A [`Refusal`] is the client's: its command cannot be done, every replica refuses it in the same
//! words, and clients match on those words, so they are Redis's to the letter.
//! A [`Fault`] is ours: it goes to the log and never to a client.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a command was not done. Its `Display` is the whole error reply, code first, without the `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The key holds another kind of value.
    WrongType,
    /// The arguments do not fit the command's grammar.
    Syntax,
    /// An argument or a stored value is not a 64-bit signed integer.
    NotInteger,
    /// An argument or a stored value is not a finite double.
    NotFloat,
    /// A number is outside what the command allows.
    OutOfRange,
    /// The command needs a key that is not there.
    NoSuchKey,
    /// Wrong number of arguments, for the command named (lower case, `container|sub`).
    Arity(&'static str),
    /// A TTL that is not positive or does not fit, for the command named (lower case).
    InvalidExpire(&'static str),
    /// Anything else; the whole text with its code.
    Because(Cow<'static, str>),
    /// As `Because`, repeating a client's own words, whatever bytes they are.
    Quoting(Box<[u8]>),
}

impl Refusal {
    /// A refusal with a fixed text, code first: `Refusal::text("ERR value is out of range")`.
    pub const fn text(text: &'static str) -> Refusal {
        Refusal::Because(Cow::Borrowed(text))
    }

    /// The first word of the text, by which INFO errorstats counts: `ERR`, `WRONGTYPE`.
    pub fn code(&self) -> &str {
        match self {
            Refusal::WrongType => "WRONGTYPE",
            Refusal::Because(text) => text.split(' ').next().unwrap_or_default(),
            _ => "ERR",
        }
    }
}

/// How much of a client's own words an error repeats, in bytes.
const QUOTED_MAX: usize = 128;

impl Refusal {
    /// A refusal that repeats a client's word: at most 128 bytes of it, up to a NUL, as Redis does.
    pub fn quoting(before: &str, word: &[u8], after: &str) -> Refusal {
        Refusal::Quoting(
            [before.as_bytes(), quoted(word, QUOTED_MAX), after.as_bytes()].concat().into(),
        )
    }

    /// A refusal that ends in a client's word: as [`Refusal::quoting`], without line ends behind.
    pub fn ending_in(before: &str, word: &[u8]) -> Refusal {
        let word = word.split(|&byte| byte == 0).next().unwrap_or_default();
        let ends = word.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        Refusal::quoting(before, &word[..word.len() - ends.count()], "")
    }

    /// That no command has this name; repeats the name and the arguments, 128 bytes of each.
    #[cold]
    pub fn unknown_command<'a>(name: &[u8], args: impl Iterator<Item = &'a [u8]>) -> Refusal {
        let mut text = b"ERR unknown command '".to_vec();
        text.extend_from_slice(quoted(name, QUOTED_MAX));
        text.extend_from_slice(b"', with args beginning with: ");
        let start = text.len();
        for arg in args {
            let used = text.len() - start;
            if used >= QUOTED_MAX {
                break;
            }
            text.push(b'\'');
            text.extend_from_slice(quoted(arg, QUOTED_MAX - used));
            text.extend_from_slice(b"' ");
        }
        Refusal::Quoting(text.into())
    }
}

/// At most `most` bytes of a client's word, and none from a NUL on.
fn quoted(word: &[u8], most: usize) -> &[u8] {
    let cut = &word[..word.len().min(most)];
    &cut[..cut.iter().position(|&byte| byte == 0).unwrap_or(cut.len())]
}

impl From<String> for Refusal {
    fn from(text: String) -> Refusal {
        Refusal::Because(Cow::Owned(text))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::WrongType => {
                f.write_str("WRONGTYPE Operation against a key holding the wrong kind of value")
            }
            Refusal::Syntax => f.write_str("ERR syntax error"),
            Refusal::NotInteger => f.write_str("ERR value is not an integer or out of range"),
            Refusal::NotFloat => f.write_str("ERR value is not a valid float"),
            Refusal::OutOfRange => f.write_str("ERR index out of range"),
            Refusal::NoSuchKey => f.write_str("ERR no such key"),
            Refusal::Arity(name) => {
                write!(f, "ERR wrong number of arguments for '{name}' command")
            }
            Refusal::InvalidExpire(name) => {
                write!(f, "ERR invalid expire time in '{name}' command")
            }
            Refusal::Because(text) => f.write_str(text),
            Refusal::Quoting(text) => f.write_str(&String::from_utf8_lossy(text)),
        }
    }
}

/// Something is wrong with us or with the machine.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The operating system refused something; `doing` says what was tried.
    Io { doing: String, source: io::Error },
    /// Bytes that we wrote once do not read back: what, and where in it.
    Corrupt { what: Cow<'static, str>, offset: usize },
    /// A file that is needed is not usable.
    File { path: PathBuf, why: String },
    /// A record of the journal cannot be done again: its unit, its command, and what that said.
    Replay { lsn: u64, name: String, why: String },
    /// A thread of ours has panicked: which.
    Panic(Cow<'static, str>),
}

impl Fault {
    /// Wraps an I/O error with the sentence part that says what was tried.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Fault {
        let doing = doing.into();
        move |source| Fault::Io { doing, source }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            Fault::Corrupt { what, offset } => write!(f, "{what} is damaged at byte {offset}"),
            Fault::File { path, why } => write!(f, "{}: {why}", path.display()),
            Fault::Replay { lsn, name, why } => write!(
                f,
                "unit {lsn} of the journal, {name}, does not fit the data before it: {why}"
            ),
            Fault::Panic(thread) => write!(f, "{thread} has panicked"),
        }
    }
}

impl std::error::Error for Fault {}
