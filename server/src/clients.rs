//! clients.rs — the connections of all loops, as others may see them: CLIENT LIST, KILL, INFO.
//!
//! Each connection has a [`Card`]: written by its own loop with plain stores, read by anybody. What
//! changes rarely and is text stands behind a lock of the card's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed,
};

use parking_lot::Mutex;

use crate::clock::Millis;
use crate::error::Refusal;
use crate::mail::Address;
use crate::tracking::bits;

/// The only user there is.
pub const DEFAULT_USER: &str = "default";

/// What others can see of a connection.
#[derive(Debug, Default)]
pub struct Card {
    /// The connection's number.
    pub id: u64,
    /// Where messages to it go.
    pub address: Address,
    /// Its peer, `ip:port` or the socket's path with `:0`.
    pub peer: Box<str>,
    /// Its own end, likewise.
    pub local: Box<str>,
    /// The file descriptor.
    pub descriptor: i32,
    /// Whether it came over a unix socket.
    pub is_unix: bool,
    /// When it was accepted.
    pub since: Millis,
    /// When its last request was run.
    pub active: AtomicU64,
    /// Its last command's place in the table plus one; 0 before the first.
    pub command: AtomicU32,
    /// The selected database.
    pub database: AtomicU32,
    /// Whether it speaks RESP3.
    pub resp3: AtomicBool,
    /// Subscriptions by channel.
    pub channels: AtomicU32,
    /// Subscriptions by pattern.
    pub patterns: AtomicU32,
    /// Subscriptions by shard channel.
    pub shard_channels: AtomicU32,
    /// Commands queued, or -1 when no transaction is open.
    pub queued: AtomicI64,
    /// Watched keys.
    pub watched: AtomicU32,
    /// Bytes of a partial request.
    pub input_bytes: AtomicU32,
    /// Bytes of unsent output.
    pub output_bytes: AtomicU64,
    /// Bytes received in all.
    pub received_bytes: AtomicU64,
    /// Bytes sent in all.
    pub sent_bytes: AtomicU64,
    /// CLIENT NO-EVICT.
    pub no_evict: AtomicBool,
    /// CLIENT NO-TOUCH.
    pub no_touch: AtomicBool,
    /// How it tracks keys, see [`crate::tracking::bits`].
    pub tracking: AtomicU8,
    /// The client that invalidations are redirected to; 0 for none.
    pub redirect: AtomicU64,
    /// Which of its loop's waits a call of it is in; 0 if none of its calls waits.
    pub blocked: AtomicU64,
    /// To be closed as soon as its loop looks.
    pub doomed: AtomicBool,
    /// Names, which clients set.
    pub text: Mutex<CardText>,
}

/// What a connection is used for, as CLIENT LIST and KILL tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Commands.
    Normal,
    /// It has subscriptions.
    PubSub,
    /// It replicates; there is none here.
    Replication,
}

impl Sort {
    /// Reads a type as CLIENT LIST TYPE is given it.
    ///
    /// # Errors
    /// If there is no such type.
    pub fn read(bytes: &[u8]) -> Result<Sort, Refusal> {
        match bytes.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Sort::Normal),
            b"pubsub" => Ok(Sort::PubSub),
            b"master" | b"replica" | b"slave" => Ok(Sort::Replication),
            _ => Err(Refusal::quoting("ERR Unknown client type '", bytes, "'")),
        }
    }
}

impl Card {
    /// Whether it tracks in this way, one of [`bits`].
    pub fn tracks(&self, how: u8) -> bool {
        self.tracking.load(Relaxed) & how != 0
    }

    /// As CLIENT GETREDIR answers: who gets its invalidations, 0 for itself, -1 if it does not
    /// track.
    pub fn redirection(&self) -> i64 {
        if self.tracks(bits::ON) { self.redirect.load(Relaxed).cast_signed() } else { -1 }
    }

    /// What the connection is used for.
    pub fn sort(&self) -> Sort {
        let all = [&self.channels, &self.patterns, &self.shard_channels];
        if all.iter().any(|count| count.load(Relaxed) > 0) { Sort::PubSub } else { Sort::Normal }
    }
}

/// A word that a client gave: visible ASCII without spaces, so that it cannot break the lines of
/// CLIENT LIST. May be empty.
pub struct Name<'a>(&'a str);

impl<'a> Name<'a> {
    /// Reads a name; `what` names it in the refusal.
    ///
    /// # Errors
    /// If it has other bytes.
    pub fn read(bytes: &'a [u8], what: &str) -> Result<Name<'a>, Refusal> {
        let visible = bytes.iter().all(|byte| matches!(byte, b'!'..=b'~'));
        match std::str::from_utf8(bytes) {
            Ok(text) if visible => Ok(Name(text)),
            _ => Err(Refusal::from(format!(
                "ERR {what} cannot contain spaces, newlines or special characters."
            ))),
        }
    }
}

impl From<Name<'_>> for String {
    fn from(name: Name<'_>) -> String {
        name.0.to_owned()
    }
}

/// What a client says of itself.
#[derive(Debug, Default, Clone)]
pub struct CardText {
    /// CLIENT SETNAME.
    pub name: String,
    /// CLIENT SETINFO LIB-NAME.
    pub library: String,
    /// CLIENT SETINFO LIB-VER.
    pub library_version: String,
}

/// The cards of all connections.
#[derive(Debug, Default)]
pub struct Clients {
    cards: Mutex<BTreeMap<u64, Arc<Card>>>,
    next: AtomicU64,
    /// Accepted sockets on their way to a loop, which enters them.
    pub arriving: AtomicUsize,
}

impl Clients {
    /// A number for a new connection.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Relaxed) + 1
    }

    /// Enters a connection.
    pub fn enter(&self, card: Card) -> Arc<Card> {
        let card = Arc::new(card);
        self.cards.lock().insert(card.id, Arc::clone(&card));
        card
    }

    /// Strikes a connection out.
    pub fn leave(&self, id: u64) {
        self.cards.lock().remove(&id);
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.cards.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The card of a connection.
    pub fn get(&self, id: u64) -> Option<Arc<Card>> {
        self.cards.lock().get(&id).cloned()
    }

    /// All cards, by number.
    pub fn all(&self) -> Vec<Arc<Card>> {
        self.cards.lock().values().cloned().collect()
    }
}
