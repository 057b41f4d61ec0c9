//! system/config/effect.rs — what a changed setting asks of the running process.
//!
//! Most ask nothing: loops read their copy again when the version of the settings grows. A new
//! `requirepass` holds for who authenticates next; who is in stays in, as in Redis.

use crate::observe::log;
use crate::persist::journal::Policy;
use crate::process::Process;
use crate::settings::catalog as said;
use crate::settings::store::{Change, SettingError, refused};
use crate::settings::{Setting, Value};
use crate::startup;

/// Does what the changes ask, or refuses them all.
///
/// # Errors
/// If the operating system does not go along.
pub(super) fn apply(process: &Process, changes: &[Change]) -> Result<(), SettingError> {
    // What can be refused comes first, so that a refusal leaves nothing half done.
    for change in changes {
        if let (true, Value::Integer(clients)) = (is(change, &said::MAXCLIENTS), &change.value) {
            let wanted = u64::try_from(*clients).unwrap_or(0);
            let possible = startup::allow_clients(wanted);
            if possible < wanted {
                let reason = format!(
                    "The operating system is not able to handle the specified number of clients, \
                     try with {possible}"
                );
                return Err(refused(change.setting.name.as_bytes(), reason));
            }
        }
    }
    for change in changes {
        match &change.value {
            Value::Choice(level) if is(change, &said::LOGLEVEL) => log::set_level(level),
            Value::Bool(on) if is(change, &said::APPENDONLY) => {
                process.store().saves.wish(|wishes| wishes.record = Some(*on));
            }
            Value::Choice(when) if is(change, &said::APPENDFSYNC) => {
                process.store().journal.set_policy(Policy::named(when));
            }
            Value::Integer(most) if is(change, &said::SLOWLOG_MAX_LEN) => {
                process.slow_log.keep(usize::try_from(*most).unwrap_or(0));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is(change: &Change, setting: &'static Setting) -> bool {
    std::ptr::eq(change.setting, setting)
}
