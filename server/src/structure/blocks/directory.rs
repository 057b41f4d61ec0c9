//! structure/blocks/directory.rs — the blocks in order, in groups, so that no step moves many.

use std::collections::VecDeque;

use super::block::Block;
use super::id::Id;
use crate::structure::room;

/// The most blocks of a group.
#[cfg(not(test))]
const GROUP: usize = 256;
#[cfg(test)]
const GROUP: usize = 4;

/// See the module. No group is empty.
#[derive(Default)]
pub(super) struct Directory {
    groups: VecDeque<VecDeque<Block>>,
    len: usize,
    /// Heap bytes of what the blocks hold.
    heap: usize,
    /// Heap bytes of the groups.
    frames: usize,
}

/// Where a block is; good until blocks come or go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    group: usize,
    block: usize,
}

impl Place {
    /// The first block, if there is any.
    pub(super) const FRONT: Place = Place { group: 0, block: 0 };

    /// As one number: a group has far fewer than 2^32 blocks.
    pub(super) fn to_bits(self) -> u64 {
        (self.group as u64) << 32 | self.block as u64
    }

    pub(super) fn from_bits(bits: u64) -> Place {
        Place { group: (bits >> 32) as usize, block: bits as u32 as usize }
    }
}

fn frame(group: &VecDeque<Block>) -> usize {
    room(group.capacity() * size_of::<Block>())
}

impl Directory {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn weight(&self) -> usize {
        let groups = room(self.groups.capacity() * size_of::<VecDeque<Block>>());
        self.heap + self.frames + groups
    }

    #[inline]
    pub(super) fn get(&self, place: Place) -> Option<&Block> {
        #[cfg(test)]
        super::tests::step();
        self.groups.get(place.group)?.get(place.block)
    }

    #[inline]
    pub(super) fn last(&self) -> Option<Place> {
        let group = self.groups.len().checked_sub(1)?;
        Some(Place { group, block: self.groups[group].len() - 1 })
    }

    pub(super) fn next(&self, place: Place) -> Option<Place> {
        let next = Place { block: place.block + 1, ..place };
        if self.get(next).is_some() {
            return Some(next);
        }
        (place.group + 1 < self.groups.len()).then_some(Place { group: place.group + 1, block: 0 })
    }

    pub(super) fn previous(&self, place: Place) -> Option<Place> {
        if let Some(block) = place.block.checked_sub(1) {
            return Some(Place { block, ..place });
        }
        let group = place.group.checked_sub(1)?;
        Some(Place { group, block: self.groups.get(group)?.len() - 1 })
    }

    /// The last block that does not begin above this id.
    pub(super) fn find(&self, id: Id) -> Option<Place> {
        // Most look for something near the end.
        if let Some(last) = self.last()
            && self.get(last).is_some_and(|block| block.first() <= id)
        {
            return Some(last);
        }
        let begins = |group: &VecDeque<Block>| group.front().is_some_and(|b| b.first() <= id);
        let group = self.groups.partition_point(begins).checked_sub(1)?;
        let blocks = &self.groups[group];
        let block = blocks.partition_point(|block| block.first() <= id).checked_sub(1)?;
        Some(Place { group, block })
    }

    pub(super) fn append(&mut self, block: Block) {
        self.heap += block.weight();
        self.len += 1;
        if self.groups.back().is_none_or(|group| group.len() >= GROUP) {
            if self.groups.is_empty() {
                self.groups.reserve_exact(1);
            }
            // The first group grows with the stream; those behind it will surely be filled.
            let room = if self.groups.is_empty() { 1 } else { GROUP };
            let group = VecDeque::with_capacity(room);
            self.frames += frame(&group);
            self.groups.push_back(group);
        }
        if let Some(group) = self.groups.back_mut() {
            self.frames -= frame(group);
            group.push_back(block);
            self.frames += frame(group);
        }
    }

    /// Changes a block that keeps its first id.
    #[inline]
    pub(super) fn change(&mut self, place: Place, change: impl FnOnce(&mut Block)) {
        let group = self.groups.get_mut(place.group);
        let Some(block) = group.and_then(|group| group.get_mut(place.block)) else { return };
        let before = block.weight();
        change(block);
        self.heap = self.heap + block.weight() - before;
    }

    pub(super) fn remove(&mut self, place: Place) {
        let Some(group) = self.groups.get_mut(place.group) else { return };
        let Some(block) = group.remove(place.block) else { return };
        self.heap -= block.weight();
        self.len -= 1;
        if group.is_empty() {
            self.frames -= frame(group);
            self.groups.remove(place.group);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Block> {
        self.groups.iter().flatten()
    }
}
