//! persist/journal/tap.rs — where a loop's records go in.

use std::sync::Arc;

use super::format::Lsn;
use super::shared::{Batch, Run, Shared};
use crate::persist::codec;
use crate::record::{RecordRef, Sink};

/// The units of one thread's turn.
pub struct Tap {
    shared: Arc<Shared>,
    batch: Batch,
    /// Within a unit of several records: its LSN once the first record has come.
    unit: Option<Option<Lsn>>,
}

impl Tap {
    /// A tap of its own for a thread that runs commands.
    pub fn new(shared: Arc<Shared>) -> Tap {
        Tap { shared, batch: Batch::default(), unit: None }
    }
}

impl Sink for Tap {
    #[inline]
    fn take(&mut self, record: RecordRef<'_>) {
        if !self.shared.is_on() {
            return;
        }
        if let Some(Some(_)) = self.unit {
            codec::encode(&record, true, &mut self.batch.bytes);
            return;
        }
        let lsn = self.shared.draw();
        if let Some(unit) = &mut self.unit {
            *unit = Some(lsn);
        }
        let Batch { bytes, runs } = &mut self.batch;
        match runs.last_mut() {
            Some(run)
                if run.first + u64::from(run.count) == lsn
                    && run.stamp == record.stamp
                    && bytes.len() - run.start < BLOCK_BYTES_MAX =>
            {
                run.count += 1;
            }
            _ => runs.push(Run { first: lsn, count: 1, stamp: record.stamp, start: bytes.len() }),
        }
        codec::encode(&record, false, bytes);
    }

    fn open(&mut self) {
        self.unit = Some(None);
    }

    fn close(&mut self) {
        self.unit = None;
    }

    fn hand_over(&mut self) {
        if !self.batch.runs.is_empty() {
            self.batch = self.shared.hand_over(std::mem::take(&mut self.batch));
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // An LSN that was drawn and never handed over would hold up all behind it.
        self.hand_over();
    }
}

/// A block is ended once it has so many bytes of records.
const BLOCK_BYTES_MAX: usize = 1 << 20;
