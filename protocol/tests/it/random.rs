//! Runs the checks of the fuzz targets over random inputs that look like the protocol.
//!
//! A seed is drawn for each run and printed; `FUZZ_SEED=n` repeats one.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::checks::{check_reply, check_request, check_round_trip};

/// What requests and replies are made of, whole and broken.
const SCRAPS: &[&[u8]] = &[
    b"\r\n",
    b"\r",
    b"\n",
    b"*1\r\n",
    b"*2\r\n",
    b"*3\r\n",
    b"*0\r\n",
    b"*-1\r\n",
    b"*40\r\n",
    b"$0\r\n\r\n",
    b"$1\r\nk\r\n",
    b"$3\r\nGET\r\n",
    b"$3\r\n\r\n$\r\n",
    b"$12\r\nhello world!\r\n",
    b"$100\r\n",
    b"$-1\r\n",
    b"*",
    b"$",
    b"1",
    b"10",
    b"9",
    b"16385",
    b"536870913",
    b"1048577",
    b"PING\r\n",
    b"set \"a b\" 'c d'\r\n",
    b"\"\\x41\\n\"",
    b"'",
    b"\"",
    b" ",
    b"\\",
    b"\0",
    b"\xff",
    b"+OK\r\n",
    b"-ERR no\r\n",
    b":1\r\n",
    b":-42\r\n",
    b"_\r\n",
    b"#t\r\n",
    b"#f\r\n",
    b",1.5\r\n",
    b",inf\r\n",
    b"(123\r\n",
    b"=7\r\ntxt:abc\r\n",
    b"!5\r\nERR x\r\n",
    b"%1\r\n",
    b"~2\r\n",
    b">2\r\n",
    b"|1\r\n",
    b"|0\r\n",
    b"$?\r\n",
    b"*?\r\n",
];

/// Xorshift: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % bound
    }
}

#[test]
fn any_bytes_as_requests() {
    run(5000, scraps, check_request);
}

#[test]
fn any_bytes_as_replies() {
    run(5000, scraps, check_reply);
}

#[test]
fn any_frame_written_and_read() {
    run(3000, noise, check_round_trip);
}

fn run(rounds: usize, make: fn(&mut Dice) -> Vec<u8>, check: fn(&[u8])) {
    let given = std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    eprintln!("FUZZ_SEED={seed}");
    let mut dice = Dice(seed | 1);
    for _ in 0..rounds {
        let input = make(&mut dice);
        let result = std::panic::catch_unwind(|| check(&input));
        assert!(result.is_ok(), "FUZZ_SEED={seed} fails with {}", input.escape_ascii());
    }
}

/// Two bytes of choices, then scraps of the protocol with a broken byte here and there.
fn scraps(dice: &mut Dice) -> Vec<u8> {
    let mut input = vec![dice.roll(256) as u8, dice.roll(256) as u8];
    // Enough whole arguments in a row that a decoder keeps what it has read.
    if dice.roll(4) == 0 {
        input.extend_from_slice(b"PING\r\n*40\r\n");
        (0..39 + dice.roll(2)).for_each(|_| input.extend_from_slice(b"$2\r\nab\r\n"));
    }
    for _ in 0..dice.roll(30) {
        input.extend_from_slice(SCRAPS[dice.roll(SCRAPS.len())]);
    }
    if dice.roll(4) == 0 {
        let at = dice.roll(input.len());
        input[at] = dice.roll(256) as u8;
    }
    input
}

fn noise(dice: &mut Dice) -> Vec<u8> {
    (0..dice.roll(600)).map(|_| dice.roll(256) as u8).collect()
}
