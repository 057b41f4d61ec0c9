//! system/process — commands that steer the process: SHUTDOWN, DEBUG, TIME.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "process",
    summary: "Commands that steer the process.",
    group: Group::Server,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
