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
pub mod keyspace;
pub mod mail;
pub mod observe;
pub mod process;
pub mod reactor;
pub mod record;
pub mod route;
pub mod session;
pub mod settings;
pub mod structure;
pub mod system;
