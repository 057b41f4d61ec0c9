//! tracking/readers.rs — which clients have read a key: a table in shards behind small locks.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use hashbrown::HashTable;
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use crate::structure::hash;

/// Locks over the names; readers and writers of different keys seldom meet.
const SHARDS: usize = 64;

/// Clients by number, each once.
pub(super) type Ids = SmallVec<[u64; 2]>;

/// See the module.
pub(super) struct Readers {
    shards: Box<[Mutex<HashTable<Name>>]>,
    seed: u64,
    keys: AtomicUsize,
    items: AtomicUsize,
    /// The shard that the next name is taken from when there are too many.
    next: AtomicUsize,
}

struct Name {
    hash: u64,
    name: Box<[u8]>,
    ids: Ids,
}

impl Default for Readers {
    fn default() -> Readers {
        Readers::new(0)
    }
}

impl Readers {
    pub(super) fn new(seed: u64) -> Readers {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let (keys, items, next) = Default::default();
        Readers { shards, seed, keys, items, next }
    }

    fn shard(&self, name: &[u8]) -> (MutexGuard<'_, HashTable<Name>>, u64) {
        let hash = hash(name, self.seed);
        // The table uses the lowest and the highest bits.
        (self.shards[(hash >> 32) as usize % SHARDS].lock(), hash)
    }

    /// Adds a reader of a name.
    pub(super) fn add(&self, name: &[u8], id: u64) {
        let (mut shard, hash) = self.shard(name);
        let entry = shard.entry(hash, |held| *held.name == *name, |held| held.hash);
        let held = entry.or_insert_with(|| {
            self.keys.fetch_add(1, Relaxed);
            Name { hash, name: name.into(), ids: Ids::new() }
        });
        let ids = &mut held.into_mut().ids;
        // In order, so that a name which many clients read is searched quickly.
        if let Err(place) = ids.binary_search(&id) {
            ids.insert(place, id);
            self.items.fetch_add(1, Relaxed);
        }
    }

    /// Takes the readers of a name out.
    pub(super) fn take(&self, name: &[u8]) -> Ids {
        let (mut shard, hash) = self.shard(name);
        match shard.find_entry(hash, |held| *held.name == *name) {
            Ok(found) => {
                let ids = found.remove().0.ids;
                self.note_taken(&ids);
                ids
            }
            Err(_) => Ids::new(),
        }
    }

    /// Takes some name out.
    pub(super) fn take_any(&self) -> Option<(Box<[u8]>, Ids)> {
        for _ in 0..SHARDS {
            let index = self.next.fetch_add(1, Relaxed) % SHARDS;
            let mut shard = self.shards[index].lock();
            let some = shard.iter().next().map(|held| (held.hash, held.name.clone()));
            let Some((hash, name)) = some else { continue };
            if let Ok(found) = shard.find_entry(hash, |held| *held.name == *name) {
                let Name { name, ids, .. } = found.remove().0;
                self.note_taken(&ids);
                return Some((name, ids));
            }
        }
        None
    }

    /// Called under the lock of the shard, so that the counts never fall below what is held.
    fn note_taken(&self, ids: &Ids) {
        self.keys.fetch_sub(1, Relaxed);
        self.items.fetch_sub(ids.len(), Relaxed);
    }

    pub(super) fn clear(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.iter().for_each(|held| self.note_taken(&held.ids));
            *shard = HashTable::new();
        }
    }

    pub(super) fn keys(&self) -> usize {
        self.keys.load(Relaxed)
    }

    pub(super) fn items(&self) -> usize {
        self.items.load(Relaxed)
    }
}
