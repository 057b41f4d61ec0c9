//! sim/threads/crashes.rs — several loops, and the power goes at some moment.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use mainstay_server::dice::Dice;
use mainstay_server::persist::journal::Trouble;
use mainstay_tests::seed::seed;

use super::{Loop, Story};
use crate::disk::{Fault, SimDisk};
use crate::rounds;

/// Lets the loops end, also when the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// Lives that one folder sees.
const LIVES: u64 = 4;

fn run(seed: u64) {
    let mut chance = Dice::new(seed);
    let mut disk = SimDisk::new(seed);
    let story = Story::new();
    for life in 0..LIVES {
        let bytes = [1024, 4096, 20_000][chance.below(3)];
        let mut running = story.begin(&disk, bytes, 1 << 20, chance.next());
        let done = disk.operations();
        if chance.below(3) == 0 {
            let at = done + 1 + chance.below(200) as u64;
            disk.plan(at, if chance.below(2) == 0 { Fault::Fail } else { Fault::Cut });
        }
        let until = done + 20 + chance.below(300) as u64;
        let is_over = AtomicBool::new(false);
        let found = thread::scope(|scope| {
            for number in 0..story.sent.len() {
                let mut from = Loop::new(&story, &running, number, chance.next());
                let (running, is_over) = (&running, &is_over);
                scope.spawn(move || {
                    while !is_over.load(SeqCst) {
                        let bytes = if from.chance.below(20) == 0 { 6000 } else { 200 };
                        from.turn(bytes);
                        if from.chance.below(3) > 0 || from.waits.len() > 5 {
                            running.bell.wait("what was recorded is on disk", || {
                                from.tell() || is_over.load(SeqCst)
                            });
                        }
                    }
                });
            }
            let _over = Over(&is_over);
            let shared = &running.shared;
            running.bell.wait("some operations", || {
                let is_bad = matches!(shared.trouble(), Trouble::Sync) || disk.is_dead();
                disk.operations() >= until || is_bad
            });
            // What was told before this moment must be on that disk.
            let told: Vec<u64> = story.sent.iter().map(|sent| sent.told.load(SeqCst)).collect();
            let found = if chance.below(3) == 0 { disk.kill() } else { disk.crash(&mut chance) };
            if life % 2 == 0 {
                disk.die();
            }
            (found, told)
        });
        running.handle.stop();
        let (found, told) = found;
        for (sent, told) in story.sent.iter().zip(told) {
            sent.told.store(told, SeqCst);
        }
        disk = found;
    }
    let mut running = story.begin(&disk, 4096, 1 << 20, seed);
    running.handle.stop();
}

#[test]
fn what_loops_were_told_is_on_disk_survives() {
    let mut chance = Dice::new(seed("threads"));
    for _ in 0..40 * rounds() {
        run(chance.next());
    }
}
