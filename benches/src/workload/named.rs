//! The named workloads, type by type.
//!
//! The shapes are those of redis-benchmark where it has them (`HSET myhash element:N value`, `LPUSH
//! mylist value`, ...). The `_spread` variants do the same to many small containers instead of one;
//! names that end in a number read that many elements with one request.

use std::fmt::Write;

use super::{Count, Drift, Numbers, Requests, Workload};

/// Elements of the containers whose size does not follow `--keys`.
const FIXED: u64 = 100_000;
/// A member that no earlier request had, for all that a run will notice.
const NEW_MEMBER: &str = "SADD myset element:__100000000000-999999999999__";
const NEW_RANKED: &str = "ZADD myzset __score__ element:__100000000000-999999999999__";

const SETS: (&str, Count) = ("SET __key__ __value__", Count::Keys);
const HASH: (&str, Count) = ("HSET myhash element:__rand__ __value__", Count::Keys);
const LIST: (&str, Count) = ("RPUSH mylist __value__", Count::Fixed(FIXED));
const SET: (&str, Count) = ("SADD myset element:__rand__", Count::Keys);
const SORTED_SET: (&str, Count) = ("ZADD myzset __score__ element:__rand__", Count::Keys);
/// IDs are `1` and the entry's number in twelve digits.
const STREAM: (&str, Count) = ("XADD mystream 1__rand__-0 field __value__", Count::Keys);
/// The last bit of 10 million: it makes the string as long as it will be.
const BITS: (&str, Count) = ("SETBIT mybits 9999999 1", Count::Fixed(1));
/// An area of ten by ten degrees.
const POINT: &str =
    "GEOADD points __10-19__.__100000-999999__ __40-49__.__100000-999999__ point:__rand__";
const NEARBY: &str = "GEOSEARCH points FROMLONLAT __10-19__.__100000-999999__ __40-49__.__100000-999999__ \
     BYRADIUS 5 km";

/// All workloads, in the order they are listed.
pub fn all() -> Vec<Workload> {
    let mut all = strings();
    all.extend(hashes());
    all.extend(sets());
    all.extend(sorted_sets());
    all.extend(lists());
    all.extend(streams());
    all.extend(bits_and_counters());
    all.extend(points());
    all.extend(limits());
    all
}

/// GET and SET in this ratio.
pub fn mix(gets: u32, sets: u32) -> Workload {
    Workload {
        requests: Requests::Mix(vec![
            (gets, "GET __key__".to_owned()),
            (sets, "SET __key__ __value__".to_owned()),
        ]),
        ..steady("mix", "GET and SET in the ratio of --ratio, by default 9:1.", "", &[SETS])
    }
}

/// One request on data that it leaves as they are.
fn steady(
    name: &'static str,
    summary: &'static str,
    line: &str,
    prefill: &[(&'static str, Count)],
) -> Workload {
    Workload {
        name,
        summary,
        requests: Requests::Mix(vec![(1, line.to_owned())]),
        prefill: prefill.to_vec(),
        numbers: Numbers::Keys,
        drift: Drift::Steady,
    }
}

/// One request that adds to an empty server.
fn grows(name: &'static str, summary: &'static str, line: &str) -> Workload {
    Workload { drift: Drift::Grows, ..steady(name, summary, line, &[]) }
}

/// A request that takes something away and one that puts as much back.
fn refills(
    name: &'static str,
    summary: &'static str,
    lines: [&'static str; 2],
    prefill: &[(&'static str, Count)],
) -> Workload {
    Workload { requests: Requests::Turns(lines.to_vec()), ..steady(name, summary, "", prefill) }
}

fn strings() -> Vec<Workload> {
    let incr = "INCR counter:__rand__";
    vec![
        steady("ping", "PING, nothing but the protocol.", "PING", &[]),
        steady("get", "GET of keys that exist.", "GET __key__", &[SETS]),
        steady("set", "SET over keys that exist.", "SET __key__ __value__", &[SETS]),
        steady("incr", "INCR of counters that exist.", incr, &[(incr, Count::Keys)]),
        steady("mset_10", "MSET of 10 keys that exist.", &mset(10), &[SETS]),
        mix(9, 1),
    ]
}

fn mset(keys: usize) -> String {
    (0..keys).fold("MSET".to_owned(), |mut line, _| {
        let _ = write!(line, " __key__ __value__");
        line
    })
}

fn hashes() -> Vec<Workload> {
    let hincrby = "HINCRBY myhash counter:__rand__ 1";
    vec![
        grows("hset", "HSET of fields of one growing hash.", HASH.0),
        grows(
            "hset_spread",
            "HSET of one field in each of many hashes.",
            "HSET hash:__rand__ field __value__",
        ),
        steady("hget", "HGET from one big hash.", "HGET myhash element:__rand__", &[HASH]),
        steady("hincrby", "HINCRBY in one big hash.", hincrby, &[(hincrby, Count::Keys)]),
        Workload {
            numbers: Numbers::Below(100),
            ..steady("hgetall_100", "HGETALL of 100 fields.", "HGETALL myhash", &[HASH])
        },
    ]
}

fn sets() -> Vec<Workload> {
    vec![
        grows("sadd", "SADD to one growing set.", SET.0),
        grows("sadd_spread", "SADD to many sets.", "SADD set:__rand__ element:__score__"),
        steady(
            "sismember",
            "SISMEMBER of members of one big set.",
            "SISMEMBER myset element:__rand__",
            &[SET],
        ),
        refills(
            "spop",
            "SPOP from one big set, then SADD of a new member, in turn.",
            ["SPOP myset", NEW_MEMBER],
            &[SET],
        ),
        Workload {
            numbers: Numbers::Below(100),
            ..steady("smembers_100", "SMEMBERS of 100 members.", "SMEMBERS myset", &[SET])
        },
    ]
}

fn sorted_sets() -> Vec<Workload> {
    let ranked = &[SORTED_SET];
    vec![
        grows("zadd", "ZADD of random scores to one growing sorted set.", SORTED_SET.0),
        grows(
            "zadd_spread",
            "ZADD to many sorted sets.",
            "ZADD zset:__rand__ __score__ element:__score__",
        ),
        steady("zscore", "ZSCORE in one big sorted set.", "ZSCORE myzset element:__rand__", ranked),
        steady("zrank", "ZRANK in one big sorted set.", "ZRANK myzset element:__rand__", ranked),
        steady(
            "zrange_100",
            "ZRANGE of the first 100 members of a big sorted set.",
            "ZRANGE myzset 0 99",
            ranked,
        ),
        Workload {
            numbers: Numbers::Below(100),
            ..steady(
                "zrange_all_100",
                "ZRANGE of all members of a sorted set of 100.",
                "ZRANGE myzset 0 -1",
                ranked,
            )
        },
        steady(
            "zrangebyscore_100",
            "ZRANGEBYSCORE of 100 members anywhere in a big sorted set.",
            "ZRANGEBYSCORE myzset __score__ +inf LIMIT 0 100",
            ranked,
        ),
        refills(
            "zpopmin",
            "ZPOPMIN from one big sorted set, then ZADD of a new member, in turn.",
            ["ZPOPMIN myzset", NEW_RANKED],
            ranked,
        ),
    ]
}

fn lists() -> Vec<Workload> {
    let first = |name, summary, line| steady(name, summary, line, &[LIST]);
    vec![
        grows("lpush", "LPUSH to one growing list.", "LPUSH mylist __value__"),
        grows("lpush_spread", "LPUSH to many lists.", "LPUSH list:__rand__ __value__"),
        Workload {
            drift: Drift::Drains,
            ..steady(
                "rpop",
                "RPOP from one long list.",
                "RPOP mylist",
                &[("LPUSH mylist __value__", Count::Requests)],
            )
        },
        first(
            "lindex",
            "LINDEX anywhere in a list of 100,000 items but its first tenth.",
            "LINDEX mylist __10000-99999__",
        ),
        first("lrange_100", "LRANGE of the first 100 items of a list.", "LRANGE mylist 0 99"),
        first("lrange_300", "LRANGE of the first 300 items of a list.", "LRANGE mylist 0 299"),
        first("lrange_600", "LRANGE of the first 600 items of a list.", "LRANGE mylist 0 599"),
    ]
}

fn streams() -> Vec<Workload> {
    // Requests that are under way at the same time reach the server in any order. With entries
    // delivered ahead, an acknowledgement never comes before its delivery.
    let ahead = "XREADGROUP GROUP workers one COUNT 1000 STREAMS mystream >";
    vec![
        grows("xadd", "XADD to one growing stream.", "XADD mystream * field __value__"),
        steady(
            "xrange_1",
            "XRANGE of one entry anywhere in a long stream.",
            "XRANGE mystream 1__rand__ + COUNT 1",
            &[STREAM],
        ),
        Workload {
            numbers: Numbers::Below(FIXED),
            ..steady(
                "xrange_100",
                "XRANGE of 100 entries anywhere in a stream of 100,000.",
                "XRANGE mystream 1__rand__ + COUNT 100",
                &[STREAM],
            )
        },
        Workload {
            requests: Requests::Turns(vec![
                "XREADGROUP GROUP workers one COUNT 1 STREAMS mystream >",
                "XACK mystream workers 1__rand__-0",
            ]),
            numbers: Numbers::InOrder,
            drift: Drift::Drains,
            ..steady(
                "xreadgroup",
                "XREADGROUP of the next entry, then XACK of the one 1000 before it, in turn.",
                "",
                &[
                    (STREAM.0, Count::Requests),
                    ("XGROUP CREATE mystream workers 0", Count::Fixed(1)),
                    (ahead, Count::Fixed(1)),
                ],
            )
        },
    ]
}

fn bits_and_counters() -> Vec<Workload> {
    let small = [
        ("SETBIT mybits 32767 1", Count::Fixed(1)),
        ("SETBIT mybits __10000-32767__ 1", Count::Fixed(10_000)),
    ];
    let pfadd = "PFADD mycounter element:__rand__";
    let counter = &[(pfadd, Count::Fixed(FIXED))];
    vec![
        steady(
            "setbit",
            "SETBIT in a string of 10 million bits.",
            "SETBIT mybits __1000000-9999999__ 1",
            &[BITS],
        ),
        steady(
            "getbit",
            "GETBIT in a string of 10 million bits.",
            "GETBIT mybits __1000000-9999999__",
            &[BITS],
        ),
        steady("bitcount_4k", "BITCOUNT of a string of 4 KiB.", "BITCOUNT mybits", &small),
        steady("pfadd", "PFADD to a HyperLogLog that is dense.", pfadd, counter),
        steady("pfcount", "PFCOUNT of a HyperLogLog.", "PFCOUNT mycounter", counter),
    ]
}

fn points() -> Vec<Workload> {
    vec![
        grows("geoadd", "GEOADD to one growing set of points.", POINT),
        steady(
            "geosearch",
            "GEOSEARCH of some ten of 100,000 points, within 5 km.",
            NEARBY,
            &[(POINT, Count::Fixed(FIXED))],
        ),
    ]
}

/// Bursts so large that nothing is refused, and rates so low that no budget is full in between: what
/// is measured is admitting, and not the making of keys.
fn limits() -> Vec<Workload> {
    const FIRST: &str = "RL.DEFINE one LIMIT 1 PERIOD 1000 BURST 1000000";
    let rules = [
        (FIRST, Count::Fixed(1)),
        ("RL.DEFINE two ALGO fixed LIMIT 100000000 PERIOD 60000", Count::Fixed(1)),
        ("RL.DEFINE three ALGO sliding LIMIT 100000000 PERIOD 60000", Count::Fixed(1)),
        ("RL.DEFINE four ALGO calendar LIMIT 1000000000", Count::Fixed(1)),
    ];
    vec![
        steady("cl_throttle", "CL.THROTTLE of many budgets.", THROTTLE, &[]),
        scripted_limit(),
        steady("rl_take", "RL.TAKE from many budgets.", TAKE, &[]),
        steady(
            "rl_refused",
            "RL.TAKE from budgets that are empty.",
            "RL.TAKE empty:__rand__ RATE 1 PER 3600000",
            &[("RL.TAKE empty:__rand__ RATE 1 PER 3600000", Count::Keys)],
        ),
        steady(
            "rl_check",
            "RL.CHECK of many keys under one rule.",
            "RL.CHECK one u:__rand__",
            &rules,
        ),
        steady(
            "rl_mcheck_4",
            "RL.MCHECK ALL of four rules, each at a key of its own.",
            "RL.MCHECK ALL 4 one u:__rand__ 1 two v:__rand__ 1 three w:__rand__ 1 four x:__rand__ 1",
            &rules,
        ),
    ]
}

/// GCRA as a script, which is what a server without a command for it is asked for; and its SHA-1.
const SCRIPT: &str = concat!(
    "SCRIPT LOAD \"local t=redis.call('TIME') local now=t[1]*1e6+t[2] ",
    "local e=ARGV[3]*1e6/ARGV[2] local cost=tonumber(ARGV[4]) ",
    "local tat=math.max(tonumber(redis.call('GET',KEYS[1]) or now),now) ",
    "local new=tat+e*cost local d=new-e*(ARGV[1]+1)-now ",
    "if d>0 then return {1,ARGV[1]+1,0,math.ceil(d/1e6),math.ceil((tat-now)/1e6)} end ",
    "redis.call('SET',KEYS[1],string.format('%.0f',new),'PX',math.ceil((new-now)/1e3)) ",
    "return {0,ARGV[1]+1,math.floor((e*(ARGV[1]+1)-(new-now))/e),-1,math.ceil((new-now)/1e6)}\"",
);
const SCRIPTED: &str = "EVALSHA 0aa8a370a6f41296b445f98a794a5d647439819e 1 limit:__rand__ 1000000 \
     1 1 1";

/// What a peer runs that has no command for a limit; the request of `cl_throttle` as a script.
pub fn scripted_limit() -> Workload {
    steady(
        "gcra_script",
        "GCRA as a Lua script, by EVALSHA.",
        SCRIPTED,
        &[(SCRIPT, Count::Fixed(1))],
    )
}

const THROTTLE: &str = "CL.THROTTLE limit:__rand__ 1000000 1 1";
const TAKE: &str = "RL.TAKE limit:__rand__ RATE 1 PER 1000 BURST 1000000";
