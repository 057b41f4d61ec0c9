//! Decisions read off the fuzzer's bytes.

/// Hands out small decisions; an exhausted one always decides for 0.
pub(crate) struct Chooser<'a> {
    bytes: &'a [u8],
}

impl<'a> Chooser<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Chooser<'a> {
        Chooser { bytes }
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        first
    }

    /// A number from 0 to `bound - 1`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound.max(1)
    }

    /// Eight bytes as a number.
    pub(crate) fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// Up to `bound - 1` bytes.
    pub(crate) fn text(&mut self, bound: usize) -> &'a [u8] {
        let len = self.below(bound).min(self.bytes.len());
        let (text, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        text
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes
    }
}

/// Cuts `input` into pieces of a size that a seed decides: bytes, small reads, or large ones.
pub(crate) fn pieces(input: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let (mut state, mut rest) = (u32::from(seed) | 1, input);
    let bound = [1, 2, 7, 40, 1000][usize::from(seed) % 5];
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let len = (1 + (state >> 16) as usize % bound).min(rest.len());
        let (piece, after) = rest.split_at(len);
        rest = after;
        Some(piece)
    })
}
