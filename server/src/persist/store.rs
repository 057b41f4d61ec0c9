//! persist/store.rs — what of a process's data outlives it: one folder, one journal, the current
//! snapshot.
//!
//! There is always a store, and nothing in it until somebody says where: then the folder is
//! locked against other processes, what it holds is read, and the journal goes on behind it.
//! Whether writes are recorded is `appendonly`; it may change while the process runs.
//!
//! Not here: what is in the files (`journal`, `snapshot`, `manifest`), and doing records again,
//! which needs an executor (`restore`).

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use super::disk::{Disk, Folder, Lock, NEXT};
use super::journal::log::{Log, Segment, Shape, number};
use super::journal::read::{End, Entry, mend, read};
use super::journal::{Handle, Lsn, Policy, Shared, start};
use super::manifest::{self, Manifest};
use crate::clock::Millis;
use crate::dice::Dice;
use crate::error::Fault;

/// The folder's name within `dir`.
pub const FOLDER: &str = "mainstay";

/// See the module.
pub struct Store {
    /// What the loops and the journal's writer share; off until the journal runs.
    pub journal: Arc<Shared>,
    /// What was read at the start, and how far it is.
    pub loading: Loading,
    opened: Mutex<Option<Opened>>,
}

/// How far reading what is stored has come.
#[derive(Debug, Default)]
pub struct Loading {
    /// Whether it goes on.
    pub is_on: AtomicBool,
    /// Units of the journal that were done again.
    pub units: AtomicU64,
    /// Keys that were read from the snapshot.
    pub keys: AtomicU64,
    /// Microseconds that it took.
    pub took_us: AtomicU64,
}

/// The folder of data, and what goes on in it.
struct Opened {
    disk: Arc<dyn Disk>,
    manifest: Manifest,
    /// Threads of the journal, if it runs.
    handle: Option<Handle>,
    #[expect(dead_code, reason = "held, not read")]
    lock: Lock,
}

/// How a journal is kept.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// When it reaches the disk.
    pub policy: Policy,
    /// Bytes of a segment.
    pub segment_bytes: u64,
}

impl Store {
    /// A store of nothing. At most `pending_max` bytes of records wait to be written.
    pub fn new(pending_max: usize) -> Store {
        Store {
            journal: Arc::new(Shared::new(1, Policy::EverySecond, pending_max)),
            loading: Loading::default(),
            opened: Mutex::new(None),
        }
    }

    /// Takes the folder within `dir`: locks it, and reads which of its files are the data.
    /// Answers the current snapshot, its number and LSN.
    ///
    /// # Errors
    /// If another process has it, or it holds files of data and does not say which.
    pub fn open(&self, dir: &Path, chance: &mut Dice) -> Result<Option<(u64, Lsn)>, Fault> {
        let path = dir.join(FOLDER);
        let doing = || format!("use '{}' as the folder of data", path.display());
        let folder = Folder::enter(&path).map_err(Fault::io(doing()))?;
        let lock = match folder.lock() {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let owner = folder.owner().map_or(String::new(), |pid| format!(" (pid {pid})"));
                let why = format!("another process{owner} uses this folder of data; stop it first");
                return Err(Fault::File { path, why });
            }
            Err(error) => return Err(Fault::io(doing())(error)),
        };
        let disk: Arc<dyn Disk> = Arc::new(folder);
        let manifest = match Manifest::read(&*disk)? {
            Some(manifest) => manifest,
            None => {
                let names = disk.names().map_err(Fault::io(doing()))?;
                if let Some(name) = names.iter().find(|name| is_data(name)) {
                    let why = format!(
                        "there is no {} here, though there is {name}: it cannot be told which \
                         files are the data; restore it from a backup, or move the files away",
                        manifest::NAME
                    );
                    return Err(Fault::File { path, why });
                }
                Manifest { set: chance.next(), snapshot: None, journal: None }
            }
        };
        clear(&*disk, &manifest).map_err(Fault::io(doing()))?;
        *self.opened.lock() = Some(Opened { disk, manifest, handle: None, lock });
        Ok(manifest.snapshot)
    }

    /// Whether there is a folder.
    pub fn is_open(&self) -> bool {
        self.opened.lock().is_some()
    }

    /// Shows every record of the journal that the snapshot does not have, and mends what a crash
    /// has left at its end.
    ///
    /// # Errors
    /// If the journal is damaged, and what `show` says.
    pub fn replay(
        &self,
        show: &mut dyn FnMut(Entry<'_>) -> Result<(), Fault>,
    ) -> Result<End, Fault> {
        let (disk, manifest) = match &*self.opened.lock() {
            Some(opened) => (Arc::clone(&opened.disk), opened.manifest),
            None => return Ok(End { next: 1, ..End::default() }),
        };
        let after = manifest.snapshot.map_or(0, |(_, lsn)| lsn);
        let Some(first) = manifest.journal else {
            return Ok(End { next: after + 1, ..End::default() });
        };
        let end = read(&*disk, manifest.set, first, after, show)?;
        let mended = mend(&*disk, manifest.set, &end);
        match mended.map_err(Fault::io(format!("mend the journal in '{}'", disk.place())))? {
            Some(kept) => {
                let (name, at) = end.open.as_ref().map_or(("", 0), |open| (&open.name, open.at));
                tracing::warn!(
                    "{name} ended in the middle of a block that was being written; it was cut at \
                     byte {at}, and what stood behind is kept as {kept}"
                );
            }
            None if end.open.is_some() => {
                tracing::info!("The journal was not closed; its last unit is {}", end.next - 1);
            }
            None => {}
        }
        Ok(end)
    }

    /// Goes on with the journal behind `end`. To be called while nobody runs a command. `wake`
    /// wakes whoever waits for a durable LSN.
    ///
    /// # Errors
    /// What the disk says.
    pub fn record(
        &self,
        end: End,
        terms: Terms,
        mut chance: Dice,
        wake: Box<dyn Fn() + Send>,
    ) -> Result<(), Fault> {
        let mut opened = self.opened.lock();
        let Some(opened) = &mut *opened else {
            return Err(Fault::Panic("a journal without a folder".into()));
        };
        let doing = || format!("begin the journal in '{}'", opened.disk.place());
        let number = next_number(&end);
        let shape = Shape { set: opened.manifest.set, bytes: terms.segment_bytes };
        let older: Vec<Segment> = end.segments;
        let first = older.first().map_or(number, |segment| segment.number);
        let begun = Log::begin(
            Arc::clone(&opened.disk),
            shape,
            older,
            number,
            end.next,
            Dice::new(chance.next()),
        );
        let log = begun.map_err(Fault::io(doing()))?;
        let manifest = Manifest { journal: Some(first), ..opened.manifest };
        if manifest != opened.manifest {
            manifest.write(&*opened.disk).map_err(Fault::io(doing()))?;
            opened.manifest = manifest;
        }
        self.journal.begin_at(end.next);
        self.journal.set_policy(terms.policy);
        opened.handle =
            Some(start(Arc::clone(&opened.disk), log, Arc::clone(&self.journal), wake)?);
        self.journal.turn(true);
        Ok(())
    }

    /// The LSN that the next unit would have, for a process that does not record.
    pub fn continue_at(&self, next: Lsn) {
        self.journal.begin_at(next);
    }

    /// Writes and syncs what was recorded, and lets go of the folder.
    pub fn close(&self) {
        let Some(mut opened) = self.opened.lock().take() else { return };
        if let Some(mut handle) = opened.handle.take() {
            handle.stop();
        }
    }

    /// Where the data is, for people.
    pub fn place(&self) -> Option<String> {
        self.opened.lock().as_ref().map(|opened| opened.disk.place())
    }

    /// When the journal was last known to be on disk.
    pub fn synced_at(&self) -> Millis {
        self.journal.figures.synced_at.load(Relaxed)
    }
}

/// The number of the segment that follows: one that was prepared and not used is made anew.
fn next_number(end: &End) -> u64 {
    let last = end.segments.last().map(|segment| segment.number + 1);
    end.unused.first().copied().or(last).unwrap_or(1)
}

/// Whether a file of this name may be data.
fn is_data(name: &str) -> bool {
    number(name).is_some() || name.starts_with("snapshot-")
}

/// Removes what the manifest does not name and a crash has left: files that were being written,
/// and segments from before the snapshot.
fn clear(disk: &dyn Disk, manifest: &Manifest) -> io::Result<()> {
    let mut is_changed = false;
    for name in disk.names()? {
        let old = match (number(&name), manifest.journal) {
            (Some(found), Some(first)) => found < first,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if name.ends_with(NEXT) || old {
            disk.remove(&name)?;
            is_changed = true;
        }
    }
    if is_changed { disk.sync_names() } else { Ok(()) }
}
