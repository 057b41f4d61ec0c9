//! Entries by score, then member: a B+ tree that counts what is below each child.
//!
//! Invariants: entries ascend; no node but an empty root is empty; a node with less than a quarter
//! of its room was too large to join a neighbour; the member of every entry is alive, which is what
//! [`Tree::insert`] makes its caller promise. An inner node's `firsts` name entries of the tree, so
//! that holds for them too. Cost: O(log n) for everything; a search in one of our nodes is six
//! comparisons. Not here: who owns the members, and their scores by name; see `ranked`.
#![allow(unsafe_code)]

use std::cmp::Ordering;

use super::node::{FAN, Inner, LEAF, Leaf, Node, Row};
use super::score::Score;
use super::scored::Entry;
use crate::structure::room;

pub(super) struct Tree {
    root: Node,
    len: usize,
    sizes: Sizes,
}

/// How many nodes there are.
struct Sizes {
    leaves: usize,
    inners: usize,
}

/// A node split off, and its first entry.
type Split = Option<(Entry, Node)>;

impl Tree {
    pub(super) fn new() -> Self {
        let root = Node::Leaf(Box::new(Row::new()));
        Self { root, len: 0, sizes: Sizes { leaves: 1, inners: 0 } }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn weight(&self) -> usize {
        self.sizes.leaves * room(size_of::<Leaf>()) + self.sizes.inners * room(size_of::<Inner>())
    }

    /// Inserts an entry that is not there yet.
    ///
    /// # Safety
    /// Until it is removed again, the entry's member stays alive, and its score in memory is only
    /// changed while no method of the tree runs and nothing it returned is in use.
    pub(super) unsafe fn insert(&mut self, entry: Entry) {
        // SAFETY: the caller promises that the member is alive.
        let member = unsafe { entry.member.bytes() };
        let before = |other| before(other, entry.score, member);
        if let Some((first, node)) = self.sizes.grow(&mut self.root, entry, &before, true) {
            let left = std::mem::replace(&mut self.root, Node::Inner(Box::new(Inner::new())));
            self.sizes.inners += 1;
            if let Node::Inner(root) = &mut self.root {
                root.insert(0, first, left);
                root.insert(1, first, node);
            }
        }
        self.len += 1;
    }

    /// Removes the entry of this score and member; false when there is none.
    pub(super) fn remove(&mut self, score: Score, member: &[u8]) -> bool {
        let order = |other: Entry| other.score.cmp(&score).then_with(|| name(other).cmp(member));
        if self.sizes.shrink(&mut self.root, &order).is_none() {
            return false;
        }
        while let Node::Inner(root) = &mut self.root
            && root.len() == 1
            && let Some(only) = root.remove(0)
        {
            self.root = only;
            self.sizes.inners -= 1;
        }
        self.len -= 1;
        true
    }

    /// Frees about `most` nodes of a tree that is to be freed, from its end; how many it were.
    pub(super) fn shed(&mut self, most: usize) -> usize {
        (0..most).take_while(|_| shed(&mut self.root)).count()
    }

    /// The number of entries that are `before`, which holds for a first part of them.
    pub(super) fn rank(&self, before: impl Fn(Score, &[u8]) -> bool) -> usize {
        let before = |entry: Entry| before(entry.score, name(entry));
        let (mut node, mut rank) = (&self.root, 0);
        loop {
            match node {
                Node::Leaf(leaf) => return rank + leaf.seek(0, before),
                Node::Inner(inner) => {
                    let at = inner.firsts.seek(1, before) - 1;
                    let Some(child) = &inner.children[at] else { return rank };
                    child.prefetch();
                    rank += inner.counts[..at].iter().sum::<usize>();
                    node = child;
                }
            }
        }
    }

    /// The leaf that holds this rank, and the place there.
    pub(super) fn find(&self, mut rank: usize) -> Option<(&Leaf, usize)> {
        let mut node = &self.root;
        loop {
            match node {
                Node::Leaf(leaf) => return (rank < leaf.len()).then_some((leaf, rank)),
                Node::Inner(inner) => {
                    let at;
                    (at, rank) = inner.skip(rank)?;
                    node = inner.children[at].as_ref()?;
                }
            }
        }
    }
}

/// Frees the last leaf below a node; false when that is a leaf itself, or has none.
fn shed(node: &mut Node) -> bool {
    let Node::Inner(inner) = node else { return false };
    let Some(last) = inner.len().checked_sub(1) else { return false };
    if !inner.children[last].as_mut().is_some_and(shed) {
        inner.remove(last);
    }
    true
}

/// The member of an entry of the tree that is borrowed.
#[inline]
pub(super) fn name<'a>(entry: Entry) -> &'a [u8] {
    // SAFETY: entries are taken from the tree only, and their members are alive by its invariant.
    unsafe { entry.member.bytes() }
}

#[inline]
fn before(entry: Entry, score: Score, member: &[u8]) -> bool {
    entry.score < score || entry.score == score && name(entry) < member
}

impl Sizes {
    /// Inserts below a node. `last` says that nothing stands to the right of it: then a full node
    /// that grows at its end is left full, so that ascending scores fill the leaves.
    fn grow(
        &mut self,
        node: &mut Node,
        entry: Entry,
        before: &impl Fn(Entry) -> bool,
        last: bool,
    ) -> Split {
        let inner = match node {
            Node::Leaf(leaf) => return self.grow_leaf(leaf, entry, before, last),
            Node::Inner(inner) => inner,
        };
        let at = inner.firsts.seek(1, before) - 1;
        let last = last && at + 1 == inner.len();
        let child = inner.children[at].as_mut()?;
        child.prefetch();
        let split = self.grow(child, entry, before, last);
        inner.counts[at] += 1;
        let (first, child) = split?;
        inner.counts[at] -= child.count();
        if inner.len() < FAN {
            inner.insert(at + 1, first, child);
            return None;
        }
        self.inners += 1;
        if last {
            let mut back = Box::new(Inner::new());
            back.insert(0, first, child);
            return Some((first, Node::Inner(back)));
        }
        let half = FAN / 2;
        let mut back = Box::new(inner.split_off(half));
        let middle = back.firsts.get(0)?;
        if at < half {
            inner.insert(at + 1, first, child);
        } else {
            back.insert(at + 1 - half, first, child);
        }
        Some((middle, Node::Inner(back)))
    }

    fn grow_leaf(
        &mut self,
        leaf: &mut Leaf,
        entry: Entry,
        before: &impl Fn(Entry) -> bool,
        last: bool,
    ) -> Split {
        let at = leaf.seek(0, before);
        if leaf.len() < LEAF {
            leaf.insert(at, entry);
            return None;
        }
        self.leaves += 1;
        if last && at == LEAF {
            let mut back = Box::new(Row::new());
            back.insert(0, entry);
            return Some((entry, Node::Leaf(back)));
        }
        let half = LEAF.div_ceil(2);
        let mut back = Box::new(leaf.split_off(half));
        if at <= half {
            leaf.insert(at, entry);
        } else {
            back.insert(at - half, entry);
        }
        Some((back.get(0)?, Node::Leaf(back)))
    }

    /// Removes the entry below a node that `order` calls equal to what is sought. `None` when it is
    /// not there; else the node's new first entry, if that changed and there is one.
    fn shrink(
        &mut self,
        node: &mut Node,
        order: &impl Fn(Entry) -> Ordering,
    ) -> Option<Option<Entry>> {
        let inner = match node {
            Node::Leaf(leaf) => {
                let at = leaf.seek(0, |entry| order(entry).is_lt());
                leaf.get(at).filter(|&entry| order(entry).is_eq())?;
                leaf.remove(at);
                return Some(leaf.get(0).filter(|_| at == 0));
            }
            Node::Inner(inner) => inner,
        };
        let at = inner.firsts.seek(1, |entry| order(entry).is_le()) - 1;
        let child = inner.children[at].as_mut()?;
        child.prefetch();
        let first = self.shrink(child, order)?;
        inner.counts[at] -= 1;
        if child.len() == 0 {
            self.forget(child);
            inner.remove(at);
            return Some(inner.firsts.get(0).filter(|_| at == 0));
        }
        let small = child.len() < child.room() / 4;
        if let Some(first) = first {
            inner.firsts.set(at, first);
        }
        if small {
            self.join(inner, if at + 1 < inner.len() { at } else { at.saturating_sub(1) });
        }
        Some(first.filter(|_| at == 0))
    }

    /// Joins a child with the next one when both together leave a quarter of a node free.
    fn join(&mut self, inner: &mut Inner, at: usize) {
        let Some(first) = inner.firsts.get(at + 1) else { return };
        let [Some(left), Some(right)] = &mut inner.children[at..at + 2] else { return };
        if left.len() + right.len() > left.room() / 4 * 3 {
            return;
        }
        match (left, &mut *right) {
            (Node::Leaf(left), Node::Leaf(right)) => left.append(right),
            (Node::Inner(left), Node::Inner(right)) => {
                right.firsts.set(0, first);
                left.append(right);
            }
            _ => return,
        }
        self.forget(right);
        inner.counts[at] += inner.counts[at + 1];
        inner.remove(at + 1);
    }

    fn forget(&mut self, node: &Node) {
        match node {
            Node::Leaf(_) => self.leaves -= 1,
            Node::Inner(_) => self.inners -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Inner, Leaf, Node, Tree, name};
    use crate::structure::room;

    impl Tree {
        pub(in crate::structure::ranked) fn nodes(&self) -> (usize, usize) {
            (self.sizes.leaves, self.sizes.inners)
        }

        /// Everything the module doc calls an invariant.
        pub(in crate::structure::ranked) fn check(&self) {
            let mut nodes = (0, 0);
            let mut order = Vec::new();
            walk(&self.root, &mut nodes, &mut order);
            assert_eq!(order.len(), self.len());
            assert_eq!(nodes, self.nodes());
            assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "out of order");
        }
    }

    fn walk(
        node: &Node,
        nodes: &mut (usize, usize),
        order: &mut Vec<(super::Score, &'static [u8])>,
    ) -> usize {
        let entry = |entry: super::Entry| (entry.score, name(entry));
        match node {
            Node::Leaf(leaf) => {
                nodes.0 += 1;
                order.extend((0..leaf.len()).filter_map(|at| leaf.get(at)).map(entry));
            }
            Node::Inner(inner) => {
                nodes.1 += 1;
                for at in 0..inner.len() {
                    let start = order.len();
                    let child = inner.children[at].as_ref().expect("a child for each count");
                    assert!(walk(child, nodes, order) > 0, "an empty node");
                    assert_eq!(inner.counts[at], order.len() - start);
                    let first = inner.firsts.get(at).map(entry);
                    assert!(at == 0 || first == Some(order[start]), "a stale first entry");
                }
                assert!(inner.children[inner.len()..].iter().all(Option::is_none));
            }
        }
        node.len()
    }

    #[test]
    fn nodes_fill_their_size_class() {
        // The sizes of the real nodes, whose rows are longer than those of tests.
        assert_eq!(room(8 + 63 * 16), 1024);
        assert_eq!(room(8 + 50 * (16 + 8 + 16)), 2048);
        assert_eq!(size_of::<Leaf>(), 8 + 8 * 16);
        assert_eq!(size_of::<Inner>(), 8 + 8 * (16 + 8 + 16));
    }
}
