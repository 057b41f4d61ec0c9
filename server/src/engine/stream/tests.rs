//! The stream as a value against plain lists, its frozen form against damage, and what its groups
//! cost by counting.

use std::collections::BTreeMap;

use super::group::{Group, Pending};
use super::log::{KIND, Stream, UNKNOWN};
use super::trim::Options;
use crate::dice::Dice;
use crate::keyspace::Object;
use crate::structure::blocks::Id;
use mainstay_protocol::OwnedRequest;

type Name = Vec<u8>;

/// A group as it is easily said: what is pending, for whom, since when, how many times.
#[derive(Default, Clone, PartialEq, Debug)]
struct Plain {
    last: Id,
    consumers: BTreeMap<Name, (u64, Option<u64>)>,
    pending: BTreeMap<Id, (Name, u64, u64)>,
}

#[derive(Default)]
struct Model {
    entries: BTreeMap<Id, Name>,
    groups: BTreeMap<Name, Plain>,
}

fn frozen(object: &dyn Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.freeze(&mut bytes);
    bytes
}

/// A stream's group in the model's terms.
fn plain(group: &Group) -> Plain {
    let name =
        |pending: &Pending| group.consumer(pending.consumer).expect("somebody").name.to_vec();
    let all = group.pending_in(Id::MIN..=Id::MAX);
    let pending: BTreeMap<_, _> =
        all.map(|pending| (pending.id, (name(pending), pending.at, pending.count))).collect();
    for consumer in group.consumers() {
        let number = group.number(&consumer.name).expect("its number");
        let own: Vec<Id> =
            group.pending_of(number, Id::MIN..=Id::MAX).map(|pending| pending.id).collect();
        let mine = pending.iter().filter(|(_, (name, ..))| **name == *consumer.name);
        assert!(mine.map(|(id, _)| *id).eq(own.iter().copied()));
        assert_eq!(consumer.pending_count(), own.len());
    }
    let consumers = group.consumers();
    Plain {
        last: group.last,
        consumers: consumers.map(|c| (c.name.to_vec(), (c.seen, c.active))).collect(),
        pending,
    }
}

fn check(stream: &Stream, model: &Model) {
    let entries = stream.log.entries.range(Id::MIN, Id::MAX);
    let entries = entries.map(|entry| {
        (entry.id, entry.pairs().next().map(|(_, value)| value.to_vec()).unwrap_or_default())
    });
    assert!(entries.eq(model.entries.iter().map(|(id, value)| (*id, value.clone()))));
    let groups = stream.groups.iter().map(|(name, group)| (name.to_vec(), plain(group)));
    let groups: BTreeMap<Name, Plain> = groups.collect();
    assert_eq!(groups, model.groups);
    let bytes = frozen(stream);
    let thawed = (KIND.thaw)(&bytes).expect("what was frozen thaws");
    assert_eq!(frozen(&*thawed), bytes);
    assert_eq!(frozen(&*stream.duplicate()), bytes);
    assert_eq!(stream.groups.weight(), stream.groups.counted(), "the weight adds up");
}

fn trim(stream: &mut Stream, line: &str) -> u64 {
    let request = OwnedRequest::from_args(line.split(' ').map(str::as_bytes));
    let (options, end) = Options::read(request.as_request(), 2, false).expect("an option");
    assert_eq!(end, request.as_request().len());
    options.trim(true).expect("a strategy").expect("a strategy").apply(stream)
}

#[test]
fn a_stream_with_groups_agrees_with_plain_lists() {
    for seed in 0..10 {
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        let (mut stream, mut model) = (Stream::default(), Model::default());
        for step in 0..6000u64 {
            let now = step / 7;
            let any = |dice: &mut Dice, model: &Model| -> Id {
                let nth = dice.below(model.entries.len() + 1);
                model.entries.keys().nth(nth).copied().unwrap_or(Id::new(now, 1))
            };
            let group = format!("g{}", dice.below(3)).into_bytes();
            let consumer = format!("c{}", dice.below(4)).into_bytes();
            let (id, roll) = (any(&mut dice, &model), dice.below(26));
            match roll {
                0..=8 => {
                    let id = Id::new(now, stream.log.last.seq + 1)
                        .max(stream.log.last.next().expect("far from the end"));
                    let value = step.to_string().into_bytes();
                    stream.log.push(id, [(&b"f"[..], &value[..])].into_iter());
                    model.entries.insert(id, value);
                }
                9 => {
                    assert_eq!(stream.log.remove(id), model.entries.remove(&id).is_some());
                }
                10 if dice.below(20) == 0 => {
                    let gone = trim(&mut stream, &format!("XTRIM s MINID {}-{}", id.ms, id.seq));
                    let before = model.entries.len();
                    model.entries.retain(|other, _| *other >= id);
                    assert_eq!(before - model.entries.len(), gone as usize);
                }
                11 if dice.below(20) == 0 => {
                    let keep = dice.below(model.entries.len() + 1);
                    let line = format!("XTRIM s MAXLEN {keep} DELREF");
                    assert_eq!(trim(&mut stream, &line), (model.entries.len() - keep) as u64);
                    while model.entries.len() > keep {
                        let (id, _) = model.entries.pop_first().expect("one more");
                        model.groups.values_mut().for_each(|g| drop(g.pending.remove(&id)));
                    }
                }
                12 if dice.below(10) == 0 => {
                    let needed = |id: &Id| {
                        let mut groups = model.groups.values();
                        groups.any(|group| group.last < *id || group.pending.contains_key(id))
                    };
                    let above = model.entries.len().saturating_sub(5);
                    let free = model.entries.keys().filter(|&id| !needed(id)).take(above);
                    let free: Vec<Id> = free.copied().collect();
                    assert_eq!(trim(&mut stream, "XTRIM s MAXLEN 5 ACKED"), free.len() as u64);
                    free.iter().for_each(|id| drop(model.entries.remove(id)));
                }
                13 => {
                    let new = Plain { last: id, ..Plain::default() };
                    let created = stream.groups.create(&group, Group::new(id, UNKNOWN));
                    assert_eq!(created, !model.groups.contains_key(&group));
                    model.groups.entry(group).or_insert(new);
                }
                14 if dice.below(20) == 0 => {
                    let was = model.groups.remove(&group).is_some();
                    assert_eq!(stream.groups.destroy(&group), was);
                }
                15 => {
                    let own = model.groups.get_mut(&group);
                    let was = own.and_then(|own| {
                        own.consumers.remove(&consumer)?;
                        let before = own.pending.len();
                        own.pending.retain(|_, (name, ..)| *name != consumer);
                        Some(before - own.pending.len())
                    });
                    let found = stream.groups.change(&group, |g| g.remove_consumer(&consumer));
                    assert_eq!(found.flatten(), was);
                }
                16 => {
                    let gone = stream.groups.forget(id);
                    let mut groups = model.groups.values_mut();
                    let was = groups
                        .by_ref()
                        .fold(false, |was, group| was | group.pending.remove(&id).is_some());
                    assert_eq!(gone, was);
                }
                17..=19 => {
                    let gone = stream.groups.change(&group, |group| group.acknowledge(id));
                    let own = model.groups.get_mut(&group);
                    assert_eq!(gone, own.map(|own| own.pending.remove(&id).is_some()));
                }
                _ => {
                    let Stream { log, groups } = &mut stream;
                    let claim = roll < 22;
                    groups.change(&group, |group| {
                        let number = group.see(&consumer, now).expect("few consumers");
                        if claim {
                            let pending = Pending { id, consumer: number, at: now, count: step };
                            group.put(pending);
                            return;
                        }
                        let start = group.last.next().expect("far from the end");
                        for entry in log.entries.range(start, Id::MAX).take(3) {
                            group.advance(log, entry.id);
                            group.give(entry.id, number, now);
                        }
                    });
                    let Some(own) = model.groups.get_mut(&group) else { continue };
                    let mut seen = (now, own.consumers.get(&consumer).and_then(|c| c.1));
                    if claim {
                        own.pending.insert(id, (consumer.clone(), now, step));
                    } else {
                        let above =
                            (std::ops::Bound::Excluded(own.last), std::ops::Bound::Unbounded);
                        for (&id, _) in model.entries.range(above).take(3) {
                            own.pending.insert(id, (consumer.clone(), now, 1));
                            (own.last, seen.1) = (id, Some(now));
                        }
                    }
                    own.consumers.insert(consumer, seen);
                }
            }
            if step % 211 == 0 {
                check(&stream, &model);
            }
        }
        check(&stream, &model);
    }
}

/// A count of entries read is known as long as nothing was removed from what is still to come.
#[test]
fn counts_of_a_group_are_those_of_the_stream_while_they_can_be_known() {
    let mut stream = Stream::default();
    for ms in 1..=10 {
        stream.log.push(Id::new(ms, 0), [(&b"f"[..], &b"v"[..])].into_iter());
    }
    let log = &mut stream.log;
    assert_eq!(log.lag(Id::MIN, UNKNOWN), Some(10));
    assert_eq!(log.lag(Id::new(1, 0), UNKNOWN), Some(9), "the first entry is known");
    assert_eq!(log.lag(Id::new(2, 0), UNKNOWN), None);
    assert_eq!(log.lag(Id::new(2, 0), 2), Some(8));
    assert_eq!(log.lag(Id::new(10, 0), UNKNOWN), Some(0));
    assert!(log.remove(Id::new(5, 0)));
    assert_eq!(log.lag(Id::new(2, 0), 2), None, "an entry ahead is missing");
    assert_eq!(log.lag(Id::new(6, 0), 6), Some(4), "none ahead is");
    let mut group = Group::new(Id::new(9, 0), UNKNOWN);
    group.advance(log, Id::new(10, 0));
    assert_eq!(group.read, 10);
    assert_eq!(Stream::default().log.lag(Id::MAX, UNKNOWN), Some(0));
}

/// What is to be freed comes apart in small steps, and in the end nothing is left.
#[test]
fn a_stream_sheds_everything() {
    let mut stream = Stream::default();
    let mut group = Group::new(Id::MIN, 0);
    let numbers = [&b"one"[..], b"two"].map(|name| group.see(name, 5).expect("new"));
    for ms in 1..=5000 {
        stream.log.push(Id::new(ms, 0), [(&b"f"[..], &b"v"[..])].into_iter());
        group.give(Id::new(ms, 0), numbers[ms as usize % 2], 1);
    }
    stream.groups.create(b"g", group);
    let mut steps = 0;
    loop {
        let shed = stream.shed(7);
        assert!(shed <= 7);
        if shed == 0 {
            break;
        }
        steps += 1;
    }
    assert!(steps > 50 / 7 && stream.groups.len() == 0 && stream.log.entries.blocks() == 0);
}

/// Counters that clients may set to anything do not end the server.
#[test]
fn counters_wrap() {
    let mut stream = Stream::default();
    stream.log.added = u64::MAX;
    let mut group = Group::new(Id::MIN, i64::MAX);
    for ms in 1..=2 {
        stream.log.push(Id::new(ms, 0), [(&b"f"[..], &b"v"[..])].into_iter());
        group.advance(&stream.log, Id::new(ms, 0));
        stream.log.lag(group.last, group.read);
    }
    stream.log.added = 1 << 63;
    assert_eq!(stream.log.lag(Id::new(9, 9), i64::MAX), Some(1), "as Redis's would");
}

#[test]
fn damaged_streams_are_refused_or_whole() {
    let mut dice = Dice::new(4);
    let mut stream = Stream::default();
    for ms in 1..=150 {
        let value = ms.to_string();
        stream.log.push(Id::new(ms, ms % 3), [(&b"f"[..], value.as_bytes())].into_iter());
    }
    stream.log.remove(Id::new(7, 1));
    for name in [&b"g"[..], b"h"] {
        let mut group = Group::new(Id::new(20, 0), 20);
        let numbers = [&b"one"[..], b"two"].map(|name| group.see(name, 5).expect("new"));
        (1..=20).for_each(|ms| group.give(Id::new(ms, ms % 3), numbers[ms as usize % 2], ms));
        stream.groups.create(name, group);
    }
    let bytes = frozen(&stream);
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        if dice.below(4) == 0 {
            damaged.truncate(dice.below(bytes.len()));
        }
        for _ in 0..=dice.below(2) {
            // Mostly behind the entries, which have a test of their own.
            let least = if dice.below(3) == 0 { 0 } else { damaged.len() / 2 };
            if least < damaged.len() {
                let at = least + dice.below(damaged.len() - least);
                damaged[at] ^= 1 << dice.below(8);
            }
        }
        if let Ok(thawed) = (KIND.thaw)(&damaged) {
            assert_eq!(frozen(&*thawed), damaged, "another spelling");
            assert!(thawed.weight() > 0 && !thawed.is_empty());
        }
    }
}
