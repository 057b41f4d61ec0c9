//! persist/journal/read.rs — reading segments back: which records there are, and what to make of
//! bytes that are none.
//!
//! The journal ends where its last segment has no further whole block. What is behind that place
//! is one of three things. Zeros, or what an earlier life of the file has left: nothing was lost.
//! Parts of blocks that were being written when the power went: they were promised to nobody, the
//! journal is cut there, and the bytes are kept aside. Or whole blocks that say that the place
//! before them had been on disk: then something is damaged that was kept once, and nobody goes on
//! from there. In all segments but the last, anything but blocks up to a seal is such damage.

use std::io;

use super::format::{BLOCK_BYTES, Block, Found, HEAD_BYTES, Head, Kind, Lsn};
use super::log::{Segment, name, number};
use crate::clock::Millis;
use crate::error::Fault;
use crate::persist::codec::{Encoded, Records};
use crate::persist::disk::{Disk, read_all, replace};

/// The longest segment that is read.
const SEGMENT_BYTES_MAX: u64 = 16 << 30;

/// A record, as the journal has it.
pub struct Entry<'a> {
    /// The unit that it belongs to.
    pub lsn: Lsn,
    /// The time that it saw.
    pub stamp: Millis,
    /// Whether it is the last of its unit.
    pub is_last: bool,
    /// The rest.
    pub record: Encoded<'a>,
}

/// How a journal ended.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct End {
    /// The segments that have blocks, oldest first.
    pub segments: Vec<Segment>,
    /// The numbers of segments behind them that were prepared and never used.
    pub unused: Vec<u64>,
    /// The LSN of the next unit.
    pub next: Lsn,
    /// Where the last segment has to be closed; `None` if it is, or there is none.
    pub open: Option<Open>,
    /// Whether all of the last segment is known to be on disk: it was closed and cut.
    pub is_settled: bool,
}

/// The last segment, as it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its name.
    pub name: String,
    /// Where its last whole block ends.
    pub at: u64,
    /// Bytes behind that place which were to be blocks and are none.
    pub torn: u64,
}

impl End {
    /// Refuses a journal of which the last segments are gone: there is one of this number at least.
    ///
    /// # Errors
    /// If there is not: which is missing.
    pub fn must_reach(&self, disk: &dyn Disk, number: u64) -> Result<(), Fault> {
        let used = self.segments.last().map_or(0, |segment| segment.number);
        let last = self.unused.last().copied().unwrap_or(0).max(used);
        if last < number { Err(missing(disk, last + 1)) } else { Ok(()) }
    }
}

/// Shows every record of the units after `after`, in order. `first` is the number of the first
/// segment that is needed, and there is one of it at least.
///
/// # Errors
/// If a segment is missing or damaged: which, and where; and what `show` says.
pub fn read(
    disk: &dyn Disk,
    set: u64,
    first: u64,
    after: Lsn,
    show: &mut dyn FnMut(Entry<'_>) -> Result<(), Fault>,
) -> Result<End, Fault> {
    let io = |doing: String| Fault::io(doing);
    let names = disk.names().map_err(io(format!("list the files of '{}'", disk.place())))?;
    let numbers = names.iter().filter_map(|name| number(name));
    let mut numbers: Vec<u64> = numbers.filter(|&found| found >= first).collect();
    numbers.sort_unstable();
    if numbers.first() != Some(&first) {
        return Err(missing(disk, first));
    }
    let mut end = End { next: after + 1, ..End::default() };
    let mut walk = Walk { disk, after, expected: None, records: Records::default() };
    let mut must_follow = false;
    for (place, &number) in numbers.iter().enumerate() {
        if number != first + place as u64 {
            return Err(missing(disk, first + place as u64));
        }
        let name = name(number);
        let file = disk.open(&name).map_err(io(format!("open {name}")))?;
        let bytes = read_all(&*file, SEGMENT_BYTES_MAX).map_err(io(format!("read {name}")))?;
        let head = read_head(disk, &name, &bytes, set, number)?;
        let begins = Block::look(head, bytes.get(HEAD_BYTES as usize..).unwrap_or_default());
        let is_used = match begins {
            Found::Block(block) => block.kind != Kind::Mark,
            Found::Damaged => true,
            Found::Nothing => false,
        };
        // Before anything of it is shown: what is wrong is the one before it.
        if is_used && let Some(open) = &end.open {
            return Err(damaged(disk, &open.name, open.at, "its end is missing"));
        }
        if is_used && let Some(&unused) = end.unused.first() {
            return Err(damaged(disk, &super::log::name(unused), HEAD_BYTES, "it is empty"));
        }
        let stopped = walk.segment(&name, head, &bytes, show)?;
        if stopped.first.is_none() && matches!(stopped.how, How::Open { torn: 0, .. }) {
            end.unused.push(number);
            must_follow = false;
            continue;
        }
        let first = stopped.first.or(walk.expected).unwrap_or(after + 1);
        end.segments.push(Segment { number, first, bytes: bytes.len() as u64 });
        end.is_settled = false;
        match stopped.how {
            How::Sealed => (end.open, must_follow) = (None, true),
            How::Closed { at } => {
                (end.open, must_follow) = (None, false);
                end.is_settled = bytes.len() == at + BLOCK_BYTES;
            }
            How::Open { at, torn } => {
                end.open = Some(Open { name, at, torn });
                must_follow = false;
            }
        }
    }
    if must_follow {
        return Err(missing(disk, first + numbers.len() as u64));
    }
    if let Some(expected) = walk.expected {
        end.next = expected.max(after + 1);
    }
    Ok(end)
}

fn read_head(
    disk: &dyn Disk,
    name: &str,
    bytes: &[u8],
    set: u64,
    number: u64,
) -> Result<Head, Fault> {
    let Some(front) = bytes.first_chunk::<{ HEAD_BYTES as usize }>() else {
        return Err(damaged(disk, name, 0, "it is too short"));
    };
    let head = Head::from_bytes(front);
    let head = head.map_err(|error| damaged(disk, name, 0, &error.to_string()))?;
    if head.set != set {
        return Err(damaged(disk, name, 16, "it belongs to another data set"));
    }
    if head.number != number {
        return Err(damaged(disk, name, 32, "its name is another segment's"));
    }
    Ok(head)
}

fn missing(disk: &dyn Disk, number: u64) -> Fault {
    let why = format!(
        "{} is missing, and with it writes that were acknowledged; put it back, or restore a backup \
         of the folder",
        name(number)
    );
    Fault::File { path: disk.place().into(), why }
}

fn damaged(disk: &dyn Disk, name: &str, offset: u64, why: &str) -> Fault {
    let why = format!("damaged at byte {offset}: {why}");
    Fault::File { path: format!("{}/{name}", disk.place()).into(), why }
}

/// Going through segments.
struct Walk<'d> {
    disk: &'d dyn Disk,
    after: Lsn,
    /// The LSN of the next unit, once there was one.
    expected: Option<Lsn>,
    records: Records,
}

/// Where a segment stopped.
struct Stopped {
    /// The LSN of its first unit.
    first: Option<Lsn>,
    how: How,
}

enum How {
    Sealed,
    Closed { at: usize },
    Open { at: u64, torn: u64 },
}

impl Walk<'_> {
    fn segment(
        &mut self,
        name: &str,
        head: Head,
        bytes: &[u8],
        show: &mut dyn FnMut(Entry<'_>) -> Result<(), Fault>,
    ) -> Result<Stopped, Fault> {
        let disk = self.disk;
        let damaged = |at: usize, why: &str| Err(damaged(disk, name, at as u64, why));
        let (mut at, mut first) = (HEAD_BYTES as usize, None);
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let block = match Block::look(head, rest) {
                Found::Block(block) => block,
                found => {
                    let how = self.open_end(name, head, bytes, at, found)?;
                    return Ok(Stopped { first, how });
                }
            };
            let expected = self.expected.unwrap_or_else(|| block.first.min(self.after + 1));
            // What the snapshot has may be missing: it can have reached the disk first.
            let is_known = block.first > expected && block.first <= self.after + 1;
            if block.first != expected && !is_known {
                let why = format!("unit {} follows, and {expected} is missing", block.first);
                return damaged(at, &why);
            }
            first = first.or((block.kind != Kind::Mark).then_some(block.first));
            self.expected = Some(block.next());
            match block.kind {
                Kind::Seal => return Ok(Stopped { first, how: How::Sealed }),
                Kind::Close => return Ok(Stopped { first, how: How::Closed { at } }),
                Kind::Mark => {
                    let how = self.open_end(name, head, bytes, at, Found::Nothing)?;
                    return Ok(Stopped { first, how });
                }
                Kind::Records => {}
            }
            let start = at + BLOCK_BYTES;
            let payload = &bytes[start..start + block.bytes as usize];
            match self.records.read(payload) {
                Ok(units) if units == block.count => {}
                Ok(_) => return damaged(at, "its block counts other units than it has"),
                Err(bad) => return damaged(start + bad.0, "there is no record"),
            }
            self.show(&block, payload, show)?;
            at += Block::space(payload.len());
        }
    }

    fn show(
        &self,
        block: &Block,
        payload: &[u8],
        show: &mut dyn FnMut(Entry<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut lsn = block.first.wrapping_sub(1);
        let mut records = self.records.iter(payload).peekable();
        while let Some(record) = records.next() {
            lsn = lsn.wrapping_add(u64::from(!record.joined));
            if lsn > self.after {
                let is_last = records.peek().is_none_or(|next| !next.joined);
                show(Entry { lsn, stamp: block.stamp, is_last, record })?;
            }
        }
        Ok(())
    }

    /// What is behind the last whole block.
    fn open_end(
        &self,
        name: &str,
        head: Head,
        bytes: &[u8],
        at: usize,
        found: Found,
    ) -> Result<How, Fault> {
        if (bytes.len() as u64) < head.bytes {
            let why = format!("it ends there, though it had {} bytes", head.bytes);
            return Err(damaged(self.disk, name, bytes.len() as u64, &why));
        }
        let missing = self.expected.unwrap_or(self.after + 1);
        let mut from = at + 8;
        let mut is_torn = found == Found::Damaged;
        while let Some((later, block)) = bytes.get(from..).and_then(|rest| Block::seek(head, rest))
        {
            let later = from + later;
            if block.synced >= missing {
                let why = format!(
                    "there is no whole block, though one at byte {later} says that it had been on \
                     disk"
                );
                return Err(damaged(self.disk, name, at as u64, &why));
            }
            is_torn = true;
            from = later + Block::space(block.bytes as usize);
        }
        let written = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let torn = if is_torn { written.saturating_sub(at) as u64 } else { 0 };
        Ok(How::Open { at: at as u64, torn })
    }
}

/// Makes what was read stay, and closes the last segment if it was left open, so that nothing behind
/// its last whole block is ever read. Torn bytes are kept in a file of their own, whose name is
/// answered.
///
/// # Errors
/// What the disk says.
pub fn mend(disk: &dyn Disk, set: u64, end: &End) -> io::Result<Option<String>> {
    // The process before may have been killed between making a name and syncing it.
    disk.sync_names()?;
    let Some(last) = end.segments.last().filter(|_| !end.is_settled) else { return Ok(None) };
    let file = disk.open(&name(last.number))?;
    let bytes = read_all(&*file, SEGMENT_BYTES_MAX)?;
    let mut kept = None;
    if let Some(open) = end.open.as_ref().filter(|open| open.torn > 0) {
        let start = (open.at as usize).min(bytes.len());
        let stop = (start + open.torn as usize).min(bytes.len());
        kept = Some(keep_aside(disk, open, &bytes[start..stop])?);
    }
    // What was read may be in memory alone: it was killed before a sync, or one failed, after which
    // the system takes for written what is not. So it is written again, before anything says that
    // it is kept.
    let whole = end.open.as_ref().map_or(bytes.len(), |open| open.at as usize);
    file.write_at(&bytes[..whole.min(bytes.len())], 0)?;
    file.sync()?;
    let Some(open) = &end.open else { return Ok(kept) };
    let head = Head::from_bytes(bytes.first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?)?;
    debug_assert_eq!(head.set, set);
    let (kind, first) = (Kind::Close, end.next);
    let block = Block { kind, bytes: 0, count: 0, first, stamp: 0, synced: end.next - 1 };
    let mut close = Vec::new();
    block.append(head, b"", &mut close);
    file.write_at(&close, open.at)?;
    // What it says is kept from now on is on disk before it is cut to that.
    file.sync()?;
    file.cut(open.at + close.len() as u64)?;
    file.sync()?;
    Ok(kept)
}

fn keep_aside(disk: &dyn Disk, open: &Open, torn: &[u8]) -> io::Result<String> {
    let name = format!("{}.torn-at-{}", open.name, open.at);
    match disk.open(&name) {
        // An attempt to mend it did not come to its end, and may have begun to write over it.
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(disk, &name, torn)?,
        Err(error) => return Err(error),
    }
    Ok(name)
}
