//! system/persistence — commands about what outlives the process: SAVE, BGSAVE, LASTSAVE,
//! BGREWRITEAOF.
//!
//! A snapshot is made by a thread of its own (`saving`), so SAVE waits for it without holding
//! anybody else up, and BGREWRITEAOF is BGSAVE: every snapshot cuts the journal.

mod commands;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "persistence",
    summary: "What outlives the process: snapshots and the journal.",
    group: Group::Server,
    kinds: &[],
    commands: &[&commands::SAVE, &commands::BGSAVE, &commands::BGREWRITEAOF, &commands::LASTSAVE],
    settings: &[],
    state: None,
};
