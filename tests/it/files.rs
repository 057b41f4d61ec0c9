//! Redis's files, whole and damaged, through the loader and back out by the export.

use mainstay_server::clock::Millis;
use mainstay_server::dice::Dice;
use mainstay_server::migration::export::export;
use mainstay_server::migration::load::{How, load};
use mainstay_server::persist::rdb::file::Writer;
use mainstay_server::process::Process;
use mainstay_tests::bare::{self, Bare};
use mainstay_tests::frozen;
use mainstay_tests::lines::Line;
use mainstay_tests::seed::{pick, seed};

use mainstay_protocol::Version;

use crate::checks::check_file;

const HOW: How = How { loaders: 2, dead_at: None };

/// What is alive, as a file.
fn written(process: &Process, now: Millis) -> Vec<u8> {
    let libraries = [b"#!lua name=one\nreturn 1".to_vec()];
    export(&process.keyspace, &libraries, now, Vec::new()).expect("memory takes it").1
}

/// A file with a value of every form, in several databases, half of them with deadlines.
fn every_form() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), 12);
    writer.aux("redis-ver", b"7.4.0");
    for (number, (form, body)) in frozen::all().into_iter().enumerate() {
        writer.database(number as u64 % 3, 20, 10);
        let value = [&[form], &body[..]].concat();
        let deadline = (number % 2 == 0).then_some(bare::START + 1 + number as u64);
        writer.key(format!("key {number}").as_bytes(), deadline, &value).expect("memory");
    }
    writer.finish().expect("memory takes it")
}

#[test]
fn random_keys_go_out_and_come_back() {
    let mut dice = Dice::new(seed("files"));
    for _ in 0..6 {
        let process = bare::small(dice.next());
        let mut bare = Bare::new(&process, dice.next());
        let writes: Vec<_> =
            process.table.entries().iter().filter(|entry| entry.command.writes()).collect();
        let client = bare.connect(Version::Resp3);
        for round in 0..3000 {
            if round % 100 == 0 {
                bare.line(client, &format!("SELECT {}", dice.below(4)));
            }
            if !bare.is_parked(client) {
                let line = Line::random(pick(&mut dice, &writes).command, &mut dice);
                if !line.slices()[0].to_ascii_uppercase().starts_with(b"FLUSH") {
                    bare.call(client, &line.slices());
                }
            } else {
                bare.unblock(client);
            }
        }
        let file = written(&process, bare.now);
        let fresh = bare::small(dice.next());
        let (loaded, _) = load(&file[..], &fresh.keyspace, HOW, |_, _| {}).expect("it is whole");
        assert_eq!(loaded.bytes, file.len() as u64);
        assert_eq!(loaded.libraries, [b"#!lua name=one\nreturn 1"]);
        let (one, other) = (bare::contents(&process, bare.now), bare::contents(&fresh, bare.now));
        assert_eq!(loaded.keys, one.len() as u64);
        let places = |held: &std::collections::BTreeMap<_, bare::Held>| {
            let known = held.iter().map(|(place, (deadline, tag, _))| {
                (<(usize, Vec<u8>)>::clone(place), *deadline, *tag)
            });
            known.collect::<Vec<_>>()
        };
        assert_eq!(places(&one), places(&other));
        // The order within a container is Redis's; written again, the same bytes mean the same.
        let again = written(&fresh, bare.now);
        assert_eq!(again.len(), file.len());
    }
}

#[test]
fn every_form_is_loaded_with_its_deadline() {
    let process = bare::small(1);
    let (loaded, _) = load(&every_form()[..], &process.keyspace, HOW, |_, _| {}).expect("whole");
    assert_eq!(loaded.keys, frozen::all().len() as u64);
    assert_eq!(loaded.aux("redis-ver"), Some("7.4.0"));
    let contents = bare::contents(&process, bare::START);
    let (deadline, _, _) = &contents[&(2, b"key 2".to_vec())];
    assert_eq!(*deadline, Some(bare::START + 3));

    let fresh = bare::small(2);
    let how = How { dead_at: Some(bare::START + 3), ..HOW };
    let (later, _) = load(&every_form()[..], &fresh.keyspace, how, |_, _| {}).expect("whole");
    assert_eq!((later.dead, later.keys), (2, loaded.keys - 2));
}

#[test]
fn a_key_that_comes_twice_is_damage_and_so_is_a_database_too_many() {
    let refused = |write: &dyn Fn(&mut Writer<Vec<u8>>)| {
        let mut writer = Writer::new(Vec::new(), 10);
        write(&mut writer);
        let file = writer.finish().expect("memory takes it");
        let loaded = load(&file[..], &bare::small(1).keyspace, HOW, |_, _| {});
        loaded.map(|(loaded, _)| loaded.keys).expect_err("damage").to_string()
    };
    let twice = refused(&|writer| {
        for number in 0..9000 {
            let key = format!("key {}", number % 8999);
            writer.key(key.as_bytes(), None, &[0, 1, b'v']).expect("memory takes it");
        }
    });
    assert!(twice.contains("\"key 0\" comes twice"), "{twice}");
    let beyond = refused(&|writer| {
        writer.database(4, 1, 0);
        writer.key(b"k", None, &[0, 1, b'v']).expect("memory takes it");
    });
    assert!(beyond.contains("beyond the 4 of `databases`"), "{beyond}");
}

#[test]
fn large_values_are_read_in_place() {
    let mut writer = Writer::new(Vec::new(), 10);
    let long = vec![b'x'; 3 << 20];
    let mut value = vec![0, 0x80];
    value.extend((long.len() as u32).to_be_bytes());
    value.extend(&long);
    writer.key(b"before", None, &[0, 1, b'v']).expect("memory");
    writer.key(b"long", Some(bare::START + 9), &value).expect("memory");
    writer.key(b"behind", None, &[0, 1, b'v']).expect("memory");
    let file = writer.finish().expect("memory");
    let process = bare::small(1);
    load(&file[..], &process.keyspace, HOW, |_, _| {}).expect("whole");
    let contents = bare::contents(&process, bare::START);
    assert_eq!(contents.len(), 3);
    assert_eq!(contents[&(0, b"long".to_vec())], (Some(bare::START + 9), 0, long));
}

/// What a keyspace holds does not matter once a file was refused; that it is refused does.
#[test]
fn damaged_files_are_refused_or_mean_something() {
    let mut dice = Dice::new(seed("files"));
    let whole = every_form();
    for round in 0..4000 {
        let mut file = whole.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(file.len());
            match dice.below(4) {
                0 => file[at] ^= 1 << dice.below(8),
                1 => file[at] = *pick(&mut dice, &[0, 1, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xff]),
                2 => file.insert(at, dice.next() as u8),
                _ => file.truncate(at + 1),
            }
        }
        // Without a checksum what is inside is looked at, not only the sum.
        if dice.below(2) == 0 && file.len() > 8 {
            let end = file.len() - 8;
            file[end..].fill(0);
        }
        check_file(&file);
        if round % 10 == 0 {
            let _ = load(&file[..], &bare::small(round).keyspace, HOW, |_, _| {});
        }
    }
}
