//! engine/stream/log.rs — a stream as a value: its entries, what it remembers of those that are
//! gone, and its groups.
//!
//! A stream stays when it becomes empty: its last id must not be given again. So the keyspace never
//! finds it empty, and whoever makes one must put something into it. Knows no RESP.

use super::groups::Groups;
use super::serialised;
use crate::clock::Millis;
use crate::error::Fault;
use crate::keyspace::{Kind, Object};
use crate::persist::rdb;
use crate::structure::blocks::{Blocks, Id};
use crate::structure::frozen::{Frozen, put_length};

/// The kind of streams.
pub static KIND: Kind =
    Kind { name: "stream", tag: 5, thaw, forms: rdb::stream::FORMS, restore: serialised::restore };

/// A stream.
#[derive(Default)]
pub struct Stream {
    /// Its entries.
    pub log: Log,
    /// Its groups.
    pub groups: Groups,
}

/// The entries of a stream, and what it remembers of those that are gone.
#[derive(Default, Clone)]
pub struct Log {
    /// Those that are there.
    pub entries: Blocks,
    /// The last id that was given, or set by XSETID.
    pub last: Id,
    /// How many entries were ever added, as far as is known. Wraps.
    pub added: u64,
    /// The highest id that was removed by name.
    pub max_deleted: Id,
}

/// A group's count of entries read when it is not known.
pub const UNKNOWN: i64 = -1;

impl Log {
    /// Appends an entry, whose id must be above the last.
    pub fn push<'p>(&mut self, id: Id, pairs: impl Iterator<Item = (&'p [u8], &'p [u8])> + Clone) {
        self.entries.push(id, pairs);
        self.added = self.added.wrapping_add(1);
        self.last = id;
    }

    /// Removes an entry by name; false when it is not there.
    pub fn remove(&mut self, id: Id) -> bool {
        let removed = self.entries.remove(id);
        if removed {
            self.max_deleted = self.max_deleted.max(id);
        }
        removed
    }

    /// The lowest id of an entry, 0-0 if there is none.
    pub fn first(&self) -> Id {
        self.entries.first().map_or(Id::MIN, |entry| entry.id)
    }

    /// Whether there is an entry above this id.
    pub fn has_above(&self, id: Id) -> bool {
        self.entries.top().is_some_and(|top| top > id)
    }

    /// Whether an entry between this id and the last may have been removed by name. As in Redis, no
    /// gap counts that lies before all entries.
    pub fn has_gap_from(&self, id: Id) -> bool {
        let gap = self.max_deleted;
        !self.entries.is_empty() && gap != Id::MIN && gap >= self.first() && id <= gap
    }

    /// How many entries were added up to this id; [`UNKNOWN`] if that cannot be told.
    pub fn distance(&self, id: Id) -> i64 {
        let (added, len) = (self.added as i64, self.entries.len() as i64);
        if added == 0 {
            return 0;
        }
        if self.entries.is_empty() && id <= self.last || id == self.last {
            return added;
        }
        let first = self.first();
        let is_whole = self.max_deleted == Id::MIN || self.max_deleted < first;
        if id > self.last || !is_whole || id > first {
            return UNKNOWN;
        }
        added.wrapping_sub(len).wrapping_add((id == first).into())
    }

    /// How many entries a group has still to be given that was given those up to `last`, of which
    /// it counted `read`; `None` if that cannot be told.
    pub fn lag(&self, last: Id, read: i64) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        let known = read != UNKNOWN && !self.has_gap_from(last);
        let read = if known { read } else { self.distance(last) };
        (read != UNKNOWN).then(|| (self.added as i64).wrapping_sub(read))
    }
}

impl Object for Stream {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        self.log.entries.weight() + self.groups.weight()
    }

    fn shed(&mut self, most: usize) -> usize {
        match self.log.entries.shed(most) {
            0 => self.groups.shed(most),
            some => some,
        }
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn encoding(&self) -> &'static str {
        "stream"
    }

    /// The numbers of the log, its blocks as they lie in memory, the groups.
    fn freeze(&self, to: &mut Vec<u8>) {
        self.freeze_part(0, 0, usize::MAX, to);
    }

    /// The groups are one part with the last blocks.
    fn freeze_part(&self, _: Millis, from: u64, most: usize, to: &mut Vec<u8>) -> Option<u64> {
        let Log { entries, last, added, max_deleted } = &self.log;
        if from == 0 {
            for number in [last.ms, last.seq, *added, max_deleted.ms, max_deleted.seq] {
                put_length(to, number as usize);
            }
        }
        let next = entries.freeze_part(from, most, to);
        if next.is_none() {
            self.groups.freeze(to);
        }
        next
    }

    fn dump(&self, _now: Millis, to: &mut Vec<u8>) {
        serialised::dump(self, to);
    }

    fn duplicate(&self) -> Box<dyn Object> {
        Box::new(Stream { log: self.log.clone(), groups: self.groups.clone() })
    }
}

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    let mut frozen = Frozen::new(bytes);
    match read(&mut frozen) {
        Some(stream) => Ok(Box::new(stream)),
        None => Err(Fault::Corrupt { what: "a stream".into(), offset: frozen.offset() }),
    }
}

/// A whole frozen stream; `None` if it is not what a stream would have written.
fn read(frozen: &mut Frozen<'_>) -> Option<Stream> {
    let mut number = || frozen.length().map(|number| number as u64);
    let last = Id::new(number()?, number()?);
    let added = number()?;
    let max_deleted = Id::new(number()?, number()?);
    let entries = Blocks::thaw(frozen)?;
    if entries.last().is_some_and(|entry| entry.id > last || entry.id == Id::MIN) {
        return None;
    }
    let log = Log { entries, last, added, max_deleted };
    let groups = Groups::thaw(frozen)?;
    (frozen.left() == 0).then_some(Stream { log, groups })
}
