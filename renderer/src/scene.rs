//! Content resolved on a layout: pages of placed items and how long they take. A scene exists
//! only if it can be drawn, so painting it cannot fail.

use std::sync::Arc;

use crate::fonts::Mask;
use crate::layout::{Area, ZoneName};
use crate::panel::Rgb;
use crate::qr::Modules;

/// What a board shows in one turn.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Width of the panel in pixels.
    pub width: u32,
    /// Height of the panel in pixels.
    pub height: u32,
    /// In the order they are shown; at least one.
    pub pages: Vec<Page>,
}

/// A picture that stands (or a line that runs) for a while.
#[derive(Debug, Clone)]
pub struct Page {
    /// How long it is shown, its dark gap included, in milliseconds; at least 1.
    pub duration_ms: u64,
    /// How long, at its end, the items that turn are dark, in milliseconds.
    pub dark_ms: u64,
    /// What is behind everything.
    pub ground: Rgb,
    /// In painting order.
    pub items: Vec<Item>,
}

/// Something placed on a page.
#[derive(Debug, Clone)]
pub struct Item {
    /// The zone it fills.
    pub zone: ZoneName,
    /// The zone's rectangle; nothing is drawn outside it.
    pub area: Area,
    /// The rectangle of what is drawn in it.
    pub ink: Area,
    /// What is behind it in the zone.
    pub fill: Option<Rgb>,
    /// The colour of words, or of a code's light modules.
    pub colour: Rgb,
    /// Whether it changes from page to page and so goes dark between them.
    pub turns: bool,
    /// What is drawn.
    pub drawing: Drawing,
}

/// What an item draws.
#[derive(Debug, Clone)]
pub enum Drawing {
    /// Lines that stand still.
    Text {
        /// How they are set.
        setting: Typeset,
        /// The glyphs.
        glyphs: Vec<Placed>,
    },
    /// One line that runs from right to left.
    Marquee {
        /// How it is set.
        setting: Typeset,
        /// The whole line.
        strip: Strip,
        /// Row of its top edge on the panel.
        top: i32,
        /// Pixels a second.
        speed: u32,
        /// How far it runs, in pixels.
        travel: u32,
    },
    /// A code; light modules and quiet zone are lit, dark ones are black.
    Code {
        /// What it holds.
        data: String,
        /// Its modules.
        modules: Modules,
        /// Pixels on a module's side.
        module: u32,
    },
    /// The time of day as HH:MM.
    Clock {
        /// How it is set.
        setting: Typeset,
        /// 0 to 9.
        digits: Vec<Arc<Mask>>,
        /// The colon.
        colon: Arc<Mask>,
        /// Left edge of each of the five cells, and their common width with the colon's apart.
        cells: [i32; 5],
        /// Columns of a digit's cell.
        cell_width: u32,
        /// Row of the baseline.
        baseline: i32,
        /// Seconds since local midnight at the scene's beginning.
        start_s: u32,
    },
}

/// How words are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typeset {
    /// Name of the face of most letters.
    pub face: String,
    /// Pixels per em.
    pub size: u32,
    /// The lines as drawn, in NFC.
    pub lines: Vec<String>,
}

/// A glyph with its pen position on the panel.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Column of the pen.
    pub x: i32,
    /// Row of the baseline.
    pub baseline: i32,
    /// The drawing.
    pub mask: Arc<Mask>,
}

/// A line drawn once as coverage, to be copied from at any offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strip {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Coverage 0 to 255, row by row.
    pub coverage: Vec<u8>,
}

/// How long a running line stands at its beginning and at its end, in milliseconds.
pub const MARQUEE_HOLD_MS: u64 = 1000;

impl Scene {
    /// How long the scene takes to be shown through once.
    pub fn duration_ms(&self) -> u64 {
        self.pages.iter().map(|page| page.duration_ms).sum::<u64>().max(1)
    }

    /// The page at an instant and the time since it began. After the last page comes the first.
    pub fn at(&self, elapsed_ms: u64) -> (usize, u64) {
        let mut rest = elapsed_ms % self.duration_ms();
        for (index, page) in self.pages.iter().enumerate() {
            if rest < page.duration_ms {
                return (index, rest);
            }
            rest -= page.duration_ms;
        }
        (0, 0)
    }

    /// When a page begins, in milliseconds of the scene.
    pub fn page_start_ms(&self, page: usize) -> u64 {
        self.pages.iter().take(page).map(|page| page.duration_ms).sum()
    }

    /// The next instant after `elapsed_ms` at which the picture may differ; `None` when it stays
    /// for ever. Earlier is harmless.
    pub fn next_change_ms(&self, elapsed_ms: u64) -> Option<u64> {
        let (index, within) = self.at(elapsed_ms);
        let page = self.pages.get(index)?;
        let began = elapsed_ms - within;
        let dark = page.duration_ms - page.dark_ms;
        let turn = match self.pages.len() {
            1 if page.dark_ms == 0 => None,
            _ if within < dark => Some(began + dark),
            _ => Some(began + page.duration_ms),
        };
        let moves = page.items.iter().filter_map(|item| match &item.drawing {
            Drawing::Text { .. } | Drawing::Code { .. } => None,
            Drawing::Marquee { speed, travel, .. } => {
                next_step_ms(within, *speed, *travel).map(|at| began + at)
            }
            Drawing::Clock { start_s, .. } => {
                let into_minute = (u64::from(*start_s) * 1000 + elapsed_ms) % 60_000;
                Some(elapsed_ms + 60_000 - into_minute)
            }
        });
        // A lone page with a running line begins again when it is through.
        let again = page.items.iter().any(|i| matches!(i.drawing, Drawing::Marquee { .. }));
        let again = again.then_some(began + page.duration_ms);
        moves.chain(turn).chain(again).min()
    }
}

/// How far a line has run, in pixels, that long after its page began.
pub fn marquee_offset(within_ms: u64, speed: u32, travel: u32) -> u32 {
    let moving = within_ms.saturating_sub(MARQUEE_HOLD_MS);
    (moving * u64::from(speed) / 1000).min(u64::from(travel)) as u32
}

/// How long a line runs from its first letter to its last, both holds included.
pub fn marquee_ms(speed: u32, travel: u32) -> u64 {
    2 * MARQUEE_HOLD_MS + (u64::from(travel) * 1000).div_ceil(u64::from(speed.max(1)))
}

fn next_step_ms(within_ms: u64, speed: u32, travel: u32) -> Option<u64> {
    let offset = marquee_offset(within_ms, speed, travel);
    (offset < travel)
        .then(|| MARQUEE_HOLD_MS + (u64::from(offset + 1) * 1000).div_ceil(u64::from(speed.max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(duration_ms: u64, dark_ms: u64) -> Page {
        Page { duration_ms, dark_ms, ground: Rgb::BLACK, items: Vec::new() }
    }

    #[test]
    fn pages_follow_one_another_and_begin_again() {
        let scene = Scene { width: 1, height: 1, pages: vec![page(100, 10), page(50, 10)] };
        assert_eq!(scene.at(0), (0, 0));
        assert_eq!(scene.at(99), (0, 99));
        assert_eq!(scene.at(100), (1, 0));
        assert_eq!(scene.at(151), (0, 1));
        assert_eq!(scene.page_start_ms(1), 100);
    }

    #[test]
    fn changes_are_page_ends_and_gaps() {
        let scene = Scene { width: 1, height: 1, pages: vec![page(100, 10), page(50, 10)] };
        assert_eq!(scene.next_change_ms(0), Some(90));
        assert_eq!(scene.next_change_ms(90), Some(100));
        assert_eq!(scene.next_change_ms(100), Some(140));
        let still = Scene { width: 1, height: 1, pages: vec![page(100, 0)] };
        assert_eq!(still.next_change_ms(7), None);
    }

    #[test]
    fn a_line_stands_runs_and_stands() {
        assert_eq!(marquee_offset(999, 60, 30), 0);
        assert_eq!(marquee_offset(1500, 60, 30), 30);
        assert_eq!(marquee_offset(9999, 60, 30), 30);
        assert_eq!(marquee_ms(60, 30), 2500);
        assert_eq!(next_step_ms(0, 60, 30), Some(1017));
        assert_eq!(next_step_ms(1017, 60, 30), Some(1034));
        assert_eq!(next_step_ms(1500, 60, 30), None);
    }
}
