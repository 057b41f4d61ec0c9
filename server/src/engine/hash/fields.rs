//! engine/hash/fields.rs — a hash as a value: fields with values, in a defined order.
//!
//! A small hash is one packed allocation, in which a field is found by walking; a big one is a
//! [`DenseMap`]. [`Shape`] says when a hash becomes big, and it stays so. The form never shows in
//! the order: a new field comes last in both, a removed one leaves the others in order while there
//! are few ([`ORDERED_MAX`], as Redis does) and else gives its place to the last one.
//!
//! Invariants: a packed hash is as a map of one sub-table would be; no field is there twice. The
//! order is a function of the commands applied, and a snapshot keeps it. Knows no RESP.

use smallvec::SmallVec;

use std::io::{self, BufRead};

use crate::clock::Millis;
use crate::error::Fault;
use crate::keyspace::{Kind, Object, PACKED_BYTES_MAX, Shape};
use crate::persist::rdb;
use crate::structure::dense::{DenseMap, Seek};
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::packed::{Packed, Spot};
use crate::structure::{Form, Small, room};

/// Fields up to which a removal keeps the order of the others.
const ORDERED_MAX: usize = 128;

/// The kind of hashes.
pub static KIND: Kind = Kind { name: "hash", tag: 2, thaw, forms: rdb::hash::FORMS, restore };

/// A map from byte strings to byte strings.
#[derive(Default)]
pub struct Fields(Small<DenseMap>);

impl Fields {
    /// How many fields there are.
    #[inline]
    pub fn len(&self) -> usize {
        match self.0.form() {
            Form::Packed(packed) => packed.len() / 2,
            Form::Big(map) => map.len(),
        }
    }

    /// The value of a field.
    #[inline]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        match self.0.form() {
            Form::Packed(packed) => packed.read(packed.after(packed.find(field, 2)?)?),
            Form::Big(map) => map.get(field),
        }
    }

    /// Sets a field; true when it is new.
    #[inline]
    pub fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        match self.0.form_mut() {
            Form::Big(map) => map.insert(field, value),
            Form::Packed(_) => self.set_packed(field, value),
        }
    }

    fn set_packed(&mut self, field: &[u8], value: &[u8]) -> bool {
        let bounds = Shape::current().hash;
        if let Form::Packed(packed) = self.0.form_mut()
            && field.len() <= bounds.bytes
            && value.len() <= bounds.bytes
            && packed.bytes() + field.len() + value.len() <= PACKED_BYTES_MAX
        {
            if let Some(spot) = packed.find(field, 2).and_then(|spot| packed.after(spot)) {
                packed.replace(spot, value);
                return false;
            }
            if packed.len() < 2 * bounds.elements {
                packed.push_back([field, value]);
                return true;
            }
        }
        self.unpack().insert(field, value)
    }

    /// The fields as a map.
    #[cold]
    fn unpack(&mut self) -> &mut DenseMap {
        if self.0.is_packed() {
            let mut map = DenseMap::new();
            for (field, value) in self.iter() {
                map.insert(field, value);
            }
            self.0.replace(Small::big(Box::new(map)));
        }
        match self.0.form_mut() {
            Form::Big(map) => map,
            Form::Packed(_) => unreachable!("the form was set above"),
        }
    }

    /// Removes a field; true when it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        let ordered = self.len() <= ORDERED_MAX;
        match self.0.form_mut() {
            Form::Packed(packed) => match packed.find(field, 2) {
                Some(spot) if ordered => packed.remove(spot, 2),
                Some(spot) => replace_by_last(packed, spot),
                None => return false,
            },
            Form::Big(map) if ordered => return map.remove_in_order(field),
            Form::Big(map) => return map.remove(field),
        }
        true
    }

    /// The field and value at a position below [`Fields::len`].
    pub fn at(&self, position: usize) -> Option<(&[u8], &[u8])> {
        match self.0.form() {
            Form::Packed(packed) => {
                let mut parts = packed.iter().skip(position.checked_mul(2)?);
                Some((parts.next()?, parts.next()?))
            }
            Form::Big(map) => map.at(position),
        }
    }

    /// The fields and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let (packed, map) = match self.0.form() {
            Form::Packed(packed) => (Some(packed.iter()), None),
            Form::Big(map) => (None, Some(map.iter())),
        };
        let mut packed = packed.into_iter().flatten();
        let pairs = std::iter::from_fn(move || Some((packed.next()?, packed.next()?)));
        pairs.chain(map.into_iter().flatten())
    }

    /// Visits about `count` fields from a cursor on and returns the next one; 0 begins and ends.
    /// A packed hash is visited as a whole, as Redis does.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&'a [u8], &'a [u8]),
    ) -> u64 {
        match self.0.form() {
            Form::Packed(_) => {
                self.iter().for_each(|(field, value)| visit(field, value));
                0
            }
            Form::Big(map) => map.scan(cursor, count, visit),
        }
    }
}

impl Object for Fields {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        match self.0.form() {
            Form::Packed(packed) => packed.weight(),
            Form::Big(map) => room(size_of::<DenseMap>()) + map.weight(),
        }
    }

    fn prefetch(&self, seek: &mut Seek, step: usize) {
        match self.0.form() {
            Form::Packed(packed) if step == 0 => packed.prefetch(),
            Form::Packed(_) => {}
            Form::Big(map) => map.prefetch_step(seek, step),
        }
    }

    fn shed(&mut self, most: usize) -> usize {
        match self.0.form_mut() {
            Form::Packed(_) => 0,
            Form::Big(map) => map.shed(most),
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn field(&self, name: &[u8]) -> Option<&[u8]> {
        self.get(name)
    }

    fn encoding(&self) -> &'static str {
        match self.0.form() {
            Form::Packed(_) => "listpack",
            Form::Big(_) => "hashtable",
        }
    }

    /// The number of the map's tables, 1 for a packed hash; the number of fields; the fields with
    /// their values, in order.
    fn freeze(&self, to: &mut Vec<u8>) {
        let tables = match self.0.form() {
            Form::Packed(_) => 1,
            Form::Big(map) => map.tables(),
        };
        put_length(to, tables);
        put_length(to, self.len());
        for (field, value) in self.iter() {
            put_string(to, field);
            put_string(to, value);
        }
    }

    fn dump(&self, _now: Millis, to: &mut Vec<u8>) {
        match self.0.form() {
            Form::Packed(_) => rdb::hash::write_packed(to, self.iter()),
            Form::Big(map) => rdb::hash::write(to, map.len(), map.iter()),
        }
    }

    fn duplicate(&self) -> Box<dyn Object> {
        let mut copy = Fields::default();
        match self.0.form() {
            Form::Packed(packed) => {
                // Whatever is set now: a copy has the form of what it is a copy of.
                if let Form::Packed(copy) = copy.0.form_mut() {
                    packed.iter().for_each(|part| copy.push_back([part]));
                }
            }
            Form::Big(map) => {
                let like = DenseMap::with_tables(map.tables(), map.len()).unwrap_or_default();
                copy.0.replace(Small::big(Box::new(like)));
                for (field, value) in map.iter() {
                    copy.set(field, value);
                }
            }
        }
        Box::new(copy)
    }
}

/// Removes the field at `spot`; the last one takes its place.
fn replace_by_last(packed: &mut Packed, spot: Spot) {
    let Some(last) = packed.len().checked_sub(2).and_then(|index| packed.spot(index)) else {
        return;
    };
    let mut moved: [SmallVec<[u8; 64]>; 2] = Default::default();
    for (part, at) in moved.iter_mut().zip([Some(last), packed.after(last)]) {
        *part = at.and_then(|at| packed.read(at)).unwrap_or_default().into();
    }
    packed.remove(last, 2);
    if spot != last {
        let [field, value] = &moved;
        packed.replace(spot, field);
        if let Some(spot) = packed.after(spot) {
            packed.replace(spot, value);
        }
    }
}

fn restore(form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    let mut fields = Fields::default();
    rdb::hash::read(form, from, |field, value, deadline| {
        if deadline.is_some() {
            return Err(rdb::malformed("a field with a deadline, which no field here has"));
        }
        if fields.set(field, value) { Ok(()) } else { Err(rdb::malformed("a field twice")) }
    })?;
    Ok(Box::new(fields))
}

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
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
    let mut fields = Fields::default();
    if tables != 1 || count > Shape::current().hash.elements {
        fields.0.replace(Small::big(Box::new(DenseMap::with_tables(tables, count)?)));
    }
    let mut told = frozen.clone();
    for _ in 0..count {
        if !fields.set(frozen.string()?, frozen.string()?) {
            return None;
        }
    }
    // Fields in an order that so many tables would not give them would freeze to other bytes.
    let is_as_said = frozen.left() == 0
        && fields
            .iter()
            .all(|(field, value)| told.string() == Some(field) && told.string() == Some(value));
    is_as_said.then_some(fields)
}
