//! The run table: which calls a worker has begun and not answered, in shared memory, for the agent to read once the worker is dead.
//!
//! A row for each worker, a place for each call that runs. The worker stores {port, attempt} before the call's code runs, and clears it
//! after the reply was published. So after its death a call that has neither a reply nor an entry never started.
//!
//! # Who is dead, what is left
//! | worker killed | in the row | its submitter |
//! |---|---|---|
//! | before the second store | nothing | sends the call again |
//! | until the reply is published | the call | it may have run: the call's policy decides |
//! | before the entry is cleared | the call | has the reply, and asks nobody |
//!
//! The agent lends rows. It reads a row after the worker's pidfd was readable, and only then lends it again: nobody else ever reads one,
//! and nobody writes meanwhile.

use klaw_sched::ids::{Attempt, CallId, PortId};
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::layout::{HEADER_BYTES, SegmentHeader};
use klaw_shm::sync::{AtomicU64, Ordering};
use klaw_shm::{Segment, SegmentKind, Session, ShmError, shared_layout};

use crate::crash::{CoreMutant, CorePoint};

/// Rows: as many workers as a session can have members.
pub(crate) const ROWS: u32 = 256;
/// Places of a row.
pub(crate) const PLACES: u32 = klaw_sched::execute::MAX_RUNS;

shared_layout! {
    /// A call that runs.
    pub struct RunEntry: 16 {
        /// The port that called.
        pub(crate) port: AtomicU64,
        /// `{begun:1 at bit 63, attempt:16 at bit 32, call:32}`. Stored last and cleared first.
        pub(crate) attempt: AtomicU64,
    }
}

const BEGUN: u64 = 1 << 63;

/// Run tables of all workers.
pub const RUNS: SegmentKind = SegmentKind {
    name: "runs",
    number: 4,
    structures: &[SegmentHeader::LAYOUT, RunEntry::LAYOUT],
    bytes: HEADER_BYTES + (ROWS * PLACES) as u64 * size_of::<RunEntry>() as u64,
};

/// The run tables of a session.
#[derive(Debug)]
pub(crate) struct Runs {
    segment: Segment,
}

impl Runs {
    /// Made once, by the agent.
    pub(crate) fn create(session: &Session) -> Result<Self, ShmError> {
        Ok(Self { segment: session.create_segment(&RUNS, HEADER_BYTES, |_| Ok(()))? })
    }

    /// Opened by a worker.
    pub(crate) fn open(session: &Session) -> Result<Self, ShmError> {
        Ok(Self { segment: session.open_segment(&RUNS)? })
    }

    /// For the agent, before it lends a row: it has memory, and nothing in it.
    pub(crate) fn prepare(&self, row: u32) -> Result<(), ShmError> {
        let start = row_at(row);
        self.segment.reserve(start..start + row_at(1) - row_at(0))?;
        for entry in self.row(row)? {
            entry.attempt.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    /// For the agent, once the row's worker is dead: what it had begun.
    pub(crate) fn begun(&self, row: u32) -> Result<Vec<(PortId, Attempt)>, ShmError> {
        let row = self.row(row)?;
        Ok(row.iter().filter_map(RunEntry::begun).collect())
    }

    /// For the row's worker: this call's code runs from now on.
    pub(crate) fn begin(&self, row: u32, place: u32, port: PortId, attempt: Attempt) {
        let Some(entry) = self.place(row, place).filter(|_| !mutant(CoreMutant::RunUnseen)) else { return };
        entry.port.store(port.0, Ordering::Relaxed);
        let word = BEGUN | u64::from(attempt.number) << 32 | u64::from(attempt.call.0);
        // Release; read with Acquire in `begun`. The death between is what orders them; this keeps the two stores in order.
        entry.attempt.store(word, Ordering::Release);
        crash_point(CorePoint::RunStored);
    }

    /// For the row's worker: the reply was published.
    pub(crate) fn end(&self, row: u32, place: u32) {
        let Some(entry) = self.place(row, place) else { return };
        // Release: not before the reply. Read with Acquire in `begun`.
        entry.attempt.store(0, Ordering::Release);
        crash_point(CorePoint::RunCleared);
    }

    fn place(&self, row: u32, place: u32) -> Option<&RunEntry> {
        self.row(row).ok()?.get(place as usize)
    }

    fn row(&self, row: u32) -> Result<&[RunEntry], ShmError> {
        self.segment.table(row_at(row), PLACES)
    }
}

impl RunEntry {
    fn begun(&self) -> Option<(PortId, Attempt)> {
        // Acquire; pairs with the Release in `begin`.
        let word = self.attempt.load(Ordering::Acquire);
        if word & BEGUN == 0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the parts of the word")]
        let attempt = Attempt { call: CallId(word as u32), number: (word >> 32) as u16 };
        Some((PortId(self.port.load(Ordering::Relaxed)), attempt))
    }
}

fn row_at(row: u32) -> u64 {
    HEADER_BYTES + u64::from(row) * u64::from(PLACES) * size_of::<RunEntry>() as u64
}
