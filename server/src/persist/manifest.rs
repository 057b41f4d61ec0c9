//! persist/manifest.rs — which files of the folder are the data: one small file, replaced as a
//! whole.
//!
//! ```text
//! mainstay data 1
//! set 8f0c2d6a11b09e37
//! snapshot 3 1234567          number and LSN, or `snapshot none`
//! journal 7 9                 numbers of the first segment that is needed, and of one that there
//!                             is at least; or `journal none`
//! check 1a2b3c4d              CRC-32C of the lines above
//! ```
//!
//! Whatever it does not name means nothing, so a snapshot becomes current, and the journal before
//! it needless, in one step. Files of data without it are refused: it may be that they are all
//! there is.

use std::io;

use super::disk::{Disk, read_all, replace};
use super::journal::Lsn;
use crate::error::Fault;

/// The file's name.
pub const NAME: &str = "manifest";

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest {
    /// Which data set the files are of.
    pub set: u64,
    /// The current snapshot: its number, and the last LSN that is in it.
    pub snapshot: Option<(u64, Lsn)>,
    /// The first segment that is needed.
    pub journal: Option<u64>,
    /// The journal has a segment of this number, or a later one: a process that begins one says so,
    /// since the last one of the process before does not. Means nothing without a journal.
    pub reached: u64,
}

impl Manifest {
    /// Reads the manifest; `None` if there is none. What it says stays: the process that wrote it
    /// may have been killed before its name was on disk, and files that it does not name are
    /// removed.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn read(disk: &dyn Disk) -> Result<Option<Manifest>, Fault> {
        let doing = || format!("read {NAME} in '{}'", disk.place());
        let bytes = match disk.open(NAME).and_then(|file| read_all(&*file, 4096)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Fault::io(doing())(error)),
        };
        disk.sync_names().map_err(Fault::io(doing()))?;
        match Manifest::parse(&bytes) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(why) => Err(Fault::File { path: format!("{}/{NAME}", disk.place()).into(), why }),
        }
    }

    /// Makes this the manifest.
    ///
    /// # Errors
    /// What the disk says; then the old one may still be it.
    pub fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        replace(disk, NAME, self.to_text().as_bytes())
    }

    fn to_text(self) -> String {
        let snapshot = match self.snapshot {
            Some((number, lsn)) => format!("{number} {lsn}"),
            None => "none".into(),
        };
        let journal = match self.journal {
            Some(number) => format!("{number} {}", self.reached),
            None => "none".into(),
        };
        let text = format!(
            "mainstay data 1\nset {:016x}\nsnapshot {snapshot}\njournal {journal}\n",
            self.set
        );
        format!("{text}check {:08x}\n", crc32c::crc32c(text.as_bytes()))
    }

    fn parse(bytes: &[u8]) -> Result<Manifest, String> {
        let damaged = |what: &str| format!("it is damaged: {what}; restore it from a backup");
        let text = str::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        let version = text.lines().next().and_then(|line| line.strip_prefix("mainstay data "));
        match version {
            Some("1") => {}
            Some(later) => {
                return Err(format!("format {later} is of a later version of this server"));
            }
            None => return Err(damaged("the first line")),
        }
        let at = text.rfind("check ").ok_or_else(|| damaged("no check"))?;
        let (said, check) = text.split_at(at);
        if check != format!("check {:08x}\n", crc32c::crc32c(said.as_bytes())) {
            return Err(damaged("its check does not fit"));
        }
        let words = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or_else(|| damaged(name))
        };
        let number = |word: &str| word.parse::<u64>().map_err(|_| damaged(word));
        let set = u64::from_str_radix(words("set")?, 16).map_err(|_| damaged("set"))?;
        let snapshot = match words("snapshot")?.split_once(' ') {
            Some((name, lsn)) => Some((number(name)?, number(lsn)?)),
            None => None,
        };
        let (journal, reached) = match words("journal")?.split_once(' ') {
            Some((first, reached)) => (Some(number(first)?), number(reached)?),
            None => (None, 0),
        };
        Ok(Manifest { set, snapshot, journal, reached })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_is_seen() {
        for manifest in [
            Manifest { set: 1, snapshot: None, journal: Some(1), reached: 2 },
            Manifest { set: u64::MAX, snapshot: Some((3, 1234)), journal: None, reached: 0 },
        ] {
            let text = manifest.to_text();
            assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest));
            for at in 0..text.len() {
                for change in [1, 2, 4, 16, 32] {
                    let mut bytes = text.clone().into_bytes();
                    bytes[at] ^= change;
                    assert!(Manifest::parse(&bytes).is_err(), "byte {at} of {text}");
                }
                assert!(Manifest::parse(&text.as_bytes()[..at]).is_err(), "cut at {at}");
            }
        }
    }
}
