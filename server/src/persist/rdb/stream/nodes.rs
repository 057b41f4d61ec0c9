//! persist/rdb/stream/nodes.rs — the entries of a stream, node by node.
//!
//! ```text
//! node    | entries: count | deleted: count | names: count | name ... | 0 | entry ... |
//! entry   | flags | ms above the node's | seq above the node's | fields | how many parts before |
//! fields  | value ... |                            if the flags say that the names are the node's
//!         | count | name | value | name | value ... |  otherwise
//! ```
//!
//! Each part is an entry of the node's listpack; the last of an entry lets Redis walk back.

use std::io;

use super::super::entries::{Entries, Layout};
use super::super::reader::malformed;
use super::{Id, Sink};

/// The entry was deleted and is still there.
pub(super) const DELETED: i64 = 1;
/// The entry's names are those of the node.
pub(super) const SAME_FIELDS: i64 = 2;

/// How many times as long as the node all its entries may be, were each to have its own names. No
/// node that Redis makes comes near, and a sink may keep names per entry.
const SPREAD_MAX: usize = 128;

/// An entry of a stream.
pub struct Entry<'a> {
    /// Its id.
    pub id: Id,
    /// Whether its names are those of the node's first entry, and are not in its own bytes.
    pub has_node_fields: bool,
    names: &'a Texts,
    values: &'a Texts,
}

impl<'a> Entry<'a> {
    /// Its names with their values, in order.
    pub fn fields(&self) -> Fields<'a> {
        if self.has_node_fields {
            Fields { names: Some(self.names), values: self.values, at: 0 }
        } else {
            Fields { names: None, values: self.values, at: 0 }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        if self.has_node_fields { self.values.len() } else { self.values.len() / 2 }
    }

    /// Whether there are none, which no entry is ever made with.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The fields of an entry.
#[derive(Clone)]
pub struct Fields<'a> {
    /// The names, if `values` does not have them in turn with the values.
    names: Option<&'a Texts>,
    values: &'a Texts,
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        self.at += 1;
        match self.names {
            Some(names) => Some((names.get(at)?, self.values.get(at)?)),
            None => Some((self.values.get(2 * at)?, self.values.get(2 * at + 1)?)),
        }
    }
}

/// Strings one behind the other, in memory that is used again.
#[derive(Debug, Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, at: usize) -> Option<&[u8]> {
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..*self.ends.get(at)?)
    }
}

/// Nodes being read, and what was seen so far.
#[derive(Default)]
pub(super) struct Nodes {
    names: Texts,
    values: Texts,
    digits: itoa::Buffer,
    /// The entry before, deleted or not.
    before: Option<Id>,
    first: Option<Id>,
    last: Option<Id>,
    count: u64,
}

impl Nodes {
    /// The id of the first entry that is not deleted.
    pub(super) fn first(&self) -> Option<Id> {
        self.first
    }

    /// The id of the last one.
    pub(super) fn last(&self) -> Option<Id> {
        self.last
    }

    /// How many were not deleted.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Shows the entries of a node.
    pub(super) fn read(&mut self, id: Id, node: &[u8], sink: &mut dyn Sink) -> io::Result<()> {
        let mut parts = Entries::new(Layout::Listpack, node)?;
        let live = parts.require_count()?;
        let deleted = parts.require_count()?;
        let names = parts.require_count()?;
        self.names.clear();
        push(&mut self.names, names, &mut parts, &mut self.digits)?;
        if parts.require_integer()? != 0 {
            return Err(malformed("a node without the end of its head"));
        }
        let (mut live_seen, mut deleted_seen) = (0, 0);
        let mut spread = node.len().saturating_mul(SPREAD_MAX);
        while let Some(flags) = parts.next() {
            let flags = flags?.integer()?;
            if flags & SAME_FIELDS != 0 {
                let left = spread.checked_sub(self.names.bytes.len());
                spread = left.ok_or(malformed("a node whose names are repeated beyond measure"))?;
            }
            let is_deleted = self.read_entry(id, flags, &mut parts, sink)?;
            *(if is_deleted { &mut deleted_seen } else { &mut live_seen }) += 1;
        }
        if (live_seen, deleted_seen) == (live, deleted) {
            Ok(())
        } else {
            Err(malformed("a node with other entries than it says"))
        }
    }

    /// Reads an entry behind its flags; says whether it is deleted.
    fn read_entry(
        &mut self,
        node: Id,
        flags: i64,
        parts: &mut Entries<'_>,
        sink: &mut dyn Sink,
    ) -> io::Result<bool> {
        let above = |base: u64, parts: &mut Entries<'_>| -> io::Result<u64> {
            // Differences are stored as they come out of a wrapping subtraction.
            Ok(base.wrapping_add(parts.require_integer()? as u64))
        };
        let id = Id { ms: above(node.ms, parts)?, seq: above(node.seq, parts)? };
        if id < node || self.before.is_some_and(|before| before >= id) {
            return Err(malformed("entries that are not in order"));
        }
        self.before = Some(id);
        let has_node_fields = flags & SAME_FIELDS != 0;
        let (count, parts_before) = if has_node_fields {
            (self.names.len(), self.names.len() + 3)
        } else {
            let count = parts.require_count()?;
            (2 * count, 2 * count + 4)
        };
        self.values.clear();
        push(&mut self.values, count, parts, &mut self.digits)?;
        if usize::try_from(parts.require_integer()?) != Ok(parts_before) {
            return Err(malformed("an entry that does not know its length"));
        }
        let is_deleted = flags & DELETED != 0;
        if !is_deleted {
            self.first.get_or_insert(id);
            self.last = Some(id);
            self.count += 1;
            let (names, values) = (&self.names, &self.values);
            sink.entry(&Entry { id, has_node_fields, names, values })?;
        }
        Ok(is_deleted)
    }
}

fn push(
    to: &mut Texts,
    count: usize,
    parts: &mut Entries<'_>,
    digits: &mut itoa::Buffer,
) -> io::Result<()> {
    for _ in 0..count {
        to.push(parts.require()?.text(digits));
    }
    Ok(())
}
