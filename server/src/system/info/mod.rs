//! system/info — INFO and its like: what the process is and does, in numbers.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "info",
    summary: "What the process is and does, in numbers.",
    group: Group::Server,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
