//! support/lines.rs — random request lines made from a command's grammar.
//!
//! What comes out is always within the grammar; whether it makes sense (a key of the right kind, a
//! number in range) is left to chance.

use mainstay_server::command::{Access, Arg, Command, Type};
use mainstay_server::dice::Dice;

use crate::seed::{bytes, pick};

/// Keys of random lines: few, so that commands meet each other's.
pub const KEYS: [&[u8]; 8] = [b"k0", b"k1", b"k2", b"k3", b"k4", b"k5", b"a longer key, 24 b", b""];

/// What RESTORE takes: a value of each kind, dumped by redis-server 7.0, and one that is damaged.
const SERIALISED: [&[u8]; 8] = [
    b"\x00\x05hello\n\x00cr\xdfve4 \n",
    b"\x00\xc0\xf9\n\x00^&\xd10\xd7\xa2B\xab",
    b"\x12\x01\x02\x0e\x0e\x00\x00\x00\x03\x00\x81a\x02\x05\x01\x80\x01\
      \xff\n\x00\xac\xc4>\xf4\x0b\xf4\xe2a",
    b"\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00,\x01\n\x00\
      \xe5\x10\xb2\x8e{\x95)\xaa",
    b"\x02\x01\x01a\n\x00b\x96\xe9~D\xd2\x1am",
    b"\x11\x14\x14\x00\x00\x00\x04\x00\x81a\x02\x831.5\x04\x81b\x02\x02\
      \x01\xff\n\x00\xfa\x02\xb4%\xaf\x18\x87c",
    b"\x10\x12\x12\x00\x00\x00\x04\x00\x81f\x02\x81v\x02\x81g\x02\x07\x01\
      \xff\n\x00g\x0fs\xbad\xa7\xf2\xa2",
    b"\x00\x05hallo\n\x00cr\xdfve4 \n",
];

/// A request, and where its keys are.
#[derive(Debug, Clone)]
pub struct Line {
    /// Name and arguments.
    pub args: Vec<Vec<u8>>,
    /// The positions of its keys, and what the command does to each.
    pub keys: Vec<(usize, Access)>,
}

impl Line {
    /// A random call of the command.
    pub fn random(command: &Command, dice: &mut Dice) -> Line {
        let words = command.name.split(' ').map(|word| word.as_bytes().to_vec());
        let mut line = Line { args: words.collect(), keys: Vec::new() };
        command.args.iter().for_each(|arg| line.add(arg, dice));
        line
    }

    /// The arguments, borrowed.
    pub fn slices(&self) -> Vec<&[u8]> {
        self.args.iter().map(Vec::as_slice).collect()
    }

    fn push(&mut self, arg: impl Into<Vec<u8>>) {
        self.args.push(arg.into());
    }

    fn add(&mut self, arg: &Arg, dice: &mut Dice) {
        match arg {
            Arg::Key(_, access) => {
                self.keys.push((self.args.len(), *access));
                self.push(*pick(dice, &KEYS));
            }
            Arg::Value(name, kind) => {
                let value = value(name, *kind, dice);
                self.push(value);
            }
            Arg::Word(word) => self.push(any_case(word, dice)),
            Arg::Tagged(word, inner) => {
                self.push(any_case(word, dice));
                self.add(inner, dice);
            }
            Arg::Maybe(inner) => {
                if dice.below(2) == 0 {
                    self.add(inner, dice);
                }
            }
            Arg::OneOf(choices) => self.add(pick(dice, choices), dice),
            Arg::Group(parts) => parts.iter().for_each(|part| self.add(part, dice)),
            Arg::Many(inner) => (0..=dice.below(3)).for_each(|_| self.add(inner, dice)),
            Arg::AnyOrder(options) => {
                let mut left: Vec<&Arg> = options.iter().collect();
                while !left.is_empty() && dice.below(3) != 0 {
                    let option = left.swap_remove(dice.below(left.len()));
                    self.add(option, dice);
                }
            }
            Arg::Halves(first, second) => {
                // Mostly one: all of them must be right together.
                let count = 1 + dice.below(3) * dice.below(2);
                (0..count).for_each(|_| self.add(first, dice));
                (0..count).for_each(|_| self.add(second, dice));
            }
            Arg::Counted(inner) => {
                let count = 1 + dice.below(3);
                self.push(count.to_string());
                (0..count).for_each(|_| self.add(inner, dice));
            }
        }
    }
}

fn any_case(word: &str, dice: &mut Dice) -> Vec<u8> {
    let lower = dice.below(2) == 0;
    if lower { word.to_ascii_lowercase().into() } else { word.into() }
}

fn value(name: &str, kind: Type, dice: &mut Dice) -> Vec<u8> {
    let number = |value: usize| value.to_string().into_bytes();
    match kind {
        Type::Bytes if name == "serialized-value" => pick(dice, &SERIALISED).to_vec(),
        // Asked for as many as that: Redis's own grammar calls it an integer.
        Type::Integer if name == "count" => number(1 + dice.below(20)),
        Type::Integer => (dice.below(200) as i64 - 100).to_string().into_bytes(),
        Type::Bytes if name == "rule" => pick(dice, &["r1", "r1", "r2", "r3"]).as_bytes().to_vec(),
        Type::Bytes if name == "zone" => {
            pick(dice, &["UTC", "Europe/Berlin", "-03:30"]).as_bytes().to_vec()
        }
        Type::Bytes if name == "encoding" => {
            pick(dice, &["u1", "i5", "u8", "i64", "u63", "u64"]).as_bytes().to_vec()
        }
        Type::Bytes if name == "subcommand" => {
            pick(dice, &["ENCODING", "DECODE", "TODENSE", "GETREG"]).as_bytes().to_vec()
        }
        Type::Float => pick(dice, &["0", "1.5", "-2.25", "1e3", "3"]).as_bytes().to_vec(),
        Type::Count => number(dice.below(20)),
        Type::Positive => number(1 + dice.below(20)),
        Type::Flag => number(dice.below(2)),
        Type::Timeout => pick(dice, &["0", "0.05", "7"]).as_bytes().to_vec(),
        Type::Duration => number(1 + dice.below(500)),
        Type::Deadline if name.contains("milli") => number(1_700_000_000_000 + dice.below(100_000)),
        Type::Deadline => number(1_700_000_000 + dice.below(100)),
        Type::Pattern => pick(dice, &["*", "k*", "k[0-3]", "?1", "\\*"]).as_bytes().to_vec(),
        Type::Channel => pick(dice, &["news", "c1", "c2"]).as_bytes().to_vec(),
        Type::Database => number(dice.below(4)),
        Type::Cursor => number(0),
        Type::StreamId => stream_id(dice),
        Type::Bytes if name == "group" => pick(dice, &["g1", "g1", "g1", "g2"]).as_bytes().to_vec(),
        Type::Bytes if name == "consumer" => pick(dice, &["c1", "c2"]).as_bytes().to_vec(),
        _ => match dice.below(4) {
            0 => number(dice.below(100)),
            1 => bytes(dice, 100),
            2 => pick(dice, &["m0", "m1", "m2", "m3"]).as_bytes().to_vec(),
            _ => bytes(dice, 8),
        },
    }
}

/// Ids as they come of `XADD *` when little time has passed, and a few small ones, so that entries
/// are found, read and acknowledged.
fn stream_id(dice: &mut Dice) -> Vec<u8> {
    match dice.below(8) {
        0 => format!("{}-{}", dice.below(3), 1 + dice.below(5)),
        1 => format!("{}", 1 + dice.below(9)),
        2 => "0".to_owned(),
        3 => "1700000000000".to_owned(),
        _ => format!("1700000000000-{}", dice.below(12)),
    }
    .into_bytes()
}
