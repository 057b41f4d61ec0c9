//! persist/journal/shared.rs — what the loops and the journal's writer share.

use std::collections::VecDeque;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Relaxed,
    Ordering::Release,
};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::format::Lsn;
use crate::clock::Millis;

/// When what was recorded is put on disk: `appendfsync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Policy {
    /// Before anybody is told.
    Always = 0,
    /// Once a second.
    EverySecond = 1,
    /// When the system likes.
    Never = 2,
}

impl Policy {
    /// The policy of this name in `appendfsync`.
    pub fn named(name: &str) -> Policy {
        match name {
            "always" => Policy::Always,
            "no" => Policy::Never,
            _ => Policy::EverySecond,
        }
    }
}

/// What is wrong with the journal's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Trouble {
    /// Nothing.
    None = 0,
    /// There is no room for the next segment. Writes that make memory grow are refused, so that
    /// those that free some still find room; ends by itself when there is room.
    NoRoom = 1,
    /// The last room is used up. All writes are refused; ends as above.
    Full = 2,
    /// Writing fails for another reason, and is tried again. All writes are refused.
    Write = 3,
    /// A sync has failed: what is on disk is unknown, and nothing is written there any more. All
    /// writes are refused until a snapshot has been made.
    Sync = 4,
}

impl Trouble {
    /// As INFO says it.
    pub fn name(self) -> &'static str {
        match self {
            Trouble::None => "ok",
            Trouble::NoRoom => "low-on-disk",
            Trouble::Full => "disk-full",
            Trouble::Write => "write-failed",
            Trouble::Sync => "sync-failed",
        }
    }

    fn of(number: u8) -> Trouble {
        match number {
            1 => Trouble::NoRoom,
            2 => Trouble::Full,
            3 => Trouble::Write,
            4 => Trouble::Sync,
            _ => Trouble::None,
        }
    }
}

/// The units of one turn.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Records, see `persist::codec`.
    pub(super) bytes: Vec<u8>,
    /// Which of them follow each other without a gap in LSNs and have one stamp.
    pub(super) runs: Vec<Run>,
}

/// Units that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: Lsn,
    pub(super) count: u32,
    pub(super) stamp: Millis,
    /// Where their bytes begin; they end where the next run's begin.
    pub(super) start: usize,
}

/// What the writer takes from, and what loops get back.
#[derive(Default)]
struct Queue {
    batches: VecDeque<Batch>,
    /// Batches without content, to be filled again.
    spare: Vec<Batch>,
    /// The writer sleeps until it is called.
    sleeps: bool,
    called: bool,
}

/// How many empty batches are kept.
const SPARE_MAX: usize = 8;
/// How much memory each of them keeps.
const SPARE_BYTES: usize = 1 << 20;

/// See the module.
pub struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    is_on: AtomicBool,
    /// The next LSN that will be drawn.
    next: AtomicU64,
    written: AtomicU64,
    durable: AtomicU64,
    /// Bytes of records that are not written.
    pending: AtomicUsize,
    pending_max: AtomicUsize,
    is_waited_for: AtomicBool,
    policy: AtomicU8,
    trouble: AtomicU8,
    reason: Mutex<String>,
    pub(super) stopping: AtomicBool,
    /// Figures for INFO.
    pub figures: Figures,
}

/// What the journal counts.
#[derive(Debug, Default)]
pub struct Figures {
    /// Bytes of all segments that are needed.
    pub bytes: AtomicU64,
    /// Bytes of them when the journal was last cut at a snapshot.
    pub base_bytes: AtomicU64,
    /// Syncs done.
    pub syncs: AtomicU64,
    /// Microseconds that the last one took.
    pub sync_us: AtomicU64,
    /// Microseconds that the longest one took.
    pub sync_us_max: AtomicU64,
    /// Blocks written.
    pub blocks: AtomicU64,
    /// Turns in which loops held writes back, for the disk was too slow.
    pub held_back: AtomicU64,
    /// When it was last synced, in milliseconds since the epoch.
    pub synced_at: AtomicU64,
}

impl Shared {
    /// A journal that is off. The next unit is `next`.
    pub fn new(next: Lsn, policy: Policy, pending_max: usize) -> Shared {
        Shared {
            queue: Mutex::default(),
            arrived: Condvar::new(),
            is_on: AtomicBool::new(false),
            next: AtomicU64::new(next),
            written: AtomicU64::new(next - 1),
            durable: AtomicU64::new(next - 1),
            pending: AtomicUsize::new(0),
            pending_max: AtomicUsize::new(pending_max),
            is_waited_for: AtomicBool::new(false),
            policy: AtomicU8::new(policy as u8),
            trouble: AtomicU8::new(0),
            reason: Mutex::default(),
            stopping: AtomicBool::new(false),
            figures: Figures::default(),
        }
    }

    /// Whether writes are recorded.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    /// Turns it on or off. To be called while nobody runs a command: with the gate closed.
    pub fn turn(&self, on: bool) {
        self.is_on.store(on, Release);
    }

    /// When records reach the disk.
    #[inline]
    pub fn policy(&self) -> Policy {
        match self.policy.load(Relaxed) {
            0 => Policy::Always,
            1 => Policy::EverySecond,
            _ => Policy::Never,
        }
    }

    /// Changes that.
    pub fn set_policy(&self, policy: Policy) {
        self.policy.store(policy as u8, Relaxed);
        self.call();
    }

    /// Draws the LSN of a unit. The stripes of all it changes are locked.
    #[inline]
    pub(super) fn draw(&self) -> Lsn {
        self.next.fetch_add(1, Relaxed)
    }

    /// Begins anew with an LSN: after recovery, before anybody draws.
    pub fn begin_at(&self, next: Lsn) {
        self.next.store(next, Relaxed);
        self.written.store(next - 1, Relaxed);
        self.durable.store(next - 1, Release);
    }

    /// The last LSN that was drawn.
    #[inline]
    pub fn last(&self) -> Lsn {
        self.next.load(Relaxed) - 1
    }

    /// The last LSN that was written to a file, with all before it.
    pub fn written(&self) -> Lsn {
        self.written.load(Acquire)
    }

    /// The last LSN that is on disk, with all before it.
    #[inline]
    pub fn durable(&self) -> Lsn {
        self.durable.load(Acquire)
    }

    pub(super) fn publish(&self, written: Lsn, durable: Lsn) {
        self.written.store(written, Release);
        self.durable.store(durable, Release);
    }

    /// The LSN that must be durable before what this turn has answered may be sent; `None` if it
    /// may be at once.
    #[inline]
    pub fn holds(&self) -> Option<Lsn> {
        if !self.is_on() || self.policy() != Policy::Always {
            return None;
        }
        let last = self.last();
        (last > self.durable()).then_some(last)
    }

    /// Whether so much is not written yet that no more may come. Who is told so is woken when it is
    /// over.
    #[inline]
    pub fn is_full(&self) -> bool {
        let is_full = self.pending.load(Relaxed) > self.pending_max.load(Relaxed);
        if is_full {
            self.is_waited_for.store(true, Relaxed);
            self.figures.held_back.fetch_add(1, Relaxed);
        }
        is_full
    }

    /// Whether somebody was told that the journal is full, and it is not any more.
    pub(super) fn has_room_again(&self) -> bool {
        self.is_waited_for.load(Relaxed)
            && self.pending.load(Relaxed) <= self.pending_max.load(Relaxed)
            && self.is_waited_for.swap(false, Relaxed)
    }

    /// Bytes of records that are not written.
    pub fn pending(&self) -> usize {
        self.pending.load(Relaxed)
    }

    pub(super) fn took(&self, bytes: usize) {
        self.pending.fetch_sub(bytes, Relaxed);
    }

    /// What is wrong.
    #[inline]
    pub fn trouble(&self) -> Trouble {
        Trouble::of(self.trouble.load(Relaxed))
    }

    /// What the operating system said about it.
    pub fn reason(&self) -> String {
        self.reason.lock().clone()
    }

    /// Says what is wrong; the log hears of each change once.
    pub(super) fn set_trouble(&self, trouble: Trouble, reason: &str) {
        let was = Trouble::of(self.trouble.swap(trouble as u8, Relaxed));
        *self.reason.lock() = reason.to_owned();
        if was == trouble {
            return;
        }
        match trouble {
            Trouble::None => tracing::info!("The journal's disk is well again; writes go on"),
            Trouble::NoRoom => tracing::warn!(
                "No room on disk for the journal ({reason}): writes that need memory are refused, \
                 reads and deletes go on; it goes on by itself when there is room"
            ),
            Trouble::Full => tracing::error!(
                "The disk is full ({reason}): all writes are refused; it goes on by itself when \
                 there is room"
            ),
            Trouble::Write => tracing::error!(
                "The journal cannot be written ({reason}): all writes are refused; it is tried \
                 again every second"
            ),
            Trouble::Sync => tracing::error!(
                "Syncing the journal failed ({reason}): what of the last writes is on disk is \
                 unknown, and all writes are refused until a snapshot is made"
            ),
        }
    }

    // ---- the queue

    /// Hands the units of a turn over; answers an empty batch.
    pub(super) fn hand_over(&self, batch: Batch) -> Batch {
        self.pending.fetch_add(batch.bytes.len(), Relaxed);
        let mut queue = self.queue.lock();
        queue.batches.push_back(batch);
        let sleeps = queue.sleeps;
        let spare = queue.spare.pop().unwrap_or_default();
        drop(queue);
        if sleeps {
            self.arrived.notify_one();
        }
        spare
    }

    /// Wakes the writer, whether or not there is anything to write.
    pub(super) fn call(&self) {
        self.queue.lock().called = true;
        self.arrived.notify_one();
    }

    /// What has been handed over since the last time. Waits for something for at most `most`; what
    /// comes meanwhile ends the wait if it `hurries`, and else is left until it is over.
    pub(super) fn take(&self, most: Duration, hurries: bool, to: &mut Vec<Batch>) {
        let mut queue = self.queue.lock();
        if (queue.batches.is_empty() || !hurries) && !queue.called {
            queue.sleeps = hurries;
            self.arrived.wait_for(&mut queue, most);
            queue.sleeps = false;
        }
        queue.called = false;
        to.extend(queue.batches.drain(..));
    }

    /// Takes a batch back that was written.
    pub(super) fn give_back(&self, mut batch: Batch) {
        batch.bytes.clear();
        batch.bytes.shrink_to(SPARE_BYTES);
        batch.runs.clear();
        let mut queue = self.queue.lock();
        if queue.spare.len() < SPARE_MAX {
            queue.spare.push(batch);
        }
    }
}
