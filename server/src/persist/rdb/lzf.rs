//! persist/rdb/lzf.rs — LZF: what was seen a little before is named instead of repeated.
//!
//! ```text
//! 000n nnnn                        the n + 1 bytes that follow
//! llld dddd  dddd dddd             l + 2 bytes from d + 1 bytes ago, 1 <= l <= 6
//! 111d dddd  llll llll  dddd dddd  l + 9 bytes from d + 1 bytes ago
//! ```
//!
//! Three bytes stand for 264 at most, so nothing becomes more than 88 times as long.

/// The most bytes that are compressed: a long string does not hold others up.
pub const BYTES_MAX: usize = u16::MAX as usize;

/// The most that one byte stands for.
const RATIO_MAX: usize = 88;

const LITERALS_MAX: usize = 32;
const DISTANCE_MAX: usize = 1 << 13;
const MATCH_MIN: usize = 3;
const MATCH_MAX: usize = 264;
const HASH_BITS: u32 = 12;

/// Appends what `packed` stands for, which must be `length` bytes; `None` if it is not.
pub fn decompress(packed: &[u8], length: usize, to: &mut Vec<u8>) -> Option<()> {
    if length > packed.len().saturating_mul(RATIO_MAX) {
        return None;
    }
    let start = to.len();
    let end = start.checked_add(length)?;
    to.reserve(length);
    let mut rest = packed;
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        let control = usize::from(control);
        if control < LITERALS_MAX {
            to.extend_from_slice(rest.split_off(..control + 1)?);
        } else {
            let mut count = (control >> 5) + 2;
            if count == 9 {
                count += usize::from(*rest.split_off_first()?);
            }
            let distance = (control & 0x1f) << 8 | usize::from(*rest.split_off_first()?);
            let from = to.len().checked_sub(distance + 1).filter(|&from| from >= start)?;
            if count > end.checked_sub(to.len())? {
                return None;
            }
            if distance + 1 >= count {
                to.extend_from_within(from..from + count);
            } else {
                // It overlaps what it makes: a run of a few bytes.
                for at in from..from + count {
                    to.push(to[at]);
                }
            }
        }
        if to.len() > end {
            return None;
        }
    }
    (to.len() == end).then_some(())
}

/// The string compressed; `None` if that does not make it shorter, or it is longer than
/// [`BYTES_MAX`].
pub fn compress(string: &[u8]) -> Option<Vec<u8>> {
    if string.len() > BYTES_MAX {
        return None;
    }
    let mut packed = Vec::with_capacity(string.len());
    // Where three bytes of this hash were last, counted from 1.
    let mut seen = [0u16; 1 << HASH_BITS];
    let (mut at, mut written) = (0, 0);
    while let Some(&three) = string[at..].first_chunk::<MATCH_MIN>() {
        let [a, b, c] = three.map(u32::from);
        let hash = (a << 16 | b << 8 | c).wrapping_mul(0x9e37_79b1) >> (u32::BITS - HASH_BITS);
        let before = std::mem::replace(&mut seen[hash as usize], at as u16 + 1);
        let found = usize::from(before).checked_sub(1).filter(|&from| {
            at - from <= DISTANCE_MAX && string[from..].first_chunk() == Some(&three)
        });
        let Some(from) = found else {
            at += 1;
            continue;
        };
        let both = string[from..].iter().zip(&string[at..]).take(MATCH_MAX);
        let count = both.take_while(|(one, other)| one == other).count();
        put_literals(&mut packed, &string[written..at]);
        put_match(&mut packed, at - from - 1, count);
        at += count;
        written = at;
    }
    put_literals(&mut packed, &string[written..]);
    // The two lengths take some bytes themselves.
    (packed.len() + 4 < string.len()).then_some(packed)
}

fn put_literals(to: &mut Vec<u8>, literals: &[u8]) {
    for run in literals.chunks(LITERALS_MAX) {
        to.push((run.len() - 1) as u8);
        to.extend_from_slice(run);
    }
}

fn put_match(to: &mut Vec<u8>, distance: usize, count: usize) {
    let (high, low) = ((distance >> 8) as u8, distance as u8);
    match count - 2 {
        short @ 1..7 => to.extend_from_slice(&[(short as u8) << 5 | high, low]),
        long => to.extend_from_slice(&[7 << 5 | high, (long - 7) as u8, low]),
    }
}
