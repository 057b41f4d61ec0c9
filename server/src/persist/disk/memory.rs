//! persist/disk/memory.rs — a folder that lasts as long as the process, for tests and tools. It
//! never fails and forgets nothing; the one that does is in `tests/sim`.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, File};

type Bytes = Arc<Mutex<Vec<u8>>>;

/// See the module. Clones are the same folder.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);

impl Memory {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of a file's bytes.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        Some(lock(self.files().get(name)?).clone())
    }

    /// Puts a file there, in place of what was.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        self.files().insert(name.to_owned(), Arc::new(Mutex::new(bytes)));
    }
}

fn lock(bytes: &Bytes) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for Memory {
    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let bytes = Bytes::default();
        self.files().insert(name.to_owned(), Arc::clone(&bytes));
        Ok(Box::new(bytes))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let file = self.files().get(name).cloned().ok_or_else(not_found)?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files();
        let file = files.remove(from).ok_or_else(not_found)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files().remove(name).map(drop).ok_or_else(not_found)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.files().keys().cloned().collect())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn place(&self) -> String {
        "memory".into()
    }
}

impl File for Bytes {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let (mut held, offset) = (lock(self), offset as usize);
        let end = offset + bytes.len();
        if held.len() < end {
            held.resize(end, 0);
        }
        held[offset..end].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, to: &mut [u8], offset: u64) -> io::Result<usize> {
        let held = lock(self);
        let from = held.get(offset as usize..).unwrap_or_default();
        let count = to.len().min(from.len());
        to[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(lock(self).len() as u64)
    }

    fn reserve(&self, bytes: u64) -> io::Result<()> {
        let mut held = lock(self);
        let len = held.len().max(bytes as usize);
        held.resize(len, 0);
        Ok(())
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        lock(self).truncate(bytes as usize);
        Ok(())
    }
}
