//! Reproducible chance for the tests of this room (SplitMix64, Steele et al. 2014).

pub(super) struct Dice(u64);

impl Dice {
    /// Announces the seed, which the test harness shows when the test fails.
    pub(super) fn new(seed: u64) -> Self {
        eprintln!("seed {seed}");
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A string of mostly short, sometimes awkward length.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        let length = match self.below(40) {
            0 => 0,
            1 => 250 + self.below(10),
            2 => 120 + self.below(16),
            3 => self.below(5000),
            _ => self.below(24),
        };
        (0..length).map(|_| self.next() as u8).collect()
    }
}
