//! One buffer of entries with free room on both sides.
//!
//! An entry is `[length | bytes | length backwards]`, so it can be read from either end; a value of
//! 16 bytes takes 18. The used bytes are a window in the buffer: a push or pop at either end moves
//! the window's edge and nothing else.
//!
//! Invariants: `start..end` holds whole entries, `count` of them. A buffer of more than [`FULL`]
//! bytes holds one entry.

use crate::structure::room;
use crate::structure::varint::{self, Varint};

/// The size of a full-grown buffer, in bytes: large enough that a segment's own 40 bytes are one
/// percent, small enough to shift within a microsecond.
pub(super) const FULL: usize = 4096;

#[derive(Default)]
pub(super) struct Segment {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    count: usize,
}

/// The end of a list that an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The head: the entry of index 0.
    Front,
    /// The tail.
    Back,
}

impl Segment {
    /// An empty segment that grows at `end`: full-grown, as its neighbour was, unless the first
    /// entry is larger than that.
    pub(super) fn beside(end: End, first: usize) -> Self {
        if Self::entry_bytes(first) > FULL {
            return Self::default();
        }
        let edge = if end == End::Front { FULL } else { 0 };
        Self { buffer: vec![0; FULL].into_boxed_slice(), start: edge, end: edge, count: 0 }
    }

    /// Gives back what a segment that will hardly grow any more has left over, if that is much.
    pub(super) fn settle(&mut self) {
        if room(self.used()) < self.buffer.len() / 8 * 7 {
            self.refit();
        }
    }

    fn refit(&mut self) {
        let used = self.used();
        let mut buffer = vec![0; room(used)].into_boxed_slice();
        buffer[..used].copy_from_slice(self.content());
        (self.buffer, self.start, self.end) = (buffer, 0, used);
    }

    /// The entries of both.
    pub(super) fn join(&self, other: &Self) -> Self {
        let used = self.used() + other.used();
        let mut buffer = vec![0; room(used)].into_boxed_slice();
        buffer[..self.used()].copy_from_slice(self.content());
        buffer[self.used()..used].copy_from_slice(other.content());
        Self { buffer, start: 0, end: used, count: self.count + other.count }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn used(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn weight(&self) -> usize {
        room(self.buffer.len())
    }

    fn content(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// What an entry of `length` bytes takes in a buffer.
    #[inline]
    pub(super) fn entry_bytes(length: usize) -> usize {
        length + 2 * varint::width(length)
    }

    /// Adds an entry at an end; false when the segment is full-grown and has no room.
    #[inline]
    pub(super) fn push(&mut self, end: End, entry: &[u8]) -> bool {
        let more = Self::entry_bytes(entry.len());
        let free = match end {
            End::Front => self.start,
            End::Back => self.buffer.len() - self.end,
        };
        if (more > free || self.buffer.len() > FULL) && !self.make_room(end, more) {
            return false;
        }
        let at = match end {
            End::Front => self.start - more,
            End::Back => self.end,
        };
        write(&mut self.buffer[at..at + more], entry);
        match end {
            End::Front => self.start = at,
            End::Back => self.end += more,
        }
        self.count += 1;
        true
    }

    /// Moves the window so that `more` bytes are free at `end`, in a larger buffer if need be. A
    /// full-grown buffer is shifted only when that frees half of it, so that shifting costs no more
    /// than the pushes after it.
    #[cold]
    fn make_room(&mut self, end: End, more: usize) -> bool {
        let used = self.used();
        let Some(need) = used.checked_add(more) else { return false };
        let whole = if need <= self.buffer.len() / 2 && self.buffer.len() <= FULL {
            self.buffer.len()
        } else if need <= FULL || used == 0 {
            // Half as much again while small; one large value gets what it needs.
            room(need.max((used + used / 2).min(FULL)))
        } else {
            return false;
        };
        let start = match end {
            End::Front => whole - used,
            End::Back => 0,
        };
        if whole == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, start);
        } else {
            let mut buffer = vec![0; whole].into_boxed_slice();
            buffer[start..start + used].copy_from_slice(self.content());
            self.buffer = buffer;
        }
        (self.start, self.end) = (start, start + used);
        true
    }

    /// The entry at an end.
    #[inline]
    pub(super) fn peek(&self, end: End) -> Option<&[u8]> {
        match end {
            End::Front => Walk::new(self).next(),
            End::Back => Walk::new(self).next_back(),
        }
    }

    /// Shows the entry at an end and removes it; `None` when there is none.
    #[inline]
    pub(super) fn pop<R>(&mut self, end: End, show: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let entry = self.peek(end)?;
        let less = Self::entry_bytes(entry.len());
        let shown = show(entry);
        match end {
            End::Front => self.start += less,
            End::Back => self.end -= less,
        }
        self.count -= 1;
        Some(shown)
    }

    /// The entries, from both ends.
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk::new(self)
    }

    /// Where the entry of this index starts in the window, from the nearer end; the window's length
    /// for the index behind the last.
    fn offset(&self, index: usize) -> usize {
        let mut walk = self.walk();
        if index <= self.count / 2 {
            walk.skip_front(index);
            self.used() - walk.content.len()
        } else {
            walk.skip_back(self.count - index);
            walk.content.len()
        }
    }

    /// Entries from this index on.
    pub(super) fn walk_from(&self, index: usize) -> Walk<'_> {
        let index = index.min(self.count);
        Walk { content: &self.content()[self.offset(index)..], count: self.count - index }
    }

    /// Entries before this index.
    pub(super) fn walk_until(&self, index: usize) -> Walk<'_> {
        let index = index.min(self.count);
        Walk { content: &self.content()[..self.offset(index)], count: index }
    }

    /// Replaces `gone` entries from `index` on by `entries`; false, and nothing done, when they do
    /// not fit.
    pub(super) fn splice(&mut self, index: usize, gone: usize, entries: &[&[u8]]) -> bool {
        let index = index.min(self.count);
        let gone = gone.min(self.count - index);
        let from = self.offset(index);
        let to = self.offset(index + gone);
        let more: usize = entries.iter().map(|entry| Self::entry_bytes(entry.len())).sum();
        let used = self.used() - (to - from) + more;
        let alone = self.count - gone + entries.len() == 1;
        if used > FULL && !alone && more > to - from {
            return false;
        }
        if more > to - from + (self.buffer.len() - self.end) || self.buffer.len() > 4 * used + 64 {
            let content = self.content();
            let mut buffer = vec![0; room(used)].into_boxed_slice();
            buffer[..from].copy_from_slice(&content[..from]);
            buffer[from + more..used].copy_from_slice(&content[to..]);
            (self.buffer, self.start) = (buffer, 0);
        } else {
            let start = self.start;
            self.buffer.copy_within(start + to..self.end, start + from + more);
        }
        self.end = self.start + used;
        let mut at = self.start + from;
        for entry in entries {
            let bytes = Self::entry_bytes(entry.len());
            write(&mut self.buffer[at..at + bytes], entry);
            at += bytes;
        }
        self.count = self.count - gone + entries.len();
        true
    }

    /// Removes up to `count` entries from `index` on; returns how many, and their bytes.
    pub(super) fn cut(&mut self, index: usize, count: usize) -> (usize, usize) {
        let gone = count.min(self.count.saturating_sub(index));
        if gone == self.count {
            let used = self.used();
            *self = Self::default();
            return (gone, used);
        }
        let (from, to) = (self.offset(index), self.offset(index + gone));
        if from == 0 {
            self.start += to;
        } else {
            self.buffer.copy_within(self.start + to..self.end, self.start + from);
            self.end -= to - from;
        }
        self.count -= gone;
        if self.buffer.len() > 4 * self.used() + 64 {
            self.refit();
        }
        (gone, to - from)
    }

    /// Moves the entries from `index` on to a segment of their own.
    pub(super) fn split_off(&mut self, index: usize) -> Self {
        let tail = self.walk_from(index);
        let used = tail.content.len();
        let mut buffer = vec![0; room(used)].into_boxed_slice();
        buffer[..used].copy_from_slice(tail.content);
        let count = tail.count;
        self.end -= used;
        self.count -= count;
        Self { buffer, start: 0, end: used, count }
    }
}

/// Writes an entry to where there are just its bytes.
#[inline]
fn write(place: &mut [u8], entry: &[u8]) {
    if let [first, content @ .., last] = place
        && entry.len() < varint::LONG
    {
        // One byte is its own reverse.
        (*first, *last) = (entry.len() as u8, entry.len() as u8);
        content.copy_from_slice(entry);
    } else {
        write_long(place, entry);
    }
}

fn write_long(place: &mut [u8], entry: &[u8]) {
    let length = Varint::new(entry.len());
    let width = length.bytes().len();
    place[..width].copy_from_slice(length.bytes());
    place[width..width + entry.len()].copy_from_slice(entry);
    place[width + entry.len()..].copy_from_slice(length.reversed().bytes());
}

/// Entries of one segment, from both ends.
#[derive(Clone, Default)]
pub(super) struct Walk<'a> {
    content: &'a [u8],
    count: usize,
}

impl<'a> Walk<'a> {
    fn new(segment: &'a Segment) -> Self {
        Self { content: segment.content(), count: segment.count }
    }

    fn skip_front(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }

    fn skip_back(&mut self, count: usize) {
        for _ in 0..count {
            self.next_back();
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, width) = varint::read(self.content)?;
        let (entry, rest) = self.content.get(width..)?.split_at_checked(length)?;
        self.content = rest.get(width..)?;
        self.count -= 1;
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl DoubleEndedIterator for Walk<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let (length, width) = varint::read_back(self.content)?;
        let end = self.content.len().checked_sub(width)?;
        let start = end.checked_sub(length)?;
        let entry = &self.content[start..end];
        self.content = self.content.get(..start.checked_sub(width)?)?;
        self.count -= 1;
        Some(entry)
    }
}
