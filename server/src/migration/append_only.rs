//! migration/append_only.rs — Redis's journal: `appendonlydir`, or a single `appendonly.aof`.
//!
//! ```text
//! manifest    | file NAME seq NUMBER type b|i|h | ...       a line for each file
//! a file      | an RDB file | request | request | ...      either may be missing
//! request     | as a client sends it, or a line #TS:SECONDS
//! ```
//!
//! The base (`b`) comes first, then the increments (`i`) in the order of their numbers; what is
//! history (`h`) is not read.
//!
//! Invariants: a transaction is applied as a whole or not at all. A journal that ends within a
//! request or a transaction was cut off by a crash: that end is left out, with a line in the log.
//! Anything else that is wrong refuses the journal, and names file and offset.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use mainstay_protocol::{Batch, Decoder, Limits};

use super::apply::{Applier, Became, Times};
use super::files::{Progress, damaged};
use super::libraries;
use super::load::{How, load};
use crate::clock::{self, Millis};
use crate::error::Fault;
use crate::process::Process;
use crate::settings::{file, redis as said};

/// The first moment of all: no key has died by then.
const BEFORE_ALL: Millis = 1;

/// Bytes read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// More of a cut-off end than this is not searched for whole requests.
const SEARCHED_BYTES_MAX: usize = 64 << 20;

/// Refused requests that are named in the log.
const NAMED_MAX: u64 = 5;

/// The files of a journal in the order in which they are read.
///
/// # Errors
/// If the manifest cannot be read, or is none.
pub(super) fn parts(manifest: &Path) -> Result<Vec<PathBuf>, Fault> {
    let wrong = |line: usize| Fault::File {
        path: manifest.to_owned(),
        why: format!("line {line} is no line of a manifest of Redis's journal"),
    };
    let text = std::fs::read_to_string(manifest)
        .map_err(Fault::io(format!("read {}", manifest.display())))?;
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let (mut base, mut increments) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words = words(line).ok_or_else(|| wrong(number))?;
        let find = |name: &str| {
            let pair = words.chunks_exact(2).find(|pair| pair[0] == name);
            pair.map(|pair| &pair[1][..])
        };
        let (Some(name), Some(sort)) = (find("file"), find("type")) else {
            return Err(wrong(number));
        };
        let sequence = find("seq").and_then(|text| text.parse::<u64>().ok());
        // A name that leads elsewhere is not of Redis's making.
        if name.contains('/') || name.is_empty() {
            return Err(wrong(number));
        }
        match (sort, sequence) {
            ("b", Some(_)) if base.is_empty() => base.push(folder.join(name)),
            ("i", Some(sequence)) => increments.push((sequence, folder.join(name))),
            ("h", Some(_)) => {}
            _ => return Err(wrong(number)),
        }
    }
    if !increments.is_sorted_by(|(one, _), (other, _)| one < other) {
        return Err(Fault::File { path: manifest.to_owned(), why: "is out of order".into() });
    }
    base.extend(increments.into_iter().map(|(_, path)| path));
    Ok(base)
}

/// The words of a line; one in quotation marks may have blanks and `\x` of one byte.
fn words(line: &str) -> Option<Vec<String>> {
    let split = file::split_words(line.as_bytes())?;
    let words: Option<Vec<String>> =
        split.into_iter().map(|word| String::from_utf8(word).ok()).collect();
    words.filter(|words| words.len() % 2 == 0)
}

/// Replays the files of a journal on the process; says how many keys and requests it were.
///
/// # Errors
/// If a file is damaged, or anything but the last one is cut off.
pub(super) fn replay(process: &Process, files: &[PathBuf], how: How) -> Result<Replayed, Fault> {
    let mut replayed = Replayed::default();
    let mut applier = Applier::new(process, None);
    for (number, path) in files.iter().enumerate() {
        let is_last = number + 1 == files.len();
        replay_file(process, path, how, is_last, &mut applier, &mut replayed)?;
    }
    if replayed.refused > NAMED_MAX {
        tracing::warn!("{} commands of the journal were refused in all", replayed.refused);
    }
    Ok(replayed)
}

/// What a journal had.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) keys: u64,
    pub(super) requests: u64,
    refused: u64,
}

fn replay_file<'p>(
    process: &'p Process,
    path: &Path,
    how: How,
    is_last: bool,
    applier: &mut Applier<'p>,
    replayed: &mut Replayed,
) -> Result<(), Fault> {
    let cannot_read = |error| Fault::io(format!("read {}", path.display()))(error);
    let mut file = File::open(path).map_err(cannot_read)?;
    let length = file.metadata().map_or(0, |about| about.len());
    let progress = Progress::new(path, length);
    let mut head = Vec::new();
    (&mut file).take(5).read_to_end(&mut head).map_err(cannot_read)?;
    let is_rdb = head.starts_with(b"REDIS");
    let whole = head.chain(file);
    let mut journal = Journal { process, path, is_last, applier, replayed, progress };
    if !is_rdb {
        return journal.requests(whole, 0);
    }
    // Dead keys stay: a command that follows may have let one live on.
    let how = How { dead_at: None, ..how };
    let progress = &mut journal.progress;
    let tell = |at, keys| progress.tell(at, keys);
    let (loaded, mut reader) =
        load(whole, &process.keyspace, how, tell).map_err(|damage| damaged(path, &damage))?;
    journal.replayed.keys += loaded.keys;
    libraries::keep(process, loaded.libraries);
    let offset = reader.offset();
    journal.requests(reader.input(), offset)
}

/// One file of requests.
struct Journal<'j, 'p> {
    process: &'p Process,
    path: &'j Path,
    is_last: bool,
    applier: &'j mut Applier<'p>,
    replayed: &'j mut Replayed,
    progress: Progress<'j>,
}

impl Journal<'_, '_> {
    /// Applies the requests of a file; `begin` is where they begin in it.
    fn requests(&mut self, mut from: impl Read, begin: u64) -> Result<(), Fault> {
        // What is not applied yet, and where that is in the file.
        let (mut bytes, mut begin) = (Vec::new(), begin);
        // Behind the last request that is not part of an open transaction.
        let mut settled = begin;
        loop {
            let had = bytes.len();
            bytes.resize(had + PIECE_BYTES, 0);
            let read = loop {
                match from.read(&mut bytes[had..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            let read = read.map_err(Fault::io(format!("read {}", self.path.display())))?;
            bytes.truncate(had + read);
            if read == 0 {
                break;
            }
            let (mut wrong, mut refused) = (None, Vec::new());
            let times = Times { now: clock::now(), before: BEFORE_ALL };
            let applied = self.applier.apply(&bytes, times, |request, run| {
                let at = begin + request.start() as u64;
                match bytes.get(request.start()) {
                    // When what follows was written.
                    Some(b'#') => return true,
                    Some(b'*') => {}
                    _ => {
                        wrong = Some((at, "no request where one should begin".to_owned()));
                        return false;
                    }
                }
                if let Became::Refused(why) = run() {
                    let name = request.name().escape_ascii().to_string();
                    let is_select = request.name().eq_ignore_ascii_case(b"SELECT");
                    if is_select || why.starts_with("ERR unknown command") {
                        wrong = Some((at, format!("{name} is refused: {why}")));
                        return false;
                    }
                    refused.push((at, name, why));
                }
                true
            });
            for (at, name, why) in refused {
                self.replayed.refused += 1;
                if self.replayed.refused <= NAMED_MAX {
                    let path = self.path.display();
                    tracing::warn!("{path}: {name} at byte {at} is refused here: {why}");
                }
            }
            if let Some(behind) = applied.settled {
                settled = begin + behind as u64;
            }
            self.replayed.requests += applied.count as u64;
            begin += applied.used as u64;
            if let Err(error) = applied.rest {
                wrong = wrong.or(Some((begin, error.to_string())));
            }
            if let Some((at, why)) = wrong {
                return Err(self.wrong(format!("damaged at byte {at}: {why}")));
            }
            bytes.drain(..applied.used);
            self.progress.tell(begin, self.replayed.requests);
        }
        if bytes.is_empty() && !self.applier.is_within_transaction() {
            return Ok(());
        }
        self.cut_off(settled, &bytes)
    }

    /// The file ends within a request, of which there are `bytes`, or within a transaction.
    fn cut_off(&mut self, settled: u64, bytes: &[u8]) -> Result<(), Fault> {
        if !self.is_last {
            return Err(self.wrong(format!("cut off at byte {settled}, and not the last file")));
        }
        if has_requests(self.process, bytes) {
            // A wrong length took what follows it for an argument.
            return Err(self.wrong(format!("damaged at byte {settled}: requests follow")));
        }
        if !self.process.settings.boolean(&said::AOF_LOAD_TRUNCATED) {
            return Err(self.wrong(format!(
                "cut off at byte {settled}; aof-load-truncated yes loads what is before"
            )));
        }
        self.applier.break_off();
        tracing::warn!(
            "{}: the end from byte {settled} on is left out, since it was cut off within {}",
            self.path.display(),
            if bytes.is_empty() { "a transaction" } else { "a request" }
        );
        Ok(())
    }

    fn wrong(&self, why: String) -> Fault {
        Fault::File { path: self.path.to_owned(), why }
    }
}

/// Whether a whole request begins somewhere behind the first byte.
fn has_requests(process: &Process, bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(SEARCHED_BYTES_MAX)];
    let mut batch = Batch::new();
    let starts = bytes.windows(3).enumerate().filter(|(_, window)| *window == b"\r\n*");
    starts.map(|(at, _)| &bytes[at + 2..]).any(|rest| {
        batch.clear();
        // One is enough, so what is looked at is bounded.
        let rest = &rest[..rest.len().min(PIECE_BYTES)];
        let decoded = Decoder::new().decode(rest, &Limits::DEFAULT, &mut batch);
        decoded.is_ok()
            && batch.get(0, rest).is_some_and(|request| {
                process.table.called(request).is_some_and(|entry| entry.takes(request.len()))
            })
    })
}
