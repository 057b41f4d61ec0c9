//! keyspace/wait.rs — calls that wait for a key to change, in the order in which they came.
//!
//! A waiting call stands in the stripe of each key that it waits for. Whatever changes such a key
//! makes it *ready*, and whoever made it ready looks, before its locks go, whom that serves. What a
//! call is, and how it is served, is not known here: see `route`.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::hash_map::EntryRef;

use super::StripeId;
use super::keys::{Keys, Scope};
use super::stripe::{Held, KeyMap};

/// A call that waits for a key.
#[derive(Clone)]
pub struct Waiter {
    /// What `route` knows of it.
    pub call: Arc<dyn Any + Send + Sync>,
    /// The kind of value, by TYPE's name, that it waits for.
    pub kind: &'static str,
    /// Whether it must also know when the key goes, or becomes something else.
    pub always: bool,
}

/// The calls that wait for a stripe's keys.
#[derive(Default)]
pub(super) struct Waiters {
    by_key: KeyMap<Queue>,
}

#[derive(Default)]
struct Queue {
    waiters: VecDeque<Waiter>,
    /// How many of them must always know.
    always: usize,
}

impl Waiters {
    #[inline]
    pub(super) fn is_awaited(&self, key: &[u8]) -> bool {
        !self.by_key.is_empty() && self.by_key.contains_key(key)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The awaited keys for which `is_there` says yes.
    fn awaited_where(&self, mut is_there: impl FnMut(&[u8]) -> bool) -> Vec<Box<[u8]>> {
        self.by_key.keys().filter(|key| is_there(key)).cloned().collect()
    }

    fn add(&mut self, key: &[u8], waiter: Waiter) {
        let queue = match self.by_key.entry_ref(key) {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => entry.insert_with_key(key.into(), Queue::default()),
        };
        // A call that names a key twice is added twice in a row, and counts where it came first.
        if queue.waiters.back().is_some_and(|last| Arc::ptr_eq(&last.call, &waiter.call)) {
            return;
        }
        if queue.waiters.is_empty() {
            // A call may wait for very many keys that nobody else waits for.
            queue.waiters.reserve_exact(1);
        }
        queue.always += usize::from(waiter.always);
        queue.waiters.push_back(waiter);
    }

    fn remove(&mut self, key: &[u8], call: &Arc<dyn Any + Send + Sync>) {
        let EntryRef::Occupied(mut entry) = self.by_key.entry_ref(key) else { return };
        let queue = entry.get_mut();
        // Nearly always the first: it is served first.
        if let Some(at) = queue.waiters.iter().position(|waiter| Arc::ptr_eq(&waiter.call, call))
            && let Some(waiter) = queue.waiters.remove(at)
        {
            queue.always -= usize::from(waiter.always);
        }
        if queue.waiters.is_empty() {
            entry.remove();
        }
    }
}

/// An awaited key that has changed: its database and name.
pub type Ready = (usize, Box<[u8]>);

impl<'a> Keys<'a> {
    /// Puts a call behind those that wait for the key already.
    pub fn await_key(&mut self, key: &[u8], waiter: Waiter) {
        let (hash, database) = (self.hash(key), self.database());
        if let Some(guarded) = self.guarded_mut(database, hash) {
            guarded.watchers.get_or_insert_default().waiters.add(key, waiter);
        }
    }

    /// Takes a call out of those that wait for the key.
    pub fn forget(&mut self, key: &[u8], call: &Arc<dyn Any + Send + Sync>) {
        let (hash, database) = (self.hash(key), self.database());
        if let Some(guarded) = self.guarded_mut(database, hash)
            && let Some(watchers) = &mut guarded.watchers
        {
            watchers.waiters.remove(key, call);
            if watchers.is_empty() {
                guarded.watchers = None;
            }
        }
    }

    /// The call that is `at`-th of those that wait for the key.
    pub fn waiter(&self, key: &[u8], at: usize) -> Option<Waiter> {
        self.queue(key)?.waiters.get(at).cloned()
    }

    /// How many calls wait for the key to hold a `kind` of value.
    #[inline]
    pub fn waiting(&self, key: &[u8], kind: &str) -> usize {
        match self.queue(key) {
            None => 0,
            Some(queue) => queue.waiters.iter().filter(|waiter| waiter.kind == kind).count(),
        }
    }

    /// Whether a call that waits for the key must also know that it has gone.
    pub fn must_tell(&self, key: &[u8]) -> bool {
        self.queue(key).is_some_and(|queue| queue.always > 0)
    }

    fn queue(&self, key: &[u8]) -> Option<&Queue> {
        let guarded = self.guarded(self.database(), self.hash(key))?;
        guarded.watchers.as_ref()?.waiters.by_key.get(key)
    }

    /// Whether an awaited key has changed.
    #[inline]
    pub fn has_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// The next awaited key that has changed, in the order of the changes.
    pub fn next_ready(&mut self) -> Option<Ready> {
        let ready = self.ready.as_mut()?;
        let next = ready.pop_front();
        if next.is_none() {
            self.ready = None;
        }
        next
    }

    /// Notes that an awaited key has changed, if what it is now is of use to one who waits.
    #[cold]
    pub(super) fn make_ready(&mut self, database: usize, key: &[u8]) {
        let home = self.database();
        self.select(database);
        let kind = self.peek(key).map(|value| value.kind());
        let is_wanted = self.queue(key).is_some_and(|queue| {
            queue.always > 0 || queue.waiters.iter().any(|waiter| Some(waiter.kind) == kind)
        });
        self.select(home);
        if !is_wanted {
            return;
        }
        let ready = self.ready.get_or_insert_default();
        // A transaction may push to a key over and over. To look at one twice does no harm.
        if ready.back().is_none_or(|(at, last)| *at != database || &**last != key) {
            ready.push_back((database, key.into()));
        }
    }

    /// The awaited keys of a stripe for which `is_there` says yes.
    pub(super) fn awaited(&self, id: StripeId, is_there: impl FnMut(&[u8]) -> bool) -> Vec<Ready> {
        let watchers = self.stripe(id).and_then(|guarded| guarded.watchers.as_ref());
        let keys = watchers.map(|watchers| watchers.waiters.awaited_where(is_there));
        keys.into_iter().flatten().map(|key| (id.database(), key)).collect()
    }

    /// Adds stripes to the view, if nobody else holds them: waiting for them out of order is not
    /// allowed. Says whether all of them are in the view now; if not, nothing was added.
    pub fn reach(&mut self, stripes: &[StripeId]) -> bool {
        let mut stripes = stripes.to_vec();
        stripes.sort_unstable();
        stripes.dedup();
        let missing = stripes.iter().filter(|&&id| !self.covers(id));
        let space = self.space();
        let locked: Option<Vec<(StripeId, Held<'a>)>> =
            missing.map(|&id| Some((id, space.try_lock(id)?))).collect();
        let Some(locked) = locked else { return false };
        if !locked.is_empty() {
            self.widen(locked);
        }
        true
    }

    /// Whether a stripe is in the view.
    fn covers(&self, id: StripeId) -> bool {
        match &self.scope {
            // A view of one stripe is asked for no other, so it does not look which it is.
            Scope::One(only, _) => *only == id,
            _ => self.stripe(id).is_some(),
        }
    }

    /// Adds locked stripes to the view; a view of one stripe becomes one of several.
    fn widen(&mut self, locked: Vec<(StripeId, Held<'a>)>) {
        let mut held = match std::mem::replace(&mut self.scope, Scope::Many(Vec::new())) {
            Scope::One(id, held) => vec![(id, held)],
            Scope::Many(held) => held,
            // Whoever looks at all stripes, or has them all, misses none.
            whole => {
                self.scope = whole;
                return;
            }
        };
        held.extend(locked);
        held.sort_unstable_by_key(|(id, _)| *id);
        self.scope = Scope::Many(held);
    }
}
