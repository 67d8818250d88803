//! Tells the world: every distinct message gets one answer, and the status stands at the broker.

use std::collections::{HashSet, VecDeque};

use tracing::warn;

use crate::admit::Refusal;
use crate::calendar::{Now, Trust};
use crate::io::mqtt::Link;
use crate::message::Retained;
use crate::notice::Partial;
use crate::report::{self, Receipt, Status};
use crate::sign::Showing;

/// Refused messages that are remembered, so that the same bytes get one answer.
const REFUSED_KEPT: usize = 4096;
/// Most answers a minute to messages whose signature did not verify: strangers must not be able
/// to make a board flood its broker.
const STRANGERS_PER_MIN: usize = 10;
/// Status after a change, at most this often; and in any case at least that often.
const STATUS_AFTER_CHANGE_MS: u64 = 30_000;
const STATUS_EVERY_MS: u64 = 300_000;

/// What makes a new status worth sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noteworthy {
    /// What the sign shows.
    pub showing: Showing,
    /// Whether priority notices wait for the commune's order.
    pub needs_decision: bool,
    /// Whether the local cut-off keeps the board dark.
    pub cut_off: bool,
    /// Whether the clock is to be believed.
    pub clock: Trust,
}

/// Sends a board's reports.
pub struct Reporter {
    link: Link,
    /// What the board's own topics begin with.
    board: String,
    refused: VecDeque<[u8; 32]>,
    refused_set: HashSet<[u8; 32]>,
    /// When strangers were answered in the last minute.
    strangers: VecDeque<u64>,
    unanswered: u64,
    status_sent_ms: Option<u64>,
    status_sent: Option<Noteworthy>,
}

impl Reporter {
    /// Reports over a link, to topics that begin with `board`.
    pub fn new(link: Link, board: String) -> Self {
        Self {
            link,
            board,
            refused: VecDeque::new(),
            refused_set: HashSet::new(),
            strangers: VecDeque::new(),
            unanswered: 0,
            status_sent_ms: None,
            status_sent: None,
        }
    }

    /// Whether these bytes were refused before.
    pub fn was_refused(&self, digest: &[u8; 32]) -> bool {
        self.refused_set.contains(digest)
    }

    /// Remembers bytes, so that they are not answered again.
    pub fn remember(&mut self, digest: [u8; 32]) {
        if self.refused_set.insert(digest) {
            self.refused.push_back(digest);
        }
        if self.refused.len() > REFUSED_KEPT
            && let Some(oldest) = self.refused.pop_front()
        {
            self.refused_set.remove(&oldest);
        }
    }

    /// Answers what did not become a notice. Those of strangers are answered a few times a minute
    /// and counted beyond that.
    pub fn refuse(&mut self, refusal: Refusal, topic_id: &str, now: Now) {
        warn!(topic_id, reasons = refusal.reasons(), "refused");
        if refusal.partial == Partial::default() {
            let minute_ago = now.monotonic_ms.saturating_sub(60_000);
            self.strangers.retain(|at| *at > minute_ago);
            if self.strangers.len() >= STRANGERS_PER_MIN {
                self.unanswered += 1;
                return;
            }
            self.strangers.push_back(now.monotonic_ms);
        }
        self.send(&Receipt::refused(refusal, topic_id, now.wall));
    }

    /// Sends a receipt.
    pub fn send(&self, receipt: &Receipt) {
        let topic = format!("{}/receipt/{}", self.board, receipt.notice);
        self.link.publish(topic, report::line(receipt), Retained::No);
    }

    /// Messages that could not be sent or answered.
    pub fn dropped(&self) -> u64 {
        self.unanswered + self.link.dropped()
    }

    /// The link is up: the broker is to have the status, for the last will may stand there.
    pub fn connected(&mut self) {
        self.status_sent_ms = None;
    }

    /// Whether it is time for a status.
    pub fn is_due(&self, state: &Noteworthy, now: Now) -> bool {
        let changed = self.status_sent.as_ref() != Some(state);
        let wait = if changed { STATUS_AFTER_CHANGE_MS } else { STATUS_EVERY_MS };
        self.status_sent_ms.is_none_or(|sent| now.monotonic_ms - sent >= wait)
    }

    /// Sends a status.
    pub fn send_status(&mut self, status: &Status, state: Noteworthy, now: Now) {
        self.link.publish(format!("{}/status", self.board), report::line(status), Retained::Yes);
        self.status_sent_ms = Some(now.monotonic_ms);
        self.status_sent = Some(state);
    }

    /// Says that the board goes off, as the last will would.
    pub fn goodbye(&self) {
        let topic = format!("{}/status", self.board);
        self.link.publish(topic, report::LAST_WILL.into(), Retained::Yes);
    }
}
