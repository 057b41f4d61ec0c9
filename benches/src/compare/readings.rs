//! From the kernel's accounts and a generator's tally to the numbers of a round.

use super::figure::Figure;
use crate::{
    account::{self, Used},
    load::{Edge, Tally},
    server::Server,
};

/// Which of the two servers: the peer goes first in every round.
pub(super) const PEER: usize = 0;
pub(super) const OURS: usize = 1;

/// The figures of a stream of requests.
pub(super) struct Throughput(pub(super) Vec<Figure>);

impl Throughput {
    pub(super) fn new() -> Self {
        let keys = ["ops", "cpu_us", "p50_ms", "p99_ms", "p999_ms", "gen_pct", "wait_pct", "nulls"];
        Self(keys.map(Figure::new).into())
    }

    pub(super) fn add(&mut self, side: usize, numbers: &[(&'static str, f64)]) {
        add(&mut self.0, side, numbers);
    }
}

/// Adds the numbers of a round to the figures of their keys.
pub(super) fn add(figures: &mut [Figure], side: usize, numbers: &[(&'static str, f64)]) {
    for (key, value) in numbers {
        if let Some(figure) = figures.iter_mut().find(|figure| figure.key == *key) {
            if side == OURS { &mut figure.ours } else { &mut figure.peer }.push(*value);
        }
    }
}

/// What the server used over the measured window.
pub(super) struct Accounts {
    pid: u32,
    server: Used,
    failed: bool,
}

impl Accounts {
    /// Nothing used yet.
    pub(super) fn of(server: &Server) -> Self {
        Self { pid: server.pid(), server: Used::default(), failed: false }
    }

    /// Reads the process's accounts at an edge of the window.
    pub(super) fn mark(&mut self, edge: Edge) {
        let used = account::used(self.pid);
        self.failed |= used.is_err();
        let used = used.unwrap_or_default();
        self.server = if edge == Edge::Opens { used } else { used.since(self.server) };
    }

    /// Server CPU per operation in microseconds, `NaN` when the accounts could not be read.
    pub(super) fn cpu_us(&self, operations: u64) -> f64 {
        if self.failed { f64::NAN } else { self.server.cpu_ns as f64 / 1e3 / operations as f64 }
    }

    /// What the generator was busy and what both waited for a core, in per cent of the window.
    pub(super) fn busy(&self, client: Used, seconds: f64) -> [(&'static str, f64); 2] {
        let waited_ns = client.waited_ns + self.server.waited_ns;
        [("gen_pct", percent(client.cpu_ns, seconds)), ("wait_pct", percent(waited_ns, seconds))]
    }

    /// The numbers of a stream of requests.
    pub(super) fn throughput(&self, tally: &Tally) -> [(&'static str, f64); 8] {
        let [busy, waited] = self.busy(tally.client, tally.seconds);
        [
            ("ops", tally.rate()),
            ("cpu_us", self.cpu_us(tally.requests)),
            ("p50_ms", tally.latency.percentile_ms(50.0)),
            ("p99_ms", tally.latency.percentile_ms(99.0)),
            ("p999_ms", tally.latency.percentile_ms(99.9)),
            busy,
            waited,
            ("nulls", tally.nulls as f64),
        ]
    }
}

/// A time in per cent of a window.
fn percent(ns: u64, seconds: f64) -> f64 {
    ns as f64 / (seconds * 1e9) * 100.0
}
