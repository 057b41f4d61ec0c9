//! reactor — the event loops: one per core, each with connections of its own.
//!
//! ```text
//! turn:  wait -> mail -> accept -> read, run, answer ready sockets -> sweep -> write the others
//!        '------- the gate is held shared from mail to sweep, but while answering -------'
//! ```
//!
//! Loop 0 also accepts, and hands connections out in turn. Readiness is edge-triggered: a socket
//! that filled the read buffer is asked again next turn without being waited for.
//!
//! Invariants: a connection belongs to one loop for life; nothing here parses; no call that may
//! wait is made but `poll`.

mod accept;
mod durable;
mod intake;
mod patrol;
mod slab;
mod wake;

pub use accept::Listeners;
pub use wake::LoopWaker;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mainstay_protocol::{Batch, Version};
use mio::{Events, Poll, Token};

use crate::clock::{self, Millis};
use crate::connection::{Arenas, Connection, Hold, Policy, Sent, Stream};
use crate::error::Fault;
use crate::mail::{Address, Mail, Message};
use crate::observe::Counters;
use crate::process::Process;
use crate::record::Sink;
use crate::route::{Executor, Plan, Sought};
use durable::Undurable;
use intake::{BUFFER_BYTES, Ready, Take};
use slab::Slab;

/// The token of the waker.
pub const WAKE: Token = Token(0);

/// Tokens below this one are not connections.
const FIRST_CONNECTION: usize = 64;

/// Events taken from the operating system at once.
const EVENTS: usize = 1024;

/// How often the patrol walks, and how long a loop sleeps at most.
const PATROL_MS: u64 = 100;

/// How long a loop sleeps at most while a request waits for a snapshot.
const RETRY_MS: u64 = 1;

/// How often dead keys are looked for while there are keys with a deadline.
const SWEEP_MS: u64 = 20;

/// Dead keys freed in one turn: about half a millisecond.
const SWEEP_MOST: usize = 2000;

/// How many blocks a turn frees of big values that were removed: some 50 us.
const FREED_MOST: usize = 500;

/// How long a stopping loop waits for peers to take their last replies.
const STOP_MS: u64 = 1000;

/// One event loop.
pub struct Reactor<'p> {
    process: &'p Process,
    number: u16,
    poll: Poll,
    listeners: Option<Listeners>,
    connections: Slab,
    executor: Executor<'p>,
    counters: Arc<Counters>,
    arenas: Arenas,
    batch: Batch,
    spare: Batch,
    plans: Vec<Plan<'p>>,
    /// What planned requests look for inside containers.
    sought: Vec<Sought>,
    takes: Vec<Take>,
    buffer: Box<[u8]>,
    policy: Policy,
    ready: Vec<Ready>,
    touched: Vec<usize>,
    again: Vec<usize>,
    held: Vec<usize>,
    /// One of those is to be tried again in a moment.
    hurries: bool,
    now: Millis,
    patrol_at: Millis,
    patrol_next: usize,
    sweep_at: Millis,
    wake_at: Millis,
    /// Connections whose waiting calls were answered in this turn.
    answered: Vec<usize>,
    /// Answers that wait for the journal.
    undurable: Undurable,
    /// Whether there is more to free, see `keyspace::later`.
    frees: bool,
    /// The blocks that had been freed when the allocator was asked for unused memory.
    given_back: u64,
    next_loop: usize,
    accept_again: bool,
    accept_failed: bool,
}

impl<'p> Reactor<'p> {
    /// Loop `number`, which waits on `poll`; the one that has the listeners accepts.
    pub fn new(
        process: &'p Process,
        number: u16,
        poll: Poll,
        listeners: Option<Listeners>,
        seed: u64,
        sink: Option<Box<dyn Sink>>,
    ) -> Reactor<'p> {
        Reactor {
            process,
            number,
            poll,
            listeners,
            connections: Slab::default(),
            executor: Executor::new(process, number, seed, sink),
            counters: Arc::clone(&process.counters[usize::from(number)]),
            arenas: Arenas::default(),
            batch: Batch::new(),
            spare: Batch::new(),
            plans: Vec::new(),
            sought: Vec::new(),
            takes: Vec::new(),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            ready: Vec::new(),
            policy: Policy::read(&process.settings),
            touched: Vec::new(),
            again: Vec::new(),
            held: Vec::new(),
            hurries: false,
            now: clock::now(),
            patrol_at: 0,
            patrol_next: 0,
            sweep_at: 0,
            wake_at: Millis::MAX,
            answered: Vec::new(),
            undurable: Undurable::default(),
            frees: false,
            given_back: 0,
            next_loop: 0,
            accept_again: false,
            accept_failed: false,
        }
    }

    /// Serves until the process stops.
    ///
    /// # Errors
    /// If the operating system refuses to wait for events.
    pub fn run(mut self) -> Result<(), Fault> {
        if let Some(listeners) = &mut self.listeners {
            listeners.register(self.poll.registry()).map_err(Fault::io("wait for connections"))?;
        }
        let mut events = Events::with_capacity(EVENTS);
        while !self.process.stopping.load(Relaxed) {
            self.turn(&mut events)?;
        }
        self.listeners = None;
        self.stop(&mut events)
    }

    fn turn(&mut self, events: &mut Events) -> Result<(), Fault> {
        let timeout = self.timeout();
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(Fault::io("wait for events")(error));
            }
            _ => {}
        }
        self.now = clock::now();
        self.executor.begin(self.now);
        if self.policy.version != self.process.settings.version() {
            self.policy = Policy::read(&self.process.settings);
        }
        if self.accepts_again() {
            self.accept();
        }
        let again = self.again.drain(..).map(|place| Ready { place, ends: false });
        self.ready.extend(again);
        for event in events.iter() {
            match event.token() {
                WAKE => self.read_mail(),
                Token(token) if token < FIRST_CONNECTION => self.accept(),
                Token(token) => {
                    let place = token - FIRST_CONNECTION;
                    if event.is_writable() {
                        self.writable(place);
                    }
                    if event.is_readable() || event.is_error() || event.is_read_closed() {
                        let ends = event.is_read_closed() || event.is_error();
                        self.ready.push(Ready { place, ends });
                    }
                }
            }
        }
        self.intake();
        self.retry_held();
        self.sweep();
        self.wake();
        self.frees = self.process.keyspace.free_slice(FREED_MOST);
        if events.is_empty() {
            self.give_back();
        }
        if self.now >= self.patrol_at {
            self.patrol_at = self.now + PATROL_MS;
            self.patrol();
            // Whoever could not be let in raises no second edge.
            self.accept_again |= std::mem::take(&mut self.accept_failed);
            if self.number == 0 {
                self.process.report_rates(self.now);
            }
        }
        self.executor.end();
        self.flush();
        // Closing a connection may have opened the gate again.
        self.executor.end();
        Ok(())
    }

    /// Ends waits whose time is over, and goes on with connections that were answered.
    fn wake(&mut self) {
        loop {
            self.wake_at = self.executor.wake().unwrap_or(Millis::MAX);
            self.deliver_post();
            if self.answered.is_empty() {
                break;
            }
            self.resume_answered();
        }
    }

    fn timeout(&self) -> Duration {
        let next = self.patrol_at.min(self.sweep_at).min(self.wake_at);
        if !self.again.is_empty() || self.accept_again || self.frees || next <= self.now {
            return Duration::ZERO;
        }
        let most = if self.hurries { RETRY_MS } else { PATROL_MS };
        Duration::from_millis((next - self.now).min(most))
    }

    fn read_mail(&mut self) {
        let process = self.process;
        for mail in process.mailboxes[usize::from(self.number)].drain() {
            match mail {
                Mail::Message(parcel) => self.deliver(parcel.message(), parcel.to()),
                Mail::Letter => {
                    let (connections, arenas) = (&mut self.connections, &mut self.arenas);
                    if let Some((message, to)) = self.executor.post.next_letter() {
                        deliver(connections, arenas, &mut self.touched, message, to);
                    }
                }
                Mail::Accepted(stream) => {
                    self.adopt(stream);
                    process.clients.arriving.fetch_sub(1, Relaxed);
                }
                Mail::Close(address) => {
                    if self.connections.is_current(address) {
                        self.close(address.place as usize);
                    }
                }
                Mail::Answer(address, reply) => self.answer(address, &reply),
                Mail::Unblock(address, wait, error) => {
                    self.executor.unblock(address, Some(wait), error);
                }
                Mail::Look => {}
            }
        }
    }

    /// Hands a call that waited its answer; its connection goes on with what it asked next.
    fn answer(&mut self, address: Address, reply: &[u8]) {
        let Some(connection) = self.connections.current(address) else { return };
        let Some(is_sent) = self.executor.answered(&connection.session) else { return };
        if is_sent {
            let begin = self.arenas.replies.len();
            self.arenas.replies.extend_from_slice(reply);
            connection.outbox.push_replies(begin..self.arenas.replies.len());
        }
        let place = address.place as usize;
        self.answered.push(place);
        self.touch(place);
    }

    /// Goes on with connections whose waiting calls were answered.
    fn resume_answered(&mut self) {
        while let Some(place) = self.answered.pop() {
            let Some(connection) = self.connections.get_mut(place) else { continue };
            if connection.held != Some(Hold::Park) {
                continue;
            }
            connection.held = None;
            if connection.has_input() {
                self.resume(place);
                self.after_requests(place);
            }
            // The socket may hold more, and its edge was missed meanwhile.
            self.again.push(place);
        }
    }

    /// Takes a fresh socket over.
    fn adopt(&mut self, mut stream: Stream) {
        let (place, generation) = self.connections.reserve();
        let token = Token(place + FIRST_CONNECTION);
        if stream.register(self.poll.registry(), token).is_err() {
            self.connections.release(place);
            return;
        }
        let address = Address { reactor: self.number, generation, place: place as u32 };
        let session = accept::session(self.process, &stream, address, self.now);
        self.counters.connections.add(1);
        self.connections.put(place, Connection::new(stream, session, self.now));
        // What came before the registration raises no edge.
        self.again.push(place);
    }

    /// What follows whenever a connection has run requests.
    fn after_requests(&mut self, place: usize) {
        loop {
            self.deliver_post();
            let Some(connection) = self.connections.get_mut(place) else { return };
            if connection.held != Some(Hold::Delivery) {
                break;
            }
            self.resume(place);
        }
        if self.arenas.protocol_errors > 0 {
            self.counters.closed_protocol.add(self.arenas.protocol_errors);
            self.arenas.protocol_errors = 0;
        }
        self.touch(place);
        self.show(place);
        if let Some(connection) = self.connections.get_mut(place)
            && !matches!(connection.held, None | Some(Hold::Park))
        {
            self.hurries |= connection.held == Some(Hold::Snapshot);
            self.held.push(place);
        }
    }

    /// Goes on with connections whose reason to wait may have gone.
    fn retry_held(&mut self) {
        if self.held.is_empty() {
            return;
        }
        self.hurries = false;
        let paused = self.process.pause.until.load(Relaxed) > self.now || self.executor.is_behind();
        for place in std::mem::take(&mut self.held) {
            let Some(connection) = self.connections.get_mut(place) else { continue };
            let ready = match connection.held {
                None | Some(Hold::Park) => continue,
                Some(Hold::Delivery | Hold::Snapshot) => true,
                Some(Hold::Pause) => !paused,
                Some(Hold::Output) => connection.outbox.is_empty(),
            };
            if !ready {
                self.held.push(place);
                continue;
            }
            self.resume(place);
            self.after_requests(place);
            // The socket may hold more, and its edge was missed while the connection was held.
            self.again.push(place);
        }
    }

    /// Hands the messages of the commands just run to the connections of this loop.
    fn deliver_post(&mut self) {
        if self.executor.post.is_empty() {
            return;
        }
        if self.executor.post.is_alone() {
            for (message, to) in self.executor.post.letters() {
                deliver(&mut self.connections, &mut self.arenas, &mut self.touched, message, to);
            }
        } else {
            self.read_mail();
        }
        let answers = self.executor.post.take_answers();
        self.executor.post.clear();
        for (address, reply) in answers {
            self.answer(address, &reply);
        }
    }

    fn deliver(&mut self, message: Message<'_>, to: &[Address]) {
        deliver(&mut self.connections, &mut self.arenas, &mut self.touched, message, to);
    }

    fn touch(&mut self, place: usize) {
        if let Some(connection) = self.connections.get_mut(place)
            && !connection.touched
            && (!connection.outbox.is_empty() || connection.closing)
        {
            connection.touched = true;
            self.touched.push(place);
        }
    }

    fn writable(&mut self, place: usize) {
        self.touch(place);
    }

    /// Writes what has been answered since `touched` had `from` places, rather than at the end of
    /// the turn: a socket that was just read is still in the cache, replies need little room, and
    /// clients go on while others are served. Messages wait, since more may come for their
    /// receivers; so does everything if the executor says so.
    fn answer_early(&mut self, from: usize) {
        if self.touched.len() == from || self.executor.holds_answers() {
            return;
        }
        // Nobody needs to wait for system calls, and no command is to be charged with their time.
        self.executor.step_out();
        let mut kept = from;
        for at in from..self.touched.len() {
            let place = self.touched[at];
            let is_ready = self.connections.get_mut(place).is_some_and(|connection| {
                connection.outbox.has_only_replies() && !connection.closing
            });
            if !is_ready || !self.write(place) {
                if let Some(connection) = self.connections.get_mut(place) {
                    connection.touched = true;
                }
                self.touched[kept] = place;
                kept += 1;
            }
        }
        self.touched.truncate(kept);
        if self.touched.is_empty() {
            self.arenas.clear();
        }
        self.executor.begin(self.now);
    }

    /// Writes what this turn has produced.
    fn flush(&mut self) {
        self.let_go();
        self.hold_back();
        let mut slow = Vec::new();
        for place in std::mem::take(&mut self.touched) {
            if !self.write(place) {
                slow.push(place);
            }
        }
        if !slow.is_empty() {
            let kept = self.arenas.keep_messages();
            for place in slow {
                if let Some(connection) = self.connections.get_mut(place) {
                    connection.outbox.keep(&self.arenas.replies, &kept);
                    self.limit_output(place);
                }
            }
        }
        self.arenas.clear();
    }

    /// Writes what there is for one connection; false if some is left, since its peer takes no more
    /// for now or the journal is not so far.
    fn write(&mut self, place: usize) -> bool {
        let Some(connection) = self.connections.get_mut(place) else { return true };
        connection.touched = false;
        match connection.outbox.write(&mut connection.stream, &self.arenas) {
            Sent::All(bytes) => {
                self.counters.output_bytes.add(bytes as u64);
                connection.stalled_since = 0;
                connection.soft_since = 0;
                if connection.closing {
                    self.close(place);
                } else if connection.held == Some(Hold::Output) {
                    // Go on with its requests next turn.
                    self.again.push(place);
                }
                true
            }
            Sent::Held(bytes) => {
                self.counters.output_bytes.add(bytes as u64);
                connection.stalled_since = 0;
                false
            }
            Sent::Some(bytes) => {
                self.counters.output_bytes.add(bytes as u64);
                if bytes > 0 || connection.stalled_since == 0 {
                    connection.stalled_since = self.now;
                }
                false
            }
            Sent::Failed => {
                self.close(place);
                true
            }
        }
    }

    fn close_when_written(&mut self, place: usize) {
        if let Some(connection) = self.connections.get_mut(place) {
            if connection.outbox.is_empty() {
                self.close(place);
            } else {
                connection.closing = true;
                self.touch(place);
            }
        }
    }

    fn close(&mut self, place: usize) {
        if let Some(mut connection) = self.connections.take(place) {
            self.executor.begin(self.now);
            self.executor.leave(&mut connection.session);
            self.process.clients.leave(connection.session.id);
        }
    }

    /// Answers what was read, gives peers a moment to take it, and closes everything.
    fn stop(mut self, events: &mut Events) -> Result<(), Fault> {
        let end = clock::now() + STOP_MS;
        self.executor.begin(self.now);
        self.executor.unblock_all("UNBLOCKED the server is shutting down");
        self.deliver_post();
        // Another loop may still need the gate for itself.
        self.executor.end();
        for place in self.connections.places() {
            if let Some(connection) = self.connections.get_mut(place) {
                connection.closing = true;
            }
            self.touch(place);
        }
        self.flush();
        while clock::now() < end && !self.connections.is_empty() {
            let wait = Duration::from_millis(10);
            if self.poll.poll(events, Some(wait)).is_err() {
                break;
            }
            for place in self.connections.places() {
                self.touch(place);
            }
            self.flush();
        }
        for place in self.connections.places() {
            self.close(place);
        }
        self.executor.end();
        Ok(())
    }

    fn sweep(&mut self) {
        // The server that is followed says itself which keys have died.
        let sweeps = self.policy.sweeps && !self.process.following.is_active();
        if self.now < self.sweep_at || !sweeps {
            self.sweep_at = self.sweep_at.max(self.now);
            if !sweeps {
                self.sweep_at = self.now + PATROL_MS;
            }
            return;
        }
        let share = usize::from(self.number);
        let shares = self.process.mailboxes.len();
        let swept = self.executor.sweep(share, shares, SWEEP_MOST);
        if swept.freed + swept.parts > 0 {
            self.counters.expired.add(swept.freed as u64);
            self.counters.expired_parts.add(swept.parts as u64);
            self.deliver_post();
        }
        // What is left of a round that was cut short is done next turn, after the clients.
        self.sweep_at = if swept.due <= self.now { self.now } else { self.now + SWEEP_MS };
    }
}

/// Encodes a message once for each version that has receivers, and adds it to their outboxes.
fn deliver(
    connections: &mut Slab,
    arenas: &mut Arenas,
    touched: &mut Vec<usize>,
    message: Message<'_>,
    to: &[Address],
) {
    let mut encoded: [Option<std::ops::Range<usize>>; 2] = [None, None];
    for &address in to {
        if !connections.is_current(address) {
            continue;
        }
        let place = address.place as usize;
        let Some(connection) = connections.get_mut(place) else { continue };
        if connection.closing || !connection.session.hears() {
            continue;
        }
        let version = connection.session.version;
        let slot = usize::from(version == Version::Resp3);
        let range = encoded[slot].get_or_insert_with(|| {
            let arena = &mut arenas.messages[slot];
            let start = arena.len();
            message.encode(version, arena);
            start..arena.len()
        });
        connection.outbox.push_message(slot as u8, range.clone());
        if !connection.touched {
            connection.touched = true;
            touched.push(place);
        }
    }
}
