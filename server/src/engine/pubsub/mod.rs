//! engine/pubsub — messages to whoever listens.

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "pubsub",
    summary: "Messages to whoever listens.",
    group: Group::PubSub,
    kinds: &[],
    commands: &[],
    settings: &[],
    state: None,
};
