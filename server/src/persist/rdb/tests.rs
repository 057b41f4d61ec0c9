//! Frozen values of every form, and what must hold for any bytes.

mod any_bytes;
mod frozen;
mod round_trips;
