//! engine — one folder for each sort of data: its commands, its values, its tests.
//!
//! An engine reads no clock, does no I/O, waits for nothing and calls no other engine.
//! One is a view of another's values: `geo` of sorted sets.

pub mod bitmap;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod keys;
pub mod limiter;
pub mod list;
pub mod pubsub;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod string;
