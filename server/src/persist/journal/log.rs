//! persist/journal/log.rs — writing segments: where the next block goes, and what is on disk.
//!
//! A segment's room is taken before it is used, so that a block never fails for want of it and a
//! sync has no length to write down. The next segment is whole, head and name, before the current
//! one is full; a full one is sealed and synced before anything is written to the next.
//!
//! Everything here happens in the order of the calls, without threads and without a clock: the
//! simulated crashes of `tests/sim` run this very code.
//!
//! Invariants
//! - Blocks follow each other without a gap in LSNs.
//! - A block that could not be written is written again at the same place, or never.
//! - After a sync that failed nothing is written any more: see [`Log::is_broken`].

use std::io;
use std::sync::Arc;

use super::format::{BLOCK_BYTES, Block, HEAD_BYTES, Head, Kind, Lsn};
use crate::clock::Millis;
use crate::dice::Dice;
use crate::persist::disk::{Disk, File, NEXT};

/// What a data set's segments have in common.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Which data set.
    pub set: u64,
    /// Bytes of a segment; one that must hold a larger block is larger.
    pub bytes: u64,
}

/// The name of a segment.
pub fn name(number: u64) -> String {
    format!("{PREFIX}{number:010}")
}

/// The number that a name of a segment says.
pub fn number(name: &str) -> Option<u64> {
    let found = name.strip_prefix(PREFIX)?.parse().ok()?;
    (self::name(found) == name).then_some(found)
}

const PREFIX: &str = "journal-";

/// A segment with room, a head and a name, and nothing in it yet.
pub struct Prepared {
    file: Box<dyn File>,
    head: Head,
    bytes: u64,
}

impl Prepared {
    /// Makes the segment of a number. A file that is no longer needed is used again if given: its
    /// room is taken already. `zeroed` writes to all of the room once, which makes later syncs
    /// cheaper on most file systems and takes as long as writing does.
    ///
    /// # Errors
    /// What the disk says; then there is no such segment.
    pub fn make(
        disk: &dyn Disk,
        shape: Shape,
        number: u64,
        file: u64,
        used: Option<&str>,
        zeroed: bool,
    ) -> io::Result<Prepared> {
        let next = format!("{}{NEXT}", name(number));
        let made = match used {
            Some(used) => disk.rename(used, &next).and_then(|()| disk.open(&next)),
            None => disk.create(&next),
        };
        let result = made.and_then(|opened| {
            opened.reserve(shape.bytes)?;
            if zeroed && used.is_none() {
                let zeros = vec![0; ZEROS];
                for at in (0..shape.bytes).step_by(ZEROS) {
                    let length = (shape.bytes - at).min(ZEROS as u64) as usize;
                    opened.write_at(&zeros[..length], at)?;
                }
            }
            let bytes = opened.size()?;
            let head = Head { set: shape.set, file, number, bytes };
            opened.write_at(&head.to_bytes(), 0)?;
            opened.sync()?;
            disk.rename(&next, &name(number))?;
            disk.sync_names()?;
            Ok(Prepared { file: opened, head, bytes })
        });
        if result.is_err() {
            // What it has taken of a full disk is given back.
            let _ = disk.remove(&next);
        }
        result
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.head.number
    }
}

/// Bytes written at once when a segment is filled with zeros.
const ZEROS: usize = 1 << 20;

/// What every segment keeps free: room for its last block, and something behind it, so that a file
/// that ends with that block was cut there, and hence is on disk.
const SEAL_BYTES: u64 = BLOCK_BYTES as u64 + 8;

/// A segment that is still needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// The LSN of the first unit in it.
    pub first: Lsn,
    /// Bytes of its file.
    pub bytes: u64,
}

/// See the module.
pub struct Log {
    disk: Arc<dyn Disk>,
    shape: Shape,
    chance: Dice,
    current: Prepared,
    /// Where the next block goes, and up to where room is taken.
    at: u64,
    /// Blocks that are to be written at `at`.
    out: Vec<u8>,
    /// The next segment.
    prepared: Option<Prepared>,
    /// Those that are full, oldest first, and behind them the current one.
    segments: Vec<Segment>,
    /// The LSN of the next unit.
    next: Lsn,
    written: Lsn,
    synced: Lsn,
    /// The last LSN that something behind it says to be on disk.
    marked: Lsn,
    is_broken: bool,
}

impl Log {
    /// Begins a segment of its own behind those that are there. The next unit is `next`; all before
    /// it are on disk.
    ///
    /// # Errors
    /// What the disk says.
    pub fn begin(
        disk: Arc<dyn Disk>,
        shape: Shape,
        older: Vec<Segment>,
        number: u64,
        next: Lsn,
        mut chance: Dice,
    ) -> io::Result<Log> {
        let current = Prepared::make(&*disk, shape, number, chance.next(), None, false)?;
        let mut segments = older;
        segments.push(Segment { number, first: next, bytes: current.bytes });
        let (written, synced) = (next - 1, next - 1);
        Ok(Log {
            disk,
            shape,
            chance,
            current,
            at: HEAD_BYTES,
            out: Vec::new(),
            prepared: None,
            segments,
            next,
            written,
            synced,
            marked: synced,
            is_broken: false,
        })
    }

    /// The LSN of the next unit.
    pub fn next(&self) -> Lsn {
        self.next
    }

    /// The last LSN that was written, on disk or not.
    pub fn written(&self) -> Lsn {
        self.written
    }

    /// The last LSN that is on disk.
    pub fn synced(&self) -> Lsn {
        self.synced
    }

    /// Whether a sync has failed. What is on disk from then on is unknown; only a snapshot and a
    /// log of its own behind it help.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Bytes of the segments that are needed, without the room that is taken ahead.
    pub fn bytes(&self) -> u64 {
        let full = self.segments.len() - 1;
        self.segments[..full].iter().map(|segment| segment.bytes).sum::<u64>() + self.at
    }

    /// What its segments have in common.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Chance for another log of the same data set.
    pub fn chance(&mut self) -> Dice {
        Dice::new(self.chance.next())
    }

    /// The segments that are needed, oldest first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What has to be prepared next, if nothing is: arguments of [`Prepared::make`].
    pub fn wants(&mut self) -> Option<(Shape, u64, u64)> {
        if self.prepared.is_some() {
            return None;
        }
        Some((self.shape, self.current.number() + 1, self.chance.next()))
    }

    /// Takes the next segment.
    pub fn prepare(&mut self, prepared: Prepared) {
        if prepared.number() == self.current.number() + 1 {
            self.prepared = Some(prepared);
        }
    }

    /// Adds a block; it is written by [`Log::write`], or before when the segment is full.
    ///
    /// # Errors
    /// What the disk says. Then the block was not added, and may be later.
    pub fn append(
        &mut self,
        stamp: Millis,
        first: Lsn,
        count: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        assert_eq!(first, self.next, "units without a gap");
        self.must_be_whole()?;
        // An argument is less than 4 GiB, and so is what a turn records.
        let bytes = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let space = Block::space(payload.len()) as u64;
        if !self.has_room(space) {
            // A full segment is left for the next; an empty one that is too small grows.
            if self.at + self.out.len() as u64 > HEAD_BYTES {
                self.roll()?;
            }
            if !self.has_room(space) {
                let bytes = self.at + self.out.len() as u64 + space + SEAL_BYTES;
                self.current.file.reserve(bytes)?;
                self.current.bytes = bytes;
                if let Some(last) = self.segments.last_mut() {
                    last.bytes = bytes;
                }
            }
        }
        let kind = Kind::Records;
        let block = Block { kind, bytes, count, first, stamp, synced: self.synced };
        block.append(self.current.head, payload, &mut self.out);
        self.next = block.next();
        self.marked = self.synced;
        Ok(())
    }

    fn has_room(&self, space: u64) -> bool {
        self.at + self.out.len() as u64 + space + SEAL_BYTES <= self.current.bytes
    }

    fn must_be_whole(&self) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("a sync has failed before"));
        }
        Ok(())
    }

    /// Writes what was added.
    ///
    /// # Errors
    /// What the disk says. It may be tried again.
    pub fn write(&mut self) -> io::Result<()> {
        self.must_be_whole()?;
        if !self.out.is_empty() {
            self.current.file.write_at(&self.out, self.at)?;
            self.at += self.out.len() as u64;
            self.out.clear();
            self.out.shrink_to(KEPT);
        }
        self.written = self.next - 1;
        Ok(())
    }

    /// Puts on disk what was written.
    ///
    /// # Errors
    /// What the disk says; the log is broken then.
    pub fn sync(&mut self) -> io::Result<()> {
        self.must_be_whole()?;
        if self.synced == self.written {
            return Ok(());
        }
        let written = self.written;
        if let Err(error) = self.current.file.sync() {
            self.is_broken = true;
            return Err(error);
        }
        self.synced = written;
        Ok(())
    }

    /// Says behind the last block that it is on disk, if nothing does: to be called when there is
    /// nothing to write. A reader can tell then that it was damaged and not torn. It need not be
    /// synced, and it need not succeed.
    pub fn mark(&mut self) {
        if self.marked == self.synced || self.synced + 1 != self.next || self.is_broken {
            return;
        }
        self.marked = self.synced;
        // The next block is written over whatever comes of it.
        let _ = self.write_last(Kind::Mark);
    }

    /// Goes on to the next segment.
    fn roll(&mut self) -> io::Result<()> {
        let prepared = match self.prepared.take() {
            Some(prepared) => prepared,
            None => {
                let (number, file) = (self.current.number() + 1, self.chance.next());
                Prepared::make(&*self.disk, self.shape, number, file, None, false)?
            }
        };
        let sealed = self.end_segment(Kind::Seal);
        if sealed.is_err() {
            self.prepared = Some(prepared);
            return sealed;
        }
        let (number, bytes) = (prepared.number(), prepared.bytes);
        self.current = prepared;
        self.at = HEAD_BYTES;
        self.segments.push(Segment { number, first: self.next, bytes });
        Ok(())
    }

    /// Writes the last block of the current segment, and puts all of it on disk.
    fn end_segment(&mut self, kind: Kind) -> io::Result<()> {
        self.write()?;
        self.write_last(kind)?;
        if let Err(error) = self.current.file.sync() {
            self.is_broken = true;
            return Err(error);
        }
        self.synced = self.written;
        Ok(())
    }

    /// Writes a block without units behind the last one.
    fn write_last(&self, kind: Kind) -> io::Result<()> {
        let (first, synced) = (self.next, self.synced);
        let block = Block { kind, bytes: 0, count: 0, first, stamp: 0, synced };
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        block.append(self.current.head, b"", &mut bytes);
        self.current.file.write_at(&bytes, self.at)
    }

    /// Nothing follows: gives back the room that was taken ahead.
    ///
    /// # Errors
    /// What the disk says.
    pub fn close(&mut self) -> io::Result<()> {
        self.end_segment(Kind::Close)?;
        self.current.file.cut(self.at + BLOCK_BYTES as u64)?;
        self.current.file.sync()?;
        if let Some(prepared) = self.prepared.take() {
            self.disk.remove(&name(prepared.number()))?;
            self.disk.sync_names()?;
        }
        Ok(())
    }

    /// Forgets the segments all of whose units are up to `lsn`, and answers their names: they are
    /// needed by nobody once the manifest says so.
    pub fn forget(&mut self, lsn: Lsn) -> Vec<String> {
        let needed = self.segments.windows(2).position(|pair| pair[1].first > lsn + 1);
        let needed = needed.unwrap_or(self.segments.len() - 1);
        self.segments.drain(..needed).map(|segment| name(segment.number)).collect()
    }
}

/// How much memory for blocks is kept when there are none.
const KEPT: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persist::codec;
    use crate::persist::disk::Folder;
    use crate::persist::journal::read::{End, mend, read};
    use crate::record::RecordRef;
    use mainstay_protocol::OwnedRequest;

    const SHAPE: Shape = Shape { set: 5, bytes: 4096 };

    fn payload(number: u64) -> Vec<u8> {
        let value = vec![b'v'; number as usize % 200];
        let request = OwnedRequest::from_args([b"SET".as_slice(), &number.to_le_bytes(), &value]);
        let record = RecordRef { stamp: 0, seed: 0, database: 0, request: request.as_request() };
        let mut bytes = Vec::new();
        codec::encode(&record, false, &mut bytes);
        bytes
    }

    fn numbers(disk: &dyn Disk, after: Lsn) -> (Vec<u64>, End) {
        let mut found = Vec::new();
        let end = read(disk, SHAPE.set, 1, after, &mut |entry| {
            let key = entry.record.request.arg(1).first_chunk().copied().expect("eight bytes");
            assert_eq!(u64::from_le_bytes(key), entry.lsn);
            assert_eq!(entry.stamp, 1000 + entry.lsn);
            found.push(entry.lsn);
            Ok(())
        });
        (found, end.expect("the journal reads"))
    }

    #[test]
    fn what_is_written_reads_back_over_segments_and_restarts() {
        let path = std::env::temp_dir().join(format!("mainstay-log-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let disk: Arc<dyn Disk> = Arc::new(Folder::enter(&path).expect("a folder"));
        let mut next = 1;
        let mut end = End { next: 1, ..End::default() };
        for round in 0..6 {
            let number = end.segments.last().map_or(1, |segment| segment.number + 1);
            let chance = Dice::new(round);
            let begun =
                Log::begin(Arc::clone(&disk), SHAPE, end.segments, number, end.next, chance);
            let mut log = begun.expect("there is room");
            for _ in 0..50 {
                if next % 3 == 0
                    && let Some((shape, number, file)) = log.wants()
                {
                    let made = Prepared::make(&*disk, shape, number, file, None, next % 2 == 0);
                    log.prepare(made.expect("there is room"));
                }
                // Some are larger than a segment.
                let mut bytes = payload(next);
                if next % 97 == 0 {
                    let request = OwnedRequest::from_args([
                        b"SET".as_slice(),
                        &next.to_le_bytes(),
                        &vec![0; 9000],
                    ]);
                    let request = request.as_request();
                    let record = RecordRef { stamp: 0, seed: 0, database: 0, request };
                    bytes.clear();
                    codec::encode(&record, false, &mut bytes);
                }
                log.append(1000 + next, next, 1, &bytes).expect("there is room");
                next += 1;
                log.write().expect("it can be written");
            }
            log.sync().expect("it can be synced");
            assert_eq!((log.written(), log.synced()), (next - 1, next - 1));
            match round % 3 {
                0 => log.close().expect("it can be closed"),
                // Left as a killed process leaves it.
                1 => drop(log),
                // A block that was being written.
                _ => {
                    log.append(1000 + next, next, 1, &payload(next)).expect("there is room");
                    let torn = log.out.len() / 2;
                    log.current.file.write_at(&log.out[..torn], log.at).expect("writable");
                }
            }
            let (found, found_end) = numbers(&*disk, 0);
            assert_eq!(found, (1..next).collect::<Vec<_>>());
            assert_eq!(found_end.next, next);
            let torn = found_end.open.as_ref().map_or(0, |open| open.torn);
            assert_eq!(torn > 0, round % 3 == 2, "round {round}: {found_end:?}");
            let kept = mend(&*disk, SHAPE.set, &found_end).expect("it can be mended");
            assert_eq!(kept.is_some(), torn > 0);
            end = numbers(&*disk, 0).1;
            assert_eq!(end.open, None);
            assert_eq!(numbers(&*disk, 77).0, (78..next).collect::<Vec<_>>());
            assert_eq!(numbers(&*disk, 77).1.next, next.max(78));
        }
        std::fs::remove_dir_all(&path).expect("it was there");
    }
}
