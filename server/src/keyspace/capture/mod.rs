//! keyspace/capture — the whole keyspace as it was at one instant, while it goes on changing.
//!
//! No copy of the process and none of the data: every slot has a *parity*, one bit, and so has the
//! keyspace. [`Keyspace::begin_capture`] turns the keyspace's over, alone behind the gate, and that
//! is the cut: entries of the other parity belong to the capture and are not in it yet. A *walker*
//! goes through all stripes ([`Keyspace::walk`]), a short step at a time, writes such entries down
//! and gives them the new parity, as new entries have from the start. A writer that is about to
//! change such an entry writes it down first ([`save`]); one that takes it out of the keyspace as
//! a whole hands it over, and the walker writes it down and frees it.
//!
//! Big values are written down in slices, between which others get the stripe's lock. Until such a
//! value is through, whoever would change it should wait ([`Keys::must_wait`]); whoever cannot wait
//! writes down what is left of it, however long that takes.
//!
//! Invariants
//! - Without a capture all slots have the keyspace's parity; with one, a slot that has it is in the
//!   capture or does not belong to it. The parity changes under the exclusive gate only, so a view
//!   may remember it.
//! - What is saved is what was alive at the capture's time. It may be earlier than the cut, never
//!   later than the time of a command that runs after it: what a later record finds alive must be
//!   there.
//! - A database is known by its number at the cut, whatever SWAPDB does meanwhile.
//! - What writers have saved and the walker has not yet taken is bounded: beyond
//!   [`PENDING_BYTES_MAX`] writers should wait.
//!
//! Not here: files (`persist::snapshot`), and holding clients back (`route`).

mod fill;
mod freezing;
mod item;
mod save;
mod walk;

use std::collections::VecDeque;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed,
};

use parking_lot::Mutex;

pub use fill::Filling;
pub use item::{Head, Item, Items};
pub use walk::Capture;

use freezing::Stream;
pub(super) use save::Saver;
use save::{Queue, Taken};

use super::entry::Slot;
use super::table::NEVER;
use super::{Exclusive, Keys, Keyspace};
use crate::clock::Millis;

/// Bytes that writers may have saved before they are to wait for the walker.
const PENDING_BYTES_MAX: usize = 32 << 20;

/// Big values that were asked for and are not yet begun; who asks beyond that asks again.
const WANTED_MAX: usize = 64;

const PARITY: u8 = 1;
const ACTIVE: u8 = 2;

/// What a view remembers: the parity, and whether a capture is being made.
#[derive(Clone, Copy)]
pub(super) struct Cut(u8);

impl Cut {
    #[inline]
    pub(super) fn parity(self) -> bool {
        self.0 & PARITY != 0
    }

    /// Whether entries of the other parity are to be saved; if not, what made them so was given
    /// up.
    #[inline]
    pub(super) fn is_active(self) -> bool {
        self.0 & ACTIVE != 0
    }
}

/// The capture that is being made, as writers see it.
pub(super) struct Captures {
    state: AtomicU8,
    now: AtomicU64,
    /// Bytes that writers have saved and the walker has not taken.
    pending: AtomicUsize,
    /// A big value is being written down, or asked for.
    is_wanted: AtomicBool,
    entries: AtomicU64,
    /// The number that each database had at the cut, and the other way round.
    numbers: Box<[AtomicU32]>,
    places: Box<[AtomicU32]>,
    shared: Mutex<Shared>,
}

/// Between writers and the walker. Locked behind a stripe's lock, never before it.
#[derive(Default)]
struct Shared {
    is_begun: bool,
    queue: Queue,
    taken: VecDeque<Taken>,
    stream: Option<Stream>,
    wanted: VecDeque<(usize, Box<[u8]>)>,
    count: u64,
    scratch: Vec<u8>,
}

impl Captures {
    pub(super) fn new(databases: usize) -> Captures {
        let numbers = || (0..databases as u32).map(AtomicU32::new).collect();
        Captures {
            state: AtomicU8::new(0),
            now: AtomicU64::new(0),
            pending: AtomicUsize::new(0),
            is_wanted: AtomicBool::new(false),
            entries: AtomicU64::new(0),
            numbers: numbers(),
            places: numbers(),
            shared: Mutex::default(),
        }
    }

    #[inline]
    pub(super) fn cut(&self) -> Cut {
        Cut(self.state.load(Relaxed))
    }

    /// Gives the keyspace this parity; none of its entries has another.
    pub(super) fn turn_to(&self, parity: bool) {
        self.state.store(u8::from(parity), Relaxed);
    }

    /// The number that a database had at the cut.
    fn number(&self, database: usize) -> usize {
        self.numbers[database].load(Relaxed) as usize
    }

    /// Two databases are exchanged; the gate is closed.
    pub(super) fn swap(&self, one: usize, other: usize) {
        let numbers = [self.number(one), self.number(other)];
        self.numbers[one].store(numbers[1] as u32, Relaxed);
        self.numbers[other].store(numbers[0] as u32, Relaxed);
        self.places[numbers[1]].store(one as u32, Relaxed);
        self.places[numbers[0]].store(other as u32, Relaxed);
    }

    /// Whether an entry was dead at the capture's time.
    fn was_dead(&self, slot: &Slot, deadline: Millis) -> bool {
        let now = self.now.load(Relaxed);
        let is_dead = |mortal: &dyn super::Mortal| mortal.is_dead(now);
        deadline <= now || slot.as_object().and_then(|object| object.mortal()).is_some_and(is_dead)
    }

    /// What is written down of an entry, its value excepted.
    fn head<'s>(slot: &'s Slot, deadline: Millis, number: usize) -> Head<'s> {
        Head {
            database: number,
            deadline: (deadline != NEVER).then_some(deadline),
            tag: slot.as_object().map_or(super::STRING_TAG, |object| object.kind().tag),
            key: slot.key(),
        }
    }
}

impl Keyspace {
    /// Begins a capture of everything as it is now: alone behind the gate, and at once. What is
    /// dead at `now` is left out; no command that runs afterwards may see an earlier time.
    ///
    /// `None` if one is being made already. The capture must be walked to its end and then be given
    /// to [`Keyspace::end_capture`].
    #[must_use]
    pub fn begin_capture(&self, gate: &mut Exclusive<'_>, now: Millis) -> Option<Capture> {
        gate.must_be_of(&self.gate);
        let captures = &self.captures;
        let mut shared = captures.shared.lock();
        if shared.is_begun {
            return None;
        }
        shared.is_begun = true;
        for (number, place) in captures.numbers.iter().zip(&captures.places).enumerate() {
            place.0.store(number as u32, Relaxed);
            place.1.store(number as u32, Relaxed);
        }
        captures.now.store(now, Relaxed);
        captures.entries.store(0, Relaxed);
        captures.state.store((captures.state.load(Relaxed) ^ PARITY) | ACTIVE, Relaxed);
        Some(Capture::new())
    }

    /// Ends a capture, one that was not walked to its end too: then nothing more is saved, and what
    /// was saved and not taken is forgotten.
    pub fn end_capture(&self, mut capture: Capture) {
        let captures = &self.captures;
        captures.state.fetch_and(!ACTIVE, Relaxed);
        // Whoever still believes in the capture holds a stripe that this must lock first.
        self.forget(&mut capture);
        let mut shared = captures.shared.lock();
        *shared = Shared::default();
        captures.pending.store(0, Relaxed);
        captures.is_wanted.store(false, Relaxed);
    }

    /// Whether a capture is being made.
    pub fn is_capturing(&self) -> bool {
        self.captures.cut().is_active()
    }

    /// Whether somebody waits for a big value to be written down: the walker should hurry.
    pub fn is_awaited(&self) -> bool {
        self.captures.is_wanted.load(Relaxed)
    }

    /// Entries that are in the capture so far.
    pub fn captured(&self) -> u64 {
        self.captures.entries.load(Relaxed)
    }
}

impl Keys<'_> {
    /// Whether a writer had better try again in a moment, since the walker cannot follow. Cheap
    /// without a capture.
    #[inline]
    pub fn must_pause(&self) -> bool {
        self.cut.is_active() && self.space().captures.pending.load(Relaxed) >= PENDING_BYTES_MAX
    }

    /// Whether a capture is being made, so that [`Keys::must_wait`] is to be asked.
    #[inline]
    pub fn is_captured(&self) -> bool {
        self.cut.is_active()
    }

    /// Whether who wants to change this key had better try again in a moment: a big value is there
    /// that is not wholly written down yet. The walker is asked to take it next.
    pub fn must_wait(&self, key: &[u8]) -> bool {
        let hash = self.hash(key);
        let Some(guarded) = self.guarded(self.database, hash) else { return false };
        let Some(place) = guarded.find(key, hash) else { return false };
        let slot = guarded.slot(place);
        let captures = &self.space().captures;
        if slot.parity() == self.cut.parity()
            || !freezing::is_big(slot)
            || captures.was_dead(slot, guarded.table(place).deadline(place.position))
        {
            return false;
        }
        let number = captures.number(self.database);
        let mut shared = captures.shared.lock();
        let is_known = shared.stream.as_ref().is_some_and(|stream| stream.is_of(number, key))
            || shared.wanted.iter().any(|(of, wanted)| *of == number && **wanted == *key);
        if !is_known && shared.wanted.len() < WANTED_MAX {
            shared.wanted.push_back((number, key.into()));
        }
        captures.is_wanted.store(true, Relaxed);
        true
    }
}
