//! One integration binary: everything that needs more than one room, and nothing but this workspace.

mod patterns;
mod scripts;
