//! sim/life.rs — one life of a process that keeps a journal, without threads.
//!
//! It does with the folder what the server does (`persist/store`): reads the manifest, removes what
//! it does not name, reads and mends the journal, begins a segment and says so in the manifest; then
//! whatever chance says, and a snapshot makes older segments needless. Errors that leave the power
//! on are met as the writer thread meets them.

use std::io;
use std::sync::Arc;

use mainstay_server::dice::Dice;
use mainstay_server::error::Fault;
use mainstay_server::persist::disk::{Disk, NEXT, read_all};
use mainstay_server::persist::journal::Lsn;
use mainstay_server::persist::journal::log::{self, Log, Prepared, Shape};
use mainstay_server::persist::journal::read::{End, mend, read};
use mainstay_server::persist::manifest::Manifest;

use crate::disk::SimDisk;
use crate::model::{Model, Reading, Stop, Unit, wrong};

/// See the module.
pub struct Life<'m> {
    disk: SimDisk,
    model: &'m mut Model,
    chance: Dice,
    manifest: Manifest,
    log: Log,
    /// A segment that is not needed.
    spare: Option<String>,
    now: u64,
}

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The journal is closed.
    Closed,
    /// It is not, and had time to say that all of it is on disk.
    Marked,
    /// Neither.
    Left,
}

impl Ending {
    /// All of them.
    pub const ALL: [Ending; 3] = [Ending::Closed, Ending::Marked, Ending::Left];
}

/// What is in a folder.
pub struct Found {
    pub manifest: Manifest,
    pub end: End,
}

fn snapshot_name(number: u64) -> String {
    format!("snapshot-{number:010}")
}

/// What a snapshot of these units holds.
fn snapshot_bytes(lsn: Lsn, units: &[Unit]) -> Vec<u8> {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for byte in units.iter().flat_map(|unit| &unit.bytes) {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    [lsn.to_le_bytes(), sum.to_le_bytes()].concat()
}

/// What the disk refuses ends a life; anything else that is refused is wrong.
fn stop(fault: &Fault) -> Stop {
    match fault {
        Fault::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => {
            Stop::Disk(fault.to_string())
        }
        _ => Stop::Wrong(fault.to_string()),
    }
}

/// Reads a folder without changing it, and compares with the model.
pub fn look(disk: &SimDisk, model: &Model) -> Result<Option<Found>, Stop> {
    let Some(manifest) = Manifest::read(disk).map_err(|fault| stop(&fault))? else {
        let names = disk.names()?;
        let is_data = |name: &String| log::number(name).is_some() || name.starts_with("snapshot-");
        return match names.into_iter().find(is_data) {
            Some(name) => wrong(format!("{name} is there, and no manifest")),
            None if model.promised > 0 => wrong("nothing is there"),
            None => Ok(None),
        };
    };
    let mut after = 0;
    if let Some((number, lsn)) = manifest.snapshot {
        let name = snapshot_name(number);
        let bytes = disk.open(&name).and_then(|file| read_all(&*file, 64));
        let bytes = bytes.map_err(|error| stop(&Fault::io(name)(error)))?;
        let units = model.units.get(..lsn as usize);
        if !units.is_some_and(|units| bytes == snapshot_bytes(lsn, units)) {
            return wrong("the snapshot is another one");
        }
        after = lsn;
    }
    let mut end = End { next: after + 1, ..End::default() };
    if let Some(first) = manifest.journal {
        let mut reading = Reading::new(model, after);
        let read = read(disk, manifest.set, first, after, &mut |entry| reading.show(&entry));
        end = read.map_err(|fault| stop(&fault))?;
        end.must_reach(disk, manifest.reached).map_err(|fault| stop(&fault))?;
        if end.next != reading.last() + 1 {
            return wrong(format!("{} follows {}", end.next, reading.last()));
        }
    }
    if end.next <= model.promised {
        return wrong(format!("it ends before {}, {} was promised", end.next, model.promised));
    }
    Ok(Some(Found { manifest, end }))
}

impl Life<'_> {
    /// Recovers, and begins to record. What was found is promised from then on.
    pub fn begin<'m>(
        disk: &SimDisk,
        model: &'m mut Model,
        bytes: u64,
        mut chance: Dice,
    ) -> Result<Life<'m>, Stop> {
        let (mut manifest, end) = match look(disk, model)? {
            Some(Found { manifest, end }) => (manifest, end),
            None => {
                let manifest =
                    Manifest { set: chance.next(), snapshot: None, journal: None, reached: 0 };
                manifest.write(disk)?;
                (manifest, End { next: 1, ..End::default() })
            }
        };
        clear(disk, &manifest)?;
        if let Some(kept) = mend(disk, manifest.set, &end)? {
            // It has other bytes if it is of an attempt to mend that was cut.
            if disk.contents(&kept).is_none_or(|bytes| bytes.is_empty()) {
                return wrong(format!("{kept} does not have the bytes that were torn"));
            }
        }
        let shape = Shape { set: manifest.set, bytes };
        let last = end.segments.last().map(|segment| segment.number + 1);
        let number = end.unused.first().copied().or(last).unwrap_or(1);
        let first = end.segments.first().map_or(number, |segment| segment.number);
        let (next, seed) = (end.next, Dice::new(chance.next()));
        let arc: Arc<dyn Disk> = Arc::new(disk.clone());
        let log = Log::begin(arc, shape, end.segments, number, next, seed)?;
        (manifest.journal, manifest.reached) = (Some(first), number);
        manifest.write(disk)?;
        model.go_back_to(next - 1);
        model.promise(next - 1);
        let disk = disk.clone();
        let now = model.units.last().map_or(1000, |unit| unit.stamp);
        Ok(Life { disk, model, chance, manifest, log, spare: None, now })
    }

    /// Does so many things, and closes the journal or does not. `Ok` if the process ended by itself.
    pub fn run(mut self, steps: usize) -> Result<(), Stop> {
        for _ in 0..steps {
            self.step()?;
            self.model.promise(self.log.synced());
            if self.disk.is_dead() {
                return Err(Stop::Disk("the power is gone".into()));
            }
        }
        if self.chance.below(2) == 0 {
            let closed = self.log.close();
            self.model.promise(self.log.synced());
            closed?;
        }
        Ok(())
    }

    /// Appends a block and puts it on disk; answers how many units and bytes it has.
    pub fn record(&mut self) -> Result<(usize, usize), Stop> {
        let appended = self.append();
        if self.chance.below(4) == 0 {
            self.prepare();
        }
        self.log.write()?;
        self.log.sync()?;
        self.model.promise(self.log.synced());
        Ok(appended)
    }

    /// Ends this life, everything being on disk.
    pub fn end(mut self, ending: Ending) -> Result<(), Stop> {
        match ending {
            Ending::Closed => self.log.close()?,
            Ending::Marked => self.log.mark(),
            Ending::Left => {}
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), Stop> {
        if self.log.is_broken() {
            // What the disk says meanwhile is met by trying again.
            let _ = self.start_over();
            return Ok(());
        }
        match self.chance.below(26) {
            0..=9 => drop(self.append()),
            10..=14 => drop(self.log.write()),
            15..=19 => drop(self.log.write().and_then(|()| self.log.sync())),
            20..=21 => self.prepare(),
            22 => {
                let _ = self.snapshot();
            }
            23 => self.log.mark(),
            _ => self.now += 1,
        }
        Ok(())
    }

    /// Adds a block of some units, which are there only if it could be; answers how many, and bytes.
    fn append(&mut self) -> (usize, usize) {
        let count = if self.chance.below(3) == 0 { 1 + self.chance.below(8) } else { 1 };
        let mut payload = Vec::new();
        let mut units = Vec::new();
        for _ in 0..count {
            let unit = self.model.unit(self.now, &mut self.chance);
            payload.extend_from_slice(&unit.bytes);
            units.push(unit);
        }
        let first = self.log.next();
        if self.log.append(self.now, first, count as u32, &payload).is_ok() {
            self.model.units.append(&mut units);
        }
        (count, payload.len())
    }

    fn prepare(&mut self) {
        let Some((shape, number, file)) = self.log.wants() else { return };
        let used = self.spare.take_if(|_| self.chance.below(3) > 0);
        let zeroed = self.chance.below(2) == 0;
        let used = used.as_deref();
        if let Ok(prepared) = Prepared::make(&self.disk, shape, number, file, used, zeroed) {
            self.log.prepare(prepared);
        }
    }

    /// Makes a snapshot of everything so far current; answers its LSN.
    fn write_snapshot(&mut self, journal: impl Fn(&Log, Lsn) -> u64) -> Result<Lsn, Stop> {
        let lsn = self.log.next() - 1;
        let old = self.manifest.snapshot;
        let number = old.map_or(1, |(number, _)| number + 1);
        let name = snapshot_name(number);
        let file = self.disk.create(&name)?;
        file.write_at(&snapshot_bytes(lsn, &self.model.units), 0)?;
        file.sync()?;
        self.disk.sync_names()?;
        let journal = Some(journal(&self.log, lsn));
        let manifest = Manifest { snapshot: Some((number, lsn)), journal, ..self.manifest };
        // If it fails, either may be the manifest; the next one has another number.
        self.manifest.snapshot = manifest.snapshot;
        manifest.write(&self.disk)?;
        self.manifest = manifest;
        self.model.promise(lsn);
        if let Some((number, _)) = old {
            let _ = self.disk.remove(&snapshot_name(number));
        }
        Ok(lsn)
    }

    fn snapshot(&mut self) -> Result<(), Stop> {
        let lsn = self.write_snapshot(|log, lsn| {
            let needed = log.segments().iter().rev().find(|segment| segment.first <= lsn + 1);
            needed.map_or(0, |segment| segment.number)
        })?;
        for name in self.log.forget(lsn) {
            if self.spare.is_none() {
                self.spare = Some(name);
            } else {
                let _ = self.disk.remove(&name);
            }
        }
        Ok(())
    }

    /// After a sync that failed: a snapshot, and a log of its own behind it.
    fn start_over(&mut self) -> Result<(), Stop> {
        let number = self.log.segments().last().map_or(1, |segment| segment.number + 1);
        let (shape, next, chance) = (self.log.shape(), self.log.next(), self.log.chance());
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let log = Log::begin(disk, shape, Vec::new(), number, next, chance)?;
        self.manifest.reached = number;
        self.write_snapshot(|_, _| number)?;
        self.spare = None;
        self.log = log;
        Ok(())
    }
}

/// Removes what the manifest does not name.
fn clear(disk: &SimDisk, manifest: &Manifest) -> Result<(), Stop> {
    for name in disk.names()? {
        let is_old = match log::number(&name) {
            Some(number) => manifest.journal.is_none_or(|first| number < first),
            None if name.starts_with("snapshot-") => {
                manifest.snapshot.is_none_or(|(number, _)| name != snapshot_name(number))
            }
            None => name.ends_with(NEXT),
        };
        if is_old || name.ends_with(NEXT) {
            disk.remove(&name)?;
        }
    }
    Ok(disk.sync_names()?)
}
