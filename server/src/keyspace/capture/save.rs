//! keyspace/capture/save.rs — what writers do to a capture: they save what they are about to
//! change, and hand over what they take out.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;

use super::freezing::{Freezing, Stream, is_big};
use super::item::{put_begin, put_entry};
use super::{Captures, Cut, Shared};
use crate::clock::Millis;
use crate::keyspace::entry::Slot;
use crate::keyspace::stripe::{Guarded, Place};
use crate::keyspace::table::NEVER;
use crate::keyspace::{Keys, Keyspace};

/// Bytes of a chunk of what was saved.
const CHUNK_BYTES: usize = 256 * 1024;

/// What was taken out of the keyspace before it was in the capture.
pub(super) enum Taken {
    /// An entry: its database, deadline, and how far it was written down.
    Entry(usize, Millis, Slot, Option<Freezing>),
    /// All that a stripe of a database held.
    Stripe(usize, Box<Guarded>),
}

/// Items that wait for the walker, in chunks, so that none of them ever moves.
#[derive(Default)]
pub(super) struct Queue {
    chunks: VecDeque<Vec<u8>>,
    /// An empty one, for the next.
    spare: Option<Vec<u8>>,
}

impl Queue {
    /// Where to append an item.
    fn chunk(&mut self) -> &mut Vec<u8> {
        let is_full = |chunk: &Vec<u8>| chunk.len() >= CHUNK_BYTES - CHUNK_BYTES / 8;
        if self.chunks.back().is_none_or(is_full) {
            let fresh = self.spare.take().unwrap_or_else(|| Vec::with_capacity(CHUNK_BYTES));
            self.chunks.push_back(fresh);
        }
        match self.chunks.back_mut() {
            Some(last) => last,
            None => unreachable!("one was pushed"),
        }
    }

    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.chunks.pop_front()
    }

    pub(super) fn give_back(&mut self, mut chunk: Vec<u8>) {
        if chunk.capacity() <= 2 * CHUNK_BYTES {
            chunk.clear();
            self.spare = Some(chunk);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

impl Captures {
    /// Saves an entry that stays where it is; what is big, as a whole.
    fn save(&self, slot: &Slot, deadline: Millis, number: usize) {
        if self.was_dead(slot, deadline) {
            return;
        }
        let now = self.now.load(Relaxed);
        let mut shared = self.shared.lock();
        let Shared { queue, stream, count, scratch, .. } = &mut *shared;
        let head = Captures::head(slot, deadline, number);
        if !is_big(slot) {
            let chunk = queue.chunk();
            let before = chunk.len();
            match slot.as_object() {
                None => put_entry(head, slot.as_string().unwrap_or_default(), chunk),
                Some(object) => {
                    scratch.clear();
                    object.freeze_at(now, scratch);
                    put_entry(head, scratch, chunk);
                }
            }
            self.pending.fetch_add(chunk.len() - before, Relaxed);
            self.entries.fetch_add(1, Relaxed);
            return;
        }
        let begun = stream.take_if(|stream| stream.is_of(number, head.key));
        let mut freezing = match begun {
            Some(stream) => stream.freezing,
            None => {
                let chunk = queue.chunk();
                let before = chunk.len();
                *count += 1;
                put_begin(*count, head, chunk);
                self.pending.fetch_add(chunk.len() - before, Relaxed);
                self.entries.fetch_add(1, Relaxed);
                Freezing::new(*count)
            }
        };
        loop {
            let chunk = queue.chunk();
            let before = chunk.len();
            let more = freezing.slice(slot, now, scratch, chunk);
            self.pending.fetch_add(chunk.len() - before, Relaxed);
            if !more {
                break;
            }
        }
    }

    /// Takes an entry over that nobody will see any more.
    fn take_over(&self, slot: Slot, deadline: Millis, number: usize) {
        let mut shared = self.shared.lock();
        let begun = shared.stream.take_if(|stream| stream.is_of(number, slot.key()));
        let freezing = begun.map(|stream| stream.freezing);
        shared.taken.push_back(Taken::Entry(number, deadline, slot, freezing));
    }
}

impl Keyspace {
    /// Saves the entry at a place, which has the other parity, before it is changed.
    #[cold]
    pub(in super::super) fn save(
        &self,
        cut: Cut,
        database: usize,
        guarded: &mut Guarded,
        place: Place,
    ) {
        if cut.is_active() {
            let deadline = guarded.table(place).deadline(place.position);
            let number = self.captures.number(database);
            self.captures.save(guarded.slot(place), deadline, number);
        }
        guarded.slot_mut(place).set_parity(cut.parity());
    }

    /// Frees an entry that was taken out, or hands it over if it is not in the capture yet. Call it
    /// before the stripe's lock goes.
    #[inline]
    pub(in super::super) fn let_go(&self, cut: Cut, database: usize, slot: Slot, deadline: Millis) {
        if slot.parity() != cut.parity() && cut.is_active() {
            self.hand_over(database, slot, deadline);
        } else {
            self.discard(slot);
        }
    }

    #[cold]
    fn hand_over(&self, database: usize, slot: Slot, deadline: Millis) {
        if self.captures.was_dead(&slot, deadline) {
            self.discard(slot);
        } else {
            self.captures.take_over(slot, deadline, self.captures.number(database));
        }
    }

    /// As [`Keyspace::let_go`], for all that a stripe held.
    pub(in super::super) fn let_stripe_go(&self, cut: Cut, database: usize, mut taken: Guarded) {
        if !cut.is_active() || taken.len() == 0 {
            self.discard_stripe(taken);
            return;
        }
        let number = self.captures.number(database);
        let streamed = {
            let shared = self.captures.shared.lock();
            let stream = shared.stream.as_ref().filter(|stream| stream.database() == number);
            stream.map(|stream| stream.key().to_vec())
        };
        if let Some(key) = streamed
            && let Some(place) = taken.find(&key, self.hash(&key))
        {
            let (slot, deadline) = taken.remove(place);
            self.captures.take_over(slot, deadline, number);
        }
        let mut shared = self.captures.shared.lock();
        shared.taken.push_back(Taken::Stripe(number, Box::new(taken)));
    }
}

impl Keys<'_> {
    /// What a view does before it changes the entry at a place.
    #[inline]
    pub(in super::super) fn save_at(&mut self, hash: u64, place: Place) {
        let (space, cut, database) = (self.space(), self.cut, self.database);
        if let Some(guarded) = self.guarded_mut(database, hash)
            && guarded.slot(place).parity() != cut.parity()
        {
            space.save(cut, database, guarded, place);
        }
    }

    /// Puts a string in place of what is at a place, and sees to what was there.
    #[inline]
    pub(in super::super) fn overwrite(&mut self, hash: u64, place: Place, value: &[u8]) {
        let (space, cut, database) = (self.space(), self.cut, self.database);
        let Some(guarded) = self.guarded_mut(database, hash) else { return };
        let slot = guarded.slot(place);
        if slot.parity() == cut.parity() {
            if let Some(old) = guarded.set_string(place, value) {
                space.discard(old);
            }
            return;
        }
        if !cut.is_active() || !is_big(slot) {
            space.save(cut, database, guarded, place);
            if let Some(old) = guarded.set_string(place, value) {
                space.discard(old);
            }
            return;
        }
        let deadline = guarded.table(place).deadline(place.position);
        let old = guarded.replace_string(place, value);
        space.let_go(cut, database, old, deadline);
        guarded.slot_mut(place).set_parity(cut.parity());
    }
}

/// What a sweep does to entries that are not in the capture yet.
pub(in super::super) struct Saver<'k> {
    space: &'k Keyspace,
    cut: Cut,
    number: usize,
}

impl<'k> Saver<'k> {
    /// For the entries of a database.
    pub(in super::super) fn new(space: &'k Keyspace, cut: Cut, database: usize) -> Saver<'k> {
        Saver { space, cut, number: space.captures.number(database) }
    }

    /// Before dead parts of an entry are freed; says whether they may be. Of a big one that is
    /// not in the capture stay for now.
    pub(in super::super) fn may_thin(&self, slot: &mut Slot, deadline: Millis) -> bool {
        if slot.parity() != self.cut.parity() {
            if self.cut.is_active() {
                if is_big(slot) {
                    return false;
                }
                self.space.captures.save(slot, deadline, self.number);
            }
            slot.set_parity(self.cut.parity());
        }
        true
    }
}

impl Stream {
    /// Begins to write down the entry at a place.
    pub(super) fn begin(
        captures: &Captures,
        number: usize,
        slot: &Slot,
        deadline: Millis,
        to: &mut Vec<u8>,
    ) {
        debug_assert!(deadline == NEVER || deadline > captures.now.load(Relaxed));
        let mut shared = captures.shared.lock();
        shared.count += 1;
        let count = shared.count;
        put_begin(count, Captures::head(slot, deadline, number), to);
        shared.stream = Some(Stream::new(number, slot.key(), Freezing::new(count)));
        captures.entries.fetch_add(1, Relaxed);
    }
}
