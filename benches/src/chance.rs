//! Which key comes next: seeded randomness and the distributions of keys.
//!
//! The same seed gives the same sequence of keys on every machine, so both sides of a comparison see
//! the same requests.

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): one multiplication chain, no table, good
/// enough to choose keys.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that repeat themselves for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    #[inline]
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is at least 1; the bias is at most `bound / 2^64`.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `[0, 1)`.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// How requests spread over the keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Every key is equally likely.
    Uniform,
    /// Few keys get most requests; the parameter is the exponent, in (0, 1), usually 0.99.
    Zipf(f64),
    /// 0, 1, 2 ... and around again: how key spaces are filled.
    Sequential,
}

/// Chooses key numbers in `0..count`.
#[derive(Clone, Debug)]
pub struct Picker {
    count: u64,
    dice: Dice,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Uniform,
    Zipf(Zipf),
    Sequential(u64),
}

impl Picker {
    /// A picker over `count` keys, at least 1. Zipf costs one `powf` per key here, once.
    pub fn new(distribution: Distribution, count: u64, seed: u64) -> Self {
        let count = count.max(1);
        let form = match distribution {
            Distribution::Uniform => Form::Uniform,
            Distribution::Zipf(exponent) => Form::Zipf(Zipf::new(count, exponent)),
            Distribution::Sequential => Form::Sequential(0),
        };
        Self { count, dice: Dice::new(seed), form }
    }

    /// The same distribution with other dice: one for each thread.
    pub fn reseeded(&self, seed: u64) -> Self {
        Self { dice: Dice::new(seed), ..self.clone() }
    }

    /// The next key number.
    #[inline]
    pub fn pick(&mut self) -> u64 {
        match &mut self.form {
            Form::Uniform => self.dice.below(self.count),
            Form::Zipf(zipf) => zipf.scatter(zipf.rank(self.dice.unit())),
            Form::Sequential(next) => {
                let picked = *next;
                *next = if picked + 1 == self.count { 0 } else { picked + 1 };
                picked
            }
        }
    }

    /// A number in `0..count` that follows no distribution but the uniform one: scores, extra choices.
    #[inline]
    pub fn uniform(&mut self) -> u64 {
        self.dice.below(self.count)
    }

    /// A number below `bound`, for choices other than keys.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        self.dice.below(bound)
    }
}

/// Zipfian ranks after Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (1994),
/// the generator that YCSB uses.
#[derive(Clone, Debug)]
struct Zipf {
    count: u64,
    zeta: f64,
    alpha: f64,
    eta: f64,
    second: f64,
    stride: u64,
}

impl Zipf {
    fn new(count: u64, exponent: f64) -> Self {
        let zeta: f64 = (1..=count).map(|rank| (rank as f64).powf(-exponent)).sum();
        let second = 1.0 + 0.5f64.powf(exponent);
        let alpha = 1.0 / (1.0 - exponent);
        let eta = (1.0 - (2.0 / count as f64).powf(1.0 - exponent)) / (1.0 - second / zeta);
        Self { count, zeta, alpha, eta, second, stride: coprime_stride(count) }
    }

    /// The rank, 0 being the most frequent, for a number in `[0, 1)`.
    #[inline]
    fn rank(&self, unit: f64) -> u64 {
        let scaled = unit * self.zeta;
        if scaled < 1.0 {
            return 0;
        }
        if scaled < self.second {
            return 1.min(self.count - 1);
        }
        let rank = self.count as f64 * (self.eta * unit - self.eta + 1.0).powf(self.alpha);
        (rank as u64).min(self.count - 1)
    }

    /// Spreads the frequent ranks over the key space, so that they are no neighbours in a table that
    /// was filled in order. One rank, one key.
    #[inline]
    fn scatter(&self, rank: u64) -> u64 {
        ((u128::from(rank) * u128::from(self.stride)) % u128::from(self.count)) as u64
    }
}

/// A stride near the golden section of `count` that shares no factor with it, so that multiplying by
/// it modulo `count` is a permutation.
fn coprime_stride(count: u64) -> u64 {
    let mut stride = ((count as f64 * 0.618_033_988_75) as u64).max(1);
    while greatest_common_divisor(stride, count) != 1 {
        stride += 1;
    }
    stride
}

fn greatest_common_divisor(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 7;

    fn counts(distribution: Distribution, keys: u64, picks: usize) -> Vec<u32> {
        eprintln!("seed {SEED}");
        let mut picker = Picker::new(distribution, keys, SEED);
        let mut counts = vec![0; keys as usize];
        for _ in 0..picks {
            counts[picker.pick() as usize] += 1;
        }
        counts
    }

    #[test]
    fn uniform_keys_are_equally_likely() {
        let counts = counts(Distribution::Uniform, 100, 100_000);
        // The expectation is 1000 with a standard deviation of 31.
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }

    #[test]
    fn zipf_follows_its_law() {
        let mut counts = counts(Distribution::Zipf(0.99), 1000, 1_000_000);
        counts.sort_unstable_by(|left, right| right.cmp(left));
        let zeta: f64 = (1..=1000).map(|rank| f64::from(rank).powf(-0.99)).sum();
        // The two most frequent ranks are exact in this generator, the tail is an approximation.
        for (rank, tolerance) in [(1, 0.03), (2, 0.03), (10, 0.2), (100, 0.2)] {
            let expected = 1_000_000.0 * f64::from(rank).powf(-0.99) / zeta;
            let found = f64::from(counts[rank as usize - 1]);
            assert!((found / expected - 1.0).abs() < tolerance, "{rank}: {found} vs {expected}");
        }
    }

    #[test]
    fn scattering_is_a_permutation() {
        for count in [1, 2, 3, 10, 97, 1000, 4096] {
            let zipf = Zipf::new(count, 0.9);
            let mut seen: Vec<u64> = (0..count).map(|rank| zipf.scatter(rank)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_key_is_always_that_key() {
        for form in [Distribution::Uniform, Distribution::Zipf(0.99), Distribution::Sequential] {
            let mut picker = Picker::new(form, 1, SEED);
            assert!((0..100).all(|_| picker.pick() == 0));
        }
    }

    #[test]
    fn a_sequence_visits_every_key_and_starts_again() {
        let mut picker = Picker::new(Distribution::Sequential, 3, SEED);
        let picked: Vec<u64> = (0..7).map(|_| picker.pick()).collect();
        assert_eq!(picked, [0, 1, 2, 0, 1, 2, 0]);
    }
}
