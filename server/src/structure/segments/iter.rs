//! Walking a list in either direction.

use super::directory::{Directory, Place};
use super::segment::{End, Segment, Walk};

/// Entries towards the tail.
pub struct Iter<'a> {
    walk: Walk<'a>,
    rest: Option<(&'a Directory, Place)>,
}

/// Entries towards the head.
pub struct IterBack<'a> {
    walk: Walk<'a>,
    rest: Option<(&'a Directory, Place)>,
}

impl<'a> Iter<'a> {
    pub(super) fn short(segment: &'a Segment, index: usize) -> Self {
        Self { walk: segment.walk_from(index), rest: None }
    }

    pub(super) fn long(directory: &'a Directory, index: usize) -> Self {
        let Some((place, index)) = directory.find(index) else {
            return Self { walk: Walk::default(), rest: None };
        };
        let walk = directory.get(place).map(|segment| segment.walk_from(index));
        Self { walk: walk.unwrap_or_default(), rest: Some((directory, place)) }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Some(entry) = self.walk.next() {
                return Some(entry);
            }
            self.walk = step(&mut self.rest, End::Back)?;
        }
    }
}

impl<'a> IterBack<'a> {
    pub(super) fn short(segment: &'a Segment, index: usize) -> Self {
        Self { walk: segment.walk_until(index.saturating_add(1)), rest: None }
    }

    pub(super) fn long(directory: &'a Directory, index: usize) -> Self {
        let last = directory.len().saturating_sub(1);
        let Some((place, index)) = directory.find(index.min(last)) else {
            return Self { walk: Walk::default(), rest: None };
        };
        let walk = directory.get(place).map(|segment| segment.walk_until(index + 1));
        Self { walk: walk.unwrap_or_default(), rest: Some((directory, place)) }
    }
}

impl<'a> Iterator for IterBack<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Some(entry) = self.walk.next_back() {
                return Some(entry);
            }
            self.walk = step(&mut self.rest, End::Front)?;
        }
    }
}

/// The entries of the next segment.
#[cold]
fn step<'a>(rest: &mut Option<(&'a Directory, Place)>, towards: End) -> Option<Walk<'a>> {
    let (directory, place) = (*rest)?;
    let next = directory.next(place, towards)?;
    *rest = Some((directory, next));
    Some(directory.get(next)?.walk())
}
