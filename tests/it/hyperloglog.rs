//! HyperLogLogs are strings, so their bytes may be anybody's: every command refuses what is damaged
//! or copes with it, and what it refuses it has not changed.

use mainstay_protocol::{Frame, Version};
use mainstay_server::dice::Dice;
use mainstay_tests::bare::{self, Bare};
use mainstay_tests::seed::{bytes, pick, seed};

const KEYS: [&[u8]; 3] = [b"a", b"b", b"c"];

/// A value that somebody may have put: noise behind a right header, a right value with a mistake,
/// or a right one.
fn value(bare: &mut Bare<'_>, client: usize, dice: &mut Dice) -> Vec<u8> {
    let mut held = match dice.below(5) {
        0 => [&b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80"[..], &bytes(dice, 60)].concat(),
        1 => [&b"HYLL\0\0\0\0\0\0\0\0\0\0\0\x80"[..], &vec![dice.next() as u8; 12_288]].concat(),
        _ => {
            let elements: Vec<Vec<u8>> = (0..dice.below(200)).map(|_| bytes(dice, 9)).collect();
            let mut args = vec![&b"PFADD"[..], b"made"];
            args.extend(elements.iter().map(Vec::as_slice));
            bare.call(client, &[b"DEL", b"made"]);
            bare.call(client, &args);
            match &bare.call(client, &[b"GET", b"made"]).frames[..] {
                [Frame::Bulk(held)] => held.to_vec(),
                other => panic!("{other:?}"),
            }
        }
    };
    for _ in 0..dice.below(3) {
        let at = dice.below(held.len());
        match dice.below(4) {
            0 => held.truncate(at.max(1)),
            1 => held[at] = dice.next() as u8,
            2 => held.insert(at, dice.next() as u8),
            _ => held.push(dice.next() as u8),
        }
    }
    held
}

#[test]
fn any_bytes_are_refused_or_coped_with() {
    let seed = seed("hyperloglog");
    let mut dice = Dice::new(seed);
    let process = bare::small(seed);
    let mut bare = Bare::new(&process, seed);
    let client = bare.connect(Version::Resp3);
    let mut refused = 0;
    for _ in 0..3_000 {
        let held = value(&mut bare, client, &mut dice);
        bare.call(client, &[b"SET", *pick(&mut dice, &KEYS), &held]);
        for _ in 0..dice.below(6) {
            let mut args: Vec<&[u8]> = match dice.below(4) {
                0 => vec![b"PFADD"],
                1 => vec![b"PFCOUNT"],
                2 => vec![b"PFMERGE"],
                _ => vec![b"PFDEBUG", *pick(&mut dice, &[b"DECODE", b"GETREG"])],
            };
            args.extend((0..=dice.below(2)).map(|_| *pick(&mut dice, &KEYS)));
            let before = bare.digest();
            if let [Frame::Error(text)] = &bare.call(client, &args).frames[..] {
                refused += 1;
                assert_eq!(bare.digest(), before, "{text:?}, and yet {args:?} changed something");
            }
        }
    }
    assert!(refused > 100, "only {refused} refusals");
}
