//! keyspace/mortal.rs — values parts of which die by themselves.
//!
//! A key's deadline is the table's business; a deadline of a part is the object's, and the table
//! only remembers beside the entry when to ask. So the keyspace knows that something is due inside
//! an object and not what: it hides a key whose object has died as a whole, as it hides one whose
//! own deadline has passed, and it has dead parts freed a bounded piece at a time. An object hides
//! its dead parts itself, from whoever tells it the time.
//!
//! Freeing a dead part changes no meaning, so a frozen value must not show whether that was done.

use super::object::Object;
use super::table::NEVER;
use crate::clock::Millis;

/// An object with parts that may have deadlines.
pub trait Mortal {
    /// No part's deadline is earlier; the maximum if none has one. O(1) or nearly so: it is asked
    /// after every change. It may be too early, until [`Mortal::drop_dead`] has found nothing.
    fn due(&self) -> Millis;
    /// As [`Mortal::due`], for the deadlines after `now`.
    fn due_after(&self, now: Millis) -> Millis;
    /// Whether it has parts and none is alive.
    fn is_dead(&self, now: Millis) -> bool;
    /// How many parts there are, dead ones that are not yet freed included.
    fn parts(&self) -> usize;
    /// Frees about `most` dead parts at most, and says how many. Fewer than `most` means that no
    /// dead one is left.
    fn drop_dead(&mut self, now: Millis, most: usize) -> usize;
    /// As [`Object::freeze`], without the parts that are dead. Whether these were freed before, and
    /// when, makes no difference.
    fn freeze_live(&self, now: Millis, to: &mut Vec<u8>);
}

impl dyn Object {
    /// Appends the canonical bytes of what is alive at `now`.
    pub fn freeze_at(&self, now: Millis, to: &mut Vec<u8>) {
        match self.mortal() {
            Some(mortal) => mortal.freeze_live(now, to),
            None => self.freeze(to),
        }
    }
}

/// When something inside an object is due; the maximum for never.
#[inline]
pub(super) fn due<T: Object + ?Sized>(object: &T) -> Millis {
    object.mortal().map_or(NEVER, Mortal::due)
}
