//! Entries of fields and values, ordered by ids that only grow: what a stream is made of.
//!
//! Entries stand packed in *blocks* of up to [`ENTRIES_MAX`]: an id is its distance from the
//! block's first one, names that equal those of the block's first entry are not repeated, and a
//! value that is a whole number is kept as one. The blocks stand in a directory of two levels, in
//! order.
//!
//! A removed entry is cut out at once, but its place in the block stays taken, and a block is full
//! by the bytes that *Redis* would have in it: so the borders between blocks are where Redis has
//! them, and trimming by whole blocks removes what it removes there.
//!
//! Invariants: blocks and the entries in them ascend by id; a block's `first` is not above its
//! entries, its `last` not below them. Only the front block may be without entries, when trimming
//! took them all and its last entry had been removed before.
//!
//! Cost, for N entries: appending O(1); finding, removing and starting a walk O(log N) and a block;
//! trimming O(1) for each whole block. Not here: the greatest id ever given (an entry that is
//! pushed must be above it), groups, clients' spelling of ids.

mod block;
mod directory;
mod entry;
mod id;
mod listed;
mod range;
#[cfg(test)]
mod tests;
mod thaw;

pub use entry::{Entry, Pairs, Value};
pub use id::Id;
pub use range::{Range, RangeBack};

use self::block::{Block, Size};
use self::directory::{Directory, Place};
use super::frozen::put_length;

/// The most entries of a block, removed ones included: Redis's default
/// (`stream-node-max-entries`).
pub const ENTRIES_MAX: usize = 100;

/// From how many bytes on a block is full, as Redis would count them: its default
/// (`stream-node-max-bytes`).
const LISTED_MAX: usize = 4096;

/// See the module.
#[derive(Default)]
pub struct Blocks {
    directory: Directory,
    len: u64,
}

/// How far trimming goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Until so many entries are left.
    Len(u64),
    /// Until none is below this id.
    Below(Id),
}

impl Blocks {
    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.directory.len()
    }

    /// Heap bytes.
    #[inline]
    pub fn weight(&self) -> usize {
        self.directory.weight()
    }

    /// Appends an entry, whose id must be above all that are and were there.
    #[inline]
    pub fn push<'p>(&mut self, id: Id, pairs: impl Iterator<Item = (&'p [u8], &'p [u8])> + Clone) {
        let size = Size::of(pairs.clone());
        let has_room = |block: &Block| !block.is_full_for(&size) && block.first() <= id;
        match self.directory.last() {
            Some(place) if self.directory.get(place).is_some_and(has_room) => {
                self.directory.change(place, |block| block.push(id, &size, pairs));
            }
            last => {
                if let Some(last) = last {
                    self.directory.change(last, Block::seal);
                }
                self.directory.append(Block::open(id, &size, pairs));
            }
        }
        self.len += 1;
    }

    /// The entry with this id.
    pub fn get(&self, id: Id) -> Option<Entry<'_>> {
        self.directory.get(self.directory.find(id)?)?.find(id).map(|(entry, _)| entry)
    }

    /// Whether there is an entry with this id.
    pub fn contains(&self, id: Id) -> bool {
        self.get(id).is_some()
    }

    /// The entry with the lowest id.
    pub fn first(&self) -> Option<Entry<'_>> {
        self.range(Id::MIN, Id::MAX).next()
    }

    /// The entry with the highest id.
    pub fn last(&self) -> Option<Entry<'_>> {
        self.range_back(Id::MIN, Id::MAX).next()
    }

    /// The highest id of an entry. O(1).
    pub fn top(&self) -> Option<Id> {
        let block = self.directory.get(self.directory.last()?)?;
        block.tail().map(|(id, _)| id)
    }

    /// The entries from one id up to another, both included.
    pub fn range(&self, from: Id, to: Id) -> Range<'_> {
        Range::new(self, from, to)
    }

    /// As [`Blocks::range`], the highest first.
    pub fn range_back(&self, from: Id, to: Id) -> RangeBack<'_> {
        RangeBack::new(self, from, to)
    }

    /// Removes an entry; false when it is not there. A block goes with its last entry.
    pub fn remove(&mut self, id: Id) -> bool {
        let Some(place) = self.directory.find(id) else { return false };
        let Some(block) = self.directory.get(place) else { return false };
        let Some((_, span)) = block.find(id) else { return false };
        if block.len() == 1 {
            self.directory.remove(place);
        } else {
            self.directory.change(place, |block| block.cut(span, 1));
        }
        self.len -= 1;
        true
    }

    /// Removes entries from the lowest id on as far as `bound` says, and returns how many.
    ///
    /// With `whole` only whole blocks go, and if `most` is not 0, no block that would make them
    /// more than that. `gone` is shown every id that goes, if it is there: without it a block costs
    /// O(1).
    pub fn trim(
        &mut self,
        bound: Bound,
        whole: bool,
        most: u64,
        mut gone: Option<&mut dyn FnMut(Id)>,
    ) -> u64 {
        let mut removed = 0;
        while let Some(block) = self.directory.get(Place::FRONT) {
            let held = block.len() as u64;
            if bound == Bound::Len(self.len)
                || matches!(bound, Bound::Len(len) if self.len < len)
                || most > 0 && removed + held > most
            {
                break;
            }
            let goes_whole = match bound {
                Bound::Len(len) => self.len - held >= len,
                Bound::Below(id) => block.last() < id,
            };
            if !goes_whole && whole {
                break;
            }
            let take = match bound {
                _ if goes_whole => held,
                Bound::Len(len) => self.len - len,
                Bound::Below(id) => {
                    block.entries().take_while(|entry| entry.id < id).count() as u64
                }
            };
            if let Some(gone) = &mut gone {
                block.entries().take(take as usize).for_each(|entry| gone(entry.id));
            }
            if goes_whole {
                self.directory.remove(Place::FRONT);
            } else {
                let span = block.front(take as usize);
                self.directory.change(Place::FRONT, |block| block.cut(span, take as usize));
            }
            self.len -= take;
            removed += take;
            if !goes_whole {
                break;
            }
        }
        removed
    }

    /// Drops what is left of blocks without entries: nothing that is pushed afterwards need be
    /// above what was in them.
    pub fn forget(&mut self) {
        if self.len == 0 {
            self.directory = Directory::default();
        }
    }

    /// Frees up to `most` blocks, and says how many; for one that is to be freed.
    pub fn shed(&mut self, most: usize) -> usize {
        let count = most.min(self.directory.len());
        (0..count).for_each(|_| self.directory.remove(Place::FRONT));
        count
    }

    /// As [`Blocks::freeze`], some `most` bytes at a time: from the beginning if `from` is 0, else
    /// from where the part before ended. `None` after the last part.
    pub fn freeze_part(&self, from: u64, most: usize, to: &mut Vec<u8>) -> Option<u64> {
        let begin = to.len();
        let mut place = match from.checked_sub(1) {
            None => {
                put_length(to, self.directory.len());
                Place::FRONT
            }
            Some(place) => Place::from_bits(place),
        };
        while let Some(block) = self.directory.get(place) {
            if to.len() - begin >= most {
                return Some(place.to_bits() + 1);
            }
            block.freeze(to);
            place = self.directory.next(place)?;
        }
        None
    }

    /// Appends the number of blocks and the blocks as they lie in memory, see `thaw`.
    pub fn freeze(&self, to: &mut Vec<u8>) {
        put_length(to, self.directory.len());
        self.directory.iter().for_each(|block| block.freeze(to));
    }
}

impl Clone for Blocks {
    fn clone(&self) -> Blocks {
        let mut directory = Directory::default();
        self.directory.iter().for_each(|block| directory.append(block.clone()));
        Blocks { directory, len: self.len }
    }
}
