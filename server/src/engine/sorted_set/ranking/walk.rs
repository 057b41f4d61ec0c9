//! engine/sorted_set/ranking/walk.rs — members and scores in either direction, whatever the form.

use super::packed::{self, Pairs};
use crate::structure::packed::{IterBack, Packed};
use crate::structure::ranked::{self, Score};

/// Members and scores.
pub enum Walk<'a> {
    /// Up a packed sequence.
    Packed(Pairs<'a>),
    /// Down a packed sequence. Boxed: it remembers where entries start.
    PackedBack(Box<IterBack<'a>>),
    /// Up a tree.
    Tree(ranked::Iter<'a>),
    /// Down a tree.
    TreeBack(ranked::IterBack<'a>),
}

impl<'a> Walk<'a> {
    pub(super) fn packed(packed: &'a Packed, skip: usize) -> Walk<'a> {
        let mut pairs = packed::iter(packed);
        if let Some(last) = skip.checked_sub(1) {
            pairs.nth(last);
        }
        Walk::Packed(pairs)
    }

    /// Down, without the last `skip` members.
    pub(super) fn packed_back(packed: &'a Packed, skip: usize) -> Walk<'a> {
        let mut entries = Box::new(packed.iter_back());
        if let Some(last) = (2 * skip).checked_sub(1) {
            entries.nth(last);
        }
        Walk::PackedBack(entries)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (&'a [u8], Score);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Walk::Packed(pairs) => pairs.next(),
            Walk::PackedBack(entries) => {
                let score = packed::read(entries.next()?);
                Some((entries.next()?, score))
            }
            Walk::Tree(walk) => walk.next(),
            Walk::TreeBack(walk) => walk.next(),
        }
    }
}
