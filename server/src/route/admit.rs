//! route/admit.rs — may a request run now? Arity, authentication, what the connection is in the
//! middle of, CLIENT PAUSE, and whether what it writes could be kept.

use std::sync::atomic::Ordering::Relaxed;

use mainstay_protocol::{ReplyWriter, Request};

use super::{Executor, Plan, refuse, transaction};
use crate::command::{Entry, Run, Trait};
use crate::error::Refusal;
use crate::persist::journal::Trouble;
use crate::session::Session;

impl<'p> Executor<'p> {
    /// Whether CLIENT PAUSE holds this request back, or the journal does.
    pub(super) fn is_held(&self, session: &Session, plan: &Plan<'_>, is_paused: bool) -> bool {
        let Some(entry) = plan.entry else { return false };
        if is_paused && !self.process.pause.writes_only.load(Relaxed) {
            return true;
        }
        let writes =
            |entry: &Entry| entry.command.writes() || entry.command.is(Trait::MayReplicate);
        match &session.transaction {
            None => writes(entry),
            // Queueing changes nothing; what counts is what EXEC would do.
            Some(open) => {
                entry.command.is(Trait::Executes)
                    && open
                        .queue
                        .iter()
                        .any(|&(index, _)| writes(&self.process.table.entries()[index]))
            }
        }
    }

    /// Decides whether a request may run now: `None` if it was queued for EXEC instead.
    #[inline]
    pub(super) fn admit(
        &mut self,
        session: &mut Session,
        request: Request<'_>,
        plan: &Plan<'p>,
        out: &mut Vec<u8>,
    ) -> Result<Option<&'p Entry>, Refusal> {
        let Some(entry) = plan.entry else { return Err(refuse::unknown(request)) };
        if !entry.takes(request.len()) {
            return Err(Refusal::Arity(entry.wire_name));
        }
        if let Run::Group(_) = entry.command.run {
            return Err(refuse::unknown_sub(entry, request));
        }
        if self.trouble != Trouble::None && !self.is_outside {
            self.admit_in_trouble(session, entry)?;
        }
        if session.is_plain() && !self.follows {
            return Ok(Some(entry));
        }
        self.admit_unusual(session, request, entry, out)
    }

    /// Refuses writes that could not be kept.
    #[cold]
    fn admit_in_trouble(&self, session: &Session, entry: &Entry) -> Result<(), Refusal> {
        let spares = |entry: &Entry| {
            !entry.command.writes() || (self.trouble == Trouble::NoRoom && !entry.grows())
        };
        let queue = session.transaction.as_ref().filter(|_| entry.command.is(Trait::Executes));
        let mut queued = queue.iter().flat_map(|open| &open.queue);
        if spares(entry) && queued.all(|&(index, _)| spares(&self.process.table.entries()[index])) {
            return Ok(());
        }
        Err(refuse::unkept(&self.journal))
    }

    fn admit_unusual(
        &mut self,
        session: &mut Session,
        request: Request<'_>,
        entry: &'p Entry,
        out: &mut Vec<u8>,
    ) -> Result<Option<&'p Entry>, Refusal> {
        let command = entry.command;
        if !session.authenticated && !command.is(Trait::NoAuth) {
            return Err(Refusal::text("NOAUTH Authentication required."));
        }
        if self.follows {
            refuse::while_following(self.process, session, entry)?;
        }
        if session.is_confined() && !command.is(Trait::WhileSubscribed) {
            return Err(refuse::confined(entry));
        }
        let Some(open) = &mut session.transaction else { return Ok(Some(entry)) };
        if command.is(Trait::NotQueued) {
            return Ok(Some(entry));
        }
        if command.is(Trait::NoMulti) {
            return Err(Refusal::text("ERR Command not allowed inside a transaction"));
        }
        let request = request.to_owned();
        open.weight += request.weight();
        if open.weight > transaction::WEIGHT_MAX {
            return Err(Refusal::text("ERR transaction is too large"));
        }
        open.queue.push((entry.index, request));
        session.settle();
        ReplyWriter::new(out, session.version).simple("QUEUED");
        Ok(None)
    }
}
