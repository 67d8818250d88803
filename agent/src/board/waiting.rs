//! What waits for the disk: acknowledgements, receipts and answers, in their order.

use tracing::info;

use super::orders::Reply;
use super::*;
use crate::command::Answer;
use crate::report::Receipt;

/// Work that the disk has not finished.
#[derive(Default)]
pub(super) struct Jobs {
    pub(super) last: u64,
    pub(super) waiting: BTreeMap<u64, Waiting>,
}

/// What is to be said once a job is done.
pub(super) struct Waiting {
    pub(super) purpose: Purpose,
    /// Messages to acknowledge.
    pub(super) tokens: Vec<Token>,
    /// Receipts in their order; each says whether what it tells will last.
    pub(super) receipts: Vec<Receipt>,
}

/// What a job is for.
pub(super) enum Purpose {
    /// The bytes of a notice.
    Notice { key: Key, revision: u32 },
    /// Files of notices that ended, and other things that nobody waits for.
    Housekeeping,
    /// A batch of the ledger.
    WriteBatch { first: u64 },
    /// A batch of the ledger that is read to be sent.
    ReadBatch { first: u64 },
    /// A picture that came.
    SavePicture { sha256: String },
    /// A picture that is read to be decoded.
    ReadPicture { sha256: String },
    /// The command that was answered.
    Command { of: [u8; 32], answer: Answer, reply: Reply },
}

impl Board {
    pub(super) fn submit(
        &mut self,
        folder: Folder,
        operations: Vec<Operation>,
        purpose: Purpose,
    ) -> u64 {
        self.jobs.last += 1;
        let ticket = self.jobs.last;
        let waiting = Waiting { purpose, tokens: Vec::new(), receipts: Vec::new() };
        self.jobs.waiting.insert(ticket, waiting);
        self.effects.push(Effect::Disk(Job { ticket, folder, operations }));
        ticket
    }

    /// The disk finished a job.
    pub fn done(&mut self, done: Done) {
        let Some(waiting) = self.jobs.waiting.remove(&done.ticket) else { return };
        let Waiting { purpose, tokens, mut receipts } = waiting;
        let failure = done.result.as_ref().err().cloned();
        if let Some(error) = &failure {
            tracing::error!(error, "the disk failed");
            receipts.iter_mut().for_each(|receipt| receipt.durable = Some(false));
        }
        match purpose {
            Purpose::Notice { key, revision } => self.notice_kept(&key, revision, &failure),
            Purpose::Housekeeping => {}
            Purpose::WriteBatch { first } => self.batch_written(first, failure.is_some()),
            Purpose::ReadBatch { first } => {
                let bytes = done.result.map(|read| read.into_iter().next().unwrap_or_default().1);
                self.batch_read(first, bytes);
            }
            Purpose::SavePicture { sha256 } if failure.is_some() => self.assets.not_saved(&sha256),
            Purpose::SavePicture { .. } => {}
            Purpose::ReadPicture { sha256 } => self.picture_read(&sha256, done.result),
            Purpose::Command { answer, reply, .. } => {
                self.answered(answer, &reply, failure.is_none());
            }
        }
        for receipt in receipts {
            let receipt = self.answers.receipt(&receipt);
            self.send(receipt);
        }
        tokens.into_iter().for_each(|token| self.acknowledge(token));
    }

    /// Jobs that the disk has not finished.
    pub fn jobs_waiting(&self) -> usize {
        self.jobs.waiting.len()
    }

    /// Messages that are not acknowledged: while there are many, no more should be taken. Jobs that
    /// no message waits for do not count: the end of a thousand notices at one hour keeps no
    /// emergency out.
    pub fn unanswered(&self) -> usize {
        let tokens: usize = self.jobs.waiting.values().map(|waiting| waiting.tokens.len()).sum();
        tokens + self.captures.len() + self.reloads.len()
    }

    /// The disk has a notice, or failed to take it.
    fn notice_kept(&mut self, key: &Key, revision: u32, failure: &Option<String>) {
        info!(id = key.id, revision, durable = failure.is_none(), "accepted");
        if let Some(kept) = self.kept.get_mut(key).filter(|kept| kept.revision == revision) {
            kept.durable = failure.is_none();
        }
    }

    /// The job that keeps a notice, while it is not done.
    pub(super) fn job_of(&self, key: &Key, revision: u32) -> Option<u64> {
        let is_its = |waiting: &Waiting| match &waiting.purpose {
            Purpose::Notice { key: of, revision: which } => of == key && *which == revision,
            _ => false,
        };
        self.jobs.waiting.iter().find(|(_, waiting)| is_its(waiting)).map(|(ticket, _)| *ticket)
    }

    /// Sends a receipt, after those of the same notice that still wait for the disk. What a later
    /// revision ended is over once the disk has that one.
    pub(super) fn tell(&mut self, receipt: Receipt, key: &Key) {
        let is_its = |waiting: &Waiting| match &waiting.purpose {
            Purpose::Notice { key: of, .. } => of == key,
            _ => false,
        };
        let waiting = self.jobs.waiting.iter().rfind(|(_, waiting)| is_its(waiting));
        let ticket = waiting.map(|(ticket, _)| *ticket);
        match ticket.and_then(|ticket| self.jobs.waiting.get_mut(&ticket)) {
            Some(waiting) => waiting.receipts.push(receipt),
            None => {
                let receipt = self.answers.receipt(&receipt);
                self.send(receipt);
            }
        }
    }
}
