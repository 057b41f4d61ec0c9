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

/// Entries in reverse order. A block is walked once to know where its entries stand.
pub struct RangeBack<'a> {
    blocks: &'a Blocks,
    from: Id,
    to: Id,
    place: Option<(Place, &'a Block)>,
    /// Where the entries stand that are still to come; behind them, where the last one ends.
    offsets: [u32; ENTRIES_MAX + 1],
    left: usize,
}

impl<'a> RangeBack<'a> {
    pub(super) fn new(blocks: &'a Blocks, from: Id, to: Id) -> RangeBack<'a> {
        let offsets = [0; ENTRIES_MAX + 1];
        let mut range = RangeBack { blocks, from, to, place: None, offsets, left: 0 };
        range.enter(blocks.directory.find(to));
        range
    }

    fn enter(&mut self, place: Option<Place>) {
        self.left = 0;
        self.place = place.and_then(|place| Some((place, self.blocks.directory.get(place)?)));
        let Some((_, block)) = self.place else { return };
        let mut at = block.start();
        while let Some((id, end)) = block.peek(at) {
            if id > self.to || self.left == ENTRIES_MAX {
                break;
            }
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
            // What stands before a block that begins below the range is below it, too.
            let before =
                self.blocks.directory.previous(place).filter(|_| block.first() > self.from);
            self.enter(before);
        }
    }
}
