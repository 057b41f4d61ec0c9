//! keyspace/keys.rs — what a command can reach of the keys: the stripes locked for it.
//!
//! `&Keys` looks, `&mut Keys` changes; whether a handler gets one or the other is decided by its
//! `Run`. Looking never shows a dead key; changing takes a dead key out first. Every change counts
//! in [`Keys::changes`] and marks the key's watches.

#![allow(unsafe_code, reason = "an exclusive gate stands for every stripe's lock")]

use std::cell::Cell;
use std::collections::VecDeque;
use std::marker::PhantomData;

use super::access;
use super::capture::Cut;
use super::edit::Edit;
use super::entry::Slot;
use super::object::{Kind, Object};
use super::stripe::{Guarded, Held, Place};
use super::table::{NEVER, slot_mark};
use super::value::{Ttl, Value};
use super::wait::Ready;
use super::{Exclusive, Keyspace, Shared, StripeId};
use crate::clock::Millis;
use crate::error::Refusal;

/// See the module.
pub struct Keys<'a> {
    space: &'a Keyspace,
    pub(super) scope: Scope<'a>,
    pub(super) database: usize,
    now: Millis,
    /// Whether looking at keys is not noted, see `access`.
    pub(super) traceless: bool,
    pub(super) cut: Cut,
    planned: Planned,
    counts: Counts,
    pub(super) changed: Option<Box<super::Changed>>,
    /// Awaited keys that have changed.
    #[expect(clippy::box_collection, reason = "a view is made for each command, this hardly ever")]
    pub(super) ready: Option<Box<VecDeque<Ready>>>,
}

/// Which stripes a command may touch.
pub(super) enum Scope<'a> {
    /// One, for nearly every command.
    One(StripeId, Held<'a>),
    /// Several, ascending.
    Many(Vec<(StripeId, Held<'a>)>),
    /// All of them, one at a time: for looking only.
    Roving,
    /// All of them at once; the list says which were changed. The gate is borrowed mutably, so that
    /// there is no second view of all of them.
    Whole(PhantomData<&'a mut ()>, Vec<StripeId>),
}

/// The hash of the key that the command was routed by, so that it is computed once.
#[derive(Clone, Copy)]
struct Planned {
    key: *const u8,
    len: usize,
    hash: u64,
}

impl Planned {
    const NONE: Planned = Planned { key: std::ptr::null(), len: 0, hash: 0 };
}

#[derive(Default)]
struct Counts {
    changes: u64,
    expired: u64,
    parts: u64,
    hits: Cell<u64>,
    misses: Cell<u64>,
}

impl<'a> Keys<'a> {
    fn new(space: &'a Keyspace, scope: Scope<'a>, database: usize, now: Millis) -> Keys<'a> {
        Keys {
            space,
            scope,
            database,
            now,
            traceless: false,
            cut: space.captures.cut(),
            planned: Planned::NONE,
            counts: Counts::default(),
            changed: None,
            ready: None,
        }
    }

    /// The keys of one stripe: that of `key`, whose hash the caller has at hand.
    #[inline]
    pub fn one(
        space: &'a Keyspace,
        gate: &'a Shared<'_>,
        database: usize,
        key: &[u8],
        hash: u64,
        now: Millis,
    ) -> Keys<'a> {
        gate.must_be_of(space.gate());
        let id = space.stripe_of(database, hash);
        let planned = Planned { key: key.as_ptr(), len: key.len(), hash };
        Keys {
            space,
            scope: Scope::One(id, space.lock(id)),
            database,
            now,
            traceless: false,
            cut: space.captures.cut(),
            planned,
            counts: Counts::default(),
            changed: None,
            ready: None,
        }
    }

    /// The keys of several stripes. `stripes` must be sorted and hold each once.
    pub fn many(
        space: &'a Keyspace,
        gate: &'a Shared<'_>,
        database: usize,
        stripes: &[StripeId],
        now: Millis,
    ) -> Keys<'a> {
        gate.must_be_of(space.gate());
        debug_assert!(stripes.is_sorted_by(|a, b| a < b));
        if let [only] = *stripes {
            // DEL and EXISTS of one key: as quick as GET, and nothing is allocated.
            return Keys::new(space, Scope::One(only, space.lock(only)), database, now);
        }
        let held = stripes.iter().map(|&id| (id, space.lock(id))).collect();
        Keys::new(space, Scope::Many(held), database, now)
    }

    /// All keys of the database, to look through stripe by stripe.
    pub fn roving(
        space: &'a Keyspace,
        gate: &'a Shared<'_>,
        database: usize,
        now: Millis,
    ) -> Keys<'a> {
        gate.must_be_of(space.gate());
        Keys::new(space, Scope::Roving, database, now)
    }

    /// Every key of every database, alone.
    pub fn whole(
        space: &'a Keyspace,
        gate: &'a mut Exclusive<'_>,
        database: usize,
        now: Millis,
    ) -> Keys<'a> {
        gate.must_be_of(space.gate());
        Keys::new(space, Scope::Whole(PhantomData, Vec::new()), database, now)
    }

    /// The database that the command runs in.
    pub fn database(&self) -> usize {
        self.database
    }

    /// Goes on in another database; only sensible when its stripes are held.
    pub fn select(&mut self, database: usize) {
        self.database = database;
        self.planned = Planned::NONE;
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.space.databases()
    }

    /// How many changes were made through this view so far.
    pub fn changes(&self) -> u64 {
        self.counts.changes
    }

    /// Lookups by readers that found a key, those that found none, and keys found dead and freed.
    pub fn lookups(&self) -> (u64, u64, u64) {
        (self.counts.hits.get(), self.counts.misses.get(), self.counts.expired)
    }

    /// Parts of objects that were found dead and freed, or that died because a command gave them a
    /// deadline that had passed.
    pub fn parts_expired(&self) -> u64 {
        self.counts.parts
    }

    /// Counts parts of objects that a command let die.
    pub fn expire_parts(&mut self, count: u64) {
        self.counts.parts += count;
    }

    /// The command's time.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The kind whose values are serialised in this form, for RESTORE.
    pub fn kind_of_form(&self, form: u8) -> Option<&'static Kind> {
        self.space.kind_of_form(form)
    }

    // ---- where a key is

    #[inline]
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        if std::ptr::eq(key.as_ptr(), self.planned.key) && key.len() == self.planned.len {
            self.planned.hash
        } else {
            self.space.hash(key)
        }
    }

    #[inline]
    pub(super) fn guarded(&self, database: usize, hash: u64) -> Option<&Guarded> {
        self.stripe(self.space.stripe_of(database, hash))
    }

    #[inline]
    pub(super) fn stripe(&self, id: StripeId) -> Option<&Guarded> {
        match &self.scope {
            Scope::One(_, held) => Some(held.get()),
            Scope::Many(held) => {
                let at = held.binary_search_by_key(&id, |(id, _)| *id).ok()?;
                Some(held[at].1.get())
            }
            Scope::Roving => None,
            // SAFETY: every access to a stripe needs this keyspace's gate; the view has the proof
            // that it is held exclusively for itself, and `&self` forbids changes while the
            // reference lives.
            Scope::Whole(..) => Some(unsafe { &*self.space.stripe(id).unlocked() }),
        }
    }

    #[inline]
    pub(super) fn guarded_mut(&mut self, database: usize, hash: u64) -> Option<&mut Guarded> {
        self.stripe_mut(self.space.stripe_of(database, hash))
    }

    #[inline]
    pub(super) fn stripe_mut(&mut self, id: StripeId) -> Option<&mut Guarded> {
        match &mut self.scope {
            Scope::One(_, held) => Some(held.edit()),
            Scope::Many(held) => {
                let at = held.binary_search_by_key(&id, |(id, _)| *id).ok()?;
                Some(held[at].1.edit())
            }
            Scope::Roving => None,
            Scope::Whole(_, touched) => {
                if touched.last() != Some(&id) {
                    touched.push(id);
                }
                // SAFETY: as in `stripe`, and `&mut self` makes this the only reference.
                Some(unsafe { &mut *self.space.stripe(id).unlocked() })
            }
        }
    }

    /// Runs `look` on a stripe, locking it if the view is a roving one.
    pub(super) fn visit<R>(&self, id: StripeId, look: impl FnOnce(&Guarded) -> R) -> Option<R> {
        match &self.scope {
            Scope::Roving => Some(look(self.space.lock(id).get())),
            _ => self.stripe(id).map(look),
        }
    }

    /// Whether stripes are locked one at a time, so that what they publish is up to date.
    pub(super) fn is_roving(&self) -> bool {
        matches!(self.scope, Scope::Roving)
    }

    pub(super) fn space(&self) -> &'a Keyspace {
        self.space
    }

    /// The place of a key that is not dead.
    #[inline]
    pub(super) fn live(&self, key: &[u8]) -> Option<(&Guarded, Place)> {
        let hash = self.hash(key);
        let guarded = self.guarded(self.database, hash)?;
        let place = guarded.find(key, hash)?;
        (!guarded.table(place).is_dead(place.position, self.now)).then_some((guarded, place))
    }

    /// As `live`, counts it as a hit or miss, and notes that somebody looked.
    #[inline]
    fn look(&self, key: &[u8]) -> Option<&Slot> {
        self.count(self.look_uncounted(key))
    }

    #[inline]
    fn look_uncounted(&self, key: &[u8]) -> Option<&Slot> {
        let (guarded, place) = self.live(key)?;
        let slot = guarded.slot(place);
        slot.note_access(access::clock(self.now), self.traceless);
        Some(slot)
    }

    /// As `look`, to change something: a dead key is taken out, and what lives is saved if a
    /// capture needs it. Counts no hit or miss.
    #[inline]
    pub(super) fn live_mut(&mut self, key: &[u8]) -> (u64, Option<Place>) {
        let (hash, found) = self.live_unsaved(key);
        if let Some(place) = found {
            self.save_at(hash, place);
        }
        (hash, found)
    }

    /// As `live_mut`, to take out or replace what is there as a whole; it is to be given to
    /// [`Keyspace::let_go`] then.
    #[inline]
    pub(super) fn live_unsaved(&mut self, key: &[u8]) -> (u64, Option<Place>) {
        let hash = self.hash(key);
        let (database, now, traceless) = (self.database, self.now, self.traceless);
        let Some(guarded) = self.guarded_mut(database, hash) else { return (hash, None) };
        let Some(place) = guarded.find(key, hash) else { return (hash, None) };
        if !guarded.table(place).is_dead(place.position, now) {
            guarded.slot(place).note_access(access::clock(now), traceless);
            return (hash, Some(place));
        }
        let is_over = guarded.table(place).is_over(place.position, now);
        let (slot, deadline) = guarded.remove(place);
        if is_over {
            self.counts.expired += 1;
        } else {
            let mortal = slot.as_object().and_then(Object::mortal);
            self.counts.parts += mortal.map_or(0, |mortal| mortal.parts()) as u64;
        }
        self.note(hash, key);
        self.counts.changes -= 1;
        self.space.let_go(self.cut, database, slot, deadline);
        (hash, None)
    }

    /// Counts a change and tells those who watch the key.
    pub(super) fn note(&mut self, hash: u64, key: &[u8]) {
        self.note_and(hash, key, true);
    }

    /// As [`Keys::note`], and makes the key ready for those who wait for it if it `wakes` them.
    pub(super) fn note_and(&mut self, hash: u64, key: &[u8], wakes: bool) {
        self.counts.changes += 1;
        if self.space.collecting.is_on() {
            self.collect(key);
        }
        let database = self.database;
        if let Some(guarded) = self.guarded(database, hash)
            && let Some(watchers) = &guarded.watchers
        {
            watchers.mark(key);
            if wakes && watchers.waiters.is_awaited(key) {
                self.make_ready(database, key);
            }
        }
    }

    pub(super) fn add_changes(&mut self, changes: u64) {
        self.counts.changes += changes;
    }

    pub(super) fn count<T>(&self, found: Option<T>) -> Option<T> {
        let counter = if found.is_some() { &self.counts.hits } else { &self.counts.misses };
        counter.set(counter.get() + 1);
        found
    }

    // ---- looking

    /// What a key holds. Counts as a keyspace hit or miss.
    #[inline]
    pub fn value(&self, key: &[u8]) -> Option<Value<'_>> {
        self.look(key)?.value()
    }

    /// What a key holds, without a trace: neither counted nor noted as a look.
    #[inline]
    pub fn peek(&self, key: &[u8]) -> Option<Value<'_>> {
        let (guarded, place) = self.live(key)?;
        guarded.slot(place).value()
    }

    /// The string at a key.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else.
    #[inline]
    pub fn string(&self, key: &[u8]) -> Result<Option<&[u8]>, Refusal> {
        match self.look(key) {
            None => Ok(None),
            Some(slot) => slot.as_string().map(Some).ok_or(Refusal::WrongType),
        }
    }

    /// The object of type `T` at a key.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else.
    pub fn get<T: Object>(&self, key: &[u8]) -> Result<Option<&T>, Refusal> {
        match self.look(key) {
            None => Ok(None),
            Some(slot) => slot.as_type().map(Some).ok_or(Refusal::WrongType),
        }
    }

    /// Whether an object of type `T` is at a key, without counting: for a writer that must know
    /// before it changes anything.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else.
    pub fn holds<T: Object>(&self, key: &[u8]) -> Result<bool, Refusal> {
        match self.look_uncounted(key) {
            None => Ok(false),
            Some(slot) if slot.is::<T>() => Ok(true),
            Some(_) => Err(Refusal::WrongType),
        }
    }

    /// Whether a key is there, for a writer that must know before it changes anything: without
    /// counting, but it is a look.
    pub fn finds(&self, key: &[u8]) -> bool {
        self.look_uncounted(key).is_some()
    }

    /// Whether a key is there. Counts as a keyspace hit or miss, and not as a look.
    pub fn exists(&self, key: &[u8]) -> bool {
        self.count(self.live(key)).is_some()
    }

    /// A key's deadline: `None` if there is no key, `Some(None)` if it never expires.
    pub fn deadline(&self, key: &[u8]) -> Option<Option<Millis>> {
        let (guarded, place) = self.live(key)?;
        let deadline = guarded.table(place).deadline(place.position);
        Some((deadline != NEVER).then_some(deadline))
    }

    /// Whether the string at a key was made by editing (Redis's encoding `raw`).
    pub fn is_raw(&self, key: &[u8]) -> bool {
        self.live(key).is_some_and(|(guarded, place)| guarded.slot(place).is_raw())
    }

    /// Heap bytes of a key and its value.
    pub fn weight(&self, key: &[u8]) -> Option<usize> {
        let (guarded, place) = self.live(key)?;
        // Its share of the tables: a slot, and a cell and a third.
        Some(guarded.slot(place).weight() + size_of::<Slot>() + 6)
    }

    // ---- changing

    /// Puts a string at a key, whatever was there.
    pub fn put_string(&mut self, key: &[u8], value: &[u8], ttl: Ttl) {
        let (hash, found) = self.live_unsaved(key);
        let (database, mark) = (self.database, self.mark(hash));
        let (made, traceless) = (access::clock(self.now), self.traceless);
        if let Some(place) = found {
            self.overwrite(hash, place, value);
        }
        let Some(guarded) = self.guarded_mut(database, hash) else { return };
        let place = match found {
            Some(place) => place,
            None => guarded.insert(Slot::string(key, value, mark), hash, NEVER),
        };
        if found.is_none() || traceless {
            guarded.slot(place).set_access(made);
        }
        Keys::apply_ttl(guarded, place, ttl);
        self.note(hash, key);
    }

    /// Puts what `make` makes of the string at a key in its place, with one lookup; keeps the
    /// deadline. Nothing changes if `make` refuses.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else, and what `make` refuses with.
    #[inline]
    pub fn update_string<V: AsRef<[u8]>>(
        &mut self,
        key: &[u8],
        make: impl FnOnce(Option<&[u8]>) -> Result<V, Refusal>,
    ) -> Result<(), Refusal> {
        let (hash, found) = self.live_mut(key);
        let (database, mark, made) = (self.database, self.mark(hash), access::clock(self.now));
        let Some(guarded) = self.guarded_mut(database, hash) else {
            return Err(Refusal::NoSuchKey);
        };
        let mut replaced = None;
        match found {
            Some(place) => {
                let held = guarded.slot(place).as_string().ok_or(Refusal::WrongType)?;
                let value = make(Some(held))?;
                replaced = guarded.set_string(place, value.as_ref());
            }
            None => {
                let value = make(None)?;
                let slot = Slot::string(key, value.as_ref(), mark).accessed(made);
                guarded.insert(slot, hash, NEVER);
            }
        }
        self.note(hash, key);
        self.discard(replaced);
        Ok(())
    }

    /// What a new slot is marked with.
    #[inline]
    pub(super) fn mark(&self, hash: u64) -> u16 {
        slot_mark(hash, self.cut.parity())
    }

    #[inline]
    fn discard(&self, replaced: Option<Slot>) {
        if let Some(slot) = replaced {
            self.space.discard(slot);
        }
    }

    fn apply_ttl(guarded: &mut Guarded, place: Place, ttl: Ttl) {
        match ttl {
            Ttl::Keep => {}
            Ttl::Clear => guarded.set_deadline(place, NEVER),
            Ttl::At(at) => guarded.set_deadline(place, at.min(NEVER - 1)),
        }
    }

    /// Puts an object at a key, whatever was there.
    pub fn put_object(&mut self, key: &[u8], object: Box<dyn Object>, ttl: Ttl) {
        let (hash, found) = self.live_unsaved(key);
        let (space, cut) = (self.space, self.cut);
        let (database, mark) = (self.database, self.mark(hash));
        let (made, traceless) = (access::clock(self.now), self.traceless);
        let Some(guarded) = self.guarded_mut(database, hash) else { return };
        let place = match found {
            Some(place) => {
                let deadline = guarded.table(place).deadline(place.position);
                let replaced = guarded.set_object(place, object);
                space.let_go(cut, database, replaced, deadline);
                guarded.slot_mut(place).set_parity(cut.parity());
                place
            }
            None => guarded.insert(Slot::boxed(key, object, mark), hash, NEVER),
        };
        if found.is_none() || traceless {
            guarded.slot(place).set_access(made);
        }
        Keys::apply_ttl(guarded, place, ttl);
        self.note(hash, key);
    }

    /// Gives the string at a key `len` bytes, cut or filled with zeros, and lets `edit` change
    /// them. Makes an empty string first if the key is not there; keeps the deadline.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else.
    pub fn edit_string<R>(
        &mut self,
        key: &[u8],
        len: usize,
        edit: impl FnOnce(&mut [u8]) -> R,
    ) -> Result<R, Refusal> {
        self.amend_string(key, |_| len, |bytes| (edit(bytes), true))
    }

    /// As [`Keys::edit_string`], for an edit that may turn out to change nothing. `len` makes the
    /// string's new length of its old one; `edit` says beside its result whether it changed a
    /// byte. Without a change of bytes or length nothing is recorded and no watch is marked.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else.
    pub fn amend_string<R>(
        &mut self,
        key: &[u8],
        len: impl FnOnce(usize) -> usize,
        edit: impl FnOnce(&mut [u8]) -> (R, bool),
    ) -> Result<R, Refusal> {
        let (hash, found) = self.live_mut(key);
        let (database, mark, made) = (self.database, self.mark(hash), access::clock(self.now));
        let Some(guarded) = self.guarded_mut(database, hash) else {
            return Err(Refusal::NoSuchKey);
        };
        let place = match found {
            Some(place) => place,
            None => guarded.insert(Slot::string(key, b"", mark).accessed(made), hash, NEVER),
        };
        let held = guarded.slot(place).as_string().ok_or(Refusal::WrongType)?.len();
        let len = len(held);
        if len != held {
            let before = guarded.slot(place).weight();
            guarded.slot_mut(place).resize_string(len).ok_or(Refusal::WrongType)?;
            let after = guarded.slot(place).weight();
            guarded.reweigh(before, after);
        }
        let bytes = guarded.slot_mut(place).resize_string(len).ok_or(Refusal::WrongType)?;
        let (result, changed) = edit(bytes);
        if changed || len != held || found.is_none() {
            self.note(hash, key);
        }
        Ok(result)
    }

    /// The object of type `T` at a key, to change it; an empty one is made if the key is not there.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else.
    pub fn edit<T: Object + Default>(&mut self, key: &[u8]) -> Result<Edit<'_, 'a, T>, Refusal> {
        let (hash, found) = self.live_mut(key);
        let (database, mark, made) = (self.database, self.mark(hash), access::clock(self.now));
        let place = match found {
            Some(place) => place,
            None => match self.guarded_mut(database, hash) {
                Some(guarded) => {
                    let slot = Slot::object(key, T::default(), mark).accessed(made);
                    guarded.insert(slot, hash, NEVER)
                }
                None => return Err(Refusal::NoSuchKey),
            },
        };
        Edit::new(self, hash, place)
    }

    /// As [`Keys::edit`], but makes nothing.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] if the key holds anything else.
    pub fn edit_existing<T: Object>(
        &mut self,
        key: &[u8],
    ) -> Result<Option<Edit<'_, 'a, T>>, Refusal> {
        let (hash, found) = self.live_mut(key);
        found.map(|place| Edit::new(self, hash, place)).transpose()
    }

    /// Removes a key; says whether it was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        let (hash, found) = self.live_unsaved(key);
        let Some(place) = found else { return false };
        self.remove_at(key, hash, place);
        true
    }

    pub(super) fn remove_at(&mut self, key: &[u8], hash: u64, place: Place) {
        let database = self.database;
        if let Some(guarded) = self.guarded_mut(database, hash) {
            let (slot, deadline) = guarded.remove(place);
            self.note(hash, key);
            self.space.let_go(self.cut, database, slot, deadline);
        }
    }

    /// Sets or clears a key's deadline; says whether the key was there.
    pub fn set_deadline(&mut self, key: &[u8], deadline: Option<Millis>) -> bool {
        let (hash, Some(place)) = self.live_mut(key) else { return false };
        let database = self.database;
        if let Some(guarded) = self.guarded_mut(database, hash) {
            let ttl = deadline.map_or(Ttl::Clear, Ttl::At);
            Keys::apply_ttl(guarded, place, ttl);
        }
        self.note(hash, key);
        true
    }
}

impl Keys<'_> {
    /// Brings what is known without locks (the census) up to date with the changes made so far.
    pub fn publish(&self) {
        match &self.scope {
            Scope::One(_, held) => held.publish(),
            Scope::Many(held) => held.iter().for_each(|(_, held)| held.publish()),
            Scope::Roving => {}
            Scope::Whole(_, touched) => {
                for &id in touched {
                    let stripe = self.space.stripe(id);
                    // SAFETY: as in `stripe`; `&self` forbids changes meanwhile.
                    stripe.publish(unsafe { &*stripe.unlocked() }, self.space.due(id));
                }
            }
        }
    }
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        // Locks publish by themselves when they go.
        if let Scope::Whole(..) = &self.scope {
            self.publish();
        }
    }
}
