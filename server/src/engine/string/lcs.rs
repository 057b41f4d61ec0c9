//! engine/string/lcs.rs — the longest common subsequence of two strings, and where it lies.
//!
//! Dynamic programming over the table of both strings, as in Redis, so that of several equally long
//! answers the same is found. Redis keeps the whole table, 4 bytes a cell; here two rows are kept,
//! and for the way back one bit a cell: which of the two neighbours is longer.
//!
//! Not here: the reply (`commands::read`).

/// What Redis's table may take, in bytes: the default of `proto-max-bulk-len`.
const TABLE_BYTES_MAX: u64 = 512 << 20;

/// A stretch that both strings have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it begins in the first string.
    pub(super) a: usize,
    /// Where it begins in the second.
    pub(super) b: usize,
    /// Its bytes.
    pub(super) len: usize,
}

/// Whether Redis would take the memory for strings of these lengths; also bounds our time.
pub(super) fn is_affordable(a_len: usize, b_len: usize) -> bool {
    let cells = (a_len as u64 + 1).checked_mul(b_len as u64 + 1);
    cells.and_then(|cells| cells.checked_mul(4)).is_some_and(|bytes| bytes <= TABLE_BYTES_MAX)
}

/// The length alone: time `a * b`, memory `b`.
pub(super) fn length(a: &[u8], b: &[u8]) -> usize {
    fill(a, b, |_, _| {})
}

/// The stretches that make up the subsequence, the last one first: time `a * b`, memory `a * b`
/// bits.
pub(super) fn runs(a: &[u8], b: &[u8]) -> Vec<Run> {
    let mut is_up_longer = vec![0u64; (a.len() * b.len()).div_ceil(64)];
    fill(a, b, |cell, up| is_up_longer[cell / 64] |= u64::from(up) << (cell % 64));
    let mut runs: Vec<Run> = Vec::new();
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        let cell = (i - 1) * b.len() + (j - 1);
        if a[i - 1] == b[j - 1] {
            (i, j) = (i - 1, j - 1);
            match runs.last_mut() {
                Some(run) if run.a == i + 1 && run.b == j + 1 => {
                    *run = Run { a: i, b: j, len: run.len + 1 };
                }
                _ => runs.push(Run { a: i, b: j, len: 1 }),
            }
        } else if is_up_longer[cell / 64] >> (cell % 64) & 1 != 0 {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    runs
}

/// Fills the table row by row; tells for each cell, counted along the rows, whether the cell above
/// is longer than the one before it. Returns the last cell.
fn fill(a: &[u8], b: &[u8], mut tell: impl FnMut(usize, bool)) -> usize {
    let mut row = vec![0u32; b.len() + 1];
    for (i, x) in a.iter().enumerate() {
        let (mut diagonal, mut before) = (0, 0);
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            tell(i * b.len() + j, above > before);
            before = if x == y { diagonal + 1 } else { above.max(before) };
            diagonal = above;
            row[j + 1] = before;
        }
    }
    row[b.len()] as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    /// The longest common subsequence by trying everything.
    fn longest(a: &[u8], b: &[u8]) -> usize {
        match (a, b) {
            ([], _) | (_, []) => 0,
            ([x, a @ ..], [y, b @ ..]) if x == y => 1 + longest(a, b),
            ([_, rest @ ..], [_, others @ ..]) => longest(rest, b).max(longest(a, others)),
        }
    }

    #[test]
    fn random_strings_have_the_length_that_trying_everything_finds() {
        let seed = 71;
        let mut dice = Dice::new(seed);
        for round in 0..3_000 {
            let mut draw =
                || -> Vec<u8> { (0..dice.below(9)).map(|_| b"abc"[dice.below(3)]).collect() };
            let (a, b) = (draw(), draw());
            let want = longest(&a, &b);
            assert_eq!(length(&a, &b), want, "seed {seed}, round {round}: {a:?} {b:?}");
            let runs = runs(&a, &b);
            assert_eq!(runs.iter().map(|run| run.len).sum::<usize>(), want, "{a:?} {b:?}");
            let (mut a_end, mut b_end) = (a.len(), b.len());
            for run in runs {
                assert_eq!(a[run.a..run.a + run.len], b[run.b..run.b + run.len]);
                assert!(run.a + run.len <= a_end && run.b + run.len <= b_end, "in order");
                (a_end, b_end) = (run.a, run.b);
            }
        }
    }

    #[test]
    fn the_stretches_are_those_of_redis() {
        let run = |a, b, len| Run { a, b, len };
        assert_eq!(runs(b"ohmytext", b"mynewtext"), [run(4, 5, 4), run(2, 0, 2)]);
        assert_eq!(runs(b"", b"x"), []);
    }

    #[test]
    fn the_limit_is_that_of_redis() {
        assert!(is_affordable(8191, 16383));
        assert!(!is_affordable(8192, 16383));
        assert!(!is_affordable(usize::MAX / 2, usize::MAX / 2));
    }
}
