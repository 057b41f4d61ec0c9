//! persist/journal/writer.rs — the thread that writes, and the one that prepares files for it.
//!
//! The writer takes batches, puts their runs in order of LSN, appends those that have no gap before
//! them, writes, syncs as the policy says, and publishes how far it is. Whatever takes long besides
//! (making the next segment, removing old ones) is the other thread's.
//!
//! Under `always` it is woken by whoever hands over; while it syncs, batches collect. Otherwise it
//! looks every few milliseconds while there is something to write, so that a busy loop makes no
//! system call for it: this is what a killed process may lose.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::format::Lsn;
use super::log::{Log, Prepared, Shape};
use super::shared::{Batch, Policy, Shared, Trouble};
use crate::clock;
use crate::error::Fault;
use crate::persist::disk::Disk;

/// How long batches collect when nobody waits for them.
const NAP: Duration = Duration::from_millis(2);
/// How long the writer sleeps when there is nothing to do, and until it tries again what failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes that are written at once at most.
const WRITE_BYTES: usize = 4 << 20;

/// Something the writer is asked for.
enum Request {
    /// Which segments are needed for what follows an LSN: answers the number of the first.
    Cut(Lsn, Sender<u64>),
    /// The manifest needs nothing up to this LSN any more.
    Forget(Lsn),
    /// A snapshot has everything up to this LSN: go on in a log of its own behind it. Answers the
    /// number of its first segment.
    Restart(Lsn, Sender<io::Result<u64>>),
}

/// The journal's threads.
pub struct Handle {
    shared: Arc<Shared>,
    requests: Sender<Request>,
    writer: Option<JoinHandle<()>>,
}

/// Wakes whoever waits for a durable LSN.
pub type Wake = Box<dyn Fn() + Send>;

/// Starts the threads. What is recorded goes into `log`, whose next unit is the journal's.
///
/// # Errors
/// If there can be no thread.
pub fn start(
    disk: Arc<dyn Disk>,
    log: Log,
    shared: Arc<Shared>,
    wake: Wake,
) -> Result<Handle, Fault> {
    shared.stopping.store(false, Relaxed);
    let (requests, asked) = channel();
    let (jobs, job) = channel();
    let (made, prepared) = channel();
    let files = Files { disk: Arc::clone(&disk), shared: Arc::clone(&shared), spare: None };
    thread::Builder::new()
        .name("journal-files".into())
        .spawn(move || files.run(&job, &made))
        .map_err(Fault::io("start a thread"))?;
    let mut writer = Writer {
        disk,
        shared: Arc::clone(&shared),
        log,
        wake,
        asked,
        jobs,
        prepared,
        is_preparing: false,
        prepare_after: clock::instant(),
        batches: BTreeMap::new(),
        runs: BTreeMap::new(),
        count: 0,
        synced_at: clock::instant(),
    };
    let thread = thread::Builder::new()
        .name("journal".into())
        .spawn(move || writer.run())
        .map_err(Fault::io("start a thread"))?;
    Ok(Handle { shared, requests, writer: Some(thread) })
}

impl Handle {
    fn ask<T>(&self, request: impl FnOnce(Sender<T>) -> Request) -> Option<T> {
        let (answer, answered) = channel();
        self.requests.send(request(answer)).ok()?;
        self.shared.call();
        answered.recv().ok()
    }

    /// The number of the first segment that is needed for what follows `lsn`.
    pub fn cut(&self, lsn: Lsn) -> Option<u64> {
        self.ask(|answer| Request::Cut(lsn, answer))
    }

    /// Lets segments go all of whose units are up to `lsn`: the manifest does not need them.
    pub fn forget(&self, lsn: Lsn) {
        if self.requests.send(Request::Forget(lsn)).is_ok() {
            self.shared.call();
        }
    }

    /// Goes on in a log of its own behind `lsn`, which a snapshot on disk has everything up to.
    /// Answers the number of its first segment.
    ///
    /// # Errors
    /// What the disk says; the trouble remains.
    pub fn restart(&self, lsn: Lsn) -> io::Result<u64> {
        let ended = || io::Error::other("the journal's thread has ended");
        self.ask(|answer| Request::Restart(lsn, answer)).unwrap_or_else(|| Err(ended()))
    }

    /// Writes and syncs everything that was handed over, and ends the threads.
    pub fn stop(&mut self) {
        self.shared.stopping.store(true, Relaxed);
        self.shared.call();
        if let Some(thread) = self.writer.take()
            && thread.join().is_err()
        {
            tracing::error!("The journal's thread has panicked");
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What is prepared for a writer.
type Made = io::Result<Prepared>;

enum Job {
    Prepare(Shape, u64, u64),
    Recycle(Vec<String>),
}

/// The thread that makes and removes files.
struct Files {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    /// A file that is no longer needed, to be used again.
    spare: Option<String>,
}

impl Files {
    fn run(mut self, jobs: &Receiver<Job>, made: &Sender<Made>) {
        for job in jobs {
            match job {
                Job::Prepare(shape, number, file) => {
                    let zeroed = self.shared.policy() == Policy::Always;
                    let used = self.spare.take();
                    let used = used.as_deref();
                    let result = Prepared::make(&*self.disk, shape, number, file, used, zeroed);
                    if made.send(result).is_err() {
                        return;
                    }
                    self.shared.call();
                }
                Job::Recycle(names) => {
                    for name in names {
                        if self.spare.is_none() {
                            self.spare = Some(name);
                        } else if let Err(error) = self.disk.remove(&name) {
                            tracing::warn!("cannot remove {name}: {error}");
                        }
                    }
                }
            }
        }
        // Nothing follows: what was kept to be used again goes.
        if let Some(name) = self.spare {
            let _ = self.disk.remove(&name);
        }
    }
}

struct Writer {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    log: Log,
    wake: Wake,
    asked: Receiver<Request>,
    jobs: Sender<Job>,
    prepared: Receiver<Made>,
    is_preparing: bool,
    prepare_after: Instant,
    /// Batches that are not all written, and how many of their runs are.
    batches: BTreeMap<u64, (Batch, usize)>,
    /// Runs that are not written, by their first LSN: batch and place in it.
    runs: BTreeMap<Lsn, (u64, usize)>,
    count: u64,
    synced_at: Instant,
}

impl Writer {
    fn run(&mut self) {
        let mut taken = Vec::new();
        loop {
            let is_stopping = self.shared.stopping.load(Relaxed);
            if !is_stopping {
                let hurries = self.shared.policy() == Policy::Always || !self.is_busy();
                let most = if hurries { self.pause() } else { NAP };
                self.shared.take(most, hurries, &mut taken);
            } else {
                self.shared.take(Duration::ZERO, false, &mut taken);
            }
            for batch in taken.drain(..) {
                self.count += 1;
                for (place, run) in batch.runs.iter().enumerate() {
                    self.runs.insert(run.first, (self.count, place));
                }
                self.batches.insert(self.count, (batch, 0));
            }
            self.heed_files();
            self.work(is_stopping);
            self.heed_requests();
            if is_stopping {
                return self.end();
            }
        }
    }

    /// Whether something came lately, so that more is likely to come.
    fn is_busy(&self) -> bool {
        self.log.synced() < self.log.written() || !self.runs.is_empty()
    }

    /// How long to sleep at most.
    fn pause(&self) -> Duration {
        if self.shared.policy() == Policy::EverySecond && self.log.synced() < self.log.written() {
            let due = self.synced_at + PAUSE;
            return due.saturating_duration_since(clock::instant()).min(PAUSE);
        }
        PAUSE
    }

    /// Writes what can be, and syncs it if that is due.
    fn work(&mut self, is_last: bool) {
        if self.log.is_broken() {
            return;
        }
        let (written, synced) = (self.log.written(), self.log.synced());
        let result = self.append_and_write();
        let due = is_last
            || match self.shared.policy() {
                Policy::Always => true,
                Policy::EverySecond => clock::instant() - self.synced_at >= PAUSE,
                Policy::Never => false,
            };
        let result = result.and_then(|()| if due { self.sync() } else { Ok(()) });
        match result {
            Ok(()) => {
                if matches!(self.shared.trouble(), Trouble::Full | Trouble::Write) {
                    self.shared.set_trouble(Trouble::None, "");
                }
            }
            Err(error) => {
                let trouble = match error.kind() {
                    _ if self.log.is_broken() => Trouble::Sync,
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::Full,
                    _ => Trouble::Write,
                };
                self.shared.set_trouble(trouble, &error.to_string());
                (self.wake)();
            }
        }
        if (self.log.written(), self.log.synced()) != (written, synced) {
            self.shared.publish(self.log.written(), self.log.synced());
            if self.log.synced() != synced {
                (self.wake)();
            }
        }
        if self.shared.has_room_again() {
            (self.wake)();
        }
        let bytes = self.log.bytes();
        self.shared.figures.bytes.store(bytes, Relaxed);
        self.ask_for_files();
    }

    fn append_and_write(&mut self) -> io::Result<()> {
        let mut waiting = 0;
        while let Some(first) = self.runs.first_entry()
            && *first.key() == self.log.next()
        {
            let (number, place) = *first.get();
            let Some((batch, done)) = self.batches.get_mut(&number) else { break };
            let run = batch.runs[place];
            let end = batch.runs.get(place + 1).map_or(batch.bytes.len(), |next| next.start);
            let payload = &batch.bytes[run.start..end];
            self.log.append(run.stamp, run.first, run.count, payload)?;
            self.shared.figures.blocks.fetch_add(1, Relaxed);
            waiting += payload.len();
            first.remove();
            *done += 1;
            if *done == batch.runs.len()
                && let Some((batch, _)) = self.batches.remove(&number)
            {
                self.shared.took(batch.bytes.len());
                self.shared.give_back(batch);
            }
            if waiting >= WRITE_BYTES {
                self.log.write()?;
                waiting = 0;
            }
        }
        self.log.write()
    }

    fn sync(&mut self) -> io::Result<()> {
        let begin = clock::instant();
        self.synced_at = begin;
        if self.log.synced() == self.log.written() {
            return Ok(());
        }
        self.log.sync()?;
        let spent = (clock::instant() - begin).as_micros() as u64;
        let figures = &self.shared.figures;
        figures.syncs.fetch_add(1, Relaxed);
        figures.sync_us.store(spent, Relaxed);
        figures.sync_us_max.fetch_max(spent, Relaxed);
        figures.synced_at.store(clock::now(), Relaxed);
        Ok(())
    }

    /// Has the next segment prepared.
    fn ask_for_files(&mut self) {
        if self.is_preparing || clock::instant() < self.prepare_after {
            return;
        }
        if let Some((shape, number, file)) = self.log.wants() {
            self.is_preparing = self.jobs.send(Job::Prepare(shape, number, file)).is_ok();
        }
    }

    /// Takes a segment that was prepared.
    fn heed_files(&mut self) {
        match self.prepared.try_recv() {
            Ok(Ok(prepared)) => {
                self.is_preparing = false;
                self.log.prepare(prepared);
                if self.shared.trouble() == Trouble::NoRoom {
                    self.shared.set_trouble(Trouble::None, "");
                }
            }
            Ok(Err(error)) => {
                self.is_preparing = false;
                self.prepare_after = clock::instant() + PAUSE;
                if self.shared.trouble() == Trouble::None {
                    self.shared.set_trouble(Trouble::NoRoom, &error.to_string());
                }
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
    }

    fn heed_requests(&mut self) {
        while let Ok(request) = self.asked.try_recv() {
            match request {
                Request::Cut(lsn, answer) => {
                    let _ = answer.send(self.cut(lsn));
                }
                Request::Forget(lsn) => {
                    let _ = self.jobs.send(Job::Recycle(self.log.forget(lsn)));
                }
                Request::Restart(lsn, answer) => {
                    let _ = answer.send(self.restart(lsn));
                }
            }
        }
    }

    fn cut(&self, lsn: Lsn) -> u64 {
        let needed = self.log.segments().iter().rev().find(|segment| segment.first <= lsn + 1);
        needed.or(self.log.segments().first()).map_or(0, |segment| segment.number)
    }

    fn restart(&mut self, lsn: Lsn) -> io::Result<u64> {
        // A segment may have been prepared behind the current one; its number is not used again.
        let number = self.log.segments().last().map_or(1, |segment| segment.number + 2);
        let (disk, shape, chance) = (Arc::clone(&self.disk), self.log.shape(), self.log.chance());
        self.log = Log::begin(disk, shape, Vec::new(), number, lsn + 1, chance)?;
        // What the snapshot has is not written.
        let left = self.runs.split_off(&(lsn + 1));
        for (number, _) in std::mem::replace(&mut self.runs, left).into_values() {
            if let Some((batch, done)) = self.batches.get_mut(&number) {
                *done += 1;
                if *done == batch.runs.len()
                    && let Some((batch, _)) = self.batches.remove(&number)
                {
                    self.shared.took(batch.bytes.len());
                    self.shared.give_back(batch);
                }
            }
        }
        self.shared.publish(lsn, lsn);
        self.shared.set_trouble(Trouble::None, "");
        (self.wake)();
        Ok(number)
    }

    /// The process ends: closes the log, if all of it is on disk.
    fn end(&mut self) {
        let left = self.shared.last().saturating_sub(self.log.synced());
        if left > 0 {
            tracing::error!("The last {left} writes are not on disk: {}", self.shared.reason());
            return;
        }
        if let Err(error) = self.log.close() {
            tracing::warn!("cannot close the journal, which is whole nevertheless: {error}");
        }
    }
}
