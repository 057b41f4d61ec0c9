//! keyspace/edit.rs — a value being changed. When the guard goes, the change is noted, the weight
//! is brought up to date, and a value that became empty is removed with its key.

use std::any::Any;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::entry::Slot;
use super::keys::Keys;
use super::object::Object;
use super::stripe::Place;
use crate::error::Refusal;

/// See the module. Looks like the value it guards.
pub struct Edit<'k, 'a, T: Object> {
    keys: &'k mut Keys<'a>,
    hash: u64,
    place: Place,
    weight: usize,
    changed: bool,
    value: PhantomData<T>,
}

impl<'k, 'a, T: Object> Edit<'k, 'a, T> {
    pub(super) fn new(
        keys: &'k mut Keys<'a>,
        hash: u64,
        place: Place,
    ) -> Result<Edit<'k, 'a, T>, Refusal> {
        let slot = keys.guarded(keys.database(), hash).map(|guarded| guarded.slot(place));
        let object = slot.and_then(Slot::as_object).map(|object| object as &dyn Any);
        if !object.is_some_and(|object| object.is::<T>()) {
            return Err(Refusal::WrongType);
        }
        let weight = slot.map_or(0, Slot::weight);
        Ok(Edit { keys, hash, place, weight, changed: true, value: PhantomData })
    }

    /// Takes back that something was changed: nothing is journaled, no watch is marked.
    pub fn unchanged(&mut self) {
        self.changed = false;
    }

    fn slot(&self) -> &Slot {
        match self.keys.guarded(self.keys.database(), self.hash) {
            Some(guarded) => guarded.slot(self.place),
            None => unreachable!("an edit holds its stripe"),
        }
    }
}

impl<T: Object> Deref for Edit<'_, '_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self.slot().as_object().and_then(|object| (object as &dyn Any).downcast_ref()) {
            Some(value) => value,
            None => unreachable!("the type was checked when the edit began"),
        }
    }
}

impl<T: Object> DerefMut for Edit<'_, '_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let database = self.keys.database();
        let place = self.place;
        let value = self
            .keys
            .guarded_mut(database, self.hash)
            .and_then(|guarded| guarded.table_mut(place).slot_mut(place.position).as_object_mut())
            .and_then(|object| (object as &mut dyn Any).downcast_mut());
        match value {
            Some(value) => value,
            None => unreachable!("the type was checked when the edit began"),
        }
    }
}

impl<T: Object> Drop for Edit<'_, '_, T> {
    fn drop(&mut self) {
        let weight = self.slot().weight();
        let is_empty = self.slot().as_object().is_none_or(Object::is_empty);
        let (hash, place, before) = (self.hash, self.place, self.weight);
        let database = self.keys.database();
        if let Some(guarded) = self.keys.guarded_mut(database, hash) {
            guarded.table_mut(place).reweigh(before, weight);
        }
        if is_empty || self.changed {
            let key: Box<[u8]> = self.slot().key().into();
            if !is_empty {
                self.keys.note(hash, &key);
            } else if self.changed {
                self.keys.remove_at(&key, hash, place);
            } else if let Some(guarded) = self.keys.guarded_mut(database, hash) {
                // Made for this edit, and nothing was put in.
                guarded.remove(place);
            }
        }
    }
}
