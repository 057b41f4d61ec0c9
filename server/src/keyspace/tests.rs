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
