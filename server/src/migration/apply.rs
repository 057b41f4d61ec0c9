//! migration/apply.rs — requests that a Redis wrote for its journal or its replicas, run as any
//! other requests are.
//!
//! Redis says there what it did, and when a key has died: until then the key lives, whatever the
//! clock here says. So a request on a key whose time is over by our clock runs at an earlier time,
//! at which it lived ([`Times`]); it is recorded with that time, and done again alike. All others
//! run at the time that it is. A transaction is applied as a whole when
//! its EXEC comes; what comes before is kept in the session, as a client's would be.
//!
//! Not here: where the bytes come from, and what becomes of a request that is refused.

use std::sync::Arc;
use std::time::Duration;

use mainstay_protocol::{Batch, Decoder, Limits, OwnedRequest, Request, RequestError};

use crate::clients::Card;
use crate::clock::{self, Millis};
use crate::mail::Address;
use crate::process::Process;
use crate::record::Sink;
use crate::route::{After, Executor, Plan};
use crate::session::Session;

use super::libraries;

/// Blocks freed after each piece of input, as loops do in a turn.
const FREED_MOST: usize = 2000;

/// How long is waited for the disk at once.
const BREATH: Duration = Duration::from_millis(2);

/// When requests run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The time that it is.
    pub(super) now: Millis,
    /// An earlier one, for keys that have died since and of whose death nothing was said yet.
    pub(super) before: Millis,
}

/// See the module.
pub(super) struct Applier<'p> {
    process: &'p Process,
    pub(super) executor: Executor<'p>,
    session: Session,
    decoder: Decoder,
    batch: Batch,
    reply: Vec<u8>,
    /// Whether a request of the open transaction is on a key whose time is over.
    is_late: bool,
}

/// What became of a piece of input.
pub(super) struct Applied {
    /// Bytes of the requests that were applied.
    pub(super) used: usize,
    /// How many requests it were.
    pub(super) count: usize,
    /// Behind the last of them after which no transaction was open.
    pub(super) settled: Option<usize>,
    /// What is wrong with what follows.
    pub(super) rest: Result<(), RequestError>,
}

/// What became of one request.
pub(super) enum Became {
    /// It was done.
    Done,
    /// It was refused, with this reply.
    Refused(String),
}

impl<'p> Applier<'p> {
    pub(super) fn new(process: &'p Process, sink: Option<Box<dyn Sink>>) -> Applier<'p> {
        let seed = 0;
        Applier {
            process,
            executor: Executor::outside(process, seed, sink),
            session: session(),
            decoder: Decoder::new(),
            batch: Batch::new(),
            reply: Vec::new(),
            is_late: false,
        }
    }

    /// Forgets a transaction that was begun, and the beginning of a request.
    pub(super) fn break_off(&mut self) {
        self.decoder = Decoder::new();
        self.is_late = false;
        self.session.transaction = None;
        self.session.settle();
    }

    /// As a fresh one: database 0 is selected.
    pub(super) fn restart(&mut self) {
        self.break_off();
        self.session.database = 0;
        self.session.settle();
    }

    /// Whether a transaction is begun and not ended.
    pub(super) fn is_within_transaction(&self) -> bool {
        self.session.transaction.is_some()
    }

    /// Applies the whole requests at the start of `bytes`.
    ///
    /// Each request is shown to `each`, which calls what it is given to have it run, or leaves it;
    /// nothing more is applied once `each` says false.
    pub(super) fn apply(
        &mut self,
        bytes: &[u8],
        times: Times,
        mut each: impl FnMut(Request<'_>, &mut dyn FnMut() -> Became) -> bool,
    ) -> Applied {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        let decoded = self.decoder.decode(bytes, &LIMITS, &mut batch);
        self.executor.begin(times.now);
        let mut plans = Vec::with_capacity(batch.len());
        for request in batch.iter(bytes) {
            let plan = self.executor.plan(&self.session, request);
            plans.push(plan);
        }
        plans.iter().for_each(|plan| self.executor.prefetch(&self.session, plan));
        let (mut used, mut count, mut settled) = (None, 0, None);
        for (request, plan) in batch.iter(bytes).zip(plans) {
            let mut run = || {
                if libraries::heed(self.process, request) {
                    return Became::Done;
                }
                let amended = without_limit(request);
                let request = amended.as_ref().map_or(request, OwnedRequest::as_request);
                let now = self.time_of(request, plan, times);
                self.executor.continue_at(now);
                self.run(request, plan, now)
            };
            if !each(request, &mut run) {
                used = Some(request.start());
                break;
            }
            count += 1;
            if self.session.transaction.is_none() {
                settled = Some(request.end());
            }
        }
        self.executor.wake();
        self.executor.end();
        self.process.keyspace.free_slice(FREED_MOST);
        let end = batch.iter(bytes).last().map_or(0, |request| request.end());
        self.batch = batch;
        let (used, rest) = match (used, decoded) {
            (Some(used), _) => {
                self.decoder = Decoder::new();
                (used, Ok(()))
            }
            (None, Ok(used)) => (used, Ok(())),
            (None, Err(error)) => (end, Err(error)),
        };
        Applied { used, count, settled, rest }
    }

    /// When a request runs.
    fn time_of(&mut self, request: Request<'_>, plan: Plan<'p>, times: Times) -> Millis {
        let Times { now, before } = times;
        let is_late = if request.name().eq_ignore_ascii_case(b"EXEC") {
            std::mem::take(&mut self.is_late)
        } else {
            self.executor.has_died(&self.session, request, &plan, before, now)
        };
        self.is_late |= is_late && self.session.transaction.is_some();
        if is_late { before } else { now }
    }

    /// Runs one request within a turn.
    fn run(&mut self, request: Request<'_>, plan: Plan<'p>, now: Millis) -> Became {
        let errors = &self.process.counters[self.process.counters.len() - 1].errors;
        let before = errors.get();
        self.reply.clear();
        loop {
            match self.executor.run(&mut self.session, request, plan, &mut self.reply) {
                After::Wait | After::Hold => {
                    // More is recorded than the disk takes.
                    self.executor.end();
                    clock::block(BREATH);
                    self.executor.begin(now);
                    continue;
                }
                // No Redis writes that down; it must not wait here.
                After::Park => self.executor.leave(&mut self.session),
                After::Go | After::Close => {}
            }
            break;
        }
        if errors.get() == before { Became::Done } else { Became::Refused(self.error()) }
    }

    /// Runs requests that restore keys of a database from what is there anyway.
    pub(super) fn restore(&mut self, database: usize, now: Millis, requests: &[OwnedRequest]) {
        let selected = std::mem::replace(&mut self.session.database, database);
        self.executor.begin(now);
        for request in requests {
            let request = request.as_request();
            let plan = self.executor.plan(&self.session, request);
            if let Became::Refused(why) = self.run(request, plan, now) {
                tracing::error!("what was taken over is not kept: {why}");
            }
        }
        self.executor.end();
        self.session.database = selected;
        self.process.keyspace.free_slice(FREED_MOST);
    }

    /// The first error of the last reply.
    fn error(&self) -> String {
        let mut lines = self.reply.split(|&byte| byte == b'\n');
        let error = lines.find_map(|line| line.strip_prefix(b"-")).unwrap_or_default();
        error.trim_ascii_end().escape_ascii().to_string()
    }
}

/// What Redis writes down of `XTRIM key MAXLEN ~ 9 LIMIT 5` is `... MAXLEN = 7 LIMIT 5`: exactly so
/// many are left. Only from itself does it take a limit there, and it means nothing.
fn without_limit(request: Request<'_>) -> Option<OwnedRequest> {
    let is = |at, word: &[u8]| request.arg(at).eq_ignore_ascii_case(word);
    if !is(0, b"XTRIM") && !is(0, b"XADD") {
        return None;
    }
    let strategy = if is(2, b"NOMKSTREAM") { 3 } else { 2 };
    let limit = strategy + 3;
    let is_so = (is(strategy, b"MAXLEN") || is(strategy, b"MINID"))
        && is(strategy + 1, b"=")
        && is(limit, b"LIMIT");
    let kept = |&(at, _): &(usize, &[u8])| at != limit && at != limit + 1;
    let args = || request.args().enumerate().filter(kept).map(|(_, arg)| arg);
    is_so.then(|| OwnedRequest::from_args(args()))
}

/// Nobody sends more at once than Redis takes.
const LIMITS: Limits =
    Limits { request_bytes_max: usize::MAX, args_max: i32::MAX as usize, ..Limits::DEFAULT };

/// The number of no client.
const NOBODY: u64 = 0;

/// A session that no connection has.
fn session() -> Session {
    let address = Address { reactor: u16::MAX, ..Address::default() };
    let card = Card { address, peer: "a Redis".into(), ..Card::default() };
    Session::new(NOBODY, address, Arc::new(card), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_only_redis_may_say_is_left_out() {
        let amended = |line: &str| {
            let request = OwnedRequest::from_args(line.split(' ').map(str::as_bytes));
            let amended = without_limit(request.as_request())?;
            let words = amended.as_request().args().map(|arg| arg.escape_ascii().to_string());
            Some(words.collect::<Vec<_>>().join(" "))
        };
        for (line, expected) in [
            ("XTRIM s MAXLEN = 3 LIMIT 9", Some("XTRIM s MAXLEN = 3")),
            (
                "xadd s nomkstream minid = 3-1 limit 9 5-1 f v",
                Some("xadd s nomkstream minid = 3-1 5-1 f v"),
            ),
            ("XADD s MAXLEN = 3 LIMIT 9 5-1 f v", Some("XADD s MAXLEN = 3 5-1 f v")),
            ("XTRIM s MAXLEN ~ 3 LIMIT 9", None),
            ("XTRIM s MAXLEN = 3", None),
            ("XADD s 5-1 MAXLEN = 3 LIMIT 9 x", None),
            ("SET MAXLEN = 3 LIMIT 9", None),
        ] {
            assert_eq!(amended(line).as_deref(), expected, "{line}");
        }
    }
}
