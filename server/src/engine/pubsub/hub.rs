//! engine/pubsub/hub.rs — who listens where, for all loops.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use hashbrown::HashTable;
use parking_lot::{Mutex, MutexGuard, RwLock};

use super::receivers::Receivers;
use crate::mail::{Address, Message, Post};
use crate::process::State;
use crate::session::{Session, Subscriptions};
use crate::structure::{glob, hash};

/// Locks over the channels of one sort; publishers of different channels seldom meet.
const SHARDS: usize = 64;

/// The three ways of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// SUBSCRIBE.
    Channel,
    /// PSUBSCRIBE.
    Pattern,
    /// SSUBSCRIBE.
    Shard,
}

/// See the module. Locks are taken in the order shard, patterns.
pub struct Hub {
    channels: Channels,
    shard_channels: Channels,
    patterns: RwLock<BTreeMap<Box<[u8]>, Receivers>>,
    /// As many as `patterns` holds, so that publishing without patterns takes no second lock.
    pattern_count: AtomicUsize,
}

impl Default for Hub {
    fn default() -> Hub {
        // Channels are chosen by clients, who must not know which collide. What the hub answers
        // does not depend on the seed.
        let seed = RandomState::new().build_hasher().finish();
        Hub {
            channels: Channels::new(seed),
            shard_channels: Channels::new(seed),
            patterns: RwLock::default(),
            pattern_count: AtomicUsize::new(0),
        }
    }
}

impl Hub {
    /// Enters a receiver that is not there yet.
    pub fn add(&self, way: Way, name: &[u8], address: Address) {
        match way {
            Way::Channel => self.channels.add(name, address),
            Way::Shard => self.shard_channels.add(name, address),
            Way::Pattern => {
                let mut patterns = self.patterns.write();
                match patterns.get_mut(name) {
                    Some(receivers) => receivers.add(address),
                    None => patterns.entry(name.into()).or_default().add(address),
                }
                self.pattern_count.store(patterns.len(), Relaxed);
            }
        }
    }

    /// Strikes a receiver out.
    pub fn remove(&self, way: Way, name: &[u8], address: Address) {
        match way {
            Way::Channel => self.channels.remove(name, address),
            Way::Shard => self.shard_channels.remove(name, address),
            Way::Pattern => {
                let mut patterns = self.patterns.write();
                if let Some(receivers) = patterns.get_mut(name) {
                    receivers.remove(address);
                    if receivers.is_empty() {
                        patterns.remove(name);
                    }
                }
                self.pattern_count.store(patterns.len(), Relaxed);
            }
        }
    }

    /// Sends a message to the channel's receivers and to those of matching patterns; says to how
    /// many.
    pub fn publish(&self, channel: &[u8], payload: &[u8], post: &mut Post) -> usize {
        let shard = self.channels.shard(channel);
        let mut count = 0;
        if let Some(receivers) = shard.find(channel) {
            let message = Message { kind: "message", pattern: None, channel, payload };
            post.publish(message, receivers.all());
            count += receivers.len();
        }
        if self.pattern_count.load(Relaxed) > 0 {
            for (pattern, receivers) in &*self.patterns.read() {
                if !glob::matches(pattern, channel) {
                    continue;
                }
                let message =
                    Message { kind: "pmessage", pattern: Some(pattern), channel, payload };
                post.publish(message, receivers.all());
                count += receivers.len();
            }
        }
        count
    }

    /// As `publish` for a shard channel, which patterns do not see.
    pub fn publish_shard(&self, channel: &[u8], payload: &[u8], post: &mut Post) -> usize {
        let shard = self.shard_channels.shard(channel);
        let Some(receivers) = shard.find(channel) else { return 0 };
        let message = Message { kind: "smessage", pattern: None, channel, payload };
        post.publish(message, receivers.all());
        receivers.len()
    }

    /// How many listen to a channel, or by a pattern.
    pub fn count(&self, way: Way, name: &[u8]) -> usize {
        match way {
            Way::Channel => self.channels.shard(name).find(name).map_or(0, Receivers::len),
            Way::Shard => self.shard_channels.shard(name).find(name).map_or(0, Receivers::len),
            Way::Pattern => self.patterns.read().get(name).map_or(0, Receivers::len),
        }
    }

    /// How many patterns somebody listens by.
    pub fn patterns(&self) -> usize {
        self.pattern_count.load(Relaxed)
    }

    /// The channels, or shard channels, that somebody listens to and that match, in order.
    pub fn names(&self, way: Way, pattern: Option<&[u8]>) -> Vec<Box<[u8]>> {
        let all = if way == Way::Shard { &self.shard_channels } else { &self.channels };
        let mut names = Vec::new();
        for shard in &all.shards {
            let topics = shard.lock();
            let wanted = topics
                .iter()
                .map(|topic| &topic.name)
                .filter(|name| pattern.is_none_or(|pattern| glob::matches(pattern, name)));
            names.extend(wanted.cloned());
        }
        names.sort_unstable();
        names
    }
}

impl State for Hub {
    fn leave(&self, session: &mut Session) {
        let Some(subscriptions) = session.subscriptions.take() else { return };
        let address = session.address;
        for way in [Way::Channel, Way::Pattern, Way::Shard] {
            for name in way.of(&subscriptions) {
                self.remove(way, name, address);
            }
        }
        session.settle();
    }
}

impl Way {
    /// What a session is subscribed to in this way.
    pub fn of(self, all: &Subscriptions) -> &std::collections::BTreeSet<Box<[u8]>> {
        match self {
            Way::Channel => &all.channels,
            Way::Pattern => &all.patterns,
            Way::Shard => &all.shard_channels,
        }
    }

    /// As `of`, to change it.
    pub fn of_mut(self, all: &mut Subscriptions) -> &mut std::collections::BTreeSet<Box<[u8]>> {
        match self {
            Way::Channel => &mut all.channels,
            Way::Pattern => &mut all.patterns,
            Way::Shard => &mut all.shard_channels,
        }
    }
}

/// Channels with receivers, by name.
struct Channels {
    shards: Box<[Mutex<HashTable<Topic>>]>,
    seed: u64,
}

struct Topic {
    hash: u64,
    name: Box<[u8]>,
    receivers: Receivers,
}

/// The shard of a name, locked.
struct Shard<'a> {
    topics: MutexGuard<'a, HashTable<Topic>>,
    hash: u64,
}

impl Channels {
    fn new(seed: u64) -> Channels {
        Channels { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), seed }
    }

    #[inline]
    fn shard(&self, name: &[u8]) -> Shard<'_> {
        let hash = hash(name, self.seed);
        // The table uses the lowest and the highest bits.
        let index = (hash >> 32) as usize % SHARDS;
        Shard { topics: self.shards[index].lock(), hash }
    }

    fn add(&self, name: &[u8], address: Address) {
        let Shard { mut topics, hash } = self.shard(name);
        let topic = topics.entry(hash, |topic| *topic.name == *name, |topic| topic.hash);
        let new = || Topic { hash, name: name.into(), receivers: Receivers::default() };
        topic.or_insert_with(new).into_mut().receivers.add(address);
    }

    fn remove(&self, name: &[u8], address: Address) {
        let Shard { mut topics, hash } = self.shard(name);
        if let Ok(mut topic) = topics.find_entry(hash, |topic| *topic.name == *name) {
            topic.get_mut().receivers.remove(address);
            if topic.get().receivers.is_empty() {
                topic.remove();
            }
        }
    }
}

impl Shard<'_> {
    #[inline]
    fn find(&self, name: &[u8]) -> Option<&Receivers> {
        let found = self.topics.find(self.hash, |topic| *topic.name == *name);
        found.map(|topic| &topic.receivers)
    }
}
