//! system — commands that show or steer the process or a connection; folders of the same form as
//! an engine's.

pub mod connection;
