//! Which notices the board holds: a fold over what arrives, so that order, redelivery and restarts
//! do not matter. Per key one notice stands, and what was ended never returns.

use super::*;
use crate::calendar::Trust;
use crate::notice::{Class, Kind, LIFE_MAX_DAYS, Status};

impl Sign {
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
        let standing = standing(&notice, digest);
        let held = self.held.get(&key).map(|held| held.standing());
        let before = held.max(self.expired.get(&key).copied());
        if before.is_some_and(|(.., known)| known == digest) {
            return (Verdict::Known, Vec::new());
        }
        if held.is_none() && self.held.len() >= room_for(&notice) {
            return (Verdict::Full, Vec::new());
        }
        let conflict = before.is_some_and(|(_, revision, ..)| revision == notice.revision);
        let mut outdated = before.filter(|before| *before > standing).map(|before| before.1);
        // One from the store ends in the next step instead, so that its file goes.
        if fresh && notice.kind == Kind::Alert && self.finished(&notice).is_some() {
            outdated = outdated.or(Some(notice.revision));
        }
        // What it names stays ended even if a later revision of it came first.
        self.finish(&notice);
        if let Some(revision) = outdated {
            return (Verdict::Outdated { revision }, Vec::new());
        }
        self.stale = true;
        if fresh && notice.kind != Kind::Cancel && notice.status != Status::Test {
            self.news = Some(key.clone());
        }
        let cause = match notice.kind {
            Kind::Cancel => Cause::Cancelled,
            Kind::Alert | Kind::Update => Cause::Superseded,
        };
        let page_starts_ms = scene.map_or(vec![0], |scene| {
            (0..scene.pages.len()).map(|page| scene.page_start_ms(page)).collect()
        });
        let held = Held {
            duration_ms: scene.map_or(1, Scene::duration_ms),
            page_starts_ms,
            digest,
            fresh,
            shown: false,
            ended: false,
            told: false,
            last_turn: 0,
            notice: Arc::new(notice),
        };
        let before = self.held.insert(key.clone(), held);
        let drawn = before.filter(|held| held.notice.kind != Kind::Cancel && !held.ended);
        let Some(mut before) = drawn else { return (Verdict::Taken { conflict }, Vec::new()) };
        if cause == Cause::Cancelled {
            self.over.extend(over(&mut before));
        }
        let revision = before.notice.revision;
        (Verdict::Taken { conflict }, vec![Ended { key, revision, cause, forget: false }])
    }

    /// Ends what an update or a cancel names. A drill ends no real notice, a test no drill.
    fn finish(&mut self, notice: &Notice) {
        let cause = match notice.kind {
            Kind::Alert => return,
            Kind::Update => Cause::Superseded,
            Kind::Cancel => Cause::Cancelled,
        };
        let is_update = notice.kind == Kind::Update;
        for key in notice.references.iter().filter(|key| !is_update || **key != notice.key) {
            let causes = self.finished.entry(key.clone()).or_default();
            for worst in &mut causes[notice.status as usize..] {
                *worst = (*worst).max(Some(cause));
            }
            self.stale = true;
        }
    }

    fn finished(&self, notice: &Notice) -> Option<Cause> {
        self.finished.get(&notice.key).and_then(|causes| causes[notice.status as usize])
    }

    /// Removes what is over. Cancels and updates stay as long as a notice can live. What is over
    /// by a clock that is not trusted is off the glass and reported, but stays held: should the
    /// clock prove to have been ahead, it is shown again.
    pub(super) fn end(&mut self, now: Now, step: &mut Step) {
        let trusted = now.trust != Trust::Unknown;
        let keys: Vec<Key> = self.held.keys().cloned().collect();
        for key in keys {
            let Some(notice) = self.held.get(&key).map(|held| Arc::clone(&held.notice)) else {
                continue;
            };
            let is_past = notice.expires <= now.wall;
            let cause = self.finished(&notice).or(is_past.then_some(Cause::Expired));
            let Some(held) = self.held.get_mut(&key) else { continue };
            let buried = trusted && is_buried(&notice, now.wall);
            if held.ended || notice.kind == Kind::Cancel {
                if buried {
                    self.held.remove(&key);
                    step.buried.push(key);
                }
                continue;
            }
            let Some(cause) = cause else {
                held.told = false;
                continue;
            };
            if cause != Cause::Superseded {
                self.over.extend(over(held));
            }
            let told = std::mem::replace(&mut held.told, true);
            let doubtful = cause == Cause::Expired && !trusted;
            let forget = !doubtful && (notice.kind == Kind::Alert || buried);
            if !told {
                let revision = notice.revision;
                step.ended.push(Ended { key: key.clone(), revision, cause, forget });
            } else if forget {
                step.buried.push(key.clone());
            }
            if doubtful {
                continue;
            }
            held.ended = true;
            if cause == Cause::Expired {
                self.expired.insert(key.clone(), held.standing());
            }
            if forget {
                self.held.remove(&key);
            }
        }
    }
}

impl Held {
    fn standing(&self) -> Standing {
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

/// Whether nothing that it names can be in force any more.
fn is_buried(notice: &Notice, now: Timestamp) -> bool {
    let life = jiff::Span::new().hours(LIFE_MAX_DAYS * 24);
    notice.sent.checked_add(life).is_ok_and(|until| until <= now)
}

/// The headline of a real emergency that people saw and that is over, once.
fn over(held: &mut Held) -> Option<String> {
    let seen = std::mem::take(&mut held.shown);
    let real = schedule::level(&held.notice) == Level::Emergency;
    (seen && real).then(|| {
        let content = held.notice.content.first();
        let lines = content.map(|content| [content.headline.trim(), content.text.trim()]);
        let line = lines.into_iter().flatten().find(|line| !line.is_empty()).unwrap_or_default();
        line.lines().next().unwrap_or_default().to_owned()
    })
}
