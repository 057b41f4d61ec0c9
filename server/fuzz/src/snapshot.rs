//! Any bytes as a piece of a snapshot, and as a file of one.

use std::sync::atomic::AtomicBool;

use mainstay_server::catalog;
use mainstay_server::keyspace::{Filling, Keys, Keyspace};
use mainstay_server::persist::disk::Memory;
use mainstay_server::persist::snapshot::{self, Meta, Plan, Progress};

const NAME: &str = "snapshot";

/// Reads bytes as items of a capture and as a whole file. What loads is captured again, written,
/// and loaded from that to the same keys and values.
pub fn check_snapshot(data: &[u8]) {
    let disk = Memory::default();
    disk.put(NAME, data.to_vec());
    let space = Keyspace::new(2, 1, None);
    let (kinds, progress) = (catalog::kinds(), Progress::default());
    let _ = snapshot::load(&disk, NAME, &space, kinds, 1, &progress);

    let space = Keyspace::new(2, 1, None);
    let filling = Filling::new(&space, catalog::kinds());
    if filling.take(data).is_err() || filling.finish().is_err() {
        return;
    }
    let capture = space.begin_capture(&mut space.gate().close(), 0);
    let capture = capture.expect("no other is made");
    let meta = Meta { set: 1, file: 2, lsn: 3, stamp: 0 };
    let rest = std::time::Duration::ZERO;
    let plan = Plan { name: NAME, meta, is_packed: true, rest, sections: &[] };
    let (progress, cancel) = (Progress::default(), AtomicBool::new(false));
    let written = snapshot::write(&disk, plan, &space, capture, &progress, &cancel);
    written.expect("memory never fails").expect("nobody calls it off");
    let other = Keyspace::new(2, 2, None);
    let loaded = snapshot::load(&disk, NAME, &other, catalog::kinds(), 1, &progress);
    loaded.expect("what was written loads");
    for database in 0..2 {
        let [one, two] = [&space, &other]
            .map(|space| Keys::whole(space, &mut space.gate().close(), database, 0).digest());
        assert_eq!(one, two, "database {database} is another now");
    }
}
