//! engine/stream/commands/reply.rs — entries and refusals as clients see them.

use mainstay_protocol::ReplyWriter;

use crate::engine::stream::ids;
use crate::error::Refusal;
use crate::structure::blocks::{Entry, Value};

/// An entry: its id, and its fields and values in turn.
#[inline]
pub fn entry(entry: Entry<'_>, out: &mut ReplyWriter<'_>) {
    out.array(2);
    ids::write(entry.id, out);
    out.array(2 * entry.len());
    for (name, value) in entry.pairs() {
        out.bulk(name);
        match value {
            Value::Bytes(bytes) => out.bulk(bytes),
            Value::Integer(number) => out.bulk_str(itoa::Buffer::new().format(number)),
        }
    }
}

/// Entries, at most `most` of them; returns how many.
pub fn entries<'a>(
    entries: impl Iterator<Item = Entry<'a>>,
    most: usize,
    out: &mut ReplyWriter<'_>,
) -> usize {
    let begun = out.begin_array();
    let mut count = 0;
    for found in entries.take(most) {
        entry(found, out);
        count += 1;
    }
    out.finish_array(begun, count);
    count
}

/// That there is no such group, in the words of XREADGROUP, XCLAIM and others: what stands before
/// the key, between it and the group, and behind.
pub fn no_group(before: &str, key: &[u8], between: &str, group: &[u8], behind: &str) -> Refusal {
    fn shown(word: &[u8]) -> &[u8] {
        word.split(|&byte| byte == 0).next().unwrap_or_default()
    }
    let parts =
        [before.as_bytes(), shown(key), between.as_bytes(), shown(group), behind.as_bytes()];
    Refusal::Quoting(parts.concat().into())
}

/// As XPENDING, XCLAIM and XAUTOCLAIM say it.
pub fn no_key_or_group(key: &[u8], group: &[u8]) -> Refusal {
    no_group("NOGROUP No such key '", key, "' or consumer group '", group, "'")
}

/// As XGROUP and XINFO say it.
pub fn no_group_for_key(key: &[u8], group: &[u8]) -> Refusal {
    no_group("NOGROUP No such consumer group '", group, "' for key name '", key, "'")
}

/// That a subcommand is not called like that.
pub fn subcommand(container: &str, name: &[u8]) -> Refusal {
    Refusal::quoting(
        "ERR unknown subcommand or wrong number of arguments for '",
        name,
        &format!("'. Try {container} HELP."),
    )
}
