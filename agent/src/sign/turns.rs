//! Whose turn it is on the glass. A turn is interrupted by a higher level, a new emergency, what
//! lies over it, its expiry or a cancel, and by nothing else.

use super::*;

/// How long a turn lasts whose scene is not composed yet, in milliseconds.
const PROVISIONAL_MS: u64 = 10_000;

/// A notice's turn on the glass.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub key: Arc<Key>,
    digest: [u8; 32],
    pub level: Level,
    /// Instant of the monotonic clock at which its scene's time was zero.
    zero_ms: u64,
    /// Instant at which the next one may follow.
    pub until_ms: u64,
}

impl Sign {
    /// The commune's order of priority notices: those listed in this order, then the others in
    /// turn, and over again. It begins with its first at the next change of turns. Beyond
    /// [`HELD_MAX`] keys nothing is read.
    pub fn decide(&mut self, order: Vec<Key>) {
        let mut decided = BTreeMap::new();
        for (place, key) in order.into_iter().take(HELD_MAX).enumerate() {
            decided.entry(key).or_insert(place);
        }
        if decided == self.decided {
            return;
        }
        self.decided = decided;
        self.round += 1;
        let seated: Vec<_> = self.index.turns(Level::Priority).cloned().collect();
        for key in seated {
            if let Some(held) = self.held.get_mut(&key) {
                held.round = self.round - 1;
            }
            self.reseat(&key);
        }
        self.stale = true;
    }

    /// All pictures of a notice are here: it need not wait for them.
    pub fn ready(&mut self, key: &Key) {
        let Some((key, _)) = self.held.get_key_value(key) else { return };
        let key = Arc::clone(key);
        if let Some(held) = self.held.get_mut(&key).filter(|held| held.waits_until_ms.is_some()) {
            held.waits_until_ms = None;
            self.index.ask(&key);
            self.stale = true;
        }
    }

    /// A notice was composed, which takes that long: fixes the end of its turn. To be called at
    /// once when [`Step::show`] names a notice that came without its timing.
    pub fn composed(&mut self, key: &Key, revision: u32, timing: Timing, now: Now) {
        let held = self.held.get_mut(key).filter(|held| held.notice.revision == revision);
        let Some(held) = held else { return };
        held.timing = Some(timing);
        let (digest, duration_ms) = (held.digest, held.duration_ms());
        if let Some(turn) = self.turn.as_mut()
            && *turn.key == *key
            && turn.digest == digest
        {
            turn.until_ms = turn.zero_ms.saturating_add(duration_ms);
            self.go_round(now);
        }
    }

    /// A notice cannot be drawn on this layout: it is off the glass with the next step, and stays
    /// so until the program starts again. Its file is not forgotten, as another layout may draw
    /// it.
    pub fn undrawable(&mut self, key: &Key, revision: u32) -> Vec<Ended> {
        let Some((key, _)) = self.held.get_key_value(key) else { return Vec::new() };
        let key = Arc::clone(key);
        let held = self.held.get_mut(&key);
        let Some(held) = held.filter(|held| held.notice.revision == revision && !held.ended) else {
            return Vec::new();
        };
        if std::mem::replace(&mut held.undrawable, true) {
            return Vec::new();
        }
        // Nobody saw what was never composed.
        held.shown &= held.timing.is_some();
        let told = std::mem::replace(&mut held.told, true);
        self.index.ask(&key);
        self.stale = true;
        let key = Key::clone(&key);
        let ended = Ended { key, revision, cause: Cause::Undrawable, forget: false, over: false };
        if told { Vec::new() } else { vec![ended] }
    }

    /// Decides what the glass shows; `Some` when that begins now.
    pub(super) fn choose(&mut self, now: Now) -> Option<Showing> {
        let cover = self.cover(now);
        let level = self.index.level().filter(|_| cover.is_none());
        if self.is_clear(level, now) {
            self.pause(level, true, now);
            return self.show(Showing::AllClear { headlines: self.over.clone() }, now);
        }
        if let Some(cover) = cover {
            self.pause(level, true, now);
            return self.show(cover, now);
        }
        let Some(level) = level else {
            self.turn = None;
            return self.idle(now);
        };
        let turn = self.turn.clone().filter(|turn| self.takes_turns(turn, level));
        let mut newcomers = self.newcomers(level).into_iter();
        if let Some(newcomer) = newcomers.next() {
            match turn {
                Some(turn) if now.monotonic_ms < turn.until_ms => self.comes_next(&[turn.key]),
                Some(_) => {}
                None => self.pause(Some(level), false, now),
            }
            self.comes_next(newcomers.as_slice());
            return self.begin(&newcomer, 0, now);
        }
        let Some(turn) = turn else {
            self.pause(Some(level), false, now);
            return self.begin_level(level, now);
        };
        if self.anew {
            return self.begin(&turn.key, 0, now);
        }
        if now.monotonic_ms < turn.until_ms {
            return None;
        }
        let next = self.next(level, Some(&turn.key))?;
        self.begin(&next, 0, now)
    }

    /// Whether the all-clear stands. A real emergency holds it back, anything new to be seen
    /// interrupts it for good, and in the dark it waits.
    fn is_clear(&mut self, level: Option<Level>, now: Now) -> bool {
        let news = self.news.take();
        if self.cut_off.is_some() {
            return false;
        }
        let is_on = |key: &Arc<Key>| level.is_some_and(|level| self.index.is_on(level, key));
        let is_news = news.as_ref().is_some_and(is_on);
        let urgent = level == Some(Level::Emergency);
        match self.over_until_ms {
            Some(until) if is_news || urgent || until <= now.monotonic_ms => {
                self.over.clear();
                self.over_until_ms = None;
            }
            None if !self.over.is_empty() && !urgent => {
                let until_ms = now.monotonic_ms.saturating_add(self.rules.all_clear_ms);
                self.over_until_ms = Some(until_ms);
            }
            _ => {}
        }
        self.over_until_ms.is_some()
    }

    /// The page of a turn at an instant.
    pub(super) fn page_of(&self, turn: &Turn, now: Now) -> usize {
        let Some(held) = self.held.get(&turn.key) else { return 0 };
        let elapsed = now.monotonic_ms.saturating_sub(turn.zero_ms) % held.duration_ms();
        let timing = held.timing.as_ref();
        timing
            .and_then(|timing| timing.page_starts_ms.iter().rposition(|start| *start <= elapsed))
            .unwrap_or(0)
    }

    /// Gives the first turn of a level: to where it was interrupted, else to the next in order.
    fn begin_level(&mut self, level: Level, now: Now) -> Option<Showing> {
        match self.paused.remove(&level).filter(|(turn, _)| self.takes_turns(turn, level)) {
            Some((turn, page)) => self.begin(&turn.key, page, now),
            None => self.next(level, None).and_then(|key| self.begin(&key, 0, now)),
        }
    }

    /// Puts a notice on the glass from a page on. In the dark nobody sees it begin.
    fn begin(&mut self, key: &Arc<Key>, page: usize, now: Now) -> Option<Showing> {
        let dark = self.cut_off.is_some();
        let held = self.held.get_mut(key)?;
        self.turns += 1;
        held.last_turn = self.turns;
        held.fresh &= dark;
        held.shown |= !dark;
        let starts = held.timing.as_ref().map(|timing| &timing.page_starts_ms);
        let from_ms = starts.and_then(|starts| starts.get(page)).copied().unwrap_or(0);
        let revision = held.notice.revision;
        let left_ms = held.duration_ms().saturating_sub(from_ms);
        self.turn = Some(Turn {
            key: Arc::clone(key),
            digest: held.digest,
            level: schedule::level(&held.notice),
            zero_ms: now.monotonic_ms.saturating_sub(from_ms),
            until_ms: now.monotonic_ms.saturating_add(left_ms),
        });
        if let Some(place) = held.queued.take() {
            self.next_up.remove(&place);
        }
        self.reseat(key);
        self.showing = Showing::Notice { key: Key::clone(key), revision, from_ms };
        self.since = now.wall;
        Some(self.showing.clone())
    }

    /// Lets a turn go on that should have ended: it ends with the round that it is in.
    pub(super) fn go_round(&mut self, now: Now) {
        let Some(turn) = self.turn.as_mut() else { return };
        let duration_ms = self.held.get(&turn.key).map_or(1, Held::duration_ms);
        let late_ms = now.monotonic_ms.saturating_sub(turn.until_ms);
        let rounds = late_ms.div_ceil(duration_ms);
        turn.until_ms = turn.until_ms.saturating_add(rounds.saturating_mul(duration_ms));
    }

    /// Remembers the page of a turn that something above it interrupts: a higher level, or what
    /// `covers` all.
    fn pause(&mut self, level: Option<Level>, covers: bool, now: Now) {
        let Some(turn) = self.turn.take() else { return };
        let interrupted = covers || level.is_some_and(|level| level > turn.level);
        if interrupted && self.is_held(&turn) {
            let page = self.page_of(&turn, now);
            self.paused.insert(turn.level, (turn, page));
        }
    }

    /// The emergencies that have just come and were not on the glass yet, best first. In the dark
    /// there are none: they wait for the light.
    fn newcomers(&self, level: Level) -> Vec<Arc<Key>> {
        if self.cut_off.is_some() {
            return Vec::new();
        }
        self.index.fresh(level).cloned().collect()
    }

    /// Puts emergencies before all others that wait for their turn.
    fn comes_next(&mut self, keys: &[Arc<Key>]) {
        let first = self.next_up.first_key_value().map_or(0, |(place, _)| *place);
        for (place, key) in (first - keys.len() as i64..).zip(keys) {
            let Some(held) = self.held.get_mut(key) else { continue };
            if let Some(before) = held.queued.replace(place) {
                self.next_up.remove(&before);
            }
            self.next_up.insert(place, Arc::clone(key));
            self.reseat(key);
        }
    }

    /// Who comes after `current`: the interrupted, then whoever waits longest, priority notices
    /// in the order that the commune decided.
    fn next(&mut self, level: Level, current: Option<&Arc<Key>>) -> Option<Arc<Key>> {
        while let Some((_, key)) = self.next_up.pop_first() {
            if let Some(held) = self.held.get_mut(&key) {
                held.queued = None;
                self.reseat(&key);
            }
            if self.index.is_on(level, &key) && current != Some(&key) {
                return Some(key);
            }
        }
        // The turn that ends was the first of a round.
        if let Some(current) = current.filter(|key| self.index.turns(level).next() == Some(*key)) {
            self.count_round(level, current);
        }
        let next = self.index.turns(level).find(|key| current != Some(*key)).cloned()?;
        self.count_round(level, &next);
        Some(next)
    }

    /// Counts a turn in the round of decided turns; the second one begins another round.
    fn count_round(&mut self, level: Level, key: &Arc<Key>) {
        let Some(held) = self.held.get_mut(key).filter(|_| level == Level::Priority) else {
            return;
        };
        if held.round >= self.round {
            self.round += 1;
        }
        held.round = self.round;
        self.reseat(key);
    }

    fn takes_turns(&self, turn: &Turn, level: Level) -> bool {
        self.is_held(turn) && self.index.is_on(level, &turn.key)
    }

    /// Whether the very notice of that turn is held, not another in its place.
    fn is_held(&self, turn: &Turn) -> bool {
        self.held.get(&turn.key).is_some_and(|held| held.digest == turn.digest && !held.ended)
    }

    fn show(&mut self, showing: Showing, now: Now) -> Option<Showing> {
        if self.showing == showing && !self.anew {
            return None;
        }
        self.showing = showing.clone();
        self.since = now.wall;
        Some(showing)
    }

    /// The idle page holds the date and a running clock: it is drawn anew on another day and
    /// when the clock was set.
    fn idle(&mut self, now: Now) -> Option<Showing> {
        let offset = now.wall.as_millisecond() - now.monotonic_ms as i64;
        let day = calendar::next_midnight(now.wall);
        let same =
            |(drawn, before): (Timestamp, i64)| drawn == day && (before - offset).abs() < 500;
        let stands = self.showing == Showing::Idle && !self.anew;
        if stands && self.idle_drawn.is_some_and(same) {
            return None;
        }
        self.idle_drawn = Some((day, offset));
        self.showing = Showing::Idle;
        self.since = now.wall;
        Some(Showing::Idle)
    }
}

impl Held {
    fn duration_ms(&self) -> u64 {
        self.timing.as_ref().map_or(PROVISIONAL_MS, |timing| timing.duration_ms.max(1))
    }
}
