//! engine/limiter/stats.rs — what is counted about a rule, for people: STATS and TOP.
//!
//! Observations, not state: they begin with the process (or with the rule), are in no snapshot and
//! no digest, and decide nothing. So they may be kept without order between threads, and who finds
//! the list of the heaviest in use passes by: a list of the most frequent loses little by that.
//!
//! The heaviest are found with the Space-Saving algorithm (Metwally, Agrawal, El Abbadi 2005): a
//! bounded list in which a newcomer takes the place of the least and inherits its count. A key that
//! stands for more than one in [`PLACES`] of all is certainly in it; a count may be too high, by no
//! more than `error`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

/// How many keys a list has.
const PLACES: usize = 100;

/// The longest key that is remembered, in bytes; of longer ones the beginning is shown.
const KEY_MAX: usize = 128;

/// See the module.
#[derive(Default)]
pub struct Stats {
    /// Requests admitted.
    pub admitted: AtomicU64,
    /// Requests refused.
    pub refused: AtomicU64,
    /// Requests that would have been refused, had the rule not been a shadow.
    pub shadowed: AtomicU64,
    /// Units taken.
    pub units: AtomicU64,
    /// Requests that waited.
    pub waited: AtomicU64,
    lists: Mutex<Lists>,
}

#[derive(Default)]
struct Lists {
    heaviest: Heavy,
    refused: Heavy,
}

/// A key of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The key, or its beginning.
    pub key: Box<[u8]>,
    /// Units taken, or requests refused; at most.
    pub count: u64,
    /// By how much less it may be.
    pub error: u64,
}

#[derive(Default)]
struct Heavy {
    hashes: Vec<u64>,
    places: Vec<Place>,
}

impl Stats {
    /// A request on a key was admitted and took `cost` units.
    pub fn admit(&self, key: &[u8], hash: u64, cost: u64) {
        self.admitted.fetch_add(1, Relaxed);
        self.units.fetch_add(cost, Relaxed);
        if let Some(mut lists) = self.lists.try_lock() {
            lists.heaviest.note(key, hash, cost);
        }
    }

    /// A request on a key was refused, or would have been.
    pub fn refuse(&self, key: &[u8], hash: u64, is_shadow: bool) {
        let counter = if is_shadow { &self.shadowed } else { &self.refused };
        counter.fetch_add(1, Relaxed);
        if let Some(mut lists) = self.lists.try_lock() {
            lists.refused.note(key, hash, 1);
        }
    }

    /// The keys of which most was taken, and those that were refused most often; at most `most` of
    /// each.
    pub fn top(&self, most: usize) -> (Vec<Place>, Vec<Place>) {
        let lists = self.lists.lock();
        (lists.heaviest.top(most), lists.refused.top(most))
    }
}

impl Heavy {
    fn note(&mut self, key: &[u8], hash: u64, weight: u64) {
        if let Some(at) = self.hashes.iter().position(|&other| other == hash) {
            if let Some(place) = self.places.get_mut(at) {
                place.count = place.count.saturating_add(weight);
            }
            return;
        }
        let key = key.get(..KEY_MAX).unwrap_or(key).into();
        if self.places.len() < PLACES {
            self.hashes.push(hash);
            self.places.push(Place { key, count: weight, error: 0 });
            return;
        }
        let least =
            self.places.iter_mut().zip(&mut self.hashes).min_by_key(|(place, _)| place.count);
        if let Some((place, other)) = least {
            let count = place.count.saturating_add(weight);
            *place = Place { key, count, error: place.count };
            *other = hash;
        }
    }

    fn top(&self, most: usize) -> Vec<Place> {
        let mut places = self.places.clone();
        places.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
        places.truncate(most);
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::hash;

    #[test]
    fn the_heavy_are_found_among_many() {
        let stats = Stats::default();
        for round in 0..20_000u64 {
            let key = match round % 10 {
                0..3 => b"heavy".to_vec(),
                3 => b"second".to_vec(),
                _ => format!("light:{round}").into_bytes(),
            };
            stats.admit(&key, hash(&key, 1), 2);
        }
        let (top, refused) = stats.top(2);
        assert_eq!(
            top.iter().map(|place| &*place.key).collect::<Vec<_>>(),
            [&b"heavy"[..], b"second"]
        );
        for (place, truth) in top.iter().zip([12_000, 4000]) {
            assert!(place.count >= truth && place.count - place.error <= truth, "{place:?}");
        }
        assert!(refused.is_empty());
        assert_eq!(stats.units.load(Relaxed), 40_000);
    }
}
