//! structure/blocks/entry.rs — one entry, as it is read from its block.
//!
//! An entry is the length of its rest, a byte of marks, the distance of its time from the block's,
//! its number unless that is the usual one, then names and values in turn, or values alone if the
//! names are the block's. Lengths and numbers are in seven-bit groups. A value begins with a tag:
//! twice its length, and one more if its bytes are a number.

use super::id::Id;
use crate::structure::decimal::parse_integer;
use crate::structure::varint::{self, Varint};

/// Mark: the names are the block's.
pub(super) const SHARED: u8 = 1;
/// Mark: the number is said. Otherwise it is the block's in the block's millisecond, else 0.
pub(super) const NUMBERED: u8 = 2;

/// An entry. Copying it copies two references.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its id.
    pub id: Id,
    count: usize,
    names: Option<&'a [u8]>,
    body: &'a [u8],
}

/// A value as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// As it was given.
    Bytes(&'a [u8]),
    /// The decimal digits of this number.
    Integer(i64),
}

impl Value<'_> {
    /// The text that was given.
    #[cfg(test)]
    pub(crate) fn to_vec(self) -> Vec<u8> {
        match self {
            Value::Bytes(bytes) => bytes.to_vec(),
            Value::Integer(value) => value.to_string().into_bytes(),
        }
    }
}

impl<'a> Entry<'a> {
    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Its fields with their values, in the order they were given.
    pub fn pairs(&self) -> Pairs<'a> {
        Pairs { left: self.count, names: self.names.map(Parts), body: Parts(self.body) }
    }

    /// The id of the entry at the start of `bytes` and how long it is; `first` is its block's.
    #[inline]
    pub(super) fn peek(bytes: &[u8], first: Id) -> Option<(Id, usize)> {
        let mut parts = Parts(bytes);
        let length = parts.number()? as usize;
        let end = bytes.len() - parts.0.len() + length;
        let (id, _) = parts.id(first)?;
        (end <= bytes.len()).then_some((id, end))
    }

    /// The entry whose bytes these are; `names` are its block's, `shared` of them.
    #[inline]
    pub(super) fn read(bytes: &'a [u8], first: Id, names: &'a [u8], shared: usize) -> Option<Self> {
        let mut parts = Parts(bytes);
        parts.number()?;
        let (id, marks) = parts.id(first)?;
        if marks & SHARED != 0 {
            return Some(Entry { id, count: shared, names: Some(names), body: parts.0 });
        }
        let count = parts.number()? as usize;
        Some(Entry { id, count, names: None, body: parts.0 })
    }
}

/// Fields with their values.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    left: usize,
    names: Option<Parts<'a>>,
    body: Parts<'a>,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = match &mut self.names {
            Some(names) => names.string()?,
            None => self.body.string()?,
        };
        Some((name, self.body.value()?))
    }
}

/// What an entry is made of, read from the front.
#[derive(Debug, Clone)]
pub(super) struct Parts<'a>(pub(super) &'a [u8]);

impl<'a> Parts<'a> {
    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        let (value, width) = varint::read(self.0)?;
        self.0 = self.0.get(width..)?;
        Some(value as u64)
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    #[inline]
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        self.take(length)
    }

    #[inline]
    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        let tag = self.number()?;
        let bytes = self.take((tag >> 1) as usize)?;
        if tag & 1 == 0 { Some(Value::Bytes(bytes)) } else { widen(bytes).map(Value::Integer) }
    }

    /// The marks and the id that they begin.
    #[inline]
    pub(super) fn id(&mut self, first: Id) -> Option<(Id, u8)> {
        let marks = *self.take(1)?.first()?;
        let distance = self.number()?;
        let base = if distance == 0 { first.seq } else { 0 };
        let more = if marks & NUMBERED != 0 { self.number()? } else { 0 };
        Some((Id::new(first.ms.checked_add(distance)?, base.checked_add(more)?), marks))
    }
}

#[inline]
pub(super) fn put_number(to: &mut Vec<u8>, number: u64) {
    to.extend_from_slice(Varint::new(number as usize).bytes());
}

#[inline]
pub(super) fn put_string(to: &mut Vec<u8>, string: &[u8]) {
    put_number(to, string.len() as u64);
    to.extend_from_slice(string);
}

/// Writes a value: as a number if it is the text of one and that is shorter.
#[inline]
pub(super) fn put_value(to: &mut Vec<u8>, value: &[u8]) {
    match narrow(value) {
        Some((bytes, width)) => {
            put_number(to, (width << 1 | 1) as u64);
            to.extend_from_slice(&bytes[..width]);
        }
        None => {
            put_number(to, (value.len() as u64) << 1);
            to.extend_from_slice(value);
        }
    }
}

/// The fewest bytes of the number that a text is, low ones first; `None` if it is none or they
/// would not be fewer than the text's.
#[inline]
pub(super) fn narrow(text: &[u8]) -> Option<([u8; 8], usize)> {
    let value = parse_integer(text)?;
    let width = width(value);
    (width < text.len()).then_some((value.to_le_bytes(), width))
}

/// How many bytes a number takes, its sign included.
pub(super) fn width(value: i64) -> usize {
    let magnitude = if value < 0 { !value } else { value };
    (64 - magnitude.leading_zeros() as usize + 1).div_ceil(8)
}

/// The number of these bytes, of which there are at most eight.
#[inline]
fn widen(bytes: &[u8]) -> Option<i64> {
    let mut whole = [if *bytes.last()? < 0x80 { 0 } else { 0xff }; 8];
    whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(whole))
}
