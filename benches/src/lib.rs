//! mainstay-benches: a load generator for any RESP server, and the comparison of two of them.
//!
//! The generator runs on one core beside the server it measures, so it has to be several times cheaper
//! per request than the server is. What follows from that: requests are written from a preformatted
//! batch in which only digits change, replies are counted and not decoded, and a connection costs one
//! read, one write and one look at the clock per batch, however long its pipeline is.
//!
//! From the bottom up:
//! - `clock`, `account`: time, and what the kernel says a process used (CPU, resident memory).
//! - `target`, `direct`: where a server is, and a plain blocking client for preparation and INFO.
//! - `chance`, `template`, `reply`: which key, the bytes of a batch, counting replies in any split.
//! - `workload`, `load`: the named workloads and the loops that drive them, closed and open.
//! - `pubsub`, `handover`, `memory`, `idle`, `expiry`, `complexity`: scenarios that are not a stream
//!   of requests.
//! - `server`, `floor`: starting a server pinned to a core; the cheapest server there can be.
//! - `compare`: two servers in turn, ratios, targets, tables, plots and the report.
//!
//! Not here: anything of the server. It is started as a process like any peer, so that both sides of a
//! comparison are treated alike.

pub mod account;
pub mod chance;
pub mod clock;
pub mod compare;
pub mod complexity;
pub mod direct;
pub mod error;
pub mod expiry;
pub mod floor;
pub mod handover;
pub mod idle;
pub mod latency;
pub mod load;
pub mod memory;
pub mod pubsub;
pub mod reply;
pub mod server;
pub mod target;
pub mod template;
pub mod workload;

pub use error::{Error, Result};
