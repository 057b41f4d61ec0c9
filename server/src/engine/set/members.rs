//! engine/set/members.rs — a set as a value: distinct members in a defined order.
//!
//! A small set is one packed allocation, in which a member is found by walking; a big one is a
//! [`DenseSet`]. Both keep the order in which members came and let the last one take a removed
//! one's place, so the form never shows in what SPOP takes: a dense set has one sub-table as long
//! as it could be packed. [`Shape`] says when a set becomes big. Redis's name for how a set is
//! stored is kept beside it, since it depends on the past: a set that has been big stays so.
//!
//! Invariants: no member is there twice; a `Listpack` is packed and a `Hashtable` is not; all
//! members of an `Intset` are integers as Redis prints them. Knows no RESP.

use std::io::{self, BufRead};

use smallvec::SmallVec;

use crate::clock::Millis;
use crate::command::options::parse_integer;
use crate::error::Fault;
use crate::keyspace::{Distinct, Elements, Kind, Object, PACKED_BYTES_MAX, Shape};
use crate::persist::rdb;
use crate::structure::dense::{DenseSet, Seek};
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::packed::Packed;
use crate::structure::{Form, Small, room};

/// The kind of sets.
pub static KIND: Kind = Kind { name: "set", tag: 3, thaw, forms: rdb::set::FORMS, restore };

/// A set of byte strings.
#[derive(Default)]
pub struct Members(Small<DenseSet>);

/// How Redis would store the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Intset = 0,
    Listpack = 1,
    Hashtable = 2,
}

impl Members {
    /// The encoding, which is the note beside the form.
    #[inline]
    fn stored(&self) -> Encoding {
        match self.0.note() {
            0 => Encoding::Intset,
            1 => Encoding::Listpack,
            _ => Encoding::Hashtable,
        }
    }

    fn set_stored(&mut self, encoding: Encoding) {
        self.0.set_note(encoding as u8);
    }

    /// How many members there are.
    #[inline]
    pub fn len(&self) -> usize {
        match self.0.form() {
            Form::Packed(packed) => packed.len(),
            Form::Big(dense) => dense.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `member` is in the set.
    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        match self.0.form() {
            Form::Packed(packed) => packed.find(member, 1).is_some(),
            Form::Big(dense) => dense.contains(member),
        }
    }

    /// Inserts a member; true when it is new.
    #[inline]
    pub fn insert(&mut self, member: &[u8]) -> bool {
        if self.stored() == Encoding::Hashtable
            && let Form::Big(dense) = self.0.form_mut()
        {
            return dense.insert(member);
        }
        self.insert_small(member)
    }

    fn insert_small(&mut self, member: &[u8]) -> bool {
        if self.contains(member) {
            return false;
        }
        let shape = Shape::current();
        self.make_way(member, &shape);
        match self.0.form_mut() {
            Form::Packed(packed)
                if packed.len() < shape.set.elements
                    && packed.bytes() + member.len() <= PACKED_BYTES_MAX =>
            {
                packed.push_back([member]);
                true
            }
            _ => self.unpack().insert(member),
        }
    }

    /// Goes over to the encoding that Redis has after this new member.
    fn make_way(&mut self, member: &[u8], shape: &Shape) {
        let len = self.len();
        let encoding = match self.stored() {
            Encoding::Intset if parse_integer(member).is_some() => {
                if len < shape.integers {
                    Encoding::Intset
                } else {
                    Encoding::Hashtable
                }
            }
            Encoding::Hashtable => Encoding::Hashtable,
            Encoding::Intset | Encoding::Listpack => {
                let packable = match self.0.form() {
                    Form::Packed(packed) => packed.bytes() + member.len() <= PACKED_BYTES_MAX,
                    // Of several sub-tables the order is another.
                    Form::Big(dense) => dense.tables() == 1,
                };
                let fits = len < shape.set.elements && member.len() <= shape.set.bytes && packable;
                if fits { Encoding::Listpack } else { Encoding::Hashtable }
            }
        };
        self.set_stored(encoding);
        match (encoding, self.0.form()) {
            (Encoding::Hashtable, Form::Packed(_)) => {
                self.unpack();
            }
            (Encoding::Listpack, Form::Big(dense)) => {
                // Integers that were many once, and a word now.
                let mut packed = Packed::new();
                dense.iter().for_each(|member| packed.push_back([member]));
                self.0.replace(Small::packed(packed));
            }
            _ => {}
        }
    }

    /// Says that as many members are about to come, the first of them this one. Redis chooses the
    /// encoding by that.
    pub fn expect(&mut self, count: usize, first: &[u8]) {
        let shape = Shape::current();
        if count <= shape.set.elements {
            return;
        }
        if self.is_empty() && parse_integer(first).is_none() {
            self.set_stored(Encoding::Listpack);
        }
        if self.stored() == Encoding::Listpack || count > shape.integers {
            self.set_stored(Encoding::Hashtable);
            self.unpack();
        }
    }

    /// The members as a dense set.
    #[cold]
    fn unpack(&mut self) -> &mut DenseSet {
        if let Form::Packed(packed) = self.0.form() {
            let mut dense = DenseSet::new();
            for member in packed.iter() {
                dense.insert(member);
            }
            self.0.replace(Small::big(Box::new(dense)));
        }
        match self.0.form_mut() {
            Form::Big(dense) => dense,
            Form::Packed(_) => unreachable!("the form was set above"),
        }
    }

    /// Removes a member; true when it was there.
    #[inline]
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self.0.form_mut() {
            Form::Big(dense) => dense.remove(member),
            Form::Packed(packed) => match packed.iter().position(|entry| entry == member) {
                Some(position) => remove_packed(packed, position),
                None => false,
            },
        }
    }

    /// The member at a position below [`Members::len`].
    #[inline]
    pub fn at(&self, position: usize) -> Option<&[u8]> {
        match self.0.form() {
            Form::Packed(packed) => packed.get(position),
            Form::Big(dense) => dense.at(position),
        }
    }

    /// Shows the member at a position and removes it; true when there was one. The last one, of
    /// its sub-table in a very big set, takes the position.
    #[inline]
    pub fn pop_at(&mut self, position: usize, show: impl FnOnce(&[u8])) -> bool {
        match self.0.form_mut() {
            Form::Packed(packed) => {
                packed.get(position).map(show);
                remove_packed(packed, position)
            }
            Form::Big(dense) => dense.pop_at(position, show),
        }
    }

    /// The members in order of position.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let (packed, dense) = match self.0.form() {
            Form::Packed(packed) => (Some(packed.iter()), None),
            Form::Big(dense) => (None, Some(dense.iter())),
        };
        packed.into_iter().flatten().chain(dense.into_iter().flatten())
    }

    /// Visits about `count` members from a cursor on and returns the next one; 0 begins and ends.
    /// A packed set is visited as a whole, as Redis does.
    pub fn scan<'a>(&'a self, cursor: u64, count: usize, visit: impl FnMut(&'a [u8])) -> u64 {
        match self.0.form() {
            Form::Packed(packed) => {
                packed.iter().for_each(visit);
                0
            }
            Form::Big(dense) => dense.scan(cursor, count, visit),
        }
    }
}

/// Removes an entry; the last one takes its place.
fn remove_packed(packed: &mut Packed, position: usize) -> bool {
    let Some(spot) = packed.spot(position) else { return false };
    if position + 1 == packed.len() {
        packed.remove(spot, 1);
        return true;
    }
    let Some(last) = packed.last() else { return false };
    let moved: SmallVec<[u8; 64]> = packed.read(last).unwrap_or_default().into();
    packed.remove(last, 1);
    packed.replace(spot, &moved);
    true
}

impl Object for Members {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        match self.0.form() {
            Form::Packed(packed) => packed.weight(),
            Form::Big(dense) => room(size_of::<DenseSet>()) + dense.weight(),
        }
    }

    fn prefetch(&self, seek: &mut Seek, step: usize) {
        match self.0.form() {
            Form::Packed(packed) if step == 0 => packed.prefetch(),
            Form::Packed(_) => {}
            Form::Big(dense) => dense.prefetch_step(seek, step),
        }
    }

    fn shed(&mut self, most: usize) -> usize {
        match self.0.form_mut() {
            Form::Packed(_) => 0,
            Form::Big(dense) => dense.shed(most),
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn encoding(&self) -> &'static str {
        match self.stored() {
            Encoding::Intset => "intset",
            Encoding::Listpack => "listpack",
            Encoding::Hashtable => "hashtable",
        }
    }

    /// The number of sub-tables, 1 for a packed set; the number of members; the members in order.
    fn freeze(&self, to: &mut Vec<u8>) {
        let tables = match self.0.form() {
            Form::Packed(_) => 1,
            Form::Big(dense) => dense.tables(),
        };
        put_length(to, tables);
        put_length(to, self.len());
        self.iter().for_each(|member| put_string(to, member));
    }

    fn freeze_part(&self, _: Millis, from: u64, most: usize, to: &mut Vec<u8>) -> Option<u64> {
        let Form::Big(dense) = self.0.form() else {
            self.freeze(to);
            return None;
        };
        let begin = to.len();
        if from == 0 {
            put_length(to, dense.tables());
            put_length(to, dense.len());
        }
        for (at, member) in (from..).zip(dense.iter_from(from as usize)) {
            if to.len() - begin >= most {
                return Some(at);
            }
            put_string(to, member);
        }
        None
    }

    fn dump(&self, _now: Millis, to: &mut Vec<u8>) {
        if self.stored() == Encoding::Intset {
            rdb::set::write_integers(to, self.iter().filter_map(parse_integer).collect());
        } else {
            rdb::set::write(to, self.len(), self.iter());
        }
    }

    fn duplicate(&self) -> Box<dyn Object> {
        let mut copy = Members(match self.0.form() {
            Form::Packed(_) => Small::default(),
            Form::Big(dense) => {
                let copy = DenseSet::with_tables(dense.tables(), dense.len());
                Small::big(Box::new(copy.unwrap_or_default()))
            }
        });
        copy.set_stored(self.stored());
        for member in self.iter() {
            copy.append(member);
        }
        Box::new(copy)
    }

    fn as_distinct(&self) -> Option<&dyn Distinct> {
        Some(self)
    }

    fn as_elements(&self) -> Option<&dyn Elements> {
        Some(self)
    }
}

impl Elements for Members {
    fn count(&self) -> usize {
        self.len()
    }

    /// A set has no direction.
    fn show<'a>(&'a self, skip: usize, count: usize, _: bool, show: &mut dyn FnMut(&'a [u8])) {
        self.iter().skip(skip).take(count).for_each(show);
    }
}

impl Distinct for Members {
    fn count(&self) -> usize {
        self.len()
    }

    fn holds(&self, member: &[u8]) -> bool {
        self.contains(member)
    }

    fn each(&self, show: &mut dyn FnMut(&[u8])) {
        self.iter().for_each(show);
    }
}

impl Members {
    /// Adds a member in the form and encoding that there is; true when it is new.
    fn append(&mut self, member: &[u8]) -> bool {
        match self.0.form_mut() {
            Form::Big(dense) => dense.insert(member),
            Form::Packed(packed) => {
                let is_new = packed.find(member, 1).is_none();
                if is_new {
                    packed.push_back([member]);
                }
                is_new
            }
        }
    }
}

fn restore(form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    let mut members = Members::default();
    rdb::set::read(form, from, |member| {
        if members.insert(member) { Ok(()) } else { Err(rdb::malformed("a member twice")) }
    })?;
    Ok(Box::new(members))
}

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    let mut frozen = Frozen::new(bytes);
    match read(&mut frozen) {
        Some(members) => Ok(Box::new(members)),
        None => Err(Fault::Corrupt { what: "a set".into(), offset: frozen.offset() }),
    }
}

/// A whole frozen set; `None` if it is not what a set would have written.
fn read(frozen: &mut Frozen<'_>) -> Option<Members> {
    let tables = frozen.length()?;
    // Each member takes its length at least: a count beyond that would take memory for nothing.
    let count = frozen.length().filter(|&count| count > 0 && count <= frozen.left())?;
    let shape = Shape::current();
    let mut told = frozen.clone();
    let (mut integers, mut longest, mut bytes) = (true, 0, 0);
    for _ in 0..count {
        let member = told.string()?;
        integers &= parse_integer(member).is_some();
        (longest, bytes) = (longest.max(member.len()), bytes + member.len());
    }
    let packs = tables == 1
        && count <= shape.set.elements
        && longest <= shape.set.bytes
        && bytes <= PACKED_BYTES_MAX;
    let mut members = Members(match packs {
        true => Small::default(),
        false => Small::big(Box::new(DenseSet::with_tables(tables, count)?)),
    });
    members.set_stored(match (integers && count <= shape.integers, packs) {
        (true, _) => Encoding::Intset,
        (false, true) => Encoding::Listpack,
        (false, false) => Encoding::Hashtable,
    });
    let mut told = frozen.clone();
    for _ in 0..count {
        if !members.append(frozen.string()?) {
            return None;
        }
    }
    // Members in an order that so many sub-tables would not give them would freeze to other bytes.
    let is_as_said =
        frozen.left() == 0 && members.iter().all(|member| told.string() == Some(member));
    is_as_said.then_some(members)
}
