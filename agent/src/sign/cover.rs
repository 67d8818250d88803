//! What lies over the notices: the local cut-off, saving hours, and what a command asked for.
//! Below it turns go on or wait; emergencies and drills are above all but the cut-off.

use super::*;

/// A page that a command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Which board this is.
    Identify,
    /// Colours and lines that show faults of the panel.
    TestPattern,
}

impl Sign {
    /// Tells whether the local cut-off is active. While it is, nothing is on the glass: what
    /// begins its turn was not seen by that, and what runs out ends as cut off. Afterwards what
    /// shows begins at its beginning, the emergencies that nobody saw first.
    pub fn cut_off(&mut self, active: bool) {
        if active == self.cut_off.is_some() {
            return;
        }
        self.cut_off = active.then_some(self.seen.wall);
        self.anew = !active;
        // An all-clear that was interrupted stands once more when it can be seen.
        self.over_until_ms = None;
        self.stale = true;
    }

    /// Shows a page for some milliseconds above all but emergencies, drills and their all-clear;
    /// 0 ends it. Returns whether it can be shown: not while an emergency or a drill is.
    pub fn overlay(&mut self, overlay: Overlay, ms: u64, now: Now) -> bool {
        let until_ms = now.monotonic_ms.saturating_add(ms);
        let free = self.index.level() < Some(Level::Drill);
        self.overlay = Some((overlay, until_ms)).filter(|_| ms > 0 && free);
        self.stale = true;
        free
    }

    /// What hides routine and priority notices and the idle page now. Emergencies and drills end
    /// an overlay for good.
    pub(super) fn cover(&mut self, now: Now) -> Option<Showing> {
        let urgent = self.index.level() >= Some(Level::Drill);
        self.overlay = self.overlay.filter(|(_, until_ms)| !urgent && now.monotonic_ms < *until_ms);
        let overlay = self.overlay.map(|(overlay, _)| Showing::Overlay(overlay));
        overlay.or((!urgent && self.is_saving(now)).then_some(Showing::Dark))
    }

    /// Whether these are saving hours; a clock that may be wrong makes no board dark.
    fn is_saving(&self, now: Now) -> bool {
        let saving = &self.rules.saving;
        now.trust != Trust::Unknown && !saving.is_empty() && calendar::is_inside(saving, now.wall)
    }
}
