//! route/apply.rs — doing again what a record says, with the time and the chance that it had.
//!
//! Alone, with everything locked: whoever replays has no clients to serve meanwhile. Nothing is
//! recorded, no client is asked for, and what the command answers goes nowhere.

use mainstay_protocol::{ReplyWriter, Version};

use super::{Executor, refuse};
use crate::command::{Run, Write};
use crate::dice::Dice;
use crate::error::Refusal;
use crate::keyspace::{Exclusive, Keys};
use crate::process::Process;
use crate::record::RecordRef;

/// Does records again, one after the other; nobody else runs a command as long as it lives.
pub struct Replay<'p> {
    executor: Executor<'p>,
    exclusive: Exclusive<'p>,
    unread: Vec<u8>,
}

impl<'p> Replay<'p> {
    /// Waits until everybody else is outside.
    pub fn new(process: &'p Process) -> Replay<'p> {
        let mut executor = Executor::new(process, 0, 0, None);
        executor.heed_settings();
        Replay { executor, exclusive: process.keyspace.gate().close(), unread: Vec::new() }
    }

    /// Does a record again.
    ///
    /// # Errors
    /// If no command of that name writes, or the command refuses: the record was not made from the
    /// state that it is applied to.
    pub fn apply(&mut self, record: RecordRef<'_>) -> Result<(), Refusal> {
        let RecordRef { stamp, seed, database, request } = record;
        let Some(entry) = self.executor.look_up(request) else {
            return Err(refuse::unknown(request));
        };
        let Run::Write(handler) = entry.command.run else {
            return Err(refuse::unknown_sub(entry, request));
        };
        let space = &self.executor.process.keyspace;
        if database >= space.databases() {
            return Err(Refusal::text("ERR there is no such database"));
        }
        self.unread.clear();
        let mut write = Write {
            keys: Keys::whole(space, &mut self.exclusive, database, stamp),
            args: request,
            out: ReplyWriter::new(&mut self.unread, Version::Resp3),
            now: stamp,
            dice: Dice::new(seed),
            resumed: false,
        };
        handler(&mut write).map(drop)
    }
}
