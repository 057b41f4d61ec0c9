//! engine/bitmap/operation.rs — bitwise operations on several strings.
//!
//! A string that ends before the others goes on with zeros. The loops are over plain byte slices of
//! equal length, which the compiler turns into vector instructions.

/// What is computed of the sources; the first one is `X`, the others are `Y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Bits that all have.
    And,
    /// Bits that any has.
    Or,
    /// Bits that an odd number has.
    Xor,
    /// Bits that the only source has not.
    Not,
    /// Bits of `X` that no `Y` has.
    Diff,
    /// Bits of any `Y` that `X` has not.
    Diff1,
    /// Bits of `X` that any `Y` has.
    AndOr,
    /// Bits that exactly one has.
    One,
}

impl Operation {
    /// Writes the result, whose length is that of the longest source or beyond.
    pub(super) fn apply(self, sources: &[&[u8]], result: &mut [u8]) {
        let Some((first, others)) = sources.split_first() else { return };
        match self {
            Operation::And => {
                let fold = |mine: u8, its: u8| mine & its;
                let begun = pair(first, others.first().unwrap_or(first), result, fold);
                result[begun..].fill(0);
                for other in others.iter().skip(1) {
                    each(result, other, fold);
                    result[other.len()..].fill(0);
                }
            }
            Operation::Or => all(first, others, result, |mine, its| mine | its),
            Operation::Xor => all(first, others, result, |mine, its| mine ^ its),
            Operation::Not => {
                let begun = pair(first, first, result, |mine, _| !mine);
                result[begun..].fill(0xFF);
            }
            Operation::Diff | Operation::Diff1 | Operation::AndOr => {
                result.fill(0);
                others.iter().for_each(|other| each(result, other, |mine, its| mine | its));
                match self {
                    Operation::Diff => each(result, first, |any, x| x & !any),
                    Operation::Diff1 => each(result, first, |any, x| any & !x),
                    _ => each(result, first, |any, x| any & x),
                }
                if self != Operation::Diff1 {
                    // There X has nothing.
                    result[first.len()..].fill(0);
                }
            }
            Operation::One => {
                put(first, result);
                let mut common = vec![0; result.len()];
                for other in others {
                    let pairs = common.iter_mut().zip(&mut *result).zip(*other);
                    pairs.for_each(|((common, mine), its)| {
                        *common |= *mine & its;
                        *mine ^= its;
                    });
                }
                each(result, &common, |mine, common| mine & !common);
            }
        }
    }
}

/// The sources, one after the other, for an operation that leaves a byte as it is beside a 0.
#[inline]
fn all(first: &[u8], others: &[&[u8]], result: &mut [u8], fold: impl Fn(u8, u8) -> u8 + Copy) {
    let Some((second, others)) = others.split_first() else { return put(first, result) };
    let begun = pair(first, second, result, fold);
    let longer = if first.len() > second.len() { first } else { second };
    put(&longer[begun..], &mut result[begun..]);
    others.iter().for_each(|other| each(result, other, fold));
}

/// Combines two sources as far as both go, and says how far that is.
#[inline]
fn pair(one: &[u8], other: &[u8], result: &mut [u8], fold: impl Fn(u8, u8) -> u8) -> usize {
    for ((result, one), other) in result.iter_mut().zip(one).zip(other) {
        *result = fold(*one, *other);
    }
    one.len().min(other.len())
}

/// The source, and zeros behind it.
fn put(source: &[u8], result: &mut [u8]) {
    let (head, tail) = result.split_at_mut(source.len());
    head.copy_from_slice(source);
    tail.fill(0);
}

/// Combines each byte of the source with that at its place.
#[inline]
fn each(result: &mut [u8], source: &[u8], combine: impl Fn(u8, u8) -> u8) {
    for (mine, its) in result.iter_mut().zip(source) {
        *mine = combine(*mine, *its);
    }
}
