//! engine/hyperloglog/commands — statics and handlers, by what they do.

pub(super) mod add;
pub(super) mod count;
pub(super) mod debug;
pub(super) mod merge;

use super::sketch::{Sketch, Wrong};
use crate::error::Refusal;
use crate::keyspace::Keys;

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Refusal {
        Refusal::text(match wrong {
            Wrong::Other => "WRONGTYPE Key is not a valid HyperLogLog string value.",
            Wrong::Corrupt => "INVALIDOBJ Corrupted HLL object detected",
        })
    }
}

/// The HyperLogLog at a key.
fn sketch<'a>(keys: &'a Keys<'_>, key: &[u8]) -> Result<Option<Sketch<'a>>, Refusal> {
    Ok(keys.string(key)?.map(Sketch::new).transpose()?)
}

/// Puts bytes in the place of those at a key; its deadline stays.
fn put(keys: &mut Keys<'_>, key: &[u8], bytes: &[u8]) -> Result<(), Refusal> {
    keys.amend_string(
        key,
        |_| bytes.len(),
        |held| {
            held.copy_from_slice(bytes);
            ((), true)
        },
    )
}
