//! engine — one folder for each sort of data: its commands, its values, its tests.
//!
//! An engine reads no clock, does no I/O, waits for nothing and calls no other engine.

pub mod string;
