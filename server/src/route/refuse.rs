//! route/refuse.rs — refusals made before a handler runs, and how any refusal is written.

use mainstay_protocol::{ReplyWriter, Request};

use crate::command::{Entry, Trait};
use crate::error::Refusal;
use crate::persist::journal;
use crate::process::Process;
use crate::session::Session;
use crate::settings::redis as said;

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

/// What a client may not do while another server is followed: write, unless `replica-read-only no`,
/// and look at what may be old, if `replica-serve-stale-data no`.
///
/// # Errors
/// If the command is such a one.
#[cold]
pub(super) fn while_following(
    process: &Process,
    session: &Session,
    entry: &Entry,
) -> Result<(), Refusal> {
    let writes = |entry: &Entry| entry.command.writes() && !entry.command.is(Trait::Reads);
    let queue = session.transaction.iter().flat_map(|open| &open.queue);
    let is_write = writes(entry)
        || entry.command.is(Trait::Executes)
            && queue.clone().any(|&(index, _)| writes(&process.table.entries()[index]));
    if is_write && process.settings.boolean(&said::REPLICA_READ_ONLY) {
        return Err(Refusal::text("READONLY You can't write against a read only replica."));
    }
    if !process.following.is_connected()
        && !entry.command.is(Trait::Loading)
        && !process.settings.boolean(&said::REPLICA_SERVE_STALE_DATA)
    {
        return Err(Refusal::text(
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        ));
    }
    Ok(())
}

/// What is written now would not be kept. Redis's words, since clients know them.
#[cold]
pub(super) fn unkept(journal: &journal::Shared) -> Refusal {
    let reason = journal.reason();
    Refusal::from(format!("MISCONF Errors writing to the AOF file: {reason}"))
}
