//! route/wait.rs — calls that wait for a key, or for time to pass, and serving them.
//!
//! A call that found nothing stands in the stripes of its keys (`keyspace::wait`), and here, in the
//! loop of its connection, with its deadline. Whoever changes such a key serves those who wait, in
//! the order in which they came, before the stripes' locks go: so nobody else can take what was
//! meant for them. What a call does when it is served is recorded as the request that was tried
//! then, on the one key that was ready, behind the record of the change.
//!
//! A call may wait in several stripes, and be served, time out and lose its connection at once. It
//! is claimed for each of these: whoever turns its state from *waiting* has it alone. Whoever tries
//! and finds nothing gives it back.
//!
//! A call may also ask to be tried at an instant though nothing changes by then: a rate limiter's
//! budget fills by itself. The loop that found it not yet ready has the timer, whosever the call
//! is.
//!
//! A call that needs a stripe which another loop holds (BLMOVE's destination) cannot wait for it
//! out of order. It is tried again as soon as the locks are gone, with all that it needs locked in
//! order: requests of this loop come after it, and only a request that another loop runs within
//! these few instructions may come before. One that a snapshot holds back is tried in the next
//! turn.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{
    AtomicU8, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

use mainstay_protocol::{OwnedRequest, ReplyWriter, Version};

use super::{Executor, Stamp, cached, drawn, hold, refuse, service, settle};
use crate::clock::Millis;
use crate::command::{Entry, Next, Read, Run, Wait, Write};
use crate::dice::Dice;
use crate::keyspace::{Keys, Ready, Shared, StripeId, Waiter};
use crate::mail::{Address, Post};
use crate::observe::Counters;
use crate::process::Process;
use crate::record::Sink;
use crate::session::{Replies, Session};

/// How often calls that could not be served are tried at once; what is left waits for the end of
/// the turn.
const POSTPONED_ROUNDS: usize = 16;

/// A call that waits, as the stripes of its keys know it.
pub(super) struct Parked {
    address: Address,
    version: Version,
    database: usize,
    /// Its command's place in the table.
    command: usize,
    resume: Vec<(Box<[u8]>, OwnedRequest)>,
    in_turn: bool,
    state: AtomicU8,
}

/// It waits.
const WAITING: u8 = 0;
/// Somebody tries to serve it.
const TRIED: u8 = 1;
/// It has its answer, or its connection is gone.
const DONE: u8 = 2;

impl Parked {
    /// Takes it from waiting to `state`; says whether it was waiting. Waits out an attempt, which
    /// is short.
    fn claim(&self, state: u8) -> bool {
        loop {
            match self.state.compare_exchange(WAITING, state, AcqRel, Acquire) {
                Ok(_) => return true,
                Err(DONE) => return false,
                Err(_) => std::hint::spin_loop(),
            }
        }
    }

    fn finish(&self, state: u8) {
        self.state.store(state, Release);
    }
}

/// The calls of one loop's connections that wait.
#[derive(Default)]
pub(super) struct Waits {
    calls: BTreeMap<Address, Call>,
    /// How many calls have waited so far: the number of the latest wait.
    count: u64,
    deadlines: BTreeSet<(Millis, Address)>,
    /// Keys whose waiting calls could not be tried for want of a stripe.
    pub(super) postponed: Vec<Postponed>,
    /// When keys are to be tried though nobody has changed them.
    pub(super) timers: BTreeSet<(Millis, Ready)>,
}

/// An awaited key that has changed, and the stripes that serving those who wait for it takes, as
/// far as they are known.
pub(super) type Postponed = (Ready, Vec<StripeId>);

struct Call {
    number: u64,
    parked: Arc<Parked>,
    until: Option<Millis>,
    /// The answer if nothing comes in time.
    reply: Vec<u8>,
    is_silent: bool,
}

impl Waits {
    /// Lets a call wait; its keys' stripes are still locked. Without `keys` it waits for none.
    pub(super) fn park(
        &mut self,
        session: &Session,
        entry: &Entry,
        wait: &mut Wait,
        mut reply: Vec<u8>,
        keys: Option<&mut Keys<'_>>,
    ) {
        if let Some(late) = wait.late {
            reply.clear();
            late(&mut ReplyWriter::new(&mut reply, session.version));
        }
        let parked = Arc::new(Parked {
            address: session.address,
            version: session.version,
            database: session.database,
            command: entry.index,
            resume: std::mem::take(&mut wait.resume),
            in_turn: wait.in_turn,
            state: AtomicU8::new(WAITING),
        });
        if let Some(keys) = keys {
            let call: Arc<dyn Any + Send + Sync> = parked.clone();
            for (key, _) in &parked.resume {
                if let Some(again) = wait.again {
                    self.timers.insert((again, (session.database, key.clone())));
                }
                let (call, kind, always) = (Arc::clone(&call), wait.kind, wait.always);
                keys.await_key(key, Waiter { call, kind, always });
            }
        }
        if let Some(until) = wait.until {
            self.deadlines.insert((until, session.address));
        }
        let is_silent = session.replies != Replies::On;
        self.count += 1;
        let number = self.count;
        let call = Call { number, parked, until: wait.until, reply, is_silent };
        self.calls.insert(session.address, call);
        session.card.blocked.store(number, Relaxed);
    }

    /// When the next call stops waiting, or a key is to be tried.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        let deadline = self.deadlines.first().map(|(until, _)| *until);
        let timer = self.timers.first().map(|(at, _)| *at);
        deadline.into_iter().chain(timer).min()
    }

    /// A key that is to be tried now.
    pub(super) fn next_timer(&mut self, now: Millis) -> Option<Ready> {
        let &(at, _) = self.timers.first()?;
        if at > now {
            return None;
        }
        self.timers.pop_first().map(|(_, ready)| ready)
    }

    /// Answers the calls whose time is over.
    pub(super) fn time_out(&mut self, now: Millis, post: &mut Post) {
        while let Some(&(until, address)) = self.deadlines.first()
            && until <= now
        {
            self.deadlines.pop_first();
            if let Some(call) = self.calls.get_mut(&address)
                && call.parked.claim(DONE)
            {
                let reply = std::mem::take(&mut call.reply);
                post.answer(address, reply);
                move_up(&call.parked, &mut self.postponed);
            }
        }
    }

    /// Ends a connection's wait, if it is the one given, as if its time were over or with an error.
    pub(super) fn unblock(
        &mut self,
        address: Address,
        number: Option<u64>,
        error: Option<&str>,
        post: &mut Post,
    ) {
        if let Some(call) = self.calls.get_mut(&address)
            && number.is_none_or(|number| number == call.number)
            && call.parked.claim(DONE)
        {
            let mut reply = std::mem::take(&mut call.reply);
            if let Some(text) = error {
                reply.clear();
                ReplyWriter::new(&mut reply, call.parked.version).error(text);
            }
            post.answer(address, reply);
            move_up(&call.parked, &mut self.postponed);
        }
    }

    /// The connections whose calls wait.
    pub(super) fn addresses(&self) -> Vec<Address> {
        self.calls.keys().copied().collect()
    }

    /// A call has been answered, or its connection goes: it is taken out of all stripes. Says
    /// whether its answer is to be sent; `None` if nothing waited there.
    pub(super) fn leave(
        &mut self,
        address: Address,
        process: &Process,
        gate: &Shared<'_>,
    ) -> Option<bool> {
        let call = self.calls.remove(&address)?;
        if call.parked.claim(DONE) {
            move_up(&call.parked, &mut self.postponed);
        }
        if let Some(until) = call.until {
            self.deadlines.remove(&(until, address));
        }
        let space = &process.keyspace;
        let known: Arc<dyn Any + Send + Sync> = call.parked.clone();
        for (key, _) in &call.parked.resume {
            let database = call.parked.database;
            let mut keys = Keys::one(space, gate, database, key, space.hash(key), 0);
            keys.forget(key, &known);
        }
        Some(!call.is_silent)
    }
}

/// A call leaves its place in line: whoever was behind it may have waited for that alone.
fn move_up(parked: &Parked, postponed: &mut Vec<Postponed>) {
    if parked.in_turn {
        postponed.extend(parked.resume.iter().map(|(key, _)| {
            let ready = (parked.database, key.clone());
            (ready, Vec::new())
        }));
    }
}

impl Executor<'_> {
    /// Answers calls whose time is over, and tries those again that could not be served for want of
    /// a lock. Says when to come again.
    pub fn wake(&mut self) -> Option<Millis> {
        // What becomes possible at the very instant at which a call gives up is done.
        while let Some(due) = self.waits.next_timer(self.now) {
            self.waits.postponed.push((due, Vec::new()));
        }
        self.serve_postponed();
        self.waits.time_out(self.now, &mut self.post);
        self.serve_postponed();
        if self.waits.postponed.is_empty() { self.waits.next_deadline() } else { Some(self.now) }
    }

    /// Tries calls again that could not be served for want of a lock, with the locks they need. Who
    /// waits behind them may need others; then that goes on, but not for ever.
    #[cold]
    pub(super) fn serve_postponed(&mut self) {
        for _ in 0..POSTPONED_ROUNDS {
            for ((database, key), mut stripes) in std::mem::take(&mut self.waits.postponed) {
                let Some(gate) = &self.gate else { unreachable!("waking is part of a turn") };
                let space = &self.process.keyspace;
                stripes.push(space.stripe_of(database, space.hash(&key)));
                stripes.sort_unstable();
                stripes.dedup();
                let keys = Keys::many(space, gate, database, &stripes, self.now);
                let mut service = service!(self);
                let keys = service.serve_key(keys, &key);
                let mut keys = service.serve(keys);
                let changed = keys.take_changed();
                drop(keys);
                if let Some(changed) = changed {
                    cached::tell(self.process, *changed, 0, &mut self.post);
                }
            }
            if self.waits.postponed.is_empty() {
                break;
            }
        }
    }

    /// The call that waits on this connection has its answer: it waits no more. Says whether the
    /// answer is to be sent; `None` if nothing waited.
    pub fn answered(&mut self, session: &Session) -> Option<bool> {
        let Some(gate) = &self.gate else { unreachable!("answers come within a turn") };
        let found = self.waits.leave(session.address, self.process, gate);
        session.card.blocked.store(0, Relaxed);
        found
    }

    /// Ends the call that waits on this connection, if it is in the wait given, with an error or as
    /// if its time were over.
    pub fn unblock(&mut self, address: Address, wait: Option<u64>, error: Option<&str>) {
        self.waits.unblock(address, wait, error, &mut self.post);
    }

    /// Ends all calls that wait with an error.
    pub fn unblock_all(&mut self, error: &str) {
        for address in self.waits.addresses() {
            self.waits.unblock(address, None, Some(error), &mut self.post);
        }
    }
}

/// What serving needs of an executor, besides the keys.
pub(super) struct Service<'e, 'p> {
    pub(super) process: &'p Process,
    pub(super) counters: &'e Counters,
    pub(super) chance: &'e mut Dice,
    pub(super) sink: &'e mut Option<Box<dyn Sink>>,
    pub(super) post: &'e mut Post,
    pub(super) postponed: &'e mut Vec<Postponed>,
    pub(super) timers: &'e mut BTreeSet<(Millis, Ready)>,
    pub(super) now: Millis,
}

impl Service<'_, '_> {
    /// Serves those who wait for keys that have changed, and for those that change thereby.
    #[cold]
    pub(super) fn serve<'k>(&mut self, mut keys: Keys<'k>) -> Keys<'k> {
        let selected = keys.database();
        while let Some((database, key)) = keys.next_ready() {
            keys.select(database);
            keys = self.serve_key(keys, &key);
        }
        keys.select(selected);
        keys
    }

    /// Serves those who wait for a key of the database that is selected.
    pub(super) fn serve_key<'k>(&mut self, mut keys: Keys<'k>, key: &[u8]) -> Keys<'k> {
        let mut at = 0;
        while let Some(waiter) = keys.waiter(key, at) {
            let kind = keys.peek(key).map(|value| value.kind());
            if kind.is_none() && !keys.must_tell(key) {
                break;
            }
            if kind != Some(waiter.kind) && !waiter.always {
                at += 1;
                continue;
            }
            let Ok(parked) = Arc::clone(&waiter.call).downcast::<Parked>() else {
                unreachable!("only calls wait");
            };
            if !parked.claim(TRIED) {
                keys.forget(key, &waiter.call);
                continue;
            }
            let entry = &self.process.table.entries()[parked.command];
            let resume = parked.resume.iter().find(|(of, _)| **of == *key);
            let Some((_, request)) = resume else { unreachable!("it waits for this key") };
            let mut stripes: Vec<StripeId> = Vec::new();
            let space = &self.process.keyspace;
            let shelf = keys.shelf();
            entry.stripes(space, shelf, parked.database, request.as_request(), &mut stripes);
            if !keys.reach(&stripes) || hold::is_held(&keys, entry, request.as_request()) {
                parked.finish(WAITING);
                self.postponed.push(((parked.database, key.into()), stripes));
                break;
            }
            let (same, answer) = self.resume(keys, entry, request, &parked);
            keys = same;
            match answer {
                Ok(answer) => {
                    keys.forget(key, &waiter.call);
                    parked.finish(DONE);
                    self.post.answer(parked.address, answer);
                }
                Err(again) => {
                    parked.finish(WAITING);
                    if let Some(again) = again {
                        self.timers.insert((again, (parked.database, key.into())));
                    }
                    if parked.in_turn {
                        break;
                    }
                    at += 1;
                }
            }
        }
        keys
    }

    /// Tries a call on the key that has changed: its answer, or, if it goes on waiting, when it
    /// asks to be tried again.
    fn resume<'k>(
        &mut self,
        keys: Keys<'k>,
        entry: &Entry,
        request: &OwnedRequest,
        parked: &Parked,
    ) -> (Keys<'k>, Result<Vec<u8>, Option<Millis>>) {
        let (before, seed, now) = (keys.changes(), self.chance.next(), self.now);
        let (args, dice) = (request.as_request(), Dice::new(seed));
        let mut reply = Vec::new();
        let out = ReplyWriter::new(&mut reply, parked.version);
        let (keys, outcome, seed) = match entry.command.run {
            Run::Write(handler) => {
                let mut write = Write { keys, args, out, now, dice, resumed: true };
                let outcome = handler(&mut write);
                (write.keys, outcome, drawn(seed, &write.dice))
            }
            Run::Read(handler) => {
                let outcome = handler(&mut Read { keys: &keys, args, out, now, dice });
                (keys, outcome, 0)
            }
            Run::Session(_) | Run::Server(_) | Run::Group(_) => {
                unreachable!("what waits for keys reads or writes them")
            }
        };
        let stamp = Stamp { now, seed, database: parked.database };
        settle(self.counters, self.sink, &keys, before, stamp, args);
        let answer = match outcome {
            Ok(Next::Park(wait)) => Err(wait.again),
            Ok(_) => Ok(reply),
            Err(refusal) => {
                self.counters.note_error(refusal.code());
                reply.clear();
                refuse::write(&refusal, ReplyWriter::new(&mut reply, parked.version));
                Ok(reply)
            }
        };
        (keys, answer)
    }
}
