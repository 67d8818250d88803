//! One turn of a notice on the glass, and what of it was told already.

use bangtin_renderer::effect::DARK_MS;
use jiff::Timestamp;

use super::Beginning;
use crate::calendar::Now;
use crate::notice::Key;

/// A turn that runs.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) key: Key,
    pub(super) revision: u32,
    pub(super) crc32: u32,
    page_ends_ms: Vec<u64>,
    duration_ms: u64,
    from_ms: u64,
    began_ms: u64,
    /// When what was not told yet began.
    wall: Timestamp,
    told: Amount,
    is_told: bool,
}

/// How much was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) shown_ms: u64,
    pub(super) asked_ms: u64,
    pub(super) pages: u64,
}

/// The part of a turn that goes into a batch.
#[derive(Debug)]
pub(super) struct Portion {
    pub(super) key: Key,
    pub(super) revision: u32,
    pub(super) crc32: u32,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) amount: Amount,
}

impl Turn {
    pub(super) fn new(beginning: Beginning<'_>, now: Now) -> Self {
        let duration_ms = beginning.duration_ms.max(1);
        let starts = beginning.page_starts_ms.iter().skip(1).copied();
        let mut page_ends_ms: Vec<u64> = starts.filter(|end| *end < duration_ms).collect();
        page_ends_ms.push(duration_ms);
        Self {
            key: beginning.key,
            revision: beginning.revision,
            crc32: beginning.crc32,
            page_ends_ms,
            duration_ms,
            from_ms: beginning.from_ms % duration_ms,
            began_ms: now.monotonic_ms,
            wall: now.wall,
            told: Amount::default(),
            is_told: false,
        }
    }

    /// What was not told yet; `None` where that is nothing.
    pub(super) fn portion(&mut self, now: Now, is_over: bool) -> Option<Portion> {
        let amount = self.amount(now.monotonic_ms, is_over);
        let untold = Amount {
            shown_ms: amount.shown_ms.saturating_sub(self.told.shown_ms),
            asked_ms: amount.asked_ms.saturating_sub(self.told.asked_ms),
            pages: amount.pages.saturating_sub(self.told.pages),
        };
        // A turn that was over at once was on the glass all the same.
        let is_news = untold != Amount::default() || (is_over && !self.is_told);
        is_news.then(|| {
            self.told = amount;
            self.is_told = true;
            let from = std::mem::replace(&mut self.wall, now.wall);
            let (key, revision, crc32) = (self.key.clone(), self.revision, self.crc32);
            Portion { key, revision, crc32, from, to: now.wall, amount: untold }
        })
    }

    /// All of the turn so far. None of the numbers goes back as time goes on.
    fn amount(&self, now_ms: u64, is_over: bool) -> Amount {
        let shown_ms = now_ms.saturating_sub(self.began_ms);
        let asked_ms = match self.from_ms {
            0 if is_over => shown_ms.max(self.duration_ms),
            0 => shown_ms,
            from_ms => shown_ms.saturating_sub(self.duration_ms - from_ms),
        };
        // Pages end with a gap without words: one that was taken off within it was seen whole.
        let gap_ms = if is_over { DARK_MS } else { 0 };
        let ended = self.pages_ended(self.from_ms.saturating_add(shown_ms).saturating_add(gap_ms));
        let pages = ended.saturating_sub(self.pages_ended(self.from_ms));
        Amount { shown_ms, asked_ms, pages }
    }

    /// How many pages have ended that many milliseconds after the first round began.
    fn pages_ended(&self, elapsed_ms: u64) -> u64 {
        let within = elapsed_ms % self.duration_ms;
        let ended = self.page_ends_ms.iter().filter(|end| **end <= within).count();
        elapsed_ms / self.duration_ms * self.page_ends_ms.len() as u64 + ended as u64
    }
}
