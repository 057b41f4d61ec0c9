//! engine/string/commands — statics and handlers, by what they do to a string.

mod condition;
pub(super) mod count;
pub(super) mod edit;
pub(super) mod increx;
mod lifetime;
pub(super) mod read;
pub(super) mod remove;
pub(super) mod several;
pub(super) mod store;
