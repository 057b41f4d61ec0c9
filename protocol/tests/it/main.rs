//! The crate seen from outside: promises over random inputs.

#[path = "../../fuzz/checks/mod.rs"]
mod checks;
mod random;
mod split;
