//! engine/set — unique members.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "set",
    summary: "Unique members.",
    group: Group::Set,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
