//! A vector that grows by a chunk at a time and never moves what it holds.
//!
//! All chunks are of one size class, so what one sub-table frees another takes. Vectors that grow
//! by copying leave freed blocks of every size between the live ones: half as much memory again,
//! measured.

use crate::structure::thin::room;

/// Elements in a chunk: 4 KiB of words.
const CHUNK: usize = 512;

/// Invariant: every chunk but the last is full, and no chunk is empty.
pub(super) struct Chunks<E> {
    chunks: Vec<Vec<E>>,
    len: usize,
}

impl<E> Chunks<E> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&E> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    #[inline]
    pub(super) fn last(&self) -> Option<&E> {
        self.chunks.last()?.last()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut E> {
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    #[inline]
    pub(super) fn push(&mut self, element: E) {
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

    /// Removes the element at `at` and puts the last one in its place.
    pub(super) fn swap_remove(&mut self, at: usize) -> Option<E> {
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

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &E> {
        self.chunks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut E> {
        self.chunks.iter_mut().flatten()
    }

    /// Heap bytes, without what the elements own.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        let chunks = match self.chunks.as_slice() {
            [] => 0,
            [first, rest @ ..] => {
                room(first.capacity() * size_of::<E>()) + rest.len() * room(CHUNK * size_of::<E>())
            }
        };
        chunks + room(self.chunks.capacity() * size_of::<Vec<E>>())
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
