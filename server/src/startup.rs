//! startup.rs — what a process does before it serves: its folder, its files, its limits.
//!
//! Not here: reading settings, the log, the loops, signals.

use std::fs;
use std::path::PathBuf;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::error::Fault;
use crate::settings::catalog as said;
use crate::settings::{Settings, Value};

/// File descriptors that are no clients: listeners, loops, log, files of data.
const RESERVED_FILES: u64 = 32;

/// Goes into the folder that `dir` names, and makes the setting say its absolute path.
///
/// # Errors
/// If there is no such folder, or it cannot be entered.
pub fn enter_folder(settings: &Settings) -> Result<(), Fault> {
    let dir = settings.text(&said::DIR);
    let doing = || format!("use '{dir}' as the folder of data (setting `dir`)");
    std::env::set_current_dir(&dir).map_err(Fault::io(doing()))?;
    let path = std::env::current_dir().map_err(Fault::io(doing()))?;
    settings.correct(&said::DIR, Value::Text(path.to_string_lossy().into_owned()));
    Ok(())
}

/// Lets the process have as many files open as `maxclients` needs; lowers the setting if the
/// operating system allows fewer.
pub fn make_room_for_clients(settings: &Settings) {
    let wanted = settings.integer(&said::MAXCLIENTS).max(1) as u64;
    let possible = allow_clients(wanted);
    if possible < wanted {
        tracing::warn!(
            "the limit on open files allows {possible} clients, not the {wanted} of maxclients; \
             raise it with 'ulimit -n {}'",
            wanted + RESERVED_FILES
        );
        settings.correct(&said::MAXCLIENTS, Value::Integer(possible.max(1) as i64));
    }
}

/// Raises the limit on open files for so many clients. Answers how many there may be now, at most
/// as many as asked for.
pub fn allow_clients(wanted: u64) -> u64 {
    let needed = wanted.saturating_add(RESERVED_FILES);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return wanted };
    if soft >= needed {
        return wanted;
    }
    // A privileged process may raise the hard limit as well.
    if setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed)).is_ok() {
        return wanted;
    }
    let most = needed.min(hard).max(soft);
    let granted = match setrlimit(Resource::RLIMIT_NOFILE, most, hard) {
        Ok(()) => most,
        Err(_) => soft,
    };
    granted.saturating_sub(RESERVED_FILES).min(wanted)
}

/// The file that holds the process id; removed when dropped.
pub struct PidFile(Option<PathBuf>);

impl PidFile {
    /// Writes the file that `pidfile` names, if it names one. That it cannot be written is no
    /// reason not to serve; the log says it.
    pub fn write(settings: &Settings) -> PidFile {
        let path = settings.text(&said::PIDFILE);
        if path.is_empty() {
            return PidFile(None);
        }
        let path = PathBuf::from(path);
        match fs::write(&path, format!("{}\n", std::process::id())) {
            Ok(()) => PidFile(Some(path)),
            Err(error) => {
                tracing::warn!("cannot write the pidfile '{}': {error}", path.display());
                PidFile(None)
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_clients_are_promised_than_files_can_be_open() {
        for wanted in [1, 100] {
            assert_eq!(allow_clients(wanted), wanted);
        }
        let possible = allow_clients(200);
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert!(possible + RESERVED_FILES <= soft);
        // More than the kernel has for anybody.
        assert!(allow_clients(u64::MAX / 2) < u64::MAX / 2);
    }

    #[test]
    fn a_pidfile_holds_the_process_id_while_the_server_runs() {
        let path = std::env::temp_dir().join(format!("mainstay-pid-{}", std::process::id()));
        let settings = Settings::new(crate::settings::catalog::SETTINGS);
        settings.correct(&said::PIDFILE, Value::Text(path.to_string_lossy().into_owned()));
        let file = PidFile::write(&settings);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        drop(file);
        assert!(!path.exists());
    }
}
