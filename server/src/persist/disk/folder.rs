//! persist/disk/folder.rs — a folder of the operating system's, and the lock that keeps a second
//! process out of it.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{FallocateFlags, Flock, FlockArg, fallocate};

use super::{Disk, File};

/// A folder, by its path.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Nobody else has the folder as long as this lives.
pub struct Lock(#[expect(dead_code, reason = "held, not read")] Flock<fs::File>);

/// The file that is locked; what is in it is the process that has the lock.
const LOCK: &str = "lock";

impl Folder {
    /// The folder at `path`; it is made if it is not there, for its owner alone.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn enter(path: &Path) -> io::Result<Folder> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Folder(path.to_owned()))
    }

    /// Keeps other processes out until the lock is dropped or this process ends, however it does.
    ///
    /// # Errors
    /// `WouldBlock` if another process has it, and what else the operating system says.
    pub fn lock(&self) -> io::Result<Lock> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = file.open(self.0.join(LOCK))?;
        let locked = Flock::lock(file, FlockArg::LockExclusiveNonblock);
        let lock = locked.map_err(|(_, errno)| io::Error::from(errno))?;
        lock.set_len(0)?;
        lock.write_all_at(format!("{}\n", std::process::id()).as_bytes(), 0)?;
        Ok(Lock(lock))
    }

    /// The process that has the folder, as it wrote it down.
    pub fn owner(&self) -> Option<u32> {
        fs::read_to_string(self.0.join(LOCK)).ok()?.trim().parse().ok()
    }
}

impl Disk for Folder {
    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true).mode(0o600);
        Ok(Box::new(options.open(self.0.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let file = OpenOptions::new().read(true).write(true).open(self.0.join(name))?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
                && name != LOCK
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync_names(&self) -> io::Result<()> {
        fs::File::open(&self.0)?.sync_all()
    }

    fn place(&self) -> String {
        self.0.display().to_string()
    }
}

impl File for fs::File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn read_at(&self, to: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < to.len() {
            match FileExt::read_at(self, &mut to[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn reserve(&self, bytes: u64) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let length = libc_offset(bytes)?;
            match fallocate(self, FallocateFlags::empty(), 0, length) {
                Ok(()) => return Ok(()),
                // This file system cannot; zeros take the room as well.
                Err(nix::errno::Errno::EOPNOTSUPP) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let zeros = [0; 64 * 1024];
        let mut at = self.metadata()?.len();
        while at < bytes {
            let step = (bytes - at).min(zeros.len() as u64);
            self.write_all_at(&zeros[..step as usize], at)?;
            at += step;
        }
        Ok(())
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }
}

fn libc_offset(bytes: u64) -> io::Result<i64> {
    i64::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("mainstay-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder::enter(&path).expect("the temporary folder is writable")
    }

    #[test]
    fn a_second_owner_is_kept_out() {
        let folder = folder("lock");
        let lock = folder.lock().expect("nobody has it");
        let error = folder.lock().err().expect("somebody has it");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(folder.owner(), Some(std::process::id()));
        drop(lock);
        folder.lock().expect("nobody has it any more");
        assert!(folder.names().unwrap().is_empty());
        fs::remove_dir_all(&folder.0).unwrap();
    }

    #[test]
    fn room_reads_as_zeros_and_files_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("room");
        let file = folder.create("a").unwrap();
        file.write_at(b"abc", 0).unwrap();
        file.reserve(100_000).unwrap();
        assert_eq!(file.size().unwrap(), 100_000);
        let mut bytes = [1; 8];
        assert_eq!(file.read_at(&mut bytes, 0).unwrap(), 8);
        assert_eq!(&bytes, b"abc\0\0\0\0\0");
        assert_eq!(file.read_at(&mut bytes, 99_998).unwrap(), 2);
        file.cut(3).unwrap();
        file.sync().unwrap();
        super::super::replace(&folder, "b", b"text").unwrap();
        assert_eq!(folder.names().unwrap(), ["a", "b"]);
        let mode = fs::metadata(folder.0.join("b")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(&folder.0).unwrap();
    }
}
