//! The number a sorted set is sorted by.

use std::cmp::Ordering;

/// A score: any double but NaN. The two zeros are equal, as in Redis, and keep their sign.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score(f64);

impl Score {
    pub(super) const ZERO: Self = Self(0.0);

    /// The score of a number, unless it is not one.
    pub fn new(number: f64) -> Option<Self> {
        (!number.is_nan()).then_some(Self(number))
    }

    /// The number.
    #[inline]
    pub fn get(self) -> f64 {
        self.0
    }

    /// The same number, and 0 for -0.
    #[inline]
    pub fn unsigned_zero(self) -> Self {
        // Adding zero leaves every other number alone.
        Self(self.0 + 0.0)
    }

    pub(super) fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// The score at the front of `bytes`, which [`Score::to_bytes`] wrote.
    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Self {
        match bytes.first_chunk() {
            Some(chunk) => Self(f64::from_le_bytes(*chunk)),
            None => Self(0.0),
        }
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    #[inline]
    fn lt(&self, other: &Self) -> bool {
        self.0 < other.0
    }

    #[inline]
    fn le(&self, other: &Self) -> bool {
        self.0 <= other.0
    }
}

impl Ord for Score {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal)
    }
}
