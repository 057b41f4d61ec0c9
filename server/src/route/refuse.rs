//! route/refuse.rs — refusals made before a handler runs, and how any refusal is written.

use mainstay_protocol::{ReplyWriter, Request};

use crate::command::Entry;
use crate::error::Refusal;

/// How much of a client's own words an error repeats, in bytes.
const QUOTED_MAX: usize = 128;

/// Writes a refusal as an error reply.
#[cold]
pub(super) fn write(refusal: &Refusal, mut out: ReplyWriter<'_>) {
    out.error(&refusal.to_string());
}

/// Whether the request is the beginning of an HTTP one: a browser was tricked into sending it, and
/// the lines that follow are somebody else's commands.
#[cold]
pub(super) fn is_http(request: Request<'_>) -> bool {
    [&b"post"[..], b"host:"].iter().any(|name| request.name().eq_ignore_ascii_case(name))
}

#[cold]
pub(super) fn unknown(request: Request<'_>) -> Refusal {
    let mut args = String::new();
    for arg in request.args().skip(1) {
        if args.len() >= QUOTED_MAX {
            break;
        }
        args.push_str(&format!("'{}' ", quoted(arg, QUOTED_MAX - args.len())));
    }
    let name = quoted(request.name(), QUOTED_MAX);
    Refusal::from(format!("ERR unknown command '{name}', with args beginning with: {args}"))
}

#[cold]
pub(super) fn unknown_sub(container: &Entry, request: Request<'_>) -> Refusal {
    let sub = quoted(request.arg(1), QUOTED_MAX);
    let name = container.command.name;
    Refusal::from(format!("ERR unknown subcommand '{sub}'. Try {name} HELP."))
}

#[cold]
pub(super) fn confined(entry: &Entry) -> Refusal {
    Refusal::from(format!(
        "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
         are allowed in this context",
        entry.wire_name
    ))
}

/// At most `most` bytes of a client's words, whatever they are, as text.
fn quoted(bytes: &[u8], most: usize) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned()
}
