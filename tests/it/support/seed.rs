//! support/seed.rs — where a random test's chance comes from.

use mainstay_server::clock;
use mainstay_server::dice::Dice;

/// The seed of this run: what the variable `SEED` says, or the clock. Printed, so that a failure
/// (whose output cargo shows) can be run again: `SEED=... cargo test -p mainstay-tests NAME`.
#[allow(clippy::print_stdout, reason = "shown by the test runner when the test fails")]
pub fn seed(test: &str) -> u64 {
    let given = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(clock::micros);
    println!("{test}: SEED={seed}");
    seed
}

/// Random bytes, mostly short and mostly printable.
pub fn bytes(dice: &mut Dice, most: usize) -> Vec<u8> {
    let len = dice.below(most + 1);
    let plain = dice.below(4) != 0;
    (0..len).map(|_| if plain { b'a' + dice.below(26) as u8 } else { dice.next() as u8 }).collect()
}

/// One of several.
pub fn pick<'a, T>(dice: &mut Dice, from: &'a [T]) -> &'a T {
    &from[dice.below(from.len())]
}
