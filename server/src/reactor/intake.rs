//! reactor/intake.rs — reading sockets and running what they ask, several connections at a time.
//!
//! Sockets that are ready are read into one buffer, one behind the other; all their requests are
//! decoded and planned, which asks for the memory that they will touch; and only then are they run,
//! connection by connection. So the first touch of cold memory overlaps with the work on others,
//! even when each connection sends one request at a time.
//!
//! Invariants: a connection's requests run in their order; one read a connection and turn, so that
//! none starves the others.

use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;

use super::Reactor;
use crate::connection::{Decoded, Hold, Turn};
use crate::mail::Address;
use crate::route::Plan;

/// The read buffer of a loop.
pub(super) const BUFFER_BYTES: usize = 128 * 1024;

/// What one connection may read at once. Larger pipelines take several turns.
const READ_BYTES: usize = 16 * 1024;

/// Requests planned before they are run: enough to cover the waits for memory, few enough that
/// what was fetched is still in the cache.
const PLANNED: usize = 64;

/// Replies that are written before more requests of the batch are run: few enough that they are
/// still in the cache.
const ANSWER_BYTES: usize = 64 * 1024;

/// A connection whose socket can be read.
pub(super) struct Ready {
    pub(super) place: usize,
    /// The peer has closed its side, or the socket has failed: read until it says so.
    pub(super) ends: bool,
}

/// What was read from one connection.
pub(super) struct Take {
    /// Mail that is read meanwhile may close a connection, and give its place to a fresh one.
    from: Address,
    bytes: Range<usize>,
    decoded: Decoded,
    plans: Range<usize>,
}

impl Reactor<'_> {
    /// Serves every connection that is ready.
    pub(super) fn intake(&mut self) {
        let mut ready = std::mem::take(&mut self.ready);
        let mut waiting = ready.drain(..).peekable();
        while waiting.peek().is_some() {
            self.batch.clear();
            let mut filled = 0;
            while filled + READ_BYTES <= BUFFER_BYTES && self.batch.len() < PLANNED {
                let Some(Ready { place, ends }) = waiting.next() else { break };
                filled += self.take(place, ends, filled);
            }
            self.plan_takes();
            self.run_takes();
        }
        drop(waiting);
        // Keeps the allocation.
        self.ready = ready;
    }

    /// Reads from one connection and decodes; says how many bytes of the buffer it used.
    fn take(&mut self, place: usize, ends: bool, filled: usize) -> usize {
        let Some(connection) = self.connections.get_mut(place) else { return 0 };
        connection.ends |= ends;
        let ends = connection.ends;
        if connection.closing {
            // A peer that only sends no more may still take its replies; writing tells.
            self.touch(place);
            return 0;
        }
        if connection.held == Some(Hold::Park) && ends {
            // Nobody is there to take what it waits for.
            self.close(place);
            return 0;
        }
        if connection.held.is_some() {
            return 0;
        }
        if connection.taken {
            // Ready twice in one round: what was read first must be run first.
            self.again.push(place);
            return 0;
        }
        if connection.has_input() {
            self.take_more(place, ends);
            return 0;
        }
        let room = &mut self.buffer[filled..filled + READ_BYTES];
        match connection.receive(room, self.now) {
            Ok(0) => {
                self.close_when_written(place);
                0
            }
            Ok(read) => {
                let bytes = filled..filled + read;
                let decoded =
                    connection.decode(&self.buffer[bytes.clone()], &mut self.batch, &self.policy);
                connection.taken = true;
                let from = connection.session.address;
                self.takes.push(Take { from, bytes, decoded, plans: 0..0 });
                self.note_read(place, read, ends || read == READ_BYTES);
                read
            }
            Err(error) => {
                self.note_error(place, &error);
                0
            }
        }
    }

    /// Goes on reading a request that did not come in one piece.
    fn take_more(&mut self, place: usize, ends: bool) {
        let Some(connection) = self.connections.get_mut(place) else { return };
        match connection.receive_more(READ_BYTES, self.now) {
            Ok((0, _)) => self.close_when_written(place),
            Ok((read, full)) => {
                self.note_read(place, read, ends || full);
                self.resume(place);
                let over = |connection: &&mut crate::connection::Connection| {
                    connection.input_bytes() > self.policy.input_bytes_max
                };
                if self.connections.get_mut(place).as_ref().is_some_and(over) {
                    self.counters.closed_input.add(1);
                    self.close(place);
                }
                // Also if it is gone: what it sent to others before is still to be delivered.
                self.after_requests(place);
            }
            Err(error) => self.note_error(place, &error),
        }
    }

    fn note_read(&mut self, place: usize, read: usize, more: bool) {
        self.counters.input_bytes.add(read as u64);
        if more {
            self.again.push(place);
        }
    }

    fn note_error(&mut self, place: usize, error: &io::Error) {
        match error.kind() {
            ErrorKind::WouldBlock => {}
            ErrorKind::Interrupted => self.again.push(place),
            _ => self.close_when_written(place),
        }
    }

    /// Looks the decoded requests up and asks for the memory they need.
    fn plan_takes(&mut self) {
        self.plans.clear();
        for take in &mut self.takes {
            let Some(connection) = self.connections.current(take.from) else { continue };
            let bytes = &self.buffer[take.bytes.clone()];
            let start = self.plans.len();
            for at in take.decoded.requests.clone() {
                let Some(request) = self.batch.get(at, bytes) else { break };
                self.plans.push(self.executor.plan(&connection.session, request));
            }
            take.plans = start..self.plans.len();
        }
        if self.plans.len() < 2 {
            return;
        }
        let mut last = None;
        for take in &self.takes {
            let Some(connection) = self.connections.current(take.from) else { continue };
            for plan in &self.plans[take.plans.clone()] {
                // Neighbours often ask for one key, and once is enough.
                if last.replace(plan.hash()) != Some(plan.hash()) {
                    self.executor.prefetch(&connection.session, plan);
                }
            }
        }
        if self.plans.iter().any(Plan::has_member) {
            self.prefetch_members();
        }
    }

    /// Asks for what the planned requests look for inside their containers.
    fn prefetch_members(&mut self) {
        self.sought.clear();
        for take in &self.takes {
            let Some(connection) = self.connections.current(take.from) else { continue };
            let bytes = &self.buffer[take.bytes.clone()];
            let plans = &self.plans[take.plans.clone()];
            for (at, plan) in take.decoded.requests.clone().zip(plans) {
                if plan.has_member()
                    && let Some(request) = self.batch.get(at, bytes)
                {
                    self.sought.extend(plan.sought(&connection.session, request));
                }
            }
        }
        self.executor.prefetch_members(&mut self.sought);
    }

    /// Runs the requests that were taken.
    fn run_takes(&mut self) {
        let mut touched = self.touched.len();
        let mut takes = std::mem::take(&mut self.takes);
        for Take { from, bytes, decoded, plans } in takes.drain(..) {
            let Some(connection) = self.connections.current(from) else { continue };
            let mut turn = Turn {
                executor: &mut self.executor,
                arenas: &mut self.arenas,
                policy: &self.policy,
                now: self.now,
            };
            let bytes = &self.buffer[bytes];
            connection.taken = false;
            connection.run(bytes, &self.batch, decoded, &self.plans[plans], &mut turn);
            self.after_requests(from.place as usize);
            if self.arenas.replies.len() >= ANSWER_BYTES {
                self.answer_early(touched);
                touched = self.touched.len();
            }
        }
        self.takes = takes;
    }

    /// Runs the requests that a connection had left.
    pub(super) fn resume(&mut self, place: usize) {
        if let Some(connection) = self.connections.get_mut(place) {
            connection.held = None;
            let mut turn = Turn {
                executor: &mut self.executor,
                arenas: &mut self.arenas,
                policy: &self.policy,
                now: self.now,
            };
            connection.resume(&mut self.spare, &mut turn);
        }
    }

    /// What others see of a connection, brought up to date.
    pub(super) fn show(&mut self, place: usize) {
        if let Some(connection) = self.connections.get_mut(place) {
            let card = &connection.session.card;
            card.active.store(self.now, Relaxed);
            card.input_bytes.store(connection.input_bytes() as u32, Relaxed);
        }
    }
}
