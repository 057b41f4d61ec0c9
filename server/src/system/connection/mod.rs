//! system/connection — commands about the connection they come by.

mod commands;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "connection",
    summary: "Commands about the connection they come by.",
    group: Group::Connection,
    kinds: &[],
    commands: &[&commands::PING],
    settings: &[],
    state: None,
};
