//! system/transaction — several commands as one.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "transaction",
    summary: "Several commands as one.",
    group: Group::Transactions,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
