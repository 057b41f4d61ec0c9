//! keyspace/shelf.rs — what belongs to a database as a whole and is no key: the rules of its rate
//! limiters.
//!
//! Many commands look at it and hardly any changes it. So it has no lock of its own: whoever holds
//! the gate shared may look, and only a command that runs alone changes it. That also gives every
//! change a place between the records of all other commands, which a lock beside the stripes' would
//! not.
//!
//! An object on a shelf has a [`Kind`](super::Kind) as any value; its tag is at least
//! [`SHELF_TAG_MIN`], by which a snapshot knows where to put it. There is one object of each kind.
//! FLUSHDB leaves a shelf as it is, as Redis leaves its functions; SWAPDB takes it along.

#![allow(unsafe_code, reason = "the gate stands for a lock")]

use std::any::Any;
use std::cell::UnsafeCell;

use super::keys::{Keys, Scope};
use super::object::{Kind, Object};
use super::{Exclusive, Keyspace, Shared};
use crate::error::Fault;

/// Kinds with this tag or a higher one lie on shelves; those below are values of keys.
pub const SHELF_TAG_MIN: u8 = 192;

/// See the module.
#[derive(Default)]
pub struct Shelf {
    /// In the order of their tags.
    kept: Vec<Box<dyn Object + Sync>>,
}

impl Shelf {
    /// The object of a type, if there is one.
    pub fn get<T: Object + Sync>(&self) -> Option<&T> {
        self.kept.iter().find_map(|kept| (&**kept as &dyn Any).downcast_ref())
    }

    /// The object of a type, to change it; an empty one is made if there is none.
    pub fn edit<T: Object + Sync + Default>(&mut self) -> &mut T {
        if self.get::<T>().is_none() {
            self.put(Box::new(T::default()));
        }
        let found =
            self.kept.iter_mut().find_map(|kept| (&mut **kept as &mut dyn Any).downcast_mut());
        match found {
            Some(found) => found,
            None => unreachable!("it was put there"),
        }
    }

    /// Puts an object in place of the one of its kind.
    pub fn put(&mut self, object: Box<dyn Object + Sync>) {
        let tag = object.kind().tag;
        debug_assert!(tag >= SHELF_TAG_MIN, "a value of keys on a shelf");
        match self.kept.binary_search_by_key(&tag, |kept| kept.kind().tag) {
            Ok(at) => {
                if let Some(kept) = self.kept.get_mut(at) {
                    *kept = object;
                }
            }
            Err(at) => self.kept.insert(at, object),
        }
    }

    /// What is there and not empty, in the order of the kinds' tags.
    pub fn each(&self) -> impl Iterator<Item = &(dyn Object + Sync)> {
        self.kept.iter().map(|kept| &**kept).filter(|kept| !kept.is_empty())
    }
}

/// A shelf behind the gate.
#[derive(Default)]
pub(super) struct Gated(UnsafeCell<Shelf>);

// SAFETY: what is shared between threads is `&Shelf`, whose objects are `Sync`; a `&mut Shelf` is
// made only from a view that has the gate exclusively.
unsafe impl Sync for Gated {}

impl Keyspace {
    /// The shelf of a database.
    pub fn shelf<'g>(&'g self, gate: &'g Shared<'_>, database: usize) -> &'g Shelf {
        gate.must_be_of(&self.gate);
        // SAFETY: the gate is held shared for as long as the reference lives, so nobody has it
        // exclusively, which changing a shelf takes.
        unsafe { &*self.databases[database].shelf.0.get() }
    }
}

impl Keyspace {
    /// All that lies on shelves, for a snapshot: `database: u32 | tag: u8 | bytes: u32 | value |`
    /// each, lowest byte first.
    pub fn freeze_shelves(&self, gate: &mut Exclusive<'_>) -> Vec<u8> {
        let (mut to, mut frozen) = (Vec::new(), Vec::new());
        for database in 0..self.databases() {
            for kept in Keys::whole(self, gate, database, 0).shelf().each() {
                frozen.clear();
                kept.freeze(&mut frozen);
                to.extend_from_slice(&(database as u32).to_le_bytes());
                to.push(kept.kind().tag);
                to.extend_from_slice(&(frozen.len() as u32).to_le_bytes());
                to.extend_from_slice(&frozen);
            }
        }
        to
    }

    /// Puts back what [`Keyspace::freeze_shelves`] wrote.
    ///
    /// # Errors
    /// If the bytes are anything else.
    pub fn thaw_shelves(
        &self,
        gate: &mut Exclusive<'_>,
        from: &[u8],
        kind: impl Fn(u8) -> Option<&'static Kind>,
    ) -> Result<(), Fault> {
        let mut rest = from;
        while !rest.is_empty() {
            let offset = from.len() - rest.len();
            let damaged = || Fault::Corrupt { what: "a snapshot's shelf".into(), offset };
            let (database, tag, value) = piece(&mut rest).ok_or_else(damaged)?;
            if database >= self.databases() {
                return Err(damaged());
            }
            let kind = kind(tag).filter(|kind| kind.tag >= SHELF_TAG_MIN).ok_or_else(damaged)?;
            let object = (kind.thaw)(value)?.into_shelved().ok_or_else(damaged)?;
            if let Some(shelf) = Keys::whole(self, gate, database, 0).shelf_mut() {
                shelf.put(object);
            }
        }
        Ok(())
    }
}

/// The next piece of frozen shelves: database, tag and value.
fn piece<'a>(rest: &mut &'a [u8]) -> Option<(usize, u8, &'a [u8])> {
    let database = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?) as usize;
    let [tag] = *rest.split_off(..1)? else { return None };
    let bytes = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?) as usize;
    Some((database, tag, rest.split_off(..bytes)?))
}

impl Keys<'_> {
    /// The shelf of the database that is selected.
    pub fn shelf(&self) -> &Shelf {
        // SAFETY: a view has the gate, shared or exclusively, for as long as it lives; in the first
        // case nobody changes a shelf, in the second `&self` forbids it.
        unsafe { &*self.space().databases[self.database()].shelf.0.get() }
    }

    /// The shelf of the database that is selected, to change it, which is a change to be recorded;
    /// nothing if the command does not run alone.
    pub fn shelf_mut(&mut self) -> Option<&mut Shelf> {
        let Scope::Whole(..) = self.scope else { return None };
        self.add_changes(1);
        let shelf = &self.space().databases[self.database()].shelf;
        // SAFETY: the view has the gate exclusively and for itself, and `&mut self` makes this the
        // only reference.
        Some(unsafe { &mut *shelf.0.get() })
    }

    /// Exchanges the shelves of two databases.
    pub(super) fn swap_shelves(&mut self, one: usize, other: usize) {
        if let (Scope::Whole(..), true) = (&self.scope, one != other) {
            let databases = &self.space().databases;
            // SAFETY: as in `shelf_mut`; they are two shelves.
            unsafe {
                std::ptr::swap(databases[one].shelf.0.get(), databases[other].shelf.0.get());
            }
        }
    }
}
