//! One board at work: what each event does to its parts, in the order that makes an
//! acknowledgement true.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bangtin_renderer::{Content, Problem, Scene, compose};
use tracing::{error, info, warn};

use crate::admit::{Admitted, Door, From, Refusal, admit, digest};
use crate::calendar::{self, Now, Trust};
use crate::config::Config;
use crate::io::disk::Folder;
use crate::io::health;
use crate::io::mqtt::{Link, Message, Retained};
use crate::io::screen::{Presented, Report, Screen, Show};
use crate::io::store::Store;
use crate::notice::{Key, Notice, Partial};
use crate::pages;
use crate::report::{self, FrameStatus, Receipt, ShowingStatus, State, Status};
use crate::sign::{Ended, Showing, Sign, Step, Verdict};

/// Refused messages that are remembered, so that the same bytes get one answer.
const REFUSED_KEPT: usize = 4096;
/// Most answers a minute to messages whose signature did not verify: strangers must not be able
/// to make a board flood its broker.
const STRANGERS_PER_MIN: usize = 10;
/// Status after a change, at most this often; and in any case at least that often.
const STATUS_AFTER_CHANGE_MS: u64 = 30_000;
const STATUS_EVERY_MS: u64 = 300_000;

/// A board's parts.
pub struct Board {
    config: Config,
    door: Door,
    store: Store<Folder>,
    screen: Screen,
    link: Link,
    sign: Sign,
    /// What is known of each notice that is held.
    kept: BTreeMap<Key, Kept>,
    /// The scene composed last: a notice that comes is shown with the one it was checked with.
    latest: Option<(Key, u32, Arc<Scene>)>,
    tickets: u64,
    refused: VecDeque<[u8; 32]>,
    refused_set: HashSet<[u8; 32]>,
    strangers: VecDeque<u64>,
    dropped: u64,
    on_glass: Option<Presented>,
    cut_off: bool,
    restarts: u64,
    status_sent_ms: Option<u64>,
    status_shown: Option<(Showing, bool, bool, Trust)>,
}

/// What the board knows of a notice besides the notice.
struct Kept {
    revision: u32,
    durable: bool,
    arrived: Option<Instant>,
    reported_shown: bool,
    findings: Vec<Problem>,
}

impl Board {
    /// Joins the parts of a board.
    pub fn new(
        config: Config,
        door: Door,
        store: Store<Folder>,
        screen: Screen,
        link: Link,
        now: Now,
        restarts: u64,
    ) -> Self {
        Self {
            config,
            door,
            store,
            screen,
            link,
            sign: Sign::new(now),
            kept: BTreeMap::new(),
            latest: None,
            tickets: 0,
            refused: VecDeque::new(),
            refused_set: HashSet::new(),
            strangers: VecDeque::new(),
            dropped: 0,
            on_glass: None,
            cut_off: false,
            restarts,
            status_sent_ms: None,
            status_shown: None,
        }
    }

    /// Takes what the store holds through the same door as what the network brings.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn load(&mut self, now: Now) -> anyhow::Result<()> {
        let files = self.store.load().context("the store cannot be read")?;
        let count = files.len();
        for (name, bytes) in files {
            let admitted = bytes
                .map_err(|error| error.to_string())
                .and_then(|bytes| admit(&bytes, &self.door, From::Store).map_err(|r| reasons(&r)));
            match admitted {
                Ok(admitted) => {
                    let durable = true;
                    self.take(admitted, None, durable);
                }
                // The file stays: another program or list of keys may read it.
                Err(reasons) => warn!(file = name, reasons, "not shown"),
            }
        }
        info!(files = count, held = self.kept.len(), "loaded");
        self.work(now);
        Ok(())
    }

    /// Handles a message: first the glass, then the disk, then the acknowledgement.
    pub fn receive(&mut self, message: Message, now: Now) {
        let Some(topic_id) = self.notice_id(&message.topic) else {
            self.link.acknowledge(&message);
            return;
        };
        // An empty retained message clears the broker's copy; it says nothing to a board.
        if message.payload.is_empty() || self.refused_set.contains(&digest(&message.payload)) {
            self.link.acknowledge(&message);
            return;
        }
        let from = From::Network { now: now.wall, trusted: now.trust != Trust::Unknown };
        match admit(&message.payload, &self.door, from) {
            Err(refusal) => self.refuse(*refusal, &topic_id, &message.payload, now),
            Ok(admitted) => self.admitted(admitted, &message, &topic_id, now),
        }
        self.link.acknowledge(&message);
    }

    fn admitted(&mut self, admitted: Admitted, message: &Message, topic_id: &str, now: Now) {
        let notice = admitted.notice.clone();
        let digest = admitted.digest;
        let (verdict, superseded) = self.take(admitted, Some(message.arrived), false);
        match verdict {
            Verdict::Known => {}
            Verdict::Outdated { revision } => {
                let message = format!(
                    "revision {} comes after revision {revision} was taken or has ended",
                    notice.revision
                );
                let problem =
                    Problem::new("outdated", "revision", message, notice.revision, revision);
                self.remember_refused(digest);
                self.refuse_notice(&notice, problem, topic_id, now);
            }
            // Not remembered: the same bytes may find room when they come again.
            Verdict::Full => {
                let most = crate::sign::HELD_MAX;
                let message = format!("the board holds {most} notices already; cancel some");
                let problem = Problem::new("board_full", "", message, most, most);
                self.refuse_notice(&notice, problem, topic_id, now);
            }
            Verdict::Taken { conflict } => {
                let step = self.advance(now);
                let saved = self.store.save(&notice.key, message.payload.trim_ascii());
                if let Err(error) = &saved {
                    error!(id = notice.key.id, %error, "shown, but not kept over a power cut");
                }
                let durable = saved.is_ok();
                info!(id = notice.key.id, revision = notice.revision, durable, "accepted");
                let mut receipt = Receipt::new(&notice, State::Accepted, durable, now.wall);
                if let Some(kept) = self.kept.get_mut(&notice.key) {
                    kept.durable = durable;
                    receipt.problems.clone_from(&kept.findings);
                }
                if conflict {
                    let message =
                        "another notice with this id and revision was here; the later one stands";
                    receipt.problems.push(Problem::new(
                        "conflict",
                        "revision",
                        message,
                        notice.revision,
                        "",
                    ));
                }
                self.send(&receipt);
                // What it replaces leaves the disk only now that it is there itself.
                self.ended(superseded, now);
                self.settle(step, now);
            }
        }
    }

    /// Gives the sign a notice and remembers what reports need.
    fn take(
        &mut self,
        admitted: Admitted,
        arrived: Option<Instant>,
        durable: bool,
    ) -> (Verdict, Vec<Ended>) {
        let Admitted { notice, composed, digest } = admitted;
        let (key, revision) = (notice.key.clone(), notice.revision);
        let scene = composed.as_ref().map(|composed| &composed.scene);
        let (verdict, ended) = self.sign.accept(notice, scene, digest, arrived.is_some());
        if matches!(verdict, Verdict::Taken { .. }) {
            let found = composed.as_ref().map(|composed| composed.findings.clone());
            let findings = found.unwrap_or_default().into_iter();
            let findings =
                findings.map(|f| Problem::new(&f.code, f.zone, f.message, f.value, f.limit));
            let findings = findings.collect();
            let kept = Kept { revision, durable, arrived, reported_shown: false, findings };
            self.kept.insert(key.clone(), kept);
            if let Some(composed) = composed.filter(|_| arrived.is_some()) {
                self.latest = Some((key, revision, Arc::new(composed.scene)));
            }
        }
        (verdict, ended)
    }

    fn refuse(&mut self, refusal: Refusal, topic_id: &str, bytes: &[u8], now: Now) {
        self.remember_refused(digest(bytes));
        warn!(topic_id, reasons = reasons(&refusal), "refused");
        if refusal.partial == Partial::default() {
            let minute_ago = now.monotonic_ms.saturating_sub(60_000);
            self.strangers.retain(|at| *at > minute_ago);
            if self.strangers.len() >= STRANGERS_PER_MIN {
                self.dropped += 1;
                return;
            }
            self.strangers.push_back(now.monotonic_ms);
        }
        self.send(&Receipt::refused(refusal, topic_id, now.wall));
    }

    fn refuse_notice(&mut self, notice: &Notice, problem: Problem, topic_id: &str, now: Now) {
        let partial = Partial {
            sender: Some(notice.key.sender.clone()),
            id: Some(notice.key.id.clone()),
            revision: Some(notice.revision),
        };
        let refusal = Refusal { partial, problems: vec![problem] };
        warn!(id = notice.key.id, reasons = reasons(&refusal), "refused");
        self.send(&Receipt::refused(refusal, topic_id, now.wall));
    }

    fn remember_refused(&mut self, digest: [u8; 32]) {
        if self.refused_set.insert(digest) {
            self.refused.push_back(digest);
        }
        if self.refused.len() > REFUSED_KEPT
            && let Some(oldest) = self.refused.pop_front()
        {
            self.refused_set.remove(&oldest);
        }
    }

    /// Does what the time asks for and says when there is more to do.
    pub fn work(&mut self, now: Now) -> Duration {
        let step = self.advance(now);
        self.settle(step, now);
        self.report_status(now);
        let wake = self.sign.wake_in_ms(now).unwrap_or(u64::MAX);
        Duration::from_millis(wake)
    }

    /// Brings what is to be shown now onto the glass.
    fn advance(&mut self, now: Now) -> Step {
        let step = self.sign.step(now);
        if let Some(showing) = &step.show {
            self.show(showing, now);
        }
        step
    }

    /// Reports and lets go of what a step ended.
    fn settle(&mut self, step: Step, now: Now) {
        self.ended(step.ended, now);
        for key in step.buried {
            self.forget(&key);
        }
    }

    fn show(&mut self, showing: &Showing, now: Now) {
        let composed = match showing {
            Showing::Notice { key, revision, .. } => self.scene(key, *revision),
            Showing::Idle => self.compose(&[pages::idle(&self.door.board, now.wall)]),
            Showing::AllClear { headlines } => self.compose(&[pages::all_clear(headlines)]),
        };
        let idle = || self.compose(&[pages::idle(&self.door.board, now.wall)]);
        // A page that cannot be drawn must not leave on the glass what is over.
        let Some(scene) = composed.or_else(idle) else { return };
        let from_ms = match showing {
            Showing::Notice { from_ms, .. } => *from_ms,
            _ => 0,
        };
        self.tickets += 1;
        self.screen.show(Show { scene, from_ms, ticket: self.tickets });
    }

    fn scene(&self, key: &Key, revision: u32) -> Option<Arc<Scene>> {
        if let Some((latest, of, scene)) = &self.latest
            && latest == key
            && *of == revision
        {
            return Some(Arc::clone(scene));
        }
        let notice = self.sign.notice(key)?;
        self.compose(&pages::notice(notice, &self.door.board))
    }

    /// Composes what was composed before, so a failure is ours; the board then keeps what it has.
    fn compose(&self, contents: &[Content]) -> Option<Arc<Scene>> {
        match compose(contents, &self.door.layout, &self.door.fonts) {
            Ok(composed) => Some(Arc::new(composed.scene)),
            Err(problems) => {
                error!(?problems, "a page of the board itself cannot be drawn");
                None
            }
        }
    }

    fn ended(&mut self, ended: Vec<Ended>, now: Now) {
        for Ended { key, revision, cause, forget } in ended {
            info!(id = key.id, revision, ?cause, "ended");
            let durable = self.kept.get(&key).is_none_or(|kept| kept.durable);
            let mut receipt = Receipt {
                notice: key.id.clone(),
                sender: Some(key.sender.to_string()),
                revision: Some(revision),
                durable: Some(durable),
                state: State::Ended,
                at: calendar::rfc3339(now.wall),
                problems: Vec::new(),
                latency_ms: None,
                frame_crc32: None,
                cause: Some(cause),
            };
            if forget && !self.forget(&key) {
                receipt.durable = Some(false);
            }
            self.send(&receipt);
        }
    }

    /// Lets go of a notice and its file; says whether that will last.
    fn forget(&mut self, key: &Key) -> bool {
        self.kept.remove(key);
        match self.store.forget(key) {
            Ok(()) => true,
            Err(error) => {
                warn!(id = key.id, %error, "its file cannot be removed");
                false
            }
        }
    }

    /// Hears from the screen.
    ///
    /// # Errors
    /// When the output takes no more frames.
    pub fn reported(&mut self, report: Report, now: Now) -> anyhow::Result<()> {
        match report {
            Report::Failed(error) => return Err(error).context("the output takes no frames"),
            Report::CutOff(dark) => {
                warn!(dark, "local cut-off");
                self.cut_off = dark;
            }
            Report::Presented(presented) => {
                self.on_glass = Some(presented);
                if presented.ticket == self.tickets {
                    self.report_shown(presented, now);
                }
            }
        }
        Ok(())
    }

    fn report_shown(&mut self, presented: Presented, now: Now) {
        let (Showing::Notice { key, revision, .. }, _) = self.sign.showing() else { return };
        let (key, revision) = (key.clone(), *revision);
        let Some(notice) = self.sign.notice(&key).cloned() else { return };
        let unreported = |kept: &&mut Kept| kept.revision == revision && !kept.reported_shown;
        let Some(kept) = self.kept.get_mut(&key).filter(unreported) else { return };
        kept.reported_shown = true;
        let latency = kept.arrived.map(|arrived| presented.at.saturating_duration_since(arrived));
        let mut receipt = Receipt::new(&notice, State::Shown, kept.durable, now.wall);
        receipt.latency_ms = latency.map(|latency| latency.as_micros() as f64 / 1000.0);
        receipt.frame_crc32 = Some(report::crc_text(presented.crc32));
        info!(id = key.id, latency_ms = receipt.latency_ms, "shown");
        self.send(&receipt);
    }

    /// The link is up: the broker is to have our status, for the last will may stand there.
    pub fn connected(&mut self) {
        self.status_sent_ms = None;
    }

    fn report_status(&mut self, now: Now) {
        let (showing, since) = self.sign.showing();
        let state = (showing.clone(), self.sign.needs_decision(), self.cut_off, now.trust);
        let changed = self.status_shown.as_ref() != Some(&state);
        let wait = if changed { STATUS_AFTER_CHANGE_MS } else { STATUS_EVERY_MS };
        let due = self.status_sent_ms.is_none_or(|sent| now.monotonic_ms - sent >= wait);
        if !due {
            return;
        }
        let notice = match showing {
            Showing::Notice { key, .. } if !self.cut_off => Some(key.id.clone()),
            _ => None,
        };
        let page = notice.as_ref().and(self.sign.page(now)).map(|page| page + 1);
        let status = Status {
            online: true,
            version: env!("CARGO_PKG_VERSION"),
            layout: self.door.layout.name.clone(),
            showing: ShowingStatus { notice, page, since: calendar::rfc3339(since) },
            frame: FrameStatus {
                age_ms: self.on_glass.map(|frame| frame.at.elapsed().as_millis() as u64),
                crc32: self.on_glass.map(|frame| report::crc_text(frame.crc32)),
            },
            clock: now.trust,
            needs_decision: state.1,
            cut_off: self.cut_off,
            held: self.kept.len(),
            disk_free_mib: health::disk_free_mib(&self.config.store),
            temperature_c: health::temperature_c(),
            restarts: self.restarts,
            dropped: self.dropped + self.link.dropped(),
            at: calendar::rfc3339(now.wall),
        };
        self.link.publish(self.topic("status"), report::line(&status), Retained::Yes);
        self.status_sent_ms = Some(now.monotonic_ms);
        self.status_shown = Some(state);
    }

    /// Says that the board goes off, as the last will would.
    pub fn goodbye(&self) {
        self.link.publish(self.topic("status"), report::LAST_WILL.into(), Retained::Yes);
    }

    fn send(&self, receipt: &Receipt) {
        let topic = self.topic(&format!("receipt/{}", receipt.notice));
        self.link.publish(topic, report::line(receipt), Retained::No);
    }

    fn topic(&self, rest: &str) -> String {
        format!("{}/{}/{rest}", self.config.broker.prefix, self.config.address.board)
    }

    /// The last level of a notice's topic, cut to what a topic of ours can hold.
    fn notice_id(&self, topic: &str) -> Option<String> {
        let (area, id) = topic.rsplit_once("/notice/")?;
        area.starts_with(&self.config.broker.prefix).then(|| {
            let plain = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
            id.chars().filter(plain).take(crate::area::NAME_MAX).collect()
        })
    }
}

fn reasons(refusal: &Refusal) -> String {
    refusal.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
