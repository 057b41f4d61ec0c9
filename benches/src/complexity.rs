//! How the time of a command grows with the collection it works on.
//!
//! A collection is filled to a thousand elements, ten thousand, a hundred thousand, a million; at each
//! size a command that returns and takes the same number of elements every time runs at random places,
//! and the server's own `usec_per_call` is read. The slope of time over size in logarithms is the
//! exponent: 1 for a command that walks the collection, 0 for one that does not look at its size. A
//! collection that outgrows the caches adds some 0.3 to either, so O(log n) and O(1) cannot be told
//! apart here; that is what the bounds allow for.
//!
//! What a command says of its own cost is asked of it (COMMAND DOCS), and the bound follows from that
//! and from the case: what is linear in the elements returned is constant here.

use std::ops::Range;

use crate::{
    Error, Result,
    chance::Dice,
    direct::{Direct, Reply},
    server::Server,
};

/// Sizes of the collection.
pub const SIZES: [(&str, u64); 4] =
    [("us_1e3", 1_000), ("us_1e4", 10_000), ("us_1e5", 100_000), ("us_1e6", 1_000_000)];
/// Calls at each size; those of a command that walks the collection are fewer.
const CALLS: u64 = 2000;
const CALLS_LINEAR: u64 = 20;
/// The largest exponent of what does not walk the collection, and of what does.
const BOUND: f64 = 0.5;
const BOUND_LINEAR: f64 = 1.2;
/// Elements in one request while filling.
const FILL: u64 = 100;
/// Below this a time is the clock's more than the command's, in microseconds.
const FLOOR_US: f64 = 0.05;

/// A command on a growing collection.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    /// As `commandstats` calls it.
    command: &'static str,
    holds: Holds,
    /// Requests, one a line. `#` is a random element's number, `%` the middle position.
    line: &'static str,
    /// Whether the command has to walk the collection.
    pub linear: bool,
}

#[derive(Clone, Copy, Debug)]
enum Holds {
    List,
    Hash,
    Set,
    SortedSet,
    /// With equal scores, for ranges by member.
    Names,
}

const fn case(name: &'static str, command: &'static str, holds: Holds, line: &'static str) -> Case {
    Case { name, command, holds, line, linear: false }
}

/// All of them.
pub const CASES: &[Case] = &[
    case("zadd_move", "zadd", Holds::SortedSet, "ZADD c # m#"),
    case("zscore", "zscore", Holds::SortedSet, "ZSCORE c m#"),
    case("zrank", "zrank", Holds::SortedSet, "ZRANK c m#"),
    case("zcount", "zcount", Holds::SortedSet, "ZCOUNT c # +inf"),
    case("zrange_rank_10", "zrange", Holds::SortedSet, "ZRANGE c % +9"),
    case("zrange_score_10", "zrange", Holds::SortedSet, "ZRANGE c # +inf BYSCORE LIMIT 0 10"),
    case("zrange_lex_10", "zrange", Holds::Names, "ZRANGE c [m# + BYLEX LIMIT 0 10"),
    case("zrevrange_10", "zrevrange", Holds::SortedSet, "ZREVRANGE c % +9"),
    case("zlexcount", "zlexcount", Holds::Names, "ZLEXCOUNT c - [m#"),
    case("zpopmin_zadd", "zpopmin", Holds::SortedSet, "ZPOPMIN c\nZADD c # m#"),
    case("zrem_zadd", "zrem", Holds::SortedSet, "ZREM c m#\nZADD c # m#"),
    case("zrandmember_3", "zrandmember", Holds::SortedSet, "ZRANDMEMBER c 3"),
    case("zinterstore_small", "zinterstore", Holds::SortedSet, "ZINTERSTORE d 2 c small"),
    case("zscan_step", "zscan", Holds::SortedSet, "ZSCAN c # COUNT 10"),
    case("sismember", "sismember", Holds::Set, "SISMEMBER c m#"),
    case("spop_sadd", "spop", Holds::Set, "SPOP c\nSADD c m#"),
    case("srandmember_3", "srandmember", Holds::Set, "SRANDMEMBER c 3"),
    case("sinter_small", "sinter", Holds::Set, "SINTER c few"),
    case("sscan_step", "sscan", Holds::Set, "SSCAN c # COUNT 10"),
    case("hget", "hget", Holds::Hash, "HGET c m#"),
    case("hset", "hset", Holds::Hash, "HSET c m# changed"),
    case("hdel_hset", "hdel", Holds::Hash, "HDEL c m#\nHSET c m# v"),
    case("hrandfield_3", "hrandfield", Holds::Hash, "HRANDFIELD c 3"),
    case("hscan_step", "hscan", Holds::Hash, "HSCAN c # COUNT 10"),
    case("lindex_middle", "lindex", Holds::List, "LINDEX c %"),
    case("lset_middle", "lset", Holds::List, "LSET c % changed"),
    case("lrange_middle_10", "lrange", Holds::List, "LRANGE c % +9"),
    case("linsert_head", "linsert", Holds::List, "LINSERT c BEFORE m0000000 x\nLPOP c"),
    case("lpos_head", "lpos", Holds::List, "LPOS c m0000005"),
    case("lpop_lpush", "lpop", Holds::List, "LPOP c\nLPUSH c m0000000"),
    Case { linear: true, ..case("lpos_absent", "lpos", Holds::List, "LPOS c nowhere") },
    Case { linear: true, ..case("linsert_tail", "linsert", Holds::List, "LINSERT c AFTER last x") },
];

/// What was found of a case.
#[derive(Clone, Debug)]
pub struct Found {
    /// Microseconds per call at each of [`SIZES`].
    pub us: [f64; SIZES.len()],
    pub exponent: f64,
    /// What the command says of its cost.
    pub cost: String,
}

impl Case {
    /// The largest exponent that fits what the command does here.
    pub fn bound(&self) -> f64 {
        if self.linear { BOUND_LINEAR } else { BOUND }
    }

    /// The request lines of one call.
    fn lines(&self, number: u64, size: u64) -> impl Iterator<Item = String> {
        let middle = size / 4 + number % (size / 2);
        let words = [
            ("% +9", format!("{middle} {}", middle + 9)),
            ("%", middle.to_string()),
            ("m#", format!("m{:07}", number % size)),
            ("#", (number % size).to_string()),
        ];
        self.line.lines().map(move |line| {
            words.iter().fold(line.to_owned(), |line, (word, by)| line.replace(word, by))
        })
    }
}

/// Fills a server to each size and measures one case there.
///
/// # Errors
/// What the server refuses, and `Usage` if it has no `commandstats`.
pub fn measure(server: &Server, case: &Case) -> Result<Found> {
    let mut direct = server.direct()?;
    let mut us = [f64::NAN; SIZES.len()];
    for (found, (_, size)) in us.iter_mut().zip(SIZES) {
        direct.call(&["FLUSHALL"])?;
        fill(&mut direct, case.holds, size)?;
        let calls = if case.linear { CALLS_LINEAR } else { CALLS };
        // Once to warm up, at other places.
        run(&mut direct, case, size, 0..calls / 4)?;
        direct.call(&["CONFIG", "RESETSTAT"])?;
        run(&mut direct, case, size, calls..2 * calls)?;
        *found = usec_per_call(&mut direct, case.command)?;
    }
    Ok(Found { us, exponent: exponent(&us), cost: cost(&mut direct, case.command)? })
}

fn run(direct: &mut Direct, case: &Case, size: u64, mut calls: Range<u64>) -> Result<()> {
    direct.pump(case.name, |buffer| {
        let mut count = 0;
        while count < FILL
            && let Some(call) = calls.next()
        {
            for line in case.lines(Dice::new(call).roll(), size) {
                request(buffer, line.split(' '));
                count += 1;
            }
        }
        count
    })
}

fn fill(direct: &mut Direct, holds: Holds, size: u64) -> Result<()> {
    let mut next = 0;
    direct.pump("filling", |buffer| {
        let from = next;
        next = size.min(next + FILL);
        if from == next {
            return 0;
        }
        let command = match holds {
            Holds::List => "RPUSH",
            Holds::Hash => "HSET",
            Holds::Set => "SADD",
            Holds::SortedSet | Holds::Names => "ZADD",
        };
        let mut words = vec![command.to_owned(), "c".to_owned()];
        for number in from..next {
            let name = format!("m{number:07}");
            match holds {
                Holds::List | Holds::Set => words.push(name),
                Holds::Hash => words.extend([name, "v".to_owned()]),
                Holds::SortedSet => words.extend([number.to_string(), name]),
                Holds::Names => words.extend(["0".to_owned(), name]),
            }
        }
        request(buffer, words.iter().map(String::as_str));
        1
    })?;
    match holds {
        Holds::SortedSet => {
            direct.call(&["ZADD", "small", "1", "m0000003", "2", "m0000500", "3", "none"])?;
        }
        Holds::Set => {
            direct.call(&["SADD", "few", "m0000003", "m0000500", "none"])?;
        }
        Holds::List => {
            direct.call(&["RPUSH", "c", "last"])?;
        }
        Holds::Hash | Holds::Names => {}
    }
    Ok(())
}

fn request<'a>(buffer: &mut Vec<u8>, words: impl Iterator<Item = &'a str> + Clone) {
    buffer.extend_from_slice(format!("*{}\r\n", words.clone().count()).as_bytes());
    for word in words {
        buffer.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
}

fn usec_per_call(direct: &mut Direct, command: &str) -> Result<f64> {
    let line = direct.info("commandstats", &format!("cmdstat_{command}"))?;
    let number = line.as_deref().and_then(|line| {
        let (_, rest) = line.split_once("usec_per_call=")?;
        rest.split(',').next()?.parse().ok()
    });
    number.ok_or_else(|| Error::Usage(format!("the server has no commandstats of {command}")))
}

fn cost(direct: &mut Direct, command: &str) -> Result<String> {
    let Reply::Array(docs) = direct.call(&["COMMAND", "DOCS", command])? else {
        return Ok(String::new());
    };
    let Some(Reply::Array(fields)) = docs.get(1) else { return Ok(String::new()) };
    let found = fields.chunks(2).find_map(|pair| match pair {
        [Reply::Bulk(name), Reply::Bulk(text)] if name == b"complexity" => {
            Some(String::from_utf8_lossy(text).into_owned())
        }
        _ => None,
    });
    Ok(found.unwrap_or_default())
}

/// The slope of the logarithm of time over that of size, by least squares.
fn exponent(us: &[f64; SIZES.len()]) -> f64 {
    let points: Vec<(f64, f64)> = SIZES
        .iter()
        .zip(us)
        .map(|((_, size), us)| ((*size as f64).ln(), us.max(FLOOR_US).ln()))
        .collect();
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x, y) = (x / count, y / count);
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    over / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::{CASES, Case, exponent};

    #[test]
    fn exponents_are_slopes() {
        let of = |us| (exponent(&us) * 1000.0).round() / 1000.0;
        assert_eq!(of([1.0, 10.0, 100.0, 1000.0]), 1.0);
        assert_eq!(of([3.0; 4]), 0.0);
        assert_eq!(of([1.0, 100.0, 10_000.0, 1e6]), 2.0);
        assert_eq!(of([0.0, 0.01, 0.0, 0.02]), 0.0);
    }

    #[test]
    fn cases_have_names_of_their_own_and_lines_without_gaps() {
        let mut names: Vec<_> = CASES.iter().map(|case| case.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CASES.len());
        for case in CASES {
            for line in case.lines(123_456_789, 1000) {
                assert!(!line.contains(['#', '%']) && !line.contains("  "), "{line}");
            }
            assert!(case.line.to_lowercase().contains(case.command), "{}", case.name);
        }
        let range = Case { line: "LRANGE c % +9", ..CASES[0] };
        assert_eq!(range.lines(0, 1000).collect::<Vec<_>>(), ["LRANGE c 250 259"]);
    }
}
