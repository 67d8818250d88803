//! The state machine of one board: which notices it holds, what it shows now, and what the world
//! must be told. It gets notices and the time, and says when it wants to be woken; it reads no
//! clock and touches nothing.

mod fold;
mod turns;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bangtin_renderer::Scene;
use jiff::Timestamp;
use serde::Serialize;

use crate::calendar::{self, Now};
use crate::notice::{Key, Notice};
use crate::schedule::{self, Level};

/// Most notices a board holds, tombstones included.
pub const HELD_MAX: usize = 10_000;

/// How many more it takes when they are emergencies or cancels: others must not keep them out.
pub const URGENT_MAX: usize = 1_000;

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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// What one step brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Notices that ended.
    pub ended: Vec<Ended>,
    /// What the glass is to show from now on, when that changed.
    pub show: Option<Showing>,
    /// Notices whose end is reported already and whose files are of no more use.
    pub buried: Vec<Key>,
}

struct Held {
    notice: Arc<Notice>,
    page_starts_ms: Vec<u64>,
    duration_ms: u64,
    digest: [u8; 32],
    /// Came from the network and was not on the glass yet.
    fresh: bool,
    /// Was on the glass, and no all-clear has said that it is over.
    shown: bool,
    /// Is over and kept as a tombstone alone.
    ended: bool,
    /// Its end was reported.
    told: bool,
    /// Counts turns; the one with the lowest is next.
    last_turn: u64,
}

/// What decides which notice of a key stands, the largest: whether it has the last word, its
/// revision, when it was sent, the digest of its bytes.
type Standing = (bool, u32, Timestamp, [u8; 32]);

/// A notice's turn on the glass.
#[derive(Debug, Clone)]
struct Turn {
    key: Key,
    digest: [u8; 32],
    level: Level,
    /// Instant of the monotonic clock at which its scene's time was zero.
    zero_ms: u64,
    /// Instant at which the next one may follow.
    until_ms: u64,
}

/// One board's state.
pub struct Sign {
    held: BTreeMap<Key, Held>,
    /// What cancels and updates ended, for good and whenever it arrives: the cause for each status,
    /// in the order of [`Status`](crate::notice::Status).
    finished: BTreeMap<Key, [Option<Cause>; 3]>,
    /// What expired, so that a clock set back revives nothing.
    expired: BTreeMap<Key, Standing>,
    showing: Showing,
    since: Timestamp,
    turn: Option<Turn>,
    turns: u64,
    /// Emergencies that were interrupted before they were shown through.
    next_up: VecDeque<Key>,
    /// Turns that a higher level interrupted, with the page they resume at.
    paused: BTreeMap<Level, (Turn, usize)>,
    /// Headlines of emergencies that ended and that no all-clear named yet.
    over: Vec<String>,
    /// While the all-clear stands, the instant at which it is to go.
    over_until_ms: Option<u64>,
    /// What has just come and may interrupt the all-clear.
    news: Option<Key>,
    /// Keys that take turns now, best first; recomputed when something changed.
    candidates: Vec<Key>,
    level: Option<Level>,
    /// The reading of the clocks for which `candidates` were found, and until when they hold unless
    /// a notice comes; they are found anew when `stale`.
    chosen: Now,
    until: Option<Timestamp>,
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
            news: None,
            candidates: Vec::new(),
            level: None,
            chosen: now,
            until: None,
            stale: true,
            idle_drawn: None,
        }
    }

    /// Does what the time asks for: ends what is over, gives the next one its turn.
    pub fn step(&mut self, now: Now) -> Step {
        let mut step = Step::default();
        let due = self.until.is_some_and(|until| until <= now.wall);
        let set = now.wall < self.chosen.wall || now.trust != self.chosen.trust;
        if self.stale || due || set {
            self.end(now, &mut step);
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
        self.level == Some(Level::Priority) && self.candidates.len() > 1
    }

    /// The page on the glass, from 0; `None` when no notice is.
    pub fn page(&self, now: Now) -> Option<usize> {
        self.turn.as_ref().map(|turn| self.page_of(turn, now))
    }

    /// After how many milliseconds [`step`](Self::step) has something to do, at the latest;
    /// `None` when only a notice can change anything.
    pub fn wake_in_ms(&self, now: Now) -> Option<u64> {
        if self.stale {
            return Some(0);
        }
        let wall = self.until.map(|until| until.duration_since(now.wall));
        // Up to the millisecond: one earlier there is nothing to do, one later is too late.
        let wall = wall.map(|left| (left.as_nanos().max(0) as u128).div_ceil(1_000_000) as u64);
        let several = self.candidates.len() > 1;
        let turn = self.turn.as_ref().filter(|_| several).map(|turn| turn.until_ms);
        let clear = self.over_until_ms;
        let mono =
            [turn, clear].into_iter().flatten().map(|at| at.saturating_sub(now.monotonic_ms));
        wall.into_iter().chain(mono).min()
    }

    /// Finds who takes turns now and how long that holds.
    fn choose(&mut self, now: Now) {
        if self.candidates.len() == 1 {
            // Nobody waited until now, so no turn was due: a new one waits for the round to end.
            self.go_round(now);
        }
        let alive = self.held.iter().filter(|(_, held)| !held.ended);
        let alive = alive.map(|(key, held)| (key, held.notice.as_ref()));
        let mut foremost = schedule::foremost(alive, now);
        foremost.sort_by_cached_key(|(_, notice)| schedule::rank(notice));
        self.level = foremost.first().map(|(_, notice)| schedule::level(notice));
        self.candidates = foremost.into_iter().map(|(key, _)| key.clone()).collect();
        let edges = self.held.values().filter_map(|held| schedule::next_edge(&held.notice, now));
        let midnight = calendar::next_midnight(now.wall);
        self.until = edges.chain([midnight]).min();
        self.chosen = now;
        self.stale = false;
    }
}

#[cfg(test)]
mod tests;
