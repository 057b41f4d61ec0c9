//! route/transaction.rs — EXEC: the queued commands, with all their stripes locked once.
//!
//! If every queued command names its keys, their stripes are locked together, in order; a command
//! that may touch anything else (KEYS, FLUSHALL, SELECT and what follows it) makes the whole
//! transaction run alone. Watches are asked while everything is locked.

use mainstay_protocol::{OwnedRequest, ReplyWriter};

use super::wait::Service;
use super::{Executor, Stamp, cached, drawn, hold, note_lookups, refuse, service, settle};
use crate::clock::Millis;
use crate::command::{Desk, Entry, Next, Outcome, Read, Run, Trait, Visit, Write};
use crate::dice::Dice;
use crate::error::Refusal;
use crate::keyspace::Keys;
use crate::session::{Session, Watched};

/// The most bytes that a queued transaction may hold.
pub(super) const WEIGHT_MAX: usize = 1 << 30;

impl Executor<'_> {
    /// Runs what is queued, or tells why not.
    pub(super) fn execute(&mut self, session: &mut Session, out: &mut Vec<u8>) -> Outcome {
        let Some(open) = session.transaction.take() else {
            return Err(Refusal::text("ERR EXEC without MULTI"));
        };
        let watched = session.watched.take();
        session.settle();
        let outcome = if open.aborted {
            Err(Refusal::text("EXECABORT Transaction discarded because of previous errors."))
        } else {
            Ok(self.execute_queue(session, &open.queue, watched.as_deref(), out))
        };
        if matches!(outcome, Ok(Next::Hold)) {
            session.transaction = Some(open);
            session.watched = watched;
            session.settle();
            return outcome;
        }
        if let (Some(watched), Some(gate)) = (watched, &self.gate) {
            watched.release(&self.process.keyspace, gate);
        }
        if !self.waits.postponed.is_empty() {
            self.serve_postponed();
        }
        outcome
    }

    /// Locks everything that the queue and the watches name, asks the watches, and runs the queue.
    fn execute_queue(
        &mut self,
        session: &mut Session,
        queue: &[(usize, OwnedRequest)],
        watched: Option<&Watched>,
        out: &mut Vec<u8>,
    ) -> Next {
        let space = &self.process.keyspace;
        if self.names_all_keys(queue) {
            self.stripes.clear();
            // The gate is lent to the view for the length of the transaction.
            let Some(gate) = self.gate.take() else { unreachable!("commands run within a turn") };
            let shelf = space.shelf(&gate, session.database);
            for (index, request) in queue {
                let entry = &self.process.table.entries()[*index];
                let request = request.as_request();
                entry.stripes(space, shelf, session.database, request, &mut self.stripes);
            }
            // A change between the question and the locks would go unnoticed, so the watched keys'
            // stripes are locked too.
            for (database, key) in watched.iter().flat_map(|watched| watched.keys.keys()) {
                self.stripes.push(space.stripe_of(*database, space.hash(key)));
            }
            self.stripes.sort_unstable();
            self.stripes.dedup();
            let keys = Keys::many(space, &gate, session.database, &self.stripes, self.now);
            let next = self.run_unless_changed(session, queue, watched, keys, out);
            self.gate = Some(gate);
            return next;
        }
        self.gate = None;
        let mut exclusive = space.gate().close();
        let keys = Keys::whole(space, &mut exclusive, session.database, self.now);
        let next = self.run_unless_changed(session, queue, watched, keys, out);
        drop(exclusive);
        self.gate = Some(space.gate().share());
        next
    }

    fn run_unless_changed(
        &mut self,
        session: &mut Session,
        queue: &[(usize, OwnedRequest)],
        watched: Option<&Watched>,
        keys: Keys<'_>,
        out: &mut Vec<u8>,
    ) -> Next {
        let mut writer = ReplyWriter::new(out, session.version);
        if watched.is_some_and(|watched| watched.watch.is_dirty() || has_expired(watched, self.now))
        {
            writer.null_array();
            return Next::Done;
        }
        if hold::is_queue_held(&keys, self.process.table.entries(), queue) {
            return Next::Hold;
        }
        writer.array(queue.len());
        self.run_queue(session, queue, keys, out)
    }

    /// What becomes of a refusal before the command ran; if it would have run the transaction, that
    /// is given up.
    pub(super) fn reject(&self, entry: &Entry, session: &mut Session, refusal: Refusal) -> Refusal {
        if !entry.command.is(Trait::Executes) {
            return refusal;
        }
        session.transaction = None;
        if let Some(gate) = &self.gate {
            session.unwatch(&self.process.keyspace, gate);
        }
        session.settle();
        let text = refusal.to_string();
        let text = text.strip_prefix("ERR ").unwrap_or(&text);
        Refusal::from(format!("EXECABORT Transaction discarded because of: {text}"))
    }

    /// Whether the queue touches no key but those it names.
    fn names_all_keys(&self, queue: &[(usize, OwnedRequest)]) -> bool {
        queue.iter().all(|(index, request)| {
            let entry = &self.process.table.entries()[*index];
            match entry.command.run {
                Run::Read(_) => !entry.keys.is_empty() && !entry.is_alone(request.as_request()),
                Run::Write(_) | Run::Session(_) | Run::Server(_) | Run::Group(_) => {
                    !entry.is_alone(request.as_request())
                }
            }
        })
    }

    fn run_queue(
        &mut self,
        session: &mut Session,
        queue: &[(usize, OwnedRequest)],
        mut keys: Keys<'_>,
        out: &mut Vec<u8>,
    ) -> Next {
        let now = self.now;
        if session.leaves_no_trace() {
            keys.leave_no_trace();
        }
        let mut last = Next::Done;
        if let Some(sink) = &mut self.sink {
            sink.open();
        }
        for (index, request) in queue {
            let entry = &self.process.table.entries()[*index];
            let begin = out.len();
            let args = request.as_request();
            let version = session.version;
            let seed = self.chance.next();
            keys.select(session.database);
            let outcome = match entry.command.run {
                Run::Read(handler) => {
                    let out = ReplyWriter::new(out, version);
                    let outcome =
                        handler(&mut Read { keys: &keys, args, out, now, dice: Dice::new(seed) });
                    if let Some(cache) = &session.cache {
                        cached::remember(self.process, cache, session.id, entry, args);
                    }
                    outcome
                }
                Run::Write(handler) => {
                    let before = keys.changes();
                    let out = ReplyWriter::new(out, version);
                    let dice = Dice::new(seed);
                    let mut write = Write { keys, args, out, now, dice, resumed: false };
                    let outcome = handler(&mut write);
                    let seed = drawn(seed, &write.dice);
                    keys = write.keys;
                    let stamp = Stamp { now, seed, database: session.database };
                    settle(&self.counters, &mut self.sink, &keys, before, stamp, args);
                    if let Some(cache) = &session.cache
                        && entry.command.reads()
                    {
                        cached::remember(self.process, cache, session.id, entry, args);
                    }
                    outcome
                }
                Run::Session(handler) => handler(&mut Visit {
                    process: self.process,
                    post: &mut self.post,
                    gate: None,
                    args,
                    out: ReplyWriter::new(out, version),
                    now,
                    session,
                }),
                Run::Server(handler) => {
                    keys.publish();
                    handler(&mut Desk {
                        process: self.process,
                        post: &mut self.post,
                        args,
                        out: ReplyWriter::new(out, version),
                        now,
                        session,
                    })
                }
                Run::Group(_) => Err(refuse::unknown_sub(entry, args)),
            };
            self.account(entry, outcome.is_err(), session, args);
            match outcome {
                Ok(Next::Close) => last = Next::Close,
                Ok(_) => {}
                Err(refusal) => {
                    self.counters.note_error(refusal.code());
                    out.truncate(begin);
                    refuse::write(&refusal, ReplyWriter::new(out, version));
                }
            }
        }
        if let Some(sink) = &mut self.sink {
            sink.close();
        }
        note_lookups(&self.counters, &keys);
        if keys.has_ready() {
            keys = service!(self).serve(keys);
        }
        let changed = keys.take_changed();
        drop(keys);
        if let Some(changed) = changed {
            cached::tell(self.process, *changed, session.id, &mut self.post);
        }
        last
    }
}

/// Whether a watched key, or something inside it, has died by itself though nobody removed it.
fn has_expired(watched: &Watched, now: Millis) -> bool {
    watched.keys.values().any(|&due| due <= now)
}
