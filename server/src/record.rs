//! record.rs — what is needed to do a write again: the command with its time and its chance.
//!
//! The executor is a function of state and record. Journal, Raft log, recovery, followers and the
//! replay test all hold these; whoever replays them in order gets the same state.

use mainstay_protocol::{OwnedRequest, Request};

use crate::clock::Millis;

/// One write command that changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The time that the handler saw.
    pub stamp: Millis,
    /// What its chance was seeded with; 0 if it drew nothing.
    pub seed: u64,
    /// The database it ran in.
    pub database: usize,
    /// The request, name included.
    pub request: OwnedRequest,
}

impl Record {
    /// The record, its request borrowed.
    pub fn as_ref(&self) -> RecordRef<'_> {
        RecordRef {
            stamp: self.stamp,
            seed: self.seed,
            database: self.database,
            request: self.request.as_request(),
        }
    }
}

/// A [`Record`] that borrows its request.
#[derive(Clone, Copy)]
pub struct RecordRef<'a> {
    /// The time that the handler saw.
    pub stamp: Millis,
    /// What its chance was seeded with; 0 if it drew nothing.
    pub seed: u64,
    /// The database it ran in.
    pub database: usize,
    /// The request, name included.
    pub request: Request<'a>,
}

impl RecordRef<'_> {
    /// A copy with a request of its own.
    pub fn to_record(self) -> Record {
        Record {
            stamp: self.stamp,
            seed: self.seed,
            database: self.database,
            request: self.request.to_owned(),
        }
    }
}

/// Where records go. Called while the command's stripes are locked, so that the order of records is
/// the order per key.
pub trait Sink: Send {
    /// Takes a record.
    fn take(&mut self, record: RecordRef<'_>);

    /// What is taken from now until [`Sink::close`] is one unit: done again as a whole or not at
    /// all. The stripes of all of it are locked.
    fn open(&mut self) {}

    /// See [`Sink::open`].
    fn close(&mut self) {}

    /// The turn is over: what was taken may be kept now.
    fn hand_over(&mut self) {}
}
