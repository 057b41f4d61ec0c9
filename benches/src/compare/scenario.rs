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
    /// Every type's core read and write at pipeline 16.
    Types,
    /// Rate limits, against a script on the peer.
    Limits,
    /// Fan-out with 1, 16 and 256 messages outstanding.
    Pubsub,
    /// From an RPUSH to the BLPOP that waits for it.
    Handover,
    /// Bytes per item.
    Memory,
    /// Bytes per idle connection.
    Connections,
    /// How late keys with a TTL are freed.
    Expiry,
    /// How the time of commands grows with the collection.
    Complexity,
}

impl Scenario {
    /// The scenarios of a word on the command line.
    ///
    /// # Errors
    /// `Usage`, naming the words there are.
    pub fn parse(word: &str) -> Result<Vec<Self>> {
        use Scenario::{
            Complexity, Connections, Expiry, Handover, Limits, Memory, Pubsub, Quick, Throughput,
            Types,
        };
        Ok(match word {
            "quick" => vec![Quick],
            "throughput" => vec![Throughput],
            "types" => vec![Types],
            "limits" => vec![Limits],
            "pubsub" => vec![Pubsub],
            "handover" => vec![Handover],
            "memory" => vec![Memory],
            "connections" => vec![Connections],
            "expiry" => vec![Expiry],
            "complexity" => vec![Complexity],
            "all" => {
                vec![Throughput, Types, Pubsub, Handover, Memory, Connections, Expiry, Complexity]
            }
            _ => {
                return Err(Error::Usage(format!(
                    "there is no scenario {word:?}; there are: quick, throughput, types, limits, pubsub, \
                     handover, memory, connections, expiry, complexity, all"
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
    /// What the peer runs instead, if it has no such command.
    pub peer: Option<Workload>,
    pub connections: usize,
    pub pipeline: usize,
    pub value_bytes: usize,
    pub checks: Vec<Check>,
}

/// The workloads of `types`: what writes, what reads one element or computes one number.
const CORE: [&str; 24] = [
    "lpush",
    "rpop",
    "lindex",
    "hset",
    "hget",
    "hincrby",
    "sadd",
    "sismember",
    "spop",
    "zadd",
    "zscore",
    "zrank",
    "zpopmin",
    "xadd",
    "xrange_1",
    "xreadgroup",
    "setbit",
    "getbit",
    "bitcount_4k",
    "pfadd",
    "pfcount",
    "geoadd",
    "geosearch",
    "incr",
];
/// And what reads a hundred elements and more.
const RANGES: [&str; 9] = [
    "lrange_100",
    "lrange_300",
    "lrange_600",
    "hgetall_100",
    "smembers_100",
    "zrange_100",
    "zrange_all_100",
    "zrangebyscore_100",
    "xrange_100",
];

/// Ours against a script on the peer: a bare INCR beside them shows what a limit adds.
fn limits(threads: usize) -> Result<Vec<Case>> {
    let mut cases = vec![case("incr", 1, threads)?, case("incr", 16, threads)?];
    for (name, pipeline) in [
        ("cl_throttle", 1),
        ("cl_throttle", 16),
        ("rl_take", 1),
        ("rl_take", 16),
        ("rl_refused", 16),
        ("rl_check", 16),
        ("rl_mcheck_4", 16),
    ] {
        let checks = match (name, pipeline) {
            ("cl_throttle" | "rl_take", 1) => {
                vec![Check { figure: "cpu_us", rule: Rule::RatioAtMost, bound: 0.5 }]
            }
            ("cl_throttle" | "rl_take", _) => {
                vec![Check { figure: "ops", rule: Rule::RatioAtLeast, bound: 8.0 }]
            }
            _ => Vec::new(),
        };
        let peer = Some(workload::find("gcra_script")?);
        cases.push(Case { peer, checks, ..case(name, pipeline, threads)? });
    }
    Ok(cases)
}

/// The cases of `quick`, `throughput`, `types` or `limits`, for our server with this many threads.
pub fn cases(scenario: Scenario, threads: usize) -> Result<Vec<Case>> {
    if scenario == Scenario::Types {
        let names = CORE.iter().chain(&RANGES);
        return names.map(|name| case(name, 16, threads)).collect();
    }
    if scenario == Scenario::Limits {
        return limits(threads);
    }
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
            cases.push(case(name, pipeline, threads)?);
        }
    }
    if !quick {
        let more = |name: &str, connections, value_bytes, word: &str| -> Result<Case> {
            let workload = workload::find(word)?;
            let name = name.to_owned();
            let checks = Vec::new();
            let peer = None;
            Ok(Case { name, workload, peer, connections, pipeline: 1, value_bytes, checks })
        };
        cases.push(more("set_4k_p1", 50, 4096, "set")?);
        cases.push(more("get_c1_p1", 1, 64, "get")?);
        cases.push(more("get_c1000_p1", 1000, 64, "get")?);
    }
    Ok(cases)
}

fn case(name: &str, pipeline: usize, threads: usize) -> Result<Case> {
    let workload = workload::find(name)?;
    let checks = checks(name, pipeline, threads);
    let name = format!("{name}_p{pipeline}");
    Ok(Case { name, workload, peer: None, connections: 50, pipeline, value_bytes: 64, checks })
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
        (name, 16) if CORE.contains(&name) => vec![at_least(1.8)],
        (name, 16) if RANGES.contains(&name) => vec![at_least(1.5)],
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

/// Waiting consumers of the hand-over.
pub const CONSUMERS: [usize; 2] = [1, 50];

/// What its latency may be, and that it goes in order of arrival, which only one thread can promise.
pub fn hand_over(threads: usize) -> Vec<Check> {
    // Under 3 % is noise.
    let at_most = |figure| Check { figure, rule: Rule::RatioAtMost, bound: 1.03 };
    let in_order = Check { figure: "overtaken", rule: Rule::OursAtMost, bound: 0.0 };
    let mut checks = vec![at_most("p50_ms"), at_most("p99_ms")];
    checks.extend((threads == 1).then_some(in_order));
    checks
}

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
    use crate::memory;

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
    fn every_type_has_its_cases() {
        let cases = cases(Scenario::Types, 1).unwrap();
        let target = |name: &str| {
            let case = cases.iter().find(|case| case.name == format!("{name}_p16")).unwrap();
            assert_eq!((case.connections, case.value_bytes), (50, 64));
            case.checks.iter().map(Check::wording).collect::<Vec<_>>().join(", ")
        };
        for name in CORE {
            assert_eq!(target(name), "ops >= 1.80x", "{name}");
        }
        for name in RANGES {
            assert_eq!(target(name), "ops >= 1.50x", "{name}");
        }
        assert_eq!(cases.len(), CORE.len() + RANGES.len());
    }

    #[test]
    fn every_bound_of_memory_has_a_kind() {
        // The others are measured beside the peer, without a goal.
        let bounds = memory::KINDS.iter().filter_map(|kind| {
            let check = bytes_per_item(kind.name).pop()?;
            Some(format!("{}: {}", kind.name, check.wording()))
        });
        let expected = [
            "string_2m: rss <= 72",
            "string_5m: rss <= 72",
            "string_ttl_2m: rss <= 84",
            "string_ttl_5m: rss <= 84",
            "hash_5_fields: rss <= 120",
            "zset_member: rss <= 75",
            "set_member: rss <= 36",
            "list_item: rss <= 19",
        ];
        assert_eq!(bounds.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn names_are_unique() {
        for scenario in [Scenario::Quick, Scenario::Throughput, Scenario::Types] {
            let mut names: Vec<String> =
                cases(scenario, 1).unwrap().into_iter().map(|case| case.name).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }
}
