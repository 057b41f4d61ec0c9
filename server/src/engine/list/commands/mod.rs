//! engine/list/commands — statics and handlers.
//!
//! - `ends`: pushing and popping.
//! - `places`: by index: LLEN, LINDEX, LRANGE, LSET, LTRIM.

pub mod ends;
pub mod places;
