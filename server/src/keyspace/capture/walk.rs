//! keyspace/capture/walk.rs — the walker: everything that is to be in a capture, a step at a time.
//!
//! A step holds the gate shared and one stripe's lock for some tens of microseconds at most: it
//! writes down some [`ENTRIES`] small entries, or a slice of a big value. The walk goes through the
//! databases by their number at the cut, and through each table from its end, like SCAN: so it
//! meets every entry that stays, and the parity has each of them written down once.

use std::sync::atomic::Ordering::Relaxed;

use super::freezing::{Freezing, Stream, is_big};
use super::item::{put_begin, put_entry};
use super::save::Taken;
use super::{Captures, Cut};
use crate::clock::Millis;
use crate::keyspace::entry::Slot;
use crate::keyspace::stripe::{Guarded, Place, ScanPoint};
use crate::keyspace::{Keyspace, STRIPE_BITS, StripeId};

/// Entries that a step looks at.
const ENTRIES: usize = 256;
/// Bytes of small entries after which a step ends.
const BYTES: usize = 32 * 1024;
/// Chunks of what writers saved that a step takes.
const CHUNKS: usize = 4;
/// Slots that a step gives the new parity when nothing is to be saved: it reads no entry.
const FORGOTTEN: usize = 4096;

/// A capture as the walker holds it: how far it is.
pub struct Capture {
    /// The database by its number at the cut, and the stripe.
    database: usize,
    stripe: usize,
    point: ScanPoint,
    /// What was taken out of the keyspace and is being written down.
    taken: Option<Taken>,
    places: Vec<Place>,
    scratch: Vec<u8>,
    frozen: Vec<u8>,
}

impl Capture {
    pub(super) fn new() -> Capture {
        Capture {
            database: 0,
            stripe: 0,
            point: ScanPoint::default(),
            taken: None,
            places: Vec::new(),
            scratch: Vec::new(),
            frozen: Vec::new(),
        }
    }

    fn advance(&mut self) {
        self.point = ScanPoint::default();
        self.stripe += 1;
        if self.stripe >> STRIPE_BITS != 0 {
            self.stripe = 0;
            self.database += 1;
        }
    }
}

/// What came of a step over a stripe.
enum Step {
    /// The walk goes on here.
    Here(ScanPoint),
    /// The stripe is through.
    Through,
}

impl Keyspace {
    /// Appends the next items of the capture, after a short step; says whether there may be more.
    /// A step appends about a MiB at most, and an item never lies in two.
    pub fn walk(&self, capture: &mut Capture, to: &mut Vec<u8>) -> bool {
        let is_drained = self.drain(to);
        if let Some(mut taken) = capture.taken.take().or_else(|| self.next_taken()) {
            let is_done = self.write_taken(&mut taken, capture, to);
            if !is_done {
                capture.taken = Some(taken);
            }
            return true;
        }
        let gate = self.gate.share();
        let is_through = !self.stream_slice(capture, to)
            && !self.begin_wanted(to)
            && !self.scan_some(capture, to, false);
        drop(gate);
        !(is_through && is_drained)
    }

    /// Takes what writers have saved; says whether that was all there was.
    fn drain(&self, to: &mut Vec<u8>) -> bool {
        for _ in 0..CHUNKS {
            let Some(chunk) = self.captures.shared.lock().queue.take() else { return true };
            to.extend_from_slice(&chunk);
            self.captures.pending.fetch_sub(chunk.len(), Relaxed);
            self.captures.shared.lock().queue.give_back(chunk);
        }
        let shared = self.captures.shared.lock();
        shared.queue.is_empty() && shared.taken.is_empty()
    }

    fn next_taken(&self) -> Option<Taken> {
        self.captures.shared.lock().taken.pop_front()
    }

    /// Writes down some of what was taken out, and frees it: no lock is needed. Says whether it is
    /// done.
    fn write_taken(&self, taken: &mut Taken, capture: &mut Capture, to: &mut Vec<u8>) -> bool {
        let captures = &self.captures;
        let parity = captures.cut().parity();
        match taken {
            Taken::Entry(number, deadline, slot, freezing) => {
                if freezing.is_none() && !is_big(slot) {
                    self.write_small(slot, *deadline, *number, &mut capture.frozen, to);
                    return true;
                }
                let freezing = freezing.get_or_insert_with(|| {
                    let mut shared = captures.shared.lock();
                    shared.count += 1;
                    put_begin(shared.count, Captures::head(slot, *deadline, *number), to);
                    captures.entries.fetch_add(1, Relaxed);
                    Freezing::new(shared.count)
                });
                !freezing.slice(slot, captures.now.load(Relaxed), &mut capture.scratch, to)
            }
            Taken::Stripe(number, stripe) => {
                let number = *number;
                let begin = to.len();
                for _ in 0..ENTRIES {
                    let Some((slot, deadline)) = stripe.shed_with_deadline() else { return true };
                    if slot.parity() == parity || captures.was_dead(&slot, deadline) {
                        continue;
                    }
                    if is_big(&slot) {
                        let mut shared = captures.shared.lock();
                        shared.taken.push_back(Taken::Entry(number, deadline, slot, None));
                        continue;
                    }
                    self.write_small(&slot, deadline, number, &mut capture.frozen, to);
                    if to.len() - begin >= BYTES {
                        break;
                    }
                }
                false
            }
        }
    }

    fn write_small(
        &self,
        slot: &Slot,
        deadline: Millis,
        number: usize,
        frozen: &mut Vec<u8>,
        to: &mut Vec<u8>,
    ) {
        let head = Captures::head(slot, deadline, number);
        match slot.as_object() {
            None => put_entry(head, slot.as_string().unwrap_or_default(), to),
            Some(object) => {
                frozen.clear();
                object.freeze_at(self.captures.now.load(Relaxed), frozen);
                put_entry(head, frozen, to);
            }
        }
        self.captures.entries.fetch_add(1, Relaxed);
    }

    /// The stripe of a database that had a number at the cut.
    fn stripe_at_cut(&self, number: usize, stripe: usize) -> StripeId {
        StripeId::new(self.captures.places[number].load(Relaxed) as usize, stripe)
    }

    /// Writes a slice of the big value that was begun; says whether there was one.
    fn stream_slice(&self, capture: &mut Capture, to: &mut Vec<u8>) -> bool {
        let captures = &self.captures;
        let Some((number, key)) = ({
            let shared = captures.shared.lock();
            shared.stream.as_ref().map(|stream| (stream.database(), stream.key().to_vec()))
        }) else {
            return false;
        };
        let hash = self.hash(&key);
        let id = self.stripe_at_cut(number, self.stripe_of(0, hash).index());
        let mut held = self.lock(id);
        // With the stripe locked, nobody else goes on with the value.
        let stream = captures.shared.lock().stream.take_if(|stream| stream.is_of(number, &key));
        let Some(mut stream) = stream else { return true };
        let guarded = held.edit_quietly();
        let Some(place) = guarded.find(&key, hash) else {
            unreachable!("whoever takes a value out that is being written down takes that over")
        };
        let slot = guarded.slot(place);
        let now = captures.now.load(Relaxed);
        if stream.freezing.slice(slot, now, &mut capture.scratch, to) {
            captures.shared.lock().stream = Some(stream);
        } else {
            let parity = captures.cut().parity();
            guarded.slot_mut(place).set_parity(parity);
            let shared = captures.shared.lock();
            captures.is_wanted.store(!shared.wanted.is_empty(), Relaxed);
        }
        held.release_fairly();
        true
    }

    /// Begins a big value that a writer waits for; says whether there was one.
    fn begin_wanted(&self, to: &mut Vec<u8>) -> bool {
        let captures = &self.captures;
        if !captures.is_wanted.load(Relaxed) {
            return false;
        }
        let wanted = {
            let mut shared = captures.shared.lock();
            let wanted = shared.wanted.pop_front();
            captures.is_wanted.store(wanted.is_some(), Relaxed);
            wanted
        };
        let Some((number, key)) = wanted else { return false };
        let hash = self.hash(&key);
        let held = self.lock(self.stripe_at_cut(number, self.stripe_of(0, hash).index()));
        let guarded = held.get();
        if let Some(place) = guarded.find(&key, hash) {
            let slot = guarded.slot(place);
            let deadline = guarded.table(place).deadline(place.position);
            if slot.parity() != captures.cut().parity()
                && is_big(slot)
                && !captures.was_dead(slot, deadline)
            {
                Stream::begin(captures, number, slot, deadline, to);
            }
        }
        true
    }

    /// Looks at some more entries, or, to `forget`, only gives them the new parity. Says whether
    /// there are more.
    fn scan_some(&self, capture: &mut Capture, to: &mut Vec<u8>, forget: bool) -> bool {
        for _ in 0..1 << STRIPE_BITS {
            if capture.database >= self.databases() {
                return false;
            }
            let id = self.stripe_at_cut(capture.database, capture.stripe);
            // An entry of the old parity was there at the cut, and counted.
            if self.stripe(id).meter().keys.load(Relaxed) == 0 {
                capture.advance();
                continue;
            }
            let mut held = self.lock(id);
            let guarded = held.edit_quietly();
            let step = if forget {
                forget_some(guarded, capture, self.captures.cut())
            } else {
                self.save_some(guarded, capture, to)
            };
            match step {
                Step::Here(point) => {
                    capture.point = point;
                    held.release_fairly();
                }
                Step::Through => {
                    drop(held);
                    capture.advance();
                }
            }
            return true;
        }
        true
    }

    fn save_some(&self, guarded: &mut Guarded, capture: &mut Capture, to: &mut Vec<u8>) -> Step {
        let captures = &self.captures;
        let (cut, now) = (captures.cut(), captures.now.load(Relaxed));
        let places = &mut capture.places;
        places.clear();
        let (_, next) = guarded.scan(capture.point, ENTRIES, |place| places.push(place));
        for &place in &*places {
            let slot = guarded.slot(place);
            if slot.parity() != cut.parity() {
                crate::structure::prefetch(slot.address());
                crate::structure::prefetch(slot.address().wrapping_add(64));
            }
        }
        let (begin, mut count) = (to.len(), 0);
        let mut is_cut_short = false;
        for &place in &*places {
            let slot = guarded.slot(place);
            if slot.parity() == cut.parity() {
                continue;
            }
            if to.len() - begin >= BYTES {
                is_cut_short = true;
                break;
            }
            let deadline = guarded.table(place).deadline(place.position);
            if !captures.was_dead(slot, deadline) {
                if is_big(slot) {
                    Stream::begin(captures, capture.database, slot, deadline, to);
                    is_cut_short = true;
                    break;
                }
                let head = Captures::head(slot, deadline, capture.database);
                match slot.as_object() {
                    None => put_entry(head, slot.as_string().unwrap_or_default(), to),
                    Some(object) => {
                        capture.frozen.clear();
                        object.freeze_at(now, &mut capture.frozen);
                        put_entry(head, &capture.frozen, to);
                    }
                }
                count += 1;
            }
            guarded.slot_mut(place).set_parity(cut.parity());
        }
        captures.entries.fetch_add(count, Relaxed);
        match next {
            // What was done already is not done again.
            _ if is_cut_short => Step::Here(capture.point),
            Some(next) => Step::Here(next),
            None => Step::Through,
        }
    }

    /// Gives everything the new parity, without saving it.
    pub(super) fn forget(&self, capture: &mut Capture) {
        let mut nothing = Vec::new();
        loop {
            let gate = self.gate.share();
            let more = self.scan_some(capture, &mut nothing, true);
            drop(gate);
            if !more {
                break;
            }
        }
    }
}

fn forget_some(guarded: &mut Guarded, capture: &mut Capture, cut: Cut) -> Step {
    let places = &mut capture.places;
    places.clear();
    let (_, next) = guarded.scan(capture.point, FORGOTTEN, |place| places.push(place));
    for place in places {
        guarded.slot_mut(*place).set_parity(cut.parity());
    }
    next.map_or(Step::Through, Step::Here)
}
