//! persist/rdb/hash.rs — hashes, whose fields may have deadlines.

use std::io::{self, BufRead};

use super::entries::{Entries, Layout, each_pair};
use super::form::{
    HASH, HASH_LISTPACK, HASH_LISTPACK_EX, HASH_LISTPACK_EX_PRE_GA, HASH_METADATA,
    HASH_METADATA_PRE_GA, HASH_ZIPLIST, HASH_ZIPMAP,
};
use super::listpack::Listpack;
use super::reader::{Reader, malformed};
use super::writer::{put_element, put_length, put_string};
use super::zipmap;

/// What a hash may be spelled in.
pub const FORMS: &[u8] = &[
    HASH,
    HASH_ZIPMAP,
    HASH_ZIPLIST,
    HASH_LISTPACK,
    HASH_METADATA_PRE_GA,
    HASH_LISTPACK_EX_PRE_GA,
    HASH_METADATA,
    HASH_LISTPACK_EX,
];

/// The latest deadline of a field: Redis keeps 46 bits.
pub const DEADLINE_MAX: u64 = (1 << 46) - 1;

/// Shows every field with its value and its deadline, milliseconds since the epoch. That no field
/// comes twice is for the caller to check.
///
/// # Errors
/// If the bytes are no hash of this form, the hash is empty, or the input ends or fails; and what
/// `take` fails with.
pub fn read(
    form: u8,
    from: &mut dyn BufRead,
    mut take: impl FnMut(&[u8], &[u8], Option<u64>) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = Reader::new(from);
    let mut any = false;
    let mut take = |field: &[u8], value: &[u8], deadline: u64| {
        any = true;
        if deadline > DEADLINE_MAX {
            return Err(malformed("a deadline beyond all time"));
        }
        take(field, value, (deadline != 0).then_some(deadline))
    };
    let (mut one, mut other) = (itoa::Buffer::new(), itoa::Buffer::new());
    match form {
        HASH => {
            let mut field = Vec::new();
            for _ in 0..reader.length()? {
                field.clear();
                field.extend_from_slice(reader.string()?);
                take(&field, reader.string()?, 0)?;
            }
        }
        HASH_METADATA | HASH_METADATA_PRE_GA => {
            // Deadlines count from the earliest one, and 0 is none.
            let earliest = if form == HASH_METADATA { Some(reader.u64_le()?) } else { None };
            let mut field = Vec::new();
            for _ in 0..reader.length()? {
                let deadline = match (reader.length()?, earliest) {
                    (0, _) => 0,
                    (told, None) => told,
                    (told, Some(earliest)) => earliest.saturating_add(told - 1),
                };
                field.clear();
                field.extend_from_slice(reader.string()?);
                take(&field, reader.string()?, deadline)?;
            }
        }
        HASH_ZIPMAP => {
            zipmap::each(reader.string()?, |field, value| take(field, value, 0))?;
        }
        HASH_ZIPLIST | HASH_LISTPACK => {
            let layout = if form == HASH_ZIPLIST { Layout::Ziplist } else { Layout::Listpack };
            each_pair(Entries::new(layout, reader.string()?)?, |field, value| {
                take(field.text(&mut one), value.text(&mut other), 0)
            })?;
        }
        HASH_LISTPACK_EX | HASH_LISTPACK_EX_PRE_GA => {
            if form == HASH_LISTPACK_EX {
                // The earliest deadline, which the entries tell again.
                reader.u64_le()?;
            }
            let mut entries = Entries::new(Layout::Listpack, reader.string()?)?;
            while let Some(field) = entries.next() {
                let (field, value) = (field?, entries.require()?);
                let deadline = u64::try_from(entries.require_integer()?)
                    .map_err(|_| malformed("a deadline before all time"))?;
                take(field.text(&mut one), value.text(&mut other), deadline)?;
            }
        }
        _ => return Err(malformed("no form of a hash")),
    }
    if any { Ok(()) } else { Err(malformed("an empty hash")) }
}

/// Appends the form and the fields, whose number is given.
pub fn write<'a>(
    to: &mut Vec<u8>,
    count: usize,
    fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) {
    to.push(HASH);
    put_length(to, count as u64);
    for (field, value) in fields {
        put_element(to, field);
        put_element(to, value);
    }
}

/// Appends the form and the fields as one listpack. Meant for few.
pub fn write_packed<'a>(to: &mut Vec<u8>, fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) {
    let mut packed = Listpack::default();
    for (field, value) in fields {
        packed.push(field);
        packed.push(value);
    }
    to.push(HASH_LISTPACK);
    put_string(to, &packed.framed());
}

/// Appends the form and the fields, whose number is given, with their deadlines, as Redis 7.4 reads
/// them.
pub fn write_with_deadlines<'a, I>(to: &mut Vec<u8>, count: usize, fields: I)
where
    I: IntoIterator<Item = (&'a [u8], &'a [u8], Option<u64>)> + Clone,
{
    let deadlines = fields.clone().into_iter().filter_map(|(_, _, deadline)| deadline);
    let earliest = deadlines.min().unwrap_or_default();
    to.push(HASH_METADATA);
    to.extend_from_slice(&earliest.to_le_bytes());
    put_length(to, count as u64);
    for (field, value, deadline) in fields {
        put_length(to, deadline.map_or(0, |deadline| (deadline - earliest).saturating_add(1)));
        put_element(to, field);
        put_element(to, value);
    }
}
