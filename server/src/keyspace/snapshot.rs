//! keyspace/snapshot.rs — every live entry as bytes, and back.
//!
//! ```text
//! entry | database: u32 | deadline: u64 | tag: u8 | key: u32 | value: u32 | key ... | value ... |
//! ```
//!
//! What is on a database's shelf is an entry with an empty key and a tag of at least
//! [`SHELF_TAG_MIN`]. Numbers are little-endian; a deadline of all ones is none. The value is what
//! [`Object::freeze_at`](dyn super::Object::freeze_at) wrote, so a container comes back in its
//! order.
//! Not here: files, checksums, and taking a snapshot while clients are served.

use super::entry::BYTES_MAX;
use super::object::STRING_TAG;
use super::shelf::SHELF_TAG_MIN;
use super::table::NEVER;
use super::value::Value;
use super::{Exclusive, Keys, Keyspace, Kind, Ttl};
use crate::clock::Millis;
use crate::error::Fault;

impl Keyspace {
    /// Appends every entry that is alive at `now`.
    ///
    /// # Errors
    /// If a value's frozen form is too long to be written down.
    pub fn freeze_all(
        &self,
        gate: &mut Exclusive<'_>,
        now: Millis,
        to: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let mut too_long = false;
        let mut frozen = Vec::new();
        for database in 0..self.databases() {
            let keys = Keys::whole(self, gate, database, now);
            let mut write = |key: &[u8], deadline: Millis, tag: u8, value: &[u8]| {
                too_long |= value.len() > BYTES_MAX;
                to.extend_from_slice(&(database as u32).to_le_bytes());
                to.extend_from_slice(&deadline.to_le_bytes());
                to.push(tag);
                to.extend_from_slice(&(key.len() as u32).to_le_bytes());
                to.extend_from_slice(&(value.len() as u32).to_le_bytes());
                to.extend_from_slice(key);
                to.extend_from_slice(value);
            };
            for kept in keys.shelf().each() {
                frozen.clear();
                kept.freeze(&mut frozen);
                write(b"", NEVER, kept.kind().tag, &frozen);
            }
            keys.each_with_deadline(|key, value, deadline| {
                let (tag, value) = match value {
                    Value::String(bytes) => (STRING_TAG, bytes),
                    Value::Object(object) => {
                        frozen.clear();
                        object.freeze_at(now, &mut frozen);
                        (object.kind().tag, &frozen[..])
                    }
                };
                write(key, deadline, tag, value);
            });
        }
        if too_long {
            return Err(Fault::Corrupt { what: "a value beyond 4 GiB".into(), offset: to.len() });
        }
        Ok(())
    }

    /// Puts back what [`Keyspace::freeze_all`] wrote. Marks no watches and is no change: meant for
    /// a keyspace that nobody uses yet.
    ///
    /// # Errors
    /// If the bytes are cut off, or name a database or a kind that there is not.
    pub fn thaw_all<'k>(
        &self,
        gate: &mut Exclusive<'_>,
        from: &[u8],
        kinds: impl Fn(u8) -> Option<&'k Kind>,
    ) -> Result<(), Fault> {
        let mut rest = from;
        while !rest.is_empty() {
            let offset = from.len() - rest.len();
            let damaged = || Fault::Corrupt { what: "a snapshot".into(), offset };
            let entry = Frozen::take(&mut rest).ok_or_else(damaged)?;
            if entry.database >= self.databases() {
                return Err(damaged());
            }
            let mut keys = Keys::whole(self, gate, entry.database, 0);
            let ttl = if entry.deadline == NEVER { Ttl::Clear } else { Ttl::At(entry.deadline) };
            if entry.tag == STRING_TAG {
                keys.put_string(entry.key, entry.value, ttl);
            } else {
                let kind = kinds(entry.tag).ok_or_else(damaged)?;
                if entry.tag >= SHELF_TAG_MIN {
                    let object = (kind.thaw)(entry.value)?.into_shelved().ok_or_else(damaged)?;
                    if let Some(shelf) = keys.shelf_mut() {
                        shelf.put(object);
                    }
                    continue;
                }
                keys.put_object(entry.key, (kind.thaw)(entry.value)?, ttl);
            }
        }
        Ok(())
    }
}

/// One entry, in place.
struct Frozen<'a> {
    database: usize,
    deadline: Millis,
    tag: u8,
    key: &'a [u8],
    value: &'a [u8],
}

impl<'a> Frozen<'a> {
    fn take(rest: &mut &'a [u8]) -> Option<Frozen<'a>> {
        let database = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?) as usize;
        let deadline = Millis::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
        let [tag] = *rest.split_off(..1)? else { return None };
        let key_bytes = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?) as usize;
        let value_bytes = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?) as usize;
        let (key, value) = (rest.split_off(..key_bytes)?, rest.split_off(..value_bytes)?);
        Some(Frozen { database, deadline, tag, key, value })
    }
}
