//! keyspace/relocate.rs — a key under another name or in another database: RENAME, MOVE, COPY.
//!
//! The stripes of both places are the caller's to have locked. A value that is moved is not
//! touched; one that is replaced is freed as any other.

use super::entry::Slot;
use super::keys::Keys;

impl Keys<'_> {
    /// Moves what is at `from`, deadline included, to `to`, replacing what was there. Says whether
    /// there was something.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> bool {
        self.relocate(from, to, self.database)
    }

    /// Moves a key to another database, where it must not exist; says whether there was something.
    pub fn move_to(&mut self, key: &[u8], database: usize) -> bool {
        self.relocate(key, key, database)
    }

    fn relocate(&mut self, from: &[u8], to: &[u8], target: usize) -> bool {
        let home = self.database;
        let (from_hash, Some(place)) = self.live_mut(from) else { return false };
        let Some(guarded) = self.guarded_mut(home, from_hash) else { return false };
        let (slot, deadline) = guarded.remove(place);
        self.note(from_hash, from);
        self.database = target;
        let (to_hash, occupied) = self.live_unsaved(to);
        if let Some(place) = occupied {
            self.remove_at(to, to_hash, place);
        }
        let mark = self.mark(to_hash);
        if let Some(guarded) = self.guarded_mut(target, to_hash) {
            let slot = slot.rekey(to, mark);
            guarded.insert(slot, to_hash, deadline);
        }
        self.note(to_hash, to);
        self.database = home;
        true
    }

    /// Copies what is at `from`, deadline included, to `to` in another or the same database,
    /// replacing what was there. Says whether there was something.
    pub fn copy(&mut self, from: &[u8], to: &[u8], target: usize) -> bool {
        let Some((guarded, place)) = self.live(from) else { return false };
        let deadline = guarded.table(place).deadline(place.position);
        let slot = guarded.slot(place);
        let to_hash = self.hash(to);
        let mark = self.mark(to_hash);
        let mut copied = match (slot.as_string(), slot.as_object()) {
            (Some(bytes), _) => Slot::string(to, bytes, mark),
            (None, Some(object)) => Slot::boxed(to, object.duplicate(), mark),
            (None, None) => return false,
        };
        copied.set_raw(slot.is_raw());
        copied.set_access(super::access::clock(self.now()));
        let home = std::mem::replace(&mut self.database, target);
        if let (_, Some(place)) = self.live_unsaved(to) {
            self.remove_at(to, to_hash, place);
        }
        if let Some(guarded) = self.guarded_mut(target, to_hash) {
            guarded.insert(copied, to_hash, deadline);
        }
        self.note(to_hash, to);
        self.database = home;
        true
    }

    /// As [`Keys::finds`], in another database.
    pub fn finds_in(&mut self, key: &[u8], database: usize) -> bool {
        let home = std::mem::replace(&mut self.database, database);
        let found = self.finds(key);
        self.database = home;
        found
    }
}
