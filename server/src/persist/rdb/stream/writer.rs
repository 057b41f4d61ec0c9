//! persist/rdb/stream/writer.rs — a stream being written, in the form of Redis 7.0.

use super::super::form::STREAM_LISTPACKS_2;
use super::super::listpack::Listpack;
use super::super::writer::{Count, put_element, put_length};
use super::nodes::SAME_FIELDS;
use super::{Consumer, Delivery, EntriesRead, Extent, Id, Value};

/// A node is ended by so many entries (`stream-node-max-entries`).
const NODE_ENTRIES_MAX: usize = 100;

/// Or by so many bytes (`stream-node-max-bytes`).
const NODE_BYTES_MAX: usize = 4096;

/// See the module. Takes entries, then the extent, then each group, what is pending in it, and each
/// of its consumers.
pub struct Writer<'a> {
    to: &'a mut Vec<u8>,
    nodes: Count,
    node: Node,
    groups: Option<Count>,
    consumers: Option<Count>,
}

/// The node that entries go to.
#[derive(Default)]
struct Node {
    id: Id,
    count: usize,
    names: Vec<Box<[u8]>>,
    entries: Listpack,
}

impl<'a> Writer<'a> {
    /// Begins with the form.
    pub fn new(to: &'a mut Vec<u8>) -> Writer<'a> {
        to.push(STREAM_LISTPACKS_2);
        let nodes = Count::put(to);
        Writer { to, nodes, node: Node::default(), groups: None, consumers: None }
    }

    /// The next entry; ids ascend.
    pub fn entry<'f, I>(&mut self, id: Id, fields: I)
    where
        I: IntoIterator<Item = (&'f [u8], Value<'f>)> + Clone,
    {
        let is_full =
            self.node.count >= NODE_ENTRIES_MAX || self.node.entries.len() >= NODE_BYTES_MAX;
        if is_full {
            self.end_node();
        }
        let node = &mut self.node;
        if node.count == 0 {
            node.id = id;
            node.names = fields.clone().into_iter().map(|(name, _)| name.into()).collect();
        }
        let names = fields.clone().into_iter().map(|(name, _)| name);
        let is_same = node.names.iter().map(|name| &**name).eq(names);
        let count = fields.clone().into_iter().count();
        let entries = &mut node.entries;
        entries.push_integer(if is_same { SAME_FIELDS } else { 0 });
        entries.push_integer(id.ms.wrapping_sub(node.id.ms) as i64);
        entries.push_integer(id.seq.wrapping_sub(node.id.seq) as i64);
        if !is_same {
            entries.push_integer(count as i64);
        }
        for (name, value) in fields {
            if !is_same {
                entries.push(name);
            }
            match value {
                Value::Bytes(bytes) => entries.push(bytes),
                Value::Integer(number) => entries.push_integer(number),
            }
        }
        entries.push_integer((if is_same { count + 3 } else { 2 * count + 4 }) as i64);
        node.count += 1;
    }

    fn end_node(&mut self) {
        let node = std::mem::take(&mut self.node);
        if node.count == 0 {
            return;
        }
        let mut packed = Listpack::default();
        packed.push_integer(node.count as i64);
        packed.push_integer(0);
        packed.push_integer(node.names.len() as i64);
        node.names.iter().for_each(|name| packed.push(name));
        packed.push_integer(0);
        packed.append(&node.entries);
        self.nodes.grow(self.to);
        put_element(self.to, &node.id.to_be_bytes());
        put_element(self.to, &packed.framed());
    }

    /// What is known of the whole; after all entries.
    pub fn extent(&mut self, extent: Extent) {
        self.end_node();
        put_length(self.to, extent.length);
        self.put_id(extent.last);
        self.put_id(extent.first);
        self.put_id(extent.max_deleted);
        put_length(self.to, extent.added);
        self.groups = Some(Count::put(self.to));
    }

    fn put_id(&mut self, id: Id) {
        put_length(self.to, id.ms);
        put_length(self.to, id.seq);
    }

    /// The next group, and all that is pending in it: as many as said, ids ascending.
    pub fn group(
        &mut self,
        name: &[u8],
        last: Id,
        read: EntriesRead,
        pending_count: usize,
        pending: impl IntoIterator<Item = (Id, Delivery)>,
    ) {
        if let Some(groups) = &mut self.groups {
            groups.grow(self.to);
        }
        put_element(self.to, name);
        self.put_id(last);
        let read = match read {
            EntriesRead::Known(count) => count,
            EntriesRead::Unknown | EntriesRead::Unsaid => u64::MAX,
        };
        put_length(self.to, read);
        put_length(self.to, pending_count as u64);
        for (id, delivery) in pending {
            self.to.extend_from_slice(&id.to_be_bytes());
            self.to.extend_from_slice(&delivery.time.to_le_bytes());
            put_length(self.to, delivery.count);
        }
        self.consumers = Some(Count::put(self.to));
    }

    /// The next consumer of that group, and what is pending with it: as many as said, ids
    /// ascending. When it was active is not written: Redis 7.0 does not know.
    pub fn consumer(
        &mut self,
        consumer: Consumer<'_>,
        pending_count: usize,
        pending: impl IntoIterator<Item = Id>,
    ) {
        if let Some(consumers) = &mut self.consumers {
            consumers.grow(self.to);
        }
        put_element(self.to, consumer.name);
        self.to.extend_from_slice(&consumer.seen.to_le_bytes());
        put_length(self.to, pending_count as u64);
        for id in pending {
            self.to.extend_from_slice(&id.to_be_bytes());
        }
    }
}
