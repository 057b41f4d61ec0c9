//! following.rs — whom the process follows, and how far it has come.
//!
//! REPLICAOF says what is wanted; the thread of `migration` does it and says how it stands; INFO
//! and ROLE ask, and so does the executor, which refuses writes meanwhile. Nothing here does
//! anything.
//!
//! Invariant: after [`Following::leave`] has returned, no command of the server that was followed
//! is applied any more ([`Following::apply`]).

use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::SeqCst,
};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Millis;

/// How often it is looked whether a command is still being applied before it counts as one that
/// waits for the asking thread itself: some milliseconds.
const LOOKS: usize = 20_000;

/// How far commands on keys that are dead by our clock lag behind it: more than any link and any
/// two clocks are apart.
pub const LAG_MS: Millis = 60_000;

/// A server to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// How the link to it stands, by ROLE's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Link {
    /// It is to be tried.
    #[default]
    Connect,
    /// It is being connected.
    Connecting,
    /// Who are you, who am I.
    Handshake,
    /// All its data comes.
    Sync,
    /// Its commands come.
    Connected,
}

impl Link {
    /// As ROLE names it.
    pub fn name(self) -> &'static str {
        match self {
            Link::Connect => "connect",
            Link::Connecting => "connecting",
            Link::Handshake => "handshake",
            Link::Sync => "sync",
            Link::Connected => "connected",
        }
    }
}

/// What INFO says of it.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Who is followed; nobody if this server stands alone.
    pub master: Option<Master>,
    /// How the link stands.
    pub link: Link,
    /// The name of the history that is followed: 40 hexadecimal digits.
    pub history: String,
    /// When something came last.
    pub heard: Millis,
    /// Since when the link is down.
    pub down_since: Millis,
    /// Bytes of its data, if it has said how many, and how many have come.
    pub total: Option<u64>,
    /// See `total`.
    pub read: u64,
    /// Commands of the stream that were refused here.
    pub refused: u64,
    /// Full copies taken.
    pub copies: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Following {
    status: Mutex<Status>,
    changed: Condvar,
    /// Changes with every wish.
    wish: AtomicU64,
    /// Whether somebody is followed.
    active: AtomicBool,
    link: AtomicU8,
    /// Bytes of the history that were applied.
    offset: AtomicU64,
    /// Whether a command of the stream is being applied.
    applying: AtomicBool,
}

impl Following {
    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody is followed.
    #[inline]
    pub fn is_active(&self) -> bool {
        self.active.load(Relaxed)
    }

    /// Whether the data is, as far as is known, that of the server that is followed.
    #[inline]
    pub fn is_connected(&self) -> bool {
        self.link.load(Relaxed) == Link::Connected as u8
    }

    /// The earliest time that a command may still run at: while somebody is followed, commands on
    /// keys which have died by our clock run a little in the past. A capture must not leave out
    /// what lived then.
    pub fn earliest(&self, now: Millis) -> Millis {
        if self.is_active() { now.saturating_sub(LAG_MS) } else { now }
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        self.lock().clone()
    }

    /// Says how it stands.
    pub fn tell(&self, change: impl FnOnce(&mut Status)) {
        let mut status = self.lock();
        change(&mut status);
        self.link.store(status.link as u8, Relaxed);
    }

    /// Bytes of the history that were applied.
    pub fn offset(&self) -> u64 {
        self.offset.load(Relaxed)
    }

    /// Says how much of the history was applied.
    pub fn advance_to(&self, offset: u64) {
        self.offset.store(offset, Relaxed);
    }

    /// Wishes to follow a server; says false if it is followed already.
    pub fn follow(&self, master: Master, now: Millis) -> bool {
        let mut status = self.lock();
        if status.master.as_ref() == Some(&master) {
            return false;
        }
        *status = Status { master: Some(master), down_since: now, ..Status::default() };
        self.link.store(Link::Connect as u8, Relaxed);
        self.active.store(true, Relaxed);
        drop(status);
        self.end_applying();
        self.notify();
        true
    }

    /// Wishes to follow nobody; says false if nobody was followed.
    pub fn leave(&self) -> bool {
        let mut status = self.lock();
        if status.master.is_none() {
            return false;
        }
        *status = Status::default();
        self.link.store(Link::Connect as u8, Relaxed);
        drop(status);
        self.end_applying();
        self.active.store(false, Relaxed);
        self.notify();
        true
    }

    /// Makes the wish a new one, and waits for a command that is being applied for the old one.
    fn end_applying(&self) {
        self.wish.fetch_add(1, SeqCst);
        // One that wants everything for itself waits in turn for the turn that asks here: it runs
        // as soon as that ends, before anybody else's.
        for _ in 0..LOOKS {
            if !self.applying.load(SeqCst) {
                break;
            }
            std::thread::yield_now();
        }
    }

    /// The number of the wish; another one means that there is a new wish.
    pub fn wish(&self) -> u64 {
        self.wish.load(SeqCst)
    }

    /// Applies something of the stream by `run`, unless the wish has changed; says whether it did.
    pub fn apply(&self, wish: u64, run: impl FnOnce()) -> bool {
        self.applying.store(true, SeqCst);
        let holds = self.wish.load(SeqCst) == wish;
        if holds {
            run();
        }
        self.applying.store(false, SeqCst);
        holds
    }

    /// Waits until there is a wish other than the one given, or the time is over; says who is to be
    /// followed.
    pub fn wait(&self, wish: u64, most: Duration) -> Option<Master> {
        let status = self.lock();
        let waits = |_: &mut Status| self.wish.load(Acquire) == wish;
        let waited = self.changed.wait_timeout_while(status, most, waits);
        let (status, _) = waited.unwrap_or_else(PoisonError::into_inner);
        status.master.clone()
    }

    /// Ends the wish without another one: the process is to end.
    pub fn wake(&self) {
        self.wish.fetch_add(1, SeqCst);
        self.notify();
    }

    fn notify(&self) {
        // Whoever has the lock has not begun to wait, and will miss it.
        drop(self.lock());
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wished_is_applied_and_nothing_else() {
        let following = Following::default();
        let master = || Master { host: "h".into(), port: 1 };
        assert!(!following.leave() && !following.is_active());
        let before = following.wish();
        assert!(following.follow(master(), 5) && following.is_active());
        assert!(!following.follow(master(), 6), "it is followed already");
        assert_eq!(following.wait(before, Duration::ZERO), Some(master()));
        let wish = following.wish();
        let mut times = 0;
        assert!(following.apply(wish, || times += 1));
        assert!(!following.apply(before, || times += 1));
        assert!(following.leave());
        assert!(!following.apply(wish, || times += 1));
        assert_eq!(times, 1);
        assert_eq!(following.wait(wish, Duration::ZERO), None);
    }
}
