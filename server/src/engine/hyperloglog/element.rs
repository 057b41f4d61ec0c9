//! engine/hyperloglog/element.rs — which register an element belongs to, and what it raises it to.

use super::REGISTERS;

/// Redis's seed.
const SEED: u64 = 0xadc8_3b19;
/// Bits of the hash that choose the register.
const INDEX_BITS: u32 = REGISTERS.ilog2();
/// Bits of the hash that are left; a register holds at most one more.
pub(super) const RUN_BITS: u32 = 64 - INDEX_BITS;

/// The register of an element, and one more than the zeros that the rest of its hash ends in.
pub(super) fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element, SEED);
    let index = hash as usize % REGISTERS;
    let run = (hash >> INDEX_BITS) | (1 << RUN_BITS);
    (index, run.trailing_zeros() as u8 + 1)
}

/// MurmurHash2 with 64 bits for 64-bit machines (Appleby), reading little-endian everywhere.
fn murmur(bytes: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    const R: u32 = 47;
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(M);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let mut word = u64::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> R;
        hash = (hash ^ word.wrapping_mul(M)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(M);
    }
    hash ^= hash >> R;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> R)
}
