//! persist/disk — the folder of data as everything in `persist` sees it: files of one level, and
//! what has to be said to a disk so that bytes stay.
//!
//! A [`Disk`] promises little, as disks do. Bytes are there after a crash once [`File::sync`] has
//! returned; a file's *name* is there once [`Disk::sync_names`] has returned after it was made or
//! renamed. Until then a crash may keep any part of it, in any order. A failed sync says nothing
//! about what it was to keep, and is never tried again: whoever meets one gives up the file.
//!
//! Three of them: [`Folder`]; [`Memory`], for tests and tools; and the simulated one of
//! `tests/sim`, which tears, reorders and forgets whatever it may.
//!
//! Not here: what is in the files, and who is told when one fails.

mod folder;
mod memory;

use std::io;

pub use folder::{Folder, Lock};
pub use memory::Memory;

/// A folder of files. Names have no slash.
pub trait Disk: Send + Sync {
    /// A new file, for its owner alone, to be read and written; an old one of the name is
    /// emptied.
    ///
    /// # Errors
    /// What the operating system says.
    fn create(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// A file that is there, to be read and written.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` if it is not there.
    fn open(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// Gives a file another name, in place of whatever had it.
    ///
    /// # Errors
    /// What the operating system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The names of all files, in order.
    ///
    /// # Errors
    /// What the operating system says.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Makes names durable: returns when all files made, renamed and removed so far are so on
    /// disk.
    ///
    /// # Errors
    /// What the operating system says. Not to be tried again.
    fn sync_names(&self) -> io::Result<()>;

    /// Where this is, for people.
    fn place(&self) -> String;
}

/// A file of a [`Disk`].
pub trait File: Send + Sync {
    /// Writes all of `bytes` at an offset; the file grows as needed.
    ///
    /// # Errors
    /// What the operating system says; some of the bytes may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Reads at an offset until `to` is full or the file ends; says how many bytes it were.
    ///
    /// # Errors
    /// What the operating system says.
    fn read_at(&self, to: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Makes the bytes written so far, and the file's length, durable.
    ///
    /// # Errors
    /// What the operating system says. Not to be tried again.
    fn sync(&self) -> io::Result<()>;

    /// Bytes of the file.
    ///
    /// # Errors
    /// What the operating system says.
    fn size(&self) -> io::Result<u64>;

    /// Takes room for the file's first `bytes` bytes, so that writing there cannot fail for want
    /// of it; the file is at least as long afterwards, with zeros in what is new.
    ///
    /// # Errors
    /// `StorageFull` if there is no room, and what else the operating system says.
    fn reserve(&self, bytes: u64) -> io::Result<()>;

    /// Cuts the file off after so many bytes.
    ///
    /// # Errors
    /// What the operating system says.
    fn cut(&self, bytes: u64) -> io::Result<()>;
}

/// Replaces a small file as a whole: after a crash there is the old one or the new one.
///
/// # Errors
/// What the disk says; then the old one is still there, or the new one already is.
pub fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let next = format!("{name}{NEXT}");
    let file = disk.create(&next)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    drop(file);
    disk.rename(&next, name)?;
    disk.sync_names()
}

/// Reads a whole file, if it is not longer than `most`.
///
/// # Errors
/// What the disk says; `InvalidData` if it is too long.
pub fn read_all(file: &dyn File, most: u64) -> io::Result<Vec<u8>> {
    let size = file.size()?;
    if size > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too long"));
    }
    let mut bytes = vec![0; size as usize];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// The end of the name of what is still being written; such a file means nothing after a crash.
pub const NEXT: &str = ".next";
