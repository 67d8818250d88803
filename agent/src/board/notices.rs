//! Notices on their way in and out: first the glass, then the disk, then the acknowledgement.

use std::collections::BTreeSet;
use std::sync::Arc;

use bangtin_renderer::{Composed, Finding, Problem};
use tracing::warn;

use super::*;
use crate::admit::{Admitted, From, Refusal, admit, digest, recognise};
use crate::files;
use crate::notice::{Class, Kind, Notice};
use crate::report::State;
use crate::sign::{Arrival, Timing, Verdict};

impl Board {
    /// Takes a file of the store through the same door as what the network brings. Its scene is
    /// composed when its turn comes: a board may hold thousands.
    pub fn load(&mut self, name: &str, bytes: &[u8], now: Now) {
        let (notice, digest) = match recognise(bytes, &self.door) {
            Ok(recognised) => recognised,
            Err(refusal) => {
                // The file stays: another program or list of keys may read it.
                warn!(file = name, reasons = refusal.reasons(), "not shown");
                self.unreadable += 1;
                return;
            }
        };
        let key = notice.key.clone();
        let arrival = Arrival {
            timing: None,
            digest,
            fresh: false,
            waits_ms: self.wait_ms(&notice),
            over: files::is_ended(name),
        };
        let (verdict, _) = self.sign.accept(notice.clone(), arrival, now);
        match verdict {
            Verdict::Taken { .. } => {
                let files = self.kept.remove(&key).map(|before| before.files).unwrap_or_default();
                self.kept.insert(key.clone(), Kept { files, ..Kept::of(&notice, None) });
                self.want_pictures(&notice);
            }
            // A later revision is there; the former's file was left by a power cut.
            Verdict::Outdated { .. } if notice.kind == Kind::Alert => {
                let forget = vec![Operation::Forget { name: name.to_owned() }];
                self.submit(Folder::Notices, forget, Purpose::Housekeeping);
                return;
            }
            Verdict::Outdated { .. } | Verdict::Known | Verdict::Full => {}
        }
        if let Some(kept) = self.kept.get_mut(&key) {
            kept.files.insert(name.to_owned());
        }
    }

    /// Handles what came on a notice's topic.
    pub(super) fn notice(&mut self, message: Message, topic_id: &str, now: Now) {
        let Message { arrived, retained, token, .. } = message;
        let came = Came { arrived, is_copy: retained, token: Some(token) };
        self.bytes(&message.payload, topic_id, came, now);
    }

    /// Handles what came by another way than the network, such as a file on a stick.
    pub fn found(&mut self, name: &str, bytes: &[u8], arrived: Instant, now: Now) {
        let topic_id = name_of(name);
        self.bytes(bytes, &topic_id, Came { arrived, is_copy: false, token: None }, now);
    }

    fn bytes(&mut self, bytes: &[u8], topic_id: &str, came: Came, now: Now) {
        let topic_id = name_of(topic_id);
        let told = digest(bytes);
        let from = From::Network { now: now.wall, trusted: now.trust != Trust::Unknown };
        let admitted = match self.answers.was_refused(&told) {
            true => None,
            false => Some(admit(bytes, &self.door, from)),
        };
        let ticket = match admitted {
            None => None,
            Some(Ok(admitted)) => self.admitted(admitted, bytes, &topic_id, &came, now),
            Some(Err(refusal)) => {
                self.answers.remember(told);
                self.refuse(*refusal, &topic_id, now);
                None
            }
        };
        let Some(token) = came.token else { return };
        match ticket.and_then(|ticket| self.jobs.waiting.get_mut(&ticket)) {
            Some(waiting) => waiting.tokens.push(token),
            None => self.acknowledge(token),
        }
    }

    /// Takes an admitted notice; the job that must be done before it may be acknowledged.
    fn admitted(
        &mut self,
        admitted: Admitted,
        bytes: &[u8],
        topic_id: &str,
        came: &Came,
        now: Now,
    ) -> Option<u64> {
        let Admitted { notice, composed, digest } = admitted;
        let (key, revision) = (notice.key.clone(), notice.revision);
        let arrival = Arrival {
            timing: composed.as_ref().map(|composed| Timing::from(&composed.scene)),
            digest,
            fresh: true,
            waits_ms: self.wait_ms(&notice),
            over: false,
        };
        let (verdict, superseded) = self.sign.accept(notice.clone(), arrival, now);
        match verdict {
            Verdict::Known => {
                // It was stored in an earlier run, whose answer the broker may not have heard: else
                // it would not send it again. Kept copies come to every new session.
                let is_over = |kept: &Kept| kept.files.iter().any(|file| files::is_ended(file));
                let unanswered =
                    |kept: &&mut Kept| !kept.is_answered && !came.is_copy && !is_over(kept);
                if let Some(kept) = self.kept.get_mut(&key).filter(unanswered) {
                    kept.is_answered = true;
                    let receipt = accepted(&notice, composed.as_ref(), now);
                    self.tell(receipt, &key);
                }
                self.job_of(&key, revision)
            }
            Verdict::Outdated { revision } => {
                let is_same = |kept: &Kept| kept.revision == notice.revision;
                let problem = match self.kept.get(&key).is_some_and(is_same) {
                    true => another(&notice, "is here; that one stands"),
                    false => outdated(&notice, revision),
                };
                self.advance(now);
                self.answers.remember(digest);
                self.refuse(Refusal::of(&notice, problem), topic_id, now);
                // What an earlier revision of a cancel names stays ended after a restart too.
                (notice.kind != Kind::Alert).then(|| {
                    let save = self.save(&notice, bytes);
                    self.submit(Folder::Notices, vec![save], Purpose::Housekeeping)
                })
            }
            // Not remembered: the same bytes may find room when they come again.
            Verdict::Full => {
                let most = crate::sign::HELD_MAX;
                let message = format!("the board holds {most} notices already; cancel some");
                let problem = Problem::new("board_full", "", message, most, most);
                self.refuse(Refusal::of(&notice, problem), topic_id, now);
                None
            }
            Verdict::Taken { conflict } => {
                let mut receipt = accepted(&notice, composed.as_ref(), now);
                if conflict {
                    receipt.problems.push(another(&notice, "was here; the later one stands"));
                }
                let before = self.kept.remove(&key);
                self.has_ended |= !superseded.is_empty();
                let files = before.map(|before| before.files).unwrap_or_default();
                // Its codes were read back at the door, unless it is an emergency.
                let is_readable = notice.class != Class::Emergency;
                let kept = Kept { files, is_readable, ..Kept::of(&notice, Some(came.arrived)) };
                self.kept.insert(key.clone(), Kept { is_answered: true, ..kept });
                if let Some(composed) = composed {
                    self.latest = Some((key.clone(), revision, Arc::new(composed.scene)));
                }
                let ended = self.step(now);
                let mut operations = vec![self.save(&notice, bytes)];
                operations.extend(self.replaced(&notice));
                let purpose = Purpose::Notice { key: key.clone(), revision };
                let ticket = self.submit(Folder::Notices, operations, purpose);
                if let Some(waiting) = self.jobs.waiting.get_mut(&ticket) {
                    waiting.receipts.push(receipt);
                }
                self.want_pictures(&notice);
                // What it replaces leaves the disk only once it is there itself.
                self.end(superseded, now);
                self.settle(ended, now);
                Some(ticket)
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal, topic_id: &str, now: Now) {
        if let Some(answer) = self.answers.refusal(refusal, topic_id, now) {
            self.send(answer);
        }
    }

    fn save(&mut self, notice: &Notice, bytes: &[u8]) -> Operation {
        let name = files::file_name(notice);
        if let Some(kept) = self.kept.get_mut(&notice.key) {
            kept.files.insert(name.clone());
        }
        Operation::Save { name, bytes: bytes.trim_ascii().into() }
    }
}

/// The receipt of a notice that is held.
fn accepted(notice: &Notice, composed: Option<&Composed>, now: Now) -> Receipt {
    let findings = composed.map(|composed| composed.findings.clone()).unwrap_or_default();
    let receipt = Receipt::new(&notice.key, notice.revision, State::Accepted, true, now.wall);
    Receipt { problems: problems(findings), ..receipt }
}

impl Kept {
    /// What is known of a notice that was just taken.
    fn of(notice: &Notice, arrived: Option<Instant>) -> Self {
        Self {
            revision: notice.revision,
            durable: true,
            arrived,
            reported_shown: false,
            is_answered: false,
            is_readable: false,
            files: BTreeSet::new(),
        }
    }
}

/// Another notice has the id and the revision of this one.
fn another(notice: &Notice, what: &str) -> Problem {
    let message = format!("another notice with this id and revision {what}");
    Problem::new("conflict", "revision", message, notice.revision, "")
}

/// What stands in a notice's place, or it itself, has been taken or has ended.
fn outdated(notice: &Notice, taken: u32) -> Problem {
    let revision = notice.revision;
    let message =
        format!("revision {revision} comes after revision {taken} was taken or has ended");
    Problem::new("outdated", "revision", message, revision, taken)
}

/// How bytes came.
struct Came {
    arrived: Instant,
    /// Whether it is a copy that the broker keeps.
    is_copy: bool,
    token: Option<Token>,
}

/// The last level of a notice's topic, cut to what a topic of ours can hold.
pub(super) fn name_of(text: &str) -> String {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    text.chars().filter(plain).take(crate::area::NAME_MAX).collect()
}

/// Findings as receipts carry them.
pub(super) fn problems(findings: Vec<Finding>) -> Vec<Problem> {
    let problem = |f: Finding| Problem::new(&f.code, f.zone, f.message, f.value, f.limit);
    findings.into_iter().map(problem).collect()
}
