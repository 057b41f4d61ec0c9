//! observe — counters: what happened, how often, how long it took. It is told, it does not ask.
//!
//! Each loop has [`Counters`] of its own, which only it writes, with plain loads and stores; INFO
//! adds them up. [`slow_log`] and [`rates`] remember a little of the past; [`log`] is the log that
//! people read. Nothing here is exact to the last event while loops run, and nothing is ever lost.

pub mod log;
pub mod rates;
pub mod slow_log;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

/// A number that one thread adds to and all may read.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds; only the owner may call it.
    #[inline]
    pub fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    /// Takes away; only the owner may call it.
    #[inline]
    pub fn subtract(&self, less: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_sub(less), Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Back to zero; events of this very moment may survive.
    pub fn reset(&self) {
        self.0.store(0, Relaxed);
    }
}

/// How many codes of errors are told apart.
const ERROR_CODES_MAX: usize = 128;

/// What one loop counts.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections accepted.
    pub connections: Counter,
    /// Connections refused: `maxclients`, protected mode.
    pub connections_refused: Counter,
    /// Commands run.
    pub commands: Counter,
    /// Bytes read from clients.
    pub input_bytes: Counter,
    /// Bytes written to clients.
    pub output_bytes: Counter,
    /// Keyspace lookups by readers that found a key.
    pub hits: Counter,
    /// Keyspace lookups by readers that found none.
    pub misses: Counter,
    /// Keys freed because their deadline had passed.
    pub expired: Counter,
    /// Parts of values (fields of hashes) that died of a deadline of their own and were freed.
    pub expired_parts: Counter,
    /// Error replies.
    pub errors: Counter,
    /// Error replies by code, see [`Counters::note_error`].
    error_codes: Mutex<BTreeMap<Box<str>, u64>>,
    /// Records made.
    pub records: Counter,
    /// Changes made to keys.
    pub changes: Counter,
    /// Connections closed because their output grew too large.
    pub closed_output: Counter,
    /// Connections closed because they took none of their output for too long.
    pub closed_stalled: Counter,
    /// Connections closed because their request was too large.
    pub closed_input: Counter,
    /// Connections closed by `timeout` or `partial-request-timeout`.
    pub closed_idle: Counter,
    /// Connections closed for bytes that are not RESP.
    pub closed_protocol: Counter,
    /// Per command, by its place in the table.
    pub per_command: Box<[CommandCounters]>,
}

/// What is counted for one command.
#[derive(Debug, Default)]
pub struct CommandCounters {
    /// How often it was run.
    pub calls: Counter,
    /// Counter steps spent in it, see `clock::Ticks`.
    pub ticks: Counter,
    /// Refused before it ran.
    pub rejected: Counter,
    /// Ran and answered an error.
    pub failed: Counter,
}

impl Counters {
    /// Counters for a table of so many commands.
    pub fn new(commands: usize) -> Counters {
        let per_command = (0..commands).map(|_| CommandCounters::default()).collect();
        Counters { per_command, ..Counters::default() }
    }

    /// Counts an error reply under its code, the first word of its text. Codes beyond
    /// `ERROR_CODES_MAX` are counted in the total alone: a client can make codes up.
    pub fn note_error(&self, code: &str) {
        self.errors.add(1);
        let mut codes = self.error_codes.lock();
        if let Some(count) = codes.get_mut(code) {
            *count += 1;
        } else if codes.len() < ERROR_CODES_MAX {
            codes.insert(code.into(), 1);
        }
    }

    /// Error replies by code.
    pub fn error_codes(&self) -> BTreeMap<Box<str>, u64> {
        self.error_codes.lock().clone()
    }

    /// Every counter, for CONFIG RESETSTAT.
    pub fn reset(&self) {
        self.error_codes.lock().clear();
        let all = [
            &self.connections,
            &self.connections_refused,
            &self.commands,
            &self.input_bytes,
            &self.output_bytes,
            &self.hits,
            &self.misses,
            &self.expired,
            &self.expired_parts,
            &self.errors,
            &self.closed_output,
            &self.closed_stalled,
            &self.closed_input,
            &self.closed_idle,
            &self.closed_protocol,
        ];
        all.into_iter().for_each(Counter::reset);
        for command in &self.per_command {
            command.calls.reset();
            command.ticks.reset();
            command.rejected.reset();
            command.failed.reset();
        }
    }
}
