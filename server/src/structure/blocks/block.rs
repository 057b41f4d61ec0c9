//! structure/blocks/block.rs — up to a hundred entries in one allocation.
//!
//! In front stand the names of the entry that opened the block, which others share; they stay when
//! that entry goes.

use std::ops::Range;

use super::entry::{Entry, NUMBERED, Parts, SHARED, put_number, put_string, put_value};
use super::id::Id;
use super::{ENTRIES_MAX, LISTED_MAX, listed};
use crate::structure::frozen;
use crate::structure::room;

/// See the module and the invariants of `blocks`.
#[derive(Clone)]
pub(super) struct Block {
    pub(super) first: Id,
    pub(super) last: Id,
    pub(super) bytes: Vec<u8>,
    /// Where the entries begin.
    pub(super) start: u32,
    /// Where the last entry begins, if there is any.
    pub(super) tail: u32,
    /// How many names stand in front.
    pub(super) names: u32,
    /// Bytes that a listpack of Redis would have, see `listed`.
    pub(super) listed: u32,
    pub(super) live: u16,
    /// How many entries were removed.
    pub(super) dead: u16,
}

/// What is known of an entry's size before it is written.
pub(super) struct Size {
    pairs: usize,
    /// Bytes of names and values.
    raw: usize,
}

impl Size {
    #[inline]
    pub(super) fn of<'p>(pairs: impl Iterator<Item = (&'p [u8], &'p [u8])>) -> Size {
        let mut size = Size { pairs: 0, raw: 0 };
        for (name, value) in pairs {
            size.pairs += 1;
            size.raw += name.len() + value.len();
        }
        size
    }

    /// About how much room the names and values take with their lengths.
    fn about(&self) -> usize {
        let each = match self.raw {
            0..64 => 2,
            64..8192 => 4,
            _ => 8,
        };
        self.raw + self.pairs * each + 8
    }
}

impl Block {
    /// A block with one entry, whose names it will share.
    pub(super) fn open<'p>(
        id: Id,
        size: &Size,
        pairs: impl Iterator<Item = (&'p [u8], &'p [u8])> + Clone,
    ) -> Block {
        let mut block = Block {
            first: id,
            last: id,
            bytes: Vec::new(),
            start: 0,
            tail: 0,
            names: size.pairs as u32,
            listed: 0,
            live: 0,
            dead: 0,
        };
        block.reserve(size.about() + size.raw);
        for (name, _) in pairs.clone() {
            put_string(&mut block.bytes, name);
        }
        block.start = block.bytes.len() as u32;
        block.listed = add(0, listed_names(pairs.clone().map(|(name, _)| name), size.pairs));
        block.push(id, size, pairs);
        block
    }

    /// Whether Redis would begin another block for an entry of this size.
    #[inline]
    pub(super) fn is_full_for(&self, size: &Size) -> bool {
        self.listed as usize + size.raw >= LISTED_MAX
            || usize::from(self.live) + usize::from(self.dead) >= ENTRIES_MAX
    }

    /// Appends an entry whose id is above all others' here.
    pub(super) fn push<'p>(
        &mut self,
        id: Id,
        size: &Size,
        pairs: impl Iterator<Item = (&'p [u8], &'p [u8])> + Clone,
    ) {
        self.reserve(size.about());
        let shared = self.shares(size.pairs, pairs.clone().map(|(name, _)| name));
        let at = self.bytes.len();
        let distance = id.ms - self.first.ms;
        let number = if distance == 0 { id.seq - self.first.seq } else { id.seq };
        let mut marks = if shared { SHARED } else { 0 };
        if number != 0 {
            marks |= NUMBERED;
        }
        let to = &mut self.bytes;
        // The length comes to stand here. It nearly always takes one byte.
        to.extend_from_slice(&[0, marks]);
        put_number(to, distance);
        if number != 0 {
            put_number(to, number);
        }
        if !shared {
            put_number(to, size.pairs as u64);
        }
        let mut like = listed_entry(self.first, id, size.pairs, shared);
        for (name, value) in pairs {
            if !shared {
                put_string(to, name);
                like += listed::text(name);
            }
            put_value(to, value);
            like += listed::text(value);
        }
        let length = to.len() - at - 1;
        if length < 0x80 {
            to[at] = length as u8;
        } else {
            let mut spelled = Vec::new();
            put_number(&mut spelled, length as u64);
            to.splice(at..=at, spelled);
        }
        self.listed = add(self.listed, like);
        self.live += 1;
        self.tail = at as u32;
        self.last = id;
    }

    /// Whether these are the block's names.
    #[inline]
    fn shares<'p>(&self, count: usize, mut names: impl Iterator<Item = &'p [u8]>) -> bool {
        let mut own = Parts(&self.bytes[..self.start as usize]);
        count == self.names as usize && names.all(|name| own.string() == Some(name))
    }

    /// Makes room for so many bytes more: by half at a time, in steps that the allocator has.
    fn reserve(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let wanted = room(needed.max(self.bytes.len() / 2 * 3));
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
    }

    /// Gives back what is allocated and not used: nothing more will be appended.
    pub(super) fn seal(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// The id of the first entry that there ever was.
    #[inline]
    pub(super) fn first(&self) -> Id {
        self.first
    }

    /// The id of the last entry that there ever was.
    #[inline]
    pub(super) fn last(&self) -> Id {
        self.last
    }

    /// How many entries there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.live)
    }

    /// Where the last entry stands, and its id.
    #[inline]
    pub(super) fn tail(&self) -> Option<(Id, Range<usize>)> {
        let at = self.tail as usize;
        self.peek(at).filter(|_| self.live > 0).map(|(id, end)| (id, at..end))
    }

    /// Heap bytes.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        room(self.bytes.capacity())
    }

    /// Where the entry at an offset ends, and its id.
    #[inline]
    pub(super) fn peek(&self, at: usize) -> Option<(Id, usize)> {
        #[cfg(test)]
        super::tests::step();
        let (id, length) = Entry::peek(self.bytes.get(at..)?, self.first)?;
        Some((id, at + length))
    }

    /// The entry at an offset, which ends at another.
    #[inline]
    pub(super) fn read(&self, at: usize, end: usize) -> Option<Entry<'_>> {
        let names = self.bytes.get(..self.start as usize)?;
        Entry::read(self.bytes.get(at..end)?, self.first, names, self.names as usize)
    }

    /// Where the first entry stands.
    #[inline]
    pub(super) fn start(&self) -> usize {
        self.start as usize
    }

    /// The entries in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut at = self.start();
        std::iter::from_fn(move || {
            let (_, end) = self.peek(at)?;
            let entry = self.read(at, end);
            at = end;
            entry
        })
    }

    /// The entry with this id, and where it stands.
    pub(super) fn find(&self, id: Id) -> Option<(Entry<'_>, Range<usize>)> {
        let (last, span) = self.tail()?;
        if id >= last {
            return (id == last).then(|| Some((self.read(span.start, span.end)?, span)))?;
        }
        let mut at = self.start();
        loop {
            let (other, end) = self.peek(at)?;
            if other >= id {
                return (other == id).then(|| Some((self.read(at, end)?, at..end)))?;
            }
            at = end;
        }
    }

    /// Where the first entries stand.
    pub(super) fn front(&self, count: usize) -> Range<usize> {
        let mut end = self.start();
        for _ in 0..count {
            end = self.peek(end).map_or(end, |(_, end)| end);
        }
        self.start()..end
    }

    /// Cuts entries out, `count` of them, that stand side by side.
    pub(super) fn cut(&mut self, span: Range<usize>, count: usize) {
        let (tail, gone) = (self.tail as usize, span.len());
        self.bytes.drain(span.clone());
        if span.contains(&tail) {
            self.tail = self.find_tail() as u32;
        } else if span.start < tail {
            self.tail = (tail - gone) as u32;
        }
        self.live -= count as u16;
        self.dead += count as u16;
        if self.bytes.capacity() > 64 && self.bytes.len() < self.bytes.capacity() / 2 {
            self.bytes.shrink_to(room(self.bytes.len() + self.bytes.len() / 4));
        }
    }

    /// Where the last entry begins, by walking.
    pub(super) fn find_tail(&self) -> usize {
        let mut at = self.start();
        while let Some((_, end)) = self.peek(at)
            && end < self.bytes.len()
        {
            at = end;
        }
        at
    }

    /// Appends its numbers and its bytes as they are.
    pub(super) fn freeze(&self, to: &mut Vec<u8>) {
        for number in [self.first.ms, self.first.seq, self.last.ms, self.last.seq] {
            put_number(to, number);
        }
        for number in [self.live.into(), self.dead.into(), self.listed, self.names] {
            put_number(to, number.into());
        }
        frozen::put_string(to, &self.bytes);
    }
}

fn add(listed: u32, more: usize) -> u32 {
    listed.saturating_add(more.try_into().unwrap_or(u32::MAX))
}

/// What Redis's listpack has before the entries: two counts, the names with theirs, an end mark.
pub(super) fn listed_names<'p>(names: impl Iterator<Item = &'p [u8]>, count: usize) -> usize {
    let counts = listed::integer(1) + 2 * listed::integer(0) + listed::integer(count as i64);
    listed::FRAME + counts + names.map(listed::text).sum::<usize>()
}

/// What Redis's listpack has of an entry besides names and values: marks, the distance from the
/// first id, the number of names if they are said, the number of elements.
pub(super) fn listed_entry(first: Id, id: Id, pairs: usize, shared: bool) -> usize {
    let distances = [id.ms.wrapping_sub(first.ms), id.seq.wrapping_sub(first.seq)];
    let distances: usize = distances.iter().map(|&distance| listed::integer(distance as i64)).sum();
    let pairs = pairs as i64;
    let rest = if shared {
        listed::integer(pairs + 3)
    } else {
        listed::integer(pairs) + listed::integer(2 * pairs + 4)
    };
    listed::integer(SHARED.into()) + distances + rest
}
