//! system/command — COMMAND: the command table, for clients to read.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "command",
    summary: "The command table, for clients to read.",
    group: Group::Server,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
