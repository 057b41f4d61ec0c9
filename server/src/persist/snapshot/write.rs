//! persist/snapshot/write.rs — a capture written to a file.
//!
//! One thread does it all: it steps through the keyspace, each step under a lock for some tens of
//! microseconds, and packs and writes what came of the steps in blocks of about a MiB, under none.
//! While a writer waits for a big value to be through, blocks are only collected, up to a bound.
//! The file is synced every some MiB, so that the last sync, and other files' meanwhile, need not
//! wait for all of it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use super::format::{BLOCK_BYTES, Block, End, HEAD_BYTES, Kind};
use super::read::verify;
use super::{Meta, Progress, Summary};
use crate::clock;
use crate::error::Fault;
use crate::keyspace::{Capture, Keyspace};
use crate::persist::disk::{Disk, File, NEXT};
use crate::structure::frozen::{put_length, put_string};

/// Bytes from which on a block is full.
const BLOCK: usize = 1 << 20;
/// Bytes of full blocks that may be collected before they are written.
const COLLECTED_MAX: usize = 64 << 20;
/// Bytes written between two syncs.
const SYNC_EVERY: u64 = 32 << 20;

/// How a snapshot is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'p> {
    /// The file's name.
    pub name: &'p str,
    /// Which state it is.
    pub meta: Meta,
    /// Whether blocks are packed.
    pub is_packed: bool,
    /// How long to rest after each block, about a MiB, which takes some millisecond of a core: so
    /// that who serves clients is not kept from it. Not while a writer waits.
    pub rest: Duration,
    /// State outside the keyspace, by name.
    pub sections: &'p [(&'p str, &'p [u8])],
}

/// Writes a capture, and makes it durable under its name. The capture is ended in any case. `None`
/// if it was called off.
///
/// # Errors
/// What the disk says, and if the file does not read back; then there is no file of the name, or
/// the one that was there before.
pub fn write(
    disk: &dyn Disk,
    plan: Plan<'_>,
    space: &Keyspace,
    mut capture: Capture,
    progress: &Progress,
    cancel: &AtomicBool,
) -> Result<Option<Summary>, Fault> {
    let next = format!("{}{NEXT}", plan.name);
    let doing = |what: &str| Fault::io(format!("{what} '{}/{next}'", disk.place()));
    let written = disk.create(&next).map_err(doing("make")).and_then(|file| {
        let mut writer = Writer::new(plan, file, progress);
        let walked = writer.walk(space, &mut capture, cancel);
        let end =
            walked.and_then(|is_whole| is_whole.then(|| writer.end(space.captured())).transpose());
        end.map_err(doing("write"))
    });
    space.end_capture(capture);
    let written = written.and_then(|summary| {
        let Some(summary) = summary else { return Ok(None) };
        let read = verify(disk, &next)?;
        if read != (plan.meta, summary) {
            let what = format!("'{}/{next}', which does not read back,", disk.place());
            return Err(Fault::Corrupt { what: what.into(), offset: 0 });
        }
        disk.rename(&next, plan.name).map_err(doing("rename"))?;
        disk.sync_names().map_err(doing("make durable the name of"))?;
        Ok(Some(summary))
    });
    if !matches!(written, Ok(Some(_))) {
        // It means nothing; if it stays, whoever starts next removes it.
        let _ = disk.remove(&next);
    }
    written
}

struct Writer<'w> {
    plan: Plan<'w>,
    file: Box<dyn File>,
    progress: &'w Progress,
    at: u64,
    synced: u64,
    heads: u32,
    summary: Summary,
    /// Full blocks that are not written yet.
    collected: Vec<Vec<u8>>,
    /// An empty block, to be filled.
    spare: Option<Vec<u8>>,
    packed: Vec<u8>,
}

impl<'w> Writer<'w> {
    fn new(plan: Plan<'w>, file: Box<dyn File>, progress: &'w Progress) -> Writer<'w> {
        Writer {
            plan,
            file,
            progress,
            at: 0,
            synced: 0,
            heads: 0,
            summary: Summary::default(),
            collected: Vec::new(),
            spare: None,
            packed: Vec::new(),
        }
    }

    /// Writes head, sections and entries; says whether it came to the end.
    fn walk(
        &mut self,
        space: &Keyspace,
        capture: &mut Capture,
        cancel: &AtomicBool,
    ) -> std::io::Result<bool> {
        let head = self.plan.meta.to_bytes();
        self.file.write_at(&head, 0)?;
        self.at = HEAD_BYTES as u64;
        self.heads = crc32c::crc32c(&head);
        for (name, bytes) in self.plan.sections {
            self.section(name, bytes)?;
        }
        let fresh = || Vec::with_capacity(BLOCK + BLOCK / 4);
        let mut block = fresh();
        loop {
            let more = space.walk(capture, &mut block);
            if block.len() >= BLOCK || !more {
                self.collected.push(std::mem::take(&mut block));
                block = self.spare.take().unwrap_or_else(fresh);
                self.progress.entries.store(space.captured(), Relaxed);
                let count: usize = self.collected.iter().map(Vec::len).sum();
                if !more || !space.is_awaited() || count >= COLLECTED_MAX {
                    self.flush()?;
                    if more && !self.plan.rest.is_zero() && !space.is_awaited() {
                        clock::block(self.plan.rest);
                    }
                }
            }
            if cancel.load(Relaxed) {
                return Ok(false);
            }
            if !more {
                return Ok(true);
            }
        }
    }

    /// Writes what was collected.
    fn flush(&mut self) -> std::io::Result<()> {
        for mut block in std::mem::take(&mut self.collected) {
            if !block.is_empty() {
                self.block(Kind::Entries, &block)?;
            }
            block.clear();
            self.spare = Some(block);
        }
        Ok(())
    }

    fn section(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let mut at = 0;
        loop {
            let part = &bytes[at..bytes.len().min(at + BLOCK)];
            let mut block = Vec::with_capacity(part.len() + name.len() + 32);
            put_string(&mut block, name.as_bytes());
            put_length(&mut block, at);
            put_string(&mut block, part);
            self.block(Kind::Section, &block)?;
            at += part.len();
            if at == bytes.len() {
                return Ok(());
            }
        }
    }

    fn block(&mut self, kind: Kind, whole: &[u8]) -> std::io::Result<()> {
        let too_long = |_| std::io::Error::from(std::io::ErrorKind::FileTooLarge);
        let whole_bytes = u32::try_from(whole.len()).map_err(too_long)?;
        let mut packed = None;
        if self.plan.is_packed && kind != Kind::End {
            // Behind the head, so that both are written at once.
            let most = lz4_flex::block::get_maximum_output_size(whole.len());
            if self.packed.len() < BLOCK_BYTES + most {
                self.packed.resize(BLOCK_BYTES + most, 0);
            }
            let to = &mut self.packed[BLOCK_BYTES..];
            packed = lz4_flex::block::compress_into(whole, to).ok();
        }
        // Not if it pays little.
        let packed = packed.filter(|&bytes| bytes < whole.len() - whole.len() / 16);
        let end = BLOCK_BYTES + packed.unwrap_or(whole.len());
        if packed.is_none() {
            self.packed.resize(end.max(self.packed.len()), 0);
            self.packed[BLOCK_BYTES..end].copy_from_slice(whole);
        }
        let (meta, bytes) = (self.plan.meta, &self.packed[BLOCK_BYTES..end]);
        let head = Block::seal(kind, packed.is_some(), whole_bytes, bytes, meta, self.at);
        self.packed[..BLOCK_BYTES].copy_from_slice(&head);
        self.heads = crc32c::crc32c_append(self.heads, &head);
        self.file.write_at(&self.packed[..end], self.at)?;
        self.at += end as u64;
        self.summary.blocks += 1;
        self.summary.whole += whole.len() as u64;
        self.progress.bytes.store(self.at, Relaxed);
        if self.at - self.synced >= SYNC_EVERY {
            self.file.sync()?;
            self.synced = self.at;
        }
        Ok(())
    }

    fn end(mut self, entries: u64) -> std::io::Result<Summary> {
        self.summary.entries = entries;
        let Summary { blocks, whole, .. } = self.summary;
        let end = End { entries, blocks, whole, heads: self.heads };
        self.block(Kind::End, &end.to_bytes())?;
        self.file.sync()?;
        self.progress.entries.store(entries, Relaxed);
        Ok(Summary { entries, blocks, whole, bytes: self.at })
    }
}
