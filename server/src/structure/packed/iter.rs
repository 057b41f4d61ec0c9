//! Walking a packed sequence in either direction.

use smallvec::SmallVec;

use crate::structure::varint;

/// Entries from first to last.
#[derive(Clone)]
pub struct Iter<'a> {
    content: &'a [u8],
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iter<'a> {
    #[inline]
    pub(super) fn new(content: &'a [u8], count: usize) -> Self {
        Self { content, rest: content, left: count }
    }

    /// Where the next entry starts.
    #[inline]
    pub(super) fn offset(&self) -> usize {
        self.content.len() - self.rest.len()
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, width) = varint::read(self.rest)?;
        let (entry, rest) = self.rest.get(width..)?.split_at_checked(length)?;
        self.rest = rest;
        self.left = self.left.saturating_sub(1);
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Entries from last to first.
pub struct IterBack<'a> {
    content: &'a [u8],
    /// Where each entry that is left starts. On the stack for as many as Redis packs by default.
    starts: SmallVec<[usize; 256]>,
}

impl<'a> IterBack<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        let mut starts = SmallVec::new();
        let mut walk = Iter::new(content, 0);
        loop {
            let offset = walk.offset();
            if walk.next().is_none() {
                return Self { content, starts };
            }
            starts.push(offset);
        }
    }
}

impl<'a> Iterator for IterBack<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.starts.pop()?;
        Iter::new(self.content.get(start..)?, 1).next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.starts.len(), Some(self.starts.len()))
    }
}
