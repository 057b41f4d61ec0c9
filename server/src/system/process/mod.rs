//! system/process — commands that steer the process: SHUTDOWN, DEBUG, TIME.

mod commands;
mod debug;
mod lolwut;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "process",
    summary: "Commands that steer the process.",
    group: Group::Server,
    kinds: &[],
    commands: &[&commands::TIME, &commands::SHUTDOWN, &debug::DEBUG, &lolwut::LOLWUT],
    settings: &[],
    state: None,
};
