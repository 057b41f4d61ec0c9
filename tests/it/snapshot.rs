//! Snapshots: the whole keyspace as it was at the cut, whatever is done to it while they are made.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use mainstay_protocol::{Frame, OwnedRequest, Version};
use mainstay_server::catalog;
use mainstay_server::command::{Entry, Run};
use mainstay_server::dice::Dice;
use mainstay_server::keyspace::{Capture, Filling};
use mainstay_server::persist::disk::Memory;
use mainstay_server::persist::snapshot;
use mainstay_server::process::Process;
use mainstay_server::record::Record;
use mainstay_server::route::After;
use mainstay_tests::bare::{self, Bare};
use mainstay_tests::lines::Line;
use mainstay_tests::seed::{pick, seed};

use crate::checks::check_snapshot;

/// Commands between two cuts.
const CALLS: usize = 1_000;

fn begin(bare: &Bare<'_>) -> Capture {
    let space = &bare.process.keyspace;
    let mut gate = space.gate().close();
    space.begin_capture(&mut gate, bare.now).expect("no other is made")
}

/// Any write, and those that matter most here more often.
fn line(dice: &mut Dice, writes: &[&Entry], now: u64) -> Vec<Vec<u8>> {
    let (n, key, other) = (dice.below(40_000), dice.below(3), dice.below(3));
    let deadline = now + dice.below(300) as u64;
    let spread = |dice: &mut Dice, what: &str, count: usize| -> String {
        (0..count).map(|_| format!("{what}{} ", dice.below(40_000))).collect()
    };
    let text = match dice.below(60) {
        0 => format!("SADD set{key} {}", spread(dice, "m", 300)),
        1 => format!("RPUSH list{key} {}", spread(dice, "element", 300)),
        2 => format!("HSET hash{key} {}", spread(dice, "f", 400)),
        3 => {
            let pairs: String = (0..200).map(|_| format!("{n} m{} ", dice.below(40_000))).collect();
            format!("ZADD sorted{key} {pairs}")
        }
        4 => format!("HPEXPIREAT hash{key} {deadline} FIELDS 1 f{n}"),
        5 => format!("XADD stream{key} * a {n} b {}", "x".repeat(n % 500)),
        6 => format!("SET big{key} {}", "x".repeat((n % 3) << 20 | 7)),
        7 => format!("APPEND big{key} {n}"),
        8 => format!("SETRANGE big{key} {n} changed"),
        9 => format!("SREM set{key} m{n}"),
        10 => format!("LSET list{key} 0 {n}"),
        11 => format!("ZINCRBY sorted{key} 1 m{n}"),
        12 => format!("HDEL hash{key} f{n}"),
        13 => format!("RENAME {}{key} {}{other}", any_name(dice), any_name(dice)),
        14 => format!("COPY {}{key} {}{other} REPLACE", any_name(dice), any_name(dice)),
        15 => format!("MOVE {}{key} {other}", any_name(dice)),
        16 => format!("PEXPIREAT {}{key} {deadline}", any_name(dice)),
        17 => format!("SWAPDB {key} {other}"),
        18 => format!("SELECT {key}"),
        19 => format!("DEL {}{key}", any_name(dice)),
        20 if dice.below(10) == 0 => "FLUSHALL".to_owned(),
        20 if dice.below(5) == 0 => "FLUSHDB".to_owned(),
        21..40 => format!("SET small{n} {n} PXAT {deadline}"),
        40..45 => format!("SET small{n} {n}"),
        45 => format!("INCR small{n}"),
        _ => return Line::random(pick(dice, writes).command, dice).args,
    };
    text.split_whitespace().map(|word| word.as_bytes().to_vec()).collect()
}

/// Few keys with big values, and what is done to such.
fn big_line(dice: &mut Dice, now: u64) -> Vec<Vec<u8>> {
    let (n, key, name) = (dice.below(9_000), dice.below(2), any_name(dice));
    let run = |what: &str| -> String { (n..n + 400).map(|n| format!(" {what}{n}")).collect() };
    let deadline = now + dice.below(100) as u64;
    let text = match dice.below(40) {
        0..4 => format!("SADD set{key}{}", run("member:")),
        4..8 => format!("RPUSH list{key}{}", run("element:")),
        8..12 => format!("HSET hash{key}{}", run("field-or-value:")),
        12..16 => {
            let pairs: String = (n..n + 400).map(|n| format!(" {} m{n}", n % 7)).collect();
            format!("ZADD sorted{key}{pairs}")
        }
        16..20 => format!("XADD stream{key} * a {n} b {}", "x".repeat(3_000)),
        20..22 => format!("SETRANGE big{key} {} changed", n * 200),
        22 => format!("SPOP set{key} 3"),
        23 => format!("LTRIM list{key} {} -{}", n % 50, 1 + n % 40),
        24 => format!("HDEL hash{key}{}", run("field-or-value:")),
        25 => format!("ZREMRANGEBYRANK sorted{key} {} {}", n % 300, n % 400),
        26 => format!("XTRIM stream{key} MAXLEN ~ {}", n % 300),
        27 => format!("RENAME {name}{key} {name}{}", 1 - key),
        28 => format!("COPY {name}{key} {name}{} REPLACE", 1 - key),
        29 => format!("MOVE {name}{key} {}", dice.below(2)),
        30 => format!("DEL {name}{key}"),
        31 => format!("SET {name}{key} {n}"),
        32 => format!("PEXPIREAT {name}{key} {deadline}"),
        33 => "SWAPDB 0 1".to_owned(),
        34 if dice.below(10) == 0 => "FLUSHDB".to_owned(),
        34..37 => format!("HSET timed{} a 1 b 2 c{n} 3", n % 40),
        _ => format!("HPEXPIREAT timed{} {deadline} FIELDS 2 a c{n}", n % 40),
    };
    text.split_whitespace().map(|word| word.as_bytes().to_vec()).collect()
}

fn any_name(dice: &mut Dice) -> &'static str {
    ["set", "list", "hash", "sorted", "stream", "big"][dice.below(6)]
}

/// Does some random thing to a process.
fn change(bare: &mut Bare<'_>, client: &mut usize, dice: &mut Dice, writes: &[&Entry]) {
    let line = line(dice, writes, bare.now);
    run(bare, client, dice, &line, 4);
}

/// Runs a line, in one of so many databases if it is done as a record.
fn run(
    bare: &mut Bare<'_>,
    client: &mut usize,
    dice: &mut Dice,
    line: &[Vec<u8>],
    databases: usize,
) {
    if bare.is_parked(*client) || !bare.is_open(*client) {
        *client = bare.connect(Version::Resp3);
    }
    if dice.below(3) == 0 {
        // As records are done again: a big value that is not written down yet holds nothing back.
        let request = OwnedRequest::from_args(line.iter().map(Vec::as_slice));
        let (stamp, seed, database) = (bare.now, dice.next(), dice.below(databases));
        let _ = bare::replay(bare.process, &[Record { stamp, seed, database, request }]);
    } else {
        bare.call(*client, &line.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    bare.process.pause.until.store(0, Relaxed);
    // Nobody asks for them.
    bare.take_records();
    match dice.below(30) {
        0 => bare.advance(dice.next() % 50),
        1 => drop(bare.sweep_some(1 + dice.below(50))),
        _ => {}
    }
}

fn writes(process: &Process) -> Vec<&Entry> {
    let entries = process.table.entries().iter();
    entries
        .filter(|entry| entry.command.writes() && !matches!(entry.command.run, Run::Group(_)))
        .collect()
}

/// Steps of the walk and commands in any order; what was captured is what was there at the cut,
/// each time one is made, and whether the one before was ended early.
#[test]
fn a_capture_is_what_was_there_at_the_cut() {
    let seed = seed("snapshot");
    let mut dice = Dice::new(seed);
    for round in 0..4 {
        let process = bare::small(dice.next());
        let space = &process.keyspace;
        let mut bare = Bare::new(&process, dice.next());
        let mut client = bare.connect(Version::Resp3);
        let writes = writes(&process);
        let mut change = |bare: &mut Bare<'_>, dice: &mut Dice| {
            if round % 2 == 0 {
                change(bare, &mut client, dice, &writes);
            } else {
                let line = big_line(dice, bare.now);
                run(bare, &mut client, dice, &line, 2);
            }
        };
        for turn in 0..8 {
            for _ in 0..CALLS {
                change(&mut bare, &mut dice);
            }
            let (then, expected) = (bare.now, bare::contents(&process, bare.now));
            let digest = bare::digest(&process, then);
            let shelves = bare::shelves(&process);
            let mut capture = begin(&bare);
            // Commands for each step: few, so that the walk is quicker, or many.
            let most = [1, 2, 6, 20][dice.below(4)];
            let is_given_up = dice.below(4) == 0;
            let (mut pieces, mut steps) = (Vec::new(), 0);
            loop {
                let calls = if steps < CALLS { dice.below(most) } else { 0 };
                for _ in 0..calls {
                    change(&mut bare, &mut dice);
                }
                let mut piece = Vec::new();
                let more = space.walk(&mut capture, &mut piece);
                pieces.push(piece);
                steps += 1;
                if !more || is_given_up && dice.below(100) == 0 {
                    break;
                }
            }
            let (captured, is_whole) = (space.captured(), !is_given_up);
            space.end_capture(capture);
            if !is_whole {
                continue;
            }
            let fresh = bare::small(dice.next());
            let filling = Filling::new(&fresh.keyspace, catalog::kinds());
            while !pieces.is_empty() {
                let piece = pieces.swap_remove(dice.below(pieces.len()));
                filling.take(&piece).expect("what was written reads back");
            }
            let what = format!("round {round}, turn {turn}, {steps} steps");
            let entries = filling.finish().expect("no value is half there");
            assert_eq!(entries, captured, "{what}");
            bare::put_shelves(&fresh, &shelves);
            let loaded = bare::contents(&fresh, then);
            for (place, held) in &expected {
                assert!(Some(held) == loaded.get(place), "{what}: {place:?} is not as it was");
            }
            for place in loaded.keys() {
                assert!(expected.contains_key(place), "{what}: {place:?} was not there");
            }
            assert_eq!(bare::digest(&fresh, then), digest, "{what}");
        }
    }
}

/// As a file, by a thread of its own, with nothing held back.
#[test]
fn a_file_is_what_was_there_at_the_cut() {
    let seed = seed("snapshot");
    let mut dice = Dice::new(seed);
    let process = bare::small(dice.next());
    let mut bare = Bare::new(&process, dice.next());
    let mut client = bare.connect(Version::Resp3);
    let writes = writes(&process);
    for round in 0..6 {
        for _ in 0..CALLS {
            change(&mut bare, &mut client, &mut dice, &writes);
        }
        let (then, digest) = (bare.now, bare::digest(&process, bare.now));
        let shelves = bare::shelves(&process);
        let (disk, capture) = (Memory::default(), begin(&bare));
        let is_done = AtomicBool::new(false);
        let summary = std::thread::scope(|scope| {
            let written = scope.spawn(|| {
                let summary = bare::save(&disk, &process, capture);
                is_done.store(true, Relaxed);
                summary
            });
            let mut calls = 0;
            while !is_done.load(Relaxed) || calls < 10 {
                change(&mut bare, &mut client, &mut dice, &writes);
                calls += 1;
            }
            written.join().expect("the writer does not panic")
        });
        let fresh = bare::small(dice.next());
        let loaded = bare::load(&disk, &fresh, 3).expect("what was written loads");
        assert_eq!(loaded.summary, summary, "round {round}");
        bare::put_shelves(&fresh, &shelves);
        assert_eq!(loaded.sections.len(), 2);
        assert_eq!(loaded.sections[1], ("something".to_owned(), b"of a kind".to_vec()));
        assert_eq!(bare::digest(&fresh, then), digest, "round {round}");
        assert_eq!(snapshot::verify(&disk, bare::SNAPSHOT).expect("sound").1, summary);
    }
}

#[test]
fn every_damaged_byte_of_a_file_is_seen() {
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let client = bare.connect(Version::Resp2);
    for number in 0..20 {
        bare.line(client, &format!("SET key:{number} value:{number}{}", "x".repeat(50)));
        bare.line(client, &format!("ZADD sorted {number} {number}"));
    }
    let disk = Memory::default();
    bare::save(&disk, &process, begin(&bare));
    let sound = disk.read(bare::SNAPSHOT).expect("it was written");
    let load = |bytes: &[u8]| {
        disk.put(bare::SNAPSHOT, bytes.to_vec());
        bare::load(&disk, &bare::small(1), 1).map(|loaded| loaded.meta)
    };
    load(&sound).expect("it is sound");
    for at in 0..sound.len() {
        for bit in [0, 3, 7] {
            let mut damaged = sound.clone();
            damaged[at] ^= 1 << bit;
            let fault = load(&damaged).expect_err("a flipped bit");
            assert!(fault.to_string().contains(bare::SNAPSHOT), "{fault}");
            assert!(snapshot::verify(&disk, bare::SNAPSHOT).is_err(), "byte {at}");
        }
        assert!(load(&sound[..at]).is_err(), "cut off at {at}");
        assert!(snapshot::verify(&disk, bare::SNAPSHOT).is_err(), "cut off at {at}");
    }
    let mut longer = sound.clone();
    longer.push(0);
    assert!(load(&longer).is_err(), "with something behind it");
}

/// Nothing is left of a snapshot that was called off, and the next one is whole.
#[test]
fn a_snapshot_can_be_called_off() {
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let client = bare.connect(Version::Resp2);
    for number in 0..2000 {
        bare.line(client, &format!("SET key:{number} value"));
    }
    let disk = Memory::default();
    let meta = snapshot::Meta { set: 1, file: 2, lsn: 3, stamp: bare.now };
    let rest = Duration::ZERO;
    let plan = snapshot::Plan { name: bare::SNAPSHOT, meta, is_packed: false, rest, sections: &[] };
    let (progress, cancel) = (snapshot::Progress::default(), AtomicBool::new(true));
    let space = &process.keyspace;
    let written = snapshot::write(&disk, plan, space, begin(&bare), &progress, &cancel);
    assert_eq!(written.expect("nothing failed"), None);
    assert_eq!(disk.read(bare::SNAPSHOT), None);
    let summary = bare::save(&disk, &process, begin(&bare));
    assert_eq!(summary.entries, 2000);
    let mut gate = space.gate().close();
    let first = space.begin_capture(&mut gate, bare.now).expect("none is made");
    assert!(space.begin_capture(&mut gate, bare.now).is_none(), "two at once");
    drop(gate);
    space.end_capture(first);
}

/// Who would change a big value that is not written down yet waits until it is, and nobody else; so
/// does a transaction. Replacing and removing it waits for nothing.
#[test]
fn a_big_value_is_not_changed_before_it_is_written_down() {
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let client = bare.connect(Version::Resp2);
    for key in ["one", "two", "three", "four"] {
        for from in 0..30 {
            let pairs: String = (0..500).map(|n| format!(" {n} member{from}:{n}")).collect();
            bare.line(client, &format!("ZADD {key}{pairs}"));
        }
    }
    bare.line(client, "SET small text");
    let (then, digest) = (bare.now, bare.digest());
    let space = &process.keyspace;
    let mut capture = begin(&bare);
    let mut pieces = Vec::new();
    assert_eq!(bare.line(client, "ZADD one 1 fresh").after, After::Hold);
    assert_eq!(bare.line(client, "ZSCORE one member0:1").after, After::Go);
    assert_eq!(bare.line(client, "APPEND small er").after, After::Go);
    assert_eq!(bare.line(client, "DEL four").after, After::Go);
    assert_eq!(bare.line(client, "SET three replaced").after, After::Go);
    bare.line(client, "MULTI");
    bare.line(client, "INCR number");
    bare.line(client, "ZREM two member0:1");
    assert_eq!(bare.line(client, "EXEC").after, After::Hold);
    assert!(space.is_awaited());
    let (mut steps, mut slices) = (0, 0);
    loop {
        pieces.push(Vec::new());
        let more = space.walk(&mut capture, pieces.last_mut().expect("just pushed"));
        assert!(pieces.last().is_some_and(|piece| piece.len() < 1 << 17), "a long step");
        steps += 1;
        if slices == 0 && bare.line(client, "EXEC").after == After::Go {
            slices = steps;
        }
        if !more {
            break;
        }
    }
    assert!((10..80).contains(&slices), "{slices} steps until two big values were through");
    assert_eq!(bare.line(client, "ZSCORE two member0:1").frames, [Frame::Null]);
    assert_eq!(bare.line(client, "GET number").frames, [Frame::Bulk("1".into())]);
    space.end_capture(capture);
    let fresh = bare::small(2);
    let filling = Filling::new(&fresh.keyspace, catalog::kinds());
    pieces.iter().for_each(|piece| filling.take(piece).expect("what was written reads back"));
    assert_eq!(filling.finish().expect("whole"), 5);
    assert_eq!(bare::digest(&fresh, then), digest);
}

/// Whatever the bytes are, reading them ends in entries or in a fault.
#[test]
fn damaged_pieces_are_read_with_distrust() {
    let seed = seed("snapshot");
    let mut dice = Dice::new(seed);
    let process = bare::small(dice.next());
    let mut bare = Bare::new(&process, dice.next());
    let client = bare.connect(Version::Resp3);
    for number in 0..40 {
        bare.line(client, &format!("SET text{number} {number} PX 1000"));
        bare.line(client, &format!("ZADD sorted{} {number} {number}", number % 3));
        bare.line(client, &format!("HSET hash{} {number} {number}", number % 3));
        bare.line(client, &format!("RPUSH list{} {number} {number}", number % 3));
    }
    bare.line(client, &format!("SETRANGE big {} end", 1 << 20));
    let mut capture = begin(&bare);
    let mut piece = Vec::new();
    while process.keyspace.walk(&mut capture, &mut piece) {}
    process.keyspace.end_capture(capture);
    // The big one is mostly zeros; a few of them are enough.
    let from = piece.len().saturating_sub(4_000);
    for round in 0..300 {
        let mut damaged = if round % 2 == 0 { piece.clone() } else { piece[from..].to_vec() };
        for _ in 0..dice.below(4) {
            let at = if dice.below(2) == 0 { dice.below(200) } else { dice.below(damaged.len()) };
            damaged[at] ^= 1 << dice.below(8);
        }
        if dice.below(3) == 0 {
            damaged.truncate(dice.below(damaged.len()));
        }
        check_snapshot(&damaged);
    }
}
