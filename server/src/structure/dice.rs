//! Chance for the tests of this room: a seed that is announced, and awkward strings.

pub(super) struct Dice(crate::dice::Dice);

impl Dice {
    /// Announces the seed, which the test harness shows when the test fails.
    pub(super) fn new(seed: u64) -> Self {
        eprintln!("seed {seed}");
        Self(crate::dice::Dice::new(seed))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
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
