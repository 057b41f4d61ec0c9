//! mainstay-server.
pub mod structure;
