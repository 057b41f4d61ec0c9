//! structure/prefetch.rs — asking the processor to fetch memory before it is read.

#![allow(unsafe_code, reason = "prefetching is an intrinsic")]

/// How far a look-up is prefetched: each step reads what the one before asked for, so steps are
/// taken for a whole batch of look-ups, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    /// The cell of the index.
    Cell,
    /// Where the element stands.
    Place,
    /// The element itself.
    Element,
}

impl Ahead {
    /// The steps in their order.
    pub const STEPS: [Ahead; 3] = [Ahead::Cell, Ahead::Place, Ahead::Element];
}

/// Asks for the cache line at `at`. A hint: any address is allowed, nothing is read.
#[inline]
pub fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: PREFETCHT0 never faults, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
