//! system/transaction — several commands as one.
//!
//! Commands between MULTI and EXEC are queued by `route`, which also runs them; here is what opens
//! and discards the queue, and the watches that EXEC asks.

mod commands;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "transaction",
    summary: "Several commands as one.",
    group: Group::Transactions,
    kinds: &[],
    commands: &[
        &commands::DISCARD,
        &commands::EXEC,
        &commands::MULTI,
        &commands::UNWATCH,
        &commands::WATCH,
    ],
    settings: &[],
    state: None,
};
