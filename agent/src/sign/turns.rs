//! Whose turn it is on the glass. A turn is interrupted by a higher level, a new emergency, its
//! expiry or a cancel, and by nothing else.

use super::*;

impl Sign {
    /// Decides what the glass shows; `Some` when that begins now.
    pub(super) fn decide(&mut self, now: Now) -> Option<Showing> {
        if self.is_clear(now) {
            self.pause(now);
            return self.show(Showing::AllClear { headlines: self.over.clone() }, now);
        }
        let Some(level) = self.level else {
            self.turn = None;
            return self.idle(now);
        };
        let turn = self.turn.clone().filter(|turn| self.takes_turns(turn));
        let mut newcomers = self.newcomers().into_iter();
        if let Some(newcomer) = newcomers.next() {
            match turn {
                Some(turn) if now.monotonic_ms < turn.until_ms => {
                    self.next_up.push_front(turn.key);
                }
                Some(_) => {}
                None => self.pause(now),
            }
            for (place, key) in newcomers.enumerate() {
                if let Some(held) = self.held.get_mut(&key) {
                    held.fresh = false;
                }
                self.next_up.insert(place, key);
            }
            return self.begin(newcomer, 0, now);
        }
        let Some(turn) = turn else {
            self.pause(now);
            return self.begin_level(level, now);
        };
        if now.monotonic_ms < turn.until_ms {
            return None;
        }
        let next = self.next(Some(&turn.key))?;
        self.begin(next, 0, now)
    }

    /// Whether the all-clear stands. A real emergency holds it back, and anything new to be seen
    /// interrupts it for good.
    fn is_clear(&mut self, now: Now) -> bool {
        let is_news = self.news.take().is_some_and(|key| self.candidates.contains(&key));
        let urgent = self.level == Some(Level::Emergency);
        match self.over_until_ms {
            Some(until) if is_news || urgent || until <= now.monotonic_ms => {
                self.over.clear();
                self.over_until_ms = None;
            }
            None if !self.over.is_empty() && !urgent => {
                self.over_until_ms = Some(now.monotonic_ms + ALL_CLEAR_MS);
            }
            _ => {}
        }
        self.over_until_ms.is_some()
    }

    /// The page of a turn at an instant.
    pub(super) fn page_of(&self, turn: &Turn, now: Now) -> usize {
        let Some(held) = self.held.get(&turn.key) else { return 0 };
        let elapsed = now.monotonic_ms.saturating_sub(turn.zero_ms) % held.duration_ms.max(1);
        held.page_starts_ms.iter().rposition(|start| *start <= elapsed).unwrap_or(0)
    }

    /// Gives the first turn of a level: to where it was interrupted, else to the next in order.
    fn begin_level(&mut self, level: Level, now: Now) -> Option<Showing> {
        match self.paused.remove(&level).filter(|(turn, _)| self.takes_turns(turn)) {
            Some((turn, page)) => self.begin(turn.key, page, now),
            None => self.next(None).and_then(|key| self.begin(key, 0, now)),
        }
    }

    /// Puts a notice on the glass from a page on.
    fn begin(&mut self, key: Key, page: usize, now: Now) -> Option<Showing> {
        let held = self.held.get_mut(&key)?;
        self.turns += 1;
        held.last_turn = self.turns;
        held.fresh = false;
        held.shown = true;
        let from_ms = held.page_starts_ms.get(page).copied().unwrap_or(0);
        let revision = held.notice.revision;
        self.turn = Some(Turn {
            key: key.clone(),
            digest: held.digest,
            level: schedule::level(&held.notice),
            zero_ms: now.monotonic_ms.saturating_sub(from_ms),
            until_ms: now.monotonic_ms + held.duration_ms - from_ms,
        });
        self.next_up.retain(|waiting| *waiting != key);
        self.showing = Showing::Notice { key, revision, from_ms };
        self.since = now.wall;
        Some(self.showing.clone())
    }

    /// Lets the only one go on: its turn ends with the round that it is in.
    pub(super) fn go_round(&mut self, now: Now) {
        let Some(turn) = self.turn.as_mut() else { return };
        let duration_ms = self.held.get(&turn.key).map_or(1, |held| held.duration_ms);
        let late_ms = now.monotonic_ms.saturating_sub(turn.until_ms);
        turn.until_ms += late_ms.next_multiple_of(duration_ms);
    }

    /// Remembers the page of a turn that a higher level or the all-clear interrupts.
    fn pause(&mut self, now: Now) {
        let Some(turn) = self.turn.take() else { return };
        let by_clear = self.over_until_ms.is_some();
        let interrupted = by_clear || self.level.is_some_and(|level| level > turn.level);
        if interrupted && self.is_held(&turn) {
            let page = self.page_of(&turn, now);
            self.paused.insert(turn.level, (turn, page));
        }
    }

    /// The emergencies that have just come and were not on the glass yet, best first.
    fn newcomers(&self) -> Vec<Key> {
        if self.level < Some(Level::Drill) {
            return Vec::new();
        }
        let is_fresh = |key: &&Key| self.held.get(*key).is_some_and(|held| held.fresh);
        self.candidates.iter().filter(is_fresh).cloned().collect()
    }

    /// Who comes after `current`: the interrupted, then whoever waits longest.
    fn next(&mut self, current: Option<&Key>) -> Option<Key> {
        while let Some(key) = self.next_up.pop_front() {
            if self.candidates.contains(&key) && current != Some(&key) {
                return Some(key);
            }
        }
        let others = self.candidates.iter().filter(|key| current != Some(*key));
        others.min_by_key(|key| self.held.get(*key).map(|held| held.last_turn)).cloned()
    }

    fn takes_turns(&self, turn: &Turn) -> bool {
        self.is_held(turn) && self.candidates.contains(&turn.key)
    }

    /// Whether the very notice of that turn is held, not another in its place.
    fn is_held(&self, turn: &Turn) -> bool {
        self.held.get(&turn.key).is_some_and(|held| held.digest == turn.digest && !held.ended)
    }

    fn show(&mut self, showing: Showing, now: Now) -> Option<Showing> {
        if self.showing == showing {
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
        if self.showing == Showing::Idle && self.idle_drawn.is_some_and(same) {
            return None;
        }
        self.idle_drawn = Some((day, offset));
        self.showing = Showing::Idle;
        self.since = now.wall;
        Some(Showing::Idle)
    }
}
