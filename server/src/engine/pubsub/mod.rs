//! engine/pubsub — messages to whoever listens.
//!
//! The [`Hub`] knows who listens where; a session knows what it listens to, so that leaving costs
//! what was joined. Publishing finds the receivers and hands the message to the post of its loop;
//! how it is encoded and delivered is told in `mail.rs`.
//!
//! Invariants
//! - An address is in the hub exactly as long as the session has the subscription.
//! - Messages of one channel leave in the order in which their publishers held the channel's shard.
//!
//! Not here: notifications about keys, and invalidations for client-side caches.

mod hub;
mod look;
mod publish;
mod receivers;
mod subscribe;

#[cfg(test)]
mod tests;

pub use hub::Hub;

use crate::command::{Engine, Group};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "pubsub",
    summary: "Messages to whoever listens.",
    group: Group::PubSub,
    kinds: &[],
    commands: &[
        &subscribe::PSUBSCRIBE,
        &publish::PUBLISH,
        &look::PUBSUB,
        &subscribe::PUNSUBSCRIBE,
        &publish::SPUBLISH,
        &subscribe::SSUBSCRIBE,
        &subscribe::SUBSCRIBE,
        &subscribe::SUNSUBSCRIBE,
        &subscribe::UNSUBSCRIBE,
    ],
    settings: &[],
    state: Some(|| Box::new(Hub::default())),
};
