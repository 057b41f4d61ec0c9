//! migration/export.rs — the keys of a keyspace as an RDB file that Redis loads.
//!
//! Values are written as DUMP answers them, in the forms of Redis 7.0 and with its version of the
//! format. Only deadlines of fields need Redis 7.4, and then the file says so and nobody older
//! takes it.
//!
//! Not here: files and their names; writing while clients are served (the view is of a keyspace
//! that stands still).

use std::io::{self, Write};

use crate::clock::Millis;
use crate::keyspace::{Keys, Keyspace, Value};
use crate::persist::rdb::file::Writer;
use crate::persist::rdb::string;

/// Read by Redis from 7.0 on.
const VERSION: u16 = 10;
/// Read by Redis from 7.4 on.
const VERSION_WITH_FIELD_DEADLINES: u16 = 12;

/// Writes every key that is alive at `now`, and the libraries of functions; says how many keys.
/// Nobody else uses the keyspace meanwhile.
///
/// # Errors
/// What writing fails with.
pub fn export<W: Write>(
    space: &Keyspace,
    libraries: &[Vec<u8>],
    now: Millis,
    to: W,
) -> io::Result<(u64, W)> {
    let mut gate = space.gate().close();
    let has_mortal = (0..space.databases()).any(|number| space.census(number).mortal > 0);
    let version = if has_mortal { VERSION_WITH_FIELD_DEADLINES } else { VERSION };
    let mut writer = Writer::new(to, version);
    writer.aux("redis-ver", crate::REDIS_VERSION.as_bytes());
    writer.aux("redis-bits", b"64");
    writer.aux("ctime", (now / 1000).to_string().as_bytes());
    for library in libraries {
        writer.library(library)?;
    }
    let (mut count, mut dumped) = (0, Vec::new());
    for number in 0..space.databases() {
        let census = space.census(number);
        if census.keys == 0 {
            continue;
        }
        writer.database(number as u64, census.keys as u64, census.volatile as u64);
        let keys = Keys::whole(space, &mut gate, number, now);
        let mut written = Ok(());
        keys.each_entry(|key, value, deadline| {
            if written.is_err() {
                return;
            }
            dumped.clear();
            match value {
                Value::String(bytes) => string::write(&mut dumped, bytes),
                Value::Object(object) => object.dump(now, &mut dumped),
            }
            count += 1;
            written = writer.key(key, deadline, &dumped);
        });
        written?;
    }
    Ok((count, writer.finish()?))
}
