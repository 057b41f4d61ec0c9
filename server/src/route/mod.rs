//! route — where does a command run: one stripe, several, everything alone, or queued for EXEC.
//!
//! A loop turn opens the gate shared ([`Executor::begin`]), runs its requests, and gives it back
//! ([`Executor::end`]). Each request is planned first (looked up, its key hashed, memory
//! prefetched) and then run; a batch is planned as a whole before any of it runs.
//!
//! Invariants
//! - A write that changed something is recorded while its stripes are locked.
//! - A refusal replaces everything the handler wrote.
//! - Nothing here knows what a command means; `EXEC` is known by what its handler answers
//!   ([`Next::Execute`]).

mod admit;
mod apply;
mod cached;
mod hold;
mod outside;
mod refuse;
mod shape;
mod slow;
mod transaction;
mod wait;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mainstay_protocol::{ReplyWriter, Request};

use crate::clock::{Millis, Ticks};
use crate::command::{Desk, Entry, Next, Outcome, Read, Run, Visit, Write};
use crate::dice::Dice;
use crate::keyspace::{Changed, Keys, Shape, Shared, StripeId, Swept};
use crate::mail::Post;
use crate::observe::Counters;
use crate::persist::journal::{self, Policy, Trouble};
use crate::process::Process;
use crate::record::{RecordRef, Sink};
use crate::session::{Replies, Session};
use wait::{Service, Waits};

pub use crate::keyspace::Sought;
pub use apply::Replay;

/// What the connection does after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Goes on.
    Go,
    /// Closes, once its replies are written.
    Close,
    /// Tries the same request again later: clients are paused.
    Wait,
    /// As `Wait`, in a moment: a snapshot must have what it would change first.
    Hold,
    /// Runs no more requests until the call, which waits for a key, is answered.
    Park,
}

/// A request that was looked up.
#[derive(Clone, Copy)]
pub struct Plan<'p> {
    entry: Option<&'p Entry>,
    hash: u64,
}

impl Plan<'_> {
    /// The hash of the request's only key; 0 if it has none, or several.
    #[inline]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether the request looks for something inside a container.
    #[inline]
    pub fn has_member(&self) -> bool {
        self.entry.is_some_and(|entry| entry.member != 0)
    }

    /// What it looks for there.
    #[inline]
    pub fn sought(&self, session: &Session, request: Request<'_>) -> Option<Sought> {
        let member = request.get(self.entry?.member)?;
        Some(Sought::new(session.database, self.hash, member))
    }
}

/// What serving waiting calls needs, as long as nothing else of the executor is lent to it.
macro_rules! service {
    ($executor:expr) => {
        Service {
            process: $executor.process,
            counters: &$executor.counters,
            chance: &mut $executor.chance,
            sink: &mut $executor.sink,
            post: &mut $executor.post,
            postponed: &mut $executor.waits.postponed,
            timers: &mut $executor.waits.timers,
            now: $executor.now,
        }
    };
}
use service;

/// Runs the requests of one loop.
pub struct Executor<'p> {
    process: &'p Process,
    counters: Arc<Counters>,
    chance: Dice,
    sink: Option<Box<dyn Sink>>,
    gate: Option<Shared<'p>>,
    stripes: Vec<StripeId>,
    now: Millis,
    ticks: Ticks,
    last: Cell<Option<&'p Entry>>,
    /// The version of the settings that what follows was read from.
    settings_version: u64,
    /// When collections become big.
    shape: Shape,
    /// Counter steps from which on a command is slow.
    slow_ticks: u64,
    waits: Waits,
    /// Whether clients' commands must heed that another server is followed.
    follows: bool,
    /// Whether it runs the commands of that server, or of its files.
    is_outside: bool,
    /// Where records go to be kept; off if they are not.
    journal: Arc<journal::Shared>,
    /// What is wrong with it, in this turn.
    trouble: Trouble,
    /// More is recorded than the disk takes: writes wait.
    is_behind: bool,
    /// Messages to other connections.
    pub post: Post,
}

impl<'p> Executor<'p> {
    /// An executor for loop `reactor`; `seed` starts its chance.
    pub fn new(
        process: &'p Process,
        reactor: u16,
        seed: u64,
        sink: Option<Box<dyn Sink>>,
    ) -> Executor<'p> {
        Executor {
            process,
            counters: Arc::clone(&process.counters[usize::from(reactor)]),
            chance: Dice::new(seed),
            sink,
            gate: None,
            stripes: Vec::new(),
            now: 0,
            ticks: Ticks::now(),
            last: Cell::new(None),
            settings_version: 0,
            shape: Shape::DEFAULT,
            slow_ticks: u64::MAX,
            waits: Waits::default(),
            follows: false,
            is_outside: false,
            journal: Arc::clone(&process.store().journal),
            trouble: Trouble::None,
            is_behind: false,
            post: Post::new(reactor, Arc::clone(&process.mailboxes)),
        }
    }

    /// Begins a turn: its commands run at `now`.
    pub fn begin(&mut self, now: Millis) {
        self.now = now;
        self.ticks = Ticks::now();
        self.heed_settings();
        self.heed_role();
        self.trouble = self.journal.trouble();
        self.is_behind = self.journal.is_full();
        if self.gate.is_none() {
            self.gate = Some(self.process.keyspace.gate().share());
        }
    }

    /// Reads the settings anew if they have changed, and has this thread's commands heed them.
    fn heed_settings(&mut self) {
        let version = self.process.settings.version();
        if self.settings_version != version {
            self.settings_version = version;
            self.slow_ticks = slow::threshold(self.process);
            self.shape = shape::read(&self.process.settings);
        }
        self.shape.install();
    }

    /// Whether answers must wait for the end of the turn: what was recorded may have to be on disk
    /// before anybody hears of it, and a turn's records go there together.
    #[inline]
    pub fn holds_answers(&self) -> bool {
        self.journal.is_on() && self.journal.policy() == Policy::Always
    }

    /// Steps outside the gate within a turn; [`Executor::begin`] goes on.
    pub fn step_out(&mut self) {
        self.gate = None;
    }

    /// Ends a turn: what it has recorded is handed over.
    pub fn end(&mut self) {
        self.gate = None;
        if let Some(sink) = &mut self.sink {
            sink.hand_over();
        }
    }

    /// The journal.
    pub fn journal(&self) -> &journal::Shared {
        &self.journal
    }

    /// Whether writes wait, in this turn, for the journal to be written.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Looks a request up and asks for the memory it will need.
    #[inline]
    pub fn plan(&self, session: &Session, request: Request<'_>) -> Plan<'p> {
        let Some(entry) = self.look_up(request) else {
            return Plan { entry: None, hash: 0 };
        };
        let mut hash = 0;
        if let Some(key) = entry.sole_key(request) {
            hash = self.process.keyspace.hash(request.arg(key));
            self.process.keyspace.prefetch(session.database, hash);
        }
        Plan { entry: Some(entry), hash }
    }

    /// The command of a request. A pipeline often asks for one command over and over, so the one
    /// found last is tried first.
    #[inline]
    fn look_up(&self, request: Request<'_>) -> Option<&'p Entry> {
        if let Some(last) = self.last.get()
            && last.command.name.as_bytes() == request.name()
        {
            return Some(last);
        }
        let found = self.process.table.called(request)?;
        // Not for what a container's name stands for: the next word decides there.
        if found.is_plain {
            self.last.set(Some(found));
        }
        Some(found)
    }

    /// Asks for the entry of a planned request. Call it for a whole batch after planning it.
    #[inline]
    pub fn prefetch(&self, session: &Session, plan: &Plan<'_>) {
        if plan.hash != 0
            && let Some(gate) = &self.gate
        {
            self.process.keyspace.prefetch_entry(gate, session.database, plan.hash);
        }
    }

    /// Asks for what the requests of a planned batch look for inside their containers.
    pub fn prefetch_members(&self, batch: &mut [Sought]) {
        if let Some(gate) = &self.gate {
            self.process.keyspace.prefetch_members(gate, batch);
        }
    }

    /// Runs a request and appends its reply.
    #[inline]
    pub fn run(
        &mut self,
        session: &mut Session,
        request: Request<'_>,
        plan: Plan<'p>,
        out: &mut Vec<u8>,
    ) -> After {
        let begin = out.len();
        let is_paused = !self.is_outside && self.process.pause.until.load(Relaxed) > self.now;
        if (is_paused || self.is_behind) && self.is_held(session, &plan, is_paused) {
            return After::Wait;
        }
        let outcome = match self.admit(session, request, &plan, out) {
            Ok(Some(entry)) => {
                session.card.command.store(entry.index as u32 + 1, Relaxed);
                let outcome = match self.dispatch(entry, session, request, plan.hash, out) {
                    Ok(Next::Execute) => self.execute(session, out),
                    outcome => outcome,
                };
                if matches!(outcome, Ok(Next::Hold)) {
                    return After::Hold;
                }
                self.account(entry, outcome.is_err(), session, request);
                outcome
            }
            Ok(None) => Ok(Next::Done),
            Err(_) if plan.entry.is_none() && refuse::is_http(request) => {
                tracing::warn!("closing {}: it speaks HTTP", session.card.peer);
                Ok(Next::Close)
            }
            Err(refusal) => {
                if let Some(open) = &mut session.transaction {
                    open.aborted = true;
                }
                match plan.entry {
                    Some(entry) => {
                        self.counters.per_command[entry.index].rejected.add(1);
                        Err(self.reject(entry, session, refusal))
                    }
                    None => Err(refusal),
                }
            }
        };
        if session.cache.is_some() {
            cached::finish(self.process, session, plan.entry, &mut self.post);
        }
        let pushed = matches!(outcome, Ok(Next::Pushed));
        let after = self.answer(session, outcome, begin, out);
        if session.replies != Replies::On {
            mute(session, begin, pushed, out);
        }
        after
    }

    fn answer(
        &mut self,
        session: &Session,
        outcome: Outcome,
        begin: usize,
        out: &mut Vec<u8>,
    ) -> After {
        match outcome {
            Ok(Next::Close) => After::Close,
            Ok(Next::Park(_)) => {
                // What is written there is the answer if nothing comes, and was kept.
                out.truncate(begin);
                After::Park
            }
            Ok(_) => After::Go,
            Err(refusal) => {
                self.counters.note_error(refusal.code());
                out.truncate(begin);
                refuse::write(&refusal, ReplyWriter::new(out, session.version));
                After::Go
            }
        }
    }

    /// Counts a command that ran, and the time since the one before it.
    #[inline]
    fn account(&mut self, entry: &Entry, failed: bool, session: &Session, request: Request<'_>) {
        let ticks = Ticks::now();
        let spent = ticks.since(self.ticks);
        let counters = &self.counters.per_command[entry.index];
        counters.calls.add(1);
        counters.ticks.add(spent);
        if failed {
            counters.failed.add(1);
        }
        self.counters.commands.add(1);
        self.ticks = ticks;
        if spent >= self.slow_ticks {
            slow::note(self.process, entry, session, request, spent);
        }
    }

    /// Locks what the command needs and calls its handler.
    #[inline]
    fn dispatch(
        &mut self,
        entry: &Entry,
        session: &mut Session,
        request: Request<'_>,
        hash: u64,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let space = &self.process.keyspace;
        let (database, now) = (session.database, self.now);
        let Some(gate) = &self.gate else { unreachable!("commands run within a turn") };
        match entry.command.run {
            Run::Read(handler) => {
                let mut keys = if let Some(key) = entry.sole_key(request)
                    && !entry.reaches_further(space.shelf(gate, database), request)
                {
                    Keys::one(space, gate, database, request.arg(key), hash, now)
                } else if entry.keys.is_empty() {
                    Keys::roving(space, gate, database, now)
                } else if entry.is_alone(request) {
                    return self.dispatch_alone(entry, session, request, out);
                } else {
                    self.stripes.clear();
                    entry.stripes(
                        space,
                        space.shelf(gate, database),
                        database,
                        request,
                        &mut self.stripes,
                    );
                    self.stripes.sort_unstable();
                    self.stripes.dedup();
                    Keys::many(space, gate, database, &self.stripes, now)
                };
                if session.leaves_no_trace() {
                    keys.leave_no_trace();
                }
                let begin = out.len();
                let writer = ReplyWriter::new(out, session.version);
                let dice = Dice::new(self.chance.next());
                let mut read = Read { keys: &keys, args: request, out: writer, now, dice };
                let mut outcome = handler(&mut read);
                if let Some(cache) = &session.cache {
                    // While the stripes are locked: a change from now on is told.
                    cached::remember(self.process, cache, session.id, entry, request);
                }
                note_lookups(&self.counters, &keys);
                if let Ok(Next::Park(wait)) = &mut outcome {
                    self.waits.park(session, entry, wait, out[begin..].to_vec(), Some(&mut keys));
                }
                outcome
            }
            Run::Write(handler) => {
                if entry.is_alone(request) {
                    return self.dispatch_alone(entry, session, request, out);
                }
                let begin = out.len();
                let seed = self.chance.next();
                let mut served = false;
                let (outcome, changed) = {
                    // The view is large: it is made where the handler takes it, and stays there.
                    let mut write = Write {
                        keys: if let Some(key) = entry.sole_key(request)
                            && !entry.reaches_further(space.shelf(gate, database), request)
                        {
                            Keys::one(space, gate, database, request.arg(key), hash, now)
                        } else {
                            let shelf = space.shelf(gate, database);
                            self.stripes.clear();
                            entry.stripes(space, shelf, database, request, &mut self.stripes);
                            self.stripes.sort_unstable();
                            self.stripes.dedup();
                            Keys::many(space, gate, database, &self.stripes, now)
                        },
                        args: request,
                        out: ReplyWriter::new(out, session.version),
                        now,
                        dice: Dice::new(seed),
                        resumed: false,
                    };
                    if hold::is_held(&write.keys, entry, request) {
                        return Ok(Next::Hold);
                    }
                    if session.leaves_no_trace() {
                        write.keys.leave_no_trace();
                    }
                    let mut outcome = handler(&mut write);
                    let stamp = Stamp { now, seed: drawn(seed, &write.dice), database };
                    settle(&self.counters, &mut self.sink, &write.keys, 0, stamp, request);
                    note_expired(&self.counters, &write.keys);
                    if let Ok(Next::Park(wait)) = &mut outcome {
                        let late = write.out.since(begin).to_vec();
                        self.waits.park(session, entry, wait, late, Some(&mut write.keys));
                    } else if write.keys.has_ready() {
                        write.keys = service!(self).serve(write.keys);
                        served = true;
                    }
                    if let Some(cache) = &session.cache
                        && entry.command.reads()
                    {
                        cached::remember(self.process, cache, session.id, entry, request);
                    }
                    (outcome, write.keys.take_changed())
                };
                if let Some(changed) = changed {
                    cached::tell(self.process, *changed, session.id, &mut self.post);
                }
                if served && !self.waits.postponed.is_empty() {
                    self.serve_postponed();
                }
                outcome
            }
            Run::Session(handler) => {
                let begin = out.len();
                let mut outcome = handler(&mut Visit {
                    process: self.process,
                    post: &mut self.post,
                    gate: Some(gate),
                    args: request,
                    out: ReplyWriter::new(out, session.version),
                    now,
                    session,
                });
                if let Ok(Next::Park(wait)) = &mut outcome {
                    self.waits.park(session, entry, wait, out[begin..].to_vec(), None);
                }
                outcome
            }
            Run::Server(handler) => {
                let outcome = handler(&mut Desk {
                    process: self.process,
                    post: &mut self.post,
                    args: request,
                    out: ReplyWriter::new(out, session.version),
                    now,
                    session,
                });
                // It may have been CONFIG SET or REPLICAOF, and the next request is of the same
                // turn.
                self.heed_settings();
                self.heed_role();
                outcome
            }
            Run::Group(_) => Err(refuse::unknown_sub(entry, request)),
        }
    }

    /// As `dispatch` for a command on keys, with everything locked.
    fn dispatch_alone(
        &mut self,
        entry: &Entry,
        session: &Session,
        request: Request<'_>,
        out: &mut Vec<u8>,
    ) -> Outcome {
        self.gate = None;
        let space = &self.process.keyspace;
        let mut exclusive = space.gate().close();
        let (database, now, seed) = (session.database, self.now, self.chance.next());
        let (mut keys, outcome, seed) = {
            let mut keys = Keys::whole(space, &mut exclusive, database, now);
            if session.leaves_no_trace() {
                keys.leave_no_trace();
            }
            let out = ReplyWriter::new(out, session.version);
            let dice = Dice::new(seed);
            match entry.command.run {
                Run::Write(_) if hold::is_held(&keys, entry, request) => {
                    drop(keys);
                    drop(exclusive);
                    self.gate = Some(space.gate().share());
                    return Ok(Next::Hold);
                }
                Run::Write(handler) => {
                    let (args, resumed) = (request, false);
                    let mut write = Write { keys, args, out, now, dice, resumed };
                    let outcome = handler(&mut write);
                    (write.keys, outcome, drawn(seed, &write.dice))
                }
                Run::Read(handler) => {
                    let mut read = Read { keys: &keys, args: request, out, now, dice };
                    let outcome = handler(&mut read);
                    if let Some(cache) = &session.cache {
                        cached::remember(self.process, cache, session.id, entry, request);
                    }
                    note_lookups(&self.counters, &keys);
                    (keys, outcome, 0)
                }
                Run::Session(_) | Run::Server(_) | Run::Group(_) => {
                    unreachable!("only commands on keys run alone")
                }
            }
        };
        let stamp = Stamp { now, seed, database };
        settle(&self.counters, &mut self.sink, &keys, 0, stamp, request);
        note_expired(&self.counters, &keys);
        if keys.has_ready() {
            keys = service!(self).serve(keys);
        }
        let changed = keys.take_changed();
        drop(keys);
        drop(exclusive);
        self.gate = Some(space.gate().share());
        if let Some(changed) = changed {
            cached::tell(self.process, *changed, session.id, &mut self.post);
        }
        outcome
    }

    /// Frees dead keys in the loop's share of the stripes, see `keyspace::sweep`.
    pub fn sweep(&mut self, share: usize, shares: usize, most: usize) -> Swept {
        let Some(gate) = &self.gate else { unreachable!("sweeping is part of a turn") };
        let mut changed = Changed::default();
        let swept = self.process.keyspace.sweep(gate, share, shares, self.now, most, &mut changed);
        if !changed.is_empty() {
            cached::tell(self.process, changed, 0, &mut self.post);
        }
        let awaited = swept.awaited.iter().map(|ready| (ready.clone(), Vec::new()));
        self.waits.postponed.extend(awaited);
        swept
    }

    /// The connection is going: everything that refers to it is taken back.
    pub fn leave(&mut self, session: &mut Session) {
        if let Some(gate) = &self.gate {
            session.unwatch(&self.process.keyspace, gate);
            self.waits.leave(session.address, self.process, gate);
        }
        session.transaction = None;
        self.process.leave(session);
    }
}

/// What CLIENT REPLY makes of a reply that was written from `begin` on.
fn mute(session: &mut Session, begin: usize, pushed: bool, out: &mut Vec<u8>) {
    match session.replies {
        // The CLIENT REPLY SKIP itself has no reply; the command after it neither.
        Replies::SkipNext => session.replies = Replies::Skipping,
        Replies::Skipping => {
            session.replies = Replies::On;
            session.settle();
        }
        Replies::On | Replies::Off => {}
    }
    if !pushed {
        out.truncate(begin);
    }
}

/// The seed that a record needs: none if nothing was drawn.
#[inline]
fn drawn(seed: u64, dice: &Dice) -> u64 {
    if dice.is_fresh(seed) { 0 } else { seed }
}

/// What a write's record is stamped with.
#[derive(Clone, Copy)]
struct Stamp {
    now: Millis,
    seed: u64,
    database: usize,
}

fn note_lookups(counters: &Counters, keys: &Keys<'_>) {
    let (hits, misses, _) = keys.lookups();
    if hits > 0 {
        counters.hits.add(hits);
    }
    if misses > 0 {
        counters.misses.add(misses);
    }
    note_expired(counters, keys);
}

/// Counts what a writer found dead, or let die.
#[inline]
fn note_expired(counters: &Counters, keys: &Keys<'_>) {
    let (_, _, expired) = keys.lookups();
    if expired > 0 {
        counters.expired.add(expired);
    }
    if keys.parts_expired() > 0 {
        counters.expired_parts.add(keys.parts_expired());
    }
}

/// Records a write that changed something since the view had made `before` changes.
#[inline]
fn settle(
    counters: &Counters,
    sink: &mut Option<Box<dyn Sink>>,
    keys: &Keys<'_>,
    before: u64,
    stamp: Stamp,
    request: Request<'_>,
) {
    let changes = keys.changes() - before;
    if changes == 0 {
        return;
    }
    counters.changes.add(changes);
    if let Some(sink) = sink {
        let Stamp { now: stamp, seed, database } = stamp;
        counters.records.add(1);
        sink.take(RecordRef { stamp, seed, database, request });
    }
}
