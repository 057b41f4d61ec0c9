//! A vector that grows by a chunk at a time and never moves what it holds.
//!
//! All chunks are of one size class, so what one sub-table frees another takes. Vectors that grow
//! by copying leave freed blocks of every size between the live ones: half as much memory again,
//! measured.

use std::ops::{Index, IndexMut};

use crate::structure::room;

/// Elements in a chunk: 4 KiB of words.
const CHUNK: usize = 512;

/// See the module. Invariant: every chunk but the last is full, and no chunk is empty.
pub struct Chunks<E> {
    chunks: Vec<Vec<E>>,
    len: usize,
}

impl<E> Chunks<E> {
    /// No elements.
    pub const fn new() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }

    /// How many elements there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The element at a position.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&E> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// Whether there is no element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The last element.
    #[inline]
    pub fn last(&self) -> Option<&E> {
        self.chunks.last()?.last()
    }

    /// The element at a position, to change it.
    #[inline]
    pub fn get_mut(&mut self, at: usize) -> Option<&mut E> {
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    /// Adds an element at the end.
    #[inline]
    pub fn push(&mut self, element: E) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < last.capacity() => last.push(element),
            _ => self.push_growing(element),
        }
        self.len += 1;
    }

    /// The first chunk grows a quarter at a time; those after it are whole from the start.
    #[cold]
    fn push_growing(&mut self, element: E) {
        if self.chunks.len() == 1 && self.len < CHUNK {
            let count = self.len + self.len / 4 + 4;
            let count = (room(count * size_of::<E>()) / size_of::<E>()).min(CHUNK);
            self.chunks[0].reserve_exact(count - self.len);
            self.chunks[0].push(element);
            return;
        }
        self.chunks.reserve_exact(1);
        let mut chunk = Vec::with_capacity(if self.len == 0 { 4 } else { CHUNK });
        chunk.push(element);
        self.chunks.push(chunk);
    }

    /// Removes the last element.
    pub fn pop(&mut self) -> Option<E> {
        self.swap_remove(self.len.checked_sub(1)?)
    }

    /// Removes the element at `at` and puts the last one in its place.
    pub fn swap_remove(&mut self, at: usize) -> Option<E> {
        let tail = self.chunks.last_mut()?;
        let last = tail.pop()?;
        if tail.is_empty() {
            self.chunks.pop();
        }
        self.len -= 1;
        if self.chunks.len() == 1 && self.chunks[0].capacity() > 4 * self.len + 16 {
            self.chunks[0].shrink_to(2 * self.len);
        }
        match self.get_mut(at) {
            Some(place) => Some(std::mem::replace(place, last)),
            None => Some(last),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &E> {
        self.chunks.iter().flatten()
    }

    /// The elements in order, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut E> {
        self.chunks.iter_mut().flatten()
    }

    /// Heap bytes, without what the elements own.
    #[inline]
    pub fn weight(&self) -> usize {
        let chunks = match self.chunks.as_slice() {
            [] => 0,
            [first, rest @ ..] => {
                room(first.capacity() * size_of::<E>()) + rest.len() * room(CHUNK * size_of::<E>())
            }
        };
        chunks + room(self.chunks.capacity() * size_of::<Vec<E>>())
    }
}

impl<E> Default for Chunks<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Index<usize> for Chunks<E> {
    type Output = E;

    #[inline]
    fn index(&self, at: usize) -> &E {
        &self.chunks[at / CHUNK][at % CHUNK]
    }
}

impl<E> IndexMut<usize> for Chunks<E> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut E {
        &mut self.chunks[at / CHUNK][at % CHUNK]
    }
}

impl<E> IntoIterator for Chunks<E> {
    type Item = E;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<E>>>;

    /// Frees each chunk as soon as it is passed.
    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}
