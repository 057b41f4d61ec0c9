//! migration/keep.rs — what was taken over, written to the journal.
//!
//! Loading makes no records, so what was loaded is in no journal. Here each key is restored from
//! its own dump, and that leaves the record of a RESTORE: done again, the records leave exactly
//! what is here, the order within containers included, and what is recorded afterwards goes on from
//! there. If this is broken off, what is kept is not whole; a file says so while it lasts, and a
//! process that finds it does not start.
//!
//! Not here: snapshots, which do the same with less.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mainstay_protocol::OwnedRequest;

use super::apply::Applier;
use crate::clock::{self, Millis};
use crate::error::Fault;
use crate::keyspace::{Keys, Value};
use crate::persist::journal::Trouble;
use crate::persist::rdb::{payload, string};
use crate::persist::store;
use crate::process::Process;
use crate::settings::catalog as said;

/// Keys between two looks whether the disk keeps up.
const STEP: usize = 500;

/// How long is waited for the disk at once.
const BREATH: Duration = Duration::from_millis(5);

/// The file that says that what is kept is not whole, beside the folder of data.
fn mark(process: &Process) -> PathBuf {
    let dir = process.settings.text(&said::DIR);
    Path::new(&dir).join(format!("{}.unfinished", store::FOLDER))
}

/// Whether the folder of data has data of our own.
///
/// # Errors
/// If that was broken off before it was whole.
pub fn is_kept(process: &Process) -> Result<bool, Fault> {
    let mark = mark(process);
    if mark.exists() {
        let why = format!(
            "taking over data was broken off; remove this file and the folder '{}' beside it, and \
             begin anew",
            store::FOLDER
        );
        return Err(Fault::File { path: mark, why });
    }
    let dir = process.settings.text(&said::DIR);
    Ok(Path::new(&dir).join(store::FOLDER).join("manifest").exists())
}

/// Records all keys; nothing if nothing is recorded. Nobody else changes keys meanwhile. `now` is
/// early enough for all of them to live.
///
/// # Errors
/// If the disk does not take it.
pub(super) fn keep(applier: &mut Applier<'_>, process: &Process, now: Millis) -> Result<(), Fault> {
    let journal = &process.store().journal;
    if !journal.is_on() {
        return Ok(());
    }
    let mark = mark(process);
    let marked = |doing: &str| Fault::io(format!("{doing} {}", mark.display()));
    let wait = |goes_on: &dyn Fn() -> bool| {
        while goes_on() {
            if journal.trouble() != Trouble::None {
                return Err(Fault::File { path: mark.clone(), why: journal.reason() });
            }
            clock::block(BREATH);
        }
        Ok(())
    };
    fs::write(&mark, b"").map_err(marked("write"))?;
    for database in 0..process.keyspace.databases() {
        let mut cursor = 0;
        loop {
            let mut requests = Vec::new();
            cursor = dump_some(process, database, now, cursor, &mut requests);
            applier.restore(database, now, &requests);
            wait(&|| journal.is_full())?;
            if cursor == 0 {
                break;
            }
        }
    }
    wait(&|| journal.written() < journal.last())?;
    fs::remove_file(&mark).map_err(marked("remove"))
}

/// Makes requests that restore some keys; says where to go on.
fn dump_some(
    process: &Process,
    database: usize,
    now: Millis,
    cursor: u64,
    to: &mut Vec<OwnedRequest>,
) -> u64 {
    let gate = process.keyspace.gate().share();
    let keys = Keys::roving(&process.keyspace, &gate, database, now);
    let mut dumped = Vec::new();
    keys.each_from(cursor, STEP, |key, value, deadline| {
        dumped.clear();
        match value {
            Value::String(bytes) => string::write(&mut dumped, bytes),
            Value::Object(object) => object.dump(now, &mut dumped),
        }
        payload::seal(&mut dumped);
        let deadline = deadline.unwrap_or(0).min(i64::MAX as u64).to_string();
        let words: [&[u8]; 6] =
            [b"RESTORE", key, deadline.as_bytes(), &dumped, b"REPLACE", b"ABSTTL"];
        to.push(OwnedRequest::from_args(words.iter().copied()));
    })
}
