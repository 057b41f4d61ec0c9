//! Determinism: the executor is a function of state and record.
//!
//! The records of every script and of a long random run are replayed on a fresh keyspace with
//! another hash seed, and once more with a snapshot and restore at a random point; what is there at
//! the end must be the same to the last byte.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use mainstay_protocol::{Frame, Version};
use mainstay_server::clock::Millis;
use mainstay_server::command::{Entry, Run};
use mainstay_server::dice::Dice;
use mainstay_server::persist::disk::Memory;
use mainstay_server::process::Process;
use mainstay_server::record::Record;
use mainstay_tests::bare::{self, Bare};
use mainstay_tests::lines::Line;
use mainstay_tests::script::{self, BareStage};
use mainstay_tests::seed::{pick, seed};

/// Commands of the random run.
const CALLS: usize = 20_000;

fn assert_same(what: &str, process: &Process, other: &Process, now: Millis) {
    let (one, two) = (bare::contents(process, now), bare::contents(other, now));
    for (place, held) in &one {
        assert_eq!(Some(held), two.get(place), "{what}: {place:?}");
    }
    assert_eq!(one.len(), two.len(), "{what}: keys that were not there");
    let digests = [process, other].map(|process| bare::digest(process, now));
    assert_eq!(digests[0], digests[1], "{what}: equal contents, other digests");
}

/// Writes a snapshot of `process` and loads it into a fresh one.
fn restore(process: &Process, now: Millis, fresh: Process) -> Process {
    let disk = Memory::default();
    let mut gate = process.keyspace.gate().close();
    let capture = process.keyspace.begin_capture(&mut gate, now).expect("no other is made");
    drop(gate);
    bare::save(&disk, process, capture);
    bare::load(&disk, &fresh, 1).expect("what was written loads");
    bare::put_shelves(&fresh, &bare::shelves(process));
    fresh
}

/// Replays twice, on keyspaces made by `fresh`, and compares with what the records were made from.
fn check(
    what: &str,
    process: &Process,
    now: Millis,
    records: &[Record],
    dice: &mut Dice,
    fresh: fn(u64) -> Process,
) {
    let fail = |why: String| -> ! { panic!("{what}: {why}") };
    let second = fresh(dice.next());
    bare::replay(&second, records).unwrap_or_else(|why| fail(why));
    assert_same(&format!("{what}, replayed"), process, &second, now);

    let cut = dice.below(records.len() + 1);
    let (before, after) = records.split_at(cut);
    let third = fresh(dice.next());
    bare::replay(&third, before).unwrap_or_else(|why| fail(why));
    let then = before.last().map_or(bare::START, |record| record.stamp);
    let fourth = restore(&third, then, fresh(dice.next()));
    assert_same(&format!("{what}, restored after {cut} records"), &third, &fourth, then);
    bare::replay(&fourth, after).unwrap_or_else(|why| fail(why));
    assert_same(&format!("{what}, restored after {cut} and replayed"), process, &fourth, now);
}

#[test]
fn every_script_replays() {
    let seed = seed("replay");
    let mut dice = Dice::new(seed);
    for script in script::all() {
        let process = bare::process(dice.next());
        let mut bare = Bare::new(&process, dice.next());
        // Whether it holds is another test's business.
        let _ = script.play(&mut BareStage::new(&mut bare, Version::Resp3), Version::Resp3);
        let records = bare.take_records();
        let name = script.path.display().to_string();
        check(&name, &process, bare.now, &records, &mut dice, bare::process);
    }
}

#[test]
fn a_long_random_run_replays() {
    let seed = seed("replay");
    let mut dice = Dice::new(seed);
    let process = bare::small(dice.next());
    let mut bare = Bare::new(&process, dice.next());
    let entries = process.table.entries().iter();
    let (writes, others): (Vec<&Entry>, Vec<&Entry>) = entries
        .filter(|entry| !matches!(entry.command.run, Run::Group(_)))
        .partition(|entry| entry.command.writes());
    let mut clients = [(); 4].map(|()| bare.connect(Version::Resp3));
    for _ in 0..CALLS {
        let from = if dice.below(8) == 0 { &others } else { &writes };
        let line = Line::random(pick(&mut dice, from).command, &mut dice);
        let client = &mut clients[dice.below(4)];
        if bare.is_parked(*client) {
            if dice.below(4) == 0 {
                bare.unblock(*client);
            }
            // It says nothing while its call waits.
            continue;
        }
        bare.call(*client, &line.slices());
        process.pause.until.store(0, Relaxed);
        process.following.leave();
        if !bare.is_open(*client) {
            *client = bare.connect(Version::Resp3);
        }
        match dice.below(20) {
            0 => bare.advance(dice.next() % 2000),
            1 => drop(bare.sweep()),
            _ => {}
        }
    }
    let records = bare.take_records();
    assert!(records.len() > CALLS / 20, "only {} of {CALLS} calls were recorded", records.len());
    check("random run", &process, bare.now, &records, &mut dice, bare::small);
}

/// Big collections keep their order through a snapshot: what SPOP takes afterwards depends on it.
#[test]
fn big_collections_replay() {
    let seed = seed("replay");
    let mut dice = Dice::new(seed);
    let process = bare::small(dice.next());
    let mut bare = Bare::new(&process, dice.next());
    let client = bare.connect(Version::Resp3);
    for round in 0..60_000 {
        let n = dice.below(30_000);
        // Mostly growing at first, mostly shrinking in the end.
        if dice.below(50) == 0 {
            bare.advance(dice.next() % 20);
            bare.sweep_some(40);
        }
        let line = match dice.below(if round < 50_000 { 9 } else { 14 }) {
            0 | 1 => format!("SADD set {n} {}", n * 7),
            2 => format!("SADD numbers {n}"),
            3 => format!("HSET hash {n} {round}"),
            4 => format!("RPUSH list {n}"),
            5 => format!("ZADD sorted {} {n}", dice.below(100)),
            6 => format!("HSET mortal {n} {round}"),
            7 => format!("HPEXPIRE mortal {} FIELDS 1 {}", 1 + n % 9000, dice.below(3_000)),
            8 | 9 => format!("SREM set {n}"),
            10 => format!("HDEL hash {n}"),
            11 => format!("ZREM sorted {n}"),
            12 => "LPOP list".to_owned(),
            _ => format!("SPOP {} 3", pick(&mut dice, &["set", "numbers"])),
        };
        bare.line(client, &line);
    }
    let records = bare.take_records();
    assert!(records.len() > 20_000, "only {} records", records.len());
    for _ in 0..2 {
        check("big collections", &process, bare.now, &records, &mut dice, bare::small);
    }
}

/// The settings that decide when collections become big are local: they change the form and nothing
/// else. So the same records give the same contents under any of them, also when they change in
/// between, and scans meet every element that stays.
#[test]
fn the_form_of_collections_never_shows() {
    let seed = seed("form");
    let mut dice = Dice::new(seed);
    let settings = [
        "hash-max-listpack-entries",
        "hash-max-ziplist-value",
        "set-max-intset-entries",
        "set-max-listpack-entries",
        "set-max-listpack-value",
        "zset-max-ziplist-entries",
        "zset-max-listpack-value",
        "list-max-listpack-size",
    ];
    let set_all = |bare: &mut Bare<'_>, client, sizes: &[i64]| {
        for (name, size) in settings.iter().zip(sizes) {
            let answer = bare.line(client, &format!("CONFIG SET {name} {size}"));
            assert_eq!(answer.frames, [Frame::Simple("OK".into())], "{name} {size}");
        }
    };
    // Nothing is packed, everything is, and now this, now that.
    let bounds: [Option<[i64; 8]>; 3] = [
        Some([0; 8]),
        Some([1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, -5]),
        None,
    ];
    let chance = dice.next();
    let run = |round: usize, script: &mut Dice| {
        let process = bare::small(round as u64);
        let mut bare = Bare::new(&process, chance);
        let client = bare.connect(Version::Resp3);
        let mut local = Dice::new(round as u64);
        if let Some(sizes) = bounds[round] {
            set_all(&mut bare, client, &sizes);
        }
        for step in 0..6000 {
            if bounds[round].is_none() && step % 50 == 0 {
                let sizes = [(); 8].map(|()| local.below(200) as i64);
                set_all(&mut bare, client, &sizes);
            }
            // Three keys of each kind: of few elements, of some hundred, of thousands.
            let size = script.below(3);
            let n = script.below([12, 400, 9000][size]);
            let long = "x".repeat(if script.below(300) == 0 { script.below(200) } else { 3 });
            let deadline = bare.now + 1 + script.below(400) as u64;
            let line = match script.below(27) {
                0..3 => format!("HSET hash{size} f{n} {long}"),
                3 | 4 => format!("HDEL hash{size} f{n} f{}", n / 2),
                5 => format!("HINCRBY hash{size} count{} 1", n % 3),
                6..8 => format!("SADD set{size} m{n} {long}{n}"),
                8 => format!("SREM set{size} m{n}"),
                9 => format!("SADD numbers{size} {n} {}", n * 3),
                10 => format!("SREM numbers{size} {n}"),
                11 => format!("SPOP {}{size} {}", ["set", "numbers"][n % 2], n % 4),
                12..15 => format!("ZADD sorted{size} {} m{n} -0 {long}", n % 50),
                15 => format!("ZREM sorted{size} m{n}"),
                16 => format!("ZPOPMIN sorted{size} {}", n % 3),
                17 => format!("ZUNIONSTORE union 2 sorted{size} sorted0"),
                18 => format!("SUNIONSTORE all set{size} numbers0"),
                19 => format!("RPUSH list{size} {n} {long}"),
                20 => format!("LREM list{size} 1 {n}"),
                21 | 22 => format!("HSET mortal{size} f{n} {long} f{} v", n / 2),
                23 => format!("HPEXPIREAT mortal{size} {deadline} FIELDS 2 f{n} f{}", n / 2),
                24 => format!("HSETEX mortal{size} PXAT {deadline} FIELDS 1 f{n} {long}"),
                25 => [
                    format!("HPERSIST mortal{size} FIELDS 1 f{n}"),
                    format!("HDEL mortal{size} f{n} f{}", n / 3),
                    format!("HSETEX mortal{size} KEEPTTL FIELDS 1 f{n} {long}"),
                    format!("COPY mortal{size} copy{} REPLACE", n % 2),
                ][n % 4]
                    .clone(),
                _ => format!("COPY {}{size} copy REPLACE", ["hash", "set", "sorted"][n % 3]),
            };
            let answer = bare.line(client, &line);
            let failed = line.contains("mortal") && matches!(answer.frames[..], [Frame::Error(_)]);
            assert!(!failed, "{line}: {answer:?}");
            if script.below(20) == 0 {
                bare.advance(script.below(40) as u64);
            }
        }
        (bare::contents(&process, bare.now), bare::digest(&process, bare.now), bare.take_records())
    };
    let script = dice.next();
    let packed = run(0, &mut Dice::new(script));
    assert!(packed.2.len() > 2000, "only {} records", packed.2.len());
    for round in 1..bounds.len() {
        let other = run(round, &mut Dice::new(script));
        for (place, held) in &packed.0 {
            assert_eq!(Some(held), other.0.get(place), "round {round}: {place:?}");
        }
        assert_eq!((packed.0.len(), packed.1), (other.0.len(), other.1), "round {round}");
    }
}

/// A changed bound holds for the next command of the same turn, and nothing that is big becomes
/// small again.
#[test]
fn encodings_follow_the_settings_at_once() {
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let client = bare.connect(Version::Resp3);
    let mut encoding_after = |lines: &[&str]| {
        for line in lines {
            bare.line(client, line);
        }
        let [Frame::Bulk(name)] = &bare.line(client, "OBJECT ENCODING k").frames[..] else {
            panic!("no encoding after {lines:?}");
        };
        String::from_utf8_lossy(name).into_owned()
    };
    for (setting, write, one_more, small, big) in [
        ("hash-max-listpack-entries 2", "HSET k a 1 b 2", "HSET k c 3", "listpack", "hashtable"),
        ("hash-max-ziplist-value 3", "HSET k a 123", "HSET k a 1234", "listpack", "hashtable"),
        ("set-max-intset-entries 2", "SADD k 1 2", "SADD k 3", "intset", "hashtable"),
        ("set-max-listpack-entries 2", "SADD k a b", "SADD k c", "listpack", "hashtable"),
        ("set-max-listpack-value 3", "SADD k abc", "SADD k abcd", "listpack", "hashtable"),
        ("zset-max-listpack-entries 2", "ZADD k 1 a 2 b", "ZADD k 3 c", "listpack", "skiplist"),
        ("zset-max-ziplist-value 3", "ZADD k 1 abc", "ZADD k 1 abcd", "listpack", "skiplist"),
        ("list-max-listpack-size 2", "RPUSH k a b", "RPUSH k c", "listpack", "quicklist"),
    ] {
        let (name, _) = setting.split_once(' ').expect("a name and a value");
        let grown = ["DEL k", &format!("CONFIG SET {setting}"), write];
        assert_eq!(encoding_after(&grown), small, "{setting}");
        assert_eq!(encoding_after(&[one_more]), big, "{setting}");
        let raised = format!("CONFIG SET {name} 100");
        let stays = if name.starts_with("list") { "listpack" } else { big };
        assert_eq!(encoding_after(&[&raised, one_more]), stays, "{setting} raised");
    }
}

/// An element that stays is met by a scan, whatever comes and goes meanwhile, and whether or not
/// the collection becomes big in the middle.
#[test]
fn scans_of_collections_meet_what_stays() {
    let seed = seed("scan");
    let mut dice = Dice::new(seed);
    let process = bare::small(dice.next());
    let mut bare = Bare::new(&process, dice.next());
    let client = bare.connect(Version::Resp3);
    for round in 0..24 {
        // Just below where it becomes big, well above, and so big that it has several parts.
        let stay = [3, 120, 500, 4000][round % 4];
        let kind = ["HSCAN", "SSCAN", "ZSCAN"][round % 3];
        bare.line(client, "DEL key");
        let add = |names: &[String]| match kind {
            "HSCAN" => format!("HSET key {}", names.join(" v ") + " v"),
            "SSCAN" => format!("SADD key {}", names.join(" ")),
            _ => format!("ZADD key 1 {}", names.join(" 1 ")),
        };
        let remove = ["HDEL", "SREM", "ZREM"][round % 3];
        let mut names: Vec<String> = (0..stay).map(|n| format!("stay{n}")).collect();
        names.extend((0..stay / 2).map(|n| format!("go{n}")));
        for chunk in names.chunks(100) {
            bare.line(client, &add(chunk));
        }
        let (mut cursor, mut seen, mut calls) = ("0".to_owned(), BTreeSet::new(), 0);
        loop {
            let answer = bare.line(client, &format!("{kind} key {cursor} COUNT 10"));
            let [Frame::Array(parts)] = &answer.frames[..] else { panic!("{answer:?}") };
            let [Frame::Bulk(next), Frame::Array(found)] = &parts[..] else { panic!("{parts:?}") };
            let packed = calls == 0 && next.as_ref() == b"0";
            assert!(packed || found.len() <= 2 * 30, "{} elements at once", found.len());
            for element in found {
                if let Frame::Bulk(name) = element {
                    seen.insert(String::from_utf8_lossy(name).into_owned());
                }
            }
            cursor = String::from_utf8_lossy(next).into_owned();
            calls += 1;
            if cursor == "0" {
                break;
            }
            match dice.below(3) {
                0 => {
                    let fresh: Vec<_> =
                        (0..dice.below(300)).map(|_| format!("new{}", dice.next())).collect();
                    if !fresh.is_empty() {
                        bare.line(client, &add(&fresh));
                    }
                }
                _ => {
                    let gone: Vec<_> =
                        (0..30).map(|_| format!("go{}", dice.below(stay / 2 + 1))).collect();
                    bare.line(client, &format!("{remove} key {}", gone.join(" ")));
                }
            }
        }
        for n in 0..stay {
            assert!(seen.contains(&format!("stay{n}")), "round {round}: {kind} missed stay{n}");
        }
    }
}

/// Streams keep their blocks through a snapshot, which trimming by blocks goes by, and groups what
/// was given to whom.
#[test]
fn streams_replay() {
    let seed = seed("replay");
    let mut dice = Dice::new(seed);
    let process = bare::small(dice.next());
    let mut bare = Bare::new(&process, dice.next());
    let client = bare.connect(Version::Resp3);
    let fields = ["a 1", "a 1 b 2", "a 1700000000000 b some-longer-text-than-before"];
    for group in ["g0", "g1"] {
        bare.line(client, &format!("XGROUP CREATE s0 {group} 0 MKSTREAM"));
        bare.line(client, &format!("XGROUP CREATE s1 {group} 0 MKSTREAM"));
    }
    for round in 0..30_000 {
        let (n, field) = (dice.below(30), pick(&mut dice, &fields));
        let (s, g, c) = (dice.below(2), dice.below(2), dice.below(3));
        let id = format!("{}-{}", bare.now - dice.below(60) as u64, dice.below(4));
        let line = match dice.below(if round < 15_000 { 16 } else { 20 }) {
            0..=7 => format!("XADD s{s} * {field}"),
            8 => format!("XADD s{s} MAXLEN ~ {} * {field}", 100 * n),
            9..=11 => format!("XREADGROUP GROUP g{g} c{c} COUNT {n} STREAMS s{s} >"),
            12 => format!("XAUTOCLAIM s{s} g{g} c{c} 50 - COUNT {n}"),
            13 => format!("XCLAIM s{s} g{g} c{c} 10 {id} {id} FORCE"),
            14 => format!("XREADGROUP GROUP g{g} c{c} COUNT {n} STREAMS s{s} 0"),
            15 => format!("XACK s{s} g{g} {id}"),
            16 => format!("XTRIM s{s} MINID ~ {id} LIMIT {}", 50 * n),
            17 => format!("XDEL s{s} {id} {id}"),
            18 => format!("XACKDEL s{s} g{g} DELREF IDS 1 {id}"),
            _ => format!("XTRIM s{s} MAXLEN {} ACKED", 40 * n),
        };
        bare.line(client, &line);
        if dice.below(10) == 0 {
            bare.advance(dice.below(4) as u64);
        }
    }
    let records = bare.take_records();
    assert!(records.len() > 15_000, "only {} records", records.len());
    for _ in 0..2 {
        check("streams", &process, bare.now, &records, &mut dice, bare::small);
    }
}

/// Who waits in a group and is tried in vain leaves no record, and a change that adds nothing tries
/// nobody.
#[test]
fn waiting_in_vain_leaves_no_record() {
    let process = bare::small(1);
    let mut bare = Bare::new(&process, 1);
    let [one, two, writer] = [(); 3].map(|()| bare.connect(Version::Resp3));
    bare.line(writer, "XGROUP CREATE s g $ MKSTREAM");
    bare.line(one, "XREADGROUP GROUP g one BLOCK 0 STREAMS s >");
    bare.line(two, "XREADGROUP GROUP g two BLOCK 0 STREAMS s >");
    bare.take_records();
    let mut recorded = |line: &str| {
        bare.line(writer, line);
        let records = bare.take_records();
        let name = |record: &Record| record.request.as_request().name().to_vec();
        let names: Vec<_> = records.iter().map(name).collect();
        (names.join(&b' '), [one, two].map(|client| bare.is_parked(client)))
    };
    assert_eq!(recorded("XADD s 1 f v"), (b"XADD XREADGROUP".to_vec(), [false, true]));
    assert_eq!(recorded("XACK s g 1"), (b"XACK".to_vec(), [false, true]));
    assert_eq!(recorded("XDEL s 1"), (b"XDEL".to_vec(), [false, true]));
    assert_eq!(recorded("XSETID s 5"), (b"XSETID".to_vec(), [false, true]));
    assert_eq!(recorded("XADD s 6 f v"), (b"XADD XREADGROUP".to_vec(), [false, false]));
}

/// Expiry is a function of time, not of who looked: replaying later or sweeping more often changes
/// nothing.
#[test]
fn sweeping_changes_no_meaning() {
    let seed = seed("replay");
    let mut dice = Dice::new(seed);
    let processes = [bare::small(dice.next()), bare::small(dice.next())];
    let chance = dice.next();
    let [mut swept, mut left] = processes.each_ref().map(|process| Bare::new(process, chance));
    let clients = [swept.connect(Version::Resp3), left.connect(Version::Resp3)];
    let writes: Vec<&Entry> =
        processes[0].table.entries().iter().filter(|entry| entry.command.writes()).collect();
    for _ in 0..CALLS / 10 {
        let line = Line::random(pick(&mut dice, &writes).command, &mut dice);
        let one = swept.call(clients[0], &line.slices());
        let other = left.call(clients[1], &line.slices());
        assert_eq!(one.frames, other.frames, "{:?}", line.args);
        let span = dice.next() % 500;
        swept.advance(span);
        left.advance(span);
        swept.sweep();
    }
    assert_same("swept and not", &processes[0], &processes[1], left.now);
}
