//! engine/string — byte strings, and the numbers that people keep in them.
//!
//! A string lies in its key's own entry, as bytes: an integer too. Reading one as a number costs a
//! few nanoseconds, and every other command is spared a second form.
//!
//! Not here: bitmaps and HyperLogLogs, which are strings with other commands.

mod commands;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "string",
    summary: "Byte strings and counters.",
    group: Group::String,
    kinds: &[],
    commands: &[&commands::GET, &commands::SET],
    settings: &[],
    state: None,
};
