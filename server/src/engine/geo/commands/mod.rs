//! engine/geo/commands — `add` gives members places, `look` tells of places, `search` finds what
//! is near, `radius` does so in the older commands' words, `read` has what they all read.

pub mod add;
pub mod look;
pub mod radius;
mod read;
pub mod search;
