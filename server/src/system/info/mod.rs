//! system/info — INFO, MEMORY and SLOWLOG: what the process is and does, in numbers.
//!
//! Field names are Redis's wherever a field means the same; what this server does not have is left
//! out, unless clients read it and its honest value is zero. Fields of our own have names of their
//! own.

mod commands;
mod human;
mod memory;
mod sections;
mod slow_log;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "info",
    summary: "What the process is and does, in numbers.",
    group: Group::Server,
    kinds: &[],
    commands: &[&commands::INFO, &memory::MEMORY, &slow_log::SLOWLOG],
    settings: &[],
    state: None,
};
