//! engine/hash/packed.rs — a small hash in one packed allocation: rows of field and value, and of
//! a deadline as well once any field has one.
//!
//! A deadline takes seven bytes, none takes one. Rows stand in the order they came, but for what a
//! removal from among many moves. Everything walks from the front. Not here: when a hash becomes
//! too large for this.

use smallvec::SmallVec;

use crate::clock::Millis;
use crate::structure::dense::NEVER;
use crate::structure::packed::{Packed, Spot};

/// Bytes of a deadline that there is: enough for 2^48 milliseconds.
pub(super) const DEADLINE_BYTES: usize = 6;

/// Entries of a row without deadline.
pub(super) const PAIR: usize = 2;
/// Entries of a row with one.
pub(super) const TRIPLE: usize = 3;

/// A field with all that belongs to it; [`NEVER`] for no deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) field: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) deadline: Millis,
}

impl Row<'_> {
    pub(super) fn is_dead(&self, now: Millis) -> bool {
        self.deadline <= now
    }
}

/// The rows of `width` entries, dead ones included.
pub(super) fn rows(packed: &Packed, width: usize) -> impl Iterator<Item = Row<'_>> {
    let mut entries = packed.iter();
    std::iter::from_fn(move || {
        let (field, value) = (entries.next()?, entries.next()?);
        let deadline = if width == TRIPLE { read(entries.next()?) } else { NEVER };
        Some(Row { field, value, deadline })
    })
}

/// The same rows with a place for a deadline.
pub(super) fn widen(packed: &Packed) -> Packed {
    let mut wide = Packed::new();
    for row in rows(packed, PAIR) {
        wide.push_back([row.field, row.value, b""]);
    }
    wide
}

/// Takes out the row of `WIDTH` entries at `spot`. What is behind it moves up, or else the last row
/// takes its place.
pub(super) fn remove<const WIDTH: usize>(packed: &mut Packed, spot: Spot, keeps_order: bool) {
    let last = packed.len().checked_sub(WIDTH);
    let last = if keeps_order { None } else { last.and_then(|index| packed.spot(index)) };
    let Some(last) = last.filter(|&last| last != spot) else {
        return packed.remove(spot, WIDTH);
    };
    let mut moved: [SmallVec<[u8; 64]>; WIDTH] = std::array::from_fn(|_| SmallVec::new());
    let mut from = Some(last);
    for entry in &mut moved {
        *entry = from.and_then(|from| packed.read(from)).unwrap_or_default().into();
        from = from.and_then(|from| packed.after(from));
    }
    packed.remove(last, WIDTH);
    let mut to = Some(spot);
    for entry in &moved {
        let Some(at) = to else { return };
        packed.replace(at, entry);
        to = packed.after(at);
    }
}

/// Where the value of a field is, and its deadline, in rows of three.
pub(super) fn find(packed: &Packed, field: &[u8]) -> Option<(Spot, Spot, Millis)> {
    let start = packed.find(field, TRIPLE)?;
    let value = packed.after(start)?;
    let deadline = packed.read(packed.after(value)?)?;
    Some((start, value, read(deadline)))
}

/// Sets the deadline behind a value, or clears it with [`NEVER`].
pub(super) fn set_deadline(packed: &mut Packed, value: Spot, deadline: Millis) {
    let Some(spot) = packed.after(value) else { return };
    let bytes = deadline.to_le_bytes();
    packed.replace(spot, if deadline == NEVER { b"" } else { &bytes[..DEADLINE_BYTES] });
}

/// The earliest deadline, dead rows included; [`NEVER`] if there is none.
pub(super) fn due(packed: &Packed) -> Millis {
    rows(packed, TRIPLE).map(|row| row.deadline).min().unwrap_or(NEVER)
}

/// Takes out the rows of three that are dead, and says how many.
pub(super) fn drop_dead(packed: &mut Packed, now: Millis) -> usize {
    let (mut gone, mut at) = (0, packed.first());
    while let Some(spot) = at {
        let value = packed.after(spot);
        let deadline = value.and_then(|value| packed.after(value));
        let Some(last) = deadline else { break };
        if packed.read(last).is_some_and(|bytes| read(bytes) <= now) {
            // What follows moves to where this row was.
            packed.remove(spot, TRIPLE);
            gone += 1;
            at = packed.read(spot).map(|_| spot);
        } else {
            at = packed.after(last);
        }
    }
    gone
}

fn read(bytes: &[u8]) -> Millis {
    let mut whole = [0; size_of::<Millis>()];
    match whole.get_mut(..bytes.len()) {
        Some(part) if !bytes.is_empty() => part.copy_from_slice(bytes),
        _ => return NEVER,
    }
    Millis::from_le_bytes(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_rows_go_and_the_others_keep_their_order() {
        let mut packed = Packed::new();
        for (field, deadline) in [("a", 5), ("b", NEVER), ("c", 3), ("d", 9), ("e", 5)] {
            packed.push_back([field.as_bytes(), b"v", b""]);
            let (_, value, _) = find(&packed, field.as_bytes()).expect("just added");
            set_deadline(&mut packed, value, deadline);
        }
        assert_eq!(due(&packed), 3);
        assert_eq!(drop_dead(&mut packed, 2), 0);
        assert_eq!(drop_dead(&mut packed, 5), 3);
        let left: Vec<_> = rows(&packed, TRIPLE).map(|row| (row.field, row.deadline)).collect();
        assert_eq!(left, [(&b"b"[..], NEVER), (&b"d"[..], 9)]);
        assert_eq!((due(&packed), drop_dead(&mut packed, 9)), (9, 1));
        let (_, value, _) = find(&packed, b"b").expect("it has no deadline");
        set_deadline(&mut packed, value, (1 << 46) - 1);
        assert_eq!(due(&packed), (1 << 46) - 1);
        assert_eq!(drop_dead(&mut packed, NEVER - 1), 1);
        assert!(packed.is_empty() && due(&packed) == NEVER);
    }
}
