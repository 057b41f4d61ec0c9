//! mainstay-server: the process. See `ARCHITECTURE.md` beside this crate for the map.

pub mod assembly;
pub mod catalog;
pub mod clients;
pub mod clock;
pub mod command;
pub mod connection;
pub mod dice;
pub mod engine;
pub mod error;
pub mod following;
pub mod keyspace;
pub mod machine;
pub mod mail;
pub mod migration;
pub mod observe;
pub mod offline;
pub mod persist;
pub mod process;
pub mod reactor;
pub mod record;
pub mod restore;
pub mod route;
pub mod saving;
pub mod session;
pub mod settings;
pub mod startup;
pub mod structure;
pub mod system;
pub mod tracking;

/// The version of Redis whose commands and replies are ours; HELLO and INFO name it, since clients
/// choose by it what they may ask for.
pub const REDIS_VERSION: &str = "7.2.4";

/// Our own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
