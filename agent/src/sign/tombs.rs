//! What cancels and updates ended, for good and whenever it arrives, and how long that is
//! remembered.

use super::*;
use crate::notice::{Kind, LIFE_MAX_DAYS, Status};

/// Most tombstones of one sender: beyond it the oldest goes, so that no sender fills a board.
pub const TOMBSTONES_MAX: usize = 2_000;

/// Most names that all revisions of one notice end.
const NAMES_MAX: usize = 1_000;

/// Most notices that are remembered to have expired.
pub(super) const EXPIRED_MAX: usize = 20_000;

/// The cause for each status, in the order of [`Status`].
type Causes = [Option<Cause>; 3];

/// The tombstones of a board.
#[derive(Debug, Default)]
pub(super) struct Tombs {
    /// What was ended, and by which notices.
    finished: BTreeMap<Key, BTreeMap<Arc<Key>, Causes>>,
    /// What each notice ended.
    names: BTreeMap<Arc<Key>, BTreeSet<Key>>,
    /// Tombstones by their senders and age.
    laid: BTreeMap<Area, BTreeSet<(Timestamp, Arc<Key>)>>,
    sent: BTreeMap<Arc<Key>, Timestamp>,
    /// Senders that may have too many.
    crowded: BTreeSet<Area>,
}

impl Tombs {
    /// Ends what an update or a cancel names, and says what that is. A drill ends no real notice,
    /// a test no drill.
    pub fn name(&mut self, by: &Arc<Key>, notice: &Notice) -> Vec<Key> {
        let (cause, is_update) = match notice.kind {
            Kind::Alert => return Vec::new(),
            Kind::Update => (Cause::Superseded, true),
            Kind::Cancel => (Cause::Cancelled, false),
        };
        let others = notice.references.iter().filter(|key| !is_update || **key != notice.key);
        let mut named = Vec::new();
        for key in others {
            let known = self.names.entry(Arc::clone(by)).or_default();
            if known.len() == NAMES_MAX && !known.contains(key) {
                continue;
            }
            known.insert(key.clone());
            let enders = self.finished.entry(key.clone()).or_default();
            let causes = enders.entry(Arc::clone(by)).or_default();
            for worst in &mut causes[notice.status as usize..] {
                *worst = (*worst).max(Some(cause));
            }
            named.push(key.clone());
        }
        named
    }

    /// Why a notice of that key and status is over, if one ended it.
    pub fn cause(&self, key: &Key, status: Status) -> Option<Cause> {
        let enders = self.finished.get(key)?;
        enders.values().filter_map(|causes| causes[status as usize]).max()
    }

    /// Whether a notice ended others, in any of its revisions.
    pub fn has_named(&self, key: &Key) -> bool {
        self.names.contains_key(key)
    }

    /// Keeps a notice as a tombstone alone.
    pub fn lay(&mut self, key: &Arc<Key>, sent: Timestamp) {
        if self.sent.insert(Arc::clone(key), sent).is_none() {
            let of_sender = self.laid.entry(key.sender.clone()).or_default();
            of_sender.insert((sent, Arc::clone(key)));
            if of_sender.len() > TOMBSTONES_MAX {
                self.crowded.insert(key.sender.clone());
            }
        }
    }

    /// A notice is no tombstone any more: a later revision stands in its place.
    pub fn lift(&mut self, key: &Arc<Key>) {
        let Some(sent) = self.sent.remove(key) else { return };
        if let Some(of_sender) = self.laid.get_mut(&key.sender) {
            of_sender.remove(&(sent, Arc::clone(key)));
            if of_sender.is_empty() {
                self.laid.remove(&key.sender);
            }
        }
    }

    /// Whether a notice is kept as a tombstone alone.
    #[cfg(test)]
    pub fn is_laid(&self, key: &Key) -> bool {
        self.sent.contains_key(key)
    }

    /// Forgets a notice and what it ended.
    pub fn forget(&mut self, key: &Arc<Key>) {
        self.lift(key);
        for name in self.names.remove(key).unwrap_or_default() {
            if let Some(enders) = self.finished.get_mut(&name) {
                enders.remove(key);
                if enders.is_empty() {
                    self.finished.remove(&name);
                }
            }
        }
    }

    /// A tombstone too many: the oldest of a sender that has more than it may.
    pub fn excess(&mut self) -> Option<Arc<Key>> {
        while let Some(sender) = self.crowded.first() {
            let of_sender = self.laid.get(sender).filter(|laid| laid.len() > TOMBSTONES_MAX);
            match of_sender.and_then(BTreeSet::first) {
                Some((_, key)) => return Some(Arc::clone(key)),
                None => drop(self.crowded.pop_first()),
            }
        }
        None
    }
}

/// The end of the day on which nothing that a notice names can be in force any more.
pub(super) fn burial(sent: Timestamp) -> Timestamp {
    let life = jiff::Span::new().hours(LIFE_MAX_DAYS * 24);
    sent.checked_add(life).map_or(Timestamp::MAX, calendar::next_midnight)
}

/// What expired, so that a clock set back revives nothing: of too many, what expired long ago is
/// forgotten, since only a clock set back as far could revive it.
#[derive(Debug, Default)]
pub(super) struct Expired {
    by_key: BTreeMap<Arc<Key>, (Standing, Timestamp)>,
    by_time: BTreeSet<(Timestamp, Arc<Key>)>,
}

impl Expired {
    /// What is known of a notice that expired.
    pub fn standing(&self, key: &Key) -> Option<Standing> {
        self.by_key.get(key).map(|(standing, _)| *standing)
    }

    /// Remembers that a notice expired.
    pub fn remember(&mut self, key: &Arc<Key>, standing: Standing, expires: Timestamp) {
        if let Some((_, before)) = self.by_key.insert(Arc::clone(key), (standing, expires)) {
            self.by_time.remove(&(before, Arc::clone(key)));
        }
        self.by_time.insert((expires, Arc::clone(key)));
        if self.by_time.len() > EXPIRED_MAX
            && let Some((_, oldest)) = self.by_time.pop_first()
        {
            self.by_key.remove(&oldest);
        }
    }
}
