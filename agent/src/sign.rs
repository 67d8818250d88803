//! The state machine of one board: which notices it holds, what it shows now, and what the world
//! must be told. It gets notices and the time, and says when it wants to be woken; it reads no
//! clock and touches nothing.

mod index;
mod tombs;
mod fold;
mod standing;
mod cover;
mod turns;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::area::Area;
use crate::calendar::{self, Now, Trust};
use crate::notice::{Key, Notice, Window};
use crate::schedule::{self, Level};

use index::Index;
use tombs::{Expired, Tombs};
use turns::Turn;

pub use cover::Overlay;
pub use fold::{Arrival, Timing, Verdict};
pub use tombs::TOMBSTONES_MAX;

/// Most notices a board holds, tombstones included.
pub const HELD_MAX: usize = 10_000;

/// How many more it takes when they are emergencies or cancels: others must not keep them out.
pub const URGENT_MAX: usize = 1_000;

/// How long the all-clear stands unless configured, in milliseconds.
pub const ALL_CLEAR_MS: u64 = 10_000;

/// What a board's owner decides about its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Hours in which it is dark but for emergencies, drills and their all-clear; none where
    /// empty.
    pub saving: Vec<Window>,
    /// How long the all-clear stands, in milliseconds.
    pub all_clear_ms: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { saving: Vec::new(), all_clear_ms: ALL_CLEAR_MS }
    }
}

/// What a board shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Showing {
    /// The clock and the place's name.
    Idle,
    /// Nothing at all, in saving hours.
    Dark,
    /// What a command asked for.
    Overlay(Overlay),
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
    /// Its time ran out while the local cut-off kept the board dark.
    CutOff,
    /// This board cannot draw it.
    Undrawable,
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
    /// Whether it has ended for good and its file stays: the file is to be marked, and comes
    /// back with [`Arrival::over`], so that its end is reported once.
    pub over: bool,
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
    /// How long its pages take, once it was composed.
    timing: Option<Timing>,
    digest: [u8; 32],
    /// Came from the network and was not on the glass yet.
    fresh: bool,
    /// Was on the glass, and no all-clear has said that it is over.
    shown: bool,
    /// Is over and kept as a tombstone alone.
    ended: bool,
    /// Its end was reported.
    told: bool,
    /// Could not be composed.
    undrawable: bool,
    /// Counts turns; the one with the lowest is next.
    last_turn: u64,
    /// The last round of decided turns that it was in.
    round: u64,
    /// Its place among the interrupted.
    queued: Option<i64>,
    /// Instant of the monotonic clock until which its pictures may keep it waiting.
    waits_until_ms: Option<u64>,
    /// Of an emergency: when it came, and the earliest that the time can have been then, as
    /// nothing comes before it was sent.
    heard: Option<(u64, Timestamp)>,
}

/// What decides which notice of a key stands, the largest: whether it has the last word, its
/// revision, when it was sent, the digest of its bytes.
type Standing = (bool, u32, Timestamp, [u8; 32]);

/// One board's state.
pub struct Sign {
    rules: Rules,
    held: BTreeMap<Arc<Key>, Held>,
    index: Index,
    tombs: Tombs,
    expired: Expired,
    showing: Showing,
    since: Timestamp,
    turn: Option<Turn>,
    turns: u64,
    /// The order of priority notices that the commune decided, and the round that it is in.
    decided: BTreeMap<Key, usize>,
    round: u64,
    /// Emergencies that were interrupted before they were shown through, by their places.
    next_up: BTreeMap<i64, Arc<Key>>,
    /// Turns that something above them interrupted, with the page they resume at.
    paused: BTreeMap<Level, (Turn, usize)>,
    /// Headlines of emergencies that ended and that no all-clear named yet.
    over: Vec<String>,
    /// While the all-clear stands, the instant at which it is to go.
    over_until_ms: Option<u64>,
    /// What has just come and may interrupt the all-clear.
    news: Option<Arc<Key>>,
    /// What a command asked for, and the instant at which it is to go.
    overlay: Option<(Overlay, u64)>,
    /// Since when the local cut-off keeps the glass dark.
    cut_off: Option<Timestamp>,
    /// What shows begins anew: the light is back.
    anew: bool,
    /// The reading of the clocks at the last step, and whether something came since.
    seen: Now,
    stale: bool,
    /// Local day and offset between the clocks for which the idle page was drawn.
    idle_drawn: Option<(Timestamp, i64)>,
}

impl Sign {
    /// A board that holds nothing and shows the idle page.
    pub fn new(now: Now, rules: Rules) -> Self {
        Self {
            rules,
            held: BTreeMap::new(),
            index: Index::default(),
            tombs: Tombs::default(),
            expired: Expired::default(),
            showing: Showing::Idle,
            since: now.wall,
            turn: None,
            turns: 0,
            decided: BTreeMap::new(),
            round: 1,
            next_up: BTreeMap::new(),
            paused: BTreeMap::new(),
            over: Vec::new(),
            over_until_ms: None,
            news: None,
            overlay: None,
            cut_off: None,
            anew: false,
            seen: now,
            stale: true,
            idle_drawn: None,
        }
    }

    /// Does what the time asks for: ends what is over, gives the next one its turn.
    pub fn step(&mut self, now: Now) -> Step {
        let mut step = Step::default();
        self.look_again(now, &mut step);
        self.seen = now;
        self.stale = false;
        step.show = self.choose(now);
        self.anew = false;
        step
    }

    /// What is shown, and since when. While the local cut-off is active the glass is dark all
    /// the same.
    pub fn showing(&self) -> (&Showing, Timestamp) {
        (&self.showing, self.since)
    }

    /// The notice of that key, while it is held.
    pub fn notice(&self, key: &Key) -> Option<&Arc<Notice>> {
        self.held.get(key).map(|held| &held.notice)
    }

    /// Whether several priority notices may show whose order the commune has not decided. One
    /// that is not listed comes after the listed, which is an order too.
    pub fn needs_decision(&self) -> bool {
        self.index.unlisted() > 1
    }

    /// Whether an emergency or a drill may show now.
    pub fn is_urgent(&self) -> bool {
        self.index.level() >= Some(Level::Drill)
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
        let midnight = calendar::next_midnight(self.seen.wall);
        let saving = calendar::next_window_edge(&self.rules.saving, self.seen.wall);
        let wall = [Some(midnight), saving, self.index.next_wall()].into_iter().flatten().min();
        let wall = wall.map(|until| until.duration_since(now.wall));
        // Up to the millisecond: one earlier there is nothing to do, one later is too late.
        let wall = wall.map(|left| (left.as_nanos().max(0) as u128).div_ceil(1_000_000) as u64);
        let turn = self.turn.as_ref().filter(|turn| self.index.count(turn.level) > 1);
        let mono = [
            turn.map(|turn| turn.until_ms),
            self.over_until_ms,
            self.overlay.map(|(_, until_ms)| until_ms),
            self.index.next_monotonic_ms(),
        ];
        let mono = mono.into_iter().flatten().map(|at| at.saturating_sub(now.monotonic_ms));
        wall.into_iter().chain(mono).min()
    }
}

#[cfg(test)]
mod tests;
