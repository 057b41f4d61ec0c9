//! A look-up that is asked for ahead, step by step.

use super::hash_of;

/// What is looked for, and how far the search has come. Only a hint: a position that is not true
/// any more costs a look at another element.
pub struct Seek {
    pub(super) hash: u64,
    pub(super) table: usize,
    pub(super) position: Option<usize>,
}

impl Seek {
    /// The search for a member or field.
    #[inline]
    pub fn of(member: &[u8]) -> Seek {
        Seek { hash: hash_of(member), table: 0, position: None }
    }
}
