//! One integration binary: everything that needs more than one room, and nothing but this
//! workspace.

mod bad_input;
mod budget;
mod calls;
#[path = "../../server/fuzz/src/lib.rs"]
mod checks;
mod fields;
mod files;
mod hyperloglog;
mod keyspace;
mod patterns;
mod replay;
mod replies;
mod scripts;
mod serialised;
mod snapshot;
mod table;
mod tidy;
mod waiting;
