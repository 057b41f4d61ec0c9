//! migration/follow/handshake.rs — who are you, who am I, and where does the stream begin.
//!
//! As Redis 7.0 does it: PING, AUTH, REPLCONF for what we are, PSYNC.

use std::io::{self, BufRead as _, BufReader, Read as _};

use super::wire::Wire;
use super::{History, MARK_BYTES};
use crate::process::Process;
use crate::settings::{catalog, redis as said};

/// The longest line that is read.
const LINE_BYTES_MAX: u64 = 4096;

/// What a PSYNC was answered.
pub(super) enum Answer {
    /// All data comes first; the stream then begins behind this offset of the history.
    Copy { id: String, offset: u64 },
    /// The stream goes on; the history may have a new name.
    Continue { id: Option<String> },
}

/// How it is said where a copy ends.
pub(super) enum Announced {
    /// After so many bytes.
    Length(u64),
    /// Behind these bytes.
    Mark([u8; MARK_BYTES]),
}

/// Introduces us, and asks for the stream behind what is known of the history.
///
/// # Errors
/// If the link breaks, or the other server wants none of it; says why.
pub(super) fn shake(
    process: &Process,
    wire: &mut BufReader<Wire<'_>>,
    history: Option<&History>,
) -> io::Result<Answer> {
    let settings = &process.settings;
    let greeting = ask(wire, &[b"PING"])?;
    // Who must authenticate is told so here.
    let is_alive = ["+PONG", "-NOAUTH", "-NOPERM", "-ERR operation not permitted"];
    if !is_alive.iter().any(|begin| greeting.starts_with(begin)) {
        return Err(io::Error::other(format!("PING was answered {greeting}")));
    }
    let (user, password) = (settings.text(&said::MASTERUSER), settings.text(&said::MASTERAUTH));
    if !password.is_empty() {
        let mut words: Vec<&[u8]> = vec![b"AUTH", user.as_bytes(), password.as_bytes()];
        words.retain(|word| !word.is_empty());
        let answer = ask(wire, &words)?;
        if answer.starts_with('-') {
            let why = format!("the password (masterauth) is refused: {answer}");
            return Err(io::Error::other(why));
        }
    }
    let port = settings.integer(&catalog::PORT).to_string();
    // Whoever does not know these goes on without.
    ask(wire, &[b"REPLCONF", b"listening-port", port.as_bytes()])?;
    ask(wire, &[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2"])?;
    let (id, next) = match history {
        None => ("?".to_owned(), "-1".to_owned()),
        Some(history) => (history.id.clone(), (history.offset + 1).to_string()),
    };
    let answer = ask(wire, &[b"PSYNC", id.as_bytes(), next.as_bytes()])?;
    let mut words = answer.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("+FULLRESYNC"), Some(id), Some(offset)) => {
            let offset = offset.parse().ok();
            let offset = offset.ok_or_else(|| io::Error::other("an offset that is no number"))?;
            Ok(Answer::Copy { id: id.to_owned(), offset })
        }
        (Some("+CONTINUE"), id, _) => Ok(Answer::Continue { id: id.map(str::to_owned) }),
        _ if answer.starts_with("-ERR unknown command") && is_ourselves(process, wire)? => {
            Err(io::Error::other("this is the server itself"))
        }
        _ => Err(io::Error::other(format!("PSYNC was answered {answer}"))),
    }
}

/// Whether the other server is this one.
fn is_ourselves(process: &Process, wire: &mut BufReader<Wire<'_>>) -> io::Result<bool> {
    let header = ask(wire, &[b"INFO", b"server"])?;
    let length = header.strip_prefix('$').and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut text = Vec::new();
    wire.take(u64::min(length, 1 << 20)).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).contains(&process.run_id))
}

fn ask(wire: &mut BufReader<Wire<'_>>, args: &[&[u8]]) -> io::Result<String> {
    wire.get_mut().send(args)?;
    line(wire)
}

/// The next line that says something: empty ones are signs of life.
fn line(wire: &mut BufReader<Wire<'_>>) -> io::Result<String> {
    loop {
        let mut line = Vec::new();
        wire.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if line.len() as u64 == LINE_BYTES_MAX {
            return Err(io::Error::other("a line without an end"));
        }
        let text = line.trim_ascii_end();
        if !text.is_empty() {
            return Ok(text.escape_ascii().to_string());
        }
    }
}

/// What precedes a copy.
pub(super) fn announced(wire: &mut BufReader<Wire<'_>>) -> io::Result<Announced> {
    let text = line(wire)?;
    let wrong = || io::Error::other(format!("no copy was announced, but {text}"));
    let said = text.strip_prefix('$').ok_or_else(wrong)?;
    if let Some(mark) = said.strip_prefix("EOF:") {
        return mark.as_bytes().try_into().map(Announced::Mark).map_err(|_| wrong());
    }
    said.parse().map(Announced::Length).map_err(|_| wrong())
}
