//! Driving a server: the plan of a run, the threads that carry it out, and what they found.
//!
//! - `closed`: every connection keeps one batch of `pipeline` requests outstanding; the server sets
//!   the pace, the result is a rate.
//! - `open`: requests are due at a fixed rate whether or not earlier ones were answered, and latency
//!   counts from the time they were due. Waiting that a stall causes is therefore counted, which is
//!   what a closed loop omits ("coordinated omission").
//! - `link`: one connection of either loop.

mod closed;
mod link;
mod open;

use std::{sync::Barrier, time::Duration};

use crate::{
    Result,
    account::{self, Used},
    chance::{Distribution, Picker},
    clock,
    latency::Latency,
    target::Target,
    template::Batch,
};

/// How long no reply at all may come before the run is given up.
const STALL: Duration = Duration::from_secs(10);
/// Bytes of the one read buffer of a thread: it stays in the second-level cache.
const READ_BYTES: usize = 64 << 10;

/// What to do to which server.
#[derive(Clone, Debug)]
pub struct Plan {
    pub target: Target,
    /// Connections over all threads.
    pub connections: usize,
    /// Threads; connections are dealt out among them.
    pub threads: usize,
    /// Requests per batch and connection.
    pub pipeline: usize,
    /// The requests, formatted for that pipeline.
    pub batch: Batch,
    /// What is run, for messages.
    pub label: String,
    /// Keys are numbered below this.
    pub keys: u64,
    pub distribution: Distribution,
    /// What comes before the measured window; it is sent but not counted.
    pub warm_up: Extent,
    /// The measured window.
    pub window: Extent,
    /// Requests per second of an open loop; none for a closed one.
    pub rate: Option<f64>,
    /// Error replies are counted instead of ending the run.
    pub allow_errors: bool,
    pub seed: u64,
}

/// How long a phase lasts: whichever is reached first.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    pub time: Duration,
    pub requests: u64,
}

impl Extent {
    /// Nothing at all.
    pub const NONE: Self = Self { time: Duration::ZERO, requests: 0 };

    /// A time, however many requests that will be.
    pub fn time(time: Duration) -> Self {
        Self { time, requests: u64::MAX }
    }

    /// A number of requests, however long that takes.
    pub fn requests(requests: u64) -> Self {
        Self { time: Duration::MAX, requests }
    }

    fn time_ns(self) -> u64 {
        u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The part of thread `index` of `threads`.
    fn share(self, index: usize, threads: usize) -> Self {
        if self.requests == u64::MAX {
            return self;
        }
        let (index, threads) = (index as u64, threads as u64);
        let requests = self.requests / threads + u64::from(index < self.requests % threads);
        Self { requests, ..self }
    }
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests answered in the window.
    pub requests: u64,
    /// Length of the window.
    pub seconds: f64,
    /// Error replies over the whole run, and the text of the first.
    pub errors: u64,
    pub first_error: Option<String>,
    /// Null replies over the whole run: misses.
    pub nulls: u64,
    /// From sending a batch (closed) or from when it was due (open) to its last reply.
    pub latency: Latency,
    /// Open loop only: from sending to the last reply.
    pub service: Latency,
    /// What this process used over the window of the first thread.
    pub client: Used,
}

impl Tally {
    /// Requests per second.
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.requests as f64 / self.seconds } else { 0.0 }
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.seconds = self.seconds.max(other.seconds);
        self.errors += other.errors;
        self.nulls += other.nulls;
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
    }
}

/// The edges of the measured window, told to whoever keeps the server's accounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    Opens,
    Closes,
}

/// Runs a plan. The first of its threads is the calling one, which also calls `watch` as the window
/// opens and closes.
///
/// # Errors
/// Whatever ends a run early: no connection, a closed one, a stall, bytes that are no RESP, or an
/// error reply unless the plan allows them.
pub fn run(plan: &Plan, watch: &mut dyn FnMut(Edge)) -> Result<Tally> {
    let threads = plan.threads.clamp(1, plan.connections.max(1));
    let picker = Picker::new(plan.distribution, plan.keys, plan.seed);
    let ready = Barrier::new(threads);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|index| {
                let (picker, ready) = (&picker, &ready);
                scope.spawn(move || work(plan, index, threads, picker, ready, &mut |_| {}))
            })
            .collect();
        let first = work(plan, 0, threads, &picker, &ready, watch);
        let mut results = vec![first];
        for other in others {
            results.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        let mut tally = results.remove(0)?;
        for result in results {
            tally.merge(&result?);
        }
        Ok(tally)
    })
}

fn work(
    plan: &Plan,
    index: usize,
    threads: usize,
    picker: &Picker,
    ready: &Barrier,
    watch: &mut dyn FnMut(Edge),
) -> Result<Tally> {
    let connections = plan.connections / threads + usize::from(index < plan.connections % threads);
    let links = link::Links::connect(&plan.target, connections);
    // Every thread comes here, also one that could not connect, or the others would wait for ever.
    ready.wait();
    let part = Part {
        plan,
        links: links?,
        batch: plan.batch.clone(),
        picker: picker.reseeded(plan.seed.wrapping_add(0x5851_f42d * (index as u64 + 1))),
        warm_up: plan.warm_up.share(index, threads),
        window: plan.window.share(index, threads),
        rate: plan.rate.map(|rate| rate / threads as f64),
    };
    let mut client = Used::default();
    let mut account = |edge| {
        // A reading that fails leaves a CPU figure of zero, which the table shows as such.
        let used = account::used(std::process::id()).unwrap_or_default();
        client = if edge == Edge::Opens { used } else { used.since(client) };
        watch(edge);
    };
    let mut tally = match part.rate {
        None => closed::run(part, &mut account)?,
        Some(rate) => open::run(part, rate, &mut account)?,
    };
    tally.client = client;
    Ok(tally)
}

/// One thread's part of the plan.
struct Part<'a> {
    plan: &'a Plan,
    links: link::Links,
    batch: Batch,
    picker: Picker,
    warm_up: Extent,
    window: Extent,
    rate: Option<f64>,
}

/// Nanoseconds since a start, for one thread.
#[derive(Clone, Copy)]
struct Timer(std::time::Instant);

impl Timer {
    fn start() -> Self {
        Self(clock::now())
    }

    #[inline]
    fn now(self) -> u64 {
        clock::nanos_since(self.0)
    }
}

#[cfg(test)]
mod tests;
