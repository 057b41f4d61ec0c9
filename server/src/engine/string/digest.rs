//! engine/string/digest.rs — a hash that stands for a whole string.
//!
//! XXH3 with 64 bits and no seed, as DIGEST of Redis 8.4
//! (<https://redis.io/docs/latest/commands/digest/>): clients compute it on their side, so it can
//! be no other.

use twox_hash::XxHash3_64;

/// Hexadecimal digits of a digest.
pub(super) const DIGITS: usize = 16;

/// The digest of a string, in small letters.
pub(super) fn of(bytes: &[u8]) -> [u8; DIGITS] {
    let hash = XxHash3_64::oneshot(bytes);
    std::array::from_fn(|at| b"0123456789abcdef"[(hash >> (60 - 4 * at)) as usize & 15])
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn digests_are_those_of_redis() {
        // From Redis's own tests (string.tcl): a digest that begins with zeros.
        let value = b"v8lf0c11xh8ymlqztfd3eeq16kfn4sspw7fqmnuuq3k3t75em5wdizgcdw7uc26nnf961u2jkfzk\
                      jytls2kwlj7626sd";
        assert_eq!(&of(value), b"00006c38adf31777");
        // XXH3's own value for nothing.
        assert_eq!(&of(b""), b"2d06800538d394c2");
    }
}
