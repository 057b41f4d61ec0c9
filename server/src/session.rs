//! session.rs — what we remember about one connection between its commands.
//!
//! An idle session is small: what only some connections have (a transaction, watches,
//! subscriptions) is boxed. `plain` sums up, for the hot path, that nothing out of the ordinary
//! holds; whatever changes one of its parts calls [`Session::settle`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mainstay_protocol::{OwnedRequest, Version};

use crate::clients::Card;
use crate::clock::Millis;
use crate::keyspace::{Keyspace, Shared, Watch};
use crate::mail::Address;
use crate::tracking::Cache;

/// See the module.
pub struct Session {
    /// The connection's number, never used again.
    pub id: u64,
    /// Where messages to this connection go.
    pub address: Address,
    /// What others can see of the connection.
    pub card: Arc<Card>,
    /// The version of RESP spoken.
    pub version: Version,
    /// The selected database.
    pub database: usize,
    /// Whether the connection may run commands that need a user.
    pub authenticated: bool,
    /// Whether replies are sent.
    pub replies: Replies,
    /// The open transaction.
    pub transaction: Option<Box<Transaction>>,
    /// The watched keys.
    pub watched: Option<Box<Watched>>,
    /// The subscriptions.
    pub subscriptions: Option<Box<Subscriptions>>,
    /// CLIENT TRACKING.
    pub cache: Option<Box<Cache>>,
    plain: bool,
}

/// CLIENT REPLY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replies {
    /// Sent.
    On,
    /// Not sent.
    Off,
    /// The reply of the next command is not sent.
    SkipNext,
    /// The reply of the command being run is not sent.
    Skipping,
}

/// MULTI: the commands queued so far.
#[derive(Default)]
pub struct Transaction {
    /// The requests, each with its command's place in the table.
    pub queue: Vec<(usize, OwnedRequest)>,
    /// Bytes held by the queue.
    pub weight: usize,
    /// A command was refused while queueing: EXEC will be too.
    pub aborted: bool,
}

/// WATCH: the keys, and the mark that tells whether one has changed.
#[derive(Default)]
pub struct Watched {
    /// Set by whoever changes a watched key.
    pub watch: Arc<Watch>,
    /// Database and key, and whether the key was there when the watch began.
    pub keys: BTreeMap<(usize, Box<[u8]>), Millis>,
}

impl Watched {
    /// Takes the watches back.
    pub fn release(&self, keyspace: &Keyspace, gate: &Shared<'_>) {
        for (database, key) in self.keys.keys() {
            keyspace.unwatch(gate, *database, key, &self.watch);
        }
    }
}

/// What the connection is subscribed to; ordered, so that RESET and UNSUBSCRIBE answer alike
/// everywhere.
#[derive(Default)]
pub struct Subscriptions {
    /// By SUBSCRIBE.
    pub channels: BTreeSet<Box<[u8]>>,
    /// By PSUBSCRIBE.
    pub patterns: BTreeSet<Box<[u8]>>,
    /// By SSUBSCRIBE.
    pub shard_channels: BTreeSet<Box<[u8]>>,
}

impl Subscriptions {
    /// Channels and patterns, as replies count them; shard channels are counted apart.
    pub fn count(&self) -> usize {
        self.channels.len() + self.patterns.len()
    }

    /// Whether there is none of any sort.
    pub fn is_empty(&self) -> bool {
        self.count() == 0 && self.shard_channels.is_empty()
    }
}

impl Session {
    /// A fresh session.
    pub fn new(id: u64, address: Address, card: Arc<Card>, authenticated: bool) -> Session {
        let mut session = Session {
            id,
            address,
            card,
            version: Version::Resp2,
            database: 0,
            authenticated,
            replies: Replies::On,
            transaction: None,
            watched: None,
            subscriptions: None,
            cache: None,
            plain: false,
        };
        session.settle();
        session
    }

    /// Whether nothing out of the ordinary holds: commands run at once and are answered.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// Whether looking at keys leaves no trace: CLIENT NO-TOUCH.
    #[inline]
    pub fn leaves_no_trace(&self) -> bool {
        !self.plain && self.card.no_touch.load(Relaxed)
    }

    /// To be called when a part of `plain` has changed.
    pub fn settle(&mut self) {
        if self.subscriptions.as_ref().is_some_and(|subscriptions| subscriptions.is_empty()) {
            self.subscriptions = None;
        }
        self.plain = self.authenticated
            && self.replies == Replies::On
            && self.transaction.is_none()
            && self.subscriptions.is_none()
            && !self.card.no_touch.load(Relaxed);
        self.card.database.store(self.database as u32, Relaxed);
        self.card.resp3.store(self.version == Version::Resp3, Relaxed);
        let (channels, patterns, shards) = match &self.subscriptions {
            Some(all) => (all.channels.len(), all.patterns.len(), all.shard_channels.len()),
            None => (0, 0, 0),
        };
        self.card.channels.store(channels as u32, Relaxed);
        self.card.patterns.store(patterns as u32, Relaxed);
        self.card.shard_channels.store(shards as u32, Relaxed);
        let queued = self.transaction.as_ref().map_or(-1, |open| open.queue.len() as i64);
        self.card.queued.store(queued, Relaxed);
        let watched = self.watched.as_ref().map_or(0, |watched| watched.keys.len());
        self.card.watched.store(watched as u32, Relaxed);
    }

    /// Whether messages out of turn may be sent. A RESP2 client that has just left its last channel
    /// would take one that was on its way for a reply.
    #[inline]
    pub fn hears(&self) -> bool {
        self.version == Version::Resp3 || self.subscriptions.is_some()
    }

    /// Whether messages out of turn may come, of its own making too.
    pub fn may_be_sent_to(&self) -> bool {
        self.subscriptions.is_some() || self.cache.is_some()
    }

    /// Forgets the watched keys.
    pub fn unwatch(&mut self, keyspace: &Keyspace, gate: &Shared<'_>) {
        if let Some(watched) = self.watched.take() {
            watched.release(keyspace, gate);
        }
    }

    /// Whether the connection is in RESP2's subscribed state, where few commands are allowed.
    pub fn is_confined(&self) -> bool {
        self.version == Version::Resp2 && self.subscriptions.is_some()
    }
}
