//! engine/stream/commands — what can be done with streams.

pub mod add;
pub mod claim;
pub mod groups;
pub mod info;
pub mod look;
pub mod pending;
pub mod read;
pub mod remove;
mod reply;
