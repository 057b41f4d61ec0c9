//! keyspace/load.rs — filling a keyspace with what was read from a file or another server.
//!
//! What is loaded is no change: no watch is marked and nobody who waits is served. So it goes into
//! a keyspace that nobody uses: at the start of the process, or [beside](Keyspace::beside) the one
//! in use, with which it is then exchanged as a whole.

use super::entry::Slot;
use super::keys::Keys;
use super::stripe::Guarded;
use super::table::NEVER;
use super::{Keyspace, Kind, Object, STRIPE_BITS, StripeId};
use crate::clock::Millis;

impl Keyspace {
    /// The kind whose values are serialised in this form.
    pub fn kind_of_form(&self, form: u8) -> Option<&'static Kind> {
        self.kinds[usize::from(form)]
    }

    /// An empty keyspace like this one, to be filled and given to [`Keys::replace_all`].
    pub fn beside(&self) -> Keyspace {
        let mut beside = Keyspace::new(self.databases(), self.seed, None);
        beside.kinds.clone_from(&self.kinds);
        beside.captures.turn_to(self.captures.cut().parity());
        beside
    }

    /// Gives all entries the parity of another keyspace, so that a capture which is made of that
    /// one does not take them for its own. To be called before they are exchanged, while nobody
    /// uses this keyspace: it takes time.
    pub fn align(&self, with: &Keyspace) {
        let parity = with.captures.cut().parity();
        if self.captures.cut().parity() == parity {
            return;
        }
        self.captures.turn_to(parity);
        let mut gate = self.gate.close();
        let mut keys = Keys::whole(self, &mut gate, 0, 0);
        for database in 0..self.databases() {
            for index in 0..1 << STRIPE_BITS {
                let Some(guarded) = keys.stripe_mut(StripeId::new(database, index)) else {
                    continue;
                };
                for place in 0..guarded.len() {
                    if let Some(place) = guarded.nth(place) {
                        guarded.slot_mut(place).set_parity(parity);
                    }
                }
            }
        }
    }
}

impl Keys<'_> {
    /// Puts a string where nothing is; says whether nothing was.
    pub fn load_string(&mut self, key: &[u8], value: &[u8], deadline: Option<Millis>) -> bool {
        let hash = self.hash(key);
        self.load(key, hash, deadline, |mark| Slot::string(key, value, mark))
    }

    /// Puts an object where nothing is; says whether nothing was.
    pub fn load_object(
        &mut self,
        key: &[u8],
        object: Box<dyn Object>,
        deadline: Option<Millis>,
    ) -> bool {
        let hash = self.hash(key);
        self.load(key, hash, deadline, |mark| Slot::boxed(key, object, mark))
    }

    fn load(
        &mut self,
        key: &[u8],
        hash: u64,
        deadline: Option<Millis>,
        make: impl FnOnce(u16) -> Slot,
    ) -> bool {
        let (database, mark) = (self.database, self.mark(hash));
        let Some(guarded) = self.guarded_mut(database, hash) else { return false };
        if guarded.find(key, hash).is_some() {
            return false;
        }
        let deadline = deadline.map_or(NEVER, |deadline| deadline.min(NEVER - 1));
        guarded.insert(make(mark), hash, deadline);
        true
    }

    /// Replaces all keys of all databases by those of a keyspace that was made by
    /// [`Keyspace::beside`]; who waits for one of them is served next. Takes some milliseconds
    /// whatever there is, since what was there is freed as by FLUSHALL. The view must be of
    /// everything. Does nothing and says false if a capture has begun since [`Keyspace::align`].
    pub fn replace_all(&mut self, by: &Keyspace) -> bool {
        if self.cut.parity() != by.captures.cut().parity() {
            return false;
        }
        let mut gate = by.gate().close();
        let (space, now, mut gone) = (self.space(), self.now(), 0);
        for database in 0..self.databases() {
            let mut fresh = Keys::whole(by, &mut gate, database, now);
            for index in 0..1 << STRIPE_BITS {
                let id = StripeId::new(database, index);
                let Some(fresh) = fresh.stripe_mut(id).map(Guarded::take) else { continue };
                let Some(taken) = self.stripe_mut(id).map(Guarded::take) else { continue };
                gone += taken.len();
                let there = |key: &[u8]| {
                    let hash = space.hash(key);
                    taken.holds(key, hash, now) || fresh.holds(key, hash, now)
                };
                let mut awaited = Vec::new();
                if let Some(watchers) = self.stripe(id).and_then(|held| held.watchers.as_ref()) {
                    watchers.mark_where(there);
                    awaited = self.awaited(id, there);
                }
                if let Some(guarded) = self.stripe_mut(id) {
                    guarded.adopt(fresh);
                }
                space.let_stripe_go(self.cut, database, taken);
                awaited.iter().for_each(|(database, key)| self.make_ready(*database, key));
            }
        }
        self.add_changes(gone as u64 + 1);
        self.collect_everything();
        true
    }
}
