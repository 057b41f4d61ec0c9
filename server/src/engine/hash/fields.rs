//! engine/hash/fields.rs — a hash as a value: fields with values, in a defined order, each with a
//! deadline or without.
//!
//! A small hash is one packed allocation, in which a field is found by walking; a big one is a
//! [`DenseMap`]. [`Shape`] says when a hash becomes big, and it stays so. A packed hash has room
//! for deadlines from the first one on, and keeps it (Redis: `listpackex`).
//!
//! What looks at fields is told the time: a field is dead when `now >= deadline`, and a dead field
//! is seen by nobody, whether it was freed or not. A hash without deadlines does not care what time
//! it is.
//!
//! The form never shows in the order: a new field comes last in both, a removed one leaves the
//! others in order while there are few ([`ORDERED_MAX`], as Redis does) and else gives its place to
//! the last one.
//!
//! Invariants: a packed hash is as a map of one sub-table would be; no field is there twice. The
//! order is a function of the commands applied, but for a hash that ever had a deadline: its order
//! depends on when dead fields were freed, and no command that writes depends on it. Whether a hash
//! ever had one is a function of the commands, too, and does not change with the form. Knows no
//! RESP. Not here: how it is written down (`frozen`).

use std::io::{self, BufRead};

use super::packed::{self, PAIR, Row, TRIPLE};
use crate::clock::Millis;
use crate::keyspace::{Kind, Mortal, Object, PACKED_BYTES_MAX, Shape};
use crate::persist::rdb;
use crate::structure::dense::{DenseMap, NEVER, Seek};
use crate::structure::packed::Packed;
use crate::structure::{self, Small, room};

/// Fields up to which a removal keeps the order of the others.
const ORDERED_MAX: usize = 128;

/// The latest deadline of a field, as in Redis (`HFE_MAX_ABS_TIME_MSEC`): the year 4199.
pub(super) const DEADLINE_MAX: Millis = (1 << 46) - 1;

/// The kind of hashes.
pub static KIND: Kind =
    Kind { name: "hash", tag: 2, thaw: super::frozen::thaw, forms: rdb::hash::FORMS, restore };

fn restore(form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    let mut fields = Fields::default();
    rdb::hash::read(form, from, |field, value, deadline| {
        if !fields.set(field, value, 0) {
            return Err(rdb::malformed("a field twice"));
        }
        if let Some(deadline) = deadline {
            fields.set_deadline(field, deadline);
        }
        Ok(())
    })?;
    Ok(Box::new(fields))
}

/// The note of a packed hash whose rows have a place for a deadline.
const TIMED: u8 = 1;

/// A map from byte strings to byte strings.
#[derive(Default)]
pub struct Fields(Small<DenseMap>);

/// What a hash is at the moment.
pub(super) enum Form<P, M> {
    /// Rows of two.
    Packed(P),
    /// Rows of three: there is or was a deadline.
    Timed(P),
    Map(M),
}

impl Fields {
    /// An empty packed hash with a place for deadlines.
    pub(super) fn timed() -> Fields {
        let mut fields = Fields::default();
        fields.0.set_note(TIMED);
        fields
    }

    /// A big hash.
    pub(super) fn big(map: DenseMap) -> Fields {
        Fields(Small::big(Box::new(map)))
    }

    #[inline]
    pub(super) fn form(&self) -> Form<&Packed, &DenseMap> {
        match self.0.form() {
            structure::Form::Packed(packed) if self.0.note() == TIMED => Form::Timed(packed),
            structure::Form::Packed(packed) => Form::Packed(packed),
            structure::Form::Big(map) => Form::Map(map),
        }
    }

    #[inline]
    fn form_mut(&mut self) -> Form<&mut Packed, &mut DenseMap> {
        let is_timed = self.0.note() == TIMED;
        match self.0.form_mut() {
            structure::Form::Packed(packed) if is_timed => Form::Timed(packed),
            structure::Form::Packed(packed) => Form::Packed(packed),
            structure::Form::Big(map) => Form::Map(map),
        }
    }
}

impl Fields {
    /// How many places for [`Fields::at`] there are: one for each field, dead ones not yet freed
    /// included.
    #[inline]
    pub fn places(&self) -> usize {
        match self.form() {
            Form::Packed(packed) => packed.len() / PAIR,
            Form::Timed(packed) => packed.len() / TRIPLE,
            Form::Map(map) => map.len(),
        }
    }

    /// How many fields there are. O(1) unless some may be dead and not yet freed.
    #[inline]
    pub fn len(&self, now: Millis) -> usize {
        match self.form() {
            Form::Packed(packed) => packed.len() / PAIR,
            Form::Timed(packed) => {
                packed::rows(packed, TRIPLE).filter(|row| !row.is_dead(now)).count()
            }
            Form::Map(map) => map.live_len(now),
        }
    }

    /// The value of a field.
    #[inline]
    pub fn get(&self, field: &[u8], now: Millis) -> Option<&[u8]> {
        match self.form() {
            Form::Packed(packed) => packed.read(packed.after(packed.find(field, PAIR)?)?),
            Form::Timed(packed) => {
                let (_, value, deadline) = packed::find(packed, field)?;
                if deadline > now { packed.read(value) } else { None }
            }
            Form::Map(map) => map.get(field, now),
        }
    }

    /// Sets a field, which has no deadline then; true when it is new.
    #[inline]
    pub fn set(&mut self, field: &[u8], value: &[u8], now: Millis) -> bool {
        match self.form_mut() {
            Form::Map(map) => map.insert(field, value, now),
            Form::Packed(_) | Form::Timed(_) => self.set_packed(field, value, now, false),
        }
    }

    /// As [`Fields::set`], but a field that is there keeps its deadline.
    pub fn set_keeping(&mut self, field: &[u8], value: &[u8], now: Millis) -> bool {
        match self.form_mut() {
            Form::Map(map) => !map.replace(field, value, now) && map.insert(field, value, now),
            Form::Packed(_) | Form::Timed(_) => self.set_packed(field, value, now, true),
        }
    }

    fn set_packed(&mut self, field: &[u8], value: &[u8], now: Millis, keeps: bool) -> bool {
        let bounds = Shape::current().hash;
        let fits = |packed: &Packed| {
            field.len() <= bounds.bytes
                && value.len() <= bounds.bytes
                && packed.bytes() + field.len() + value.len() <= PACKED_BYTES_MAX
        };
        match self.form_mut() {
            Form::Packed(packed) if fits(packed) => {
                if let Some(spot) = packed.find(field, PAIR).and_then(|spot| packed.after(spot)) {
                    packed.replace(spot, value);
                    return false;
                }
                if packed.len() < PAIR * bounds.elements {
                    packed.push_back([field, value]);
                    return true;
                }
            }
            Form::Timed(packed) if fits(packed) => {
                match packed::find(packed, field) {
                    Some((_, spot, deadline)) if deadline > now => {
                        packed.replace(spot, value);
                        if !keeps && deadline != NEVER {
                            packed::set_deadline(packed, spot, NEVER);
                        }
                        return false;
                    }
                    // As if it had been freed: its place is at the end.
                    Some((start, ..)) => packed.remove(start, TRIPLE),
                    None => {}
                }
                if packed.len() >= TRIPLE * bounds.elements {
                    packed::drop_dead(packed, now);
                }
                if packed.len() < TRIPLE * bounds.elements {
                    packed.push_back([field, value, b""]);
                    return true;
                }
            }
            _ => {}
        }
        let map = self.unpack(now);
        if keeps && map.replace(field, value, now) {
            return false;
        }
        map.insert(field, value, now)
    }

    /// The fields as a map, dead ones left out.
    #[cold]
    fn unpack(&mut self, now: Millis) -> &mut DenseMap {
        let rows = match self.form() {
            Form::Packed(packed) => Some((packed, PAIR, DenseMap::new())),
            Form::Timed(packed) => Some((packed, TRIPLE, DenseMap::timed())),
            Form::Map(_) => None,
        };
        if let Some((packed, width, mut map)) = rows {
            for row in packed::rows(packed, width).filter(|row| !row.is_dead(now)) {
                map.insert(row.field, row.value, now);
                map.set_deadline(row.field, row.deadline);
            }
            *self = Fields::big(map);
        }
        match self.form_mut() {
            Form::Map(map) => map,
            Form::Packed(_) | Form::Timed(_) => unreachable!("the form was set above"),
        }
    }

    /// Removes a field; true when it was there.
    pub fn remove(&mut self, field: &[u8], now: Millis) -> bool {
        let keeps_order = self.places() <= ORDERED_MAX;
        match self.form_mut() {
            Form::Packed(packed) => {
                let found = packed.find(field, PAIR);
                if let Some(spot) = found {
                    packed::remove::<PAIR>(packed, spot, keeps_order);
                }
                found.is_some()
            }
            Form::Timed(packed) => {
                let Some((start, _, deadline)) = packed::find(packed, field) else { return false };
                packed::remove::<TRIPLE>(packed, start, keeps_order);
                deadline > now
            }
            Form::Map(map) if keeps_order => map.remove_in_order(field, now),
            Form::Map(map) => map.remove(field, now),
        }
    }

    /// The deadline of a field that is there; [`NEVER`] if it has none.
    pub fn deadline(&self, field: &[u8], now: Millis) -> Option<Millis> {
        match self.form() {
            Form::Packed(packed) => packed.find(field, PAIR).map(|_| NEVER),
            Form::Timed(packed) => {
                packed::find(packed, field).map(|(.., at)| at).filter(|&at| at > now)
            }
            Form::Map(map) => map.deadline(field, now),
        }
    }

    /// Gives a field a deadline of at most [`DEADLINE_MAX`], or takes it away with [`NEVER`].
    /// Does nothing if there is no such field.
    pub fn set_deadline(&mut self, field: &[u8], deadline: Millis) {
        debug_assert!(deadline == NEVER || (1..=DEADLINE_MAX).contains(&deadline));
        if let Form::Packed(packed) = self.form()
            && deadline != NEVER
            && packed.find(field, PAIR).is_some()
        {
            self.0 = Small::packed(packed::widen(packed));
            self.0.set_note(TIMED);
        }
        if let Form::Timed(packed) = self.form()
            && packed.bytes() + packed::DEADLINE_BYTES > PACKED_BYTES_MAX
        {
            // No time is known here, so what is dead comes along.
            self.unpack(0);
        }
        match self.form_mut() {
            Form::Packed(_) => {}
            Form::Timed(packed) => {
                if let Some((_, value, _)) = packed::find(packed, field) {
                    packed::set_deadline(packed, value, deadline);
                }
            }
            Form::Map(map) => {
                map.set_deadline(field, deadline);
            }
        }
    }

    /// The field and value at a place below [`Fields::places`]; `None` if it is a dead one's.
    pub fn at(&self, place: usize, now: Millis) -> Option<(&[u8], &[u8])> {
        let row = match self.form() {
            Form::Packed(packed) => packed::rows(packed, PAIR).nth(place)?,
            Form::Timed(packed) => packed::rows(packed, TRIPLE).nth(place)?,
            Form::Map(map) => return map.at(place, now),
        };
        (!row.is_dead(now)).then_some((row.field, row.value))
    }

    /// The fields and values, in order.
    pub fn iter(&self, now: Millis) -> impl Iterator<Item = (&[u8], &[u8])> {
        let (packed, map) = match self.form() {
            Form::Packed(packed) => (Some(packed::rows(packed, PAIR)), None),
            Form::Timed(packed) => (Some(packed::rows(packed, TRIPLE)), None),
            Form::Map(map) => (None, Some(map.iter(now))),
        };
        let packed = packed.into_iter().flatten().filter(move |row| !row.is_dead(now));
        packed.map(|row| (row.field, row.value)).chain(map.into_iter().flatten())
    }

    /// Visits about `count` fields from a cursor on and returns the next one; 0 begins and ends.
    /// A packed hash is visited as a whole, as Redis does.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        now: Millis,
        mut visit: impl FnMut(&'a [u8], &'a [u8]),
    ) -> u64 {
        match self.form() {
            Form::Packed(_) | Form::Timed(_) => {
                self.iter(now).for_each(|(field, value)| visit(field, value));
                0
            }
            Form::Map(map) => map.scan(cursor, count, now, visit),
        }
    }

    /// Every field, dead ones not yet freed included.
    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let (packed, map) = match self.form() {
            Form::Packed(packed) => (Some(packed::rows(packed, PAIR)), None),
            Form::Timed(packed) => (Some(packed::rows(packed, TRIPLE)), None),
            Form::Map(map) => (None, Some(map.iter_deadlines(0))),
        };
        let map = map.into_iter().flatten();
        let map = map.map(|(field, value, deadline)| Row { field, value, deadline });
        packed.into_iter().flatten().chain(map)
    }
}

impl Object for Fields {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        match self.form() {
            Form::Packed(packed) | Form::Timed(packed) => packed.weight(),
            Form::Map(map) => room(size_of::<DenseMap>()) + map.weight(),
        }
    }

    fn prefetch(&self, seek: &mut Seek, step: usize) {
        match self.form() {
            Form::Packed(packed) | Form::Timed(packed) if step == 0 => packed.prefetch(),
            Form::Packed(_) | Form::Timed(_) => {}
            Form::Map(map) => map.prefetch_step(seek, step),
        }
    }

    fn shed(&mut self, most: usize) -> usize {
        match self.form_mut() {
            Form::Packed(_) | Form::Timed(_) => 0,
            Form::Map(map) => map.shed(most),
        }
    }

    fn is_empty(&self) -> bool {
        self.places() == 0
    }

    fn field(&self, name: &[u8], now: Millis) -> Option<&[u8]> {
        self.get(name, now)
    }

    fn encoding(&self) -> &'static str {
        match self.form() {
            Form::Packed(_) => "listpack",
            Form::Timed(_) => "listpackex",
            Form::Map(_) => "hashtable",
        }
    }

    fn freeze(&self, to: &mut Vec<u8>) {
        self.freeze_live(0, to);
    }

    fn freeze_part(&self, now: Millis, from: u64, most: usize, to: &mut Vec<u8>) -> Option<u64> {
        super::frozen::freeze_part(self, now, from, most, to)
    }

    fn dump(&self, now: Millis, to: &mut Vec<u8>) {
        match self.form() {
            Form::Packed(_) => rdb::hash::write_packed(to, self.iter(now)),
            Form::Map(map) if !map.is_timed() => {
                rdb::hash::write(to, self.len(now), self.iter(now));
            }
            Form::Timed(_) | Form::Map(_) => {
                let live = self.rows().filter(|row| !row.is_dead(now));
                let told = |at| if at == NEVER { None } else { Some(at) };
                let live: Vec<_> =
                    live.map(|row| (row.field, row.value, told(row.deadline))).collect();
                if live.iter().any(|(.., deadline)| deadline.is_some()) {
                    rdb::hash::write_with_deadlines(to, live.len(), live.iter().copied());
                } else {
                    let plain = live.iter().map(|(field, value, _)| (*field, *value));
                    rdb::hash::write(to, live.len(), plain);
                }
            }
        }
    }

    fn duplicate(&self) -> Box<dyn Object> {
        let mut copy = match self.form() {
            Form::Packed(packed) | Form::Timed(packed) => {
                // Whatever is set now: a copy has the form of what it is a copy of.
                let mut copy = Packed::new();
                packed.iter().for_each(|entry| copy.push_back([entry]));
                let mut copy = Fields(Small::packed(copy));
                copy.0.set_note(self.0.note());
                return Box::new(copy);
            }
            Form::Map(map) if map.is_timed() => Fields::big(DenseMap::timed()),
            Form::Map(map) => {
                let copy = DenseMap::with_tables(map.tables(), map.len());
                Fields::big(copy.unwrap_or_default())
            }
        };
        for row in self.rows() {
            copy.set(row.field, row.value, 0);
            copy.set_deadline(row.field, row.deadline);
        }
        Box::new(copy)
    }

    #[inline]
    fn mortal(&self) -> Option<&dyn Mortal> {
        match self.form() {
            Form::Packed(_) => None,
            Form::Timed(_) => Some(self),
            Form::Map(map) => map.is_timed().then_some(self),
        }
    }

    fn mortal_mut(&mut self) -> Option<&mut dyn Mortal> {
        Some(self)
    }
}

impl Mortal for Fields {
    fn due(&self) -> Millis {
        match self.form() {
            Form::Packed(_) => NEVER,
            Form::Timed(packed) => packed::due(packed),
            Form::Map(map) => map.due(),
        }
    }

    fn due_after(&self, now: Millis) -> Millis {
        match self.form() {
            Form::Map(map) => map.due_after(now),
            Form::Packed(_) | Form::Timed(_) => {
                let later = self.rows().map(|row| row.deadline).filter(|&at| at > now);
                later.min().unwrap_or(NEVER)
            }
        }
    }

    fn is_dead(&self, now: Millis) -> bool {
        match self.form() {
            Form::Packed(_) => false,
            Form::Timed(packed) => {
                !packed.is_empty() && packed::rows(packed, TRIPLE).all(|row| row.is_dead(now))
            }
            Form::Map(map) => map.is_dead(now),
        }
    }

    fn parts(&self) -> usize {
        self.places()
    }

    fn drop_dead(&mut self, now: Millis, most: usize) -> usize {
        match self.form_mut() {
            Form::Packed(_) => 0,
            Form::Timed(packed) => packed::drop_dead(packed, now),
            Form::Map(map) => map.drop_dead(now, most),
        }
    }

    fn freeze_live(&self, now: Millis, to: &mut Vec<u8>) {
        super::frozen::freeze(self, now, to);
    }
}
