//! migration/files.rs — Redis's files in a folder: which there are, and loading them.
//!
//! Redis has two sorts: a snapshot (`dump.rdb`) and a journal (`appendonlydir`, before 7.0
//! `appendonly.aof`). If both are there, the one that was written last is loaded: a server with a
//! journal writes there with every command, and one whose journal was switched off does not.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::append_only::{parts, replay};
use super::apply::Applier;
use super::keep;
use super::libraries;
use super::load::{How, load};
use crate::clock;
use crate::error::Fault;
use crate::persist::journal::Tap;
use crate::persist::rdb::file::Damage;
use crate::process::Process;
use crate::settings::{Settings, redis as said};

/// Seconds between two lines of progress.
const TELL_SECONDS: u64 = 2;

/// What there is to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A snapshot.
    Snapshot(PathBuf),
    /// A journal of one file.
    Journal(PathBuf),
    /// The manifest of a journal of several files.
    Manifest(PathBuf),
}

impl Source {
    /// Its file.
    pub fn path(&self) -> &Path {
        match self {
            Source::Snapshot(path) | Source::Journal(path) | Source::Manifest(path) => path,
        }
    }

    /// What a file is, by its beginning, or what is in a folder.
    ///
    /// # Errors
    /// If there is nothing of Redis's.
    pub fn of(path: &Path, settings: &Settings) -> Result<Source, Fault> {
        let nothing = |why: &str| Fault::File { path: path.to_owned(), why: why.to_owned() };
        if path.is_dir() {
            let manifest = path.join(manifest_name(settings));
            return if manifest.is_file() {
                Ok(Source::Manifest(manifest))
            } else {
                find(path, settings).ok_or_else(|| nothing("holds no files of Redis's"))
            };
        }
        let mut head = [0; 5];
        let mut file = File::open(path).map_err(Fault::io(format!("open {}", path.display())))?;
        let read = std::io::Read::read(&mut file, &mut head);
        let read = read.map_err(Fault::io(format!("read {}", path.display())))?;
        match &head[..read] {
            b"REDIS" => Ok(Source::Snapshot(path.to_owned())),
            [b'*' | b'#', ..] => Ok(Source::Journal(path.to_owned())),
            b"file " => Ok(Source::Manifest(path.to_owned())),
            _ => Err(nothing("is no file of Redis's")),
        }
    }
}

fn manifest_name(settings: &Settings) -> String {
    format!("{}.manifest", settings.text(&said::APPENDFILENAME))
}

/// What there is in a folder, by the names that the settings say. If there are both sorts, the log
/// names the one that is left.
pub fn find(folder: &Path, settings: &Settings) -> Option<Source> {
    let snapshot = folder.join(settings.text(&said::DBFILENAME));
    let manifest = folder.join(settings.text(&said::APPENDDIRNAME)).join(manifest_name(settings));
    let journal = folder.join(settings.text(&said::APPENDFILENAME));
    let snapshot = snapshot.is_file().then_some(Source::Snapshot(snapshot));
    let journal = if manifest.is_file() {
        Some(Source::Manifest(manifest))
    } else {
        journal.is_file().then_some(Source::Journal(journal))
    };
    let (Some(snapshot), Some(journal)) = (&snapshot, &journal) else {
        return snapshot.or(journal);
    };
    let (chosen, left) = match last_written(journal) >= last_written(snapshot) {
        true => (journal, snapshot),
        false => (snapshot, journal),
    };
    tracing::warn!(
        "{} is left alone, since {} is there too and was written later",
        left.path().display(),
        chosen.path().display()
    );
    Some(chosen.clone())
}

/// When a file, or one beside it, was written last.
fn last_written(source: &Source) -> Option<SystemTime> {
    let path = source.path();
    let beside = match source {
        Source::Manifest(manifest) => manifest.parent().and_then(|folder| folder.read_dir().ok()),
        Source::Snapshot(_) | Source::Journal(_) => None,
    };
    let beside = beside.into_iter().flatten().flatten().map(|file| file.path());
    let written = |path: PathBuf| path.metadata().and_then(|about| about.modified()).ok();
    beside.chain([path.to_owned()]).filter_map(written).max()
}

/// Loads Redis's files into the process, which serves nobody yet and has no keys; says how many
/// keys there are then.
///
/// # Errors
/// If a file is damaged; the process is of no use then.
pub fn load_redis_files(process: &Process, source: &Source) -> Result<u64, Fault> {
    let begun = clock::instant();
    let path = source.path();
    tracing::info!("Loading {}", path.display());
    let loaders = std::thread::available_parallelism().map_or(1, usize::from);
    let how = How { loaders, dead_at: Some(clock::now()) };
    let mut dead = 0;
    match source {
        Source::Snapshot(path) => {
            let file = File::open(path).map_err(Fault::io(format!("open {}", path.display())))?;
            let length = file.metadata().map_or(0, |about| about.len());
            let mut progress = Progress::new(path, length);
            let tell = |at, keys| progress.tell(at, keys);
            let (loaded, _) = load(file, &process.keyspace, how, tell)
                .map_err(|damage| damaged(path, &damage))?;
            dead = loaded.dead;
            for module in &loaded.modules {
                tracing::warn!("what the module {module} keeps besides keys is left out");
            }
            libraries::keep(process, loaded.libraries);
        }
        Source::Journal(path) => {
            replay(process, std::slice::from_ref(path), how)?;
        }
        Source::Manifest(manifest) => {
            replay(process, &parts(manifest)?, how)?;
        }
    }
    let space = &process.keyspace;
    let keys: usize = (0..space.databases()).map(|number| space.census(number).keys).sum();
    let seconds = begun.elapsed().as_secs_f64();
    let left =
        if dead > 0 { format!(", {dead} left out whose time is over") } else { String::new() };
    tracing::info!("Loaded {keys} keys from {} in {seconds:.3} s{left}", path.display());
    Ok(keys as u64)
}

/// Loads Redis's files that are in the folder of data, if there are any and no data of our own;
/// says whether it did.
///
/// # Errors
/// As [`load_redis_files`].
pub fn load_found(process: &Process) -> Result<bool, Fault> {
    let source = find(Path::new("."), &process.settings);
    if keep::is_kept(process)? {
        if let Some(source) = source {
            let path = source.path().display();
            tracing::info!("{path} is left alone, since there is data of our own");
        }
        return Ok(false);
    }
    let Some(source) = source else { return Ok(false) };
    load_redis_files(process, &source)?;
    Ok(true)
}

/// Has what was loaded kept, if data is kept at all: to be called once that is so.
///
/// # Errors
/// If the disk does not take it.
pub fn keep_loaded(process: &Process) -> Result<(), Fault> {
    let tap = Tap::new(Arc::clone(&process.store().journal));
    keep::keep(&mut Applier::new(process, Some(Box::new(tap))), process, clock::now())
}

/// The fault of a damaged file.
pub(super) fn damaged(path: &Path, damage: &Damage) -> Fault {
    Fault::File { path: path.to_owned(), why: damage.to_string() }
}

/// Says now and then how far a file is read.
pub(super) struct Progress<'a> {
    path: &'a Path,
    length: u64,
    told: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(path: &'a Path, length: u64) -> Progress<'a> {
        Progress { path, length, told: clock::instant() }
    }

    /// So many bytes and keys, or requests, it were so far.
    pub(super) fn tell(&mut self, at: u64, count: u64) {
        let now = clock::instant();
        if now.duration_since(self.told).as_secs() >= TELL_SECONDS {
            self.told = now;
            let share = at as f64 * 100.0 / self.length.max(1) as f64;
            tracing::info!("Loading {}: {share:.0} %, {count} so far", self.path.display());
        }
    }
}
