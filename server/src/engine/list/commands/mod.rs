//! engine/list/commands — statics and handlers.
//!
//! - `ends`: pushing and popping.
//! - `places`: by index: LLEN, LINDEX, LRANGE, LSET, LTRIM.
//! - `search`: by value: LPOS, LINSERT, LREM.
//! - `moving`: from one list to another, and the first of several lists: LMOVE, RPOPLPUSH, LMPOP.
//! - `sort`: SORT, whose result is a list, of anything that has elements.

pub mod blocking;
pub mod ends;
pub mod moving;
pub mod places;
pub mod search;
pub mod sort;
