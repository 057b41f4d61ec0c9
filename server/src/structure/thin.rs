//! A byte string behind eight bytes: the unit every container here stores.
//!
//! The upper sixteen bits of an address are free on the machines we run on. One byte of them holds
//! the length (so a 16-byte member is a 16-byte allocation, without a header), the other is a
//! *mark* that the owner uses as it likes. Up to six bytes need no allocation at all; from 255
//! bytes on, the length moves into a header of eight bytes at the front of the allocation.
//!
//! Invariants: the length byte is at most [`INLINE`] exactly when the bytes lie in the word itself,
//! and [`LONG`] exactly when the allocation starts with a header; an allocation is as long as its
//! string, so the size it is freed with follows from the word alone. This is the only place of the
//! room that owns raw memory; what it offers is safe, except [`Alias`]. Not here: growth policies
//! and what the bytes mean; see `dense`, `packed` and `ranked`.
#![allow(unsafe_code)]

use crate::structure::{prefetch, room};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::{ptr, slice};

#[cfg(not(all(target_pointer_width = "64", target_endian = "little")))]
compile_error!(
    "thin strings keep their length in the upper bits of a little-endian 64-bit address"
);

/// The longest string kept in the word itself, in bytes.
const INLINE: usize = 6;
/// The length byte of a string whose allocation starts with its length.
const LONG: usize = 255;
const HEADER: usize = size_of::<usize>();
/// Bytes that the processor loads at once.
const LINE: usize = 64;
const ADDRESS: usize = (1 << 48) - 1;
const MARK: usize = 0xff << 48;

/// An owned byte string of fixed length whose bytes may change.
pub(super) struct Thin(*mut u8);

// SAFETY: a `Thin` owns its bytes alone, like a `Box<[u8]>`, and changes them through `&mut self`
// only.
unsafe impl Send for Thin {}
// SAFETY: shared access only reads.
unsafe impl Sync for Thin {}

impl Thin {
    /// A string of `length` bytes: the parts one after the other, then zeros. The mark is 0.
    ///
    /// Panics when the parts are longer than `length`; aborts when there is no memory.
    pub(super) fn join<const N: usize>(parts: [&[u8]; N], length: usize) -> Self {
        if length <= INLINE {
            let mut word = [0; 8];
            let mut at = 0;
            for part in parts {
                word[at..at + part.len()].copy_from_slice(part);
                at += part.len();
            }
            assert!(at <= length, "parts of {at} bytes in a string of {length}");
            return Self(ptr::without_provenance_mut(usize::from_le_bytes(word) | length << 56));
        }
        let skip = if length < LONG { 0 } else { HEADER };
        let block = allocate(length + skip);
        if skip > 0 {
            // SAFETY: the block has at least HEADER bytes; the write needs no alignment.
            unsafe { block.cast::<usize>().write_unaligned(length) };
        }
        let mut at = 0;
        for part in parts {
            assert!(part.len() <= length - at, "parts longer than a string of {length} bytes");
            // SAFETY: `at + part.len() <= length`, the block has `skip + length` bytes and is new,
            // so it cannot overlap with the part.
            unsafe { ptr::copy_nonoverlapping(part.as_ptr(), block.add(skip + at), part.len()) };
            at += part.len();
        }
        // SAFETY: `at <= length`, so this fills exactly the rest of the block.
        unsafe { ptr::write_bytes(block.add(skip + at), 0, length - at) };
        Self(block.map_addr(|address| address | length.min(LONG) << 56))
    }

    #[inline]
    fn tag(&self) -> usize {
        self.0.addr() >> 56
    }

    /// Where the bytes are and how many. Reads memory only for strings of 255 bytes and more.
    #[inline]
    fn place(&self) -> (*const u8, usize) {
        let tag = self.tag();
        if tag <= INLINE {
            return ((&raw const self.0).cast(), tag);
        }
        let block = self.0.map_addr(|address| address & ADDRESS);
        if tag < LONG {
            return (block, tag);
        }
        // SAFETY: the tag LONG says that `join` wrote the length in front.
        unsafe { (block.add(HEADER), block.cast::<usize>().read_unaligned()) }
    }

    /// The string.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        let (start, length) = self.place();
        // SAFETY: `place` names bytes that `join` initialised and that live as long as `self`.
        unsafe { slice::from_raw_parts(start, length) }
    }

    /// The string, to be changed in place.
    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        let (start, length) = if self.tag() <= INLINE {
            ((&raw mut self.0).cast::<u8>(), self.tag())
        } else {
            let (start, length) = self.place();
            (start.cast_mut(), length)
        };
        // SAFETY: as in `bytes`; `&mut self` makes the access the only one, and the block was
        // allocated for writing. In the inline case the slice ends before the mark and the length
        // byte.
        unsafe { slice::from_raw_parts_mut(start, length) }
    }

    /// The owner's own byte.
    #[inline]
    pub(super) fn mark(&self) -> u8 {
        (self.0.addr() >> 48) as u8
    }

    #[inline]
    pub(super) fn set_mark(&mut self, mark: u8) {
        self.0 = self.0.map_addr(|word| word & !MARK | usize::from(mark) << 48);
    }

    /// A word that holds an address the owner looks after, and reads as an empty string. The mark
    /// is 0.
    ///
    /// Panics on an address of more than 48 bits.
    pub(super) fn hold(address: *mut u8) -> Self {
        assert!(address.addr() & !ADDRESS == 0, "addresses of more than 48 bits");
        Self(address)
    }

    /// The address that [`Thin::hold`] was given; of a string that was joined, nothing useful.
    #[inline]
    pub(super) fn held(&self) -> *mut u8 {
        self.0.map_addr(|word| word & ADDRESS)
    }

    /// Heap bytes, as an allocator with size classes hands them out.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        if self.tag() <= INLINE { 0 } else { room(self.block_bytes()) }
    }

    /// The size of the allocation; only for strings that have one.
    fn block_bytes(&self) -> usize {
        let tag = self.tag();
        if tag < LONG { tag } else { self.bytes().len() + HEADER }
    }

    /// Starts loading the string, as far as its length is known from here, so that a later read
    /// does not wait for memory.
    #[inline]
    pub(super) fn prefetch(&self) {
        let length = self.tag();
        if length > INLINE {
            let block = self.0.map_addr(|address| address & ADDRESS);
            let lead = block.addr() % LINE;
            for line in (0..lead + length).step_by(LINE) {
                prefetch(block.wrapping_add(line));
            }
        }
    }

    /// A second name for the string, which the caller promises not to read after the string is
    /// gone.
    #[inline]
    pub(super) fn alias(&self) -> Alias {
        debug_assert!(self.tag() > INLINE, "an alias of bytes that move with their owner");
        Alias(self.0)
    }
}

impl Drop for Thin {
    #[inline]
    fn drop(&mut self) {
        if self.tag() > INLINE {
            let size = self.block_bytes();
            release(self.0.map_addr(|address| address & ADDRESS), size);
        }
    }
}

/// A copyable name of a [`Thin`] that owns nothing. Only allocated strings have one.
#[derive(Clone, Copy)]
pub(super) struct Alias(*mut u8);

// SAFETY: an alias is an address; reading through it is what needs a promise, and asks for it.
unsafe impl Send for Alias {}
// SAFETY: as above.
unsafe impl Sync for Alias {}

impl Alias {
    /// An alias of nothing, to fill unused places with.
    pub(super) const NONE: Self = Self(ptr::null_mut());

    /// Starts loading the string. A hint: nothing is read, so it need not be there.
    #[inline]
    pub(super) fn prefetch(self) {
        prefetch(self.0.map_addr(|address| address & ADDRESS));
    }

    /// The string.
    ///
    /// # Safety
    /// The [`Thin`] this was taken from has not been dropped, and no `&mut` to its bytes is alive
    /// while the result is.
    #[inline]
    pub(super) unsafe fn bytes<'a>(self) -> &'a [u8] {
        let owner = std::mem::ManuallyDrop::new(Thin(self.0));
        let (start, length) = owner.place();
        // SAFETY: the caller promises that the owner is alive; an alias is never of an inline
        // string, so the bytes are in the owner's allocation.
        unsafe { slice::from_raw_parts(start, length) }
    }
}

fn layout(size: usize) -> Layout {
    match Layout::from_size_align(size, 1) {
        Ok(layout) => layout,
        Err(_) => panic!("a string of {size} bytes does not fit the address space"),
    }
}

#[inline]
fn allocate(size: usize) -> *mut u8 {
    let layout = layout(size);
    // SAFETY: `join` allocates for more than INLINE bytes, so the size is not zero.
    let block = unsafe { alloc(layout) };
    if block.is_null() {
        handle_alloc_error(layout);
    }
    assert!(block.addr() & !ADDRESS == 0, "addresses of more than 48 bits");
    #[cfg(test)]
    tests::LIVE.with(|live| live.set(live.get() + room(size)));
    block
}

#[inline]
fn release(block: *mut u8, size: usize) {
    #[cfg(test)]
    tests::LIVE.with(|live| live.set(live.get() - room(size)));
    // SAFETY: `block` came from `allocate` with this size, by the invariant on lengths.
    unsafe { dealloc(block, layout(size)) };
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::Thin;

    thread_local! {
        /// Bytes held by this thread's strings, rounded as [`room`] does.
        pub(crate) static LIVE: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn every_length_keeps_its_bytes_its_mark_and_its_weight() {
        let before = LIVE.get();
        for length in (0..600).chain([65_535, 65_536, 1 << 20]) {
            let text: Vec<u8> = (0..length).map(|i| (i * 7 + 1) as u8).collect();
            let (front, back) = text.split_at(length / 3);
            let mut thin = Thin::join([front, back], length);
            assert_eq!((thin.bytes(), thin.mark()), (&text[..], 0));
            thin.set_mark(0xa5);
            assert_eq!((thin.bytes(), thin.mark()), (&text[..], 0xa5));
            thin.bytes_mut().fill(9);
            assert_eq!((thin.bytes(), thin.mark()), (&vec![9; length][..], 0xa5));
            assert_eq!(LIVE.get() - before, thin.weight(), "length {length}");
            thin.prefetch();
            if length > 6 {
                // SAFETY: `thin` lives, and nobody writes to it while the slice is read.
                assert_eq!(unsafe { thin.alias().bytes() }, thin.bytes());
            }
        }
        assert_eq!(LIVE.get(), before, "a string was not freed");
    }

    #[test]
    fn the_rest_is_zero() {
        assert_eq!(Thin::join([b"ab"], 5).bytes(), b"ab\0\0\0");
        assert_eq!(Thin::join([b"ab", b"cdefgh"], 10).bytes(), b"abcdefgh\0\0");
    }
}
