//! sim/damage.rs — bits flipped, sectors zeroed, files removed, cut short and swapped.
//!
//! Whatever is done to one file of a folder, whoever reads it is told which file and where, or finds
//! every unit. The exceptions are all at the very end, where the last thing that says what is on
//! disk is itself lost with what it speaks of: a mark, the close, or the last block if there is
//! neither.
//!
//! - The last block of a journal that had no time for a mark looks, if it is damaged, like one that
//!   was being written when the power went. It is taken for torn, and its bytes are kept aside.
//! - A sector that holds the mark and blocks before it is lost as a whole.
//! - A segment that grew for a large block has a length that its head does not know. If it is cut
//!   short behind the length that it knows, its last blocks are lost with the mark or the close.

use std::ops::Range;

use mainstay_server::dice::Dice;
use mainstay_server::persist::disk::Disk;
use mainstay_server::persist::journal::format::Block;
use mainstay_server::persist::journal::log;
use mainstay_server::persist::manifest;
use mainstay_tests::seed::{pick, seed};

use crate::disk::SimDisk;
use crate::life::{Ending, Life, look};
use crate::model::{Model, Stop};
use crate::rounds;

/// Segments of that many bytes.
const BYTES: u64 = 2048;

/// A folder that is whole.
struct Whole {
    disk: SimDisk,
    model: Model,
    ending: Ending,
    /// The last segment, where its last block begins, and where it ends.
    last: (String, usize, usize),
    /// The units of the last block.
    last_units: u64,
}

fn build(seed: u64, ending: Ending) -> Whole {
    let disk = SimDisk::new(seed);
    let mut model = Model::default();
    let mut last = (0, 0);
    for life in 0..3 {
        let begun = Life::begin(&disk, &mut model, BYTES, Dice::new(seed ^ life));
        let mut life_of = begun.expect("nothing is wrong with this disk");
        for _ in 0..12 {
            last = life_of.record().expect("nothing is wrong with this disk");
        }
        let ending = if life == 2 { ending } else { *pick(&mut Dice::new(life), &Ending::ALL) };
        life_of.end(ending).expect("nothing is wrong with this disk");
    }
    // Any process may write to it from here, and everything is on disk.
    let disk = disk.kill();
    let found = look(&disk, &model).expect("it is whole").expect("it is there");
    assert_eq!(found.end.next, model.last() + 1);
    let name = log::name(found.end.segments.last().expect("there are some").number);
    let close = disk.contents(&name).expect("it is there").len() - 48;
    let end = found.end.open.map_or(close, |open| open.at as usize);
    let start = end - Block::space(last.1);
    Whole { disk, model, ending, last: (name, start, end), last_units: last.0 as u64 }
}

impl Whole {
    /// Looks at a copy of which bytes of a file were changed.
    fn check(&self, damaged: &SimDisk, what: &str, name: &str, changed: Range<usize>) {
        let mut model = self.model.clone();
        model.promised = 0;
        let found = match look(damaged, &model) {
            Err(Stop::Wrong(told)) => {
                let is_named = told.contains(name) || told.contains(manifest::NAME);
                assert!(is_named, "{what} of {name}, but it is said: {told}");
                return;
            }
            Err(Stop::Disk(why)) => panic!("{what} of {name}: {why}"),
            Ok(found) => found.unwrap_or_else(|| panic!("{what} of {name}: an empty folder")),
        };
        let lost = model.last() + 1 - found.end.next;
        if lost == 0 {
            return;
        }
        let (last, start, end) = &self.last;
        let witness = if self.ending == Ending::Left { *start } else { *end };
        let is_known = name == last && changed.end > witness;
        assert!(is_known, "{what} of {name} has lost {lost} units of {:?}", self.ending);
        if changed.start >= *start {
            assert_eq!(lost, self.last_units, "{what} of {name}");
        }
    }

    fn each_file(&self, mut act: impl FnMut(&str, Vec<u8>)) {
        for name in self.disk.names().expect("it lives") {
            if log::number(&name).is_some() || name == manifest::NAME {
                let bytes = self.disk.contents(&name).expect("it is there");
                act(&name, bytes);
            }
        }
    }

    fn changed(&self, name: &str, bytes: Option<&[u8]>) -> SimDisk {
        let copy = self.disk.kill();
        copy.put(name, bytes);
        copy
    }

    fn flip(&self, chance: &mut Dice) {
        self.each_file(|name, bytes| {
            let is_last = name == self.last.0;
            let every = if is_last || bytes.len() < 500 { 2 } else { 40 };
            for at in 0..bytes.len() {
                if chance.below(every) > 0 {
                    continue;
                }
                let mut bad = bytes.clone();
                bad[at] ^= 1 << chance.below(8);
                let copy = self.changed(name, Some(&bad));
                self.check(&copy, &format!("a flipped bit in byte {at}"), name, at..at + 1);
            }
        });
    }

    fn zero(&self, chance: &mut Dice) {
        self.each_file(|name, bytes| {
            for sector in (0..bytes.len()).step_by(512) {
                let mut bad = bytes.clone();
                let end = (sector + 512).min(bad.len());
                bad[sector..end].fill(if chance.below(2) == 0 { 0 } else { 0xff });
                if bad == bytes {
                    continue;
                }
                let copy = self.changed(name, Some(&bad));
                self.check(&copy, &format!("a lost sector at {sector}"), name, sector..end);
            }
        });
    }

    fn cut(&self, chance: &mut Dice) {
        self.each_file(|name, bytes| {
            for length in 0..bytes.len() {
                if chance.below(10) > 0 {
                    continue;
                }
                let copy = self.changed(name, Some(&bytes[..length]));
                // As long as it was made, it may have been left like that.
                let is_long = length as u64 >= BYTES;
                let end = if is_long { bytes.len() } else { length };
                self.check(&copy, &format!("a cut at {length}"), name, length..end);
            }
        });
    }

    fn remove_and_swap(&self) {
        self.each_file(|name, bytes| {
            self.check(&self.changed(name, None), "the loss", name, 0..0);
            self.each_file(|other, others| {
                if name < other {
                    let copy = self.changed(name, Some(&others));
                    copy.put(other, Some(&bytes));
                    // Whichever is met first is named.
                    let mut model = self.model.clone();
                    model.promised = 0;
                    let found = look(&copy, &model);
                    assert!(found.is_err(), "{name} and {other} are swapped, and nobody says so");
                }
            });
        });
    }
}

#[test]
fn damage_is_told() {
    let mut chance = Dice::new(seed("damage"));
    for _ in 0..rounds() {
        for ending in Ending::ALL {
            for _ in 0..3 {
                let whole = build(chance.next(), ending);
                whole.flip(&mut chance);
                whole.zero(&mut chance);
                whole.cut(&mut chance);
                whole.remove_and_swap();
            }
        }
    }
}
