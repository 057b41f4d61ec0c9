//! One integration binary: everything that needs more than one room, and nothing but this workspace.

mod calls;
mod patterns;
mod scripts;
mod table;
