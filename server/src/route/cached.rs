//! route/cached.rs — what the executor does for clients that cache keys, see [`crate::tracking`].

use mainstay_protocol::Request;

use crate::command::Entry;
use crate::keyspace::Changed;
use crate::mail::Post;
use crate::process::Process;
use crate::session::Session;
use crate::settings::catalog as said;
use crate::tracking::Cache;

/// Remembers the keys of a command that has read, while their stripes are locked.
#[cold]
pub(super) fn remember(
    process: &Process,
    cache: &Cache,
    id: u64,
    entry: &Entry,
    request: Request<'_>,
) {
    if cache.remembers() {
        for at in entry.key_positions(request).unwrap_or_default() {
            process.tracking.remember(id, request.arg(at));
        }
    }
}

/// Tells caches what the client `writer` (0: nobody) has changed.
#[cold]
pub(super) fn tell(process: &Process, changed: Changed, writer: u64, post: &mut Post) {
    process.tracking.tell(changed, writer, &process.clients, post);
}

/// What follows a command of a client that tracks: CLIENT CACHING holds for one command or
/// transaction, and no more keys are remembered than is allowed.
#[cold]
pub(super) fn finish(
    process: &Process,
    session: &mut Session,
    entry: Option<&Entry>,
    post: &mut Post,
) {
    if session.transaction.is_none()
        && !entry.is_some_and(|entry| entry.wire_name.starts_with("client|"))
        && let Some(cache) = &mut session.cache
    {
        cache.caching = false;
    }
    let most = process.settings.integer(&said::TRACKING_TABLE_MAX_KEYS);
    process.tracking.limit(usize::try_from(most).unwrap_or(0), &process.clients, post);
}
