//! engine/set/commands — statics and handlers, by what they do to sets.

pub(super) mod algebra;
pub(super) mod basic;
pub(super) mod random;
pub(super) mod scan;
pub(super) mod store;
