//! engine/sorted_set/commands — statics and handlers, by what they do.

pub(super) mod add;
pub(super) mod algebra;
pub(super) mod blocking;
pub(super) mod chance;
pub(super) mod look;
pub(super) mod pop;
pub(super) mod ranges;
pub(super) mod remove;
pub(super) mod reply;
pub(super) mod scan;
pub(super) mod store;
