//! mainstay-server.

pub mod settings;
