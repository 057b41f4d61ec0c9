//! keyspace/edit.rs — a value being changed. When the guard goes, the change is noted, the weight
//! is brought up to date, and a value that became empty is removed with its key.
//!
//! The value is found once, when the edit begins; after that the guard is a pointer to it. This
//! matters: a push to a long list is a few tens of nanoseconds, and so was each further look-up.
//!
//! Invariant: the object lies in its entry's allocation; a table moves slots, which are pointers to
//! entries, and nothing moves or frees an entry while the guard has the keys for itself.

#![allow(unsafe_code, reason = "keeps the address of the object instead of looking it up again")]

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::keys::Keys;
use super::mortal;
use super::object::Object;
use super::stripe::Place;
use super::table::NEVER;
use crate::clock::Millis;
use crate::error::Refusal;

/// See the module. Looks like the value it guards.
pub struct Edit<'k, 'a, T: Object> {
    keys: &'k mut Keys<'a>,
    hash: u64,
    place: Place,
    value: NonNull<T>,
    weight: usize,
    changed: bool,
    wakes: bool,
    /// The deadline that the key is given, the maximum for none; nothing leaves it as it is.
    deadline: Option<Millis>,
}

impl<'k, 'a, T: Object> Edit<'k, 'a, T> {
    #[inline]
    pub(super) fn new(
        keys: &'k mut Keys<'a>,
        hash: u64,
        place: Place,
    ) -> Result<Edit<'k, 'a, T>, Refusal> {
        let database = keys.database();
        let value: &mut T = keys
            .guarded_mut(database, hash)
            .and_then(|guarded| guarded.slot_mut(place).as_type_mut())
            .ok_or(Refusal::WrongType)?;
        let weight = value.weight();
        let value = NonNull::from(value);
        Ok(Edit { keys, hash, place, value, weight, changed: true, wakes: true, deadline: None })
    }

    /// Takes back that something was changed: nothing is journaled, no watch is marked.
    pub fn unchanged(&mut self) {
        self.changed = false;
    }

    /// Says that the change adds nothing that a waiting call could take: none is tried.
    pub fn hush(&mut self) {
        self.wakes = false;
    }

    /// When the key expires; the maximum for never.
    pub fn expires_at(&self) -> Millis {
        let guarded = self.keys.guarded(self.keys.database(), self.hash);
        let held = guarded.map(|guarded| guarded.table(self.place).deadline(self.place.position));
        self.deadline.or(held).unwrap_or(NEVER)
    }

    /// Gives the key a deadline, the maximum for none, as part of the change; without a second
    /// look-up.
    pub fn expire_at(&mut self, deadline: Millis) {
        self.deadline = Some(deadline);
    }

    /// Frees a part that was taken out of the value, later if it is big.
    pub fn discard(&self, part: T) {
        self.keys.space().discard_part(part);
    }

    /// Takes back [`Edit::unchanged`]: for an edit that begins before all arguments are read.
    pub fn changed(&mut self) {
        self.changed = true;
    }
}

impl<T: Object> Deref for Edit<'_, '_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the pointer is to the object in the entry at `place`. The guard borrows the keys
        // mutably and does not touch them before it goes, so the entry stays where it is and there
        // is no other reference to its object.
        unsafe { self.value.as_ref() }
    }
}

impl<T: Object> DerefMut for Edit<'_, '_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and `&mut self` makes this the only reference.
        unsafe { self.value.as_mut() }
    }
}

impl<T: Object> Drop for Edit<'_, '_, T> {
    #[inline]
    fn drop(&mut self) {
        let (before, weight, is_empty) = (self.weight, self.weight(), self.is_empty());
        let due = mortal::due(&**self);
        let (hash, place, database) = (self.hash, self.place, self.keys.database());
        let collecting = self.keys.space().collecting.is_on();
        let Some(guarded) = self.keys.guarded_mut(database, hash) else { return };
        guarded.reweigh(before, weight);
        guarded.set_inner(place, due);
        if is_empty {
            let (slot, _) = guarded.remove(place);
            // Unchanged and empty: made for this edit, and nothing was put in.
            if self.changed {
                self.keys.note(hash, slot.key());
                self.keys.space().discard(slot);
            }
        } else if self.changed {
            if let Some(deadline) = self.deadline {
                guarded.set_deadline(place, deadline);
            }
            if guarded.watchers.is_some() || collecting {
                let key: Box<[u8]> = guarded.slot(place).key().into();
                self.keys.note_and(hash, &key, self.wakes);
            } else {
                self.keys.add_changes(1);
            }
        }
    }
}
