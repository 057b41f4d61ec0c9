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
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::disk::{Disk, Folder, Lock, NEXT};
use super::journal::log::{Log, Segment, Shape, number};
use super::journal::read::{End, Entry, mend, read};
use super::journal::{Handle, Lsn, Policy, Shared, Trouble, start};
use super::manifest::{self, Manifest};
use super::snapshot::{self, Meta, Progress, Summary};
use crate::clock::Millis;
use crate::dice::Dice;
use crate::error::Fault;
use crate::keyspace::{Keyspace, Kind};

/// No turn of a loop takes longer: what died so long before a cut is needed by no record behind it.
const TURN_MS_MAX: Millis = 60_000;

/// The folder's name within `dir`.
pub const FOLDER: &str = "mainstay";

/// See the module.
pub struct Store {
    /// What the loops and the journal's writer share; off until the journal runs.
    pub journal: Arc<Shared>,
    /// What was read at the start, and how far it is.
    pub loading: Loading,
    /// Snapshots: what was asked for, and what came of the last one.
    pub saves: Saves,
    opened: Mutex<Option<Opened>>,
}

/// How far reading what is stored has come.
#[derive(Debug, Default)]
pub struct Loading {
    /// Whether it goes on.
    pub is_on: AtomicBool,
    /// Units of the journal that were done again.
    pub units: AtomicU64,
    /// How far reading the snapshot is.
    pub snapshot: Progress,
    /// Microseconds that it took.
    pub took_us: AtomicU64,
}

/// Snapshots of a process: what was asked for, and what came of it.
#[derive(Default)]
pub struct Saves {
    wishes: Mutex<Wishes>,
    wished: Condvar,
    /// How far the one that is being written is.
    pub progress: Progress,
    /// Whether one is being written.
    pub is_on: AtomicBool,
    /// When that began, in milliseconds since the epoch.
    pub begun: AtomicU64,
    /// When the last good one was done, in milliseconds since the epoch; 0 for never.
    pub done_at: AtomicU64,
    /// The changes that had been made when the last good one began.
    pub changes: AtomicU64,
    /// Milliseconds that the last one took.
    pub took_ms: AtomicU64,
    /// Good ones since the process started.
    pub count: AtomicU64,
    /// Whether the last one failed.
    pub has_failed: AtomicBool,
}

/// Is told whether there is a snapshot.
pub type Told = Box<dyn FnOnce(bool) + Send>;

/// What the thread that writes snapshots is to do.
#[derive(Default)]
pub struct Wishes {
    /// A snapshot.
    pub save: bool,
    /// Recording is to begin or to end.
    pub record: Option<bool>,
    /// Who is to be told whether there is a snapshot.
    pub waiting: Vec<Told>,
}

impl Saves {
    /// Asks for something; the thread looks at once.
    pub fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.wishes.lock());
        self.wished.notify_one();
    }

    /// Whether a snapshot is being written, or will be at once.
    pub fn is_busy(&self) -> bool {
        self.is_on.load(Relaxed) || self.wishes.lock().save
    }

    /// What was asked for; waits for it for a while.
    pub fn take(&self, most: Duration) -> Wishes {
        let mut wishes = self.wishes.lock();
        if !wishes.save && wishes.record.is_none() {
            self.wished.wait_for(&mut wishes, most);
        }
        std::mem::take(&mut wishes)
    }
}

/// The folder of data, and what goes on in it.
struct Opened {
    disk: Arc<dyn Disk>,
    manifest: Manifest,
    /// Threads of the journal, if it runs.
    handle: Option<Handle>,
    /// The number of the segment that it began with.
    begun: u64,
    #[expect(dead_code, reason = "held, not read")]
    lock: Option<Lock>,
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
            saves: Saves::default(),
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
        self.enter(Arc::new(folder), Some(lock), chance)
    }

    /// As [`Store::open`], with a disk at hand.
    ///
    /// # Errors
    /// As there.
    pub fn enter(
        &self,
        disk: Arc<dyn Disk>,
        lock: Option<Lock>,
        chance: &mut Dice,
    ) -> Result<Option<(u64, Lsn)>, Fault> {
        let doing = || format!("use '{}' as the folder of data", disk.place());
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
                    return Err(Fault::File { path: disk.place().into(), why });
                }
                // Before there is any file of data, which means nothing without it.
                let set = chance.next();
                let manifest = Manifest { set, snapshot: None, journal: None, reached: 0 };
                manifest.write(&*disk).map_err(Fault::io(doing()))?;
                manifest
            }
        };
        clear(&*disk, &manifest).map_err(Fault::io(doing()))?;

        *self.opened.lock() = Some(Opened { disk, manifest, handle: None, begun: 0, lock });
        Ok(manifest.snapshot)
    }

    /// Loads the current snapshot into an empty keyspace. Answers its LSN, 0 if there is none.
    ///
    /// # Errors
    /// If it is missing or damaged.
    pub fn load(
        &self,
        space: &Keyspace,
        kinds: impl Iterator<Item = &'static Kind> + Clone,
        threads: usize,
    ) -> Result<Lsn, Fault> {
        let Some((disk, manifest)) = self.place_of_data() else { return Ok(0) };
        let Some((number, lsn)) = manifest.snapshot else { return Ok(0) };
        let name = snapshot_name(number);
        let loaded =
            snapshot::load(&*disk, &name, space, kinds.clone(), threads, &self.loading.snapshot)?;
        if loaded.meta.set != manifest.set || loaded.meta.lsn != lsn {
            let why = "it is not the snapshot that the manifest names";
            let path = format!("{}/{name}", disk.place()).into();
            return Err(Fault::File { path, why: why.into() });
        }
        let mut gate = space.gate().close();
        for (_, shelves) in loaded.sections.iter().filter(|(name, _)| name == SHELVES) {
            space.thaw_shelves(&mut gate, shelves, |tag| {
                kinds.clone().find(|kind| kind.tag == tag)
            })?;
        }
        Ok(lsn)
    }

    /// Writes a snapshot of what `space` holds now and makes it current; cuts the journal there.
    /// Meanwhile commands go on; `rest` between the blocks leaves them the processor.
    ///
    /// # Errors
    /// What the disk says. Then the snapshot before it is still current.
    pub fn save(
        &self,
        space: &Keyspace,
        now: Millis,
        is_packed: bool,
        rest: Duration,
        chance: &mut Dice,
    ) -> Result<Summary, Fault> {
        // A turn that has begun before the cut and goes on behind it has an older time.
        let now = now.saturating_sub(TURN_MS_MAX);
        let Some((disk, manifest)) = self.place_of_data() else {
            return Err(Fault::Panic("a snapshot without a folder".into()));
        };
        let mut gate = space.gate().close();
        let lsn = self.journal.last();
        let shelves = space.freeze_shelves(&mut gate);
        let capture = space.begin_capture(&mut gate, now);
        drop(gate);
        let Some(capture) = capture else {
            return Err(Fault::Panic("a second snapshot at once".into()));
        };
        let number = manifest.snapshot.map_or(1, |(number, _)| number + 1);
        let name = snapshot_name(number);
        let meta = Meta { set: manifest.set, file: chance.next(), lsn, stamp: now };
        let sections: &[(&str, &[u8])] = &[(SHELVES, &shelves)];
        let plan = snapshot::Plan { name: &name, meta, is_packed, rest, sections };
        let progress = &self.saves.progress;
        let never = AtomicBool::new(false);
        let written = snapshot::write(&*disk, plan, space, capture, progress, &never)?;
        let Some(summary) = written else {
            return Err(Fault::Panic("a snapshot was called off".into()));
        };
        self.make_current(number, lsn).map_err(Fault::io(format!("make '{name}' current")))?;
        self.journal.figures.base_bytes.store(summary.bytes, Relaxed);
        Ok(summary)
    }

    /// Makes a snapshot that is on disk the current one, and lets go of what it replaces.
    fn make_current(&self, number: u64, lsn: Lsn) -> io::Result<()> {
        let mut opened = self.opened.lock();
        let Some(opened) = &mut *opened else { return Ok(()) };
        let old = opened.manifest.snapshot;
        let journal = match &opened.handle {
            // What its last sync has left is unknown: a new one begins behind the snapshot.
            Some(handle) if self.journal.trouble() == Trouble::Sync => {
                let (disk, manifest) = (Arc::clone(&opened.disk), opened.manifest);
                let commit = move |first: u64| {
                    let (snapshot, journal) = (Some((number, lsn)), Some(first));
                    Manifest { snapshot, journal, reached: first, ..manifest }.write(&*disk)
                };
                opened.begun = handle.restart(lsn, Box::new(commit))?;
                Some(opened.begun)
            }
            Some(handle) => {
                let first = handle.cut(lsn);
                Some(first.ok_or_else(|| io::Error::other("the journal's thread has ended"))?)
            }
            None => None,
        };
        let reached = journal.map_or(0, |first| first.max(opened.begun));
        let snapshot = Some((number, lsn));
        let manifest = Manifest { snapshot, journal, reached, ..opened.manifest };
        manifest.write(&*opened.disk)?;
        opened.manifest = manifest;
        match &opened.handle {
            Some(handle) => handle.forget(lsn),
            None => {
                let names = opened.disk.names()?;
                for name in names.iter().filter(|name| self::number(name).is_some()) {
                    opened.disk.remove(name)?;
                }
            }
        }
        if let Some((old, _)) = old {
            opened.disk.remove(&snapshot_name(old))?;
        }
        Ok(())
    }

    fn place_of_data(&self) -> Option<(Arc<dyn Disk>, Manifest)> {
        let opened = self.opened.lock();
        opened.as_ref().map(|opened| (Arc::clone(&opened.disk), opened.manifest))
    }

    /// Ends recording: what was recorded is written, and what follows is not. To be called on a
    /// thread that runs no commands.
    pub fn stop_recording(&self, space: &Keyspace) {
        let gate = space.gate().close();
        self.journal.turn(false);
        drop(gate);
        let handle = self.opened.lock().as_mut().and_then(|opened| opened.handle.take());
        drop(handle);
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
        let Some((disk, manifest)) = self.place_of_data() else {
            return Ok(End { next: 1, ..End::default() });
        };
        let after = manifest.snapshot.map_or(0, |(_, lsn)| lsn);
        let Some(first) = manifest.journal else {
            return Ok(End { next: after + 1, ..End::default() });
        };
        let end = read(&*disk, manifest.set, first, after, show)?;
        end.must_reach(&*disk, manifest.reached)?;
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
    /// wakes whoever waits for a durable LSN. Without `is_base` the journal means nothing before a
    /// snapshot is made: the folder does not hold what it goes on from.
    ///
    /// # Errors
    /// What the disk says.
    pub fn record(
        &self,
        end: End,
        terms: Terms,
        mut chance: Dice,
        wake: Box<dyn Fn() + Send>,
        is_base: bool,
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
        let manifest = Manifest { journal: Some(first), reached: number, ..opened.manifest };
        if is_base && manifest != opened.manifest {
            manifest.write(&*opened.disk).map_err(Fault::io(doing()))?;
            opened.manifest = manifest;
        }
        self.journal.begin_at(end.next);
        self.journal.set_policy(terms.policy);
        opened.begun = number;
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

/// The name of a snapshot.
fn snapshot_name(number: u64) -> String {
    format!("{SNAPSHOT}{number:010}")
}

const SNAPSHOT: &str = "snapshot-";

/// The section of a snapshot with what belongs to whole databases.
const SHELVES: &str = "shelves";

/// Whether a file of this name may be data.
fn is_data(name: &str) -> bool {
    number(name).is_some() || name.starts_with(SNAPSHOT)
}

/// Removes what the manifest does not name and a crash has left: files that were being written,
/// and segments from before the snapshot.
fn clear(disk: &dyn Disk, manifest: &Manifest) -> io::Result<()> {
    let mut is_changed = false;
    for name in disk.names()? {
        let old = match (number(&name), manifest.journal) {
            (Some(found), Some(first)) => found < first,
            (Some(_), None) => true,
            (None, _) => {
                let current = manifest.snapshot.map(|(number, _)| snapshot_name(number));
                name.starts_with(SNAPSHOT) && current.as_ref() != Some(&name)
            }
        };
        if name.ends_with(NEXT) || old {
            disk.remove(&name)?;
            is_changed = true;
        }
    }
    if is_changed { disk.sync_names() } else { Ok(()) }
}
