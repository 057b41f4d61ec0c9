//! tracking — who caches which keys, for CLIENT TRACKING: readers are remembered by the names of
//! the keys they read, and told once when one changes; broadcasts go by prefix.
//!
//! Invariants
//! - A reader is remembered while the stripes it read are locked, and a change is told after it was
//!   made: no change is missed. Telling happens before the writer's reply is sent.
//! - The names are bounded by `tracking-table-max-keys`; one more forgets another, whose readers
//!   are told so. What a client that has gone was remembered for stays until the key changes, as in
//!   Redis (numbers of clients are never used again); when nobody tracks, all is forgotten.
//!
//! Not here: the commands (`system/client`), the collecting of changes (`keyspace/changed.rs`).

mod readers;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use mainstay_protocol::Version;
use parking_lot::RwLock;

use crate::clients::{Card, Clients};
use crate::keyspace::{Changed, Keyspace};
use crate::mail::{Address, Message, Post};
use crate::session::Session;
use readers::Readers;

/// What a client has asked for with CLIENT TRACKING; others see the rest of it on its card.
#[derive(Debug, Default)]
pub struct Cache {
    /// Only what CLIENT CACHING YES precedes is remembered.
    pub opt_in: bool,
    /// What CLIENT CACHING NO precedes is not remembered.
    pub opt_out: bool,
    /// CLIENT CACHING was given for the next command or transaction.
    pub caching: bool,
    /// Whether changes are told by prefix, whatever was read.
    pub broadcast: bool,
    /// The prefixes, for broadcasts.
    pub prefixes: BTreeSet<Box<[u8]>>,
}

impl Cache {
    /// Whether what is read now is remembered.
    #[inline]
    pub fn remembers(&self) -> bool {
        match (self.opt_in, self.opt_out) {
            _ if self.broadcast => false,
            (true, _) => self.caching,
            (_, true) => !self.caching,
            (false, false) => true,
        }
    }
}

/// How a client tracks, as its card shows it: bits of [`Card::tracking`].
pub mod bits {
    /// It tracks.
    pub const ON: u8 = 1;
    /// By prefix.
    pub const BROADCAST: u8 = 2;
    /// It is not told of its own changes.
    pub const NO_LOOP: u8 = 4;
    /// The client that its invalidations were redirected to is gone.
    pub const BROKEN: u8 = 8;
}

/// See the module. The lock of a shard of `readers` is never held together with another.
#[derive(Default)]
pub struct Tracking {
    readers: Readers,
    clients: RwLock<BTreeMap<u64, Arc<Card>>>,
    prefixes: RwLock<BTreeMap<Box<[u8]>, BTreeSet<u64>>>,
    /// As many as `prefixes` holds.
    prefix_count: AtomicUsize,
}

/// How much is remembered, as INFO shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Clients that track.
    pub clients: usize,
    /// Names of keys.
    pub keys: usize,
    /// Pairs of a name and a client.
    pub items: usize,
    /// Prefixes with clients.
    pub prefixes: usize,
}

impl Tracking {
    /// An empty registry; `seed` keys the hash of names.
    pub fn new(seed: u64) -> Tracking {
        Tracking { readers: Readers::new(seed), ..Tracking::default() }
    }

    /// A client begins to track, or says anew how; its card says it already.
    pub fn enter(&self, session: &Session, keyspace: &Keyspace) {
        let mut clients = self.clients.write();
        clients.insert(session.id, Arc::clone(&session.card));
        if let Some(cache) = session.cache.as_ref().filter(|cache| cache.broadcast) {
            let mut prefixes = self.prefixes.write();
            for prefix in &cache.prefixes {
                prefixes.entry(prefix.clone()).or_default().insert(session.id);
            }
            self.prefix_count.store(prefixes.len(), Relaxed);
        }
        keyspace.collect_changes(true);
    }

    /// A client tracks no longer.
    pub fn leave(&self, session: &mut Session, keyspace: &Keyspace) {
        let Some(cache) = session.cache.take() else { return };
        session.card.tracking.store(0, Relaxed);
        session.card.redirect.store(0, Relaxed);
        let mut clients = self.clients.write();
        clients.remove(&session.id);
        if cache.broadcast {
            let mut prefixes = self.prefixes.write();
            for prefix in &cache.prefixes {
                if let Some(ids) = prefixes.get_mut(prefix) {
                    ids.remove(&session.id);
                    if ids.is_empty() {
                        prefixes.remove(prefix);
                    }
                }
            }
            self.prefix_count.store(prefixes.len(), Relaxed);
        }
        if clients.is_empty() {
            keyspace.collect_changes(false);
            self.readers.clear();
        }
    }

    /// Remembers that a client has read a key; call it while the key's stripe is locked.
    pub fn remember(&self, id: u64, key: &[u8]) {
        self.readers.add(key, id);
    }

    /// Forgets keys until no more than `most` are remembered (0: no bound); tells their readers.
    pub fn limit(&self, most: usize, all: &Clients, post: &mut Post) {
        while most > 0 && self.readers.keys() > most {
            let Some((key, ids)) = self.readers.take_any() else { return };
            self.tell_readers(&key, &ids, 0, all, post);
        }
    }

    /// Tells everybody concerned what the client `writer` (0: nobody) has changed.
    pub fn tell(&self, mut changed: Changed, writer: u64, all: &Clients, post: &mut Post) {
        for key in &changed.keys {
            let ids = self.readers.take(key);
            if !ids.is_empty() {
                self.tell_readers(key, &ids, writer, all, post);
            }
        }
        if self.prefix_count.load(Relaxed) > 0 && !changed.keys.is_empty() {
            changed.keys.sort_unstable();
            changed.keys.dedup();
            self.broadcast(&changed.keys, writer, all, post);
        }
        if changed.everything {
            self.readers.clear();
            let cards: Vec<_> = self.clients.read().values().cloned().collect();
            self.send(cards.iter(), &[], all, post);
        }
    }

    fn tell_readers(&self, key: &[u8], ids: &[u64], writer: u64, all: &Clients, post: &mut Post) {
        let clients = self.clients.read();
        let cards = ids.iter().filter_map(|id| clients.get(id)).filter(|card| {
            let how = card.tracking.load(Relaxed);
            how & bits::BROADCAST == 0 && hears_of(card, how, writer)
        });
        let mut payload = Vec::new();
        encode_keys(&[key], &mut payload);
        self.send(cards, &payload, all, post);
    }

    /// Tells the clients of every prefix that some of these keys begin with.
    fn broadcast(&self, keys: &[Box<[u8]>], writer: u64, all: &Clients, post: &mut Post) {
        let prefixes = self.prefixes.read();
        let clients = self.clients.read();
        for (prefix, ids) in prefixes.iter() {
            let begin: Vec<&[u8]> =
                keys.iter().map(|key| &**key).filter(|key| key.starts_with(prefix)).collect();
            if begin.is_empty() {
                continue;
            }
            let mut payload = Vec::new();
            encode_keys(&begin, &mut payload);
            let cards = ids.iter().filter_map(|id| clients.get(id));
            let cards = cards.filter(|card| hears_of(card, card.tracking.load(Relaxed), writer));
            self.send(cards, &payload, all, post);
        }
    }

    /// Sends an invalidation to each of the clients or to where it wants it; `payload` empty is for
    /// everything.
    fn send<'a>(
        &self,
        cards: impl Iterator<Item = &'a Arc<Card>>,
        payload: &[u8],
        all: &Clients,
        post: &mut Post,
    ) {
        let mut to: Vec<Address> = Vec::new();
        for card in cards {
            let speaks_resp3 = card.resp3.load(Relaxed);
            match card.redirect.load(Relaxed) {
                0 if speaks_resp3 => to.push(card.address),
                // Nothing can be sent out of turn in RESP2.
                0 => {}
                other => match all.get(other) {
                    Some(other) => to.push(other.address),
                    None => {
                        card.tracking.fetch_or(bits::BROKEN, Relaxed);
                        if speaks_resp3 {
                            let gone = other.to_string();
                            post.publish(
                                Message::redirect_broken(gone.as_bytes()),
                                &[card.address],
                            );
                        }
                    }
                },
            }
        }
        if !to.is_empty() {
            post.publish(Message::invalidation(payload), &to);
        }
    }

    /// How much is remembered.
    pub fn extent(&self) -> Extent {
        Extent {
            clients: self.clients.read().len(),
            keys: self.readers.keys(),
            items: self.readers.items(),
            prefixes: self.prefix_count.load(Relaxed),
        }
    }
}

/// Whether a client wants to hear of changes that `writer` has made.
fn hears_of(card: &Card, how: u8, writer: u64) -> bool {
    how & bits::ON != 0 && (how & bits::NO_LOOP == 0 || card.id != writer)
}

/// An array of names, which both versions of RESP write alike.
fn encode_keys(keys: &[&[u8]], to: &mut Vec<u8>) {
    let mut out = mainstay_protocol::ReplyWriter::new(to, Version::Resp3);
    out.array(keys.len());
    keys.iter().for_each(|key| out.bulk(key));
}
