//! Memory per item: resident bytes of a fresh server after filling it, minus before, per item.
//!
//! Every kind of data gets its own process, because an allocator hardly ever gives memory back to the
//! system in the state it was in.

use std::time::Duration;

use crate::{Result, account, clock, direct::Direct, server::Server, template};

/// What is stored, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    pub name: &'static str,
    pub summary: &'static str,
    line: &'static str,
    value_bytes: usize,
    /// Items in a full run.
    pub items: u64,
}

/// The kinds that are measured, in order.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "string_2m",
        summary: "key of 16 B, value of 16 B, 2 M of them",
        line: "SET __key__ __value__",
        value_bytes: 16,
        items: 2_000_000,
    },
    Kind {
        name: "string_5m",
        summary: "the same, 5 M of them",
        line: "SET __key__ __value__",
        value_bytes: 16,
        items: 5_000_000,
    },
    Kind {
        name: "string_ttl_2m",
        summary: "key of 16 B, value of 16 B, EX 3600, 2 M of them",
        line: "SET __key__ __value__ EX 3600",
        value_bytes: 16,
        items: 2_000_000,
    },
    Kind {
        name: "string_ttl_5m",
        summary: "the same, 5 M of them",
        line: "SET __key__ __value__ EX 3600",
        value_bytes: 16,
        items: 5_000_000,
    },
    Kind {
        name: "hash_5_fields",
        summary: "hash of 5 fields of 2 B, values of 8 B, key of 16 B, 1 M of them",
        line: "HSET __key__ f1 __value__ f2 __value__ f3 __value__ f4 __value__ f5 __value__",
        value_bytes: 8,
        items: 1_000_000,
    },
    Kind {
        name: "zset_member",
        summary: "member of 16 B in one sorted set of 1 M, integer scores",
        line: "ZADD zset __score__ mem:__rand__",
        value_bytes: 0,
        items: 1_000_000,
    },
    Kind {
        name: "set_member",
        summary: "member of 16 B in one set of 1 M",
        line: "SADD set mem:__rand__",
        value_bytes: 0,
        items: 1_000_000,
    },
    Kind {
        name: "list_item",
        summary: "item of 16 B in one list of 1 M",
        line: "RPUSH list itm:__rand__",
        value_bytes: 0,
        items: 1_000_000,
    },
    Kind {
        name: "hash_1_field",
        summary: "hash of 1 field of 2 B, value of 8 B, key of 16 B, 500 k of them",
        line: "HSET __key__ f1 __value__",
        value_bytes: 8,
        items: 500_000,
    },
    Kind {
        name: "set_1_member",
        summary: "set of 1 member of 8 B, key of 16 B, 500 k of them",
        line: "SADD __key__ __value__",
        value_bytes: 8,
        items: 500_000,
    },
    Kind {
        name: "set_5_numbers",
        summary: "set of the numbers 1 to 5, key of 16 B, 500 k of them",
        line: "SADD __key__ 1 2 3 4 5",
        value_bytes: 0,
        items: 500_000,
    },
    Kind {
        name: "set_5_words",
        summary: "set of 5 words of 8 B, key of 16 B, 500 k of them",
        line: "SADD __key__ member_1 member_2 member_3 member_4 member_5",
        value_bytes: 0,
        items: 500_000,
    },
    Kind {
        name: "list_1_item",
        summary: "list of 1 item of 8 B, key of 16 B, 500 k of them",
        line: "RPUSH __key__ __value__",
        value_bytes: 8,
        items: 500_000,
    },
    Kind {
        name: "list_5_items",
        summary: "list of 5 items of 8 B, key of 16 B, 500 k of them",
        line: "RPUSH __key__ __value__ __value__ __value__ __value__ __value__",
        value_bytes: 8,
        items: 500_000,
    },
    Kind {
        name: "zset_1_member",
        summary: "sorted set of 1 member of 8 B, key of 16 B, 500 k of them",
        line: "ZADD __key__ 1 __value__",
        value_bytes: 8,
        items: 500_000,
    },
    Kind {
        name: "zset_5_members",
        summary: "sorted set of 5 members of 8 B, key of 16 B, 500 k of them",
        line: "ZADD __key__ 1 member_1 2 member_2 3 member_3 4 member_4 5 member_5",
        value_bytes: 0,
        items: 500_000,
    },
    Kind {
        name: "stream_entry",
        summary: "entry of 2 fields of 2 B, values of 8 B, in one stream of 1 M",
        line: "XADD stream * f1 __value__ f2 __value__",
        value_bytes: 8,
        items: 1_000_000,
    },
];

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Resident bytes per item.
    pub rss: f64,
    /// Bytes per item by the server's own counter, when INFO has `used_memory`.
    pub used: Option<f64>,
    /// Items filled per second, over one connection; not a throughput figure.
    pub fill_rate: f64,
}

/// Fills a fresh server with `items` of this kind.
pub fn measure(server: &Server, kind: &Kind, items: u64) -> Result<Found> {
    let mut direct = server.direct()?;
    let before = settled(server, &mut direct)?;
    let start = clock::now();
    direct.fill(kind.line, items, items, &template::value(kind.value_bytes))?;
    let seconds = clock::nanos_since(start) as f64 / 1e9;
    let after = settled(server, &mut direct)?;
    let per_item = |after: u64, before: u64| (after as f64 - before as f64) / items as f64;
    Ok(Found {
        rss: per_item(after.0, before.0),
        used: after.1.zip(before.1).map(|(after, before)| per_item(after, before)),
        fill_rate: items as f64 / seconds,
    })
}

/// Resident and self-reported bytes once two readings in a row agree within 64 KiB: work that a server
/// does after the last reply (moving a table, returning buffers) belongs to what it stores.
pub(crate) fn settled(server: &Server, direct: &mut Direct) -> Result<(u64, Option<u64>)> {
    let mut last = account::rss_bytes(server.pid())?;
    for _ in 0..50 {
        clock::sleep(Duration::from_millis(100));
        let rss = account::rss_bytes(server.pid())?;
        let still = rss.abs_diff(last) < 64 << 10;
        last = rss;
        if still {
            break;
        }
    }
    let used = direct.info("memory", "used_memory")?.and_then(|text| text.parse().ok());
    Ok((last, used))
}
