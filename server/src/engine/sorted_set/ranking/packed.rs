//! engine/sorted_set/ranking/packed.rs — members and scores in turn in a packed sequence, in order.
//!
//! A score is eight bytes, little-endian. Everything walks.

use crate::structure::packed::{Iter, Packed};
use crate::structure::ranked::Score;

/// Members and scores, ascending.
#[derive(Clone)]
pub struct Pairs<'a>(Iter<'a>);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], Score);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, read(self.0.next()?)))
    }
}

/// The score that these bytes are.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Score {
    let number = bytes.first_chunk().map_or(0.0, |chunk| f64::from_le_bytes(*chunk));
    // Scores are written from scores only, so this one is a number.
    Score::new(number).unwrap_or_default()
}

fn write(score: Score) -> [u8; 8] {
    score.get().to_le_bytes()
}

pub(super) fn iter(packed: &Packed) -> Pairs<'_> {
    Pairs(packed.iter())
}

pub(super) fn score(packed: &Packed, member: &[u8]) -> Option<Score> {
    packed.read(packed.after(packed.find(member, 2)?)?).map(read)
}

/// Puts a member that is not there where it belongs.
pub(super) fn insert(packed: &mut Packed, member: &[u8], score: Score) {
    let rank = iter(packed)
        .take_while(|&(other, its)| its < score || its == score && other < member)
        .count();
    let entries = [member, &write(score)];
    match packed.spot(2 * rank) {
        Some(spot) => packed.insert(spot, entries),
        None => packed.push_back(entries),
    }
}

/// Puts a member that is not there behind all others.
pub(super) fn push(packed: &mut Packed, member: &[u8], score: Score) {
    packed.push_back([member, &write(score)]);
}

pub(super) fn remove(packed: &mut Packed, member: &[u8]) -> Option<Score> {
    let spot = packed.find(member, 2)?;
    let score = packed.after(spot).and_then(|spot| packed.read(spot)).map(read);
    packed.remove(spot, 2);
    score
}

/// Removes up to `count` members from a rank on; how many there were.
pub(super) fn remove_range(packed: &mut Packed, rank: usize, count: usize) -> usize {
    let count = count.min((packed.len() / 2).saturating_sub(rank));
    if let Some(spot) = packed.spot(2 * rank) {
        packed.remove(spot, 2 * count);
    }
    count
}
