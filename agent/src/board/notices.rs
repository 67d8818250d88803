//! Notices on their way in and out: first the glass, then the disk, then the acknowledgement.

use std::collections::BTreeSet;
use std::sync::Arc;

use bangtin_renderer::{Composed, Finding, Problem};
use tracing::{info, warn};

use super::*;
use crate::admit::{Admitted, From, Refusal, admit, digest, recognise};
use crate::files;
use crate::notice::{Class, Kind, Notice};
use crate::report::State;
use crate::sign::{Arrival, Ended, Timing, Verdict};

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

    /// The disk has a notice, or failed to take it.
    pub(super) fn notice_kept(&mut self, key: &Key, revision: u32, failure: &Option<String>) {
        info!(id = key.id, revision, durable = failure.is_none(), "accepted");
        if let Some(kept) = self.kept.get_mut(key).filter(|kept| kept.revision == revision) {
            kept.durable = failure.is_none();
        }
    }

    /// The job that keeps a notice, while it is not done.
    fn job_of(&self, key: &Key, revision: u32) -> Option<u64> {
        let is_its = |waiting: &Waiting| match &waiting.purpose {
            Purpose::Notice { key: of, revision: which } => of == key && *which == revision,
            _ => false,
        };
        self.jobs.waiting.iter().find(|(_, waiting)| is_its(waiting)).map(|(ticket, _)| *ticket)
    }

    /// Sends a receipt, after those of the same notice that still wait for the disk. What a later
    /// revision ended is over once the disk has that one.
    pub(super) fn tell(&mut self, receipt: Receipt, key: &Key) {
        let is_its = |waiting: &Waiting| matches!(&waiting.purpose, Purpose::Notice { key: of, .. } if of == key);
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

    fn refuse(&mut self, refusal: Refusal, topic_id: &str, now: Now) {
        if let Some(answer) = self.answers.refusal(refusal, topic_id, now) {
            self.send(answer);
        }
    }

    /// Reports what ended; the receipt goes out once the disk knows it too.
    pub(super) fn end(&mut self, ended: Vec<Ended>, now: Now) {
        for Ended { key, revision, cause, forget, over } in ended {
            info!(id = key.id, revision, ?cause, "ended");
            let kept = self.kept.get(&key);
            self.has_ended = true;
            let is_durable = kept.is_none_or(|kept| kept.durable);
            let mut receipt = Receipt::new(&key, revision, State::Ended, is_durable, now.wall);
            receipt.cause = Some(cause);
            let operations = match (forget, over) {
                (true, _) => self.forgotten(&key),
                (false, true) => self.marked(&key),
                (false, false) => Vec::new(),
            };
            if forget {
                self.unwant_pictures(&key);
            }
            // Those that were said before come first.
            if operations.is_empty() {
                self.tell(receipt, &key);
                continue;
            }
            let ticket = self.submit(Folder::Notices, operations, Purpose::Housekeeping);
            if let Some(waiting) = self.jobs.waiting.get_mut(&ticket) {
                waiting.receipts.push(receipt);
            }
        }
    }

    /// Lets go of what was reported long ago.
    pub(super) fn bury(&mut self, buried: Vec<Key>) {
        let mut operations = Vec::new();
        for key in buried {
            operations.extend(self.forgotten(&key));
            self.unwant_pictures(&key);
        }
        if !operations.is_empty() {
            self.submit(Folder::Notices, operations, Purpose::Housekeeping);
        }
    }

    fn forgotten(&mut self, key: &Key) -> Vec<Operation> {
        let files = self.kept.remove(key).map(|kept| kept.files).unwrap_or_default();
        files.into_iter().map(|name| Operation::Forget { name }).collect()
    }

    /// Marks the files of an update that is over, so that its end is not reported again at the
    /// next start. They stay: what it ended stays ended.
    fn marked(&mut self, key: &Key) -> Vec<Operation> {
        let Some(kept) = self.kept.get_mut(key) else { return Vec::new() };
        let marked: Vec<(String, String)> = kept
            .files
            .iter()
            .filter(|name| !files::is_ended(name))
            .map(|name| (name.clone(), files::ended_name(name)))
            .collect();
        for (from, to) in &marked {
            kept.files.remove(from);
            kept.files.insert(to.clone());
        }
        marked.into_iter().map(|(from, to)| Operation::Rename { from, to }).collect()
    }

    fn save(&mut self, notice: &Notice, bytes: &[u8]) -> Operation {
        let name = files::file_name(notice);
        if let Some(kept) = self.kept.get_mut(&notice.key) {
            kept.files.insert(name.clone());
        }
        Operation::Save { name, bytes: bytes.trim_ascii().into() }
    }

    /// Lets go of the file of an earlier revision whose class, and so whose name, was another: the
    /// next start would show it until it comes to the later one.
    fn replaced(&mut self, notice: &Notice) -> Vec<Operation> {
        let Some(kept) = self.kept.get_mut(&notice.key) else { return Vec::new() };
        let name = files::file_name(notice);
        let alert = files::file_name(&Notice { kind: Kind::Alert, ..notice.clone() });
        let is_former = |file: &String| *file != name && file.get(1..) == alert.get(1..);
        let former: Vec<String> =
            kept.files.iter().filter(|file| is_former(file)).cloned().collect();
        kept.files.retain(|file| !former.contains(file));
        former.into_iter().map(|name| Operation::Forget { name }).collect()
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
