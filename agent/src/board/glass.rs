//! What the glass shows: the sign decides, scenes are composed for their turn, and what was
//! presented is reported.

use bangtin_renderer::{Content, Look};
use tracing::{error, info, warn};

use super::notices::problems;
use super::*;
use crate::pages;
use crate::report::{self, State};
use crate::sign::{Overlay, Step, Timing};

/// How long the screen may take for what it was asked to show, in milliseconds.
const GLASS_STUCK_MS: u64 = 10_000;
/// Most notices that are tried in one step when none of them can be drawn: after a change of layout
/// thousands may wait, and an emergency must not wait for all of them.
const UNDRAWABLE_AT_ONCE: usize = 8;

impl Board {
    /// Brings what is to be shown now onto the glass, and reports what ended.
    pub(super) fn advance(&mut self, now: Now) {
        let step = self.step(now);
        self.settle(step, now);
    }

    /// Brings what is to be shown now onto the glass.
    pub(super) fn step(&mut self, now: Now) -> Step {
        let mut step = self.sign.step(now);
        let (tickets, mut undrawable) = (self.tickets, 0);
        while let Some(showing) = step.show.take() {
            let Showing::Notice { key, revision, .. } = &showing else {
                self.show(&showing, now);
                break;
            };
            self.touch_pictures(key);
            let Some(scene) = self.scene(key, *revision) else {
                // Another layout may draw it: its file stays.
                step.ended.extend(self.sign.undrawable(key, *revision));
                undrawable += 1;
                if undrawable == UNDRAWABLE_AT_ONCE {
                    break;
                }
                let next = self.sign.step(now);
                step.ended.extend(next.ended);
                step.buried.extend(next.buried);
                step.show = next.show;
                continue;
            };
            self.sign.composed(key, *revision, Timing::from(scene.as_ref()), now);
            let from_ms = match self.sign.showing().0 {
                Showing::Notice { from_ms, .. } => *from_ms,
                _ => 0,
            };
            self.put(scene, from_ms, Some((key.clone(), *revision)));
            break;
        }
        if self.tickets != tickets {
            self.asked_ms.get_or_insert(now.monotonic_ms);
        }
        step
    }

    /// Reports and lets go of what a step ended.
    pub(super) fn settle(&mut self, step: Step, now: Now) {
        self.end(step.ended, now);
        self.bury(step.buried);
    }

    fn show(&mut self, showing: &Showing, now: Now) {
        let board = &self.door.board;
        let panel = &self.door.layout.panel;
        let scene = match showing {
            Showing::Notice { .. } => None,
            Showing::Idle => self.idle(now),
            Showing::AllClear { headlines } => self.compose(&[pages::all_clear(headlines)]),
            Showing::Overlay(Overlay::Identify) => {
                self.compose(&[pages::identity(board, &self.door.layout.name)])
            }
            Showing::Overlay(Overlay::TestPattern) => {
                Some(Arc::new(bangtin_renderer::pattern::test_pattern(panel)))
            }
            Showing::Dark => Some(Arc::new(bangtin_renderer::pattern::dark(panel))),
        };
        // A page that cannot be drawn must not leave on the glass what is over.
        let idle = || self.idle(now);
        let Some(scene) = scene.or_else(idle) else { return };
        self.put(scene, 0, None);
    }

    fn idle(&self, now: Now) -> Option<Arc<Scene>> {
        let Door { board, layout, fonts, .. } = &self.door;
        self.compose(&[pages::idle(board, layout, fonts, now.wall)])
    }

    fn put(&mut self, scene: Arc<Scene>, from_ms: u64, of: Option<(Key, u32)>) {
        self.tickets += 1;
        let timing = Timing::from(scene.as_ref());
        self.asked =
            Some(of.map(|(key, revision)| proof::Asked { key, revision, timing, from_ms }));
        self.effects.push(Effect::Show(Show { scene, from_ms, ticket: self.tickets }));
    }

    fn scene(&mut self, key: &Key, revision: u32) -> Option<Arc<Scene>> {
        if let Some((latest, of, scene)) = &self.latest
            && latest == key
            && *of == revision
        {
            return Some(Arc::clone(scene));
        }
        let contents = self.contents(key)?;
        let scene = self.compose(&contents)?;
        let kept = self.kept.get_mut(key)?;
        if kept.is_readable {
            return Some(scene);
        }
        // An emergency of nothing but such a code stays as it is.
        match self.door.reread(&contents, &scene) {
            Some(Ok(better)) => Some(Arc::new(better.scene)),
            Some(Err(_)) => Some(scene),
            None => {
                kept.is_readable = true;
                Some(scene)
            }
        }
    }

    fn contents(&self, key: &Key) -> Option<Vec<Content>> {
        let notice = self.sign.notice(key)?;
        Some(pages::notice(notice, &self.door.board, &self.door.pictures))
    }

    fn compose(&self, contents: &[Content]) -> Option<Arc<Scene>> {
        match self.door.compose(contents) {
            Ok(composed) => Some(Arc::new(composed.scene)),
            Err(problems) => {
                error!(?problems, "cannot be drawn");
                None
            }
        }
    }

    /// Whether the screen was asked for something long ago and has not presented it.
    pub fn is_glass_stuck(&self, now: Now) -> bool {
        let late = |asked: u64| now.monotonic_ms.saturating_sub(asked) > GLASS_STUCK_MS;
        self.cut_off.is_none() && self.asked_ms.is_some_and(late)
    }

    /// A frame is on the glass.
    pub fn presented(&mut self, presented: Presented, now: Now) {
        self.on_glass = Some(presented);
        if presented.ticket != self.tickets {
            return;
        }
        self.asked_ms = None;
        if self.cut_off.is_none() {
            self.prove(presented.crc32, now);
        }
        self.report_shown(presented, now);
    }

    /// The last frame that was presented.
    pub fn on_glass(&self) -> Option<Presented> {
        self.on_glass
    }

    /// The local cut-off made the board dark, or gave it back; `presented` is the frame that is on
    /// the glass by that, of no ticket.
    pub fn cut(&mut self, dark: bool, presented: Presented, now: Now) {
        warn!(dark, "local cut-off");
        self.on_glass = Some(presented);
        self.cut_off = dark.then_some(now.wall);
        self.sign.cut_off(dark);
        self.asked_ms = None;
        if dark {
            self.ledger.ended(now);
        }
        self.advance(now);
    }

    fn report_shown(&mut self, presented: Presented, now: Now) {
        let (Showing::Notice { key, revision, .. }, _) = self.sign.showing() else { return };
        let (key, revision) = (key.clone(), *revision);
        let unreported = |kept: &&mut Kept| kept.revision == revision && !kept.reported_shown;
        if self.cut_off.is_some() || self.kept.get_mut(&key).filter(unreported).is_none() {
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
        self.tell(receipt, &key);
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
        // The same turn goes on: it is proved already.
        self.tickets += 1;
        self.effects.push(Effect::Show(Show { scene, from_ms: 0, ticket: self.tickets }));
        problems(better.findings)
    }
}
