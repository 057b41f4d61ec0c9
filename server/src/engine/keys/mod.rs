//! engine/keys — commands on keys whatever they hold.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "keys",
    summary: "Commands on keys whatever they hold.",
    group: Group::Generic,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
