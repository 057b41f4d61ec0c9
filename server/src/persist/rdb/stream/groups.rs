//! persist/rdb/stream/groups.rs — a group: what is pending in it, and with which consumer.
//!
//! ```text
//! group     | name | last id | entries read | pending: count | id, time, deliveries | ...
//!           | consumers: count | consumer ... |
//! consumer  | name | seen | active | pending: count | id | ...
//! ```
//!
//! Entries read came with Redis 7.0, active with 7.2. Ids are 16 bytes, highest first, and ascend.

use std::io;

use super::super::form::{STREAM_LISTPACKS, STREAM_LISTPACKS_3};
use super::super::reader::{Reader, malformed};
use super::{Consumer, Delivery, EntriesRead, Id, Sink, read_id};

/// Stands for a number of entries that is not known, or a time that never was.
const NONE: u64 = u64::MAX;

/// Redis counts time in signed numbers.
const TIME_MAX: u64 = i64::MAX as u64;

/// What is pending in a group. `has_owner` once a consumer claimed it.
struct Pending {
    id: Id,
    delivery: Delivery,
    has_owner: bool,
}

pub(super) fn read(form: u8, reader: &mut Reader<'_>, sink: &mut dyn Sink) -> io::Result<()> {
    let mut name = reader.string()?.to_vec();
    let last = read_id(reader)?;
    let entries_read = match form {
        STREAM_LISTPACKS => EntriesRead::Unsaid,
        _ => match reader.length()? {
            NONE => EntriesRead::Unknown,
            count => EntriesRead::Known(count),
        },
    };
    sink.group(&name, last, entries_read)?;
    let mut pending = read_pending(reader)?;
    for _ in 0..reader.length()? {
        name.clear();
        name.extend_from_slice(reader.string()?);
        let seen = time(reader)?;
        let active = match form {
            STREAM_LISTPACKS_3 => match reader.u64_le()? {
                NONE => None,
                at if at <= TIME_MAX => Some(at),
                _ => return Err(malformed("a time beyond all time")),
            },
            _ => Some(seen),
        };
        sink.consumer(Consumer { name: &name, seen, active })?;
        let mut before = None;
        for _ in 0..reader.length()? {
            let id = Id::from_bits(reader.u128_be()?);
            let found = pending.binary_search_by_key(&id, |pending| pending.id).ok();
            let found = found.and_then(|at| pending.get_mut(at));
            match found {
                Some(found) if !found.has_owner && before < Some(id) => {
                    found.has_owner = true;
                    before = Some(id);
                    sink.pending(id, found.delivery)?;
                }
                _ => return Err(malformed("a consumer with what is not its own")),
            }
        }
    }
    if pending.iter().all(|pending| pending.has_owner) {
        Ok(())
    } else {
        Err(malformed("a pending entry without a consumer"))
    }
}

fn read_pending(reader: &mut Reader<'_>) -> io::Result<Vec<Pending>> {
    let mut all: Vec<Pending> = Vec::new();
    for _ in 0..reader.length()? {
        let id = Id::from_bits(reader.u128_be()?);
        let delivery = Delivery { time: time(reader)?, count: reader.length()? };
        if all.last().is_some_and(|before| before.id >= id) {
            return Err(malformed("pending entries that are not in order"));
        }
        all.push(Pending { id, delivery, has_owner: false });
    }
    Ok(all)
}

fn time(reader: &mut Reader<'_>) -> io::Result<u64> {
    let time = reader.u64_le()?;
    if time <= TIME_MAX { Ok(time) } else { Err(malformed("a time beyond all time")) }
}
