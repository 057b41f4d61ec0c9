//! system/replication — whom this server follows: REPLICAOF, ROLE.
//!
//! The commands say what is wanted and how it stands (`following.rs`); the thread of `migration`
//! does it. Nobody can follow this server yet, so there are no replicas.

mod commands;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "replication",
    summary: "Whom this server follows.",
    group: Group::Server,
    kinds: &[],
    commands: &[&commands::REPLICAOF, &commands::SLAVEOF, &commands::ROLE],
    settings: &[],
    state: None,
};
