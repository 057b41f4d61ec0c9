//! engine/stream/serialised.rs — a stream as Redis serialises it: DUMP and RESTORE.
//!
//! Not kept: when a consumer was last active (Redis 7.0 does not know it), and where blocks end.

use std::io::{self, BufRead};

use super::group::{Group, Number, Pending};
use super::log::{Stream, UNKNOWN};
use crate::keyspace::Object;
use crate::persist::rdb::malformed;
use crate::persist::rdb::stream::{self, Consumer, Delivery, EntriesRead, Extent, Sink, Writer};
use crate::structure::blocks::{Id, Value};

/// Appends the stream, form first.
pub(super) fn dump(stream: &Stream, to: &mut Vec<u8>) {
    let log = &stream.log;
    let mut writer = Writer::new(to);
    for entry in log.entries.range(Id::MIN, Id::MAX) {
        let fields = entry.pairs().map(|(name, value)| match value {
            Value::Bytes(bytes) => (name, stream::Value::Bytes(bytes)),
            Value::Integer(number) => (name, stream::Value::Integer(number)),
        });
        writer.entry(outward(entry.id), fields);
    }
    writer.extent(Extent {
        length: log.entries.len(),
        last: outward(log.last),
        first: outward(log.first()),
        max_deleted: outward(log.max_deleted),
        added: log.added,
    });
    for (name, group) in stream.groups.iter() {
        let read = match group.read {
            UNKNOWN => EntriesRead::Unknown,
            count => EntriesRead::Known(count as u64),
        };
        let pending = group.pending_in(Id::MIN..=Id::MAX).map(|pending| {
            (outward(pending.id), Delivery { time: pending.at, count: pending.count })
        });
        writer.group(name, outward(group.last), read, group.pending_count(), pending);
        for consumer in group.consumers() {
            let own = group.number(&consumer.name).into_iter();
            let own = own.flat_map(|number| group.pending_of(number, Id::MIN..=Id::MAX));
            writer.consumer(
                Consumer { name: &consumer.name, seen: consumer.seen, active: consumer.active },
                consumer.pending_count(),
                own.map(|pending| outward(pending.id)),
            );
        }
    }
}

fn outward(id: Id) -> stream::Id {
    stream::Id { ms: id.ms, seq: id.seq }
}

fn inward(id: stream::Id) -> Id {
    Id::new(id.ms, id.seq)
}

/// Reads a stream of this form.
pub(super) fn restore(form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    let mut building = Building::default();
    stream::read(form, from, &mut building)?;
    building.end_group()?;
    Ok(Box::new(building.stream))
}

/// A stream that is being read, the group that is, and its latest consumer.
#[derive(Default)]
struct Building {
    stream: Stream,
    group: Option<(Box<[u8]>, Group)>,
    consumer: Option<Number>,
}

impl Building {
    fn end_group(&mut self) -> io::Result<()> {
        self.consumer = None;
        let Some((name, group)) = self.group.take() else { return Ok(()) };
        let is_new = self.stream.groups.create(&name, group);
        if is_new { Ok(()) } else { Err(malformed("a group twice")) }
    }
}

impl Sink for Building {
    fn entry(&mut self, entry: &stream::Entry<'_>) -> io::Result<()> {
        if inward(entry.id) == Id::MIN || entry.is_empty() {
            return Err(malformed("an entry that nobody can have added"));
        }
        self.stream.log.entries.push(inward(entry.id), entry.fields());
        Ok(())
    }

    fn extent(&mut self, extent: Extent) -> io::Result<()> {
        let log = &mut self.stream.log;
        log.last = inward(extent.last);
        log.added = extent.added;
        log.max_deleted = inward(extent.max_deleted);
        Ok(())
    }

    fn group(&mut self, name: &[u8], last: stream::Id, read: EntriesRead) -> io::Result<()> {
        self.end_group()?;
        let last = inward(last);
        let read = match read {
            EntriesRead::Known(count) => count as i64,
            EntriesRead::Unknown => UNKNOWN,
            EntriesRead::Unsaid => self.stream.log.distance(last),
        };
        self.group = Some((name.into(), Group::new(last, read)));
        Ok(())
    }

    fn consumer(&mut self, consumer: Consumer<'_>) -> io::Result<()> {
        let Some((_, group)) = &mut self.group else { return Ok(()) };
        let number = group.create_consumer(consumer.name, consumer.seen);
        let number = number.ok_or_else(|| malformed("a consumer twice"))?;
        if let Some(made) = group.consumer_mut(number) {
            made.active = consumer.active;
        }
        self.consumer = Some(number);
        Ok(())
    }

    fn pending(&mut self, id: stream::Id, delivery: Delivery) -> io::Result<()> {
        if let (Some((_, group)), Some(consumer)) = (&mut self.group, self.consumer) {
            let Delivery { time: at, count } = delivery;
            group.put(Pending { id: inward(id), consumer, at, count });
        }
        Ok(())
    }
}
