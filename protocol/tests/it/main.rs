//! The crate seen from outside: promises over random inputs.

#[path = "../../fuzz/src/lib.rs"]
mod checks;
mod random;
mod split;
