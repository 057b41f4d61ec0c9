//! reactor/durable.rs — answers that wait for the journal.
//!
//! Under `appendfsync always` nobody is told anything that a crash could take back. So if units
//! were recorded that are not on disk at the end of a turn, all that the turn would write is
//! held: its own answers, those of readers who may have seen what was written, and messages. They
//! wait in order, turn by turn, while the loop runs what comes next; when the journal says that
//! it is so far, they go. If a sync fails, what was done is unknown, and that is what the clients
//! are told.

use std::collections::VecDeque;

use super::Reactor;
use crate::mail::Address;
use crate::persist::journal::{Lsn, Trouble};

/// Turns whose output waits, oldest first.
#[derive(Default)]
pub(super) struct Undurable {
    turns: VecDeque<Turn>,
    /// Lists to be used again.
    spare: Vec<Vec<(Address, usize)>>,
}

struct Turn {
    /// What must be on disk.
    lsn: Lsn,
    /// Who waits for how many bytes.
    to: Vec<(Address, usize)>,
}

/// Told to clients whose answers waited for a sync that failed.
const UNKNOWN: &[u8] = b"-MISCONF The journal could not be synced: whether the requests before \
    this answer are kept is unknown\r\n";

impl Undurable {
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}

impl Reactor<'_> {
    /// Lets go what waited for nothing else than what is on disk now.
    pub(super) fn let_go(&mut self) {
        if self.undurable.is_empty() {
            return;
        }
        let journal = self.executor.journal();
        let (durable, trouble) = (journal.durable(), journal.trouble());
        while let Some(turn) = self.undurable.turns.front() {
            let is_kept = turn.lsn <= durable;
            if !is_kept && trouble != Trouble::Sync {
                break;
            }
            let Some(Turn { mut to, .. }) = self.undurable.turns.pop_front() else { break };
            for (address, bytes) in to.drain(..) {
                let Some(connection) = self.connections.current(address) else { continue };
                if is_kept {
                    connection.outbox.let_go(bytes);
                } else if !connection.closing || connection.outbox.sendable() > 0 {
                    connection.outbox.replace_held(UNKNOWN);
                    connection.closing = true;
                }
                self.touch(address.place as usize);
            }
            self.undurable.spare.push(to);
        }
    }

    /// Holds what this turn would write, if the journal is not so far.
    pub(super) fn hold_back(&mut self) {
        let Some(lsn) = self.executor.journal().holds() else { return };
        let mut to = self.undurable.spare.pop().unwrap_or_default();
        for &place in &self.touched {
            let Some(connection) = self.connections.get_mut(place) else { continue };
            let bytes = connection.outbox.hold();
            if bytes > 0 {
                to.push((connection.session.address, bytes));
            }
        }
        if to.is_empty() {
            self.undurable.spare.push(to);
        } else {
            self.undurable.turns.push_back(Turn { lsn, to });
        }
    }
}
