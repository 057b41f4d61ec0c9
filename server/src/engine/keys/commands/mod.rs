//! engine/keys/commands — statics and handlers, by what they do.

pub(super) mod deadlines;
pub(super) mod names;
pub(super) mod object;
pub(super) mod presence;
pub(super) mod serialised;
pub(super) mod walk;
pub(super) mod whole;
