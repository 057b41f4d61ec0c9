//! system/config — CONFIG: settings, read and changed while the process runs.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "config",
    summary: "Settings, read and changed while the process runs.",
    group: Group::Server,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
