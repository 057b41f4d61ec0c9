//! persist — values as bytes that outlive the process.
//!
//! - [`rdb`]: Redis's own serialisation of values, read and written: DUMP, RESTORE, and the values
//!   of a `dump.rdb`.
//!
//! Nothing here knows an engine or a key: an engine hands its elements over one by one and takes
//! them the same way.

pub mod rdb;
