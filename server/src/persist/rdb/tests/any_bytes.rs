//! Any bytes: no panic, and no memory but in proportion.

use std::io::{self, BufRead, Read};

use super::super::stream::{Consumer, Delivery, EntriesRead, Entry, Extent, Id, Sink};
use super::super::{form, hash, list, lzf, payload, set, sorted_set, stream, string};
use super::frozen::{all, told};
use crate::dice::Dice;

/// Gives bytes away a few at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let some = self.fill_buf()?.read(to)?;
        self.consume(some);
        Ok(some)
    }
}

impl BufRead for Drops<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.0[..self.0.len().min(self.1)])
    }

    fn consume(&mut self, amount: usize) {
        assert!(amount <= self.1);
        self.0 = &self.0[amount..];
    }
}

fn dice() -> Dice {
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    eprintln!("seed {seed}");
    Dice::new(seed)
}

const FORMS: std::ops::Range<u8> = 0..form::HASH_LISTPACK_EX + 3;

#[test]
fn noise_is_refused_or_read_and_nothing_worse() {
    let mut dice = dice();
    for _ in 0..20_000 {
        let length = dice.below(200);
        let bytes: Vec<u8> = (0..length).map(|_| dice.next() as u8 >> dice.below(8)).collect();
        for form in FORMS {
            let _ = told(form, &bytes);
        }
        payload::open(&bytes);
    }
}

/// Values that were right once: a bit is flipped, a byte is another, a part is moved.
#[test]
fn damaged_values_are_refused_or_read_and_nothing_worse() {
    let mut dice = dice();
    let frozen = all();
    for _ in 0..60_000 {
        let value = &frozen[dice.below(frozen.len())];
        let mut bytes = value.bytes.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(4) {
                0 => bytes[at] ^= 1 << dice.below(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0x81, 0xc3, 0xfe, 0xff][dice.below(8)],
                2 => bytes.rotate_left(at),
                _ => bytes.truncate(at + 1),
            }
        }
        let said = told(value.form, &bytes);
        // However the input comes in, it says the same.
        let mut drops = Drops(&bytes, 1 + dice.below(7));
        let again = told_from(value.form, &mut drops);
        assert_eq!(
            said.is_ok(),
            again.is_ok() && drops.0.is_empty(),
            "{} as {bytes:x?}",
            value.name
        );
    }
}

fn told_from(form: u8, from: &mut dyn BufRead) -> io::Result<()> {
    match form {
        form if list::FORMS.contains(&form) => list::read(form, from, |_| Ok(())),
        form if set::FORMS.contains(&form) => set::read(form, from, |_| Ok(())),
        form if sorted_set::FORMS.contains(&form) => sorted_set::read(form, from, |_, _| Ok(())),
        form if hash::FORMS.contains(&form) => hash::read(form, from, |_, _, _| Ok(())),
        form::STRING => string::read(from, |_| ()),
        _ => stream::read(form, from, &mut Deaf),
    }
}

/// Takes anything.
struct Deaf;

impl Sink for Deaf {
    fn entry(&mut self, _: &Entry<'_>) -> io::Result<()> {
        Ok(())
    }

    fn extent(&mut self, _: Extent) -> io::Result<()> {
        Ok(())
    }

    fn group(&mut self, _: &[u8], _: Id, _: EntriesRead) -> io::Result<()> {
        Ok(())
    }

    fn consumer(&mut self, _: Consumer<'_>) -> io::Result<()> {
        Ok(())
    }

    fn pending(&mut self, _: Id, _: Delivery) -> io::Result<()> {
        Ok(())
    }
}

/// Gigabytes are announced, and a few bytes are there.
#[test]
fn announced_lengths_take_no_memory() {
    let huge: [&[u8]; 4] = [
        &[0x81, 0, 0, 0, 0, 0x1f, 0xff, 0xff, 0xff],
        &[0x80, 0x1f, 0xff, 0xff, 0xff, b'x'],
        &[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xc3, 3, 0x80, 0x1f, 0xff, 0xff, 0xff, 0xe0, 0xff, 0],
    ];
    for bytes in huge {
        for form in FORMS {
            assert!(told(form, bytes).is_err(), "{form}: {bytes:x?}");
        }
    }
}

#[test]
fn what_lzf_unpacks_is_bounded() {
    let mut dice = dice();
    for _ in 0..50_000 {
        let packed: Vec<u8> = (0..dice.below(60)).map(|_| dice.next() as u8).collect();
        let length = dice.below(3000);
        let mut unpacked = Vec::new();
        let done = lzf::decompress(&packed, length, &mut unpacked);
        assert!(unpacked.len() <= 88 * packed.len() && unpacked.len() <= length + 32);
        assert!(done.is_none() || unpacked.len() == length);
    }
}

#[test]
fn sealed_payloads_open_and_damaged_ones_do_not() {
    let mut dice = dice();
    for value in all() {
        let mut payload = [&[value.form], &value.bytes[..]].concat();
        let whole = payload.clone();
        payload::seal(&mut payload);
        assert_eq!(payload::open(&payload), Some(&whole[..]));
        for _ in 0..50 {
            let mut damaged = payload.clone();
            let at = dice.below(damaged.len());
            damaged[at] ^= 1 << dice.below(8);
            assert_eq!(payload::open(&damaged), None);
            assert_eq!(payload::open(&payload[..at]), None);
        }
    }
    // The latest version, and one beyond.
    for (version, opens) in [(12u16, true), (13, false)] {
        let mut payload = [&[0, 0][..], &version.to_le_bytes()].concat();
        payload.extend_from_slice(&super::super::crc64::crc64(0, &payload).to_le_bytes());
        assert_eq!(payload::open(&payload).is_some(), opens);
    }
}
