//! route/transaction.rs — EXEC: the queued commands, with all their stripes locked once.
//!
//! If every queued command names its keys, their stripes are locked together, in order; a command
//! that may touch anything else (KEYS, FLUSHALL, SELECT and what follows it) makes the whole
//! transaction run alone.

use mainstay_protocol::{OwnedRequest, ReplyWriter};

use super::{Executor, Stamp, note_lookups, refuse, settle};
use crate::command::{Desk, Next, Outcome, Read, Run, Visit, Write};
use crate::dice::Dice;
use crate::error::Refusal;
use crate::keyspace::{Keys, Keyspace, Shared};
use crate::session::{Session, Watched};

/// The most bytes that a queued transaction may hold.
pub(super) const WEIGHT_MAX: usize = 1 << 30;

impl Watched {
    /// Takes the watches back.
    pub(crate) fn release(&self, keyspace: &Keyspace, gate: &Shared<'_>) {
        for (database, key, _) in &self.keys {
            keyspace.unwatch(gate, *database, key, &self.watch);
        }
    }
}

impl Executor<'_> {
    /// Runs what is queued, or tells why not.
    pub(super) fn execute(&mut self, session: &mut Session, out: &mut Vec<u8>) -> Outcome {
        let Some(open) = session.transaction.take() else {
            return Err(Refusal::text("ERR EXEC without MULTI"));
        };
        let watched = session.watched.take();
        let mut dirty = false;
        if let (Some(watched), Some(gate)) = (&watched, &self.gate) {
            dirty = watched.watch.is_dirty() || self.has_expired(watched, gate);
            watched.release(&self.process.keyspace, gate);
        }
        session.settle();
        if open.aborted {
            return Err(Refusal::text(
                "EXECABORT Transaction discarded because of previous errors.",
            ));
        }
        if dirty {
            ReplyWriter::new(out, session.version).null_array();
            return Ok(Next::Done);
        }
        ReplyWriter::new(out, session.version).array(open.queue.len());
        if self.names_all_keys(&open.queue) {
            let space = &self.process.keyspace;
            self.stripes.clear();
            for (index, request) in &open.queue {
                let entry = &self.process.table.entries()[*index];
                let request = request.as_request();
                entry.stripes(space, session.database, request, &mut self.stripes);
            }
            self.stripes.sort_unstable();
            self.stripes.dedup();
            // The gate is lent to the view for the length of the transaction.
            let Some(gate) = self.gate.take() else { unreachable!("commands run within a turn") };
            let keys = Keys::many(space, &gate, session.database, &self.stripes, self.now);
            let next = self.run_queue(session, &open.queue, keys, out);
            self.gate = Some(gate);
            return Ok(next);
        }
        self.gate = None;
        let space = &self.process.keyspace;
        let exclusive = space.gate().close();
        let keys = Keys::whole(space, &exclusive, session.database, self.now);
        let next = self.run_queue(session, &open.queue, keys, out);
        drop(exclusive);
        self.gate = Some(space.gate().share());
        Ok(next)
    }

    /// Whether a key that was there when it was watched is dead by now though nobody removed it.
    fn has_expired(&self, watched: &Watched, gate: &Shared<'_>) -> bool {
        let space = &self.process.keyspace;
        watched.keys.iter().filter(|(_, _, was_there)| *was_there).any(|(database, key, _)| {
            let hash = space.hash(key);
            Keys::one(space, gate, *database, key, hash, self.now).peek(key).is_none()
        })
    }

    /// Whether the queue touches no key but those it names.
    fn names_all_keys(&self, queue: &[(usize, OwnedRequest)]) -> bool {
        queue.iter().all(|(index, request)| {
            let entry = &self.process.table.entries()[*index];
            match entry.command.run {
                Run::Read(_) => !entry.keys.is_empty(),
                Run::Write(_) => request.as_request().len() < entry.alone_from,
                Run::Session(_) => entry.command.name != "SELECT" && entry.command.name != "RESET",
                Run::Server(_) | Run::Group(_) => true,
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
        let mut last = Next::Done;
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
                    handler(&mut Read { keys: &keys, args, out, now, dice: Dice::new(seed) })
                }
                Run::Write(handler) => {
                    let before = keys.changes();
                    let out = ReplyWriter::new(out, version);
                    let mut write = Write { keys, args, out, now, dice: Dice::new(seed) };
                    let outcome = handler(&mut write);
                    keys = write.keys;
                    let stamp = Stamp { now, seed, database: session.database };
                    settle(&self.counters, &mut self.sink, &keys, before, stamp, args);
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
                Run::Server(handler) => handler(&mut Desk {
                    process: self.process,
                    post: &mut self.post,
                    args,
                    out: ReplyWriter::new(out, version),
                    now,
                    session,
                }),
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
        note_lookups(&self.counters, &keys);
        last
    }
}
