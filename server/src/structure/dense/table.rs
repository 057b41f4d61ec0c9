//! One sub-table: elements in the order they came, and the index of their positions.
//!
//! Invariants: element `i` has exactly one cell, which says `i`; removal moves the last element
//! into the gap; splitting and merging keep the relative order of what they move; there are
//! deadlines if and only if an element has one. Not here: which sub-table an element belongs to;
//! see `dense`.

use super::deadlines::{Deadlines, NEVER};
use super::element::Element;
use super::index::Index;
use crate::structure::{Chunks, prefetch};

pub(super) struct Table<E> {
    elements: Chunks<E>,
    index: Index,
    /// If any element has one.
    deadlines: Option<Box<Deadlines>>,
}

impl<E: Element> Table<E> {
    pub(super) fn new() -> Self {
        Self { elements: Chunks::new(), index: Index::new(), deadlines: None }
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
        if let Some(deadlines) = &mut self.deadlines {
            deadlines.push(NEVER);
        }
    }

    /// When the elements die, if any does.
    #[inline]
    pub(super) fn deadlines(&self) -> Option<&Deadlines> {
        self.deadlines.as_deref()
    }

    /// The element's deadline, or [`NEVER`].
    #[inline]
    pub(super) fn deadline(&self, position: usize) -> u64 {
        self.deadlines().map_or(NEVER, |deadlines| deadlines.get(position))
    }

    /// Sets the element's deadline, or clears it with [`NEVER`]; returns what it was.
    pub(super) fn set_deadline(&mut self, position: usize, deadline: u64) -> u64 {
        if deadline == NEVER && self.deadlines.is_none() {
            return NEVER;
        }
        let count = self.elements.len();
        let deadlines = self.deadlines.get_or_insert_with(|| Box::new(Deadlines::new(count)));
        let was = deadlines.set(position, deadline);
        if deadlines.mortal() == 0 {
            self.deadlines = None;
        }
        was
    }

    /// The last dead element below `end`; looking from the end, since removal moves the last
    /// element. Says the earliest deadline again once it has looked at all of them in vain.
    pub(super) fn last_dead(&mut self, end: usize, now: u64) -> Option<usize> {
        let deadlines = self.deadlines.as_mut()?;
        let found = (0..end).rev().find(|&position| deadlines.get(position) <= now);
        if found.is_none() {
            deadlines.set_due(deadlines.iter().min().unwrap_or(NEVER));
        }
        found
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
        if let Some(deadlines) = &mut self.deadlines {
            deadlines.swap_remove(position);
            if deadlines.mortal() == 0 {
                self.deadlines = None;
            }
        }
        self.elements.swap_remove(position)
    }

    /// Removes the element at `position`, whose cell is `cell`; those behind it move up by one.
    pub(super) fn remove_in_order(&mut self, cell: usize, position: usize) -> Option<E> {
        let last = self.elements.len().checked_sub(1)?;
        self.index.remove(cell);
        self.index.move_up(position);
        self.elements.rotate_to_end(position);
        self.index.shrink(last);
        if let Some(deadlines) = &mut self.deadlines {
            deadlines.remove_in_order(position);
            if deadlines.mortal() == 0 {
                self.deadlines = None;
            }
        }
        self.elements.pop()
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
        let mut other = Self { elements: Chunks::new(), index: other_index, deadlines: None };
        let elements = std::mem::take(&mut self.elements);
        let deadlines = self.deadlines.take();
        for (at, (element, place)) in elements.into_iter().zip(places).enumerate() {
            let side = if place & OTHER == 0 { &mut *self } else { &mut other };
            side.elements.push(element);
            if let Some(deadlines) = &deadlines {
                side.append_deadline(deadlines.get(at));
            }
        }
        self.index = index;
        other
    }

    /// Gives the element that was pushed last its deadline.
    fn append_deadline(&mut self, deadline: u64) {
        let last = self.elements.len() - 1;
        match &mut self.deadlines {
            Some(deadlines) => deadlines.push(deadline),
            None if deadline == NEVER => {}
            None => {
                let mut deadlines = Deadlines::new(last);
                deadlines.push(deadline);
                self.deadlines = Some(Box::new(deadlines));
            }
        }
    }

    /// Appends all elements of `other`.
    pub(super) fn merge(&mut self, other: Self) {
        self.index = self.index.merge(self.len(), &other.index, other.len());
        for (at, element) in other.elements.into_iter().enumerate() {
            self.elements.push(element);
            let deadline = other.deadlines.as_ref().map_or(NEVER, |deadlines| deadlines.get(at));
            self.append_deadline(deadline);
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
        let deadlines = self.deadlines.as_ref().map_or(0, |deadlines| deadlines.weight());
        self.elements.weight() + self.index.weight() + deadlines
    }
}
