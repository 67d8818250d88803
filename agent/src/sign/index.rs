//! Who may show, in the order of their turns, and when each notice is to be looked at again: so
//! that choosing among 10,000 notices costs no more than choosing among ten.

use super::*;
use crate::schedule::Rank;

/// The place in the order of the decided of a notice that the commune did not list.
pub(super) const UNLISTED: usize = usize::MAX;

/// What one notice's standing is until its next edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The next instant on the wall at which it may change.
    pub wall: Option<Timestamp>,
    /// The same on the monotonic clock.
    pub monotonic_ms: Option<u64>,
    /// Its seat, while it may show.
    pub seat: Option<Seat>,
}

/// A seat among those that take turns on one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    pub level: Level,
    pub place: Place,
    /// Was not on the glass yet, and waits for it with no other's turn before it.
    pub fresh: bool,
}

/// A place in the order of turns, the next one first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The last round in which it had its turn; rounds are counted where the commune decides.
    pub round: u64,
    /// Where the commune listed it.
    pub listed: usize,
    /// When it had its last turn.
    pub last_turn: u64,
    pub rank: Rank,
    pub key: Arc<Key>,
}

/// The entries of all notices, found by key, by time and by turn.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    entries: BTreeMap<Arc<Key>, Entry>,
    wall: BTreeSet<(Timestamp, Arc<Key>)>,
    monotonic: BTreeSet<(u64, Arc<Key>)>,
    turns: [BTreeSet<Place>; 4],
    fresh: [BTreeSet<(Rank, Arc<Key>)>; 4],
    /// How many of the priority notices that may show are not listed.
    unlisted: usize,
    /// What is to be looked at whatever the time.
    asked: BTreeSet<Arc<Key>>,
}

impl Index {
    /// Puts a notice where it stands now.
    pub fn set(&mut self, key: &Arc<Key>, entry: Entry) {
        if self.entries.get(key) == Some(&entry) {
            return;
        }
        self.take(key);
        self.wall.extend(entry.wall.map(|at| (at, Arc::clone(key))));
        self.monotonic.extend(entry.monotonic_ms.map(|at| (at, Arc::clone(key))));
        if let Some(Seat { level, place, fresh }) = &entry.seat {
            let level = *level as usize;
            if *fresh {
                self.fresh[level].insert((place.rank, Arc::clone(key)));
            }
            self.turns[level].insert(place.clone());
            self.unlisted += usize::from(is_undecided(&entry));
        }
        self.entries.insert(Arc::clone(key), entry);
    }

    /// Lets go of a notice.
    pub fn remove(&mut self, key: &Arc<Key>) {
        self.take(key);
        self.asked.remove(key);
    }

    fn take(&mut self, key: &Arc<Key>) {
        let Some(entry) = self.entries.remove(key) else { return };
        self.unlisted -= usize::from(is_undecided(&entry));
        if let Some(at) = entry.wall {
            self.wall.remove(&(at, Arc::clone(key)));
        }
        if let Some(at) = entry.monotonic_ms {
            self.monotonic.remove(&(at, Arc::clone(key)));
        }
        if let Some(Seat { level, place, .. }) = entry.seat {
            self.fresh[level as usize].remove(&(place.rank, Arc::clone(key)));
            self.turns[level as usize].remove(&place);
        }
    }

    /// Where a notice stands.
    pub fn entry(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Has a notice looked at in the next step.
    pub fn ask(&mut self, key: &Arc<Key>) {
        self.asked.insert(Arc::clone(key));
    }

    /// What is to be looked at now.
    pub fn due(&mut self, now: Now) -> BTreeSet<Arc<Key>> {
        let mut due = std::mem::take(&mut self.asked);
        let wall = self.wall.iter().take_while(|(at, _)| *at <= now.wall);
        due.extend(wall.map(|(_, key)| Arc::clone(key)));
        let monotonic = self.monotonic.iter().take_while(|(at, _)| *at <= now.monotonic_ms);
        due.extend(monotonic.map(|(_, key)| Arc::clone(key)));
        due
    }

    /// The next edge on the wall.
    pub fn next_wall(&self) -> Option<Timestamp> {
        self.wall.first().map(|(at, _)| *at)
    }

    /// The next edge on the monotonic clock, in milliseconds.
    pub fn next_monotonic_ms(&self) -> Option<u64> {
        self.monotonic.first().map(|(at, _)| *at)
    }

    /// The highest level on which something may show.
    pub fn level(&self) -> Option<Level> {
        Level::DOWNWARD.into_iter().find(|level| self.count(*level) > 0)
    }

    /// How many may show on a level.
    pub fn count(&self, level: Level) -> usize {
        self.turns[level as usize].len()
    }

    /// How many priority notices the commune has not listed.
    pub fn unlisted(&self) -> usize {
        self.unlisted
    }

    /// Whether a notice may show on that level.
    pub fn is_on(&self, level: Level, key: &Key) -> bool {
        let seat = self.entries.get(key).and_then(|entry| entry.seat.as_ref());
        seat.is_some_and(|seat| seat.level == level)
    }

    /// Those of a level in the order of their turns.
    pub fn turns(&self, level: Level) -> impl Iterator<Item = &Arc<Key>> {
        self.turns[level as usize].iter().map(|place| &place.key)
    }

    /// Those of a level that were not on the glass yet, best first.
    pub fn fresh(&self, level: Level) -> impl Iterator<Item = &Arc<Key>> {
        self.fresh[level as usize].iter().map(|(_, key)| key)
    }
}

fn is_undecided(entry: &Entry) -> bool {
    let seat = entry.seat.as_ref();
    seat.is_some_and(|seat| seat.level == Level::Priority && seat.place.listed == UNLISTED)
}
