//! The nodes of the tree and what is done within one of them.
//!
//! Scores stand in an array of their own, so that a search reads the 500 bytes of scores and no
//! member unless scores tie. A leaf is 1016 bytes and an inner node 2008: both just fit a size
//! class.

use super::score::Score;
use super::scored::{Entry, Member};
use crate::structure::prefetch;

/// Entries in a leaf.
pub(super) const LEAF: usize = if cfg!(test) { 8 } else { 63 };
/// Children of an inner node.
pub(super) const FAN: usize = if cfg!(test) { 8 } else { 50 };

pub(super) enum Node {
    Leaf(Box<Leaf>),
    Inner(Box<Inner>),
}

/// Scores with members, in order, in arrays of `N`.
pub(super) struct Row<const N: usize> {
    len: usize,
    scores: [Score; N],
    members: [Member; N],
}

pub(super) type Leaf = Row<LEAF>;

/// Invariant: `firsts[i]` is the first entry below child `i`, except that `firsts[0]` may be any;
/// `counts[i]` is the number of entries below child `i`; exactly the first `firsts.len()` children
/// are there.
pub(super) struct Inner {
    pub(super) firsts: Row<FAN>,
    pub(super) counts: [usize; FAN],
    pub(super) children: [Option<Node>; FAN],
}

impl<const N: usize> Row<N> {
    pub(super) fn new() -> Self {
        Self { len: 0, scores: [Score::ZERO; N], members: [Member::NONE; N] }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<Entry> {
        let score = *self.scores[..self.len].get(at)?;
        Some(Entry { score, member: self.members[at] })
    }

    pub(super) fn set(&mut self, at: usize, entry: Entry) {
        self.scores[at] = entry.score;
        self.members[at] = entry.member;
    }

    /// The first place, from `from` on, whose entry is not `before`.
    #[inline]
    pub(super) fn seek(&self, from: usize, before: impl Fn(Entry) -> bool) -> usize {
        let (mut low, mut high) = (from, self.len.max(from));
        while low < high {
            let middle = (low + high) / 2;
            let entry = Entry { score: self.scores[middle], member: self.members[middle] };
            if before(entry) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Puts an entry at a place; there must be room.
    pub(super) fn insert(&mut self, at: usize, entry: Entry) {
        self.scores.copy_within(at..self.len, at + 1);
        self.members.copy_within(at..self.len, at + 1);
        self.set(at, entry);
        self.len += 1;
    }

    pub(super) fn remove(&mut self, at: usize) {
        self.scores.copy_within(at + 1..self.len, at);
        self.members.copy_within(at + 1..self.len, at);
        self.len -= 1;
    }

    /// Moves what stands from `at` on to a row of its own.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let mut back = Self::new();
        back.len = self.len - at;
        back.scores[..back.len].copy_from_slice(&self.scores[at..self.len]);
        back.members[..back.len].copy_from_slice(&self.members[at..self.len]);
        self.len = at;
        back
    }

    /// Appends all of `other`; there must be room.
    pub(super) fn append(&mut self, other: &Self) {
        let end = self.len + other.len;
        self.scores[self.len..end].copy_from_slice(&other.scores[..other.len]);
        self.members[self.len..end].copy_from_slice(&other.members[..other.len]);
        self.len = end;
    }
}

impl Inner {
    pub(super) fn new() -> Self {
        Self { firsts: Row::new(), counts: [0; FAN], children: [const { None }; FAN] }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.firsts.len()
    }

    pub(super) fn count(&self) -> usize {
        self.counts[..self.len()].iter().sum()
    }

    /// Puts a child at a place; there must be room.
    pub(super) fn insert(&mut self, at: usize, first: Entry, node: Node) {
        let len = self.len();
        self.firsts.insert(at, first);
        self.counts.copy_within(at..len, at + 1);
        self.counts[at] = node.count();
        self.children[at..=len].rotate_right(1);
        self.children[at] = Some(node);
    }

    pub(super) fn remove(&mut self, at: usize) -> Option<Node> {
        let len = self.len();
        let node = self.children[at].take();
        self.firsts.remove(at);
        self.counts.copy_within(at + 1..len, at);
        self.children[at..len].rotate_left(1);
        node
    }

    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let len = self.len();
        let mut back = Self::new();
        back.firsts = self.firsts.split_off(at);
        back.counts[..len - at].copy_from_slice(&self.counts[at..len]);
        for (to, from) in back.children.iter_mut().zip(&mut self.children[at..len]) {
            *to = from.take();
        }
        back
    }

    pub(super) fn append(&mut self, other: &mut Self) {
        let (len, more) = (self.len(), other.len());
        self.firsts.append(&other.firsts);
        self.counts[len..len + more].copy_from_slice(&other.counts[..more]);
        for (to, from) in self.children[len..].iter_mut().zip(&mut other.children[..more]) {
            *to = from.take();
        }
    }

    /// The child that holds this rank, and the rank there.
    #[inline]
    pub(super) fn skip(&self, mut rank: usize) -> Option<(usize, usize)> {
        for (at, &count) in self.counts[..self.len()].iter().enumerate() {
            if rank < count {
                return Some((at, rank));
            }
            rank -= count;
        }
        None
    }
}

impl Node {
    /// Entries or children.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Inner(inner) => inner.len(),
        }
    }

    /// Entries below.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Inner(inner) => inner.count(),
        }
    }

    /// Starts loading what a search in the node reads, and all of a leaf, which an insertion
    /// shifts: in one go, instead of a line after the other.
    #[inline]
    pub(super) fn prefetch(&self) {
        const LINE: usize = 64;
        let (start, bytes) = match self {
            Self::Leaf(leaf) => ((&raw const **leaf).cast::<u8>(), size_of::<Leaf>()),
            Self::Inner(inner) => (inner.firsts.scores.as_ptr().cast(), size_of::<[Score; FAN]>()),
        };
        for at in (0..bytes).step_by(LINE) {
            prefetch(start.wrapping_add(at));
        }
    }

    pub(super) fn room(&self) -> usize {
        match self {
            Self::Leaf(_) => LEAF,
            Self::Inner(_) => FAN,
        }
    }
}
