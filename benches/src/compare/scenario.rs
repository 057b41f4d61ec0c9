//! What is measured, and what must come out of it.
//!
//! The bounds are the project's goals for one core against Redis 7.0.15, see `benches/README.md`.

use std::time::Duration;

use super::figure::{Check, Rule};
use crate::{
    Error, Result,
    workload::{self, Workload},
};

/// A set of cases that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scenario {
    /// PING, GET and SET at three pipelines: a look within a minute.
    Quick,
    /// All workloads.
    Throughput,
    /// Fan-out with 1, 16 and 256 messages outstanding.
    Pubsub,
    /// Bytes per item.
    Memory,
    /// Bytes per idle connection.
    Connections,
    /// How late keys with a TTL are freed.
    Expiry,
}

impl Scenario {
    /// The scenarios of a word on the command line.
    ///
    /// # Errors
    /// `Usage`, naming the words there are.
    pub fn parse(word: &str) -> Result<Vec<Self>> {
        use Scenario::{Connections, Expiry, Memory, Pubsub, Quick, Throughput};
        Ok(match word {
            "quick" => vec![Quick],
            "throughput" => vec![Throughput],
            "pubsub" => vec![Pubsub],
            "memory" => vec![Memory],
            "connections" => vec![Connections],
            "expiry" => vec![Expiry],
            "all" => vec![Throughput, Pubsub, Memory, Connections, Expiry],
            _ => {
                return Err(Error::Usage(format!(
                    "there is no scenario {word:?}; there are: quick, throughput, pubsub, memory, \
                     connections, expiry, all"
                )));
            }
        })
    }
}

/// A stream of requests to measure.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub workload: Workload,
    pub connections: usize,
    pub pipeline: usize,
    pub value_bytes: usize,
    pub checks: Vec<Check>,
}

/// The cases of `quick` or `throughput`, for our server with this many threads.
pub fn cases(scenario: Scenario, threads: usize) -> Result<Vec<Case>> {
    let quick = scenario == Scenario::Quick;
    let plain: &[&str] = if quick {
        &["ping", "get", "set"]
    } else {
        &["ping", "get", "set", "incr", "hset", "sadd", "lpush", "zadd", "lrange_100", "mset_10"]
    };
    let by_16: &[&str] = if quick {
        &["ping", "get", "set"]
    } else {
        &[
            "ping",
            "get",
            "set",
            "incr",
            "hset",
            "hget",
            "sadd",
            "lpush",
            "rpop",
            "zadd",
            "mix",
            "hset_spread",
            "sadd_spread",
            "zadd_spread",
            "lpush_spread",
        ]
    };
    let by_100: &[&str] =
        if quick { &["ping", "get", "set"] } else { &["ping", "get", "set", "incr", "sadd"] };
    let mut cases = Vec::new();
    for (pipeline, names) in [(1, plain), (16, by_16), (100, by_100)] {
        for name in names {
            let workload = workload::find(name)?;
            let checks = checks(name, pipeline, threads);
            let name = format!("{name}_p{pipeline}");
            cases.push(Case { name, workload, connections: 50, pipeline, value_bytes: 64, checks });
        }
    }
    if !quick {
        let more = |name: &str, connections, value_bytes, word: &str| -> Result<Case> {
            let workload = workload::find(word)?;
            let name = name.to_owned();
            let checks = Vec::new();
            Ok(Case { name, workload, connections, pipeline: 1, value_bytes, checks })
        };
        cases.push(more("set_4k_p1", 50, 4096, "set")?);
        cases.push(more("get_c1_p1", 1, 64, "get")?);
        cases.push(more("get_c1000_p1", 1000, 64, "get")?);
    }
    Ok(cases)
}

fn checks(name: &str, pipeline: usize, threads: usize) -> Vec<Check> {
    let at_least = |bound| Check { figure: "ops", rule: Rule::RatioAtLeast, bound };
    let at_most = |figure, bound| Check { figure, rule: Rule::RatioAtMost, bound };
    match (name, pipeline) {
        // Under 3 % is noise between two runs of the same server.
        ("ping" | "get" | "set" | "incr" | "hset" | "sadd" | "lpush" | "zadd", 1) => {
            vec![at_most("cpu_us", 0.85), at_least(0.97), at_most("p99_ms", 1.03)]
        }
        ("get" | "set", 16) => vec![at_least(2.0)],
        ("incr" | "hset" | "sadd" | "lpush" | "zadd", 16) => vec![at_least(1.8)],
        ("get" | "set", 100) => vec![at_least(if threads > 1 { 4.0 } else { 3.0 })],
        _ => Vec::new(),
    }
}

/// GET may cost this much of PING's CPU on our side.
pub const GET_OVER_PING: Check =
    Check { figure: "cpu_over_ping", rule: Rule::OursAtMost, bound: 1.15 };

/// Windows of the fan-out and the ratio of messages that each must reach.
pub fn fan_out(window: u64) -> Check {
    // With one outstanding the price of a write call per subscriber decides; 3 % is noise.
    let bound = if window == 1 { 0.97 } else { 2.0 };
    Check { figure: "delivered", rule: Rule::RatioAtLeast, bound }
}

/// The fan-out's windows.
pub const WINDOWS: [u64; 3] = [1, 16, 256];
/// Its subscribers and the bytes of a payload.
pub const SUBSCRIBERS: usize = 50;
pub const PAYLOAD_BYTES: usize = 64;

/// Bytes that an item of this kind may cost.
pub fn bytes_per_item(kind: &str) -> Vec<Check> {
    let bound = match kind {
        "string_2m" | "string_5m" => 72.0,
        "string_ttl_2m" | "string_ttl_5m" => 84.0,
        "hash_5_fields" => 120.0,
        "zset_member" => 75.0,
        "set_member" => 36.0,
        "list_item" => 19.0,
        _ => return Vec::new(),
    };
    vec![Check { figure: "rss", rule: Rule::OursAtMost, bound }]
}

/// What a TTL may add to a string key.
pub const TTL_EXTRA: Check = Check { figure: "rss", rule: Rule::OursAtMost, bound: 12.0 };
/// Connections of the idle scenario and what each may cost.
pub const IDLE: usize = 10_000;
pub const IDLE_BYTES: Check = Check { figure: "rss", rule: Rule::OursAtMost, bound: 1024.0 };
/// The expiry scenario: keys, the time over which they fall due, and how late they may go.
pub const VOLATILE_KEYS: u64 = 1_000_000;
pub const VOLATILE_WINDOW: Duration = Duration::from_secs(10);
pub const LATE_MS: Check = Check { figure: "late_ms_max", rule: Rule::OursAtMost, bound: 100.0 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_has_a_case() {
        let cases = cases(Scenario::Throughput, 1).unwrap();
        let target = |name: &str| {
            let case = cases.iter().find(|case| case.name == name).unwrap();
            case.checks.iter().map(Check::wording).collect::<Vec<_>>().join(", ")
        };
        for name in ["get_p16", "set_p16"] {
            assert_eq!(target(name), "ops >= 2.00x");
        }
        for name in ["incr_p16", "hset_p16", "sadd_p16", "lpush_p16", "zadd_p16"] {
            assert_eq!(target(name), "ops >= 1.80x");
        }
        for name in ["get_p100", "set_p100"] {
            assert_eq!(target(name), "ops >= 3.00x");
        }
        assert_eq!(target("get_p1"), "cpu_us <= 0.85x, ops >= 0.97x, p99_ms <= 1.03x");
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<String> =
            cases(Scenario::Throughput, 1).unwrap().into_iter().map(|case| case.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
