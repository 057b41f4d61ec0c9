//! One sub-table: elements in the order they came, and the index of their positions.
//!
//! Invariants: element `i` has exactly one cell, which says `i`; removal moves the last element
//! into the gap; splitting and merging keep the relative order of what they move. Not here: which
//! sub-table an element belongs to; see `dense`.

use super::element::Element;
use super::index::Index;
use crate::structure::{Chunks, prefetch};

pub(super) struct Table<E> {
    elements: Chunks<E>,
    index: Index,
}

impl<E: Element> Table<E> {
    pub(super) fn new() -> Self {
        Self { elements: Chunks::new(), index: Index::new() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> Option<&E> {
        self.elements.get(position)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: usize) -> Option<&mut E> {
        self.elements.get_mut(position)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &E> {
        self.elements.iter()
    }

    /// The cell and the position of the element with this key.
    #[inline]
    pub(super) fn find(&self, hash: u64, key: &[u8]) -> Option<(usize, usize)> {
        self.index.find(hash, |position| self.get(position).is_some_and(|it| it.key() == key))
    }

    /// The cell of the element at `position`.
    pub(super) fn cell(&self, hash: u64, position: usize) -> Option<usize> {
        self.index.find(hash, |at| at == position).map(|(cell, _)| cell)
    }

    #[inline]
    pub(super) fn push(&mut self, hash: u64, element: E) {
        self.index.insert(hash, self.elements.len());
        self.elements.push(element);
    }

    /// Starts loading the last element, which a removal will move.
    #[inline]
    pub(super) fn prefetch_last(&self) {
        if let Some(last) = self.elements.last() {
            last.thin().prefetch();
        }
    }

    /// Starts loading the word of the element that a search would look at first, and says where it
    /// is.
    #[inline]
    pub(super) fn prefetch_candidate(&self, hash: u64) -> Option<usize> {
        let position = self.index.candidate(hash)?;
        prefetch(std::ptr::from_ref(self.get(position)?));
        Some(position)
    }

    /// Starts loading the element itself.
    #[inline]
    pub(super) fn prefetch_element(&self, position: Option<usize>) {
        if let Some(element) = position.and_then(|position| self.get(position)) {
            element.thin().prefetch();
        }
    }

    /// Removes the element at `position`, whose cell is `cell`; the last one takes its place.
    pub(super) fn remove(&mut self, cell: usize, position: usize) -> Option<E> {
        let last = self.elements.len().checked_sub(1)?;
        if position == last {
            self.index.remove(cell);
        } else {
            let hash = super::hash_of(self.elements.get(last)?.key());
            self.index.prefetch(hash);
            self.index.remove(cell);
            self.index.relocate(hash, last, position);
        }
        self.index.shrink(last);
        self.elements.swap_remove(position)
    }

    /// Moves the elements whose mark has `bit` set to a table of their own.
    pub(super) fn split(&mut self, bit: u8) -> Self {
        const OTHER: u32 = 1 << 31;
        let mut counts = [0, 0];
        let places: Vec<u32> = self
            .elements
            .iter()
            .map(|element| {
                let side = element.thin().mark() >> bit & 1;
                let count = &mut counts[usize::from(side)];
                *count += 1;
                (*count - 1) | if side == 1 { OTHER } else { 0 }
            })
            .collect();
        let [index, other_index] = self.index.split(|position| {
            let place = places[position];
            (usize::from(place & OTHER != 0), (place & !OTHER) as usize)
        });
        let mut other = Self { elements: Chunks::new(), index: other_index };
        let elements = std::mem::take(&mut self.elements);
        for (element, place) in elements.into_iter().zip(places) {
            let side = if place & OTHER == 0 { &mut self.elements } else { &mut other.elements };
            side.push(element);
        }
        self.index = index;
        other
    }

    /// Appends all elements of `other`.
    pub(super) fn merge(&mut self, other: Self) {
        self.index = self.index.merge(self.len(), &other.index, other.len());
        for element in other.elements {
            self.elements.push(element);
        }
    }

    /// Drops up to `most` elements from the end and leaves the index as it is.
    pub(super) fn shed(&mut self, most: usize) -> usize {
        (0..most).take_while(|_| self.elements.pop().is_some()).count()
    }

    /// Gives every element a mark made from its hash. Reads every key.
    pub(super) fn mark_by_hash(&mut self, mark: impl Fn(u64) -> u8) {
        const AHEAD: usize = 12;
        for at in 0..self.elements.len() {
            if let Some(later) = self.elements.get(at + AHEAD) {
                later.thin().prefetch();
            }
            if let Some(element) = self.elements.get_mut(at) {
                let mark = mark(super::hash_of(element.key()));
                element.thin_mut().set_mark(mark);
            }
        }
    }

    /// Gives every element the same mark.
    pub(super) fn mark_all(&mut self, mark: u8) {
        for element in self.elements.iter_mut() {
            element.thin_mut().set_mark(mark);
        }
    }

    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        self.index.prefetch(hash);
    }

    /// Heap bytes of the table itself, without its elements' own.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        self.elements.weight() + self.index.weight()
    }
}
