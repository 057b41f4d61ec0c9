//! The keyspace against a naive model, through the view that commands get.
//!
//! Every operation on strings and on objects, in every scope, over few keys and two databases, with
//! time passing: what is there, when it ends, how many there are, and who is told by a WATCH.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};
use std::sync::Arc;

use mainstay_server::clock::Millis;
use mainstay_server::dice::Dice;
use mainstay_server::error::Fault;
use mainstay_server::keyspace::{Changed, Keys, Keyspace, Kind, Object, Ttl, Value, Watch};
use mainstay_tests::seed::{bytes, pick, seed};

const STEPS: usize = 40_000;

/// A value of another kind: some bytes.
#[derive(Default, Clone)]
struct Bag(Vec<u8>);

static BAG: Kind = Kind { name: "bag", tag: 200, thaw, forms: &[], restore };

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    Ok(Box::new(Bag(bytes.to_vec())))
}

fn restore(_form: u8, _from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    Err(io::ErrorKind::InvalidData.into())
}

impl Object for Bag {
    fn kind(&self) -> &'static Kind {
        &BAG
    }

    fn weight(&self) -> usize {
        self.0.capacity()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn encoding(&self) -> &'static str {
        "bag"
    }

    fn freeze(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.0);
    }

    fn dump(&self, _now: Millis, _to: &mut Vec<u8>) {}

    fn duplicate(&self) -> Box<dyn Object> {
        Box::new(self.clone())
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Held {
    Text(Vec<u8>),
    Bag(Vec<u8>),
}

/// The model: what each key of each database holds, and until when.
#[derive(Default, Clone)]
struct Model {
    keys: BTreeMap<(usize, Vec<u8>), (Held, Option<Millis>)>,
    now: Millis,
}

impl Model {
    fn advance(&mut self, span: Millis) {
        self.now += span;
        let now = self.now;
        self.keys.retain(|_, (_, deadline)| deadline.is_none_or(|deadline| deadline > now));
    }

    /// Puts a value; one whose time has come is not there at all.
    fn put(&mut self, at: (usize, Vec<u8>), held: Held, deadline: Option<Millis>) {
        self.keys.insert(at, (held, deadline));
        self.advance(0);
    }
}

struct Pair {
    space: Keyspace,
    model: Model,
    dice: Dice,
}

impl Pair {
    fn new(seed: u64) -> Pair {
        let space = Keyspace::new(2, seed, None);
        let model = Model { now: 1000, ..Model::default() };
        Pair { space, model, dice: Dice::new(seed) }
    }

    fn key(&mut self) -> Vec<u8> {
        format!("k{}", self.dice.below(12)).into_bytes()
    }

    /// Runs something with a view that holds these keys, in a scope by chance.
    fn with<R>(
        &mut self,
        database: usize,
        named: &[&[u8]],
        other: Option<usize>,
        run: impl FnOnce(&mut Keys<'_>) -> R,
    ) -> R {
        let (space, now) = (&self.space, self.model.now);
        let gate = space.gate();
        match (self.dice.below(3), named) {
            (0, [key]) if other.is_none() => {
                let gate = gate.share();
                run(&mut Keys::one(space, &gate, database, key, space.hash(key), now))
            }
            (1, _) => {
                let gate = gate.share();
                let databases = [Some(database), other].into_iter().flatten();
                let stripes: BTreeSet<_> = databases
                    .flat_map(|database| {
                        named.iter().map(move |key| space.stripe_of(database, space.hash(key)))
                    })
                    .collect();
                let stripes: Vec<_> = stripes.into_iter().collect();
                run(&mut Keys::many(space, &gate, database, &stripes, now))
            }
            _ => {
                let mut gate = gate.close();
                run(&mut Keys::whole(space, &mut gate, database, now))
            }
        }
    }

    /// One operation on both. Says which keys it may have touched; `None` for all.
    fn step(&mut self) -> Option<Vec<(usize, Vec<u8>)>> {
        let (database, key, other) = (self.dice.below(2), self.key(), self.key());
        let value = bytes(&mut self.dice, 80);
        let now = self.model.now;
        let at = (database, key.clone());
        let was = self.model.keys.get(&at).cloned();
        match self.dice.below(15) {
            0..=2 => {
                let ttl = match self.dice.below(3) {
                    0 => Ttl::Keep,
                    1 => Ttl::Clear,
                    _ => Ttl::At(now + self.dice.next() % 50),
                };
                self.with(database, &[&key], None, |keys| keys.put_string(&key, &value, ttl));
                let deadline = match ttl {
                    Ttl::Keep => was.and_then(|(_, deadline)| deadline),
                    Ttl::Clear => None,
                    Ttl::At(at) => Some(at),
                };
                self.model.put(at.clone(), Held::Text(value), deadline);
            }
            3 => {
                let bag = Bag(if value.is_empty() { vec![1] } else { value });
                let boxed = Box::new(bag.clone());
                self.with(database, &[&key], None, |keys| {
                    keys.put_object(&key, boxed, Ttl::Keep);
                });
                let deadline = was.and_then(|(_, deadline)| deadline);
                self.model.put(at.clone(), Held::Bag(bag.0), deadline);
            }
            4 | 5 => {
                let len = self.dice.below(100);
                let edited = self.with(database, &[&key], None, |keys| {
                    keys.edit_string(&key, len, |text| {
                        if let Some(first) = text.first_mut() {
                            *first = b'!';
                        }
                    })
                });
                let (mut text, deadline) = match was {
                    Some((Held::Bag(_), _)) => {
                        assert!(edited.is_err(), "a bag edited as a string");
                        return Some(Vec::new());
                    }
                    Some((Held::Text(text), deadline)) => (text, deadline),
                    None => (Vec::new(), None),
                };
                assert_eq!(edited, Ok(()));
                text.resize(len, 0);
                if let Some(first) = text.first_mut() {
                    *first = b'!';
                }
                self.model.put(at.clone(), Held::Text(text), deadline);
            }
            6 | 7 => {
                // Adds, takes everything, or leaves alone what `edit` may have made.
                let what = self.dice.below(3);
                let edited = self.with(database, &[&key], None, |keys| {
                    keys.edit::<Bag>(&key).map(|mut bag| match what {
                        0 => bag.0.extend_from_slice(b"more"),
                        1 => bag.0.clear(),
                        _ => bag.unchanged(),
                    })
                });
                let (mut bag, deadline) = match was {
                    Some((Held::Text(_), _)) => {
                        assert!(edited.is_err(), "a string edited as a bag");
                        return Some(Vec::new());
                    }
                    Some((Held::Bag(bag), deadline)) => (bag, deadline),
                    None => (Vec::new(), None),
                };
                assert_eq!(edited, Ok(()));
                match what {
                    0 => bag.extend_from_slice(b"more"),
                    1 => bag.clear(),
                    _ => {}
                }
                self.model.keys.remove(&at);
                if !bag.is_empty() {
                    self.model.put(at.clone(), Held::Bag(bag), deadline);
                }
                if what == 2 {
                    return Some(Vec::new());
                }
            }
            8 => {
                let gone = self.with(database, &[&key], None, |keys| keys.remove(&key));
                assert_eq!(gone, self.model.keys.remove(&at).is_some());
            }
            9 => {
                let deadline = (self.dice.below(3) != 0).then(|| now + self.dice.next() % 50);
                let there =
                    self.with(database, &[&key], None, |keys| keys.set_deadline(&key, deadline));
                assert_eq!(there, was.is_some());
                if let Some((held, _)) = was {
                    self.model.put(at.clone(), held, deadline);
                }
            }
            10 => {
                let named: [&[u8]; 2] = [&key, &other];
                let there = self.with(database, &named, None, |keys| keys.rename(&key, &other));
                assert_eq!(there, was.is_some());
                if let Some(entry) = self.model.keys.remove(&at) {
                    self.model.keys.insert((database, other.clone()), entry);
                }
            }
            11 => {
                let target = self.dice.below(2);
                if target == database && key == other {
                    return Some(Vec::new());
                }
                let named: [&[u8]; 2] = [&key, &other];
                let there = self
                    .with(database, &named, Some(target), |keys| keys.copy(&key, &other, target));
                assert_eq!(there, was.is_some());
                if let Some(entry) = was {
                    self.model.keys.insert((target, other.clone()), entry);
                }
            }
            12 => {
                let target = 1 - database;
                if self.model.keys.contains_key(&(target, key.clone())) {
                    return Some(Vec::new());
                }
                let there = self.with(database, &[&key], Some(target), |keys| {
                    assert!(!keys.finds_in(&key, target));
                    keys.move_to(&key, target)
                });
                assert_eq!(there, was.is_some());
                if let Some(entry) = self.model.keys.remove(&at) {
                    self.model.keys.insert((target, key.clone()), entry);
                }
            }
            13 => {
                self.model.advance(self.dice.next() % 20);
                if self.dice.below(2) == 0 {
                    let gate = self.space.gate().share();
                    self.space.sweep(
                        &gate,
                        0,
                        1,
                        self.model.now,
                        1 + self.dice.below(3),
                        &mut Changed::default(),
                    );
                }
                return None;
            }
            _ if self.dice.below(60) != 0 => return Some(Vec::new()),
            _ => {
                let mut gate = self.space.gate().close();
                let mut keys = Keys::whole(&self.space, &mut gate, database, now);
                if self.dice.below(2) == 0 {
                    keys.flush();
                    self.model.keys.retain(|(other, _), _| *other != database);
                } else {
                    keys.swap(0, 1);
                    let old = std::mem::take(&mut self.model.keys);
                    self.model.keys =
                        old.into_iter().map(|((db, key), held)| ((1 - db, key), held)).collect();
                }
                return None;
            }
        }
        Some([0, 1].into_iter().flat_map(|db| [(db, key.clone()), (db, other.clone())]).collect())
    }

    /// Both must show the same.
    fn compare(&mut self) {
        let (space, now) = (&self.space, self.model.now);
        for database in 0..2 {
            let mut gate = space.gate().close();
            let keys = Keys::whole(space, &mut gate, database, now);
            let mut seen = BTreeMap::new();
            keys.each(|key, value| {
                let held = match value {
                    Value::String(text) => Held::Text(text.to_vec()),
                    Value::Object(bag) => {
                        assert_eq!(bag.kind().name, "bag");
                        let mut bytes = Vec::new();
                        bag.freeze(&mut bytes);
                        Held::Bag(bytes)
                    }
                };
                let deadline = keys.deadline(key).expect("a key that was just shown");
                let twice = seen.insert((database, key.to_vec()), (held, deadline));
                assert_eq!(twice, None, "shown twice: {}", key.escape_ascii());
            });
            let model = self.model.keys.iter().filter(|((db, _), _)| *db == database);
            let model: BTreeMap<_, _> =
                model.map(|(at, held)| (at.clone(), held.clone())).collect();
            assert_eq!(seen, model);
            assert!(keys.len() >= model.len());
            let random = keys.random(&mut self.dice);
            assert_eq!(random.is_some(), !model.is_empty());
            assert!(random.is_none_or(|key| model.contains_key(&(database, key))));
            drop(keys);
            let census = space.census(database);
            assert!(census.keys >= model.len(), "{census:?} for {} keys", model.len());
            let volatile = model.values().filter(|(_, deadline)| deadline.is_some()).count();
            assert!(census.volatile >= volatile, "{census:?} for {volatile} with a deadline");
        }
    }
}

#[test]
fn does_what_a_map_with_deadlines_does() {
    let mut pair = Pair::new(seed("keyspace"));
    for step in 0..STEPS {
        pair.step();
        if step % 50 == 0 {
            pair.compare();
        }
    }
    pair.model.advance(1000);
    let gate = pair.space.gate().share();
    pair.space.sweep(&gate, 0, 1, pair.model.now, usize::MAX, &mut Changed::default());
    for database in 0..2 {
        let left = pair.model.keys.keys().filter(|(db, _)| *db == database).count();
        assert_eq!(pair.space.census(database).keys, left, "sweeping leaves nothing dead");
    }
    drop(gate);
    pair.compare();
}

#[test]
fn a_watch_is_told_of_every_change_and_of_nothing_else() {
    let mut pair = Pair::new(seed("watch"));
    for _ in 0..STEPS / 40 {
        let database = pair.dice.below(2);
        let at = (database, pair.key());
        let watch = Arc::new(Watch::default());
        let before = pair.model.keys.get(&at).cloned();
        let gate = pair.space.gate().share();
        let due = pair.space.watch(&gate, database, &at.1, pair.model.now, &watch);
        let deadline = before.as_ref().and_then(|(_, deadline)| *deadline);
        assert_eq!(due, deadline.unwrap_or(Millis::MAX));
        drop(gate);
        let mut touched = false;
        for _ in 0..pair.dice.below(30) {
            let anywhere = |pair: &Pair| {
                [0, 1].iter().any(|db| pair.model.keys.contains_key(&(*db, at.1.clone())))
            };
            let was_there = anywhere(&pair);
            touched |= match pair.step() {
                Some(keys) => keys.contains(&at),
                // Time has passed, or databases were emptied or exchanged.
                None => was_there,
            };
        }
        let after = pair.model.keys.get(&at).cloned();
        if after != before && (after.is_some() || !has_expired(&before, pair.model.now)) {
            assert!(watch.is_dirty(), "{at:?}: {before:?} became {after:?} and nobody was told");
        }
        assert!(!watch.is_dirty() || touched, "{at:?} was not touched, and yet somebody was told");
        let gate = pair.space.gate().share();
        pair.space.unwatch(&gate, database, &at.1, &watch);
    }
}

/// A key that ends by time may be told by whoever frees it or found out by EXEC.
fn has_expired(held: &Option<(Held, Option<Millis>)>, now: Millis) -> bool {
    matches!(held, Some((_, Some(deadline))) if *deadline <= now)
}

/// Redis: a key that was dead when it was watched and is freed later has not changed.
#[test]
fn freeing_a_key_that_was_dead_when_watched_tells_nobody() {
    let space = Keyspace::new(1, 1, None);
    let gate = space.gate().share();
    let view = |now| Keys::one(&space, &gate, 0, b"k", space.hash(b"k"), now);
    view(0).put_string(b"k", b"v", Ttl::At(10));
    let watch = Arc::new(Watch::default());
    assert_eq!(space.watch(&gate, 0, b"k", 10, &watch), Millis::MAX);
    space.sweep(&gate, 0, 1, 11, 10, &mut Changed::default());
    assert!(!watch.is_dirty());
    view(12).put_string(b"k", b"v", Ttl::Clear);
    assert!(watch.is_dirty());
}

/// SCAN's guarantee: a tenth of the keys stays from the first call to the last, the others come and
/// go meanwhile, twenty for each that is looked at.
fn scan_misses_nothing(space: &Keyspace, keys: &[Vec<u8>], dice: &mut Dice) {
    let gate = space.gate().share();
    let now = 1000;
    let set = |key: &Vec<u8>, there: bool| {
        let mut keys = Keys::one(space, &gate, 0, key, space.hash(key), now);
        if there {
            keys.put_string(key, b"", Ttl::Clear);
        } else {
            keys.remove(key);
        }
    };
    for count in [1, 10, 1000] {
        let (stay, rest) = keys.split_at(keys.len() / 10);
        stay.iter().for_each(|key| set(key, true));
        rest.iter().for_each(|key| set(key, false));
        let mut seen = BTreeSet::new();
        let (mut cursor, mut calls, mut grown) = (0, 0usize, 0);
        loop {
            let mut shown = 0;
            let view = Keys::roving(space, &gate, 0, now);
            cursor = view.scan(cursor, count, |key, _| {
                shown += 1;
                seen.insert(key.to_vec());
            });
            assert!(shown <= count, "{shown} shown for a count of {count}");
            if cursor == 0 {
                break;
            }
            assert!(cursor < 1 << 53, "a cursor beyond what a double can hold");
            calls += 1;
            // Grow while there is something to grow by, then shrink: tables split and empty.
            for _ in 0..(20 * count).min(rest.len()) {
                if grown < rest.len() {
                    set(&rest[grown], true);
                    grown += 1;
                } else {
                    set(pick(dice, rest), false);
                }
            }
        }
        let missed = stay.iter().filter(|key| !seen.contains(*key)).count();
        assert_eq!(missed, 0, "of {} in {calls} calls with count {count}", stay.len());
    }
}

#[test]
fn scan_misses_no_key_that_stays() {
    let seed = seed("scan");
    let space = Keyspace::new(1, seed, None);
    let keys: Vec<Vec<u8>> = (0..60_000u32).map(|n| format!("key:{n}").into_bytes()).collect();
    scan_misses_nothing(&space, &keys, &mut Dice::new(seed));
}

/// All keys in one stripe, so that its tables split several times while a scan goes on.
#[test]
fn scan_misses_no_key_that_stays_when_tables_split() {
    let seed = seed("scan");
    let space = Keyspace::new(1, seed, None);
    let home = space.stripe_of(0, space.hash(&0u64.to_le_bytes()));
    let keys: Vec<Vec<u8>> = (0u64..)
        .map(u64::to_le_bytes)
        .filter(|key| space.stripe_of(0, space.hash(key)) == home)
        .take(40_000)
        .map(Vec::from)
        .collect();
    scan_misses_nothing(&space, &keys, &mut Dice::new(seed));
}

/// Chi-square over 1000 keys in 100,000 draws.
#[test]
fn a_random_key_is_any_key_alike() {
    let seed = seed("random");
    let space = Keyspace::new(1, seed, None);
    let mut dice = Dice::new(seed);
    let mut gate = space.gate().close();
    let mut keys = Keys::whole(&space, &mut gate, 0, 0);
    (0..1000).for_each(|n: u32| keys.put_string(n.to_string().as_bytes(), b"", Ttl::Clear));
    let mut drawn: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let draws = 20_000;
    for _ in 0..draws {
        *drawn.entry(keys.random(&mut dice).expect("a key")).or_default() += 1;
    }
    let mean = f64::from(draws) / 1000.0;
    let missing = (1000 - drawn.len()) as f64 * mean;
    let chi: f64 = drawn.values().map(|&n| (f64::from(n) - mean).powi(2) / mean).sum();
    // 999 degrees of freedom: mean 999, deviation 45; six of them.
    assert!((729.0..1269.0).contains(&(chi + missing)), "chi-square {}", chi + missing);
}
