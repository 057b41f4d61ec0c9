//! route/slow.rs — reports commands that took long.

use mainstay_protocol::Request;

use crate::clock::{self, Ticks};
use crate::command::{Entry, Trait};
use crate::observe::slow_log::{Slow, cut};
use crate::process::Process;
use crate::session::Session;
use crate::settings::catalog as said;

/// Counter steps from which on a command is slow; more than any takes if none is to be reported.
pub(super) fn threshold(process: &Process) -> u64 {
    let micros = process.settings.integer(&said::SLOWLOG_LOG_SLOWER_THAN);
    u64::try_from(micros).map_or(u64::MAX, Ticks::steps)
}

/// Enters a command into the slow log.
#[cold]
pub(super) fn note(
    process: &Process,
    entry: &Entry,
    session: &Session,
    request: Request<'_>,
    ticks: u64,
) {
    if entry.command.is(Trait::SkipSlowLog) {
        return;
    }
    let most = process.settings.integer(&said::SLOWLOG_MAX_LEN);
    let slow = Slow {
        id: 0,
        at: clock::now(),
        micros: Ticks::micros(ticks) as u64,
        args: cut(request, |name| process.settings.is_secret(name)),
        peer: session.card.peer.to_string(),
        name: session.card.text.lock().name.clone(),
    };
    process.slow_log.enter(slow, usize::try_from(most).unwrap_or(0));
}
