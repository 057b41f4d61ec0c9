//! route/hold.rs — writes that a snapshot in the making holds back for a moment.
//!
//! A big value is written down in slices, and whoever would change it in between waits until it is
//! through: some tens of milliseconds for a million elements. All writes wait while the walker
//! cannot follow (`keyspace::capture`). Nothing has happened then: the request is tried again.
//!
//! Not for what names no key, nor for calls that are served: those write down what is left of a
//! value themselves.

use mainstay_protocol::{OwnedRequest, Request};

use crate::command::Entry;
use crate::keyspace::Keys;

/// Whether a write is to be tried again in a moment. Its stripes are locked.
#[inline]
pub(super) fn is_held(keys: &Keys<'_>, entry: &Entry, request: Request<'_>) -> bool {
    keys.is_captured() && must_wait(keys, entry, request)
}

#[cold]
fn must_wait(keys: &Keys<'_>, entry: &Entry, request: Request<'_>) -> bool {
    keys.must_pause() || entry.edited_keys(request).any(|at| keys.must_wait(request.arg(at)))
}

/// As [`is_held`], for a transaction.
pub(super) fn is_queue_held(
    keys: &Keys<'_>,
    table: &[Entry],
    queue: &[(usize, OwnedRequest)],
) -> bool {
    keys.is_captured()
        && queue.iter().any(|(index, request)| {
            let entry = &table[*index];
            entry.command.writes() && must_wait(keys, entry, request.as_request())
        })
}
