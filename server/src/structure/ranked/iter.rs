//! Walking a sorted set in either direction: leaf by leaf, each found by the rank of its first
//! entry.

use super::node::Leaf;
use super::score::Score;
use super::tree::{Tree, name};

/// Members and scores, ascending.
pub struct Iter<'a> {
    tree: &'a Tree,
    leaf: Option<(&'a Leaf, usize)>,
    /// The rank of the next member.
    rank: usize,
}

/// Members and scores, descending.
pub struct IterBack<'a> {
    tree: &'a Tree,
    leaf: Option<(&'a Leaf, usize)>,
    /// One more than the rank of the next member.
    behind: usize,
}

impl<'a> Iter<'a> {
    pub(super) fn new(tree: &'a Tree, rank: usize) -> Self {
        Self { tree, leaf: tree.find(rank), rank }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], Score);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (leaf, at) = self.leaf?;
        let entry = leaf.get(at)?;
        self.rank += 1;
        self.leaf =
            if at + 1 < leaf.len() { Some((leaf, at + 1)) } else { self.tree.find(self.rank) };
        Some((name(entry), entry.score))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.tree.len().saturating_sub(self.rank);
        (left, Some(left))
    }
}

impl<'a> IterBack<'a> {
    pub(super) fn new(tree: &'a Tree, rank: usize) -> Self {
        let behind = rank.saturating_add(1).min(tree.len());
        Self { tree, leaf: tree.find(behind.wrapping_sub(1)), behind }
    }
}

impl<'a> Iterator for IterBack<'a> {
    type Item = (&'a [u8], Score);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (leaf, at) = self.leaf?;
        let entry = leaf.get(at)?;
        self.behind -= 1;
        self.leaf = match at.checked_sub(1) {
            Some(at) => Some((leaf, at)),
            None => self.tree.find(self.behind.wrapping_sub(1)),
        };
        Some((name(entry), entry.score))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.behind, Some(self.behind))
    }
}
