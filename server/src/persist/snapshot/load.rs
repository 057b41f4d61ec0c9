//! persist/snapshot/load.rs — a snapshot put into a keyspace, on all cores.
//!
//! Every thread does the same: it reads the next block, one thread at a time, and then checks and
//! unpacks it and puts its entries in while another reads. So the disk is read in one go, and what
//! is expensive is spread.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::read::{Content, Reader, Sections, damaged};
use super::{Meta, Progress, Summary};
use crate::error::Fault;
use crate::keyspace::{Filling, Keyspace, Kind};
use crate::persist::disk::Disk;

/// What a snapshot was.
#[derive(Debug)]
pub struct Loaded {
    /// Which state it held.
    pub meta: Meta,
    /// What it came to.
    pub summary: Summary,
    /// The state outside the keyspace, by name.
    pub sections: Vec<(String, Vec<u8>)>,
}

/// Loads a snapshot into an empty keyspace, with values of these kinds, on so many threads. After
/// a fault the keyspace holds some of it.
///
/// # Errors
/// What the disk says, what is damaged, and what this keyspace cannot hold: a database beyond those
/// it has, a kind that there is not.
pub fn load(
    disk: &dyn Disk,
    name: &str,
    space: &Keyspace,
    kinds: impl Iterator<Item = &'static Kind>,
    threads: usize,
    progress: &Progress,
) -> Result<Loaded, Fault> {
    let reader = Reader::open(disk, name)?;
    let (meta, path) = (reader.meta, reader.path().to_owned());
    progress.bytes_all.store(reader.size, Relaxed);
    let loading = Loading {
        reader: Mutex::new((reader, Sections::default())),
        filling: Filling::new(space, kinds),
        has_failed: AtomicBool::new(false),
        path: &path,
        meta,
        progress,
    };
    let results: Vec<Result<(), Fault>> = std::thread::scope(|scope| {
        let start = |_| {
            let builder = std::thread::Builder::new().name("load".into());
            builder.spawn_scoped(scope, || loading.run())
        };
        let started: Vec<_> = (1..threads.max(1)).map(start).collect();
        let mut results = vec![loading.run()];
        for thread in started {
            results.push(match thread {
                Ok(thread) => thread.join().unwrap_or(Err(Fault::Panic("a loading thread".into()))),
                // With fewer threads it takes longer.
                Err(_) => Ok(()),
            });
        }
        results
    });
    results.into_iter().collect::<Result<(), Fault>>()?;
    let (reader, sections) =
        loading.reader.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    let entries = loading.filling.finish().map_err(|fault| Reader::locate(&path, 0, fault))?;
    let summary = reader.summary().unwrap_or_default();
    if summary.entries != entries {
        return Err(damaged(&path, "whose entries are not as many as it says,", reader.at));
    }
    Ok(Loaded { meta, summary, sections: sections.0 })
}

struct Loading<'l> {
    reader: Mutex<(Reader, Sections)>,
    filling: Filling<'l>,
    has_failed: AtomicBool,
    path: &'l str,
    meta: Meta,
    progress: &'l Progress,
}

impl Loading<'_> {
    fn run(&self) -> Result<(), Fault> {
        let result = self.run_on();
        if result.is_err() {
            self.has_failed.store(true, Relaxed);
        }
        result
    }

    fn run_on(&self) -> Result<(), Fault> {
        let (mut spare, mut unpacked) = (Vec::new(), Vec::new());
        while !self.has_failed.load(Relaxed) {
            let raw = {
                let mut locked = self.reader.lock().unwrap_or_else(|held| held.into_inner());
                let (reader, sections) = &mut *locked;
                let Some(raw) = reader.next(std::mem::take(&mut spare))? else { break };
                if raw.is_section() {
                    // Few, and in order.
                    let opened = raw.open(self.path, self.meta, &mut unpacked)?;
                    if let Content::Section(part) = raw.content(self.path, opened)?
                        && !sections.add(part)
                    {
                        return Err(damaged(self.path, "a section", raw.at));
                    }
                    continue;
                }
                raw
            };
            let opened = raw.open(self.path, self.meta, &mut unpacked)?;
            let taken = self.filling.take(opened);
            taken.map_err(|fault| Reader::locate(self.path, raw.at, fault))?;
            self.progress.bytes.fetch_add(raw.bytes(), Relaxed);
            self.progress.entries.store(self.filling.entries(), Relaxed);
            spare = raw.into_spare();
        }
        Ok(())
    }
}
