//! keyspace/entry.rs — one key with its value, in one allocation behind eight bytes.
//!
//! ```text
//! slot    | 16 bits of hash | 45 bits of pointer | RAW | VOLATILE | OBJECT |
//! string  | key bytes: u32 | value bytes: u32 | key ... | value ... | room |
//! object  | key bytes: u32 | 0: u32 | Box<dyn Object>, 16 bytes | key ...  |
//! ```
//!
//! The allocation's size is a pure function of the two lengths ([`room`]), so nothing stores a
//! capacity, and a string is overwritten in place whenever the new value falls into the same class.
//!
//! Invariants: a slot owns its allocation and is neither `Copy` nor `Clone`; pointers fit 48 bits
//! (checked when they are made) and are aligned to 8, which leaves the low three bits for flags.
//! The deadline itself is not here but in the table, beside the slot.

#![allow(unsafe_code, reason = "owns raw allocations")]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::ptr;

use super::object::Object;
use crate::structure::room;

const OBJECT: u64 = 1;
const VOLATILE: u64 = 2;
const RAW: u64 = 4;
const FLAGS: u64 = 7;
const ADDRESS: u64 = 0x0000_FFFF_FFFF_FFF8;
const HEADER: usize = 8;
const OBJECT_HEADER: usize = HEADER + size_of::<*mut dyn Object>();

/// The longest key or string value, in bytes.
pub const BYTES_MAX: usize = u32::MAX as usize;

/// An owned entry.
#[repr(transparent)]
pub(super) struct Slot(u64);

// SAFETY: a slot owns its bytes alone, and objects are `Send`.
unsafe impl Send for Slot {}

impl Slot {
    /// An entry for a string. `tag` is 16 bits of the key's hash.
    pub(super) fn string(key: &[u8], value: &[u8], tag: u16) -> Slot {
        let slot = Slot::string_of(key, value.len(), tag);
        // SAFETY: the allocation has room for the value behind the key, and is not yet shared.
        unsafe {
            ptr::copy_nonoverlapping(
                value.as_ptr(),
                slot.at().add(HEADER + key.len()),
                value.len(),
            );
        }
        slot
    }

    /// A string entry whose value bytes are still to be written.
    fn string_of(key: &[u8], value_len: usize, tag: u16) -> Slot {
        let at = obtain(room(HEADER + key.len() + value_len));
        // SAFETY: `at` is fresh, aligned to 8 and large enough for header, key and value.
        unsafe {
            at.cast::<u32>().write(key.len() as u32);
            at.cast::<u32>().add(1).write(value_len as u32);
            ptr::copy_nonoverlapping(key.as_ptr(), at.add(HEADER), key.len());
        }
        Slot::pack(at, tag, 0)
    }

    /// An entry for an object.
    pub(super) fn object(key: &[u8], object: Box<dyn Object>, tag: u16) -> Slot {
        let at = obtain(room(OBJECT_HEADER + key.len()));
        // SAFETY: `at` is fresh, aligned to 8 and large enough for header, pointer and key.
        unsafe {
            at.cast::<u32>().write(key.len() as u32);
            at.cast::<u32>().add(1).write(0);
            at.add(HEADER).cast::<*mut dyn Object>().write(Box::into_raw(object));
            ptr::copy_nonoverlapping(key.as_ptr(), at.add(OBJECT_HEADER), key.len());
        }
        Slot::pack(at, tag, OBJECT)
    }

    fn pack(at: *mut u8, tag: u16, flags: u64) -> Slot {
        let address = at as u64;
        assert!(address & !ADDRESS == 0, "the allocator gave an address beyond 48 bits");
        Slot((u64::from(tag) << 48) | address | flags)
    }

    #[inline]
    fn at(&self) -> *mut u8 {
        (self.0 & ADDRESS) as *mut u8
    }

    /// The 16 bits of hash that were given.
    #[inline]
    pub(super) fn tag(&self) -> u16 {
        (self.0 >> 48) as u16
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

    #[inline]
    fn key_len(&self) -> usize {
        // SAFETY: every entry starts with its key's length.
        unsafe { self.at().cast::<u32>().read() as usize }
    }

    #[inline]
    fn value_len(&self) -> usize {
        // SAFETY: every entry has a second word; for strings it is the value's length.
        unsafe { self.at().cast::<u32>().add(1).read() as usize }
    }

    #[inline]
    fn key_start(&self) -> usize {
        if self.is_object() { OBJECT_HEADER } else { HEADER }
    }

    /// The key.
    #[inline]
    pub(super) fn key(&self) -> &[u8] {
        // SAFETY: the key's bytes were written when the entry was made and live as long as it.
        unsafe { std::slice::from_raw_parts(self.at().add(self.key_start()), self.key_len()) }
    }

    /// The string's bytes, or `None` for an object.
    #[inline]
    pub(super) fn as_string(&self) -> Option<&[u8]> {
        if self.is_object() {
            return None;
        }
        // SAFETY: a string entry holds `value_len` initialised bytes behind its key.
        Some(unsafe {
            std::slice::from_raw_parts(self.at().add(HEADER + self.key_len()), self.value_len())
        })
    }

    #[inline]
    fn object_pointer(&self) -> *mut dyn Object {
        debug_assert!(self.is_object());
        // SAFETY: an object entry holds the pointer behind its header, aligned to 8.
        unsafe { self.at().add(HEADER).cast::<*mut dyn Object>().read() }
    }

    /// The object, or `None` for a string.
    #[inline]
    pub(super) fn as_object(&self) -> Option<&dyn Object> {
        // SAFETY: the pointer came from a box that this entry owns; `&self` keeps it shared.
        self.is_object().then(|| unsafe { &*self.object_pointer() })
    }

    /// As [`Slot::as_object`], to change it.
    #[inline]
    pub(super) fn as_object_mut(&mut self) -> Option<&mut dyn Object> {
        // SAFETY: as above, and `&mut self` makes it the only reference.
        self.is_object().then(|| unsafe { &mut *self.object_pointer() })
    }

    /// Puts a string in place of what the entry held, and gives the old entry back if its memory
    /// is not used again. Keeps key, tag and VOLATILE; clears RAW.
    pub(super) fn set_string(&mut self, value: &[u8]) -> Option<Slot> {
        if !self.is_object() {
            let key_len = self.key_len();
            let had = room(HEADER + key_len + self.value_len());
            if room(HEADER + key_len + value.len()) == had {
                // SAFETY: the class is the same, so the allocation has room; `value` is a request's
                // or another entry's bytes, never this entry's, which is borrowed mutably.
                unsafe {
                    self.at().cast::<u32>().add(1).write(value.len() as u32);
                    ptr::copy_nonoverlapping(
                        value.as_ptr(),
                        self.at().add(HEADER + key_len),
                        value.len(),
                    );
                }
                self.0 &= !RAW;
                return None;
            }
        }
        let mut fresh = Slot::string(self.key(), value, self.tag());
        fresh.set_volatile(self.is_volatile());
        Some(std::mem::replace(self, fresh))
    }

    /// Puts an object in place of what the entry held, and gives the old entry back. Keeps key, tag
    /// and VOLATILE.
    pub(super) fn set_object(&mut self, object: Box<dyn Object>) -> Slot {
        let mut fresh = Slot::object(self.key(), object, self.tag());
        fresh.set_volatile(self.is_volatile());
        std::mem::replace(self, fresh)
    }

    /// Gives the string `len` bytes, cut or filled with zeros, and hands them out for editing.
    /// `None` for an object.
    pub(super) fn resize_string(&mut self, len: usize) -> Option<&mut [u8]> {
        if self.is_object() {
            return None;
        }
        let (key_len, old_len) = (self.key_len(), self.value_len());
        let (had, wanted) = (room(HEADER + key_len + old_len), room(HEADER + key_len + len));
        if wanted != had {
            // SAFETY: the pointer came from this allocator with this layout, and `wanted` is not 0.
            let at = unsafe { realloc(self.at(), layout(had), wanted) };
            if at.is_null() {
                handle_alloc_error(layout(wanted));
            }
            let (tag, flags) = (self.tag(), self.0 & FLAGS);
            // The old allocation is gone: forget the old slot instead of dropping it.
            std::mem::forget(std::mem::replace(self, Slot::pack(at, tag, flags)));
        }
        self.0 |= RAW;
        // SAFETY: the allocation now has room for `len` value bytes; those beyond the old length
        // are zeroed before anybody can see them.
        unsafe {
            self.at().cast::<u32>().add(1).write(len as u32);
            let value = self.at().add(HEADER + key_len);
            if len > old_len {
                ptr::write_bytes(value.add(old_len), 0, len - old_len);
            }
            Some(std::slice::from_raw_parts_mut(value, len))
        }
    }

    /// Moves the value to an entry of another key. Keeps the flags.
    pub(super) fn rekey(self, key: &[u8], tag: u16) -> Slot {
        let flags = self.0 & FLAGS;
        let mut moved = match self.as_string() {
            Some(value) => Slot::string(key, value, tag),
            None => {
                let size = self.size();
                // SAFETY: the box's ownership leaves this entry, which is then freed without it:
                // allocated with this layout, and forgotten instead of dropped.
                let object = unsafe {
                    let object = Box::from_raw(self.object_pointer());
                    dealloc(self.at(), layout(size));
                    object
                };
                std::mem::forget(self);
                Slot::object(key, object, tag)
            }
        };
        moved.0 = (moved.0 & !FLAGS) | flags;
        moved
    }

    /// Bytes of the entry's own allocation.
    fn size(&self) -> usize {
        room(self.key_start() + self.key_len() + self.value_len())
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
            // SAFETY: the entry owns the box.
            drop(unsafe { Box::from_raw(self.object_pointer()) });
        }
        // SAFETY: allocated in `obtain` with this very size.
        unsafe { dealloc(self.at(), layout(size)) }
    }
}

fn layout(size: usize) -> Layout {
    // The size is at most two lengths of 32 bits, a header and a quarter: it cannot overflow.
    Layout::from_size_align(size, 8).unwrap_or(Layout::new::<u64>())
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
    use super::*;

    #[test]
    fn strings_keep_their_bytes_through_every_change_of_length() {
        let mut slot = Slot::string(b"key", b"", 7);
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
            assert_eq!(slot.key(), b"key");
            assert_eq!(slot.as_string(), Some(&model[..]));
            assert_eq!(slot.tag(), 7);
            assert!(slot.is_volatile() && slot.is_raw());
        }
        slot.set_string(b"short");
        assert_eq!(slot.as_string(), Some(&b"short"[..]));
        assert!(slot.is_volatile() && !slot.is_raw());
        let moved = slot.rekey(b"another key", 9);
        assert_eq!((moved.key(), moved.tag()), (&b"another key"[..], 9));
        assert_eq!(moved.as_string(), Some(&b"short"[..]));
    }
}
