//! engine/hash — fields with values under one key.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "hash",
    summary: "Fields with values under one key.",
    group: Group::Hash,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
