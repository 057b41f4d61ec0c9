//! A member and its score in one allocation: `[score | member]`.
#![allow(unsafe_code)]

use super::score::Score;
use crate::structure::dense::Element;
use crate::structure::thin::{Alias, Thin};

/// Where the member starts.
const MEMBER: usize = 8;

/// What the dense index owns.
pub(super) struct Scored(Thin);

impl Scored {
    pub(super) fn new(member: &[u8], score: Score) -> Self {
        Self(Thin::join([&score.to_bytes(), member], MEMBER + member.len()))
    }

    #[inline]
    pub(super) fn score(&self) -> Score {
        Score::read(self.0.bytes())
    }

    pub(super) fn set_score(&mut self, score: Score) {
        self.0.bytes_mut()[..MEMBER].copy_from_slice(&score.to_bytes());
    }

    /// What the tree holds. With eight bytes of score a string is never inline, so it has an alias.
    pub(super) fn entry(&self) -> Entry {
        Entry { score: self.score(), member: Member(self.0.alias()) }
    }
}

impl Element for Scored {
    fn thin(&self) -> &Thin {
        &self.0
    }

    fn thin_mut(&mut self) -> &mut Thin {
        &mut self.0
    }

    #[inline]
    fn key(&self) -> &[u8] {
        &self.0.bytes()[MEMBER..]
    }
}

/// The name of a [`Scored`]'s member.
#[derive(Clone, Copy)]
pub(super) struct Member(Alias);

impl Member {
    /// Names nothing; fills unused places.
    pub(super) const NONE: Self = Self(Alias::NONE);

    /// Starts loading the member.
    #[inline]
    pub(super) fn prefetch(self) {
        self.0.prefetch();
    }

    /// The member.
    ///
    /// # Safety
    /// The [`Scored`] this names is alive for `'a`, and its score is not being changed.
    #[inline]
    pub(super) unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as promised by the caller.
        let bytes = unsafe { self.0.bytes() };
        &bytes[MEMBER..]
    }
}

/// A score and the member that has it.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) score: Score,
    pub(super) member: Member,
}
