//! What each notice is at an instant: waiting, among those that may show, or over. Only those
//! whose next edge has come are looked at.

use super::index::{Entry, Place, Seat, UNLISTED};
use super::*;
use crate::notice::{Kind, Status};

/// Most headlines that the all-clear names.
const OVER_MAX: usize = 20;

impl Sign {
    /// Looks at what is due; at everything when the clock was set back or is believed otherwise.
    pub(super) fn look_again(&mut self, now: Now, step: &mut Step) {
        let mut due = self.index.due(now);
        if now.wall < self.seen.wall || now.trust != self.seen.trust {
            due = self.held.keys().cloned().collect();
        }
        let alone = self.turn.as_ref().is_some_and(|turn| self.index.count(turn.level) == 1);
        if alone && !due.is_empty() {
            // Nobody waited until now, so no turn was due: a new one waits for the round to end.
            self.go_round(now);
        }
        for key in due {
            self.look(&key, now, step);
        }
        while let Some(key) = self.tombs.excess() {
            self.bury(&key, step);
        }
    }

    /// Ends a notice that is over, and puts it where it stands. Cancels and updates stay as long
    /// as a notice can live. What is over by a clock that is not trusted is off the glass and
    /// reported, but stays held: should the clock prove to have been ahead, it is shown again.
    fn look(&mut self, key: &Arc<Key>, now: Now, step: &mut Step) {
        let Some(notice) = self.held.get(key).map(|held| Arc::clone(&held.notice)) else {
            return self.index.remove(key);
        };
        self.end(key, &notice, now, step);
        let Some(held) = self.held.get_mut(key) else { return };
        if held.ended || notice.kind == Kind::Cancel {
            let buried = tombs::burial(notice.sent);
            if now.trust != Trust::Unknown && buried <= now.wall {
                return self.bury(key, step);
            }
            self.tombs.lay(key, notice.sent);
        } else {
            // One that was away joins the round that goes on.
            held.round = held.round.max(self.round.saturating_sub(1));
        }
        self.refresh(key, now);
    }

    fn end(&mut self, key: &Arc<Key>, notice: &Notice, now: Now, step: &mut Step) {
        let Some(held) = self.held.get_mut(key) else { return };
        if held.ended || notice.kind == Kind::Cancel {
            return;
        }
        let is_past = notice.expires <= held.wall(now);
        let unseen = self.cut_off.is_some_and(|since| since < notice.expires);
        let drawn = notice.status != Status::Test;
        let past = if unseen && drawn { Cause::CutOff } else { Cause::Expired };
        let finished = self.tombs.cause(key, notice.status);
        let Some(cause) = finished.or(is_past.then_some(past)) else {
            held.told = held.undrawable;
            return;
        };
        let told = std::mem::replace(&mut held.told, true);
        let doubtful = finished.is_none() && now.trust == Trust::Unknown;
        let stays = notice.kind != Kind::Alert || self.tombs.has_named(key);
        let forget = !doubtful && !stays;
        held.ended = !doubtful;
        let seen = cause != Cause::Superseded && std::mem::take(&mut held.shown);
        if held.ended && finished.is_none() {
            self.expired.remember(key, held.standing(), notice.expires);
        }
        if seen {
            self.ends_in_sight(notice);
        }
        if !told {
            let (key, revision, over) = (Key::clone(key), notice.revision, !doubtful && stays);
            step.ended.push(Ended { key, revision, cause, forget, over });
        } else if forget {
            step.buried.push(Key::clone(key));
        }
        if forget {
            self.remove(key);
        }
    }

    /// Remembers for the all-clear what people saw and what is over; drills have none.
    pub(super) fn ends_in_sight(&mut self, notice: &Notice) {
        if schedule::level(notice) != Level::Emergency {
            return;
        }
        let content = notice.content.first();
        let lines = content.map(|content| [content.headline.trim(), content.text.trim()]);
        let line = lines.into_iter().flatten().find(|line| !line.is_empty()).unwrap_or_default();
        if self.over.len() == OVER_MAX {
            self.over.remove(0);
        }
        self.over.push(line.lines().next().unwrap_or_default().to_owned());
    }

    fn bury(&mut self, key: &Arc<Key>, step: &mut Step) {
        self.remove(key);
        self.tombs.forget(key);
        step.buried.push(Key::clone(key));
    }

    fn remove(&mut self, key: &Arc<Key>) {
        self.index.remove(key);
        if let Some(place) = self.held.remove(key).and_then(|held| held.queued) {
            self.next_up.remove(&place);
        }
    }

    /// Puts a notice where it stands at an instant.
    fn refresh(&mut self, key: &Arc<Key>, now: Now) {
        if let Some(held) = self.held.get(key) {
            let entry = self.entry(key, held, now);
            self.index.set(key, entry);
        }
    }

    /// Where a notice stands, and until when by either clock.
    pub(super) fn entry(&self, key: &Arc<Key>, held: &Held, now: Now) -> Entry {
        let notice = &held.notice;
        if held.ended || notice.kind == Kind::Cancel {
            let burial = Some(tombs::burial(notice.sent)).filter(|at| *at > now.wall);
            return Entry { wall: burial, ..Entry::default() };
        }
        let there = Now { wall: held.wall(now), ..now };
        let waits = held.waits_until_ms.filter(|until| *until > now.monotonic_ms);
        let may_show = !held.undrawable && waits.is_none() && schedule::may_show(notice, there);
        Entry {
            wall: schedule::next_edge(notice, now),
            monotonic_ms: waits.into_iter().chain(held.next_heard_ms(now)).min(),
            seat: may_show.then(|| self.seat(key, held)),
        }
    }

    fn seat(&self, key: &Arc<Key>, held: &Held) -> Seat {
        let level = schedule::level(&held.notice);
        let rank = schedule::rank(&held.notice);
        let (round, listed) = match level {
            Level::Priority => (held.round, self.decided.get(key).copied().unwrap_or(UNLISTED)),
            _ => (0, 0),
        };
        let place = Place { round, listed, last_turn: held.last_turn, rank, key: Arc::clone(key) };
        let fresh = held.fresh && held.queued.is_none() && level >= Level::Drill;
        Seat { level, place, fresh }
    }

    /// Gives a notice that may show its place anew: it had a turn, or its order was decided.
    pub(super) fn reseat(&mut self, key: &Arc<Key>) {
        let Some(held) = self.held.get(key) else { return };
        let Some(entry) = self.index.entry(key).filter(|entry| entry.seat.is_some()) else {
            return;
        };
        let entry = Entry { seat: Some(self.seat(key, held)), ..entry.clone() };
        self.index.set(key, entry);
    }
}

impl Held {
    /// The time by which a notice is judged: the wall, but while the clock is not set no less for
    /// an emergency than what has passed since it was sent. A clock that lags would keep it off
    /// the glass, and show it for days after its end.
    fn wall(&self, now: Now) -> Timestamp {
        let heard = self.heard.filter(|_| now.trust == Trust::Unknown);
        let Some((came_ms, earliest)) = heard else { return now.wall };
        let passed_ms = now.monotonic_ms.saturating_sub(came_ms);
        let passed =
            jiff::SignedDuration::from_millis(i64::try_from(passed_ms).unwrap_or(i64::MAX));
        now.wall.max(earliest.checked_add(passed).unwrap_or(Timestamp::MAX))
    }

    /// When that time comes to an edge of its own, by the monotonic clock.
    fn next_heard_ms(&self, now: Now) -> Option<u64> {
        let (came_ms, earliest) = self.heard.filter(|_| now.trust == Trust::Unknown)?;
        let there = self.wall(now);
        let edges = [self.notice.effective, self.notice.expires];
        let edge = edges.into_iter().filter(|edge| *edge > there).min()?;
        let left = edge.duration_since(earliest).as_nanos().max(0) as u128;
        u64::try_from(left.div_ceil(1_000_000)).ok()?.checked_add(came_ms)
    }
}
