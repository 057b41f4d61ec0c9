//! Two servers in turn: what `compare` runs, measures and judges.
//!
//! `scenario` says what is measured and what must come out, `rounds` starts the servers and measures,
//! `readings` turns accounts into numbers, `derived` two measurements into a third, `figure` holds the
//! numbers and judges them, `table`, `plot`, `record` and `report` show them.
//!
//! Rules that keep a comparison fair: both servers are started alike on the same core, the generator
//! has another; they take turns within every workload (peer, ours, peer, ours ...), so that a slow
//! minute of the machine hits both; a ratio is the median of the ratios of the rounds; a workload that
//! changes its own data runs the same number of requests on both sides from an empty server.

mod derived;
pub mod figure;
pub mod plot;
mod readings;
pub mod record;
pub mod report;
pub mod rounds;
pub mod scenario;
pub mod table;

use std::path::PathBuf;

/// What to compare, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Command line of our server.
    pub ours: String,
    /// Command line of the server it is compared with.
    pub peer: String,
    /// Threads of our server, passed as `--threads N` when the program is Mainstay's.
    pub threads: usize,
    /// Seconds of every measurement.
    pub seconds: f64,
    /// Measurements of each server per workload.
    pub rounds: usize,
    /// Only cases that `wants` says yes to.
    pub only: Option<String>,
    /// Ours listens here, the peer on the next port.
    pub port: u16,
    /// Keys of the throughput workloads.
    pub keys: u64,
    /// Items of the memory scenario are divided by this.
    pub divide: u64,
    /// Core of the servers and core of the generator; none pins nothing.
    pub cores: Option<(usize, usize)>,
    /// The folder of the crate: `out/`, `plots/`, `REPORT.md` and `notes.md` are in it.
    pub folder: PathBuf,
}

impl Options {
    /// True when a case of this name was asked for: by its name, or by some of the words in it. `p1`
    /// is a word of `get_p1` but not of `get_p16`.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|part| {
            format!("_{name}_").contains(&format!("_{}_", part.trim_matches('_')))
        })
    }
}
