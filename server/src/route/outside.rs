//! route/outside.rs — commands that come from no client: those of a server that is followed, and of
//! Redis's files.
//!
//! They run as any others do, so who waits for a key is served, caches are told and records are
//! made; but neither CLIENT PAUSE nor that the process follows somebody holds them.

use std::sync::Arc;

use mainstay_protocol::{OwnedRequest, Request};

use super::{Executor, Plan, Service, cached, service};
use crate::clock::Millis;
use crate::keyspace::{Keys, Keyspace, Value};
use crate::mail::Post;
use crate::process::Process;
use crate::record::{RecordRef, Sink};
use crate::session::Session;

impl<'p> Executor<'p> {
    /// An executor outside of all loops, of which there is one at a time.
    pub fn outside(process: &'p Process, seed: u64, sink: Option<Box<dyn Sink>>) -> Executor<'p> {
        let last = process.counters.len().saturating_sub(1);
        let mut executor = Executor::new(process, last as u16, seed, sink);
        executor.is_outside = true;
        executor.post = Post::outside(Arc::clone(&process.mailboxes));
        executor
    }

    /// Looks whether clients' commands must heed that another server is followed.
    pub(super) fn heed_role(&mut self) {
        self.follows = !self.is_outside && self.process.following.is_active();
    }

    /// Goes on at another time within the turn.
    pub fn continue_at(&mut self, now: Millis) {
        self.now = now;
    }

    /// Whether something at the request's keys that lived at `before` may have died by `now`.
    pub fn has_died(
        &self,
        session: &Session,
        request: Request<'_>,
        plan: &Plan<'_>,
        before: Millis,
        now: Millis,
    ) -> bool {
        let (Some(entry), Some(gate)) = (plan.entry, &self.gate) else { return false };
        let space = &self.process.keyspace;
        let may = |key: &[u8], hash| {
            let keys = Keys::one(space, gate, session.database, key, hash, before);
            let has_parts = |value| matches!(value, Value::Object(held) if held.mortal().is_some());
            keys.deadline(key).flatten().is_some_and(|at| at <= now)
                || keys.peek(key).is_some_and(has_parts)
        };
        if let Some(at) = entry.sole_key(request) {
            return may(request.arg(at), plan.hash);
        }
        let places = entry.key_positions(request).unwrap_or_default();
        places.into_iter().any(|at| may(request.arg(at), space.hash(request.arg(at))))
    }

    /// Replaces all keys by those of a keyspace that was filled beside the one in use, if `holds`
    /// says yes once nobody else runs a command. Says whether it did. Call it within a turn.
    pub fn replace_all(&mut self, by: &Keyspace, holds: impl Fn() -> bool) -> bool {
        let space = &self.process.keyspace;
        let changed = loop {
            by.align(space);
            self.gate = None;
            let mut exclusive = space.gate().close();
            if !holds() {
                drop(exclusive);
                self.gate = Some(space.gate().share());
                return false;
            }
            let mut keys = Keys::whole(space, &mut exclusive, 0, self.now);
            if !keys.replace_all(by) {
                continue;
            }
            if let Some(sink) = &mut self.sink {
                // What takes their place is recorded by whoever knows how.
                let request = OwnedRequest::from_args([&b"FLUSHALL"[..]]);
                let request = request.as_request();
                sink.take(RecordRef { stamp: self.now, seed: 0, database: 0, request });
            }
            if keys.has_ready() {
                keys = service!(self).serve(keys);
            }
            break keys.take_changed();
        };
        self.gate = Some(space.gate().share());
        if let Some(changed) = changed {
            cached::tell(self.process, *changed, 0, &mut self.post);
        }
        true
    }
}
