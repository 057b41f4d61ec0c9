//! system/command — COMMAND: the command table, for clients to read.
//!
//! Everything said here is read off the table (`command/facts`, `command/render`); nothing is kept.

mod commands;
mod keys;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "command",
    summary: "The command table, for clients to read.",
    group: Group::Server,
    kinds: &[],
    commands: &[&commands::COMMAND],
    settings: &[],
    state: None,
};
