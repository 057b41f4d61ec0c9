//! system/process/lolwut.rs — LOLWUT: something to look at.
//!
//! A ship under way: the mainstay is the rope that holds her mast up from before. Sky and sea are
//! thrown anew with every call.

use crate::command::options::{integer, is_word};
use crate::command::{Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::dice::Dice;
use crate::{REDIS_VERSION, VERSION};

const WIDTH: usize = 56;
const SHIP: [&str; 7] = [
    "     |>",
    "    /|\\",
    "   / |)\\",
    "  /  |))\\",
    " /   |)))\\",
    "/____|______\\_",
    " \\__o_o_o_o__/",
];

/// See its summary.
pub static LOLWUT: Command = Command {
    name: "LOLWUT",
    summary: "Displays computer art and the server's version.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Maybe(&Arg::Tagged("VERSION", &Arg::Value("version", Type::Integer))),
        Arg::Maybe(&Arg::Many(&Arg::Value("arg", Type::Bytes))),
    ],
    reply: Reply::Bulk,
    run: Run::Read(lolwut),
    also: &[Trait::Fast, Trait::InCategory("read")],
};

fn lolwut(cx: &mut Read<'_>) -> Outcome {
    // Every version draws the same; that it is a number is checked as Redis does.
    if is_word(cx.args.arg(1), "VERSION")
        && let Some(version) = cx.args.get(2)
    {
        integer(version)?;
    }
    let mut text = draw(&mut cx.dice);
    text.push_str(&format!("\nMainstay {VERSION}, Redis ver. {REDIS_VERSION}\n"));
    cx.out.verbatim(*b"txt", text.as_bytes());
    Ok(Next::Done)
}

fn draw(dice: &mut Dice) -> String {
    let at = 4 + dice.below(WIDTH - 24);
    let mut text = String::new();
    for line in SHIP {
        let mut row: Vec<char> = (0..WIDTH).map(|_| star(dice)).collect();
        for (offset, mark) in line.chars().enumerate().filter(|(_, mark)| *mark != ' ') {
            row[at + offset] = mark;
        }
        text.push_str(String::from_iter(row).trim_end());
        text.push('\n');
    }
    for depth in 0..3 {
        let row: String = (0..WIDTH).map(|_| wave(dice, depth)).collect();
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn star(dice: &mut Dice) -> char {
    match dice.below(60) {
        0 => '*',
        1 | 2 => '.',
        _ => ' ',
    }
}

fn wave(dice: &mut Dice, depth: usize) -> char {
    match dice.below(3 + 2 * depth) {
        0 | 1 => '~',
        2 => '-',
        _ => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_throw_fits_the_page() {
        for seed in 0..200 {
            let text = draw(&mut Dice::new(seed));
            assert_eq!(text.lines().count(), SHIP.len() + 3, "seed {seed}");
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "seed {seed}");
            assert!(text.contains("/____|______\\_"), "seed {seed}:\n{text}");
        }
    }
}
