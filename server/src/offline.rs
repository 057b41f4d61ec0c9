//! offline.rs — what is done with data while nobody is served: `import`, `export`.
//!
//! ```text
//! mainstay-server import FILE|DIR --dir DATADIR     Redis's files become data of a new folder
//! mainstay-server export FILE --dir DATADIR         the data of a folder becomes an RDB file
//! ```
//!
//! The flags behind are those of the server. A file is written under another name, flushed, and
//! renamed, so that what has its name is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::assembly::Assembly;
use crate::clock;
use crate::error::Fault;
use crate::migration::export::export as write_rdb;
use crate::migration::files::{Source, keep_loaded, load_found, load_redis_files};
use crate::migration::keep::is_kept;
use crate::persist::store::FOLDER;
use crate::settings::Settings;
use crate::settings::catalog as said;

/// A task, if there is one, and the arguments behind it.
pub type Asked<'a> = Option<(Task, &'a [Vec<u8>])>;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Takes Redis's file or folder over into the folder of data.
    Import(PathBuf),
    /// Writes the folder's data to this file.
    Export(PathBuf),
}

impl Task {
    /// What the arguments of the process ask for, and the arguments behind it; nothing if they ask
    /// for a server.
    ///
    /// # Errors
    /// If no file is named; how to call it.
    pub fn read(args: &[Vec<u8>]) -> Result<Asked<'_>, String> {
        let (make, usage): (fn(PathBuf) -> Task, _) = match args.first().map(Vec::as_slice) {
            Some(b"import") => (Task::Import, "import FILE|DIR --dir DATADIR"),
            Some(b"export") => (Task::Export, "export FILE --dir DATADIR"),
            _ => return Ok(None),
        };
        match args {
            [_, file, rest @ ..] if !file.starts_with(b"--") => {
                let file = String::from_utf8_lossy(file).into_owned();
                Ok(Some((make(PathBuf::from(file)), rest)))
            }
            _ => Err(format!("usage: mainstay-server {usage} [--directive value ...]")),
        }
    }

    /// The same, with a path that holds in any folder.
    ///
    /// # Errors
    /// If the folder that the process is in cannot be told.
    pub fn made_absolute(self) -> Result<Task, Fault> {
        let absolute = |path: PathBuf| {
            std::path::absolute(&path)
                .map_err(Fault::io(format!("find out where {} is", path.display())))
        };
        Ok(match self {
            Task::Import(path) => Task::Import(absolute(path)?),
            Task::Export(path) => Task::Export(absolute(path)?),
        })
    }

    /// Does it. The process is in the folder of data.
    ///
    /// # Errors
    /// If something is damaged, not there, or in the way.
    pub fn run(self, settings: Settings, seed: u64) -> Result<(), Fault> {
        let mut assembly = Assembly::new(settings, seed)?;
        let process = Arc::clone(&assembly.process);
        let settings = &process.settings;
        let folder = || PathBuf::from(settings.text(&said::DIR));
        match self {
            Task::Import(from) => {
                if is_kept(&process)? {
                    return Err(in_the_way(&folder().join(FOLDER)));
                }
                if !settings.boolean(&said::APPENDONLY) {
                    let why = "is to be left without data: `appendonly no`".into();
                    return Err(Fault::File { path: folder(), why });
                }
                let source = Source::of(&from, settings)?;
                let keys = load_redis_files(&process, &source)?;
                assembly.restore()?;
                keep_loaded(&process)?;
                process.store().close();
                let to = folder();
                tracing::info!("Imported {keys} keys from {} to {}", from.display(), to.display());
            }
            Task::Export(to) => {
                if to.exists() {
                    return Err(in_the_way(&to));
                }
                if is_kept(&process)? {
                    assembly.restore()?;
                    process.store().close();
                } else if !load_found(&process)? {
                    return Err(Fault::File { path: folder(), why: "holds no data".into() });
                }
                let keys = write(&process, &to)?;
                tracing::info!("Exported {keys} keys to {}", to.display());
            }
        }
        Ok(())
    }
}

fn in_the_way(path: &Path) -> Fault {
    Fault::File { path: path.to_owned(), why: "is there already, and is not overwritten".into() }
}

/// Writes all keys of the process to a file; says how many.
fn write(process: &crate::process::Process, to: &Path) -> Result<u64, Fault> {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let doing = || format!("write {}", part.display());
    let mut options = File::options();
    // It holds everybody's data: nobody else may read it.
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&part);
    let file = file.map_err(Fault::io(doing()))?;
    let libraries = process.libraries.lock();
    let written = write_rdb(&process.keyspace, &libraries, clock::now(), BufWriter::new(file))
        .and_then(|(keys, to)| {
            let file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            Ok(keys)
        })
        .and_then(|keys| fs::rename(&part, to).map(|()| keys))
        .and_then(|keys| {
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(keys)
        });
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written.map_err(Fault::io(doing()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<(Task, usize)>, String> {
        let args: Vec<Vec<u8>> = line.split(' ').map(|word| word.into()).collect();
        Task::read(&args).map(|task| task.map(|(task, rest)| (task, rest.len())))
    }

    #[test]
    fn the_first_word_says_whether_it_is_a_task() {
        assert_eq!(read("--port 1"), Ok(None));
        assert_eq!(read("redis.conf"), Ok(None));
        assert_eq!(read("import d.rdb --dir x"), Ok(Some((Task::Import("d.rdb".into()), 2))));
        assert_eq!(read("export d.rdb"), Ok(Some((Task::Export("d.rdb".into()), 0))));
        assert!(read("import --dir x").unwrap_err().contains("import FILE|DIR"));
        assert!(read("export").unwrap_err().contains("export FILE"));
    }
}
