//! structure/blocks/range.rs — walking entries from one id to another.

use super::block::Block;
use super::directory::Place;
use super::entry::Entry;
use super::id::Id;
use super::{Blocks, ENTRIES_MAX};

/// Entries in order.
pub struct Range<'a> {
    blocks: &'a Blocks,
    from: Id,
    to: Id,
    /// The block, and where in it the next entry stands.
    place: Option<(Place, &'a Block, usize)>,
}

impl<'a> Range<'a> {
    pub(super) fn new(blocks: &'a Blocks, from: Id, to: Id) -> Range<'a> {
        let directory = &blocks.directory;
        let place = directory.find(from).unwrap_or(Place::FRONT);
        let place = directory.get(place).map(|block| (place, block, block.start()));
        Range { blocks, from, to, place }
    }
}

impl<'a> Iterator for Range<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let (place, block, at) = self.place?;
            match block.peek(at) {
                Some((id, _)) if id > self.to => {
                    self.place = None;
                }
                Some((id, end)) => {
                    self.place = Some((place, block, end));
                    if id >= self.from {
                        return block.read(at, end);
                    }
                }
                None => {
                    let next = self.blocks.directory.next(place);
                    self.place = next.and_then(|place| {
                        let block = self.blocks.directory.get(place)?;
                        Some((place, block, block.start()))
                    });
                }
            }
        }
    }
}

/// Entries in reverse order. The last entry of a block is at hand; for those before it the block is
/// walked once to know where they stand.
pub struct RangeBack<'a> {
    blocks: &'a Blocks,
    from: Id,
    to: Id,
    place: Option<(Place, &'a Block)>,
    /// Whether entries of this block are still to be looked for: those that begin before here.
    ahead: Option<usize>,
    /// Where the entries stand that are still to come; behind them, where the last one ends.
    offsets: [u32; ENTRIES_MAX + 1],
    left: usize,
}

impl<'a> RangeBack<'a> {
    pub(super) fn new(blocks: &'a Blocks, from: Id, to: Id) -> RangeBack<'a> {
        let offsets = [0; ENTRIES_MAX + 1];
        let mut range = RangeBack { blocks, from, to, place: None, ahead: None, offsets, left: 0 };
        range.enter(blocks.directory.find(to));
        range
    }

    fn enter(&mut self, place: Option<Place>) {
        self.place = place.and_then(|place| Some((place, self.blocks.directory.get(place)?)));
        (self.left, self.ahead) = (0, Some(usize::MAX));
        if let Some((_, block)) = self.place
            && let Some((id, span)) = block.tail()
            && (self.from..=self.to).contains(&id)
        {
            self.offsets[..2].copy_from_slice(&[span.start as u32, span.end as u32]);
            (self.left, self.ahead) = (1, Some(span.start));
        }
    }

    fn walk(&mut self, block: &Block, end: usize) {
        let mut at = block.start();
        while at < end
            && let Some((id, end)) = block.peek(at)
            && id <= self.to
            && self.left < ENTRIES_MAX
        {
            if id >= self.from {
                self.offsets[self.left] = at as u32;
                self.left += 1;
                self.offsets[self.left] = end as u32;
            }
            at = end;
        }
    }
}

impl<'a> Iterator for RangeBack<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let (place, block) = self.place?;
            if self.left > 0 {
                self.left -= 1;
                let [at, end] = [self.left, self.left + 1].map(|n| self.offsets[n] as usize);
                return block.read(at, end);
            }
            if let Some(end) = self.ahead.take() {
                self.walk(block, end);
                continue;
            }
            // What stands before a block that begins below the range is below it, too.
            let before =
                self.blocks.directory.previous(place).filter(|_| block.first() > self.from);
            self.enter(before);
        }
    }
}
