//! Promises of the settings, by what they are about.

mod config;
mod files;
mod rewriting;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::catalog::SETTINGS;
use super::start::{Configured, Problems, Start, start};

/// Starts with these arguments and nothing on standard input.
fn begin(args: &[&str]) -> Result<Box<Configured>, Problems> {
    begin_with(args, "")
}

fn begin_with(args: &[&str], stdin: &str) -> Result<Box<Configured>, Problems> {
    let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    match start(SETTINGS, &args, &mut stdin.as_bytes())? {
        Start::Serve(configured) => Ok(configured),
        Start::Print(text) => panic!("served nothing, printed {text}"),
    }
}

/// What the server says about this text on standard input.
fn complaints(text: &str) -> String {
    match begin_with(&["-"], text) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

fn value(configured: &Configured, name: &str) -> String {
    let mut found = configured.settings.get(&[name.as_bytes()]);
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0).1
}

/// A folder of one test, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mainstay-settings-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}
