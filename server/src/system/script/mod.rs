//! system/script — SCRIPT and FUNCTION on a server that has nothing loaded.
//!
//! Clients and tools ask these when they connect, and test suites flush what there may be. The
//! answers are those of a Redis without a script and without a library; nothing can be loaded yet.
//!
//! Not here yet: EVAL, FCALL and their relatives, SCRIPT LOAD, FUNCTION LOAD, DUMP and RESTORE.

mod functions;
mod scripts;

use mainstay_protocol::Request;

use crate::command::options::is_word;
use crate::command::{Arg, Engine, Group};
use crate::error::Refusal;

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "script",
    summary: "Scripts and functions, of which none can be loaded yet.",
    group: Group::Scripting,
    kinds: &[],
    commands: &[&scripts::SCRIPT, &functions::FUNCTION],
    settings: &[],
    state: None,
};

/// Whether to wait for the memory of what is flushed: there is none.
const FLUSH_MODE: Arg = Arg::Maybe(&Arg::OneOf(&[Arg::Word("ASYNC"), Arg::Word("SYNC")]));

/// Refuses any argument of a flush but its mode; `wrong` is the text for it.
fn require_flush_mode(args: Request<'_>, wrong: &'static str) -> Result<(), Refusal> {
    let is_mode = |word| is_word(word, "SYNC") || is_word(word, "ASYNC");
    match args.get(2) {
        None => Ok(()),
        Some(word) if args.len() == 3 && is_mode(word) => Ok(()),
        Some(_) => Err(Refusal::text(wrong)),
    }
}

/// What KILL answers while nothing runs.
const NOT_BUSY: Refusal = Refusal::text("NOTBUSY No scripts in execution right now.");
