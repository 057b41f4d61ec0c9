//! system/client — CLIENT: what is known of connections, and what is done to them.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "client",
    summary: "What is known of connections, and what is done to them.",
    group: Group::Connection,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
