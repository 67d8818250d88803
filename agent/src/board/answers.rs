//! Tells the world: every distinct message gets one answer, in the order of the ladder, and the
//! status stands at the broker.

use std::collections::{HashSet, VecDeque};

use tracing::warn;

use super::status::Noteworthy;
use crate::admit::Refusal;
use crate::calendar::Now;
use crate::message::{Publication, Retained};
use crate::notice::Partial;
use crate::report::{self, Receipt, Status};

/// Refused messages that are remembered, so that the same bytes get one answer.
const REFUSED_KEPT: usize = 4096;
/// Most answers a minute to messages whose signature did not verify: strangers must not be able
/// to make a board flood its broker.
const STRANGERS_PER_MIN: usize = 10;
/// Status after a change, at most this often; and in any case at least that often.
const STATUS_AFTER_CHANGE_MS: u64 = 30_000;
const STATUS_EVERY_MS: u64 = 300_000;

/// What a board says and has said.
pub(super) struct Answers {
    /// What the board's own topics begin with.
    topic: String,
    refused: VecDeque<[u8; 32]>,
    refused_set: HashSet<[u8; 32]>,
    /// When strangers were answered in the last minute.
    strangers: VecDeque<u64>,
    unanswered: u64,
    status_sent_ms: Option<u64>,
    status_sent: Option<Noteworthy>,
}

impl Answers {
    /// Answers on topics that begin with `topic`.
    pub(super) fn new(topic: String) -> Self {
        Self {
            topic,
            refused: VecDeque::new(),
            refused_set: HashSet::new(),
            strangers: VecDeque::new(),
            unanswered: 0,
            status_sent_ms: None,
            status_sent: None,
        }
    }

    /// A topic of the board's own.
    pub(super) fn topic(&self, below: &str) -> String {
        format!("{}/{below}", self.topic)
    }

    /// Whether these bytes were refused before.
    pub(super) fn was_refused(&self, digest: &[u8; 32]) -> bool {
        self.refused_set.contains(digest)
    }

    /// Remembers bytes, so that they are not answered again.
    pub(super) fn remember(&mut self, digest: [u8; 32]) {
        if self.refused_set.insert(digest) {
            self.refused.push_back(digest);
        }
        if self.refused.len() > REFUSED_KEPT
            && let Some(oldest) = self.refused.pop_front()
        {
            self.refused_set.remove(&oldest);
        }
    }

    /// Whether a refusal is to be answered. Those of strangers are a few times a minute, and are
    /// counted beyond that.
    pub(super) fn may_answer(&mut self, partial: &Partial, now: Now) -> bool {
        if *partial != Partial::default() {
            return true;
        }
        self.strangers.retain(|at| now.monotonic_ms.saturating_sub(*at) < 60_000);
        if self.strangers.len() >= STRANGERS_PER_MIN {
            self.unanswered += 1;
            return false;
        }
        self.strangers.push_back(now.monotonic_ms);
        true
    }

    /// The answer to what did not become a notice, if it is to have one.
    pub(super) fn refusal(
        &mut self,
        refusal: Refusal,
        topic_id: &str,
        now: Now,
    ) -> Option<Publication> {
        warn!(topic_id, reasons = refusal.reasons(), "refused");
        let may = self.may_answer(&refusal.partial, now);
        may.then(|| self.receipt(&Receipt::refused(refusal, topic_id, now.wall)))
    }

    /// A receipt on its way.
    pub(super) fn receipt(&self, receipt: &Receipt) -> Publication {
        let topic = self.topic(&format!("receipt/{}", receipt.notice));
        Publication::new(topic, report::line(receipt), Retained::No)
    }

    /// Messages that were not answered.
    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// The link is up: the broker is to have the status, for the last will may stand there.
    pub(super) fn connected(&mut self) {
        self.status_sent_ms = None;
    }

    /// Whether it is time for a status.
    pub(super) fn is_due(&self, state: &Noteworthy, now: Now) -> bool {
        let changed = self.status_sent.as_ref() != Some(state);
        let wait = if changed { STATUS_AFTER_CHANGE_MS } else { STATUS_EVERY_MS };
        self.status_sent_ms.is_none_or(|sent| now.monotonic_ms.saturating_sub(sent) >= wait)
    }

    /// A status on its way.
    pub(super) fn status(&mut self, status: &Status, state: Noteworthy, now: Now) -> Publication {
        self.status_sent_ms = Some(now.monotonic_ms);
        self.status_sent = Some(state);
        Publication::new(self.topic("status"), report::line(status), Retained::Yes)
    }

    /// Says that the board goes off, as the last will would.
    pub(super) fn goodbye(&self) -> Publication {
        Publication::new(self.topic("status"), report::LAST_WILL.into(), Retained::Yes)
    }
}
