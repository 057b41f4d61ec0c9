//! Simulated crashes: what is on disk, whatever the disk does, is what was promised.
//!
//! | module | its job |
//! |---|---|
//! | [`disk`] | a disk that tears, reorders and forgets what was not synced, and fails when told to |
//! | [`model`] | what was appended, and what of it must be there |
//! | [`life`] | one life of a process: recovery, then appending, syncing, snapshots |
//! | [`cuts`] | lives cut at every operation, and recoveries cut at every operation |
//! | [`threads`] | the journal's threads over such a disk, and loops that record |
//! | [`damage`] | bits flipped, files removed, cut short and swapped |
//! | [`replay`] | commands of every type, recorded, lost and done again |
//!
//! Seeds are printed, `SEED=` repeats a run, `ROUNDS=` makes it so many times as long.

mod cuts;
mod damage;
mod disk;
mod life;
mod model;

/// How many times as long as usual this run is.
fn rounds() -> u64 {
    std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}
