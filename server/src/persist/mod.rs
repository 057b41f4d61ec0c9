//! persist — what outlives the process.
//!
//! - [`disk`]: the folder of data, as little as a disk promises.
//! - [`rdb`]: Redis's own serialisation of values, read and written: DUMP, RESTORE, and the values
//!   of a `dump.rdb`.
//!
//! Nothing here knows an engine or a key: an engine hands its elements over one by one and takes
//! them the same way.

pub mod disk;
pub mod rdb;
