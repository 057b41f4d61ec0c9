//! persist/rdb/stream — streams, with their groups, consumers and pending entries.
//!
//! Reading shows a stream to a [`Sink`], part after part, in the order in which it can be built:
//! entries, what is known of the whole, then each group, each of its consumers, and what is pending
//! with that one. [`Writer`] takes the same parts in the same order.
//!
//! Entries stand in nodes: a listpack of entries whose ids count from the node's, and whose field
//! names need not be repeated if they are those of the node's first entry. So what is read may be
//! longer than its bytes, though not more than 128 times; [`Entry::has_node_fields`] says where
//! names are repeated.
//!
//! Where nodes end is not shown, so trimming by whole nodes may go another way afterwards.
//!
//! Invariants of what a sink is shown: ids ascend and none is above the last id; deleted entries
//! are left out; no pending entry comes twice in a group, and each has a consumer.

mod groups;
mod nodes;
mod writer;

use std::io::{self, BufRead};

use super::form::{STREAM_LISTPACKS, STREAM_LISTPACKS_2, STREAM_LISTPACKS_3};
use super::reader::{Reader, malformed};

pub use nodes::{Entry, Fields};
pub use writer::Writer;

/// What a stream may be spelled in.
pub const FORMS: &[u8] = &[STREAM_LISTPACKS, STREAM_LISTPACKS_2, STREAM_LISTPACKS_3];

/// The id of an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// Milliseconds since the epoch.
    pub ms: u64,
    /// Its place within the millisecond.
    pub seq: u64,
}

impl Id {
    fn from_bits(bits: u128) -> Id {
        Id { ms: (bits >> 64) as u64, seq: bits as u64 }
    }

    fn to_be_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }
}

/// A field's value to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// As it is.
    Bytes(&'a [u8]),
    /// The decimal digits of this number.
    Integer(i64),
}

/// What is known of a stream as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many entries there are.
    pub length: u64,
    /// The highest id that was ever given.
    pub last: Id,
    /// The id of the first entry; zero if there is none.
    pub first: Id,
    /// The highest id that was ever deleted.
    pub max_deleted: Id,
    /// How many entries were ever added.
    pub added: u64,
}

/// How many entries a group has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntriesRead {
    /// So many.
    Known(u64),
    /// The group does not know.
    Unknown,
    /// The form is older than the counter: it follows from the stream, as for a group that is made
    /// now.
    Unsaid,
}

/// When and how often an entry was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The last time, milliseconds since the epoch.
    pub time: u64,
    /// How often.
    pub count: u64,
}

/// A consumer of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumer<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// When it last tried to read, milliseconds since the epoch.
    pub seen: u64,
    /// When it last got something; `None` if it never did. Before Redis 7.2, when it was seen.
    pub active: Option<u64>,
}

/// Who builds a stream. An error ends the reading.
pub trait Sink {
    /// The next entry.
    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()>;
    /// What is known of the whole; after all entries.
    fn extent(&mut self, extent: Extent) -> io::Result<()>;
    /// The next group, with the last id that it was delivered. That none comes twice is for the
    /// sink to check.
    fn group(&mut self, name: &[u8], last: Id, read: EntriesRead) -> io::Result<()>;
    /// The next consumer of that group; the same holds.
    fn consumer(&mut self, consumer: Consumer<'_>) -> io::Result<()>;
    /// The next entry that is pending with that consumer, ids ascending.
    fn pending(&mut self, id: Id, delivery: Delivery) -> io::Result<()>;
}

/// Shows a stream to `sink`. A stream may be empty.
///
/// # Errors
/// If the bytes are no stream of this form, or the input ends or fails; and what the sink fails
/// with.
pub fn read(form: u8, from: &mut dyn BufRead, sink: &mut dyn Sink) -> io::Result<()> {
    if !FORMS.contains(&form) {
        return Err(malformed("no form of a stream"));
    }
    let mut reader = Reader::new(from);
    let mut nodes = nodes::Nodes::default();
    let mut node_id = None;
    for _ in 0..reader.length()? {
        let id = reader.string()?;
        let id = Id::from_bits(u128::from_be_bytes(
            id.try_into().map_err(|_| malformed("a node whose id is no id"))?,
        ));
        if node_id.is_some_and(|before| before >= id) {
            return Err(malformed("nodes that are not in order"));
        }
        node_id = Some(id);
        nodes.read(id, reader.string()?, sink)?;
    }
    let extent = read_extent(form, &mut reader, &nodes)?;
    sink.extent(extent)?;
    for _ in 0..reader.length()? {
        groups::read(form, &mut reader, sink)?;
    }
    Ok(())
}

fn read_id(reader: &mut Reader<'_>) -> io::Result<Id> {
    Ok(Id { ms: reader.length()?, seq: reader.length()? })
}

fn read_extent(form: u8, reader: &mut Reader<'_>, nodes: &nodes::Nodes) -> io::Result<Extent> {
    let length = reader.length()?;
    let last = read_id(reader)?;
    let (max_deleted, added) = if form == STREAM_LISTPACKS {
        (Id::default(), length)
    } else {
        // The first id, which the entries tell.
        read_id(reader)?;
        (read_id(reader)?, reader.length()?)
    };
    let first = nodes.first().unwrap_or_default();
    let extent = Extent { length, last, first, max_deleted, added };
    let is_sound =
        length == nodes.count() && nodes.last().is_none_or(|id| id <= last) && max_deleted <= last;
    if is_sound { Ok(extent) } else { Err(malformed("a stream that is not as it says")) }
}
