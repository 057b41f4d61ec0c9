//! structure/prefetch.rs — asking the processor to fetch memory before it is read.

#![allow(unsafe_code, reason = "prefetching is an intrinsic")]

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
