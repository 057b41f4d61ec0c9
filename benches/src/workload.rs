//! The named workloads: their requests, what must be there before, and whether running changes what
//! is measured.
//!
//! The shapes are those of redis-benchmark where it has them (`HSET myhash element:N value`, `LPUSH
//! mylist value`, ...). The `_spread` variants do the same to many small containers instead of one.

use std::fmt::Write;

use crate::{
    Error, Result,
    direct::Direct,
    template::{Batch, Template},
};

/// What one workload is.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// The word on the command line.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Command lines and how often each is sent relative to the others.
    pub requests: Vec<(u32, String)>,
    /// A command line to run beforehand, and how often.
    pub prefill: Option<(&'static str, Count)>,
    /// How the data changes while the workload runs.
    pub drift: Drift,
}

/// How many prefill requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Count {
    /// One per key.
    Keys,
    /// A fixed number.
    Fixed(u64),
    /// As many as the run will send.
    Requests,
}

/// How the data changes under a workload. A run that changes its own data is only comparable with
/// another of the same number of requests from the same start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drift {
    /// Not at all: runs can be repeated on the same data.
    Steady,
    /// It grows: every run begins with an empty server.
    Grows,
    /// It is used up: every run begins with a fresh prefill.
    Drains,
}

/// All workloads, in the order they are listed.
pub fn all() -> Vec<Workload> {
    let one = |name, summary, line: &str, prefill, drift| Workload {
        name,
        summary,
        requests: vec![(1, line.to_owned())],
        prefill,
        drift,
    };
    let strings = Some(("SET __key__ __value__", Count::Keys));
    let (steady, grows) = (Drift::Steady, Drift::Grows);
    vec![
        one("ping", "PING, nothing but the protocol.", "PING", None, steady),
        one("get", "GET of keys that exist.", "GET __key__", strings, steady),
        one("set", "SET over keys that exist.", "SET __key__ __value__", strings, steady),
        one(
            "incr",
            "INCR of counters that exist.",
            "INCR counter:__rand__",
            Some(("INCR counter:__rand__", Count::Keys)),
            steady,
        ),
        one(
            "hset",
            "HSET of fields of one growing hash.",
            "HSET myhash element:__rand__ __value__",
            None,
            grows,
        ),
        one(
            "hset_spread",
            "HSET of one field in each of many hashes.",
            "HSET hash:__rand__ field __value__",
            None,
            grows,
        ),
        one(
            "hget",
            "HGET from one big hash.",
            "HGET myhash element:__rand__",
            Some(("HSET myhash element:__rand__ __value__", Count::Keys)),
            steady,
        ),
        one("sadd", "SADD to one growing set.", "SADD myset element:__rand__", None, grows),
        one(
            "sadd_spread",
            "SADD to many sets.",
            "SADD set:__rand__ element:__score__",
            None,
            grows,
        ),
        one(
            "zadd",
            "ZADD of random scores to one growing sorted set.",
            "ZADD myzset __score__ element:__rand__",
            None,
            grows,
        ),
        one(
            "zadd_spread",
            "ZADD to many sorted sets.",
            "ZADD zset:__rand__ __score__ element:__score__",
            None,
            grows,
        ),
        one("lpush", "LPUSH to one growing list.", "LPUSH mylist __value__", None, grows),
        one("lpush_spread", "LPUSH to many lists.", "LPUSH list:__rand__ __value__", None, grows),
        one(
            "rpop",
            "RPOP from one long list.",
            "RPOP mylist",
            Some(("LPUSH mylist __value__", Count::Requests)),
            Drift::Drains,
        ),
        one(
            "lrange_100",
            "LRANGE of the first 100 items of a list.",
            "LRANGE mylist 0 99",
            Some(("LPUSH mylist __value__", Count::Fixed(1000))),
            steady,
        ),
        one("mset_10", "MSET of 10 keys that exist.", &mset(10), strings, steady),
        mix(9, 1),
    ]
}

/// GET and SET in this ratio.
pub fn mix(gets: u32, sets: u32) -> Workload {
    Workload {
        name: "mix",
        summary: "GET and SET in the ratio of --ratio, by default 9:1.",
        requests: vec![
            (gets, "GET __key__".to_owned()),
            (sets, "SET __key__ __value__".to_owned()),
        ],
        prefill: Some(("SET __key__ __value__", Count::Keys)),
        drift: Drift::Steady,
    }
}

/// A workload of one command line as the user wrote it, without prefill.
pub fn custom(line: &str) -> Workload {
    Workload {
        name: "command",
        summary: "The command line given.",
        requests: vec![(1, line.to_owned())],
        prefill: None,
        drift: Drift::Steady,
    }
}

/// The workload of that name.
///
/// # Errors
/// `Usage`, naming those there are.
pub fn find(name: &str) -> Result<Workload> {
    let known = all();
    let names = known.iter().map(|workload| workload.name).collect::<Vec<_>>().join(", ");
    known
        .into_iter()
        .find(|workload| workload.name == name)
        .ok_or_else(|| Error::Usage(format!("there is no workload {name:?}; there are: {names}")))
}

impl Workload {
    /// The batch that sends this workload's requests.
    pub fn batch(&self, pipeline: usize, value: &[u8]) -> Result<Batch> {
        let templates = self
            .requests
            .iter()
            .map(|(weight, line)| Ok((*weight, Template::parse(line, value)?)))
            .collect::<Result<_>>()?;
        Batch::new(templates, pipeline)
    }

    /// Puts the data there that the requests expect. `requests` is how many will be sent.
    pub fn prepare(
        &self,
        server: &mut Direct,
        keys: u64,
        requests: u64,
        value: &[u8],
    ) -> Result<()> {
        let Some((line, count)) = self.prefill else { return Ok(()) };
        let count = match count {
            Count::Keys => keys,
            Count::Fixed(count) => count,
            Count::Requests => requests,
        };
        server.fill(line, count, keys, value)
    }
}

fn mset(keys: usize) -> String {
    (0..keys).fold("MSET".to_owned(), |mut line, _| {
        let _ = write!(line, " __key__ __value__");
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_can_be_formatted_and_found() {
        for workload in all() {
            workload.batch(16, b"value").unwrap();
            assert_eq!(find(workload.name).unwrap(), workload);
            assert!(workload.summary.ends_with('.'), "{}", workload.name);
        }
    }

    #[test]
    fn an_unknown_workload_is_told_the_known_ones() {
        let message = find("gett").unwrap_err().to_string();
        assert!(message.contains("gett") && message.contains("lrange_100"), "{message}");
    }
}
