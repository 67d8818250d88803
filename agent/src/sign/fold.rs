//! Which notices the board holds: a fold over what arrives, so that order, redelivery and restarts
//! do not matter. Per key one notice stands, and what was ended never returns.

use bangtin_renderer::Scene;

use super::*;
use crate::notice::{Class, Kind, Status};

/// How long a scene takes, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// When its pages begin, the first at 0.
    pub page_starts_ms: Vec<u64>,
    /// How long it takes to be shown through once; 0 counts as 1.
    pub duration_ms: u64,
}

impl From<&Scene> for Timing {
    fn from(scene: &Scene) -> Self {
        let starts = (0..scene.pages.len()).map(|page| scene.page_start_ms(page));
        Self { page_starts_ms: starts.collect(), duration_ms: scene.duration_ms() }
    }
}

/// How a notice came to the board.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrival {
    /// How long its scene takes, where it is composed already.
    pub timing: Option<Timing>,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// It has just come, not from the board's own store.
    pub fresh: bool,
    /// It comes from the store, and its end was reported before the program started.
    pub over: bool,
    /// How long its pictures may keep it waiting, in milliseconds; `None` when all are here.
    /// Emergencies and drills never wait.
    pub waits_ms: Option<u64>,
}

/// What became of an admitted notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is held now. `conflict` says that another notice with its id and revision was, too.
    Taken {
        /// Same id and revision, other bytes.
        conflict: bool,
    },
    /// The very same bytes are held already, or expired here: nothing to answer.
    Known,
    /// The board holds a later revision, or this one has had its time.
    Outdated {
        /// The revision that stands in its place.
        revision: u32,
    },
    /// There is no room for another.
    Full,
}

impl Sign {
    /// Takes a notice that was admitted, and says what ended by that. What it changes on the
    /// glass comes with the next [`step`](Self::step).
    pub fn accept(&mut self, notice: Notice, arrival: Arrival, now: Now) -> (Verdict, Vec<Ended>) {
        let Arrival { timing, digest, fresh, over, waits_ms } = arrival;
        let standing = standing(&notice, digest);
        let known = self.held.get_key_value(&notice.key);
        let held = known.map(|(_, held)| held.standing());
        let before = held.max(self.expired.standing(&notice.key));
        if before.is_some_and(|(.., known)| known == digest) {
            return (Verdict::Known, Vec::new());
        }
        if held.is_none() && self.held.len() >= room_for(&notice) {
            return (Verdict::Full, Vec::new());
        }
        let key = known.map_or_else(|| Arc::new(notice.key.clone()), |(key, _)| Arc::clone(key));
        let conflict = before.is_some_and(|(_, revision, ..)| revision == notice.revision);
        let mut outdated = before.filter(|before| *before > standing).map(|before| before.1);
        // One from the store ends in the next step instead, so that its file goes.
        let is_finished = || self.tombs.cause(&notice.key, notice.status).is_some();
        if fresh && notice.kind == Kind::Alert && is_finished() {
            outdated = outdated.or(Some(notice.revision));
        }
        self.stale = true;
        // What it names stays ended even if a later revision of it came first.
        for named in self.tombs.name(&key, &notice) {
            if let Some((named, _)) = self.held.get_key_value(&named) {
                self.index.ask(named);
            }
        }
        if let Some(revision) = outdated {
            if held.is_none() && self.tombs.has_named(&key) {
                self.tombs.lay(&key, notice.sent);
            }
            return (Verdict::Outdated { revision }, Vec::new());
        }
        self.index.ask(&key);
        self.tombs.lift(&key);
        if fresh && notice.kind != Kind::Cancel && notice.status != Status::Test {
            self.news = Some(Arc::clone(&key));
        }
        let cause = match notice.kind {
            Kind::Cancel => Cause::Cancelled,
            Kind::Alert | Kind::Update => Cause::Superseded,
        };
        let urgent = notice.class == Class::Emergency;
        let held = Held {
            timing,
            digest,
            fresh,
            shown: false,
            ended: over,
            told: over,
            undrawable: false,
            last_turn: 0,
            round: 0,
            queued: None,
            waits_until_ms: waits_ms
                .filter(|_| !urgent)
                .map(|wait| now.monotonic_ms.saturating_add(wait)),
            heard: urgent.then(|| (now.monotonic_ms, now.wall.max(notice.sent))),
            notice: Arc::new(notice),
        };
        let before = self.held.insert(Arc::clone(&key), held);
        if let Some(place) = before.as_ref().and_then(|held| held.queued) {
            self.next_up.remove(&place);
        }
        let drawn = before.filter(|held| held.notice.kind != Kind::Cancel && !held.told);
        let Some(before) = drawn else { return (Verdict::Taken { conflict }, Vec::new()) };
        if cause == Cause::Cancelled && before.shown {
            self.ends_in_sight(&before.notice);
        }
        let (key, revision) = (Key::clone(&key), before.notice.revision);
        let ended = Ended { key, revision, cause, forget: false, over: false };
        (Verdict::Taken { conflict }, vec![ended])
    }
}

impl Held {
    pub(super) fn standing(&self) -> Standing {
        standing(&self.notice, self.digest)
    }
}

fn standing(notice: &Notice, digest: [u8; 32]) -> Standing {
    (is_last_word(notice), notice.revision, notice.sent, digest)
}

/// Whether it cancels its own key: no revision of that comes after it.
fn is_last_word(notice: &Notice) -> bool {
    let real_cancel = notice.kind == Kind::Cancel && notice.status == Status::Actual;
    real_cancel && notice.references.contains(&notice.key)
}

fn room_for(notice: &Notice) -> usize {
    let urgent = notice.class == Class::Emergency || notice.kind == Kind::Cancel;
    HELD_MAX + if urgent { URGENT_MAX } else { 0 }
}
