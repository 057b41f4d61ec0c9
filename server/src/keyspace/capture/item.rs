//! keyspace/capture/item.rs — what a capture consists of, as bytes.
//!
//! ```text
//! entry | 0 or 1 | database | deadline, if 1 | tag: u8 | key | value |
//! begin | 2 or 3 | number | database | deadline, if 3 | tag: u8 | key |
//! part  | 4      | number | where in the value | bytes |
//! end   | 5      | number | bytes of the value |
//! ```
//!
//! Numbers are in seven-bit groups; keys, values and bytes are a length and that many bytes. A
//! value is what [`Object::freeze_at`](dyn super::super::Object::freeze_at) wrote, a string's its
//! own bytes. A big value is a begin, parts and an end that have one number; parts of several
//! values may be mixed, and each says where it belongs, so that their order does not matter.

use crate::clock::Millis;
use crate::keyspace::table::NEVER;
use crate::structure::frozen::{Frozen, put_length, put_string};

const ENTRY: u8 = 0;
const BEGIN: u8 = 2;
const PART: u8 = 4;
const END: u8 = 5;

/// Whose an entry is and what is known of it besides its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// Its database at the time of the capture.
    pub database: usize,
    /// The key's deadline.
    pub deadline: Option<Millis>,
    /// The tag of the value's kind.
    pub tag: u8,
    /// The key.
    pub key: &'a [u8],
}

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// An entry with its value.
    Entry(Head<'a>, &'a [u8]),
    /// A big value begins.
    Begin(u64, Head<'a>),
    /// Bytes of it, and how many are before them.
    Part(u64, u64, &'a [u8]),
    /// It has so many bytes in all.
    End(u64, u64),
}

impl Head<'_> {
    fn put(&self, to: &mut Vec<u8>) {
        put_length(to, self.database);
        if let Some(deadline) = self.deadline {
            put_length(to, deadline as usize);
        }
        to.push(self.tag);
        put_string(to, self.key);
    }
}

/// Appends an entry.
pub(super) fn put_entry(head: Head<'_>, value: &[u8], to: &mut Vec<u8>) {
    to.reserve(head.key.len() + value.len() + 32);
    to.push(ENTRY + u8::from(head.deadline.is_some()));
    head.put(to);
    put_string(to, value);
}

/// Appends the beginning of a big value.
pub(super) fn put_begin(number: u64, head: Head<'_>, to: &mut Vec<u8>) {
    to.push(BEGIN + u8::from(head.deadline.is_some()));
    put_length(to, number as usize);
    head.put(to);
}

/// Appends a part of a big value.
pub(super) fn put_part(number: u64, at: u64, bytes: &[u8], to: &mut Vec<u8>) {
    to.push(PART);
    put_length(to, number as usize);
    put_length(to, at as usize);
    put_string(to, bytes);
}

/// Appends the end of a big value.
pub(super) fn put_end(number: u64, bytes: u64, to: &mut Vec<u8>) {
    to.push(END);
    put_length(to, number as usize);
    put_length(to, bytes as usize);
}

/// The items of a piece of a capture, from the front on.
#[derive(Clone)]
pub struct Items<'a>(Frozen<'a>);

impl<'a> Items<'a> {
    /// Items as they were written one behind the other.
    pub fn of(bytes: &'a [u8]) -> Items<'a> {
        Items(Frozen::new(bytes))
    }

    /// How many bytes were read.
    pub fn offset(&self) -> usize {
        self.0.offset()
    }

    /// The next item; `None` at the end and where the bytes are not what was written, which
    /// [`Items::offset`] then tells apart.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: its end may be an error")]
    pub fn next(&mut self) -> Option<Item<'a>> {
        let mut rest = self.0.clone();
        let item = read(&mut rest)?;
        self.0 = rest;
        Some(item)
    }
}

fn read<'a>(from: &mut Frozen<'a>) -> Option<Item<'a>> {
    let sort = from.byte()?;
    Some(match sort & !1 {
        ENTRY => Item::Entry(head(from, sort)?, from.string()?),
        BEGIN => Item::Begin(from.length()? as u64, head(from, sort)?),
        _ if sort == PART => {
            Item::Part(from.length()? as u64, from.length()? as u64, from.string()?)
        }
        _ if sort == END => Item::End(from.length()? as u64, from.length()? as u64),
        _ => return None,
    })
}

fn head<'a>(from: &mut Frozen<'a>, sort: u8) -> Option<Head<'a>> {
    let database = from.length()?;
    let deadline = match sort & 1 {
        0 => None,
        _ => Some(from.length().map(|deadline| deadline as Millis).filter(|&at| at != NEVER)?),
    };
    Some(Head { database, deadline, tag: from.byte()?, key: from.string()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back() {
        let head = Head { database: 3, deadline: None, tag: 7, key: b"key" };
        let timed = Head { deadline: Some(1_700_000_000_000), key: b"", ..head };
        let mut bytes = Vec::new();
        put_entry(head, b"value", &mut bytes);
        put_entry(timed, b"", &mut bytes);
        put_begin(300, timed, &mut bytes);
        put_begin(1, head, &mut bytes);
        put_part(300, 1 << 40, b"part", &mut bytes);
        put_end(300, u64::MAX, &mut bytes);
        let expected = [
            Item::Entry(head, b"value"),
            Item::Entry(timed, b""),
            Item::Begin(300, timed),
            Item::Begin(1, head),
            Item::Part(300, 1 << 40, b"part"),
            Item::End(300, u64::MAX),
        ];
        let mut items = Items::of(&bytes);
        let read: Vec<Item<'_>> = std::iter::from_fn(|| items.next()).collect();
        assert_eq!(read, expected);
        assert_eq!(items.offset(), bytes.len());
        for cut in 0..bytes.len() {
            let mut items = Items::of(&bytes[..cut]);
            let count = std::iter::from_fn(|| items.next()).count();
            assert!(count < expected.len() && items.offset() <= cut);
        }
        assert_eq!(Items::of(&[6, 0, 0]).next(), None);
    }
}
