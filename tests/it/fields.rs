//! Deadlines of hash fields, through commands: two executors against a naive model, one swept in
//! small pieces and one never; and how much a round of sweeping may do, counted.

use std::collections::BTreeMap;

use mainstay_protocol::{Frame, Version};
use mainstay_server::clock::Millis;
use mainstay_server::dice::Dice;
use mainstay_tests::bare::{self, Bare};
use mainstay_tests::seed::{pick, seed};

const STEPS: usize = 6_000;

/// A field's value, and its deadline if it has one.
type Held = (String, Option<Millis>);

/// What a hash holds, and its own deadline.
#[derive(Default, Clone, Debug, PartialEq)]
struct Hash {
    fields: BTreeMap<String, Held>,
    deadline: Option<Millis>,
}

#[derive(Default)]
struct Model {
    keys: BTreeMap<String, Hash>,
    now: Millis,
}

impl Model {
    fn settle(&mut self) {
        let now = self.now;
        let lives = |deadline: &Option<Millis>| deadline.is_none_or(|deadline| deadline > now);
        for hash in self.keys.values_mut() {
            hash.fields.retain(|_, (_, deadline)| lives(deadline));
        }
        self.keys.retain(|_, hash| !hash.fields.is_empty() && lives(&hash.deadline));
    }

    fn held(&self, key: &str, field: &str) -> Option<&Held> {
        self.keys.get(key)?.fields.get(field)
    }

    fn put(&mut self, key: &str, field: &str, value: &str, deadline: Option<Millis>) {
        let hash = self.keys.entry(key.into()).or_default();
        hash.fields.insert(field.into(), (value.into(), deadline));
        self.settle();
    }

    fn drop_field(&mut self, key: &str, field: &str) {
        if let Some(hash) = self.keys.get_mut(key) {
            hash.fields.remove(field);
        }
        self.settle();
    }
}

fn integer(value: i64) -> String {
    Frame::Integer(value).to_string()
}

fn quoted(value: Option<&Held>) -> String {
    value.map_or("(nil)".into(), |(text, _)| format!("\"{text}\""))
}

/// One command on the model: the request, and the reply that is due.
fn step(model: &mut Model, dice: &mut Dice, names: usize) -> (String, Option<String>) {
    let key = format!("h{}", dice.below(3));
    let field = format!("f{}", dice.below(names));
    let held = model.held(&key, &field).cloned();
    let span = dice.next() % 900;
    let at = model.now + span;
    match dice.below(14) {
        0..3 => {
            model.put(&key, &field, "v", None);
            (format!("HSET {key} {field} v"), Some(integer(held.is_none().into())))
        }
        3 => {
            let sum: Option<i64> = held.as_ref().map_or(Some(0), |(text, _)| text.parse().ok());
            let line = format!("HINCRBY {key} {field} 1");
            let Some(sum) = sum else { return (line, None) };
            let deadline = held.and_then(|(_, deadline)| deadline);
            model.put(&key, &field, &(sum + 1).to_string(), deadline);
            (line, Some(integer(sum + 1)))
        }
        4..7 => {
            let word = *pick(dice, &["", "NX ", "XX ", "GT ", "LT "]);
            let line = format!("HPEXPIRE {key} {span} {word}FIELDS 1 {field}");
            let Some((value, deadline)) = held else { return (line, Some("[-2]".into())) };
            let holds = match word {
                "NX " => deadline.is_none(),
                "XX " => deadline.is_some(),
                "GT " => deadline.is_some_and(|held| held < at),
                "LT " => deadline.is_none_or(|held| at < held),
                _ => true,
            };
            if holds {
                model.put(&key, &field, &value, Some(at));
            }
            let answer = if !holds {
                "[0]"
            } else if span == 0 {
                "[2]"
            } else {
                "[1]"
            };
            (line, Some(answer.into()))
        }
        7 => {
            let line = format!("HPERSIST {key} FIELDS 1 {field}");
            let answer = match held {
                None => "[-2]",
                Some((_, None)) => "[-1]",
                Some((value, Some(_))) => {
                    model.put(&key, &field, &value, None);
                    "[1]"
                }
            };
            (line, Some(answer.into()))
        }
        8 => {
            let answer = quoted(held.as_ref());
            if let Some((value, _)) = held {
                model.put(&key, &field, &value, Some(at));
            }
            (format!("HGETEX {key} PX {span} FIELDS 1 {field}"), Some(format!("[{answer}]")))
        }
        9 => {
            let keeps = dice.below(2) == 0;
            let deadline = if keeps { held.and_then(|(_, at)| at) } else { Some(at) };
            model.put(&key, &field, "w", deadline);
            let word = if keeps { "KEEPTTL".into() } else { format!("PX {span}") };
            (format!("HSETEX {key} {word} FIELDS 1 {field} w"), Some(integer(1)))
        }
        10 => {
            model.drop_field(&key, &field);
            if dice.below(2) == 0 {
                (format!("HDEL {key} {field}"), Some(integer(held.is_some().into())))
            } else {
                let answer = quoted(held.as_ref());
                (format!("HGETDEL {key} FIELDS 1 {field}"), Some(format!("[{answer}]")))
            }
        }
        11 => {
            let other = format!("h{}", dice.below(3));
            let moves = dice.below(2) == 0;
            let line = format!("{} {key} {other}", if moves { "RENAME" } else { "COPY" });
            let Some(hash) = model.keys.get(&key).cloned() else { return (line, None) };
            if moves {
                model.keys.remove(&key);
                model.keys.insert(other, hash);
            } else if key != other {
                model.keys.entry(other).or_insert(hash);
            }
            (line, None)
        }
        12 => {
            if let Some(hash) = model.keys.get_mut(&key) {
                hash.deadline = Some(at);
            }
            let there = model.keys.contains_key(&key);
            model.settle();
            (format!("PEXPIRE {key} {span}"), Some(integer(there.into())))
        }
        _ => {
            let there = model.keys.get(&key).is_some_and(|hash| hash.deadline.is_some());
            if let Some(hash) = model.keys.get_mut(&key) {
                hash.deadline = None;
            }
            (format!("PERSIST {key}"), Some(integer(there.into())))
        }
    }
}

/// Everything that a reader can see of a hash.
fn look(bare: &mut Bare<'_>, client: usize, model: &Model, key: &str) {
    let nothing = Hash::default();
    let hash = model.keys.get(key).unwrap_or(&nothing);
    let is_there = integer(model.keys.contains_key(key).into());
    let kind = if model.keys.contains_key(key) { "hash" } else { "none" };
    let mut ask = |line: &str| bare.line(client, line).frames[0].to_string();
    assert_eq!(ask(&format!("EXISTS {key}")), is_there);
    assert_eq!(ask(&format!("TYPE {key}")), kind);
    assert_eq!(ask(&format!("HLEN {key}")), integer(hash.fields.len() as i64));
    assert_eq!(ask("DBSIZE"), integer(model.keys.len() as i64));
    for field in ["f0", "f1", "f7"] {
        let held = hash.fields.get(field);
        assert_eq!(ask(&format!("HGET {key} {field}")), quoted(held));
        let at = held.map_or(-2, |(_, deadline)| deadline.map_or(-1, |at| at as i64));
        assert_eq!(ask(&format!("HPEXPIRETIME {key} FIELDS 1 {field}")), format!("[{at}]"));
    }
    let mut all = |line: &str| match bare.line(client, &format!("{line} {key}")).frames.remove(0) {
        Frame::Map(pairs) => {
            pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect()
        }
        Frame::Array(list) => list.into_iter().map(|name| (text(name), String::new())).collect(),
        other => panic!("{line} {key}: {other}"),
    };
    let pairs: BTreeMap<String, String> = all("HGETALL");
    let wanted = hash.fields.iter().map(|(field, (value, _))| (field.clone(), value.clone()));
    assert_eq!(pairs, wanted.collect());
    assert!(all("HKEYS").into_keys().eq(pairs.into_keys()));
    let drawn = bare.line(client, &format!("HRANDFIELD {key} 5")).frames.remove(0);
    let Frame::Array(drawn) = drawn else { panic!("HRANDFIELD {key}: {drawn}") };
    assert_eq!(drawn.len(), hash.fields.len().min(5));
    assert!(drawn.into_iter().all(|name| hash.fields.contains_key(&text(name))));
}

fn text(frame: Frame) -> String {
    match frame {
        Frame::Bulk(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => panic!("no string: {other}"),
    }
}

#[test]
fn commands_do_what_the_model_does_swept_or_not() {
    let seed = seed("fields");
    let mut dice = Dice::new(seed);
    for names in [8, 40, 400] {
        let processes = [bare::small(dice.next()), bare::small(dice.next())];
        let chance = dice.next();
        let mut both = processes.each_ref().map(|process| Bare::new(process, chance));
        let clients = both.each_mut().map(|bare| bare.connect(Version::Resp3));
        let mut model = Model { now: both[0].now, ..Model::default() };
        for number in 0..STEPS {
            let (line, answer) = step(&mut model, &mut dice, names);
            for (bare, client) in both.iter_mut().zip(clients) {
                let frames = bare.line(client, &line).frames;
                if let Some(answer) = &answer {
                    assert_eq!(frames[0].to_string(), *answer, "{line}");
                }
            }
            if dice.below(3) == 0 {
                let span = dice.next() % 60;
                model.now += span;
                model.settle();
                both.iter_mut().for_each(|bare| bare.advance(span));
            }
            if dice.below(4) == 0 {
                both[0].sweep_some(1 + dice.below(20));
            }
            let key = format!("h{}", dice.below(3));
            for (bare, client) in both.iter_mut().zip(clients) {
                look(bare, client, &model, &key);
            }
            if number % 100 == 0 {
                assert_eq!(both[0].digest(), both[1].digest(), "sweeping is seen in the digest");
            }
        }
        let [swept, left] = both.each_mut().map(|bare| bare.take_records());
        assert!(swept == left, "sweeping is seen in the records");
        let again = bare::small(dice.next());
        bare::replay(&again, &swept).expect("the records of a run");
        assert_eq!(bare::digest(&again, both[0].now), both[0].digest());
    }
}

/// A hash of `fields` fields that all die after a second, under `key`.
fn mortal(bare: &mut Bare<'_>, client: usize, key: &str, fields: usize) {
    for from in (0..fields).step_by(1000) {
        let upto = fields.min(from + 1000);
        let mut line = format!("HSETEX {key} PX 1000 FIELDS {}", upto - from);
        (from..upto).for_each(|number| line.push_str(&format!(" f{number} v")));
        assert_eq!(bare.line(client, &line).frames, [Frame::Integer(1)]);
    }
}

/// However many fields die at once, a turn frees as many as it may and no more; and nobody sees
/// those that are left.
#[test]
fn a_round_of_sweeping_is_bounded() {
    const MANY: usize = 100_000;
    const MOST: usize = 2_000;
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let client = bare.connect(Version::Resp3);
    let ask = |bare: &mut Bare<'_>, line: &str| bare.line(client, line).frames[0].to_string();
    mortal(&mut bare, client, "big", MANY);
    ask(&mut bare, "HSET big stays v");
    for number in 0..3_000 {
        ask(&mut bare, &format!("HSET small:{number} stays v"));
        mortal(&mut bare, client, &format!("small:{number}"), 3);
    }
    mortal(&mut bare, client, "gone", MANY);
    assert_eq!(process.keyspace.census(0).mortal, 3_002);
    bare.advance(1000);
    let (mut rounds, mut parts) = (0, 0);
    loop {
        assert_eq!(ask(&mut bare, "HLEN big"), integer(1));
        assert_eq!(ask(&mut bare, "EXISTS gone big"), integer(1));
        assert_eq!(ask(&mut bare, "DBSIZE"), integer(3_001));
        let swept = bare.sweep_some(MOST);
        assert_eq!(swept.freed, 0, "no key's own deadline has passed");
        // A hash that is all dead goes at once, to be freed elsewhere.
        assert!(swept.parts <= MOST + 2 || swept.parts >= MANY, "{swept:?}");
        (rounds, parts) = (rounds + 1, parts + swept.parts);
        if swept.due > bare.now {
            break;
        }
        assert!(swept.parts > 0, "a round that did nothing: {swept:?}");
    }
    assert_eq!(parts, 2 * MANY + 9_000);
    assert!((MANY / MOST..MANY / MOST + 10).contains(&rounds), "{rounds} rounds");
    assert_eq!(process.keyspace.census(0).mortal, 0);
    let weight = process.keyspace.census(0).weight;
    assert!(weight < 3_002 * 400, "{weight} bytes are left of what was swept");
}

/// Who caches a key is told when a field of it is gone.
#[test]
fn caches_are_told_of_fields_that_die() {
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let client = bare.connect(Version::Resp3);
    for line in ["CLIENT TRACKING ON", "HSET h a 1 b 2", "HPEXPIRE h 100 FIELDS 1 a", "HGETALL h"] {
        bare.line(client, line);
    }
    while bare.message(client).is_some() {}
    bare.line(client, "HGETALL h");
    bare.advance(99);
    bare.sweep();
    assert_eq!(bare.message(client), None);
    bare.advance(1);
    bare.sweep();
    let told = bare.message(client).map(|message| message.to_string());
    assert_eq!(told.as_deref(), Some(">[\"invalidate\", [\"h\"]]"));
}

#[test]
fn info_counts_fields_that_died_and_keys_that_have_such() {
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let client = bare.connect(Version::Resp2);
    for line in [
        "HSET h a 1 b 2",
        "HSET g a 1",
        "HSET plain a 1",
        "HPEXPIRE h 100 FIELDS 1 a",
        "HPEXPIRE g 100 FIELDS 1 a",
        "HPEXPIRE h 0 FIELDS 1 b",
    ] {
        bare.line(client, line);
    }
    let told = |bare: &mut Bare<'_>| text(bare.line(client, "INFO").frames.remove(0));
    let info = told(&mut bare);
    assert!(info.contains("db0:keys=3,expires=0,avg_ttl=0,subexpiry=2\r\n"), "{info}");
    assert!(info.contains("expired_subkeys:1\r\n"), "{info}");
    bare.advance(100);
    // Both are dead now: one is found by a writer, the other freed by nobody yet.
    bare.line(client, "HSET h c 3");
    let info = told(&mut bare);
    assert!(info.contains("db0:keys=3,expires=0,avg_ttl=0,subexpiry=1\r\n"), "{info}");
    assert!(info.contains("expired_subkeys:2\r\nexpired_keys:0\r\n"), "{info}");
}
