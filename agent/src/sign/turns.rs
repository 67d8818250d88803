//! Whose turn it is on the glass. A turn is interrupted by a higher class, a new emergency, its
//! expiry or a cancel, and by nothing else.

use super::*;

impl Sign {
    /// Decides what the glass shows; `Some` when that begins now.
    pub(super) fn decide(&mut self, now: Now) -> Option<Showing> {
        if self.class != Some(Class::Emergency) && !self.over.is_empty() {
            let until = *self.over_until_ms.get_or_insert(now.monotonic_ms + ALL_CLEAR_MS);
            if now.monotonic_ms < until {
                self.pause(now);
                return self.show(Showing::AllClear { headlines: self.over.clone() }, now);
            }
            self.over.clear();
        }
        self.over_until_ms = None;
        let Some(class) = self.class else {
            self.turn = None;
            return self.idle(now);
        };
        let Some(turn) =
            self.turn.clone().filter(|turn| self.takes_turns(&turn.key, turn.revision))
        else {
            self.pause(now);
            return self.begin_class(class, now);
        };
        if let Some(newcomer) = self.newcomer().filter(|key| *key != turn.key) {
            if now.monotonic_ms < turn.until_ms {
                self.next_up.push_back(turn.key);
            }
            return self.begin(newcomer, 0, now);
        }
        if now.monotonic_ms < turn.until_ms {
            return None;
        }
        match self.next(Some(&turn.key)) {
            Some(key) => self.begin(key, 0, now),
            None => {
                self.extend(now);
                None
            }
        }
    }

    /// The page of a turn at an instant.
    pub(super) fn page_of(&self, turn: &Turn, now: Now) -> usize {
        let Some(held) = self.held.get(&turn.key) else { return 0 };
        let elapsed = now.monotonic_ms.saturating_sub(turn.zero_ms) % held.duration_ms.max(1);
        held.page_starts_ms.iter().rposition(|start| *start <= elapsed).unwrap_or(0)
    }

    /// Gives the first turn of a class: to where it was interrupted, else to the next in order.
    fn begin_class(&mut self, class: Class, now: Now) -> Option<Showing> {
        if let Some(key) = self.newcomer() {
            return self.begin(key, 0, now);
        }
        let paused = self.paused.remove(&class);
        match paused.filter(|(key, revision, _)| self.takes_turns(key, *revision)) {
            Some((key, _, page)) => self.begin(key, page, now),
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
            revision,
            class: held.notice.class,
            zero_ms: now.monotonic_ms.saturating_sub(from_ms),
            until_ms: now.monotonic_ms + held.duration_ms - from_ms,
        });
        self.next_up.retain(|waiting| *waiting != key);
        self.showing = Showing::Notice { key, revision, from_ms };
        self.since = now.wall;
        Some(self.showing.clone())
    }

    /// Lets the only one go on for another round.
    fn extend(&mut self, now: Now) {
        let duration = |turn: &Turn| self.held.get(&turn.key).map_or(1, |held| held.duration_ms);
        if let Some(duration_ms) = self.turn.as_ref().map(duration) {
            if let Some(turn) = self.turn.as_mut() {
                let rounds = (now.monotonic_ms - turn.until_ms) / duration_ms.max(1) + 1;
                turn.until_ms += rounds * duration_ms.max(1);
            }
        }
    }

    /// Remembers the page of a turn that a higher class interrupts.
    fn pause(&mut self, now: Now) {
        let Some(turn) = self.turn.take() else { return };
        let is_higher = self.class.is_none_or(|class| class > turn.class);
        let is_whole = self.held.get(&turn.key).is_some_and(|held| held.duration_ms > 0);
        if (is_higher || !self.over.is_empty()) && is_whole {
            let page = self.page_of(&turn, now);
            self.paused.insert(turn.class, (turn.key, turn.revision, page));
        }
    }

    /// The best emergency that has just come and was not on the glass yet.
    fn newcomer(&self) -> Option<Key> {
        let urgent = self.class == Some(Class::Emergency);
        let mut fresh =
            self.candidates.iter().filter(|key| self.held.get(*key).is_some_and(|h| h.fresh));
        fresh.next().filter(|_| urgent).cloned()
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

    fn takes_turns(&self, key: &Key, revision: u32) -> bool {
        let same = self.held.get(key).is_some_and(|held| held.notice.revision == revision);
        same && self.candidates.contains(key)
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
