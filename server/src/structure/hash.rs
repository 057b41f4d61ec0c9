//! A keyed 64-bit hash for short byte strings.
//!
//! Keys and members are mostly 4 to 40 bytes long, so the cost of a hash is its fixed part. This
//! one reads at most two overlapping words for up to 16 bytes and ends in two folded
//! multiplications (the 128-bit product's halves xored), the construction of wyhash and rapidhash
//! (<https://github.com/wangyi-fudan/wyhash>, <https://github.com/Nicoshev/rapidhash>).
//!
//! Invariants: words are read little-endian and nothing depends on alignment, so every machine
//! computes the same value; the values are frozen by a test, because the order of containers
//! follows from them. Not here: resistance against someone who knows the seed. Whoever needs that
//! keeps the seed secret.

/// Odd constants with as many ones as zeros in every byte, as wyhash asks for.
const SECRET: [u64; 4] =
    [0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9, 0x4b33_a62e_d433_d4a3, 0x4d5a_2da5_1de1_aa47];

/// Hashes `bytes` under `seed`. Constant time up to 16 bytes (two multiplications), then one
/// multiplication per 16 bytes. All 64 bits of the result are equally good.
#[inline]
pub fn hash(bytes: &[u8], seed: u64) -> u64 {
    let seed = seed ^ SECRET[0];
    let length = bytes.len();
    let (low, high) = match length {
        9..=16 => (word(bytes, 0), word(bytes, length - 8)),
        4..=8 => (half(bytes, 0), half(bytes, length - 4)),
        1..=3 => {
            let (first, middle) = (u64::from(bytes[0]), u64::from(bytes[length >> 1]));
            ((first << 32) | middle, u64::from(bytes[length - 1]))
        }
        0 => (0, 0),
        _ => return long(bytes, seed),
    };
    finish(low, high, seed, length)
}

/// More than 16 bytes: three independent lanes while there are 48, then 16 at a time, then the last
/// 16.
fn long(bytes: &[u8], seed: u64) -> u64 {
    let length = bytes.len();
    let mut seed = seed;
    let mut rest = bytes;
    if rest.len() > 48 {
        let (mut second, mut third) = (seed, seed);
        while rest.len() > 48 {
            seed = fold(word(rest, 0) ^ SECRET[0], word(rest, 8) ^ seed);
            second = fold(word(rest, 16) ^ SECRET[1], word(rest, 24) ^ second);
            third = fold(word(rest, 32) ^ SECRET[2], word(rest, 40) ^ third);
            rest = &rest[48..];
        }
        seed ^= second ^ third;
    }
    while rest.len() > 16 {
        seed = fold(word(rest, 0) ^ SECRET[2], word(rest, 8) ^ seed);
        rest = &rest[16..];
    }
    finish(word(bytes, length - 16), word(bytes, length - 8), seed, length)
}

#[inline]
fn finish(low: u64, high: u64, seed: u64, length: usize) -> u64 {
    let product = u128::from(low ^ SECRET[1]) * u128::from(high ^ seed);
    let (low, high) = (product as u64, (product >> 64) as u64);
    fold(low ^ SECRET[3] ^ length as u64, high ^ SECRET[1] ^ seed)
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => 0,
    }
}

#[inline]
fn half(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u64::from(u32::from_le_bytes(*chunk)),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::hash;

    /// The order of every container rests on these values: a change breaks snapshots and replicas.
    #[test]
    fn values_are_frozen() {
        let text =
            b"The quick brown fox jumps over the lazy dog, and then once more for good measure.";
        let seen: Vec<u64> = [0, 1, 3, 4, 8, 9, 16, 17, 48, 49, text.len()]
            .into_iter()
            .map(|length| hash(&text[..length], 7))
            .collect();
        assert_eq!(seen, FROZEN);
    }

    const FROZEN: [u64; 11] = [
        0x6b3e30839d60e355,
        0x055d1e42b8d586db,
        0x8999f176277bd801,
        0xa92d45601b7f9ea0,
        0x7b45b927801db9ce,
        0x8cfb55fe82a1a796,
        0x6a7384d3e5cb4df4,
        0x41cf9b81e92a5df0,
        0xff4acf83cd4c9e4a,
        0xfc7f6d7d2941906c,
        0x2b5c13ce2f4a2401,
    ];

    #[test]
    fn every_input_bit_moves_every_output_bit() {
        for length in [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49, 64, 97, 200] {
            let rounds = 400;
            let mut flips = vec![0u32; length * 8 * 64];
            for round in 0..rounds {
                let mut input: Vec<u8> = (0..length as u64)
                    .map(|i| hash(&(round * 1000 + i).to_le_bytes(), 99) as u8)
                    .collect();
                let plain = hash(&input, round);
                for bit in 0..length * 8 {
                    input[bit / 8] ^= 1 << (bit % 8);
                    let changed = plain ^ hash(&input, round);
                    input[bit / 8] ^= 1 << (bit % 8);
                    for output in 0..64 {
                        flips[bit * 64 + output] += ((changed >> output) & 1) as u32;
                    }
                }
            }
            // 400 fair coins have a deviation of 10: seven of them leave room for a million trials.
            for (at, &count) in flips.iter().enumerate() {
                assert!(
                    (130..=270).contains(&count),
                    "length {length}: input bit {} moves output bit {} in {count} of {rounds}",
                    at / 64,
                    at % 64
                );
            }
        }
    }

    #[test]
    fn similar_strings_spread_in_both_ends_of_the_value() {
        let keys: Vec<String> = (0..200_000u32)
            .flat_map(|i| {
                [format!("key:{i:012}"), format!("{i}"), format!("user:{i}:session:profile")]
            })
            .collect();
        let whole: BTreeSet<u64> = keys.iter().map(|key| hash(key.as_bytes(), 0)).collect();
        assert_eq!(whole.len(), keys.len(), "600,000 strings collide in 64 bits");
        for shift in [0, 16, 32, 52] {
            let mut buckets = vec![0u32; 4096];
            for key in &keys {
                buckets[((hash(key.as_bytes(), 0) >> shift) & 4095) as usize] += 1;
            }
            let mean = keys.len() as f64 / 4096.0;
            let chi: f64 = buckets.iter().map(|&n| (f64::from(n) - mean).powi(2) / mean).sum();
            // Chi-square with 4095 degrees: deviation 90, so this is six of them.
            assert!((3555.0..4635.0).contains(&chi), "bits from {shift}: chi-square {chi}");
        }
    }

    #[test]
    fn seed_and_length_matter() {
        assert_ne!(hash(b"abc", 1), hash(b"abc", 2));
        let zeros = [0u8; 128];
        let lengths: BTreeSet<u64> = (0..=128).map(|n| hash(&zeros[..n], 5)).collect();
        assert_eq!(lengths.len(), 129, "runs of zero bytes of different lengths collide");
    }
}
