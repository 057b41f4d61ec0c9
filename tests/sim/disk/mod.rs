//! sim/disk — a disk that keeps what it must and nothing else.
//!
//! For every file there is what a process sees (the cache), what is on disk, and the changes in
//! between; the same for names. [`SimDisk::crash`] loses what it may: see `crash`. Faults are
//! planned by the number of an operation; what only reads is not counted, since nothing can come of
//! cutting there.
//!
//! - A *cut* applies any part of its operation, and from then on everything fails.
//! - A *failure* of a write leaves part of it. A failed sync has put any part of the changes on disk
//!   and forgets about the rest: the cache still shows it, and later syncs succeed without it, as
//!   Linux does it.
//! - A disk that is *full* gives no room: making files and growing them fails.

mod crash;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mainstay_server::dice::Dice;
use mainstay_server::persist::disk::{Disk, File};

/// A change of a file that is not on disk for sure.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Grow(usize),
    Cut(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Change::Write { at, bytes } => {
                let end = at + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*at..end].copy_from_slice(bytes);
            }
            Change::Grow(length) => to.resize(to.len().max(*length), 0),
            Change::Cut(length) => to.truncate(*length),
        }
    }
}

#[derive(Debug, Default, Clone)]
struct Inode {
    cache: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

impl Inode {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.cache);
        self.pending.push(change);
    }
}

/// A change of the folder that is not on disk for sure.
#[derive(Debug, Clone)]
enum NameChange {
    Create(String, usize),
    Rename(String, String, usize),
    Remove(String, usize),
}

impl NameChange {
    fn apply(&self, to: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Create(name, inode) => drop(to.insert(name.clone(), *inode)),
            NameChange::Rename(from, name, inode) => {
                to.remove(from);
                to.insert(name.clone(), *inode);
            }
            NameChange::Remove(name, _) => drop(to.remove(name)),
        }
    }
}

/// What is to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The power goes.
    Cut,
    /// The operation fails, and the next ones do not.
    Fail,
}

#[derive(Debug, Clone)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending_names: Vec<NameChange>,
    chance: Dice,
    operations: u64,
    faults: BTreeMap<u64, Fault>,
    is_dead: bool,
    is_full: bool,
}

/// How an operation goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Whole,
    Partly,
    NotAtAll,
}

impl State {
    /// Counts an operation; says how far it gets.
    fn step(&mut self) -> How {
        if self.is_dead {
            return How::NotAtAll;
        }
        self.operations += 1;
        match self.faults.remove(&self.operations) {
            None => How::Whole,
            Some(Fault::Fail) => How::Partly,
            Some(Fault::Cut) => {
                self.is_dead = true;
                How::Partly
            }
        }
    }

    fn error(&mut self) -> io::Error {
        if self.is_dead {
            io::Error::other("the power is gone")
        } else if self.chance.below(2) == 0 {
            io::ErrorKind::StorageFull.into()
        } else {
            io::Error::from_raw_os_error(5)
        }
    }

    /// What is done as a whole or not at all, whatever the caller is told.
    fn all_or_nothing(&mut self, act: impl FnOnce(&mut State)) -> io::Result<()> {
        let how = self.step();
        let happens = match how {
            How::Whole => true,
            How::Partly => self.is_dead && self.chance.below(2) == 0,
            How::NotAtAll => false,
        };
        if happens {
            act(self);
        }
        if how == How::Whole { Ok(()) } else { Err(self.error()) }
    }

    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending_names.push(change);
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Empties files that no name can lead to any more.
    fn forget_unnamed(&mut self) {
        let named = self.names.values().chain(self.durable_names.values()).copied();
        let pending = self.pending_names.iter().map(NameChange::inode);
        let reached: BTreeSet<usize> = named.chain(pending).collect();
        for (number, inode) in self.inodes.iter_mut().enumerate() {
            if !reached.contains(&number) {
                *inode = Inode::default();
            }
        }
    }

    fn must_live(&self) -> io::Result<()> {
        if self.is_dead { Err(io::Error::other("the power is gone")) } else { Ok(()) }
    }
}

/// See the module. A clone is the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

struct SimFile {
    disk: SimDisk,
    inode: usize,
}

impl SimDisk {
    /// An empty one.
    pub fn new(seed: u64) -> SimDisk {
        SimDisk::of(State {
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            chance: Dice::new(seed),
            operations: 0,
            faults: BTreeMap::new(),
            is_dead: false,
            is_full: false,
        })
    }

    fn of(state: State) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts operations from here.
    pub fn count_anew(&self) {
        let mut state = self.state();
        state.operations = 0;
        state.faults.clear();
    }

    /// Operations that changed something, since they were counted anew.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Plans a fault for the operation of this number, the next one being one more than
    /// [`SimDisk::operations`].
    pub fn plan(&self, operation: u64, fault: Fault) {
        self.state().faults.insert(operation, fault);
    }

    /// Whether the power is gone.
    pub fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// From now on there is no room, or there is again.
    pub fn fill(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// The disk as the next process finds it if this one was killed: nothing is lost. What the
    /// killed one still does is done to another disk.
    pub fn kill(&self) -> SimDisk {
        let mut state = self.state().clone();
        state.is_dead = false;
        state.is_full = false;
        state.operations = 0;
        state.faults.clear();
        state.forget_unnamed();
        SimDisk::of(state)
    }

    /// The disk as it is found after a power failure.
    pub fn crash(&self, chance: &mut Dice) -> SimDisk {
        let found = self.kill();
        found.state().lose(chance);
        found
    }

    /// What a file holds, for a test to damage it.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(name).map(|&inode| state.inodes[inode].cache.clone())
    }

    /// Puts other bytes in a file, and on disk; or removes it.
    pub fn put(&self, name: &str, bytes: Option<&[u8]>) {
        let mut state = self.state();
        let Some(bytes) = bytes else {
            state.names.remove(name);
            state.durable_names.remove(name);
            return;
        };
        let (cache, durable) = (bytes.to_vec(), bytes.to_vec());
        state.inodes.push(Inode { cache, durable, pending: Vec::new() });
        let inode = state.inodes.len() - 1;
        state.names.insert(name.into(), inode);
        state.durable_names.insert(name.into(), inode);
    }
}

impl Disk for SimDisk {
    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut state = self.state();
        if state.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.all_or_nothing(|state| match state.names.get(name) {
            Some(&inode) => state.inodes[inode].change(Change::Cut(0)),
            None => {
                state.inodes.push(Inode::default());
                let inode = state.inodes.len() - 1;
                state.rename(NameChange::Create(name.into(), inode));
            }
        })?;
        let inode = state.find(name)?;
        Ok(Box::new(SimFile { disk: self.clone(), inode }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let state = self.state();
        state.must_live()?;
        let inode = state.find(name)?;
        Ok(Box::new(SimFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.find(from)?;
        state.all_or_nothing(|state| {
            state.rename(NameChange::Rename(from.into(), to.into(), inode));
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.find(name)?;
        state.all_or_nothing(|state| state.rename(NameChange::Remove(name.into(), inode)))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.must_live()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn sync_names(&self) -> io::Result<()> {
        self.state().all_or_nothing(|state| {
            state.durable_names = state.names.clone();
            state.pending_names.clear();
        })
    }

    fn place(&self) -> String {
        "sim".into()
    }
}

impl File for SimFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let at = offset as usize;
        let length = state.inodes[self.inode].cache.len();
        let is_refused = state.is_full && at + bytes.len() > length;
        let how = state.step();
        let written = match how {
            How::Whole if is_refused => length.saturating_sub(at),
            How::Whole => bytes.len(),
            How::Partly => state.chance.below(bytes.len() + 1),
            How::NotAtAll => return Err(state.error()),
        };
        if written > 0 {
            let change = Change::Write { at, bytes: bytes[..written].to_vec() };
            state.inodes[self.inode].change(change);
        }
        match how {
            How::Whole if is_refused => Err(io::ErrorKind::StorageFull.into()),
            How::Whole => Ok(()),
            _ => Err(state.error()),
        }
    }

    fn read_at(&self, to: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state();
        state.must_live()?;
        let bytes = state.inodes[self.inode].cache.get(offset as usize..).unwrap_or_default();
        let length = bytes.len().min(to.len());
        to[..length].copy_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let how = state.step();
        match how {
            How::Whole => {
                let inode = &mut state.inodes[self.inode];
                let pending = std::mem::take(&mut inode.pending);
                pending.iter().for_each(|change| change.apply(&mut inode.durable));
                Ok(())
            }
            How::Partly if !state.is_dead => {
                let State { inodes, chance, .. } = &mut *state;
                inodes[self.inode].forget_some(chance);
                Err(io::Error::from_raw_os_error(5))
            }
            How::Partly | How::NotAtAll => Err(state.error()),
        }
    }

    fn size(&self) -> io::Result<u64> {
        let state = self.disk.state();
        state.must_live()?;
        Ok(state.inodes[self.inode].cache.len() as u64)
    }

    fn reserve(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let bytes = bytes as usize;
        if state.is_full && bytes > state.inodes[self.inode].cache.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.all_or_nothing(|state| state.inodes[self.inode].change(Change::Grow(bytes)))
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        let bytes = bytes as usize;
        let mut state = self.disk.state();
        state.all_or_nothing(|state| state.inodes[self.inode].change(Change::Cut(bytes)))
    }
}

/// Names that a change of the folder touches, and the file.
impl NameChange {
    fn names(&self) -> BTreeSet<&str> {
        match self {
            NameChange::Create(name, _) | NameChange::Remove(name, _) => [&name[..]].into(),
            NameChange::Rename(from, to, _) => [&from[..], &to[..]].into(),
        }
    }

    fn inode(&self) -> usize {
        match self {
            NameChange::Create(_, inode)
            | NameChange::Rename(_, _, inode)
            | NameChange::Remove(_, inode) => *inode,
        }
    }
}
