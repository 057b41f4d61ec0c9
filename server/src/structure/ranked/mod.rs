//! The sorted set: members by name and by score.
//!
//! A dense index owns one allocation per member, `[score | member]`, and finds it by name; a
//! counted B+ tree holds the score and the address again, in order. So a member's bytes exist once,
//! a search by score reads members only where scores tie, and a rank costs O(log n).
//!
//! Invariants: index and tree hold the same members; the tree's score of a member is the one in its
//! allocation; a member leaves the tree before it leaves the index, and the tree is dropped first.
//! Not here: score arithmetic and the ways commands name a range; see `engine/sorted_set`.
#![allow(unsafe_code)]

mod iter;
mod node;
mod score;
mod scored;
#[cfg(test)]
mod tests;
mod tree;

pub use self::iter::{Iter, IterBack};
pub use self::score::Score;
use self::scored::Scored;
use self::tree::{Tree, name};
use super::dense::{Dense, Element, Seek};

/// Members with scores, ordered by score and, where scores are equal, by member.
pub struct SortedSet {
    tree: Tree,
    index: Dense<Scored>,
}

/// What [`SortedSet::insert`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The member is new.
    Added,
    /// The member had this other score.
    Moved(Score),
    /// The member had this score already.
    Same,
}

impl Default for SortedSet {
    fn default() -> Self {
        Self::new()
    }
}

impl SortedSet {
    /// An empty set.
    pub fn new() -> Self {
        Self { tree: Tree::new(), index: Dense::new() }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.index.weight() + self.tree.weight()
    }

    /// The score of a member, in O(1).
    pub fn score(&self, member: &[u8]) -> Option<Score> {
        self.index.get(member).map(Scored::score)
    }

    /// Gives a member a score, in O(log n).
    pub fn insert(&mut self, member: &[u8], score: Score) -> Change {
        let mut added = None;
        let moved = self.index.upsert(
            member,
            || {
                let element = Scored::new(member, score);
                added = Some(element.entry());
                element
            },
            |element| {
                let old = element.score();
                if old != score {
                    element.set_score(score);
                }
                (old, element.entry())
            },
        );
        match (moved, added) {
            (Some((old, _)), _) if old == score => Change::Same,
            (Some((old, entry)), _) => {
                self.tree.remove(old, member);
                // SAFETY: the index owns the member until `remove` or `remove_at` has taken it out
                // of the tree. Scores change above only, where nothing of the tree is in use.
                unsafe { self.tree.insert(entry) };
                Change::Moved(old)
            }
            (None, Some(entry)) => {
                // SAFETY: as above.
                unsafe { self.tree.insert(entry) };
                Change::Added
            }
            (None, None) => Change::Same,
        }
    }

    /// Removes a member and returns its score, in O(log n).
    pub fn remove(&mut self, member: &[u8]) -> Option<Score> {
        let score = self.score(member)?;
        self.tree.remove(score, member);
        self.index.remove(member);
        Some(score)
    }

    /// Removes the member of this rank, in O(log n); false when there is none. Read it with
    /// [`SortedSet::at`] before: ZPOPMIN is `at(0)` and `remove_at(0)`.
    pub fn remove_at(&mut self, rank: usize) -> bool {
        let Some(entry) = self.tree.find(rank).and_then(|(leaf, at)| leaf.get(at)) else {
            return false;
        };
        let member = name(entry);
        self.index.prefetch(member);
        self.tree.remove(entry.score, member);
        let owner = self.index.remove(member);
        drop(owner);
        true
    }

    /// How many members stand before this one, in O(log n).
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        Some(self.tree.rank(|other, name| other < score || other == score && name < member))
    }

    /// How many members are `before`, which must hold for a first part of the order and for none
    /// behind it, in O(log n). With a condition on scores alone, no member is read.
    ///
    /// Both ends of any range are such counts: `score >= min` begins at `rank_where(|score, _|
    /// score < min)`.
    pub fn rank_where(&self, before: impl Fn(Score, &[u8]) -> bool) -> usize {
        self.tree.rank(before)
    }

    /// The member of this rank and its score, in O(log n).
    pub fn at(&self, rank: usize) -> Option<(&[u8], Score)> {
        self.iter_from(rank).next()
    }

    /// The members in order.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(0)
    }

    /// The members from this rank up.
    pub fn iter_from(&self, rank: usize) -> Iter<'_> {
        Iter::new(&self.tree, rank)
    }

    /// Starts loading the members from this rank on that lie in one leaf with it, and says how many
    /// they are: for whoever will walk over all of them.
    pub fn prefetch_from(&self, rank: usize) -> usize {
        let Some((leaf, at)) = self.tree.find(rank) else { return 0 };
        (at..leaf.len()).filter_map(|at| leaf.get(at)).for_each(|entry| entry.member.prefetch());
        leaf.len() - at
    }

    /// The members from this rank down; from the last when there are fewer.
    pub fn iter_back_from(&self, rank: usize) -> IterBack<'_> {
        IterBack::new(&self.tree, rank)
    }

    /// Visits about `count` members, in no useful order, and returns the next cursor; 0 begins and
    /// ends. A member that stays from the first call to the last is visited at least once.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&'a [u8], Score),
    ) -> u64 {
        self.index.scan(cursor, count, 0, |element| visit(element.key(), element.score()))
    }

    /// Frees about `most` blocks and says how many it were, 0 when none is left. For a set that is
    /// to be dropped: nothing else may be called afterwards.
    pub fn shed(&mut self, most: usize) -> usize {
        // The tree first: it names members that the index owns.
        let gone = self.tree.shed(most);
        if gone > 0 {
            return gone;
        }
        if self.tree.len() > 0 {
            self.tree = Tree::new();
        }
        self.index.shed(most)
    }

    /// Starts loading what an operation on `member` will read at a step, 0 to 2, as
    /// [`DenseMap::prefetch_step`](super::dense::DenseMap::prefetch_step) does.
    #[inline]
    pub fn prefetch_step(&self, seek: &mut Seek, step: usize) {
        self.index.prefetch_step(seek, step);
    }

    /// Starts loading what an operation on `member` will read first.
    pub fn prefetch(&self, member: &[u8]) {
        self.index.prefetch(member);
    }
}
