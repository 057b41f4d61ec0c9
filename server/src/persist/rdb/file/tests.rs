//! Files read back what was written, end where they end, and no byte goes wrong unseen.

use std::io::{self, Read};

use super::super::form;
use super::super::writer::put_string;
use super::{Damage, Part, Reader, Writer, scan};
use crate::dice::Dice;

/// A value of every form: the files that the codec's own tests have.
fn values() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/persist/rdb/frozen");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let value = |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut value = Vec::new();
        for line in text.lines() {
            if let Some(said) = line.strip_prefix("form ") {
                value.push(said.split(' ').next().unwrap().parse().unwrap());
            } else if !line.starts_with(['#', '=']) {
                let digits = line.split(';').next().unwrap().split_whitespace();
                value.extend(digits.map(|byte| u8::from_str_radix(byte, 16).unwrap()));
            }
        }
        value
    };
    paths.iter().map(value).collect()
}

/// What a file says, its values as they are.
fn said(from: impl Read, most: usize) -> Result<(Vec<Part>, Vec<Vec<u8>>), Damage> {
    let mut reader = Reader::new(from)?;
    let (mut parts, mut bodies) = (Vec::new(), Vec::new());
    loop {
        let part = reader.next_part()?;
        if let Part::Key { form, .. } = part {
            let mut body = reader.key().to_vec();
            body.push(form);
            let offset = reader.offset();
            let whole = scan(form, reader.input(), &mut body, most)
                .map_err(|why| Damage { offset, why })?;
            if !whole {
                // More is announced than can be.
                return Err(Damage { offset, why: io::ErrorKind::UnexpectedEof.into() });
            }
            bodies.push(body);
        }
        let ends = part == Part::End;
        parts.push(part);
        if ends {
            return Ok((parts, bodies));
        }
    }
}

fn whole_file() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), 12);
    writer.aux("redis-ver", b"7.0.15");
    writer.library(b"#!lua name=lib\n").unwrap();
    for (number, value) in values().into_iter().enumerate() {
        writer.database(number as u64 / 10, 10, 5);
        let deadline = (number % 2 == 1).then_some(1_700_000_000_000 + number as u64);
        writer.key(format!("key {number}").as_bytes(), deadline, &value).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn what_is_written_reads_back_with_a_value_of_every_form() {
    let file = whole_file();
    let (parts, bodies) = said(&file[..], usize::MAX).unwrap();
    let values = values();
    assert_eq!(bodies.len(), values.len());
    for (number, (body, value)) in bodies.iter().zip(&values).enumerate() {
        assert_eq!(*body, [format!("key {number}").as_bytes(), value].concat());
    }
    assert_eq!(parts[0], Part::Aux(b"redis-ver".to_vec(), b"7.0.15".to_vec()));
    assert_eq!(parts[1], Part::Library(b"#!lua name=lib\n".to_vec()));
    assert_eq!(parts[2], Part::Sizes(10, 5));
    let key = |database, deadline, form| Part::Key { database, deadline, form };
    assert_eq!(parts[3], key(0, None, values[0][0]));
    assert_eq!(parts[4], key(0, Some(1_700_000_000_001), values[1][0]));
    assert_eq!(parts.last(), Some(&Part::End));
}

#[test]
fn a_file_may_come_in_any_pieces() {
    struct Drops<'a>(&'a [u8], Dice);
    impl Read for Drops<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            if self.1.below(4) == 0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = (1 + self.1.below(40)).min(to.len()).min(self.0.len());
            to[..count].copy_from_slice(self.0.split_off(..count).unwrap());
            Ok(count)
        }
    }
    let file = whole_file();
    let in_drops = said(Drops(&file, Dice::new(3)), usize::MAX).unwrap();
    assert_eq!(in_drops, said(&file[..], usize::MAX).unwrap());
}

#[test]
fn no_cut_and_no_flipped_bit_goes_unseen() {
    let file = whole_file();
    for cut in 0..file.len() {
        let damage = said(&file[..cut], usize::MAX).unwrap_err();
        assert!(damage.offset <= cut as u64, "cut at {cut}: {damage}");
        assert_eq!(damage.why.kind(), io::ErrorKind::UnexpectedEof, "cut at {cut}: {damage}");
    }
    let mut file = file;
    for at in 0..file.len() {
        for bit in 0..8 {
            file[at] ^= 1 << bit;
            // One of the lower versions, which have no sum, or one that is read alike.
            let is_version = (5..9).contains(&at);
            assert!(said(&file[..], usize::MAX).is_err() || is_version, "bit {bit} of byte {at}");
            file[at] ^= 1 << bit;
        }
    }
}

#[test]
fn what_other_writers_say_is_understood() {
    let mut file = b"REDIS0003".to_vec();
    // A deadline in seconds, seldom used, often used; a key and a value that are integers.
    file.extend([253, 1, 0, 0, 0, 248, 0x40, 100, 249, 7, 0, 0xc0, 5, 0xc1, 0, 1]);
    // The slots of a cluster, and a module that keeps numbers, a float, a double and a string.
    file.extend([244, 1, 2, 3, 247, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1]);
    file.extend([1, 9, 2, 9, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, b'x', 0]);
    // A deadline of -1 is none, one before all time is over.
    file.extend([252, 255, 255, 255, 255, 255, 255, 255, 255, 0, 1, b'a', 1, b'b']);
    file.extend([252, 254, 255, 255, 255, 255, 255, 255, 255, 0, 1, b'a', 1, b'b', 255]);
    let (parts, bodies) = said(&file[..], usize::MAX).unwrap();
    let key = |deadline| Part::Key { database: 0, deadline, form: form::STRING };
    let aux = Part::ModuleAux("AAAAAAAAA".into());
    assert_eq!(parts, [key(Some(1000)), aux, key(None), key(Some(0)), Part::End]);
    assert_eq!(bodies[0], [b'5', form::STRING, 0xc1, 0, 1]);

    let refused = |bytes: &[u8]| said(bytes, usize::MAX).unwrap_err().to_string();
    assert_eq!(
        refused(b"REDIS0013"),
        "damaged at byte 0: a version of RDB that is not known; known are 1 to 12"
    );
    assert_eq!(refused(b"NOTREDIS1"), "damaged at byte 0: no file of Redis's (RDB)");
    assert_eq!(refused(b"REDIS"), "cut off at byte 0");
    let module = [&b"REDIS0010\x07\x01k\x81"[..], &[0; 8]].concat();
    assert!(
        refused(&module).contains("\"k\" belongs to a module 'AAAAAAAAA'"),
        "{}",
        refused(&module)
    );
}

#[test]
fn an_announced_length_takes_no_memory_and_a_long_value_is_left_in_the_input() {
    let announced = [&b"REDIS0010\x00\x01k\x81"[..], &[0x7f; 8]].concat();
    let mut reader = Reader::new(&announced[..]).unwrap();
    assert!(matches!(reader.next_part(), Ok(Part::Key { .. })));
    let mut to = Vec::new();
    assert!(
        scan(form::STRING, reader.input(), &mut to, usize::MAX >> 1).is_err() || to.len() < 100
    );
    assert!(to.capacity() < 1000);

    let mut value = vec![form::LIST, 100];
    (0..100).for_each(|_| put_string(&mut value, &[b'x'; 15]));
    let mut writer = Writer::new(Vec::new(), 10);
    writer.key(b"k", None, &value).unwrap();
    let file = writer.finish().unwrap();
    let mut reader = Reader::new(&file[..]).unwrap();
    reader.next_part().unwrap();
    let mut to = Vec::new();
    assert!(!scan(form::LIST, reader.input(), &mut to, 200).unwrap());
    assert!(to.len() <= 200);
    reader.input().take((value.len() - 1 - to.len()) as u64).read_to_end(&mut to).unwrap();
    assert_eq!(to, value[1..]);
    assert_eq!(reader.next_part().unwrap(), Part::End);
}
