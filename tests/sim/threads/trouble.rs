//! sim/threads/trouble.rs — what the journal says is wrong with its disk, and how it ends.

use std::io;
use std::sync::atomic::Ordering::SeqCst;

use mainstay_server::dice::Dice;
use mainstay_server::persist::journal::Trouble;
use mainstay_server::persist::manifest::Manifest;
use mainstay_tests::seed::seed;

use super::{Loop, Running, Story};
use crate::disk::{Fault, SimDisk};

const BYTES: u64 = 8192;

/// A folder, its journal, and one loop.
fn begin(pending_max: usize) -> (SimDisk, Story, Running, Loop) {
    let seed = seed("trouble");
    let (disk, story) = (SimDisk::new(seed), Story::new());
    let running = story.begin(&disk, BYTES, pending_max, seed);
    let from = Loop::new(&story, &running, 0, seed);
    (disk, story, running, from)
}

/// Everything that was recorded is on disk, and is found there by the next process.
fn settle(running: &Running, from: &mut Loop) {
    running.bell.wait("all is on disk", || from.tell());
    assert_eq!(running.shared.durable(), running.shared.last());
}

fn reads_back(disk: &SimDisk, story: &Story) {
    let found = disk.crash(&mut Dice::new(1));
    let mut again = story.copy().begin(&found, BYTES, 1 << 20, 3);
    again.handle.stop();
}

#[test]
fn a_full_disk_is_told_before_it_hurts_and_passes_by_itself() {
    let (disk, story, mut running, mut from) = begin(1 << 20);
    from.turn(50);
    settle(&running, &mut from);
    disk.fill(true);
    // What was prepared is used up first. What there is room for is kept nevertheless.
    while running.shared.trouble() == Trouble::None {
        from.turn(300);
        running.bell.wait("it is on disk, or there is no room", || {
            from.tell() || running.shared.trouble() == Trouble::Full
        });
    }
    while running.shared.trouble() != Trouble::Full {
        from.turn(300);
        running.bell.wait("it is on disk, or there is no room", || {
            from.tell() || running.shared.trouble() == Trouble::Full
        });
    }
    assert!(!from.waits.is_empty(), "the last turn found no room");
    disk.fill(false);
    running.bell.wait("there is room", || running.shared.trouble() == Trouble::None);
    settle(&running, &mut from);
    running.handle.stop();
    reads_back(&disk, &story);
}

#[test]
fn a_write_that_fails_is_tried_again() {
    let (disk, story, mut running, mut from) = begin(1 << 20);
    for _ in 0..4 {
        let next = disk.operations() + 1;
        disk.plan(next, Fault::Fail);
        disk.plan(next + 1, Fault::Fail);
        from.turn(50);
        running.bell.wait("it is on disk, or broken", || {
            from.tell() || running.shared.trouble() == Trouble::Sync
        });
        if running.shared.trouble() == Trouble::Sync {
            // It was a sync that failed; another test's business.
            break;
        }
    }
    running.handle.stop();
    reads_back(&disk, &story);
}

#[test]
fn a_sync_that_failed_is_not_tried_again_and_a_snapshot_helps() {
    let (disk, mut story, mut running, mut from) = begin(1 << 20);
    from.turn(50);
    settle(&running, &mut from);
    while running.shared.trouble() != Trouble::Sync {
        disk.fail_sync();
        from.turn(50);
        running.bell.wait("it is on disk, or broken", || {
            from.tell() || running.shared.trouble() == Trouble::Sync
        });
    }
    let durable = running.shared.durable();
    from.turn(50);
    assert_eq!(running.shared.durable(), durable);
    assert!(!from.tell());

    // A snapshot that was begun before does not help.
    let refused = running.handle.restart(durable, Box::new(|_| Ok(())));
    assert_eq!(refused.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidInput));
    // Nor does one that nobody was told of.
    let lsn = running.shared.last();
    let failed = running.handle.restart(lsn, Box::new(|_| Err(io::ErrorKind::Other.into())));
    assert!(failed.is_err());
    assert_eq!(running.shared.trouble(), Trouble::Sync);
    reads_back(&disk, &story);

    let (old, place) = (running.manifest, disk.clone());
    let commit = move |number| {
        let (snapshot, journal) = (Some((1, lsn)), Some(number));
        Manifest { snapshot, journal, reached: number, ..old }.write(&place)
    };
    running.handle.restart(lsn, Box::new(commit)).expect("nothing fails any more");
    story.base[0] = story.sent[0].count();
    assert_eq!(running.shared.trouble(), Trouble::None);
    settle(&running, &mut from);
    for _ in 0..50 {
        from.turn(500);
        settle(&running, &mut from);
    }
    let told = story.sent[0].told.load(SeqCst);
    assert_eq!(told, story.sent[0].count());
    reads_back(&disk, &story);
    running.handle.stop();
    reads_back(&disk, &story);
}

#[test]
fn more_than_the_disk_takes_is_told() {
    let (disk, story, mut running, mut from) = begin(10_000);
    from.turn(50);
    settle(&running, &mut from);
    disk.hold(true);
    assert!(!running.shared.is_full());
    while !running.shared.is_full() {
        from.turn(400);
    }
    assert!(!from.tell());
    disk.hold(false);
    settle(&running, &mut from);
    assert!(!running.shared.is_full());
    assert_eq!(running.shared.pending(), 0);
    running.handle.stop();
    reads_back(&disk, &story);
}
