//! engine/hash/fields.rs — a hash as a value: fields with values, in a defined order.
//!
//! A small hash is one packed allocation, in which a field is found by walking; a big one is a
//! [`DenseMap`]. The limits are Redis's defaults, and as there a hash that became big stays so.
//!
//! Invariants: a packed hash has at most [`PACKED_FIELDS_MAX`] fields, none of whose parts is
//! longer than [`PACKED_BYTES_MAX`]; no field is there twice. The order is a function of the
//! commands applied, and a snapshot keeps it together with the form. Knows no RESP.

use crate::error::Fault;
use crate::keyspace::{Kind, Object};
use crate::structure::dense::{DenseMap, Seek};
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::{Form, Small, room};

/// The most fields of a packed hash (`hash-max-listpack-entries`).
pub(super) const PACKED_FIELDS_MAX: usize = 128;

/// The longest field or value of a packed hash (`hash-max-listpack-value`).
pub(super) const PACKED_BYTES_MAX: usize = 64;

/// The kind of hashes.
pub static KIND: Kind = Kind { name: "hash", tag: 2, thaw };

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
        if let Form::Packed(packed) = self.0.form_mut()
            && field.len() <= PACKED_BYTES_MAX
            && value.len() <= PACKED_BYTES_MAX
        {
            if let Some(spot) = packed.find(field, 2).and_then(|spot| packed.after(spot)) {
                packed.replace(spot, value);
                return false;
            }
            if packed.len() < 2 * PACKED_FIELDS_MAX {
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
        match self.0.form_mut() {
            Form::Packed(packed) => {
                let found = packed.find(field, 2);
                if let Some(spot) = found {
                    packed.remove(spot, 2);
                }
                found.is_some()
            }
            Form::Big(map) => map.remove(field),
        }
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

    /// The number of the map's tables, 0 for a packed hash; the number of fields; the fields with
    /// their values, in order.
    fn freeze(&self, to: &mut Vec<u8>) {
        let tables = match self.0.form() {
            Form::Packed(_) => 0,
            Form::Big(map) => map.tables(),
        };
        put_length(to, tables);
        put_length(to, self.len());
        for (field, value) in self.iter() {
            put_string(to, field);
            put_string(to, value);
        }
    }

    fn duplicate(&self) -> Box<dyn Object> {
        let mut copy = match self.0.form() {
            Form::Packed(_) => Fields::default(),
            Form::Big(map) => {
                let copy = DenseMap::with_tables(map.tables(), map.len());
                Fields(Small::big(Box::new(copy.unwrap_or_default())))
            }
        };
        for (field, value) in self.iter() {
            copy.set(field, value);
        }
        Box::new(copy)
    }
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
    let mut fields = match tables {
        0 => Fields::default(),
        _ => Fields(Small::big(Box::new(DenseMap::with_tables(tables, count)?))),
    };
    let mut told = frozen.clone();
    for _ in 0..count {
        if !fields.set(frozen.string()?, frozen.string()?) {
            return None;
        }
    }
    // A hash that says it is packed and is not, or that tells its fields in an order that so many
    // tables would not give them, would freeze to other bytes.
    let is_as_said = fields.0.is_packed() == (tables == 0)
        && frozen.left() == 0
        && fields
            .iter()
            .all(|(field, value)| told.string() == Some(field) && told.string() == Some(value));
    is_as_said.then_some(fields)
}
