//! engine/sorted_set — unique members ordered by score.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "sorted_set",
    summary: "Unique members ordered by score.",
    group: Group::SortedSet,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
