//! engine/hash/frozen.rs — a hash as bytes, and back.
//!
//! ```text
//! plain  | tables | count | field, value | ...
//! timed  | 0 | count | field, value, deadline or 0 | ...
//! ```
//!
//! `tables` is the number of a big hash's sub-tables, 1 for a packed one: the form is a local
//! matter and is not written down. A timed hash is one that ever had a deadline; only what is alive
//! of it is written. Fields stand in the hash's order, but for those of a timed hash. Their order
//! depends on when dead fields were freed and must not be seen here, so they are sorted by some
//! bits of their hash, and by their bytes where those are equal.

use super::fields::{DEADLINE_MAX, Fields, Form};
use super::packed::{self, Row, TRIPLE};
use crate::clock::Millis;
use crate::error::Fault;
use crate::keyspace::{Object, Shape};
use crate::structure::dense::{DenseMap, NEVER};
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::hash;

/// Bits of a place in [`sorted`]; no map has more places.
const PLACE_BITS: u32 = 36;

/// Appends what of a hash is alive at `now`.
pub(super) fn freeze(fields: &Fields, now: Millis, to: &mut Vec<u8>) {
    match fields.form() {
        Form::Packed(_) => put_plain(fields, 1, to),
        Form::Map(map) if !map.is_timed() => put_plain(fields, map.tables(), to),
        Form::Timed(packed) => {
            let live = packed::rows(packed, TRIPLE).filter(|row| !row.is_dead(now));
            let mut live: Vec<Row<'_>> = live.collect();
            live.sort_unstable_by_key(|row| (rank(row.field), row.field));
            put_head(live.len(), to);
            live.into_iter().for_each(|row| put_row(row, to));
        }
        Form::Map(map) => {
            put_head(map.live_len(now), to);
            sorted(map, now, |row| put_row(row, to));
        }
    }
}

/// As [`freeze`], a part at a time, see [`Object::freeze_part`]. A timed hash has one part: its
/// fields are sorted first.
pub(super) fn freeze_part(
    fields: &Fields,
    now: Millis,
    from: u64,
    most: usize,
    to: &mut Vec<u8>,
) -> Option<u64> {
    let Form::Map(map) = fields.form() else {
        freeze(fields, now, to);
        return None;
    };
    if map.is_timed() {
        freeze(fields, now, to);
        return None;
    }
    let begin = to.len();
    if from == 0 {
        put_length(to, map.tables());
        put_length(to, map.len());
    }
    for (at, (field, value)) in (from..).zip(map.iter_from(from as usize)) {
        if to.len() - begin >= most {
            return Some(at);
        }
        put_string(to, field);
        put_string(to, value);
    }
    None
}

fn put_plain(fields: &Fields, tables: usize, to: &mut Vec<u8>) {
    put_length(to, tables);
    put_length(to, fields.places());
    for (field, value) in fields.iter(0) {
        put_string(to, field);
        put_string(to, value);
    }
}

fn put_head(count: usize, to: &mut Vec<u8>) {
    put_length(to, 0);
    put_length(to, count);
}

fn put_row(row: Row<'_>, to: &mut Vec<u8>) {
    put_string(to, row.field);
    put_string(to, row.value);
    put_length(to, if row.deadline == NEVER { 0 } else { row.deadline as usize });
}

/// What a timed hash is sorted by first.
fn rank(field: &[u8]) -> u64 {
    hash(field, 0) >> PLACE_BITS
}

/// Shows the live fields of a map in the order of their ranks. Takes eight bytes for each.
fn sorted(map: &DenseMap, now: Millis, mut show: impl FnMut(Row<'_>)) {
    let mut order: Vec<u64> = map
        .iter_deadlines(0)
        .enumerate()
        .filter(|(_, (.., deadline))| *deadline > now)
        .map(|(place, (field, ..))| rank(field) << PLACE_BITS | place as u64)
        .collect();
    order.sort_unstable();
    for equal in order.chunk_by(|one, other| one >> PLACE_BITS == other >> PLACE_BITS) {
        let places = equal.iter().map(|at| (at & ((1 << PLACE_BITS) - 1)) as usize);
        let mut rows: Vec<Row<'_>> = places
            .filter_map(|place| {
                let (field, value) = map.at(place, now)?;
                Some(Row { field, value, deadline: map.deadline(field, now)? })
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.field);
        rows.into_iter().for_each(&mut show);
    }
}

/// Reads back what [`freeze`] wrote.
pub(super) fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    let mut frozen = Frozen::new(bytes);
    match read(&mut frozen) {
        Some(fields) => Ok(Box::new(fields)),
        None => Err(Fault::Corrupt { what: "a hash".into(), offset: frozen.offset() }),
    }
}

/// A whole frozen hash; `None` if it is not what a hash would have written.
fn read(frozen: &mut Frozen<'_>) -> Option<Fields> {
    let tables = frozen.length()?;
    // Each field takes two lengths at least: a count beyond that would take memory for nothing.
    let count = frozen.length().filter(|&count| count > 0 && count <= frozen.left() / 2)?;
    if tables == 0 {
        return read_timed(frozen, count);
    }
    let mut fields = Fields::default();
    if tables != 1 || count > Shape::current().hash.elements {
        fields = Fields::big(DenseMap::with_tables(tables, count)?);
    }
    let mut told = frozen.clone();
    for _ in 0..count {
        if !fields.set(frozen.string()?, frozen.string()?, 0) {
            return None;
        }
    }
    // Fields in an order that so many tables would not give them would freeze to other bytes.
    let is_as_said = frozen.left() == 0
        && fields
            .iter(0)
            .all(|(field, value)| told.string() == Some(field) && told.string() == Some(value));
    is_as_said.then_some(fields)
}

fn read_timed(frozen: &mut Frozen<'_>, count: usize) -> Option<Fields> {
    let is_big = count > Shape::current().hash.elements;
    let mut fields = if is_big { Fields::big(DenseMap::timed()) } else { Fields::timed() };
    let mut last: Option<(u64, &[u8])> = None;
    for _ in 0..count {
        let (field, value) = (frozen.string()?, frozen.string()?);
        let deadline = frozen.length()? as Millis;
        let place = (rank(field), field);
        if !fields.set(field, value, 0)
            || deadline > DEADLINE_MAX
            || last.is_some_and(|last| last >= place)
        {
            return None;
        }
        if deadline != 0 {
            fields.set_deadline(field, deadline);
        }
        last = Some(place);
    }
    (frozen.left() == 0).then_some(fields)
}
