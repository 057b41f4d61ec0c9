//! system — commands that show or steer the process or a connection; folders of the same form as
//! an engine's.

pub mod acl;
pub mod client;
pub mod command;
pub mod config;
pub mod connection;
pub mod info;
pub mod persistence;
pub mod process;
pub mod replication;
pub mod script;
pub mod transaction;
