//! migration/load.rs — the keys of an RDB file or stream into a keyspace, on several threads.
//!
//! ```text
//! input --> this thread: where does each value end --batches--> loaders: build values, insert
//! ```
//!
//! One thread goes through the file, which costs a third of the work, and the loaders do the rest;
//! a value too big to be copied is read by that one thread in place. So memory is taken for the
//! values, a few batches, and nothing else.
//!
//! Invariants: the keyspace holds all keys of the file, or there is an error, and what it holds
//! then is of no use. Nobody else may use the keyspace meanwhile (see `keyspace::load`).

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::clock::Millis;
use crate::keyspace::{Keys, Keyspace, Shared};
use crate::persist::rdb::file::{Damage, Part, Reader, scan};
use crate::persist::rdb::{form, malformed, string};

/// A batch is handed over when it has so many bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// A value of more bytes than this is not copied.
const COPIED_BYTES_MAX: usize = 1 << 20;

/// Keys whose memory is asked for at once.
const AHEAD: usize = 32;

/// How a file is to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Threads that build values, besides the calling one; at least 1.
    pub loaders: usize,
    /// Keys whose deadline is not after this are left out: whoever loads them for good need not
    /// bury them first.
    pub dead_at: Option<Millis>,
}

/// What a file had besides keys, and how many keys.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Keys inserted.
    pub keys: u64,
    /// Keys left out since their time is over.
    pub dead: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// What the writer says of itself, in order.
    pub aux: Vec<(String, String)>,
    /// Sources of libraries of functions.
    pub libraries: Vec<Vec<u8>>,
    /// Modules whose notes were skipped.
    pub modules: Vec<String>,
}

impl Loaded {
    /// What the writer says of itself by this name.
    pub fn aux(&self, name: &str) -> Option<&str> {
        self.aux.iter().find(|(known, _)| known == name).map(|(_, text)| &text[..])
    }
}

/// Loads a file into `space`. `tell` is told now and then how many bytes and keys it were so far.
/// Gives back the reader, which stands behind the file's end, for what may follow there.
///
/// # Errors
/// If the file is cut off or damaged, names a database that there is not, has a key twice, or no
/// thread can be started.
pub fn load<R: Read>(
    from: R,
    space: &Keyspace,
    how: How,
    mut tell: impl FnMut(u64, u64),
) -> Result<(Loaded, Reader<R>), Damage> {
    let mut reader = Reader::new(from)?;
    let mut loaded = Loaded::default();
    let (full, batches) = sync_channel(2 * how.loaders.max(1));
    let (spent, spares) = channel();
    let loaders = Loaders {
        space,
        batches: Mutex::new(batches),
        keys: AtomicU64::new(0),
        failed: AtomicBool::new(false),
        damage: Mutex::new(None),
    };
    let result = thread::scope(|scope| {
        // Whatever happens in between, the loaders end when the feeder is gone.
        let feeder = Feeder { loaders: &loaders, how, full, spares, batch: Batch::default() };
        for _ in 0..how.loaders.max(1) {
            let (loaders, spent) = (&loaders, spent.clone());
            let loader = thread::Builder::new().name("loader".into());
            loader
                .spawn_scoped(scope, move || loaders.run(&spent))
                .map_err(|why| Damage { offset: 0, why })?;
        }
        feeder.feed(&mut reader, &mut loaded, &mut tell)
    });
    let damage = loaders.damage.into_inner().unwrap_or_else(PoisonError::into_inner);
    // What a loader found comes first in the file.
    damage.map_or(result, Err)?;
    loaded.keys = loaders.keys.into_inner();
    loaded.bytes = reader.offset();
    tell(loaded.bytes, loaded.keys);
    Ok((loaded, reader))
}

/// Values on their way to a loader.
#[derive(Default)]
struct Batch {
    /// Key and value, key and value.
    bytes: Vec<u8>,
    entries: Vec<Held>,
}

/// A key and its value in a batch.
struct Held {
    database: usize,
    deadline: Option<Millis>,
    form: u8,
    key_start: usize,
    value_start: usize,
    end: usize,
    /// Where the value was in the file.
    offset: u64,
    hash: u64,
}

/// What the loaders share.
struct Loaders<'s> {
    space: &'s Keyspace,
    batches: Mutex<Receiver<Batch>>,
    keys: AtomicU64,
    failed: AtomicBool,
    damage: Mutex<Option<Damage>>,
}

impl Loaders<'_> {
    /// Inserts batches until there are no more.
    fn run(&self, spent: &Sender<Batch>) {
        loop {
            let next = self.batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(mut batch) = next else { return };
            if !self.failed.load(Relaxed)
                && let Err(damage) = self.insert(&mut batch)
            {
                self.fail(damage);
            }
            batch.bytes.clear();
            batch.entries.clear();
            // Nobody takes it any more if the feeder is done.
            let _ = spent.send(batch);
        }
    }

    fn fail(&self, damage: Damage) {
        self.failed.store(true, Relaxed);
        let mut first = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|first| damage.offset < first.offset) {
            *first = Some(damage);
        }
    }

    fn insert(&self, batch: &mut Batch) -> Result<(), Damage> {
        let gate = self.space.gate().share();
        for entries in batch.entries.chunks_mut(AHEAD) {
            for held in &mut *entries {
                held.hash = self.space.hash(&batch.bytes[held.key_start..held.value_start]);
                self.space.prefetch(held.database, held.hash);
            }
            for held in entries {
                let key = &batch.bytes[held.key_start..held.value_start];
                let mut value = &batch.bytes[held.value_start..held.end];
                let place = Place { gate: &gate, key, hash: held.hash, deadline: held.deadline };
                place
                    .put(self.space, held.database, held.form, &mut value)
                    .map_err(|why| Damage { offset: held.offset, why })?;
            }
        }
        self.keys.fetch_add(batch.entries.len() as u64, Relaxed);
        Ok(())
    }
}

/// Where a value goes.
struct Place<'a> {
    gate: &'a Shared<'a>,
    key: &'a [u8],
    hash: u64,
    deadline: Option<Millis>,
}

impl Place<'_> {
    /// Reads a value and puts it where nothing must be.
    fn put(
        &self,
        space: &Keyspace,
        database: usize,
        form: u8,
        value: &mut dyn io::BufRead,
    ) -> io::Result<()> {
        let view = || Keys::one(space, self.gate, database, self.key, self.hash, 0);
        let is_new = if form == form::STRING {
            let deadline = self.deadline;
            string::read(value, |bytes| view().load_string(self.key, bytes, deadline))?
        } else {
            let Some(kind) = space.kind_of_form(form) else {
                return Err(malformed("a value of no known form"));
            };
            let object = (kind.restore)(form, value)?;
            view().load_object(self.key, object, self.deadline)
        };
        if is_new {
            return Ok(());
        }
        let why = format!("key \"{}\" comes twice", self.key.escape_ascii());
        Err(io::Error::new(io::ErrorKind::InvalidData, why))
    }
}

/// Goes through the file and hands batches out.
struct Feeder<'l, 's> {
    loaders: &'l Loaders<'s>,
    how: How,
    full: SyncSender<Batch>,
    spares: Receiver<Batch>,
    batch: Batch,
}

impl Feeder<'_, '_> {
    fn feed<R: Read>(
        mut self,
        reader: &mut Reader<R>,
        loaded: &mut Loaded,
        tell: &mut impl FnMut(u64, u64),
    ) -> Result<(), Damage> {
        loop {
            match reader.next_part()? {
                Part::Key { database, deadline, form } => {
                    let offset = reader.offset();
                    let is_over = self
                        .key(reader, database, deadline, form)
                        .map_err(|why| Damage { offset, why })?;
                    loaded.dead += u64::from(is_over);
                    if self.batch.bytes.len() >= BATCH_BYTES {
                        self.send();
                        tell(reader.offset(), self.loaders.keys.load(Relaxed));
                        if self.loaders.failed.load(Relaxed) {
                            return Ok(());
                        }
                    }
                }
                Part::Aux(name, text) => {
                    let [name, text] =
                        [name, text].map(|text| String::from_utf8_lossy(&text).into_owned());
                    loaded.aux.push((name, text));
                }
                Part::Library(source) => loaded.libraries.push(source),
                Part::ModuleAux(name) => loaded.modules.push(name),
                Part::Sizes(..) => {}
                Part::End => {
                    self.send();
                    return Ok(());
                }
            }
        }
    }

    /// Takes a key and its value; says whether it was left out.
    fn key<R: Read>(
        &mut self,
        reader: &mut Reader<R>,
        database: u64,
        deadline: Option<u64>,
        form: u8,
    ) -> io::Result<bool> {
        let count = self.loaders.space.databases();
        let database = usize::try_from(database).ok().filter(|&number| number < count);
        let Some(database) = database else {
            let why = format!("a database beyond the {count} of `databases`; raise the setting");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        };
        let is_over = deadline.zip(self.how.dead_at).is_some_and(|(at, now)| at <= now);
        let offset = reader.offset();
        let (key, input) = reader.key_and_input();
        let Batch { bytes, entries } = &mut self.batch;
        let key_start = bytes.len();
        bytes.extend_from_slice(key);
        let value_start = bytes.len();
        let is_whole = scan(form, input, bytes, COPIED_BYTES_MAX)?;
        if is_whole {
            let end = bytes.len();
            if is_over {
                bytes.truncate(key_start);
            } else {
                let (key_start, value_start, hash) = (key_start, value_start, 0);
                let held =
                    Held { database, deadline, form, key_start, value_start, end, offset, hash };
                entries.push(held);
            }
            return Ok(is_over);
        }
        let begun = bytes.split_off(value_start);
        bytes.truncate(key_start);
        let mut value = (&begun[..]).chain(&mut *input);
        let space = self.loaders.space;
        if is_over {
            skip(form, &mut value)?;
        } else {
            let gate = space.gate().share();
            let place = Place { gate: &gate, key, hash: space.hash(key), deadline };
            place.put(space, database, form, &mut value)?;
            self.loaders.keys.fetch_add(1, Relaxed);
        }
        // What was copied must have been a part of the value.
        let (rest, _) = value.into_inner();
        if rest.is_empty() { Ok(is_over) } else { Err(malformed("a value that ends early")) }
    }

    fn send(&mut self) {
        if self.batch.entries.is_empty() {
            self.batch.bytes.clear();
            return;
        }
        let spare = self.spares.try_recv().unwrap_or_default();
        let batch = std::mem::replace(&mut self.batch, spare);
        // The loaders end after the feeder.
        let _ = self.full.send(batch);
    }
}

/// Reads a value for nothing.
fn skip(form: u8, value: &mut dyn io::BufRead) -> io::Result<()> {
    let mut nowhere = Vec::new();
    if scan(form, value, &mut nowhere, usize::MAX)? {
        return Ok(());
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
