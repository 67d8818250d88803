//! How the board is, for those who look after hundreds of them.

use super::*;
use crate::calendar;
use crate::report::{self, Facts, FrameStatus, ShowingStatus, Status};

/// What a status is sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noteworthy {
    showing: Showing,
    needs_decision: bool,
    cut_off: bool,
    clock: Trust,
}

impl Board {
    fn noteworthy(&self) -> Noteworthy {
        Noteworthy {
            showing: self.sign.showing().0.clone(),
            needs_decision: self.sign.needs_decision(),
            cut_off: self.cut_off.is_some(),
            clock: self.clock,
        }
    }

    /// Whether it is time for a status; the facts for it cost some reading.
    pub fn is_status_due(&self, now: Now) -> bool {
        self.answers.is_due(&self.noteworthy(), now)
    }

    /// Sends a status, with what only the world knows.
    pub fn report_status(&mut self, facts: Facts, now: Now) {
        let state = self.noteworthy();
        let (showing, since) = self.sign.showing();
        let notice = match showing {
            Showing::Notice { key, .. } if self.cut_off.is_none() => Some(key.id.clone()),
            _ => None,
        };
        let page = notice.as_ref().and(self.sign.page(now)).map(|page| page + 1);
        let status = Status {
            online: true,
            version: env!("CARGO_PKG_VERSION"),
            layout: self.door.layout.name.clone(),
            showing: ShowingStatus { notice, page, since: calendar::rfc3339(since) },
            frame: FrameStatus {
                age_ms: facts.frame_age_ms,
                crc32: self.on_glass.map(|frame| report::crc_text(frame.crc32)),
            },
            frames: facts.frames,
            clock: now.trust,
            needs_decision: state.needs_decision,
            cut_off: self.cut_off.is_some(),
            cut_off_since: self.cut_off.map(calendar::rfc3339),
            brightness_percent: self.brightness_percent,
            held: self.kept.len(),
            unreadable: self.unreadable,
            proof_unsent: self.ledger.unsent(),
            proof_lost: self.ledger.lost(),
            unanswered: self.answers.unanswered(),
            link: facts.link,
            restarts: facts.restarts.0,
            restart: facts.restarts.1,
            machine: facts.machine,
            at: calendar::rfc3339(now.wall),
        };
        let status = self.answers.status(&status, state, now);
        self.send(status);
    }
}
