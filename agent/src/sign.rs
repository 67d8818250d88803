//! The state machine of one board: which notices it holds, what it shows now, and what the world
//! must be told. It gets notices and the time, and says when it wants to be woken; it reads no
//! clock and touches nothing.

mod turns;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bangtin_renderer::Scene;
use jiff::Timestamp;
use serde::Serialize;

use crate::calendar::{self, Now};
use crate::notice::{Class, Key, Kind, LIFE_MAX_DAYS, Notice, NoticeContent, Status};
use crate::schedule;

/// Most notices a board holds, tombstones included.
pub const HELD_MAX: usize = 10_000;

/// How long the all-clear stands, in milliseconds.
pub const ALL_CLEAR_MS: u64 = 10_000;

/// What a board shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Showing {
    /// The clock and the place's name.
    Idle,
    /// A notice.
    Notice {
        /// Which.
        key: Key,
        /// Its revision.
        revision: u32,
        /// Where in its scene it begins, in milliseconds: a page's beginning.
        from_ms: u64,
    },
    /// That emergencies are over.
    AllClear {
        /// Their headlines.
        headlines: Vec<String>,
    },
}

/// Why a notice is shown no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its time is over.
    Expired,
    /// An update or a later revision stands in its place.
    Superseded,
    /// Its sender ended it.
    Cancelled,
}

/// A notice that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub key: Key,
    /// Its revision.
    pub revision: u32,
    /// Why.
    pub cause: Cause,
    /// Whether its file is of no more use; an update's or cancel's stays as a tombstone.
    pub forget: bool,
}

/// What became of an admitted notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is held now. `conflict` says that another notice with its id and revision was, too.
    Taken {
        /// Same id and revision, other bytes.
        conflict: bool,
    },
    /// The very same bytes are held already: nothing to answer.
    Known,
    /// The board holds a later revision, or this one has had its time.
    Outdated {
        /// The revision that stands in its place.
        revision: u32,
    },
    /// There is no room for another.
    Full,
}

/// What one step brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Notices that ended.
    pub ended: Vec<Ended>,
    /// What the glass is to show from now on, when that changed.
    pub show: Option<Showing>,
}

struct Held {
    notice: Arc<Notice>,
    page_starts_ms: Vec<u64>,
    duration_ms: u64,
    digest: [u8; 32],
    /// Came from the network and was not on the glass yet.
    fresh: bool,
    /// Was on the glass.
    shown: bool,
    /// Counts turns; the one with the lowest is next.
    last_turn: u64,
}

/// A notice's turn on the glass.
#[derive(Debug, Clone)]
struct Turn {
    key: Key,
    revision: u32,
    class: Class,
    /// Instant of the monotonic clock at which its scene's time was zero.
    zero_ms: u64,
    /// Instant at which the next one may follow.
    until_ms: u64,
}

/// One board's state.
pub struct Sign {
    held: BTreeMap<Key, Held>,
    /// What cancels and updates ended, for good and whenever it arrives.
    finished: BTreeMap<Key, Cause>,
    /// Revisions that expired, so that a clock set back revives none.
    expired: BTreeMap<Key, u32>,
    showing: Showing,
    since: Timestamp,
    turn: Option<Turn>,
    turns: u64,
    /// Emergencies that were interrupted before they were shown through.
    next_up: VecDeque<Key>,
    /// Turns that a higher class interrupted, with the page they resume at.
    paused: BTreeMap<Class, (Key, u32, usize)>,
    over: Vec<String>,
    over_until_ms: Option<u64>,
    /// Keys that take turns now, best first; recomputed when something changed.
    candidates: Vec<Key>,
    class: Option<Class>,
    /// How long `candidates` hold unless a notice comes; they are found anew when `stale`.
    until: Option<Timestamp>,
    from: Timestamp,
    stale: bool,
    /// Local day and offset between the clocks for which the idle page was drawn.
    idle_drawn: Option<(Timestamp, i64)>,
}

impl Sign {
    /// A board that holds nothing and shows the idle page.
    pub fn new(now: Now) -> Self {
        Self {
            held: BTreeMap::new(),
            finished: BTreeMap::new(),
            expired: BTreeMap::new(),
            showing: Showing::Idle,
            since: now.wall,
            turn: None,
            turns: 0,
            next_up: VecDeque::new(),
            paused: BTreeMap::new(),
            over: Vec::new(),
            over_until_ms: None,
            candidates: Vec::new(),
            class: None,
            until: None,
            from: now.wall,
            stale: true,
            idle_drawn: None,
        }
    }

    /// Takes a notice that was admitted. `scene` is what it was checked with, absent for a
    /// cancel; `fresh` says that it has just come, not from the board's own store.
    pub fn accept(
        &mut self,
        notice: Notice,
        scene: Option<&Scene>,
        digest: [u8; 32],
        fresh: bool,
    ) -> (Verdict, Vec<Ended>) {
        let key = notice.key.clone();
        let version = |notice: &Notice, digest| (notice.revision, notice.sent, digest);
        let mut conflict = false;
        if let Some(held) = self.held.get(&key) {
            if held.digest == digest {
                return (Verdict::Known, Vec::new());
            }
            conflict = held.notice.revision == notice.revision;
            if version(&notice, digest) < version(&held.notice, held.digest) {
                let revision = held.notice.revision;
                // What a cancel names stays ended even if a later revision of it came first.
                self.finish(&notice);
                return (Verdict::Outdated { revision }, Vec::new());
            }
        } else if self.held.len() >= HELD_MAX {
            return (Verdict::Full, Vec::new());
        }
        if let Some(revision) = self.expired.get(&key).filter(|last| **last >= notice.revision) {
            return (Verdict::Outdated { revision: *revision }, Vec::new());
        }
        self.finish(&notice);
        self.stale = true;
        if fresh && notice.kind != Kind::Cancel && notice.status != Status::Test {
            self.over_until_ms = None;
            self.over.clear();
        }
        let page_starts_ms = scene.map_or(vec![0], |scene| {
            (0..scene.pages.len()).map(|page| scene.page_start_ms(page)).collect()
        });
        let held = Held {
            duration_ms: scene.map_or(1, Scene::duration_ms),
            page_starts_ms,
            digest,
            fresh,
            shown: false,
            last_turn: 0,
            notice: Arc::new(notice),
        };
        let before = self.held.insert(key.clone(), held);
        let drawn = before.filter(|held| held.notice.kind != Kind::Cancel && held.duration_ms > 0);
        let ended = drawn.map(|held| Ended {
            key,
            revision: held.notice.revision,
            cause: Cause::Superseded,
            forget: false,
        });
        (Verdict::Taken { conflict }, ended.into_iter().collect())
    }

    fn finish(&mut self, notice: &Notice) {
        let cause = match notice.kind {
            Kind::Alert => return,
            Kind::Update => Cause::Superseded,
            Kind::Cancel => Cause::Cancelled,
        };
        for key in notice.references.iter().filter(|key| **key != notice.key) {
            let worst = self.finished.entry(key.clone()).or_insert(cause);
            *worst = (*worst).max(cause);
            self.stale = true;
        }
    }

    /// Does what the time asks for: ends what is over, gives the next one its turn.
    pub fn step(&mut self, now: Now) -> Step {
        let mut step = Step::default();
        let due = self.until.is_some_and(|until| until <= now.wall);
        if self.stale || due || now.wall < self.from {
            step.ended = self.end(now);
            self.choose(now);
        }
        step.show = self.decide(now);
        step
    }

    /// What is shown, and since when.
    pub fn showing(&self) -> (&Showing, Timestamp) {
        (&self.showing, self.since)
    }

    /// The notice of that key, while it is held.
    pub fn notice(&self, key: &Key) -> Option<&Arc<Notice>> {
        self.held.get(key).map(|held| &held.notice)
    }

    /// Whether several priority notices alternate because the commune has not decided.
    pub fn needs_decision(&self) -> bool {
        self.class == Some(Class::Priority) && self.candidates.len() > 1
    }

    /// The page on the glass, from 0; `None` when no notice is.
    pub fn page(&self, now: Now) -> Option<usize> {
        self.turn.as_ref().map(|turn| self.page_of(turn, now))
    }

    /// After how many milliseconds [`step`](Self::step) has something to do, at the latest;
    /// `None` when only a notice can change anything.
    pub fn wake_in_ms(&self, now: Now) -> Option<u64> {
        let wall = self.until.map(|until| until.duration_since(now.wall));
        let wall = wall.map(|left| left.as_millis().max(0) as u64 + 1);
        let several = self.candidates.len() > 1;
        let turn = self.turn.as_ref().filter(|_| several).map(|turn| turn.until_ms);
        let clear = self.over_until_ms;
        let mono =
            [turn, clear].into_iter().flatten().map(|at| at.saturating_sub(now.monotonic_ms));
        wall.into_iter().chain(mono).min()
    }

    /// Removes what is over. Cancels and updates stay as long as a notice can live.
    fn end(&mut self, now: Now) -> Vec<Ended> {
        let mut ended = Vec::new();
        let keys: Vec<Key> = self.held.keys().cloned().collect();
        for key in keys {
            let Some(held) = self.held.get(&key) else { continue };
            let notice = &held.notice;
            let buried = notice
                .sent
                .checked_add(jiff::Span::new().hours(LIFE_MAX_DAYS * 24))
                .is_ok_and(|until| until <= now.wall);
            let cause = match self.finished.get(&key) {
                Some(cause) => Some(*cause),
                None => (notice.expires <= now.wall).then_some(Cause::Expired),
            };
            let is_tombstone = notice.kind != Kind::Alert;
            let was_drawn = notice.kind != Kind::Cancel && held.duration_ms > 0;
            if let Some(cause) = cause.filter(|_| was_drawn) {
                let forget = !is_tombstone || buried;
                let revision = notice.revision;
                ended.push(Ended { key: key.clone(), revision, cause, forget });
                let real = notice.class == Class::Emergency && notice.status == Status::Actual;
                if real && held.shown && cause != Cause::Superseded {
                    self.over.push(notice.content.first().map_or(String::new(), headline));
                }
                if cause == Cause::Expired {
                    self.expired.insert(key.clone(), revision);
                }
                match forget {
                    true => drop(self.held.remove(&key)),
                    // A duration of zero marks what has ended and is kept as a tombstone alone.
                    false => {
                        self.held.entry(key).and_modify(|held| held.duration_ms = 0);
                    }
                }
            } else if buried {
                self.held.remove(&key);
            }
        }
        ended
    }

    /// Finds who takes turns now and how long that holds.
    fn choose(&mut self, now: Now) {
        let alive = self.held.iter().filter(|(_, held)| held.duration_ms > 0);
        let alive = alive.map(|(key, held)| (key, held.notice.as_ref()));
        let mut foremost = schedule::foremost(alive, now);
        foremost.sort_by_cached_key(|(_, notice)| schedule::rank(notice));
        self.class = foremost.first().map(|(_, notice)| notice.class);
        self.candidates = foremost.into_iter().map(|(key, _)| key.clone()).collect();
        let edges = self.held.values().filter_map(|held| schedule::next_edge(&held.notice, now));
        let midnight = calendar::next_midnight(now.wall);
        self.until = edges.chain([midnight]).min();
        self.from = now.wall;
        self.stale = false;
    }
}

fn headline(content: &NoticeContent) -> String {
    match content.headline.trim() {
        "" => content.text.lines().next().unwrap_or_default().to_owned(),
        headline => headline.to_owned(),
    }
}

#[cfg(test)]
mod tests;
