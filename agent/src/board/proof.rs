//! Proof of display on its way: from the frame that was presented to the ledger, the disk, and the
//! broker.

use tracing::warn;

use super::*;
use crate::ledger::{Beginning, Outgoing, Pace};
use crate::message::Retained;
use crate::sign::Timing;

/// A notice that the screen was asked to show.
pub(super) struct Asked {
    pub(super) key: Key,
    pub(super) revision: u32,
    pub(super) timing: Timing,
    pub(super) from_ms: u64,
}

impl Board {
    /// The first frame of what was asked for is on the glass.
    pub(super) fn prove(&mut self, crc32: u32, now: Now) {
        let Some(asked) = self.asked.take() else { return };
        let Some(Asked { key, revision, timing, from_ms }) = asked else {
            return self.ledger.ended(now);
        };
        let Timing { page_starts_ms, duration_ms } = &timing;
        let duration_ms = *duration_ms;
        let beginning = Beginning { key, revision, page_starts_ms, duration_ms, from_ms, crc32 };
        self.ledger.began(beginning, now);
    }

    pub(super) fn ledger_wake_ms(&self, now: Now) -> Option<u64> {
        self.ledger.wake_in_ms(now, self.pace())
    }

    fn pace(&self) -> Pace {
        match self.is_connected || self.sign.is_urgent() {
            true => Pace::FiveMinutes,
            false => Pace::QuarterHour,
        }
    }

    /// Makes a batch when it is time, or at once when a notice ended, for which something is written
    /// anyway; keeps it, then sends it.
    pub(super) fn keep_proof(&mut self, now: Now) {
        if std::mem::take(&mut self.has_ended) {
            self.ledger.flush(now);
        }
        self.ledger.due(now, self.pace());
        self.pass_on_proof();
    }

    /// Makes a batch of all there is: the program ends, or the board is built anew.
    pub fn finish_proof(&mut self, now: Now) {
        self.ledger.flush(now);
        self.pass_on_proof();
    }

    /// Hands on what the ledger has for the disk and for the broker.
    pub(super) fn pass_on_proof(&mut self) {
        while self.is_connected
            && let Some(outgoing) = self.ledger.next_to_send()
        {
            self.send_batch(outgoing);
        }
        self.proof_jobs.extend(self.ledger.jobs());
        // A power cut may take any of what is synced together: the chain grows batch by batch.
        let must_wait = |board: &Self| {
            let writes = |waiting: &Waiting| matches!(waiting.purpose, Purpose::WriteBatch { .. });
            matches!(board.proof_jobs.front(), Some(ledger::Job::Write { .. }))
                && board.jobs.waiting.values().any(writes)
        };
        while !must_wait(self)
            && let Some(job) = self.proof_jobs.pop_front()
        {
            let (operation, purpose) = match job {
                ledger::Job::Write { first, name, bytes } => {
                    let operation = Operation::Save { name, bytes: bytes.into() };
                    (operation, Purpose::WriteBatch { first })
                }
                ledger::Job::Read { first, name } => {
                    (Operation::Read { name }, Purpose::ReadBatch { first })
                }
                ledger::Job::Rename { from, to } => {
                    (Operation::Rename { from, to }, Purpose::Housekeeping)
                }
                ledger::Job::Delete { name } => (Operation::Forget { name }, Purpose::Housekeeping),
            };
            self.submit(Folder::Played, vec![operation], purpose);
        }
    }

    fn send_batch(&mut self, Outgoing { first, bytes }: Outgoing) {
        let topic = self.answers.topic("played");
        self.send(Publication { tag: Some(first), ..Publication::new(topic, bytes, Retained::No) });
    }

    /// The disk has a batch, or failed to take it.
    pub(super) fn batch_written(&mut self, first: u64, failed: bool) {
        match failed {
            false => self.ledger.kept(first),
            true => self.ledger.not_kept(first),
        }
        self.pass_on_proof();
    }

    /// The disk read a batch that is to be sent again.
    pub(super) fn batch_read(&mut self, first: u64, bytes: Result<Vec<u8>, String>) {
        match self.ledger.read(first, bytes) {
            Ok(outgoing) => self.send_batch(outgoing),
            Err(problems) => {
                problems.iter().for_each(|problem| warn!("proof of display: {problem}"));
            }
        }
    }

    /// The broker has what was sent with that tag, or it was lost on the way.
    pub fn delivered(&mut self, tag: u64, arrived: bool) {
        match arrived {
            true => self.ledger.acknowledged(tag),
            false => self.ledger.dropped(tag),
        }
    }
}
