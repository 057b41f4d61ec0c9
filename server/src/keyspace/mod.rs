//! keyspace — the keys of all databases: stripes, entries, deadlines, scan, watch.
//!
//! A database is a power of two of stripes; the top bits of a key's hash choose one. A command is
//! handed [`Keys`], its view of the stripes that were locked for it; nothing else reaches a key.
//!
//! Invariants
//! - Whoever touches a stripe holds the [`Gate`] shared, or holds it exclusively and then needs no
//!   stripe lock ([`Keys::whole`]). Several stripes are locked in ascending order, each once.
//! - A key is dead when `now >= deadline`, or when all inside its object is. Dead keys are seen by
//!   nobody; when their memory goes changes no meaning.
//! - The hash seed and the number of stripes belong to the data set, not to the machine.
//!
//! Not here: what a value means (engines), which stripes a command needs (`route`).

mod access;
mod ahead;
mod capture;
mod changed;
mod digest;
mod edit;
mod entry;
mod gate;
mod keys;
mod later;
mod load;
mod mortal;
mod object;
mod placement;
mod relocate;
mod scan;
mod shape;
mod shelf;
mod stripe;
mod sweep;
mod table;
mod value;
mod wait;
mod watch;

#[cfg(test)]
mod tests;

pub use ahead::Sought;
pub use capture::{Capture, Filling, Head, Item, Items};
pub use changed::Changed;
pub use edit::Edit;
pub use entry::BYTES_MAX;
pub use gate::{Exclusive, Gate, Shared};
pub use keys::Keys;
pub use later::{Aside, Later};
pub use mortal::Mortal;
pub use object::{Distinct, Elements, Kind, Object, STRING_NAME, STRING_TAG};
pub use placement::{Placed, Placement};
pub use shape::{Bounds, PACKED_BYTES_MAX, Pack, Shape};
pub use shelf::{SHELF_TAG_MIN, Shelf};
pub use sweep::Swept;
pub use value::{Ttl, Value};
pub use wait::{Ready, Waiter};
pub use watch::Watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use stripe::{Guarded, Held, Stripe};

use crate::clock::Millis;

/// Stripes of one database.
const STRIPE_BITS: u32 = 10;

/// A value whose memory is at least this much is freed later, not by whoever removed it.
const BIG_BYTES: usize = 64 * 1024;

/// Every key of the process.
pub struct Keyspace {
    databases: Box<[Database]>,
    seed: u64,
    collecting: changed::Collecting,
    gate: Gate,
    later: Option<Later>,
    captures: capture::Captures,
    /// The kind that each form of Redis's serialisation is read by.
    kinds: Box<[Option<&'static Kind>; 256]>,
}

struct Database {
    stripes: Box<[Stripe]>,
    /// No deadline in the stripe of the same index is earlier.
    dues: Box<[AtomicU64]>,
    shelf: shelf::Gated,
}

/// One stripe of one database; ordered as stripes are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StripeId(u32);

impl StripeId {
    fn new(database: usize, index: usize) -> StripeId {
        StripeId((database << STRIPE_BITS | index) as u32)
    }

    fn database(self) -> usize {
        (self.0 >> STRIPE_BITS) as usize
    }

    fn index(self) -> usize {
        self.0 as usize & ((1 << STRIPE_BITS) - 1)
    }
}

/// What is known of one database without locking anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Keys, those included that are dead and not yet freed.
    pub keys: usize,
    /// Keys with a deadline.
    pub volatile: usize,
    /// Keys with a deadline inside, see [`Mortal`].
    pub mortal: usize,
    /// Heap bytes of entries, values and tables.
    pub weight: usize,
}

impl Keyspace {
    /// Empty databases. `seed` keys the hash: it belongs to the data set. Big values that are
    /// removed are freed `later`; without that they are freed on the spot.
    pub fn new(databases: usize, seed: u64, later: Option<Later>) -> Keyspace {
        let stripes = 1 << STRIPE_BITS;
        let database = || Database {
            stripes: (0..stripes).map(|_| Stripe::default()).collect(),
            dues: (0..stripes).map(|_| AtomicU64::new(Millis::MAX)).collect(),
            shelf: shelf::Gated::default(),
        };
        Keyspace {
            databases: (0..databases.max(1)).map(|_| database()).collect(),
            seed,
            collecting: changed::Collecting::default(),
            gate: Gate::default(),
            later,
            captures: capture::Captures::new(databases.max(1)),
            kinds: Box::new([None; 256]),
        }
    }

    /// Makes values of these kinds restorable.
    pub fn learn(&mut self, kinds: impl Iterator<Item = &'static Kind>) {
        for kind in kinds {
            for &form in kind.forms {
                self.kinds[usize::from(form)] = Some(kind);
            }
        }
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.databases.len()
    }

    /// The lock that orders commands which know their keys and commands which do not.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The hash that decides where a key lives.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        crate::structure::hash(key, self.seed)
    }

    /// The stripe of a key's hash.
    #[inline]
    pub fn stripe_of(&self, database: usize, hash: u64) -> StripeId {
        StripeId::new(database, (hash >> (64 - STRIPE_BITS)) as usize)
    }

    /// Asks the processor to fetch what a lookup of this hash reads first. A hint.
    #[inline]
    pub fn prefetch(&self, database: usize, hash: u64) {
        self.stripe(self.stripe_of(database, hash)).prefetch(hash);
    }

    /// Asks the processor to fetch the entry that a lookup of this hash would read; looks at the
    /// index, so call [`Keyspace::prefetch`] some time before. Takes the stripe's lock to look.
    #[inline]
    pub fn prefetch_entry(&self, gate: &Shared<'_>, database: usize, hash: u64) {
        gate.must_be_of(&self.gate);
        let held = self.lock(self.stripe_of(database, hash));
        if let Some(slot) = held.get().candidate(hash) {
            crate::structure::prefetch(slot.address());
            crate::structure::prefetch(slot.address().wrapping_add(64));
        }
    }

    /// What is known of a database without locking.
    pub fn census(&self, database: usize) -> Census {
        let mut census = Census::default();
        for stripe in self.databases.get(database).map_or(&[][..], |found| &found.stripes[..]) {
            census.keys += stripe.meter().keys.load(Relaxed) as usize;
            census.volatile += stripe.meter().volatile.load(Relaxed) as usize;
            census.mortal += stripe.meter().mortal.load(Relaxed) as usize;
            census.weight += stripe.meter().weight();
        }
        census
    }

    /// Lets `watch` be marked when the key changes. Says when the key, or something inside it, dies
    /// if nobody changes it; the maximum for never.
    pub fn watch(
        &self,
        gate: &Shared<'_>,
        database: usize,
        key: &[u8],
        now: Millis,
        watch: &Arc<Watch>,
    ) -> Millis {
        gate.must_be_of(&self.gate);
        let hash = self.hash(key);
        let mut held = self.lock(self.stripe_of(database, hash));
        let found = held.get().find(key, hash);
        let dead = found.filter(|&at| held.get().table(at).is_dead(at.position, now));
        let guarded = held.edit();
        // Freed now, so that freeing it later is not taken for a change.
        let living = found.filter(|_| dead.is_none());
        if let Some(place) = dead {
            let (slot, deadline) = guarded.remove(place);
            self.let_go(self.captures.cut(), database, slot, deadline);
        }
        let due = living.map_or(table::NEVER, |at| guarded.table(at).due_after(at.position, now));
        guarded.watchers.get_or_insert_default().add(key, watch);
        due
    }

    /// Takes a watch back.
    pub fn unwatch(&self, gate: &Shared<'_>, database: usize, key: &[u8], watch: &Arc<Watch>) {
        gate.must_be_of(&self.gate);
        let hash = self.hash(key);
        let mut held = self.lock(self.stripe_of(database, hash));
        let guarded = held.edit();
        if let Some(watchers) = &mut guarded.watchers {
            watchers.remove(key, watch);
            if watchers.is_empty() {
                guarded.watchers = None;
            }
        }
    }

    #[inline]
    fn stripe(&self, id: StripeId) -> &Stripe {
        &self.databases[id.database()].stripes[id.index()]
    }

    #[inline]
    fn due(&self, id: StripeId) -> &AtomicU64 {
        &self.databases[id.database()].dues[id.index()]
    }

    #[inline]
    fn lock(&self, id: StripeId) -> Held<'_> {
        self.stripe(id).lock(self.due(id))
    }

    #[inline]
    fn try_lock(&self, id: StripeId) -> Option<Held<'_>> {
        self.stripe(id).try_lock(self.due(id))
    }
}
