//! restore.rs — what a process does with its stored data before it serves: reads it, does the
//! journal again, and goes on recording behind it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::clock;
use crate::dice::Dice;
use crate::error::Fault;
use crate::mail::Mail;
use crate::persist::journal::Policy;
use crate::persist::journal::read::{End, Entry};
use crate::persist::store::{FOLDER, Store, Terms};
use crate::process::Process;
use crate::record::RecordRef;
use crate::route::Replay;
use crate::settings::Settings;
use crate::settings::catalog as said;

/// Units after which progress is told.
const TOLD_EVERY: u64 = 1 << 20;
/// Units after which memory that was put aside is freed.
const FREED_EVERY: u64 = 1 << 10;

/// What the settings say of the journal.
pub fn terms(settings: &Settings) -> Terms {
    let policy = Policy::named(settings.choice(&said::APPENDFSYNC));
    Terms { policy, segment_bytes: settings.bytes(&said::JOURNAL_SEGMENT_SIZE) }
}

/// Wakes all loops: something has become durable.
pub fn wake(process: &Process) -> Box<dyn Fn() + Send> {
    let mailboxes = Arc::clone(&process.mailboxes);
    Box::new(move || mailboxes.iter().for_each(|mailbox| mailbox.send(Mail::Look)))
}

/// Reads what the folder of data holds, and begins to record if `appendonly` says so. Does nothing
/// for a process that keeps nothing and has kept nothing.
///
/// # Errors
/// If the data cannot be read, or is damaged: then nothing was changed but torn bytes at the
/// journal's end.
pub fn restore(process: &Arc<Process>, chance: &mut Dice) -> Result<(), Fault> {
    let settings = &process.settings;
    let dir = settings.text(&said::DIR);
    let dir = Path::new(&dir);
    let records = settings.boolean(&said::APPENDONLY);
    let saves = !settings.save_points(&said::SAVE).is_empty();
    if !records && !saves && !dir.join(FOLDER).join("manifest").exists() {
        return Ok(());
    }
    let store = process.store();
    store.open(dir, chance)?;
    let begun = clock::instant();
    store.loading.is_on.store(true, Relaxed);
    let kinds = || process.engines.iter().flat_map(|engine| engine.kinds.iter().copied());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // On a thread of its own for the same reason as the journal.
    let loaded = std::thread::scope(|scope| {
        let load = || store.load(&process.keyspace, kinds(), threads);
        scope.spawn(load).join().unwrap_or_else(|_| Err(Fault::Panic("loading".into())))
    });
    loaded?;
    let end = replay(process, store)?;
    store.loading.is_on.store(false, Relaxed);
    let took = (clock::instant() - begun).as_micros() as u64;
    store.loading.took_us.store(took, Relaxed);
    let keys: usize = (0..process.keyspace.databases())
        .map(|database| process.keyspace.census(database).keys)
        .sum();
    let units = store.loading.units.load(Relaxed);
    tracing::info!(
        "Restored {keys} keys in {:.3} s: {} from the snapshot, and {units} units of the journal \
         were done again",
        took as f64 / 1e6,
        store.loading.snapshot.entries.load(Relaxed)
    );
    if records {
        let dice = Dice::new(chance.next());
        store.record(end, terms(settings), dice, wake(process), true)?;
    } else {
        store.continue_at(end.next);
    }
    Ok(())
}

/// Does the journal again, on a thread of its own: what it allocates and others free afterwards
/// comes back only once the thread has ended.
fn replay(process: &Process, store: &Store) -> Result<End, Fault> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("replay".into());
        let thread = thread.spawn_scoped(scope, || {
            let mut replay = Replay::new(process);
            let loading = &store.loading;
            let mut units = 0;
            let end = store.replay(&mut |entry: Entry<'_>| {
                let Entry { lsn, stamp, is_last, record } = entry;
                let record = RecordRef {
                    stamp,
                    seed: record.seed,
                    database: record.database,
                    request: record.request,
                };
                if let Err(refusal) = replay.apply(record) {
                    let name = record.request.name().escape_ascii().to_string();
                    return Err(Fault::Replay { lsn, name, why: refusal.to_string() });
                }
                if is_last {
                    units += 1;
                    loading.units.store(units, Relaxed);
                    if units % FREED_EVERY == 0 {
                        process.keyspace.free_slice(FREED_EVERY as usize);
                    }
                    if units % TOLD_EVERY == 0 {
                        tracing::info!("Restoring: {units} units of the journal so far");
                    }
                }
                Ok(())
            });
            while process.keyspace.free_slice(1 << 16) {}
            end
        });
        let thread = thread.map_err(Fault::io("start a thread"))?;
        thread.join().unwrap_or_else(|_| Err(Fault::Panic("doing the journal again".into())))
    })
}
