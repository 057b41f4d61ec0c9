//! route/refuse.rs — refusals made before a handler runs, and how any refusal is written.

use mainstay_protocol::{ReplyWriter, Request};

use crate::command::Entry;
use crate::error::Refusal;
use crate::persist::journal;

/// Writes a refusal as an error reply.
#[cold]
pub(super) fn write(refusal: &Refusal, mut out: ReplyWriter<'_>) {
    match refusal {
        Refusal::Quoting(text) => out.error_bytes(text),
        refusal => out.error(&refusal.to_string()),
    }
}

/// Whether the request is the beginning of an HTTP one: a browser was tricked into sending it, and
/// the lines that follow are somebody else's commands.
#[cold]
pub(super) fn is_http(request: Request<'_>) -> bool {
    [&b"post"[..], b"host:"].iter().any(|name| request.name().eq_ignore_ascii_case(name))
}

#[cold]
pub(super) fn unknown(request: Request<'_>) -> Refusal {
    Refusal::unknown_command(request.name(), request.args().skip(1))
}

#[cold]
pub(super) fn unknown_sub(container: &Entry, request: Request<'_>) -> Refusal {
    let after = format!("'. Try {} HELP.", container.command.name);
    Refusal::quoting("ERR unknown subcommand '", request.arg(1), &after)
}

#[cold]
pub(super) fn confined(entry: &Entry) -> Refusal {
    Refusal::from(format!(
        "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
         are allowed in this context",
        entry.wire_name
    ))
}

/// What is written now would not be kept. Redis's words, since clients know them.
#[cold]
pub(super) fn unkept(journal: &journal::Shared) -> Refusal {
    let reason = journal.reason();
    Refusal::from(format!("MISCONF Errors writing to the AOF file: {reason}"))
}
