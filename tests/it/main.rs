//! One integration binary: everything that needs more than one room, and nothing but this
//! workspace.

mod bad_input;
mod budget;
mod calls;
mod fields;
mod hyperloglog;
mod keyspace;
mod patterns;
mod replay;
mod scripts;
mod table;
mod tidy;
