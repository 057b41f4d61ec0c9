//! sim/model.rs — what was appended, and what of it must be there after a crash.
//!
//! Every unit has bytes that no other one ever had, so that one of an earlier life, or of one that
//! was lost and whose number was given again, is never taken for it.

use std::fmt;
use std::io;

use mainstay_protocol::OwnedRequest;
use mainstay_server::clock::Millis;
use mainstay_server::dice::Dice;
use mainstay_server::error::Fault;
use mainstay_server::persist::codec;
use mainstay_server::persist::journal::Lsn;
use mainstay_server::persist::journal::read::Entry;
use mainstay_server::record::RecordRef;

/// Why a life ended, or that a promise was broken.
#[derive(Debug)]
pub enum Stop {
    /// The disk failed, as it was told to.
    Disk(String),
    /// Something is not as promised.
    Wrong(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Disk(error.to_string())
    }
}

/// A broken promise.
pub fn wrong<T>(what: impl fmt::Display) -> Result<T, Stop> {
    Err(Stop::Wrong(what.to_string()))
}

/// A unit: the time that it saw, and its records as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub stamp: Millis,
    pub bytes: Vec<u8>,
}

/// What was appended, in order; the first one has the LSN 1.
#[derive(Debug, Default, Clone)]
pub struct Model {
    pub units: Vec<Unit>,
    /// The last LSN that was said to be on disk.
    pub promised: Lsn,
    serial: u64,
}

impl Model {
    /// Makes a unit unlike all others, of one to three records.
    pub fn unit(&mut self, stamp: Millis, chance: &mut Dice) -> Unit {
        let mut bytes = Vec::new();
        let records = if chance.below(6) == 0 { 1 + chance.below(3) } else { 1 };
        for number in 0..records {
            self.serial += 1;
            let length = match chance.below(40) {
                0 => 5000 + chance.below(4000),
                1..=6 => 300 + chance.below(1500),
                _ => chance.below(120),
            };
            let fill = chance.next().to_le_bytes();
            let value: Vec<u8> = fill.iter().copied().cycle().take(length).collect();
            let serial = self.serial.to_le_bytes();
            let request = OwnedRequest::from_args([b"SET".as_slice(), &serial, &value]);
            let (seed, request) = (chance.next() % 3, request.as_request());
            let record = RecordRef { stamp, seed, database: chance.below(300), request };
            codec::encode(&record, number > 0, &mut bytes);
        }
        Unit { stamp, bytes }
    }

    /// The LSN of the last unit.
    pub fn last(&self) -> Lsn {
        self.units.len() as Lsn
    }

    /// Nothing up to this LSN may be lost any more.
    pub fn promise(&mut self, lsn: Lsn) {
        self.promised = self.promised.max(lsn);
    }

    /// Units up to this LSN are all there are.
    pub fn go_back_to(&mut self, lsn: Lsn) {
        self.units.truncate(lsn as usize);
    }
}

/// Compares what is read with a model.
pub struct Reading<'m> {
    model: &'m Model,
    /// The unit that is being read.
    lsn: Lsn,
    unit: Unit,
}

impl<'m> Reading<'m> {
    /// Everything up to `after` is known otherwise.
    pub fn new(model: &'m Model, after: Lsn) -> Reading<'m> {
        Reading { model, lsn: after, unit: Unit { stamp: 0, bytes: Vec::new() } }
    }

    /// Takes a record.
    pub fn show(&mut self, entry: &Entry<'_>) -> Result<(), Fault> {
        let refuse = |why: String| Err(Fault::File { path: "model".into(), why });
        let record = &entry.record;
        if !record.joined {
            self.unit.bytes.clear();
            self.lsn += 1;
        }
        if entry.lsn != self.lsn {
            return refuse(format!("unit {} where {} is due", entry.lsn, self.lsn));
        }
        let (stamp, seed, database) = (entry.stamp, record.seed, record.database);
        let again = RecordRef { stamp, seed, database, request: record.request };
        codec::encode(&again, record.joined, &mut self.unit.bytes);
        self.unit.stamp = entry.stamp;
        if entry.is_last {
            match self.model.units.get(self.lsn as usize - 1) {
                Some(unit) if *unit == self.unit => {}
                Some(_) => return refuse(format!("unit {} is another one", self.lsn)),
                None => return refuse(format!("unit {} was never appended", self.lsn)),
            }
        }
        Ok(())
    }

    /// The last LSN that was read.
    pub fn last(&self) -> Lsn {
        self.lsn
    }
}
