//! engine/bitmap/bits.rs — counting and finding bits, a word at a time.
//!
//! Bits are numbered from the highest of the first byte on. Ranges are half open, in bits, and
//! within the string.

#![allow(unsafe_code, reason = "calls a function compiled for processors with AVX2")]

/// From so many bytes on the processor is asked what it can.
#[cfg(target_arch = "x86_64")]
const LONG: usize = 64;

/// The bits of a byte from number `from` on.
fn from_bit(from: usize) -> u8 {
    0xFF >> (from % 8)
}

/// The bits of a byte before number `to`.
fn before_bit(to: usize) -> u8 {
    !(0xFF >> (to % 8))
}

/// A range as a first byte cut at its front, whole bytes, and a last byte cut at its end.
struct Parts<'a> {
    /// The first byte's bits in the range, the others cleared; and where the byte is.
    head: Option<(u8, u8)>,
    middle: &'a [u8],
    tail: Option<(u8, u8)>,
}

impl<'a> Parts<'a> {
    /// Each cut byte comes with the mask of those of its bits that are in the range.
    fn new(bytes: &'a [u8], from: usize, to: usize) -> Parts<'a> {
        let (first, last) = (from / 8, to / 8);
        if first == last {
            let mask = from_bit(from) & before_bit(to);
            let head = (mask != 0).then(|| (bytes[first], mask));
            return Parts { head, middle: &[], tail: None };
        }
        let cut = !from.is_multiple_of(8);
        Parts {
            head: cut.then(|| (bytes[first], from_bit(from))),
            middle: &bytes[first + usize::from(cut)..last],
            tail: (!to.is_multiple_of(8)).then(|| (bytes[last], before_bit(to))),
        }
    }
}

/// How many bits are set.
pub(super) fn count(bytes: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if bytes.len() >= LONG && is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function was compiled for.
        return unsafe { count_with_avx2(bytes) };
    }
    count_words(bytes)
}

/// As `count_words`, in wider vectors; the processors without are older than 2013.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn count_with_avx2(bytes: &[u8]) -> u64 {
    count_words(bytes)
}

/// Sums wrap because they cannot: a checked addition would keep the loop out of the vector unit.
#[inline(always)]
fn count_words(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let ones = |word: &[u8; 8]| u64::from(u64::from_ne_bytes(*word).count_ones());
    let whole = words.iter().map(ones).fold(0, u64::wrapping_add);
    whole + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// How many bits of a range are set.
pub(super) fn count_between(bytes: &[u8], from: usize, to: usize) -> u64 {
    let parts = Parts::new(bytes, from, to);
    let cut = [parts.head, parts.tail].into_iter().flatten();
    let cut: u32 = cut.map(|(byte, mask)| (byte & mask).count_ones()).sum();
    count(parts.middle) + u64::from(cut)
}

/// The first bit of a range that is set, or clear.
pub(super) fn find(bytes: &[u8], bit: bool, from: usize, to: usize) -> Option<usize> {
    let parts = Parts::new(bytes, from, to);
    // What is looked for, as bits that are set.
    let wanted = |byte: u8| if bit { byte } else { !byte };
    let at = |first_bit: usize, byte: u8| first_bit + byte.leading_zeros() as usize;
    let mut base = from - from % 8;
    if let Some((byte, mask)) = parts.head {
        let hits = wanted(byte) & mask;
        if hits != 0 {
            return Some(at(base, hits));
        }
        base += 8;
    }
    let skipped = skip(parts.middle, if bit { 0 } else { 0xFF });
    if let Some(&byte) = parts.middle.get(skipped) {
        return Some(at(base + skipped * 8, wanted(byte)));
    }
    base += parts.middle.len() * 8;
    let (byte, mask) = parts.tail?;
    let hits = wanted(byte) & mask;
    (hits != 0).then(|| at(base, hits))
}

/// How many bytes at the front are all `same`.
fn skip(bytes: &[u8], same: u8) -> usize {
    let differs = |byte: &u8| *byte != same;
    let blocks = bytes.chunks_exact(64);
    let block =
        blocks.take_while(|block| !block.iter().fold(false, |any, byte| any | differs(byte)));
    let whole = block.count() * 64;
    let rest = &bytes[whole..];
    whole + rest.iter().position(differs).unwrap_or(rest.len())
}
