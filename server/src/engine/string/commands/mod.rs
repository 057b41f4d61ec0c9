//! engine/string/commands — statics and handlers, by what they do to a string.

pub(super) mod count;
pub(super) mod edit;
pub(super) mod read;
pub(super) mod store;
