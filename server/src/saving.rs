//! saving.rs — the thread that writes snapshots: when asked, when a save point is reached, when the
//! journal has grown, and when the process ends; and that begins and ends recording.
//!
//! It closes the gate for the moment of the cut, so it must be no thread that runs commands.

use std::path::Path;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use crate::clock;
use crate::dice::Dice;
use crate::error::Fault;
use crate::persist::journal::Trouble;
use crate::persist::journal::read::End;
use crate::process::Process;
use crate::restore::{terms, wake};
use crate::settings::catalog as said;

/// How long to rest after each block of a snapshot while clients are served.
const REST: Duration = Duration::from_millis(1);
/// How often save points are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// After a snapshot that failed, none is begun by itself for so long.
const RETRY_MS: u64 = 5_000;

/// Writes snapshots until the process stops.
pub fn run(process: &Process, mut chance: Dice) {
    let mut failed_at = 0;
    while !process.stopping.load(Acquire) {
        let wishes = process.store().saves.take(LOOK);
        if let Some(on) = wishes.record
            && let Err(fault) = record(process, on, &mut chance)
        {
            tracing::error!("The journal cannot be begun: {fault}");
        }
        let may_try = clock::now().saturating_sub(failed_at) >= RETRY_MS;
        if wishes.save || (may_try && is_due(process)) {
            let saved = save(process, &mut chance);
            if saved.is_err() {
                failed_at = clock::now();
            }
            wishes.waiting.into_iter().for_each(|told| told(saved.is_ok()));
        }
    }
    let left = process.store().saves.take(Duration::ZERO).waiting;
    left.into_iter().for_each(|told| told(false));
}

/// What happens to the data when the process ends: `save` says whether a snapshot is wanted, and
/// nothing leaves it to the save points.
pub fn finish(process: &Process, save_wanted: Option<bool>, chance: &mut Dice) {
    let settings = &process.settings;
    let by_itself = || !settings.save_points(&said::SAVE).is_empty();
    if save_wanted.unwrap_or_else(by_itself)
        && let Err(fault) = save(process, chance)
    {
        tracing::error!("No snapshot was made at the end: {fault}");
    }
    process.store().close();
}

/// Whether a snapshot is to be made without being asked for.
fn is_due(process: &Process) -> bool {
    let (store, settings) = (process.store(), &process.settings);
    let journal = &store.journal;
    if journal.trouble() == Trouble::Sync {
        // Only a snapshot makes what was written since the last sync safe again.
        return true;
    }
    let last = store.saves.done_at.load(Relaxed).max(process.started);
    let passed_s = clock::now().saturating_sub(last) / 1000;
    let changes = process.total(|counters| counters.changes.get());
    let changes = changes.saturating_sub(store.saves.changes.load(Relaxed));
    let reached =
        |point: &crate::settings::SavePoint| passed_s >= point.seconds && changes >= point.changes;
    if settings.save_points(&said::SAVE).iter().any(reached) {
        return true;
    }
    let percent = settings.integer(&said::AUTO_AOF_REWRITE_PERCENTAGE).max(0) as u64;
    let bytes = journal.figures.bytes.load(Relaxed);
    let base = journal.figures.base_bytes.load(Relaxed);
    journal.is_on()
        && percent > 0
        && bytes > settings.bytes(&said::AUTO_AOF_REWRITE_MIN_SIZE)
        && bytes > base.saturating_mul(percent) / 100
}

/// Writes a snapshot now.
///
/// # Errors
/// What the disk says.
fn save(process: &Process, chance: &mut Dice) -> Result<(), Fault> {
    let store = process.store();
    let saves = &store.saves;
    let (begun, now) = (clock::instant(), clock::now());
    saves.begun.store(now, Relaxed);
    saves.is_on.store(true, Relaxed);
    let changes = process.total(|counters| counters.changes.get());
    let is_packed = process.settings.boolean(&said::RDBCOMPRESSION);
    let rest = if process.stopping.load(Relaxed) { Duration::ZERO } else { REST };
    let opened = open(process, chance);
    // A server that is followed has its own time.
    let cut = process.following.earliest(now);
    let saved = opened.and_then(|()| store.save(&process.keyspace, cut, is_packed, rest, chance));
    let took = (clock::instant() - begun).as_millis() as u64;
    saves.took_ms.store(took, Relaxed);
    saves.has_failed.store(saved.is_err(), Relaxed);
    saves.is_on.store(false, Relaxed);
    match saved {
        Ok(summary) => {
            saves.done_at.store(clock::now(), Relaxed);
            saves.changes.store(changes, Relaxed);
            saves.count.fetch_add(1, Relaxed);
            tracing::info!(
                "A snapshot of {} keys was written in {:.3} s: {} bytes",
                summary.entries,
                took as f64 / 1e3,
                summary.bytes
            );
            Ok(())
        }
        Err(fault) => {
            tracing::error!("No snapshot was made: {fault}");
            Err(fault)
        }
    }
}

/// Takes the folder, if the process has none yet. It must hold no data: what is there was not read.
fn open(process: &Process, chance: &mut Dice) -> Result<(), Fault> {
    let store = process.store();
    if store.is_open() {
        return Ok(());
    }
    store.open(Path::new(&process.settings.text(&said::DIR)), chance).map(drop)
}

/// Begins or ends recording while clients are served.
fn record(process: &Process, on: bool, chance: &mut Dice) -> Result<(), Fault> {
    let store = process.store();
    if on == store.journal.is_on() {
        return Ok(());
    }
    if !on {
        store.stop_recording(&process.keyspace);
        tracing::info!("Writes are not recorded any more");
        return Ok(());
    }
    // First what the folder holds becomes what the process holds, and then the journal goes on from
    // there: until the second snapshot is done, a crash leaves the first.
    save(process, chance)?;
    let end = End { next: store.journal.last() + 1, ..End::default() };
    let gate = process.keyspace.gate().close();
    let (terms, dice) = (terms(&process.settings), Dice::new(chance.next()));
    let begun = store.record(end, terms, dice, wake(process), false);
    drop(gate);
    begun?;
    tracing::info!("Writes are recorded from now on; a snapshot makes what was there before safe");
    save(process, chance)
}
