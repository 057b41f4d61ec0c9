//! keyspace/tests.rs — what cannot be seen from outside: what the tables weigh, and how they split.
//!
//! What the keyspace promises to its callers is checked through its public face in `tests/it`.

use super::*;
use crate::structure::hash;

fn many(space: &Keyspace, gate: &Shared<'_>, from: u32, to: u32, deadline: Ttl) {
    for number in from..to {
        let key = number.to_string();
        let at = space.hash(key.as_bytes());
        Keys::one(space, gate, 0, key.as_bytes(), at, 0).put_string(
            key.as_bytes(),
            b"value",
            deadline,
        );
    }
}

#[test]
fn the_census_follows_what_is_put_and_removed() {
    let space = Keyspace::new(2, 1, None);
    let gate = space.gate().share();
    assert_eq!(space.census(0), Census::default());
    many(&space, &gate, 0, 1000, Ttl::Clear);
    many(&space, &gate, 1000, 1500, Ttl::At(10));
    let full = space.census(0);
    assert_eq!((full.keys, full.volatile), (1500, 500));
    assert!(full.weight >= 1500 * (8 + 4 + 5), "{full:?}");
    assert_eq!(space.census(1), Census::default());
    let swept = space.sweep(&gate, 0, 1, 10, usize::MAX, &mut Changed::default());
    assert_eq!(swept.freed, 500);
    let left = space.census(0);
    assert_eq!((left.keys, left.volatile), (1000, 0));
    assert!(left.weight < full.weight, "{left:?} after {full:?}");
}

#[test]
fn an_empty_database_weighs_nothing_again() {
    let space = Keyspace::new(1, 1, None);
    let gate = space.gate().share();
    many(&space, &gate, 0, 5000, Ttl::At(50));
    for number in 0..5000u32 {
        let key = number.to_string();
        let at = hash(key.as_bytes(), 1);
        assert!(Keys::one(&space, &gate, 0, key.as_bytes(), at, 0).remove(key.as_bytes()));
    }
    assert_eq!(space.census(0), Census::default());
}

/// Blocks that are freed one after the other, in so many calls.
#[derive(Default)]
struct Blocks {
    left: usize,
    calls: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
}

static BLOCKS: Kind = Kind {
    name: "blocks",
    tag: 201,
    thaw: |_| unreachable!("never thawed"),
    forms: &[],
    restore: |_, _| unreachable!("never restored"),
};

impl Object for Blocks {
    fn kind(&self) -> &'static Kind {
        &BLOCKS
    }

    fn weight(&self) -> usize {
        self.left * 64
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn encoding(&self) -> &'static str {
        "blocks"
    }

    fn dump(&self, _: Millis, _: &mut Vec<u8>) {}

    fn freeze(&self, _: &mut Vec<u8>) {}

    fn shed(&mut self, most: usize) -> usize {
        self.calls.fetch_add(1, Relaxed);
        self.most.fetch_max(most as u64, Relaxed);
        let gone = most.min(self.left);
        self.left -= gone;
        gone
    }

    fn duplicate(&self) -> Box<dyn Object> {
        unreachable!("never copied")
    }
}

/// However a big value goes, whoever removes it frees nothing, and each slice a bounded part.
#[test]
fn big_values_are_freed_in_slices() {
    const VALUES: usize = 5;
    const LEFT: usize = 10_000;
    let space = Keyspace::new(1, 1, Some(Later::default()));
    let (calls, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let keys = [b"removed", b"written", b"changed", b"expired", b"flushed"];
    {
        let gate = space.gate().share();
        for key in keys {
            let blocks = Blocks { left: LEFT, calls: Arc::clone(&calls), most: Arc::clone(&most) };
            let ttl = if key == b"expired" { Ttl::At(10) } else { Ttl::Clear };
            Keys::one(&space, &gate, 0, key, space.hash(key), 0).put_object(
                key,
                Box::new(blocks),
                ttl,
            );
        }
        let of = |key: &[u8; 7]| Keys::one(&space, &gate, 0, key, space.hash(key), 0);
        assert!(of(keys[0]).remove(keys[0]));
        of(keys[1]).put_string(keys[1], b"text", Ttl::Clear);
        of(keys[2]).put_object(keys[2], Box::new(Blocks::default()), Ttl::Clear);
        assert_eq!(space.sweep(&gate, 0, 1, 10, 100, &mut Changed::default()).freed, 1);
        assert_eq!((space.aside().pending, calls.load(Relaxed)), (4, 0), "freed on the spot");
    }
    let mut gate = space.gate().close();
    assert_eq!(Keys::whole(&space, &mut gate, 0, 0).flush(), 3);
    assert_eq!(calls.load(Relaxed), 0, "freed on the spot");

    let (mut slices, mut before) = (0, 0);
    while space.free_slice(100) {
        slices += 1;
        let blocks = space.aside().blocks;
        assert!(blocks - before <= 100, "{} blocks in one slice", blocks - before);
        before = blocks;
    }
    assert!(slices >= VALUES * LEFT / 100, "{slices} slices");
    assert!(most.load(Relaxed) <= 100 && calls.load(Relaxed) >= slices as u64);
    assert_eq!(space.aside().pending, 0);
    assert_eq!(space.census(0), Census::default());
}

/// A split table has the same keys, and what they weigh does not depend on it.
#[test]
fn a_stripe_splits_its_tables_and_keeps_its_weight() {
    let mut guarded = Guarded::new();
    let mut entries = 0;
    let keys = 3 * table::Table::MAX as u64;
    // Of one stripe: the upper ten bits say which.
    let hashes = (0..keys).map(|n: u64| hash(&n.to_le_bytes(), 7) >> 10);
    for (number, hash) in hashes.clone().enumerate() {
        let slot = entry::Slot::string(&number.to_le_bytes(), b"v", table::slot_mark(hash, false));
        entries += slot.weight();
        guarded.insert(slot, hash, Millis::MAX);
    }
    assert_eq!(guarded.len() as u64, keys);
    for (number, hash) in hashes.enumerate() {
        let place = guarded.find(&number.to_le_bytes(), hash).expect("what was inserted");
        let (slot, _) = guarded.remove(place);
        entries -= slot.weight();
    }
    assert_eq!((guarded.len(), entries), (0, 0));
    assert_eq!(guarded.entry_bytes(), 0);
}

#[test]
fn a_full_table_that_cannot_be_split_is_no_silent_loss() {
    let mut guarded = Guarded::new();
    let insert = |guarded: &mut Guarded, number: usize| {
        guarded.insert(entry::Slot::string(&number.to_le_bytes(), b"", 0), 0, Millis::MAX);
    };
    (0..table::Table::MAX).for_each(|number| insert(&mut guarded, number));
    let one_more = std::panic::AssertUnwindSafe(|| insert(&mut guarded, table::Table::MAX));
    assert!(std::panic::catch_unwind(one_more).is_err());
}

#[test]
fn the_gate_of_another_keyspace_proves_nothing() {
    let (space, other) = (Keyspace::new(1, 1, None), Keyspace::new(1, 1, None));
    let shared = std::panic::AssertUnwindSafe(|| {
        let gate = other.gate().share();
        Keys::one(&space, &gate, 0, b"key", 0, 0).exists(b"key")
    });
    assert!(std::panic::catch_unwind(shared).is_err());
    let alone = std::panic::AssertUnwindSafe(|| {
        let mut gate = other.gate().close();
        Keys::whole(&space, &mut gate, 0, 0).len()
    });
    assert!(std::panic::catch_unwind(alone).is_err());
}

/// A round looks at a bounded number of deadlines, and no part of the stripes waits for ever.
#[test]
fn sweeping_looks_at_a_bounded_part_and_reaches_all() {
    let space = Keyspace::new(1, 1, None);
    let gate = space.gate().share();
    // In every stripe some keys that are due, and many that are not.
    many(&space, &gate, 0, 20_000, Ttl::At(1 << 40));
    many(&space, &gate, 20_000, 30_000, Ttl::At(10));
    let mut rounds = 0;
    loop {
        rounds += 1;
        let swept = space.sweep(&gate, 0, 1, 10 + rounds, 100, &mut Changed::default());
        assert!(swept.freed <= 100);
        if swept.due > 1000 {
            break;
        }
        assert!(rounds < 1000, "some keys are never freed");
    }
    assert_eq!(space.census(0).keys, 20_000);
}
