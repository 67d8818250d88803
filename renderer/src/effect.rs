//! What moves, as functions of the time that has passed: how words leave a page and come on the
//! next one, how a line runs, how a band calls for attention. Nothing here remembers where it was.

use serde::Deserialize;

/// How words leave a page and come on the next one. A gap without words always lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// At once.
    #[default]
    Cut,
    /// Softly, all of them together.
    Fade,
    /// From left to right, for panels that know only on and off.
    Wipe,
}

/// How long the words are away between two pages, in milliseconds: long enough to see that they
/// are others, too short to think that the board is broken.
pub const DARK_MS: u64 = 300;

/// How long a fade or wipe takes, in milliseconds.
pub const TRANSITION_MS: u64 = 200;

/// How long a fade or wipe shows each of its pictures, in milliseconds.
const STEP_MS: u64 = 20;

/// How the words of one page come and go, in milliseconds at its beginning and at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    /// In which way.
    pub transition: Transition,
    /// At its beginning; 0 on the first page, whose words stand at once.
    pub come_ms: u64,
    /// At its end, before the gap.
    pub leave_ms: u64,
    /// The gap without words at its very end.
    pub dark_ms: u64,
}

/// How much of the words is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Veil {
    /// All.
    Clear,
    /// Nothing.
    Dark,
    /// All of them, at that share of 255.
    Faded(u8),
    /// The columns from one share of 255 of the zone's width to another.
    Wiped(u8, u8),
}

impl Turn {
    /// The turn of one of several pages.
    pub fn between(transition: Transition, is_first: bool) -> Self {
        let moves = if transition == Transition::Cut { 0 } else { TRANSITION_MS };
        let come_ms = if is_first { 0 } else { moves };
        Self { transition, come_ms, leave_ms: moves, dark_ms: DARK_MS }
    }

    /// What the turn adds to the time a page is read, in milliseconds.
    pub fn added_ms(&self) -> u64 {
        self.come_ms + self.leave_ms + self.dark_ms
    }

    /// What is to be seen that long after a page of that duration began.
    pub fn veil(&self, within_ms: u64, duration_ms: u64) -> Veil {
        let left_ms = duration_ms.saturating_sub(within_ms);
        if left_ms <= self.dark_ms && self.dark_ms > 0 {
            return Veil::Dark;
        }
        let leaving_ms = left_ms - self.dark_ms;
        let share = |part_ms: u64, whole_ms: u64| {
            (part_ms.div_euclid(STEP_MS) * STEP_MS * 255 / whole_ms) as u8
        };
        if within_ms < self.come_ms {
            match share(within_ms, self.come_ms) {
                0 => Veil::Dark,
                shown if self.transition == Transition::Wipe => Veil::Wiped(0, shown),
                shown => Veil::Faded(shown),
            }
        } else if leaving_ms < self.leave_ms {
            match share(self.leave_ms - leaving_ms, self.leave_ms) {
                0 => Veil::Clear,
                gone if self.transition == Transition::Wipe => Veil::Wiped(gone, 255),
                gone => Veil::Faded(255 - gone),
            }
        } else {
            Veil::Clear
        }
    }

    /// The next instant of the page, after `within_ms`, at which the veil may differ; its end at
    /// the latest.
    pub fn next_change_ms(&self, within_ms: u64, duration_ms: u64) -> u64 {
        let dark_at = duration_ms - self.dark_ms;
        let leaves_at = dark_at - self.leave_ms;
        let next_step = |began: u64| began + ((within_ms - began) / STEP_MS + 1) * STEP_MS;
        if within_ms < self.come_ms {
            next_step(0).min(self.come_ms)
        } else if within_ms < leaves_at {
            leaves_at
        } else if within_ms < dark_at {
            next_step(leaves_at).min(dark_at)
        } else {
            duration_ms
        }
    }
}

/// Most times a second that anything flashes: more may harm people with photosensitive epilepsy
/// (WCAG 2.2, 2.3.1).
pub const FLASHES_PER_S_MAX: u32 = 3;

/// How long a zone calls for attention at the beginning of a showing, in milliseconds. After that
/// it stands still: who is there has seen it.
pub const ATTENTION_MS: u64 = 4000;

/// Whether a zone that flashes so many times a second has its colours exchanged. It begins as it
/// will stand, and can be read all the time.
pub fn is_inverted(elapsed_ms: u64, flashes_per_s: u32) -> bool {
    elapsed_ms < ATTENTION_MS && half_flashes(elapsed_ms, flashes_per_s) % 2 == 1
}

/// The next instant after `elapsed_ms` at which the colours are exchanged.
pub fn next_flash_ms(elapsed_ms: u64, flashes_per_s: u32) -> Option<u64> {
    if elapsed_ms >= ATTENTION_MS || flashes_per_s == 0 {
        return None;
    }
    let next = half_flashes(elapsed_ms, flashes_per_s) + 1;
    let at = (next * 1000).div_ceil(2 * u64::from(flashes_per_s));
    Some(at.min(ATTENTION_MS))
}

fn half_flashes(elapsed_ms: u64, flashes_per_s: u32) -> u64 {
    elapsed_ms * 2 * u64::from(flashes_per_s) / 1000
}

/// How long a running line stands at its beginning and at its end, in milliseconds.
pub const HOLD_MS: u64 = 1000;

/// How a line runs: by whole pixels, in even steps of the panel's own rate, so that it never
/// stutters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Steps a second: the panel's pictures a second or an even part of them.
    pub steps_per_s: u32,
    /// Pixels a step.
    pub px_per_step: u32,
}

impl Pace {
    /// The pace of so many pixels a second on a panel of so many pictures a second; `None` where
    /// neither is a multiple of the other.
    pub fn new(px_per_s: u32, fps: u32) -> Option<Self> {
        if px_per_s == 0 || fps == 0 {
            None
        } else if px_per_s.is_multiple_of(fps) {
            Some(Self { steps_per_s: fps, px_per_step: px_per_s / fps })
        } else {
            fps.is_multiple_of(px_per_s).then_some(Self { steps_per_s: px_per_s, px_per_step: 1 })
        }
    }

    /// Pixels a second.
    pub fn px_per_s(&self) -> u32 {
        self.steps_per_s * self.px_per_step
    }

    /// How far a line has run, in pixels, that long after its page began.
    pub fn offset(&self, within_ms: u64, travel: u32) -> u32 {
        let pixels = self.steps(within_ms) * u64::from(self.px_per_step);
        pixels.min(u64::from(travel)) as u32
    }

    /// How long a line runs from its first letter to its last, both holds included.
    pub fn duration_ms(&self, travel: u32) -> u64 {
        let steps = u64::from(travel.div_ceil(self.px_per_step));
        2 * HOLD_MS + (steps * 1000).div_ceil(u64::from(self.steps_per_s))
    }

    /// The next instant of the page at which the line moves; `None` when it has arrived.
    pub fn next_step_ms(&self, within_ms: u64, travel: u32) -> Option<u64> {
        let next = self.steps(within_ms) + 1;
        (self.offset(within_ms, travel) < travel)
            .then(|| HOLD_MS + (next * 1000).div_ceil(u64::from(self.steps_per_s)))
    }

    fn steps(&self, within_ms: u64) -> u64 {
        within_ms.saturating_sub(HOLD_MS) * u64::from(self.steps_per_s) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_stands_at_once_and_leaves_softly() {
        let turn = Turn::between(Transition::Fade, true);
        let duration = 1000 + turn.added_ms();
        assert_eq!(turn.veil(0, duration), Veil::Clear);
        assert_eq!(turn.veil(999, duration), Veil::Clear);
        assert_eq!(turn.veil(1100, duration), Veil::Faded(128));
        assert_eq!(turn.veil(1200, duration), Veil::Dark);
        assert_eq!(turn.veil(1499, duration), Veil::Dark);
    }

    #[test]
    fn a_later_page_comes_as_the_one_before_left() {
        let turn = Turn::between(Transition::Wipe, false);
        let duration = 1000 + turn.added_ms();
        assert_eq!(turn.veil(0, duration), Veil::Dark);
        assert_eq!(turn.veil(100, duration), Veil::Wiped(0, 127));
        assert_eq!(turn.veil(200, duration), Veil::Clear);
        assert_eq!(turn.veil(1300, duration), Veil::Wiped(127, 255));
        assert_eq!(turn.veil(1400, duration), Veil::Dark);
    }

    /// Every instant is looked at: the veil changes at the named instants and at no other.
    #[test]
    fn a_veil_changes_when_it_says() {
        for transition in [Transition::Cut, Transition::Fade, Transition::Wipe] {
            for is_first in [true, false] {
                let turn = Turn::between(transition, is_first);
                let duration = 50 + turn.added_ms();
                let mut next = turn.next_change_ms(0, duration);
                for at in 1..duration {
                    if at < next {
                        assert_eq!(turn.veil(at, duration), turn.veil(at - 1, duration), "{at}");
                    } else {
                        next = turn.next_change_ms(at, duration);
                    }
                }
                assert_eq!(next, duration);
            }
        }
    }

    #[test]
    fn nothing_flashes_more_than_it_may() {
        for per_s in 0..=FLASHES_PER_S_MAX {
            let inverted: Vec<_> = (0..6000).map(|at| is_inverted(at, per_s)).collect();
            assert!(!inverted[0] && !inverted[4000..].contains(&true));
            for second in inverted.windows(1000) {
                let flashes = second.windows(2).filter(|two| !two[0] && two[1]).count();
                assert!(flashes <= per_s as usize, "{flashes} at {per_s} a second");
            }
            for at in 0..5999u64 {
                if inverted[at as usize] != inverted[at as usize + 1] {
                    assert_eq!(next_flash_ms(at, per_s), Some(at + 1));
                }
            }
        }
    }

    #[test]
    fn a_line_stands_runs_and_stands() {
        let pace = Pace::new(60, 60).expect("even");
        assert_eq!(pace.offset(999, 30), 0);
        assert_eq!(pace.offset(1500, 30), 30);
        assert_eq!(pace.offset(9999, 30), 30);
        assert_eq!(pace.duration_ms(30), 2500);
        assert_eq!(pace.next_step_ms(0, 30), Some(1017));
        assert_eq!(pace.next_step_ms(1017, 30), Some(1034));
        assert_eq!(pace.next_step_ms(1500, 30), None);
    }

    /// Frames come at 60 Hz, now a little early, now a little late: the line moves the same way.
    #[test]
    fn every_frame_moves_a_line_by_the_same_pixels() {
        let pace = Pace::new(240, 60).expect("even");
        assert_eq!(pace, Pace { steps_per_s: 60, px_per_step: 4 });
        let offsets: Vec<_> =
            (0..120).map(|n: u64| pace.offset(HOLD_MS + (n * 1000 + 500) / 60, 1 << 20)).collect();
        assert!(offsets.windows(2).all(|two| two[1] - two[0] == 4), "{offsets:?}");
        assert_eq!(Pace::new(30, 60), Some(Pace { steps_per_s: 30, px_per_step: 1 }));
        assert_eq!(Pace::new(50, 60), None);
    }
}
