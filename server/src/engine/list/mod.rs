//! engine/list — sequences with two ends.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "list",
    summary: "Sequences with two ends.",
    group: Group::List,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
