//! engine/stream/group.rs — a consumer group: how far it has read, who reads, and what was given to
//! whom and is not acknowledged yet.
//!
//! Invariant: every pending entry has a consumer, in whose list it is, and nothing else is in these
//! lists. Which number a consumer has shows in nothing that is answered or frozen.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::log::{Log, UNKNOWN};
use crate::clock::Millis;
use crate::structure::blocks::Id;
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::ordered::{Keyed, Ordered};
use crate::structure::room;

/// See the module.
#[derive(Clone)]
pub struct Group {
    /// The last id that was given to a consumer.
    pub last: Id,
    /// How many entries were given to consumers, [`UNKNOWN`] if that is not known.
    pub read: i64,
    pending: Ordered<Pending>,
    numbers: BTreeMap<Box<[u8]>, Number>,
    consumers: Vec<Option<Consumer>>,
    /// Numbers of consumers that went.
    free: Vec<Number>,
    /// Heap bytes of the consumers, their names and their lists.
    heap: usize,
}

/// Stands for a consumer while it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(u32);

/// An entry that was given to a consumer.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    /// Which.
    pub id: Id,
    /// To whom.
    pub consumer: Number,
    /// When.
    pub at: Millis,
    /// How many times it was given to somebody.
    pub count: u64,
}

/// Somebody who reads.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// Its name.
    pub name: Box<[u8]>,
    /// When it last tried to read.
    pub seen: Millis,
    /// When it was last given something.
    pub active: Option<Millis>,
    pending: Ordered<Id>,
}

impl Keyed for Pending {
    type Key = Id;

    fn key(&self) -> Id {
        self.id
    }
}

impl Keyed for Id {
    type Key = Id;

    fn key(&self) -> Id {
        *self
    }
}

/// Heap bytes of a consumer besides its pending entries.
fn frame(name: &[u8]) -> usize {
    let place = size_of::<Option<Consumer>>() + size_of::<(Box<[u8]>, Number)>();
    2 * room(name.len()) + place * 3 / 2
}

impl Group {
    /// A group that begins behind an entry.
    pub fn new(last: Id, read: i64) -> Group {
        Group {
            last,
            read,
            pending: Ordered::default(),
            numbers: BTreeMap::new(),
            consumers: Vec::new(),
            free: Vec::new(),
            heap: 0,
        }
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.heap + self.pending.weight()
    }

    /// The weight, counted anew.
    #[cfg(test)]
    pub fn counted(&self) -> usize {
        let of = |consumer: &Consumer| frame(&consumer.name) + consumer.pending.weight();
        self.consumers().map(of).sum::<usize>() + self.pending.weight()
    }

    /// The consumer of this name.
    pub fn number(&self, name: &[u8]) -> Option<Number> {
        self.numbers.get(name).copied()
    }

    /// A consumer that is there.
    pub fn consumer(&self, number: Number) -> Option<&Consumer> {
        self.consumers.get(number.0 as usize)?.as_ref()
    }

    /// A consumer that is there, to change it.
    pub fn consumer_mut(&mut self, number: Number) -> Option<&mut Consumer> {
        self.consumers.get_mut(number.0 as usize)?.as_mut()
    }

    /// The consumers, by name.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = &Consumer> {
        self.numbers.values().map(|&number| match self.consumer(number) {
            Some(consumer) => consumer,
            None => unreachable!("a name has a consumer"),
        })
    }

    /// Makes a consumer; `None` if there is one of this name.
    pub fn create_consumer(&mut self, name: &[u8], now: Millis) -> Option<Number> {
        if self.numbers.contains_key(name) {
            return None;
        }
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                self.consumers.push(None);
                Number(u32::try_from(self.consumers.len() - 1).ok()?)
            }
        };
        let name: Box<[u8]> = name.into();
        self.heap += frame(&name);
        self.numbers.insert(name.clone(), number);
        let consumer = Consumer { name, seen: now, active: None, pending: Ordered::default() };
        self.consumers[number.0 as usize] = Some(consumer);
        Some(number)
    }

    /// The consumer of this name, who tries to read; it is made if need be. `None` only if there
    /// are four billion.
    pub fn see(&mut self, name: &[u8], now: Millis) -> Option<Number> {
        let number = match self.number(name) {
            Some(number) => number,
            None => self.create_consumer(name, now)?,
        };
        self.consumer_mut(number)?.seen = now;
        Some(number)
    }

    /// Removes a consumer and all that was pending for it, and returns how much that was.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let number = self.numbers.remove(name)?;
        let consumer = self.consumers.get_mut(number.0 as usize)?.take()?;
        self.heap -= frame(name) + consumer.pending.weight();
        for &id in consumer.pending.range(Id::MIN..=Id::MAX) {
            self.pending.remove(id);
        }
        self.free.push(number);
        Some(consumer.pending.len())
    }

    /// How many entries are pending.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// The pending entry of this id.
    pub fn pending(&self, id: Id) -> Option<&Pending> {
        self.pending.get(id)
    }

    /// The pending entries from one id to another.
    pub fn pending_in(&self, ids: RangeInclusive<Id>) -> impl Iterator<Item = &Pending> {
        self.pending.range(ids)
    }

    /// The pending entry with the highest id.
    pub fn pending_last(&self) -> Option<&Pending> {
        self.pending.last()
    }

    /// As [`Group::pending_in`], of one consumer.
    pub fn pending_of(
        &self,
        number: Number,
        ids: RangeInclusive<Id>,
    ) -> impl Iterator<Item = &Pending> {
        let own = self.consumer(number).map(|consumer| consumer.pending.range(ids));
        own.into_iter().flatten().filter_map(|&id| self.pending.get(id))
    }

    /// Notes that an entry above all given before goes to a consumer.
    pub fn advance(&mut self, log: &Log, id: Id) {
        if id <= self.last {
            return;
        }
        if self.read != UNKNOWN && !log.has_gap_from(id) {
            self.read = self.read.wrapping_add(1);
        } else if log.added != 0 {
            self.read = log.distance(id);
        }
        self.last = id;
    }

    /// Gives an entry to a consumer, as if for the first time, whoever had it.
    pub fn give(&mut self, id: Id, number: Number, now: Millis) {
        self.put(Pending { id, consumer: number, at: now, count: 1 });
        if let Some(consumer) = self.consumer_mut(number) {
            consumer.active = Some(now);
        }
    }

    /// Makes an entry pending as said, whoever had it.
    pub fn put(&mut self, pending: Pending) {
        match self.pending.insert(pending) {
            Some(before) if before.consumer == pending.consumer => return,
            Some(before) => self.change(before.consumer, |list| _ = list.remove(pending.id)),
            None => {}
        }
        self.change(pending.consumer, |list| _ = list.insert(pending.id));
    }

    /// Takes an entry out of what is pending; false if it was not.
    pub fn acknowledge(&mut self, id: Id) -> bool {
        let Some(pending) = self.pending.remove(id) else { return false };
        self.change(pending.consumer, |list| _ = list.remove(id));
        true
    }

    /// Changes the list of a consumer.
    fn change(&mut self, number: Number, change: impl FnOnce(&mut Ordered<Id>)) {
        let Some(Some(consumer)) = self.consumers.get_mut(number.0 as usize) else { return };
        let before = consumer.pending.weight();
        change(&mut consumer.pending);
        self.heap = self.heap + consumer.pending.weight() - before;
    }

    /// Frees about `most` blocks of memory, and says how many; for a group that is to be freed.
    pub fn shed(&mut self, most: usize) -> usize {
        match self.pending.shed(most) {
            0 => self.shed_consumer(most),
            some => some,
        }
    }

    fn shed_consumer(&mut self, most: usize) -> usize {
        let Some(last) = self.consumers.last_mut() else { return 0 };
        let shed = last.as_mut().map_or(0, |consumer| consumer.pending.shed(most));
        if shed == 0 {
            self.consumers.pop();
            return 1;
        }
        shed
    }

    /// Appends how far it has read, the consumers by name, and the pending entries by id, each with
    /// its consumer's place in the order of names.
    pub fn freeze(&self, to: &mut Vec<u8>) {
        for number in [self.last.ms, self.last.seq, self.read as u64] {
            put_length(to, number as usize);
        }
        put_length(to, self.numbers.len());
        let mut ranks = vec![0; self.consumers.len()];
        for (rank, &number) in self.numbers.values().enumerate() {
            ranks[number.0 as usize] = rank;
        }
        for consumer in self.consumers() {
            put_string(to, &consumer.name);
            put_length(to, consumer.seen as usize);
            to.push(consumer.active.is_some().into());
            put_length(to, consumer.active.unwrap_or(0) as usize);
        }
        put_length(to, self.pending.len());
        for pending in self.pending.range(Id::MIN..=Id::MAX) {
            for number in [pending.id.ms, pending.id.seq, pending.at, pending.count] {
                put_length(to, number as usize);
            }
            put_length(to, ranks[pending.consumer.0 as usize]);
        }
    }

    /// Reads what [`Group::freeze`] wrote; `None` if it is not that.
    pub fn thaw(frozen: &mut Frozen<'_>) -> Option<Group> {
        let mut group = Group::new(Id::new(length(frozen)?, length(frozen)?), 0);
        group.read = length(frozen)? as i64;
        let consumers = frozen.length()?;
        for _ in 0..consumers {
            let name = frozen.string()?;
            if group.numbers.last_key_value().is_some_and(|(last, _)| **last >= *name) {
                return None;
            }
            let seen = length(frozen)?;
            let active = match (frozen.byte()?, length(frozen)?) {
                (0, 0) => None,
                (1, at) => Some(at),
                _ => return None,
            };
            let number = group.create_consumer(name, seen)?;
            group.consumer_mut(number)?.active = active;
        }
        let pending = frozen.length()?;
        for _ in 0..pending {
            let id = Id::new(length(frozen)?, length(frozen)?);
            let (at, count) = (length(frozen)?, length(frozen)?);
            let rank = frozen.length().filter(|&rank| rank < consumers)?;
            if group.pending.last().is_some_and(|last| last.id >= id) {
                return None;
            }
            group.put(Pending { id, consumer: Number(rank as u32), at, count });
        }
        Some(group)
    }
}

fn length(frozen: &mut Frozen<'_>) -> Option<u64> {
    frozen.length().map(|number| number as u64)
}

impl Consumer {
    /// How many entries are pending for it.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }
}
