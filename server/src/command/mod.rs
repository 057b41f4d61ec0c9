//! command — the command table and all that is read off it.
//!
//! [`schema`] says what can be said about a command; every engine says it once, in `static`s next
//! to its handlers. [`table`] turns them into lookup, arity and key positions; [`context`] is what
//! a handler is given; [`facts`], [`argument`], [`render`] and [`page`] tell clients and people
//! what there is. Nothing here touches a key.

pub mod argument;
pub mod context;
pub mod facts;
pub mod help;
pub mod keyspec;
pub mod number;
pub mod options;
pub mod page;
pub mod paging;
pub mod render;
pub mod schema;
mod several;
pub mod table;

pub use context::{Desk, Next, Outcome, Read, Visit, Wait, Write};
pub use keyspec::KeySpec;
pub use schema::{Access, Arg, Command, Cost, Engine, Group, Implied, Reply, Run, Trait, Type};
pub use several::Several;
pub use table::{Entry, Table};
