//! keyspace/entry.rs — one key with its value, in one allocation behind eight bytes.
//!
//! ```text
//! slot    | 15 bits of hash | parity | 45 bits of pointer | RAW | VOLATILE | OBJECT |
//! string  | key bytes: 8 bits, access: 24 bits | value bytes: u32 | key ... | value ... | room |
//! object  | key bytes: 8 bits, access: 24 bits | tag: 8 bits, size: 24 bits | object | key ... |
//! ```
//!
//! A key of 255 bytes or more has its length in 32 bits directly before it. An object is filled up
//! to eight bytes.
//!
//! The allocation's size is a pure function of the two words in front ([`room`]), so nothing stores
//! a capacity, and a string is overwritten in place whenever the new value falls into the same
//! class. An object lies in the entry itself; its tag leads to its type ([`Placement`]).
//!
//! Invariants: a slot owns its allocation and is neither `Copy` nor `Clone`; pointers fit 48 bits
//! (checked when they are made) and are aligned to 8, which leaves the low three bits for flags.
//! The deadline itself is not here but in the table, beside the slot. The parity says whether the
//! snapshot that is being taken has the entry already (`capture`); a changed entry keeps it.
//!
//! The access bits say when the entry was last looked at ([`access`](super::access)). They are
//! bookkeeping and no state: readers set them, so they are atomic though the stripe is locked.

#![allow(unsafe_code, reason = "owns raw allocations")]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use nix::sys::mman::{MmapAdvise, madvise};

use super::object::Object;
use super::placement::{ALIGN, Placement, SIZE_MAX};
use super::value::Value;
use crate::structure::room;

const OBJECT: u64 = 1;
const VOLATILE: u64 = 2;
const RAW: u64 = 4;
const FLAGS: u64 = 7;
const ADDRESS: u64 = 0x0000_FFFF_FFFF_FFF8;
const MARK_SHIFT: u32 = 48;
const PARITY: u64 = 1 << MARK_SHIFT;
const HEADER: usize = 8;
/// What stands in the header for a key that is as long or longer: its length is before the key.
const LONG: usize = 0xFF;
/// Bytes of that length.
const LENGTH: usize = 4;
const ACCESS_SHIFT: u32 = 8;
const _: () = assert!(SIZE_MAX < 1 << 24, "an object's size has 24 bits");

/// A page of memory, or a part of one.
const PAGE: usize = 4096;
/// The shortest entry whose pages are freed before it is: freeing fewer takes no time.
const SHED_BYTES_MIN: usize = 1 << 20;

/// The longest key or string value, in bytes.
pub const BYTES_MAX: usize = u32::MAX as usize;

/// An owned entry.
#[repr(transparent)]
pub(super) struct Slot(u64);

// SAFETY: a slot owns its bytes alone, and objects are `Send`.
unsafe impl Send for Slot {}

impl Slot {
    /// An entry for a string. `mark` is 15 bits of the key's hash and, lowest, the parity.
    pub(super) fn string(key: &[u8], value: &[u8], mark: u16) -> Slot {
        let slot = Slot::string_of(key, value.len(), mark);
        // SAFETY: the allocation has room for the value behind the key, and is not yet shared.
        unsafe {
            let (start, _) = slot.value_place();
            ptr::copy_nonoverlapping(value.as_ptr(), slot.at().add(start), value.len());
        }
        slot
    }

    /// A string entry whose value bytes are still to be written.
    fn string_of(key: &[u8], value_len: usize, mark: u16) -> Slot {
        // Longer arguments are refused before they are read: `proto-max-bulk-len`.
        assert!(key.len().max(value_len) <= BYTES_MAX, "a string of more than 4 GiB");
        let at = obtain(room(HEADER + key_bytes(key) + value_len));
        // SAFETY: `at` is fresh, aligned to 8 and large enough for header, key and value.
        unsafe {
            at.cast::<u32>().add(1).write(value_len as u32);
            write_key(at, HEADER, key);
        }
        Slot::pack(at, mark, 0)
    }

    /// An entry for an object.
    pub(super) fn object<T: Object>(key: &[u8], object: T, mark: u16) -> Slot {
        let (kind, placement) = Placement::of(&object);
        let slot = Slot::object_of(key, kind, placement.size, mark);
        // SAFETY: `object_of` left room for `placement.size` bytes, which is the size of `T`, and
        // aligned them to at least `T`'s alignment.
        unsafe { slot.object_at().cast::<T>().write(object) };
        slot
    }

    /// As [`Slot::object`], of an object whose type is not known here.
    pub(super) fn boxed(key: &[u8], object: Box<dyn Object>, mark: u16) -> Slot {
        let (kind, placement) = Placement::of(&*object);
        let slot = Slot::object_of(key, kind, placement.size, mark);
        let layout = Layout::for_value(&*object);
        let from = Box::into_raw(object).cast::<u8>();
        // SAFETY: the object's bytes are moved to where there is room for them, as in `object`;
        // then the box is freed as it was made, without dropping what it held.
        unsafe {
            ptr::copy_nonoverlapping(from, slot.object_at(), layout.size());
            if layout.size() > 0 {
                dealloc(from, layout);
            }
        }
        slot
    }

    /// An object entry whose object is still to be written.
    fn object_of(key: &[u8], kind: u8, size: usize, mark: u16) -> Slot {
        assert!(key.len() <= BYTES_MAX, "a key of more than 4 GiB");
        let start = object_bytes(size);
        let at = obtain(room(HEADER + start + key_bytes(key)));
        // SAFETY: `at` is fresh, aligned to 8 and large enough for header, object and key.
        unsafe {
            at.cast::<u32>().add(1).write(u32::from(kind) | (size as u32) << 8);
            write_key(at, HEADER + start, key);
        }
        Slot::pack(at, mark, OBJECT)
    }

    fn pack(at: *mut u8, mark: u16, flags: u64) -> Slot {
        let address = at as u64;
        assert!(address & !ADDRESS == 0, "the allocator gave an address beyond 48 bits");
        Slot((u64::from(mark) << MARK_SHIFT) | address | flags)
    }

    #[inline]
    fn at(&self) -> *mut u8 {
        (self.0 & ADDRESS) as *mut u8
    }

    /// The 15 bits of hash that were given.
    #[inline]
    pub(super) fn tag(&self) -> u16 {
        (self.0 >> (MARK_SHIFT + 1)) as u16
    }

    /// The tag and the parity, as they were given.
    #[inline]
    fn mark(&self) -> u16 {
        (self.0 >> MARK_SHIFT) as u16
    }

    /// See `capture`.
    #[inline]
    pub(super) fn parity(&self) -> bool {
        self.0 & PARITY != 0
    }

    #[inline]
    pub(super) fn set_parity(&mut self, parity: bool) {
        if parity { self.0 |= PARITY } else { self.0 &= !PARITY }
    }

    #[inline]
    pub(super) fn is_object(&self) -> bool {
        self.0 & OBJECT != 0
    }

    /// Whether the entry has a deadline.
    #[inline]
    pub(super) fn is_volatile(&self) -> bool {
        self.0 & VOLATILE != 0
    }

    pub(super) fn set_volatile(&mut self, yes: bool) {
        if yes { self.0 |= VOLATILE } else { self.0 &= !VOLATILE }
    }

    /// Whether the string was made by editing, which Redis reports as encoding `raw`.
    pub(super) fn is_raw(&self) -> bool {
        self.0 & RAW != 0
    }

    pub(super) fn set_raw(&mut self, yes: bool) {
        if yes { self.0 |= RAW } else { self.0 &= !RAW }
    }

    /// The address, for prefetching only.
    #[inline]
    pub(super) fn address(&self) -> *const u8 {
        self.at()
    }

    /// The first word: the key's length if it is short, and the access bits.
    #[inline]
    fn head(&self) -> &AtomicU32 {
        // SAFETY: every entry starts with this word, aligned to 8; once the entry is made it is
        // only ever read and written as an atomic one.
        unsafe { AtomicU32::from_ptr(self.at().cast::<u32>()) }
    }

    /// The access bits.
    pub(super) fn access(&self) -> u32 {
        self.head().load(Relaxed) >> ACCESS_SHIFT
    }

    /// Sets the access bits, of which there are 24.
    #[inline]
    pub(super) fn set_access(&self, access: u32) {
        self.note_access(access, false);
    }

    /// The entry, last looked at then.
    #[inline]
    pub(super) fn accessed(self, access: u32) -> Slot {
        self.set_access(access);
        self
    }

    /// As [`Slot::set_access`], unless it is to leave no trace. Writes nothing that is there
    /// already: an entry that is looked at over and over is written once a second.
    #[inline]
    pub(super) fn note_access(&self, access: u32, traceless: bool) {
        let head = self.head().load(Relaxed);
        if head >> ACCESS_SHIFT != access && !traceless {
            self.head().store(access << ACCESS_SHIFT | head & LONG as u32, Relaxed);
        }
    }

    /// The second word: a string's length, or an object's tag and size.
    #[inline]
    fn word(&self) -> u32 {
        // SAFETY: every entry has a second word.
        unsafe { self.at().cast::<u32>().add(1).read() }
    }

    /// Where the key starts, and how long it is.
    #[inline]
    fn key_place(&self) -> (usize, usize) {
        let object = if self.is_object() { object_bytes((self.word() >> 8) as usize) } else { 0 };
        let (start, len) = (HEADER + object, self.head().load(Relaxed) as usize & LONG);
        if len < LONG {
            return (start, len);
        }
        // SAFETY: a long key has its length before it; `start` is a multiple of 8.
        let len = unsafe { self.at().add(start).cast::<u32>().read() };
        (start + LENGTH, len as usize)
    }

    /// Where the value of a string entry starts, and how long it is.
    #[inline]
    fn value_place(&self) -> (usize, usize) {
        debug_assert!(!self.is_object());
        let (start, len) = self.key_place();
        (start + len, self.word() as usize)
    }

    #[inline]
    fn placement(&self) -> &'static Placement {
        debug_assert!(self.is_object());
        Placement::known(self.word() as u8)
    }

    /// Where the object of an object entry lies.
    #[inline]
    fn object_at(&self) -> *mut u8 {
        self.at().wrapping_add(HEADER)
    }

    /// The key.
    #[inline]
    pub(super) fn key(&self) -> &[u8] {
        let (start, len) = self.key_place();
        // SAFETY: the key's bytes were written when the entry was made and live as long as it.
        unsafe { std::slice::from_raw_parts(self.at().add(start), len) }
    }

    /// The string's bytes, or `None` for an object.
    #[inline]
    pub(super) fn as_string(&self) -> Option<&[u8]> {
        if self.is_object() {
            return None;
        }
        let (start, len) = self.value_place();
        // SAFETY: a string entry holds `len` initialised bytes behind its key.
        Some(unsafe { std::slice::from_raw_parts(self.at().add(start), len) })
    }

    /// What the entry holds.
    #[inline]
    pub(super) fn value(&self) -> Option<Value<'_>> {
        self.as_string().map(Value::String).or_else(|| self.as_object().map(Value::Object))
    }

    /// The object, or `None` for a string.
    #[inline]
    pub(super) fn as_object(&self) -> Option<&dyn Object> {
        // SAFETY: an object of the type that the tag leads to lies there since the entry was made;
        // `&self` keeps it shared.
        self.is_object().then(|| unsafe { &*self.placement().view(self.object_at()) })
    }

    /// As [`Slot::as_object`], to change it.
    #[inline]
    pub(super) fn as_object_mut(&mut self) -> Option<&mut dyn Object> {
        // SAFETY: as above, and `&mut self` makes the reference the only one.
        self.is_object().then(|| unsafe { &mut *self.placement().view(self.object_at()) })
    }

    /// Frees about `most` blocks of an entry that is to be freed, and says how many it were; see
    /// [`Object::shed`]. Of a string, `done` pages were freed before.
    pub(super) fn shed(&mut self, done: usize, most: usize) -> usize {
        match self.as_object_mut() {
            Some(object) => object.shed(most),
            None => self.shed_pages(done, most),
        }
    }

    /// Returns up to `most` pages of a long string to the system, from the front on; they read as
    /// zeros afterwards.
    fn shed_pages(&mut self, done: usize, most: usize) -> usize {
        let size = self.size();
        if size < SHED_BYTES_MIN {
            return 0;
        }
        let begin = self.at().addr();
        // What says how large the entry is stays.
        let first = (begin + HEADER + LENGTH).next_multiple_of(PAGE) + done * PAGE;
        let count = most.min(((begin + size) / PAGE).saturating_sub(first / PAGE));
        let Some(start) = NonNull::new(self.at().with_addr(first)) else { return 0 };
        // SAFETY: the pages lie in the allocation behind its header, and whatever bytes are there
        // are bytes; `&mut self` says that nobody looks at them.
        let done = count == 0
            || unsafe { madvise(start.cast(), count * PAGE, MmapAdvise::MADV_DONTNEED) }.is_err();
        if done { 0 } else { count }
    }

    /// Whether the entry holds an object of type `T`.
    #[inline]
    pub(super) fn is<T: Object>(&self) -> bool {
        self.is_object() && self.placement().is_of::<T>()
    }

    /// The object, if it is a `T`.
    #[inline]
    pub(super) fn as_type<T: Object>(&self) -> Option<&T> {
        // SAFETY: an object of type `T` lies there; `&self` keeps it shared.
        self.is::<T>().then(|| unsafe { &*self.object_at().cast::<T>() })
    }

    /// As [`Slot::as_type`], to change it.
    #[inline]
    pub(super) fn as_type_mut<T: Object>(&mut self) -> Option<&mut T> {
        // SAFETY: as above, and `&mut self` makes it the only reference.
        self.is::<T>().then(|| unsafe { &mut *self.object_at().cast::<T>() })
    }

    /// Puts a string in place of what the entry held. Keeps key, tag, access and VOLATILE; clears
    /// RAW.
    /// Returns the entry as it was, if this one is another now: freeing it may take long.
    #[inline]
    pub(super) fn set_string(&mut self, value: &[u8]) -> Option<Slot> {
        if !self.is_object() {
            let (start, len) = self.value_place();
            if room(start + value.len()) == room(start + len) {
                // SAFETY: the class is the same, so the allocation has room; `value` is a request's
                // or another entry's bytes, never this entry's, which is borrowed mutably.
                unsafe {
                    self.at().cast::<u32>().add(1).write(value.len() as u32);
                    ptr::copy_nonoverlapping(value.as_ptr(), self.at().add(start), value.len());
                }
                self.0 &= !RAW;
                return None;
            }
        }
        Some(self.replace_string(value))
    }

    /// As [`Slot::set_string`], but never in place: the entry as it was is whole.
    pub(super) fn replace_string(&mut self, value: &[u8]) -> Slot {
        let mut fresh = Slot::string(self.key(), value, self.mark());
        fresh.set_volatile(self.is_volatile());
        fresh.set_access(self.access());
        std::mem::replace(self, fresh)
    }

    /// Puts an object in place of what the entry held, and gives back the entry as it was. Keeps
    /// key, tag, access and VOLATILE.
    pub(super) fn set_object(&mut self, object: Box<dyn Object>) -> Slot {
        let mut fresh = Slot::boxed(self.key(), object, self.mark());
        fresh.set_volatile(self.is_volatile());
        fresh.set_access(self.access());
        std::mem::replace(self, fresh)
    }

    /// Gives the string `len` bytes, cut or filled with zeros, and hands them out for editing.
    /// `None` for an object.
    pub(super) fn resize_string(&mut self, len: usize) -> Option<&mut [u8]> {
        if self.is_object() {
            return None;
        }
        assert!(len <= BYTES_MAX, "a string of more than 4 GiB");
        let (start, old_len) = self.value_place();
        let (had, wanted) = (room(start + old_len), room(start + len));
        if wanted != had {
            // SAFETY: the pointer came from this allocator with this layout, and `wanted` is not 0.
            let at = unsafe { realloc(self.at(), layout(had), wanted) };
            if at.is_null() {
                handle_alloc_error(layout(wanted));
            }
            let (mark, flags) = (self.mark(), self.0 & FLAGS);
            // The old allocation is gone: forget the old slot instead of dropping it.
            std::mem::forget(std::mem::replace(self, Slot::pack(at, mark, flags)));
        }
        self.0 |= RAW;
        // SAFETY: the allocation now has room for `len` value bytes; those beyond the old length
        // are zeroed before anybody can see them.
        unsafe {
            self.at().cast::<u32>().add(1).write(len as u32);
            let value = self.at().add(start);
            if len > old_len {
                ptr::write_bytes(value.add(old_len), 0, len - old_len);
            }
            Some(std::slice::from_raw_parts_mut(value, len))
        }
    }

    /// Moves the value to an entry of another key. Keeps the flags and when it was looked at.
    pub(super) fn rekey(self, key: &[u8], mark: u16) -> Slot {
        let (flags, access) = (self.0 & FLAGS, self.access());
        let mut moved = match self.as_string() {
            Some(value) => Slot::string(key, value, mark),
            None => {
                let (size, placement) = (self.size(), self.placement());
                let moved = Slot::object_of(key, self.word() as u8, placement.size, mark);
                // SAFETY: the object's bytes move to where there is room for them; then the old
                // allocation is freed with the size it was made with, and the old slot forgotten,
                // so that neither object nor allocation is dropped again.
                unsafe {
                    ptr::copy_nonoverlapping(self.object_at(), moved.object_at(), placement.size);
                    dealloc(self.at(), layout(size));
                }
                std::mem::forget(self);
                moved
            }
        };
        moved.0 = (moved.0 & !FLAGS) | flags;
        moved.set_access(access);
        moved
    }

    /// Bytes of the entry's own allocation.
    fn size(&self) -> usize {
        let value = if self.is_object() { 0 } else { self.word() as usize };
        let (start, len) = self.key_place();
        room(start + len + value)
    }

    /// Heap bytes of the entry and its object.
    pub(super) fn weight(&self) -> usize {
        self.size() + self.as_object().map_or(0, Object::weight)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let size = self.size();
        if self.is_object() {
            // SAFETY: the entry owns the object, and nobody looks at it again.
            unsafe { ptr::drop_in_place(self.placement().view(self.object_at())) }
        }
        // SAFETY: allocated in `obtain` with this very size.
        unsafe { dealloc(self.at(), layout(size)) }
    }
}

/// The bytes that a key takes in an entry.
fn key_bytes(key: &[u8]) -> usize {
    if key.len() < LONG { key.len() } else { LENGTH + key.len() }
}

/// Writes the header's first word, and the key from `start` on.
///
/// # Safety
/// `at` is an entry's fresh allocation, with room for [`key_bytes`] from `start` on, which is a
/// multiple of 8.
unsafe fn write_key(at: *mut u8, start: usize, key: &[u8]) {
    // SAFETY: the caller says that all of it lies in the allocation.
    unsafe {
        at.cast::<u32>().write(key.len().min(LONG) as u32);
        let mut place = at.add(start);
        if key.len() >= LONG {
            place.cast::<u32>().write(key.len() as u32);
            place = place.add(LENGTH);
        }
        ptr::copy_nonoverlapping(key.as_ptr(), place, key.len());
    }
}

/// The bytes that an object of this size takes in an entry.
#[inline]
const fn object_bytes(size: usize) -> usize {
    size.next_multiple_of(ALIGN)
}

fn layout(size: usize) -> Layout {
    // At most two lengths of 32 bits, a header and a quarter, so far below the limit; and were it
    // not, no smaller layout could stand for it.
    match Layout::from_size_align(size, ALIGN) {
        Ok(layout) => layout,
        Err(_) => unreachable!("an entry of {size} bytes"),
    }
}

fn obtain(size: usize) -> *mut u8 {
    let layout = layout(size);
    // SAFETY: the size is never 0, since every entry has a header.
    let at = unsafe { alloc(layout) };
    if at.is_null() {
        handle_alloc_error(layout);
    }
    at
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::keyspace::Kind;

    #[test]
    fn strings_keep_their_bytes_through_every_change_of_length() {
        for key in [&b""[..], b"key", &[1; 254], &[2; 255], &[3; 256], &[4; 70_000]] {
            a_string_keeps_its_bytes(key);
        }
    }

    fn a_string_keeps_its_bytes(key: &[u8]) {
        let mut slot = Slot::string(key, b"", 7);
        slot.set_volatile(true);
        let mut model = Vec::new();
        for round in 0..400usize {
            let len = round * 37 % 257;
            model.resize(len, 0);
            let bytes = slot.resize_string(len).expect("a string");
            assert_eq!(bytes, model);
            if len > 0 {
                bytes[len / 2] = round as u8;
                model[len / 2] = round as u8;
            }
            slot.set_access(round as u32 * 40_000);
            assert_eq!(slot.key(), key);
            assert_eq!(slot.as_string(), Some(&model[..]));
            assert_eq!(slot.access(), round as u32 * 40_000);
            assert_eq!(slot.mark(), 7);
            assert!(slot.is_volatile() && slot.is_raw());
        }
        slot.set_string(b"short");
        assert_eq!(slot.as_string(), Some(&b"short"[..]));
        assert!(slot.is_volatile() && !slot.is_raw());
        assert_eq!(slot.access(), 399 * 40_000);
        let moved = slot.rekey(b"another key", 9);
        assert_eq!((moved.key(), moved.mark()), (&b"another key"[..], 9));
        assert_eq!(moved.as_string(), Some(&b"short"[..]));
        assert_eq!(moved.access(), 399 * 40_000);
        let back = moved.rekey(key, 7);
        assert_eq!((back.key(), back.as_string()), (key, Some(&b"short"[..])));
    }

    /// A value that counts how many of its like there are; `N` words long, of tag `TAG`.
    struct Counted<const N: usize, const TAG: u8>(Rc<()>, [u64; N]);

    // SAFETY: for the tests' sake; the count never leaves its thread.
    unsafe impl<const N: usize, const TAG: u8> Send for Counted<N, TAG> {}

    impl<const N: usize, const TAG: u8> Counted<N, TAG> {
        const KIND: Kind = Kind {
            name: "counted",
            tag: TAG,
            thaw: |_| unreachable!("never thawed"),
            forms: &[],
            restore: |_, _| unreachable!("never restored"),
        };
    }

    impl<const N: usize, const TAG: u8> Object for Counted<N, TAG> {
        fn kind(&self) -> &'static Kind {
            &Self::KIND
        }

        fn weight(&self) -> usize {
            N
        }

        fn is_empty(&self) -> bool {
            false
        }

        fn encoding(&self) -> &'static str {
            "counted"
        }

        fn dump(&self, _: crate::clock::Millis, _: &mut Vec<u8>) {}
        fn freeze(&self, to: &mut Vec<u8>) {
            self.1.iter().for_each(|word| to.extend(word.to_le_bytes()));
        }

        fn duplicate(&self) -> Box<dyn Object> {
            Box::new(Self(Rc::clone(&self.0), self.1))
        }
    }

    fn objects_live_in_their_entries<const N: usize, const TAG: u8>() {
        let count = Rc::new(());
        let fresh = |word| Counted::<N, TAG>(Rc::clone(&count), [word; N]);
        for key in [&b""[..], b"k", b"a key of some length", &[8; 254], &[7; 255], &[6; 300]] {
            let mut slot = Slot::object(key, fresh(5), 9);
            slot.set_access(0xAB_CDEF);
            assert_eq!((slot.key(), slot.mark(), slot.is_object()), (key, 9, true));
            assert_eq!(slot.weight(), room(HEADER + 8 * (N + 1) + key_bytes(key)) + N);
            assert!(slot.as_string().is_none() && slot.resize_string(3).is_none());
            slot.as_type_mut::<Counted<N, TAG>>().expect("its own type").1.fill(6);
            assert!(slot.as_type::<Counted<9, 249>>().is_none(), "another type");
            slot.set_volatile(true);

            let mut moved = slot.rekey(b"moved", 10);
            assert_eq!((moved.key(), moved.mark(), moved.is_volatile()), (&b"moved"[..], 10, true));
            assert_eq!(moved.as_type::<Counted<N, TAG>>().expect("its own type").1, [6; N]);
            let copy = moved.as_object().expect("an object").duplicate();
            let boxed = Slot::boxed(key, copy, 11);
            assert_eq!((boxed.key(), Rc::strong_count(&count)), (key, 3));
            assert_eq!(boxed.as_type::<Counted<N, TAG>>().expect("its own type").1, [6; N]);
            moved.set_object(Box::new(fresh(8)));
            assert_eq!((moved.key(), Rc::strong_count(&count)), (&b"moved"[..], 3));
            let mut bytes = Vec::new();
            moved.as_object().expect("an object").freeze(&mut bytes);
            assert_eq!(bytes, 8u64.to_le_bytes().repeat(N));
            moved.set_string(b"text");
            assert_eq!((moved.as_string(), moved.is_volatile()), (Some(&b"text"[..]), true));
            assert_eq!(moved.access(), 0xAB_CDEF);
            assert_eq!(Rc::strong_count(&count), 2, "the object of an overwritten entry");
            drop(boxed);
            assert_eq!(Rc::strong_count(&count), 1, "the object of a dropped entry");
        }
    }

    #[test]
    fn objects_of_any_size_live_in_their_entries_and_are_dropped_once() {
        objects_live_in_their_entries::<0, 250>();
        objects_live_in_their_entries::<1, 251>();
        objects_live_in_their_entries::<31, 252>();
    }

    #[test]
    fn a_long_string_is_shed_a_slice_at_a_time() {
        let mut slot = Slot::string(b"key", &vec![b'x'; 3 << 20], 7);
        let (mut done, mut slices) = (0, 0);
        loop {
            let gone = slot.shed(done, 100);
            assert!(gone <= 100);
            if gone == 0 {
                break;
            }
            (done, slices) = (done + gone, slices + 1);
        }
        assert!(done >= (3 << 20) / PAGE - 2 && slices >= 7, "{done} pages in {slices} slices");
        assert_eq!(slot.as_string().map(<[u8]>::len), Some(3 << 20));
        assert_eq!(Slot::string(b"key", &vec![b'x'; 1 << 19], 7).shed(0, 100), 0);
    }

    #[test]
    fn two_types_cannot_share_a_tag() {
        let make = |slot: fn() -> Slot| std::panic::catch_unwind(move || drop(slot()));
        let (one, other) = (
            make(|| Slot::object(b"k", Counted::<1, 253>(Rc::new(()), [0]), 0)),
            make(|| Slot::object(b"k", Counted::<2, 253>(Rc::new(()), [0; 2]), 0)),
        );
        assert!(one.is_ok() && other.is_err());
    }
}
