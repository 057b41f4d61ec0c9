//! persist — what outlives the process.
//!
//! - [`disk`]: the folder of data, as little as a disk promises.
//! - [`manifest`]: which files of the folder are the data.
//! - [`journal`]: every write that changed something, in order; [`codec`] says how a record reads.
//! - [`snapshot`]: the whole keyspace as it was at one LSN.
//! - [`store`]: all of it together, as a process has it.
//! - [`rdb`]: Redis's own serialisation of values, read and written: DUMP, RESTORE, and the values
//!   of a `dump.rdb`.
//!
//! Nothing here knows an engine: records are done again by whoever is handed them, and values read
//! themselves.

pub mod codec;
pub mod disk;
pub mod journal;
pub mod manifest;
pub mod rdb;
pub mod snapshot;
pub mod store;
