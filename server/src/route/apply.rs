//! route/apply.rs — doing again what a record says, with the time and the chance that it had.
//!
//! Alone, with everything locked: whoever replays has no clients to serve meanwhile. Nothing is
//! recorded, no client is asked for, and what the command answers goes nowhere.

use mainstay_protocol::{ReplyWriter, Version};

use super::{Executor, refuse};
use crate::command::{Run, Write};
use crate::dice::Dice;
use crate::error::Refusal;
use crate::keyspace::Keys;
use crate::record::Record;

impl Executor<'_> {
    /// Applies a record. Call it outside a turn.
    ///
    /// # Errors
    /// If no command of that name writes, or the command refuses: the record was not made from the
    /// state that it is applied to.
    pub fn apply(&mut self, record: &Record) -> Result<(), Refusal> {
        let request = record.request.as_request();
        let table = &self.process.table;
        let Some(entry) = table.called(request) else {
            return Err(refuse::unknown(request));
        };
        let Run::Write(handler) = entry.command.run else {
            return Err(refuse::unknown_sub(entry, request));
        };
        self.heed_settings();
        self.gate = None;
        let space = &self.process.keyspace;
        let mut exclusive = space.gate().close();
        let mut unread = Vec::new();
        let mut write = Write {
            keys: Keys::whole(space, &mut exclusive, record.database, record.stamp),
            args: request,
            out: ReplyWriter::new(&mut unread, Version::Resp3),
            now: record.stamp,
            dice: Dice::new(record.seed),
            resumed: false,
        };
        handler(&mut write).map(drop)
    }
}
