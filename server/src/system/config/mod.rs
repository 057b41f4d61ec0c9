//! system/config — CONFIG: settings, read and changed while the process runs.
//!
//! `settings` knows names, shapes and values; what a change asks of the running process is done
//! here, before any loop sees the new value.

mod commands;
mod effect;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "config",
    summary: "Settings, read and changed while the process runs.",
    group: Group::Server,
    kinds: &[],
    commands: &[&commands::CONFIG],
    settings: &[],
    state: None,
};
