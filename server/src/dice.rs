//! dice.rs — chance that can be recorded and replayed.
//!
//! SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix per number, any seed is good, and
//! the sequence is the same on every machine.

use hashbrown::HashSet;

use crate::structure::FixedState;

/// A seeded source of random numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that always fall the same way for the same seed.
    pub const fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Whether nothing was drawn since they were made of `seed`.
    pub fn is_fresh(&self, seed: u64) -> bool {
        self.0 == seed
    }

    /// The next 64 random bits.
    #[allow(clippy::should_implement_trait, reason = "it never ends, so there is no `Option`")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`; 0 for a bound of 0. Uses the high bits of a product, whose bias is
    /// below `bound / 2^64`.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// `count` different numbers in `0..bound`, every choice of them equally likely; fewer if there
    /// are fewer. Takes O(count) time and memory (Floyd's algorithm, Bentley 1987).
    pub fn sample(&mut self, count: usize, bound: usize) -> Vec<usize> {
        let count = count.min(bound);
        let mut seen = HashSet::with_capacity_and_hasher(count, FixedState);
        let mut drawn = Vec::with_capacity(count);
        for last in bound - count..bound {
            let number = self.below(last + 1);
            let number = if seen.insert(number) { number } else { last };
            if number == last {
                seen.insert(last);
            }
            drawn.push(number);
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // Reference values of SplitMix64 for seed 1234567.
        let mut dice = Dice::new(1_234_567);
        assert_eq!(dice.next(), 6_457_827_717_110_365_317);
        assert_eq!(dice.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn every_face_turns_up() {
        let mut dice = Dice::new(7);
        let mut seen = [0u32; 6];
        for _ in 0..6000 {
            seen[dice.below(6)] += 1;
        }
        assert!(seen.iter().all(|&times| times > 800), "{seen:?}");
        assert_eq!(dice.below(0), 0);
    }
    #[test]
    fn samples_are_different_numbers_and_every_choice_turns_up() {
        let mut dice = Dice::new(11);
        let mut times = [0u32; 6];
        for _ in 0..6000 {
            let sample = dice.sample(3, 6);
            let mut sorted = sample.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!((sorted.len(), sample.len()), (3, 3), "{sample:?}");
            sample.into_iter().for_each(|number| times[number] += 1);
        }
        assert!(times.iter().all(|&times| (2800..3200).contains(&times)), "{times:?}");
        assert_eq!(dice.sample(9, 2).len(), 2);
        assert_eq!(dice.sample(3, 0), []);
    }
}
