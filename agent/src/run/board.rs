//! One board at work: what each event does to its parts, in the order that makes an
//! acknowledgement true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bangtin_renderer::{Content, Finding, Look, Problem, Scene};
use tracing::{error, info, warn};

use crate::admit::{Admitted, Door, From, Refusal, admit, digest};
use crate::calendar::{self, Now, Trust};
use crate::config::Config;
use crate::io::disk::Folder;
use crate::io::health;
use crate::io::mqtt::{Link, Message};
use crate::io::screen::{Presented, Report, Screen, Show};
use crate::io::store::{self, Store};
use crate::notice::{Key, Kind, Notice};
use crate::pages;
use crate::report::{self, FrameStatus, Receipt, ShowingStatus, State, Status};
use crate::sign::{Ended, Showing, Sign, Step, Verdict};

use super::reporter::{Noteworthy, Reporter};

/// A board's parts.
pub struct Board {
    config: Config,
    door: Door,
    store: Store<Folder>,
    screen: Screen,
    reporter: Reporter,
    link: Link,
    sign: Sign,
    /// What is known of each notice that is held.
    kept: BTreeMap<Key, Kept>,
    /// The scene composed last: a notice that comes is shown with the one it was checked with.
    latest: Option<(Key, u32, Arc<Scene>)>,
    tickets: u64,
    on_glass: Option<Presented>,
    cut_off: bool,
    restarts: u64,
}

/// What the board knows of a notice besides the notice.
struct Kept {
    revision: u32,
    durable: bool,
    arrived: Option<Instant>,
    reported_shown: bool,
    findings: Vec<Problem>,
    /// The files that hold it.
    files: BTreeSet<String>,
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
        let own = format!("{}/{}", config.broker.prefix, config.address.board);
        Self {
            reporter: Reporter::new(link.clone(), own),
            config,
            door,
            store,
            screen,
            link,
            sign: Sign::new(now),
            kept: BTreeMap::new(),
            latest: None,
            tickets: 0,
            on_glass: None,
            cut_off: false,
            restarts,
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
                .and_then(|bytes| admit(&bytes, &self.door, From::Store).map_err(|r| r.reasons()));
            match admitted {
                Ok(admitted) => self.take_stored(admitted, name),
                // The file stays: another program or list of keys may read it.
                Err(reasons) => warn!(file = name, reasons, "not shown"),
            }
        }
        info!(files = count, held = self.kept.len(), "loaded");
        self.work(now);
        Ok(())
    }

    fn take_stored(&mut self, admitted: Admitted, name: String) {
        let key = admitted.notice.key.clone();
        let is_alert = admitted.notice.kind == Kind::Alert;
        let (verdict, _) = self.take(admitted, None, true);
        match (verdict, self.kept.get_mut(&key)) {
            // A later revision is there; the former's file was left by a power cut.
            (Verdict::Outdated { .. }, _) if is_alert => {
                if let Err(error) = self.store.forget(&name) {
                    warn!(file = name, %error, "cannot be removed");
                }
            }
            (_, Some(kept)) => drop(kept.files.insert(name)),
            (_, None) => {}
        }
    }

    /// Handles a message: first the glass, then the disk, then the acknowledgement.
    pub fn receive(&mut self, message: Message, now: Now) {
        let Some(topic_id) = self.notice_id(&message.topic) else {
            self.link.acknowledge(&message);
            return;
        };
        // An empty retained message clears the broker's copy; it says nothing to a board.
        if message.payload.is_empty() || self.reporter.was_refused(&digest(&message.payload)) {
            self.link.acknowledge(&message);
            return;
        }
        let from = From::Network { now: now.wall, trusted: now.trust != Trust::Unknown };
        match admit(&message.payload, &self.door, from) {
            Err(refusal) => {
                self.reporter.remember(digest(&message.payload));
                self.reporter.refuse(*refusal, &topic_id, now);
            }
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
                let reason = format!(
                    "revision {} comes after revision {revision} was taken or has ended",
                    notice.revision
                );
                let problem =
                    Problem::new("outdated", "revision", reason, notice.revision, revision);
                // What an earlier revision of a cancel names stays ended after a restart too.
                if notice.kind != Kind::Alert {
                    self.save(&notice, &message.payload);
                }
                let step = self.advance(now);
                self.reporter.remember(digest);
                self.reporter.refuse(Refusal::of(&notice, problem), topic_id, now);
                self.settle(step, now);
            }
            // Not remembered: the same bytes may find room when they come again.
            Verdict::Full => {
                let most = crate::sign::HELD_MAX;
                let message = format!("the board holds {most} notices already; cancel some");
                let problem = Problem::new("board_full", "", message, most, most);
                self.reporter.refuse(Refusal::of(&notice, problem), topic_id, now);
            }
            Verdict::Taken { conflict } => {
                let step = self.advance(now);
                let durable = self.save(&notice, &message.payload);
                info!(id = notice.key.id, revision = notice.revision, durable, "accepted");
                let mut receipt =
                    Receipt::new(&notice.key, notice.revision, State::Accepted, durable, now.wall);
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
                self.reporter.send(&receipt);
                // What it replaces leaves the disk only now that it is there itself.
                self.ended(superseded, now);
                self.settle(step, now);
            }
        }
    }

    /// Keeps a notice's bytes; says whether they outlive a power cut.
    fn save(&mut self, notice: &Notice, bytes: &[u8]) -> bool {
        let name = store::file_name(notice);
        let saved = self.store.save(&name, bytes.trim_ascii());
        if let Err(error) = &saved {
            error!(id = notice.key.id, %error, "not kept over a power cut");
        }
        if let Some(kept) = self.kept.get_mut(&notice.key) {
            kept.files.insert(name);
        }
        saved.is_ok()
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
            let findings = composed.as_ref().map(|composed| composed.findings.clone());
            let findings = problems(findings.unwrap_or_default());
            let files = self.kept.remove(&key).map(|before| before.files).unwrap_or_default();
            let kept = Kept { revision, durable, arrived, reported_shown: false, findings, files };
            self.kept.insert(key.clone(), kept);
            if let Some(composed) = composed.filter(|_| arrived.is_some()) {
                self.latest = Some((key, revision, Arc::new(composed.scene)));
            }
        }
        (verdict, ended)
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
            Showing::Idle => self.idle(now),
            Showing::AllClear { headlines } => self.compose(&[pages::all_clear(headlines)]),
        };
        let idle = || self.idle(now);
        // A page that cannot be drawn must not leave on the glass what is over.
        let Some(scene) = composed.or_else(idle) else { return };
        let from_ms = match showing {
            Showing::Notice { from_ms, .. } => *from_ms,
            _ => 0,
        };
        self.tickets += 1;
        self.screen.show(Show { scene, from_ms, ticket: self.tickets });
    }

    fn idle(&self, now: Now) -> Option<Arc<Scene>> {
        let Door { board, layout, fonts, .. } = &self.door;
        self.compose(&[pages::idle(board, layout, fonts, now.wall)])
    }

    fn scene(&self, key: &Key, revision: u32) -> Option<Arc<Scene>> {
        if let Some((latest, of, scene)) = &self.latest
            && latest == key
            && *of == revision
        {
            return Some(Arc::clone(scene));
        }
        let contents = self.contents(key)?;
        let scene = self.compose(&contents)?;
        // Only an emergency's codes are not read back yet, and this is not its first showing.
        let better = self.door.reread(&contents, &scene).and_then(Result::ok);
        Some(better.map_or(scene, |better| Arc::new(better.scene)))
    }

    fn contents(&self, key: &Key) -> Option<Vec<Content>> {
        let notice = self.sign.notice(key)?;
        Some(pages::notice(notice, &self.door.board, &self.door.pictures))
    }

    /// Composes what was composed before, so a failure is ours; the board then keeps what it has.
    fn compose(&self, contents: &[Content]) -> Option<Arc<Scene>> {
        match self.door.compose(contents) {
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
            let mut receipt = Receipt::new(&key, revision, State::Ended, durable, now.wall);
            receipt.cause = Some(cause);
            if forget && !self.forget(&key) {
                receipt.durable = Some(false);
            }
            self.reporter.send(&receipt);
        }
    }

    /// Lets go of a notice and its files; says whether that will last.
    fn forget(&mut self, key: &Key) -> bool {
        let files = self.kept.remove(key).map(|kept| kept.files).unwrap_or_default();
        let mut lasting = true;
        for name in files {
            if let Err(error) = self.store.forget(&name) {
                warn!(file = name, %error, "cannot be removed");
                lasting = false;
            }
        }
        lasting
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
        let unreported = |kept: &&mut Kept| kept.revision == revision && !kept.reported_shown;
        if self.kept.get_mut(&key).filter(unreported).is_none() {
            return;
        }
        let unreadable = self.read_codes(&key, revision);
        let Some(kept) = self.kept.get_mut(&key) else { return };
        kept.reported_shown = true;
        let latency = kept.arrived.map(|arrived| presented.at.saturating_duration_since(arrived));
        let mut receipt = Receipt::new(&key, revision, State::Shown, kept.durable, now.wall);
        receipt.latency_ms = latency.map(|latency| latency.as_micros() as f64 / 1000.0);
        receipt.frame_crc32 = Some(report::crc_text(presented.crc32));
        receipt.problems = unreadable;
        info!(id = key.id, latency_ms = receipt.latency_ms, "shown");
        self.reporter.send(&receipt);
    }

    /// Reads the codes of an emergency that is on the glass back from its pixels, and shows it
    /// without those that cannot be read. Returns what was left out.
    fn read_codes(&mut self, key: &Key, revision: u32) -> Vec<Problem> {
        let latest = self.latest.as_ref();
        let latest = latest.filter(|(latest, of, _)| latest == key && *of == revision);
        let (Some((.., scene)), Some(contents)) = (latest, self.contents(key)) else {
            return Vec::new();
        };
        if contents.iter().all(|content| content.look != Look::Emergency) {
            return Vec::new();
        }
        let better = match self.door.reread(&contents, scene) {
            None => return Vec::new(),
            // An emergency of nothing but such a code stays as it is.
            Some(Err(problems)) => return problems,
            Some(Ok(better)) => better,
        };
        warn!(id = key.id, "a code cannot be read back from the glass and is left out");
        let scene = Arc::new(better.scene);
        self.latest = Some((key.clone(), revision, Arc::clone(&scene)));
        self.tickets += 1;
        self.screen.show(Show { scene, from_ms: 0, ticket: self.tickets });
        problems(better.findings)
    }

    /// The link is up.
    pub fn connected(&mut self) {
        self.reporter.connected();
    }

    /// Says that the board goes off.
    pub fn goodbye(&self) {
        self.reporter.goodbye();
    }

    fn report_status(&mut self, now: Now) {
        let (showing, since) = self.sign.showing();
        let state = Noteworthy {
            showing: showing.clone(),
            needs_decision: self.sign.needs_decision(),
            cut_off: self.cut_off,
            clock: now.trust,
        };
        if !self.reporter.is_due(&state, now) {
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
            needs_decision: state.needs_decision,
            cut_off: self.cut_off,
            held: self.kept.len(),
            disk_free_mib: health::disk_free_mib(&self.config.store),
            temperature_c: health::temperature_c(),
            restarts: self.restarts,
            dropped: self.reporter.dropped(),
            at: calendar::rfc3339(now.wall),
        };
        self.reporter.send_status(&status, state, now);
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

/// Findings as receipts carry them.
fn problems(findings: Vec<Finding>) -> Vec<Problem> {
    let problem = |f: Finding| Problem::new(&f.code, f.zone, f.message, f.value, f.limit);
    findings.into_iter().map(problem).collect()
}
