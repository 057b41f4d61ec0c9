//! support/lines.rs — random request lines made from a command's grammar.
//!
//! What comes out is always within the grammar; whether it makes sense (a key of the right kind, a
//! number in range) is left to chance.

use mainstay_server::command::{Access, Arg, Command, Type};
use mainstay_server::dice::Dice;

use crate::seed::{bytes, pick};

/// Keys of random lines: few, so that commands meet each other's.
pub const KEYS: [&[u8]; 8] = [b"k0", b"k1", b"k2", b"k3", b"k4", b"k5", b"a longer key, 24 b", b""];

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
        // Asked for as many as that: Redis's own grammar calls it an integer.
        Type::Integer if name == "count" => number(1 + dice.below(20)),
        Type::Integer => (dice.below(200) as i64 - 100).to_string().into_bytes(),
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
        _ => match dice.below(4) {
            0 => number(dice.below(100)),
            1 => bytes(dice, 100),
            2 => pick(dice, &["m0", "m1", "m2", "m3"]).as_bytes().to_vec(),
            _ => bytes(dice, 8),
        },
    }
}
