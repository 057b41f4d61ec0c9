//! structure/fixed_state.rs — our hash for `hashbrown` maps: the same order on every machine.

use std::hash::{BuildHasher, Hasher};

/// Builds hashers with a fixed seed. For maps whose keys clients cannot choose at will, or whose
/// size is bounded otherwise: a fixed seed gives no protection against chosen collisions.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedState;

/// See [`FixedState`].
#[derive(Debug)]
pub struct FixedHasher(u64);

impl BuildHasher for FixedState {
    type Hasher = FixedHasher;

    fn build_hasher(&self) -> FixedHasher {
        FixedHasher(0x9E37_79B9_7F4A_7C15)
    }
}

impl Hasher for FixedHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = super::hash(bytes, self.0);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
