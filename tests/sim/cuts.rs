//! sim/cuts.rs — lives cut at every operation, and recoveries cut at every operation.

use mainstay_server::dice::Dice;
use mainstay_tests::seed::seed;

use crate::disk::{Fault, SimDisk};
use crate::life::Life;
use crate::model::{Model, Stop};
use crate::rounds;

/// Lives that one folder sees.
const LIVES: u64 = 3;
/// Things that a process does in its life.
const STEPS: usize = 40;

/// One folder's story, as far as it is decided beforehand.
#[derive(Debug, Clone, Copy)]
struct Case {
    seed: u64,
    /// The operation of the first life at which the power goes.
    cut: Option<u64>,
    /// Whether operations fail now and then.
    fails: bool,
}

impl Case {
    fn segment_bytes(self) -> u64 {
        [1024, 4096, 10_000][(self.seed % 3) as usize]
    }

    fn begin<'m>(self, disk: &SimDisk, model: &'m mut Model, life: u64) -> Result<Life<'m>, Stop> {
        let chance = Dice::new(self.seed ^ (life + 1).wrapping_mul(0x9e37));
        Life::begin(disk, model, self.segment_bytes(), chance)
    }

    fn must(self, what: &str, stopped: Result<(), Stop>) {
        if let Err(Stop::Wrong(why)) = stopped {
            panic!("{what}: {why}\n{self:?}");
        }
    }

    /// Runs it; answers how many operations the first life had.
    fn run(self) -> u64 {
        let mut chance = Dice::new(self.seed ^ self.cut.unwrap_or(0).wrapping_mul(0x51_7c_c1));
        let mut disk = SimDisk::new(self.seed);
        let mut model = Model::default();
        let mut operations = 0;
        for life in 0..LIVES {
            let cut = match life {
                0 => self.cut,
                _ => Some(1 + chance.below(120) as u64),
            };
            if let Some(cut) = cut {
                disk.plan(cut, Fault::Cut);
            }
            if self.fails {
                for _ in 0..6 {
                    disk.plan(1 + chance.below(120) as u64, Fault::Fail);
                }
            }
            let ended = self.begin(&disk, &mut model, life).and_then(|life| life.run(STEPS));
            self.must(&format!("life {life}"), ended);
            if life == 0 {
                operations = disk.operations();
            }
            let is_killed = chance.below(3) == 0;
            disk = if is_killed { disk.kill() } else { disk.crash(&mut chance) };
            self.recover(&disk, &model, life, &mut chance);
        }
        operations
    }

    /// Recovers copies of the disk: as it is, and cut at every operation and recovered again.
    fn recover(self, disk: &SimDisk, model: &Model, life: u64, chance: &mut Dice) {
        let whole = disk.kill();
        let mut kept = model.clone();
        let begun = self.begin(&whole, &mut kept, life + 100).map(drop);
        self.must(&format!("recovery after life {life}"), begun);
        let last = whole.operations();
        for cut in 1..=last + 1 {
            let what = format!("recovery after life {life}, cut at {cut} of {last}");
            let copy = disk.kill();
            copy.plan(cut, Fault::Cut);
            let mut kept = model.clone();
            let begun = self.begin(&copy, &mut kept, life + 100).map(drop);
            self.must(&what, begun);
            let copy = if chance.below(3) == 0 { copy.kill() } else { copy.crash(chance) };
            let again = self.begin(&copy, &mut kept, life + 200).map(drop);
            self.must(&format!("{what}, and again"), again);
            // What has been recovered once stays, whatever happens then.
            let copy = copy.crash(chance);
            let again = self.begin(&copy, &mut kept, life + 300).map(drop);
            self.must(&format!("{what}, and once more"), again);
        }
    }
}

#[test]
fn a_journal_survives_a_cut_at_every_operation() {
    let mut chance = Dice::new(seed("cuts"));
    for _ in 0..4 * rounds() {
        let case = Case { seed: chance.next(), cut: None, fails: false };
        let operations = case.run();
        for cut in 1..=operations {
            Case { cut: Some(cut), ..case }.run();
        }
    }
}

#[test]
fn a_journal_survives_operations_that_fail() {
    let mut chance = Dice::new(seed("failures"));
    for _ in 0..300 * rounds() {
        let cut = (chance.below(2) == 0).then(|| 1 + chance.below(150) as u64);
        Case { seed: chance.next(), cut, fails: true }.run();
    }
}
