//! A short sequence of byte strings in one allocation behind eight bytes: small hashes, sets and
//! sorted sets.
//!
//! The entries stand one after the other, each behind its length (a byte for up to 127), so eight
//! bytes of value take nine. In front: how many bytes are used and how many entries there are, one
//! byte each in an allocation of up to 254 bytes, eight each in a larger one.
//!
//! Invariants: the used bytes are whole entries, as many as counted; the allocation is a size
//! class, so that it grows by a quarter at a time at most. Cost: everything walks from the front,
//! so this is for sequences of a few kilobytes. Not here: when a collection becomes too large for
//! it, and what the entries mean.

mod iter;
#[cfg(test)]
mod tests;

pub use self::iter::{Iter, IterBack};
use super::thin::Thin;
use super::varint::{self, Varint};
use crate::structure::room;

/// The longest allocation with one-byte counts.
const NARROW: usize = 254;
/// The counts in front, in bytes: in a short and in a long allocation.
const HEADS: [usize; 2] = [2, 16];
/// What a long thin string adds to its allocation.
const LONG_HEADER: usize = 8;

/// A sequence of byte strings in one allocation.
///
/// A byte of its word is free: [`Small`](super::Small) keeps a note there, which every change
/// leaves alone.
#[repr(transparent)]
pub struct Packed(pub(super) Thin);

/// Where an entry is. A spot is good until the sequence changes before or at it; used after that,
/// it reads some other bytes of the sequence or none, and changes nothing or the wrong thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot(usize);

impl Default for Packed {
    fn default() -> Self {
        Self::new()
    }
}

impl Packed {
    /// An empty sequence; allocates nothing.
    pub fn new() -> Self {
        Self(Thin::join([&[0, 0]], 2))
    }

    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.head(1)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes used by the entries and their lengths.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.head(0)
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.0.weight()
    }

    /// Starts loading the sequence.
    #[inline]
    pub fn prefetch(&self) {
        self.0.prefetch();
    }

    #[inline]
    fn head(&self, field: usize) -> usize {
        let bytes = self.0.bytes();
        if bytes.len() <= NARROW {
            return usize::from(bytes[field]);
        }
        match bytes.get(8 * field..).and_then(<[u8]>::first_chunk) {
            Some(chunk) => u64::from_le_bytes(*chunk) as usize,
            None => 0,
        }
    }

    /// The entries as they lie in memory.
    #[inline]
    fn content(&self) -> &[u8] {
        let bytes = self.0.bytes();
        let head = HEADS[usize::from(bytes.len() > NARROW)];
        &bytes[head..head + self.head(0)]
    }

    /// The entries from first to last.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(self.content(), self.len())
    }

    /// The entries from last to first. Walks once from the front to know where they start.
    pub fn iter_back(&self) -> IterBack<'_> {
        IterBack::new(self.content())
    }

    /// Where the entry of this index is.
    pub fn spot(&self, index: usize) -> Option<Spot> {
        let mut iter = self.iter();
        for _ in 0..index {
            iter.next()?;
        }
        (index < self.len()).then(|| Spot(iter.offset()))
    }

    /// The entry of this index.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.iter().nth(index)
    }

    /// The entry at a spot.
    #[inline]
    pub fn read(&self, spot: Spot) -> Option<&[u8]> {
        let (start, end) = self.bounds(spot)?;
        self.content().get(start..end)
    }

    /// The spot behind this one's entry.
    #[inline]
    pub fn after(&self, spot: Spot) -> Option<Spot> {
        let (_, end) = self.bounds(spot)?;
        (end < self.content().len()).then_some(Spot(end))
    }

    #[inline]
    fn bounds(&self, spot: Spot) -> Option<(usize, usize)> {
        let content = self.content();
        let (length, width) = varint::read(content.get(spot.0..)?)?;
        let start = spot.0 + width;
        let end = start.checked_add(length)?;
        (end <= content.len()).then_some((start, end))
    }

    /// The first entry equal to `entry` among those whose index is a multiple of `stride`: 2 finds
    /// fields and passes values over.
    #[inline]
    pub fn find(&self, entry: &[u8], stride: usize) -> Option<Spot> {
        let mut iter = self.iter();
        loop {
            let offset = iter.offset();
            if iter.next()? == entry {
                return Some(Spot(offset));
            }
            for _ in 1..stride {
                iter.next()?;
            }
        }
    }

    /// Adds entries at the end.
    pub fn push_back<const N: usize>(&mut self, entries: [&[u8]; N]) {
        self.splice(self.bytes(), 0, 0, &entries);
    }

    /// Adds entries at the front, the first of them first.
    pub fn push_front<const N: usize>(&mut self, entries: [&[u8]; N]) {
        self.splice(0, 0, 0, &entries);
    }

    /// Adds entries before the one at `spot`.
    pub fn insert<const N: usize>(&mut self, spot: Spot, entries: [&[u8]; N]) {
        self.splice(spot.0, 0, 0, &entries);
    }

    /// Replaces the entry at `spot`.
    pub fn replace(&mut self, spot: Spot, entry: &[u8]) {
        if let Some((start, end)) = self.bounds(spot) {
            if end - start == entry.len() {
                let bytes = self.0.bytes_mut();
                let head = HEADS[usize::from(bytes.len() > NARROW)];
                bytes[head + start..head + end].copy_from_slice(entry);
            } else {
                self.splice(spot.0, end - spot.0, 1, &[entry]);
            }
        }
    }

    /// Removes `count` entries from `spot` on; fewer if there are fewer.
    pub fn remove(&mut self, spot: Spot, count: usize) {
        let mut end = spot.0;
        let mut removed = 0;
        while removed < count
            && let Some((_, next)) = self.bounds(Spot(end))
        {
            end = next;
            removed += 1;
        }
        self.splice(spot.0, end.saturating_sub(spot.0), removed, &[]);
    }

    /// Where the first entry is.
    pub fn first(&self) -> Option<Spot> {
        (!self.is_empty()).then_some(Spot(0))
    }

    /// Where the last entry is; walks there.
    pub fn last(&self) -> Option<Spot> {
        self.spot(self.len().checked_sub(1)?)
    }

    /// Replaces `gone` bytes at `at`, which are `fewer` entries, by `entries`.
    fn splice(&mut self, at: usize, gone: usize, fewer: usize, entries: &[&[u8]]) {
        let used = self.bytes();
        if at > used || gone > used - at {
            return;
        }
        let added: usize =
            entries.iter().map(|entry| varint::width(entry.len()) + entry.len()).sum();
        let (used_then, count) =
            (used - gone + added, self.len().saturating_sub(fewer) + entries.len());
        let whole = self.0.bytes().len();
        let head = HEADS[usize::from(whole > NARROW)];
        if head + used_then > whole || whole > 2 * (head + used_then) + 32 {
            let content = self.content();
            let (front, back) = (&content[..at], &content[at + gone..]);
            let note = self.0.mark();
            self.0 = fresh(used_then, front, added, back);
            self.0.set_mark(note);
        } else {
            let content = &mut self.0.bytes_mut()[head..];
            content.copy_within(at + gone..used, at + added);
        }
        let bytes = self.0.bytes_mut();
        let head = HEADS[usize::from(bytes.len() > NARROW)];
        if head == HEADS[0] {
            (bytes[0], bytes[1]) = (used_then as u8, count as u8);
        } else {
            bytes[..8].copy_from_slice(&(used_then as u64).to_le_bytes());
            bytes[8..16].copy_from_slice(&(count as u64).to_le_bytes());
        }
        let mut gap = &mut bytes[head + at..head + at + added];
        for entry in entries {
            let length = Varint::new(entry.len());
            for part in [length.bytes(), entry] {
                let (place, rest) = gap.split_at_mut(part.len());
                place.copy_from_slice(part);
                gap = rest;
            }
        }
    }
}

/// An allocation for `used` bytes: `front`, a gap, `back`. Its counts are yet to be written.
fn fresh(used: usize, front: &[u8], gap: usize, back: &[u8]) -> Thin {
    const ZEROS: [u8; 64] = [0; 64];
    let narrow = room(HEADS[0] + used);
    let (head, whole) = if used == 0 {
        (HEADS[0], HEADS[0])
    } else if narrow <= NARROW {
        (HEADS[0], narrow)
    } else {
        (HEADS[1], (room(LONG_HEADER + HEADS[1] + used) - LONG_HEADER).max(NARROW + 1))
    };
    if gap <= ZEROS.len() {
        return Thin::join([&ZEROS[..head], front, &ZEROS[..gap], back], whole);
    }
    let mut thin = Thin::join([&ZEROS[..head], front], whole);
    let start = head + front.len() + gap;
    thin.bytes_mut()[start..start + back.len()].copy_from_slice(back);
    thin
}
