//! Runs the checks of the server's fuzz targets over values that are whole, damaged, or noise.

use mainstay_server::catalog;
use mainstay_server::dice::Dice;
use mainstay_tests::frozen;
use mainstay_tests::seed::{pick, seed};

use crate::checks::{check_restore, check_thaw};

/// Bytes at which decoders err.
const AWKWARD: [u8; 10] = [0, 1, 2, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xfe, 0xff];

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = dice.next() as u8,
            2 => bytes.insert(at, *pick(dice, &AWKWARD)),
            3 => drop(bytes.remove(at)),
            _ => bytes[at] = *pick(dice, &AWKWARD),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

#[test]
fn any_bytes_restore_or_are_refused() {
    let mut dice = Dice::new(seed("restore"));
    let frozen = frozen::all();
    for _ in 0..60_000 {
        let (form, whole) = pick(&mut dice, &frozen);
        let mut bytes = whole.clone();
        damage(&mut bytes, &mut dice);
        let form = if dice.below(20) == 0 { dice.next() as u8 } else { *form };
        check_restore(&[&[form], &bytes[..]].concat());
    }
}

#[test]
fn any_bytes_thaw_or_are_refused() {
    let mut dice = Dice::new(seed("thaw"));
    let kinds: Vec<_> = catalog::kinds().collect();
    let mut thawed = Vec::new();
    for (form, bytes) in frozen::all() {
        let Some(chosen) = kinds.iter().position(|kind| kind.forms.contains(&form)) else {
            continue;
        };
        if let Ok(value) = (kinds[chosen].restore)(form, &mut &bytes[..]) {
            let mut frozen = vec![chosen as u8];
            value.freeze(&mut frozen);
            thawed.push(frozen);
        }
    }
    for _ in 0..60_000 {
        let mut bytes = pick(&mut dice, &thawed).clone();
        damage(&mut bytes, &mut dice);
        check_thaw(&bytes);
    }
}
