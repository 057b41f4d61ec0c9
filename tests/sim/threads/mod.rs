//! sim/threads — the journal's threads over a simulated disk, and loops that record.
//!
//! Threads are scheduled as the system likes, so a seed repeats the load and not the run. What a
//! loop sends is known by loop and number: what is read back must be, for each loop, what it sent, in
//! its order and without a gap, and at least as much as it was told is on disk.

mod crashes;
mod trouble;

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use mainstay_protocol::OwnedRequest;
use mainstay_server::clock;
use mainstay_server::dice::Dice;
use mainstay_server::persist::codec;
use mainstay_server::persist::disk::Disk;
use mainstay_server::persist::journal::log::{Log, Shape};
use mainstay_server::persist::journal::read::{Entry, mend, read};
use mainstay_server::persist::journal::{Handle, Lsn, Policy, Shared, Tap, start};
use mainstay_server::persist::manifest::Manifest;
use mainstay_server::record::{RecordRef, Sink};

use crate::disk::SimDisk;

/// Threads that record.
const LOOPS: usize = 3;
/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the journal wakes.
#[derive(Default)]
struct Bell {
    lock: Mutex<()>,
    rung: Condvar,
}

impl Bell {
    /// Waits until something is so. The journal rings when it may be; what it does not ring for is
    /// looked at now and then.
    fn wait(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = clock::instant();
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_so() {
            assert!(clock::instant() - begun < PATIENCE, "it takes too long: {what}");
            let short = Duration::from_millis(1);
            let waited = self.rung.wait_timeout(guard, short);
            guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// What one loop has sent, unit by unit, and how many of them it was told are on disk.
#[derive(Default)]
struct Sent {
    units: Mutex<Vec<Vec<u8>>>,
    told: AtomicU64,
}

impl Sent {
    fn copy(&self) -> Sent {
        let units = self.units.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Sent { units: Mutex::new(units), told: AtomicU64::new(self.told.load(SeqCst)) }
    }

    fn count(&self) -> u64 {
        self.units.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }
}

/// A journal that runs.
struct Running {
    shared: Arc<Shared>,
    handle: Handle,
    bell: Arc<Bell>,
    manifest: Manifest,
}

/// What was sent over all lives of a folder, and what a snapshot has of it.
struct Story {
    sent: Vec<Arc<Sent>>,
    /// How many units of each loop the snapshot has.
    base: Vec<u64>,
}

impl Story {
    fn new() -> Story {
        let sent = (0..LOOPS).map(|_| Arc::new(Sent::default())).collect();
        Story { sent, base: vec![0; LOOPS] }
    }

    /// The story so far, for a folder that is looked at while the process lives on.
    fn copy(&self) -> Story {
        let sent = self.sent.iter().map(|sent| Arc::new(sent.copy())).collect();
        Story { sent, base: self.base.clone() }
    }

    /// Recovers and starts the threads; checks what was found.
    fn begin(&self, disk: &SimDisk, bytes: u64, pending_max: usize, seed: u64) -> Running {
        let mut chance = Dice::new(seed);
        let mut next_of = self.base.clone();
        let mut unit = Vec::new();
        let mut show = |entry: &Entry<'_>| {
            if !entry.record.joined {
                unit.clear();
            }
            let key = entry.record.request.arg(1);
            let number = |at: usize| {
                let bytes = key.get(at..).and_then(<[u8]>::first_chunk);
                u64::from_le_bytes(*bytes.expect("keys are two numbers"))
            };
            let (database, request) = (entry.record.database, entry.record.request);
            let record = RecordRef { stamp: 0, seed: entry.record.seed, database, request };
            codec::encode(&record, entry.record.joined, &mut unit);
            if entry.is_last {
                let (from, place) = (number(0) as usize, number(8));
                assert_eq!(place, next_of[from], "loop {from}: a unit that was not due");
                let units = self.sent[from].units.lock().unwrap_or_else(PoisonError::into_inner);
                assert_eq!(units.get(place as usize), Some(&unit), "loop {from}, unit {place}");
                next_of[from] += 1;
            }
        };
        let manifest = Manifest::read(disk).expect("the manifest reads");
        let mut manifest = manifest.unwrap_or_else(|| {
            let manifest =
                Manifest { set: chance.next(), snapshot: None, journal: None, reached: 0 };
            manifest.write(disk).expect("there is room");
            manifest
        });
        let after = manifest.snapshot.map_or(0, |(_, lsn)| lsn);
        let (mut number, mut next, mut older) = (1, after + 1, Vec::new());
        if let Some(first) = manifest.journal {
            let end = read(disk, manifest.set, first, after, &mut |entry| {
                show(&entry);
                Ok(())
            });
            let end = end.unwrap_or_else(|fault| panic!("{fault}"));
            end.must_reach(disk, manifest.reached).unwrap_or_else(|fault| panic!("{fault}"));
            mend(disk, manifest.set, &end).expect("nothing fails now");
            let last = end.segments.last().map_or(first, |segment| segment.number + 1);
            number = end.unused.first().copied().unwrap_or(last);
            (next, older) = (end.next, end.segments);
        }
        for (from, sent) in self.sent.iter().enumerate() {
            let told = sent.told.load(SeqCst);
            assert!(next_of[from] >= told, "loop {from}: {told} were told, {next_of:?} are there");
            sent.units
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .truncate(next_of[from] as usize);
            sent.told.store(next_of[from], SeqCst);
        }
        let shape = Shape { set: manifest.set, bytes };
        let arc: Arc<dyn Disk> = Arc::new(disk.clone());
        let first = older.first().map_or(number, |segment| segment.number);
        let log = Log::begin(Arc::clone(&arc), shape, older, number, next, chance);
        let log = log.expect("nothing fails now");
        (manifest.journal, manifest.reached) = (Some(first), number);
        manifest.write(disk).expect("nothing fails now");
        let shared = Arc::new(Shared::new(next, Policy::Always, pending_max));
        let bell = Arc::new(Bell::default());
        let ring = Arc::clone(&bell);
        let wake = Box::new(move || ring.rung.notify_all());
        let handle = start(arc, log, Arc::clone(&shared), wake).expect("threads can be made");
        shared.turn(true);
        Running { shared, handle, bell, manifest }
    }
}

/// A loop: what it records, and what it is told.
struct Loop {
    number: u64,
    sent: Arc<Sent>,
    shared: Arc<Shared>,
    tap: Tap,
    chance: Dice,
    /// What must be on disk before so many units may be told of.
    waits: Vec<(Lsn, u64)>,
}

impl Loop {
    fn new(story: &Story, running: &Running, number: usize, seed: u64) -> Loop {
        let (sent, shared) = (Arc::clone(&story.sent[number]), Arc::clone(&running.shared));
        let tap = Tap::new(Arc::clone(&shared));
        let chance = Dice::new(seed);
        Loop { number: number as u64, sent, shared, tap, chance, waits: Vec::new() }
    }

    /// One turn: some units of about so many bytes, handed over together.
    fn turn(&mut self, bytes: usize) {
        for _ in 0..1 + self.chance.below(4) {
            let records = if self.chance.below(4) == 0 { 1 + self.chance.below(3) } else { 1 };
            let mut unit = Vec::new();
            if records > 1 {
                self.tap.open();
            }
            let place = self.sent.count();
            for record in 0..records {
                let key = [self.number.to_le_bytes(), place.to_le_bytes()].concat();
                let value = vec![self.chance.next() as u8; self.chance.below(bytes + 1)];
                let request = OwnedRequest::from_args([b"SET".as_slice(), &key, &value]);
                let seed = self.chance.next() % 2;
                let record_of =
                    RecordRef { stamp: 5, seed, database: 0, request: request.as_request() };
                codec::encode(&record_of, record > 0, &mut unit);
                // Before it can be on disk.
                if record + 1 == records {
                    let mut units = self.sent.units.lock().unwrap_or_else(PoisonError::into_inner);
                    units.push(std::mem::take(&mut unit));
                }
                self.tap.take(record_of);
            }
            if records > 1 {
                self.tap.close();
            }
        }
        self.tap.hand_over();
        if let Some(lsn) = self.shared.holds() {
            self.waits.push((lsn, self.sent.count()));
        } else {
            self.sent.told.fetch_max(self.sent.count(), SeqCst);
        }
    }

    /// Tells what is on disk; whether nothing waits.
    fn tell(&mut self) -> bool {
        let durable = self.shared.durable();
        while let Some(&(lsn, count)) = self.waits.first()
            && lsn <= durable
        {
            self.sent.told.fetch_max(count, SeqCst);
            self.waits.remove(0);
        }
        self.waits.is_empty()
    }
}
