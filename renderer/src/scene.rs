//! Content resolved on a layout: pages of placed items and how long they take. A scene exists
//! only if it can be drawn, so painting it cannot fail.

use std::sync::Arc;

use crate::effect::{self, Pace, Turn};
use crate::fonts::Mask;
use crate::frame::Frame;
use crate::layout::ZoneName;
use crate::panel::{Area, Rgb};
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
    /// How long it is shown, its turn included, in milliseconds; at least 1.
    pub duration_ms: u64,
    /// How the items that turn come and go.
    pub turn: Turn,
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
    /// Whether it changes from page to page and so comes and goes with them.
    pub turns: bool,
    /// Whether nothing but its own ground lies behind its ink: no zone that is filled.
    pub plain: bool,
    /// How it calls for attention at the beginning of a showing.
    pub attention: Option<Attention>,
    /// What is drawn.
    pub drawing: Drawing,
}

/// A call for attention: the colours of the words and of what is behind them are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// How many times a second, 1 to [`effect::FLASHES_PER_S_MAX`].
    pub flashes_per_s: u32,
    /// The rectangle around the words, within the zone.
    pub area: Area,
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
        /// How fast it runs.
        pace: Pace,
        /// Columns between the window's left edge and the line's, before it runs.
        lead_in: u32,
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
    /// A picture in the panel's size and colours.
    Picture {
        /// What it shows, in words.
        alt: String,
        /// Its pixels.
        pixels: Frame,
    },
    /// The time of day.
    Clock {
        /// How it is set.
        setting: Typeset,
        /// What it shows, and where each sign stands.
        dial: Dial,
        /// Row of the baseline.
        baseline: i32,
        /// Seconds since local midnight at the scene's beginning.
        start_s: u32,
    },
}

/// The signs of a clock and their places.
#[derive(Debug, Clone)]
pub struct Dial {
    /// 0 to 9 and the colon.
    pub signs: Vec<Sign>,
    /// Left edge and columns of each cell: five for HH:MM, eight for HH:MM:SS. No sign's ink
    /// leaves its cell.
    pub cells: Vec<(i32, u32)>,
}

/// A digit or the colon.
#[derive(Debug, Clone)]
pub struct Sign {
    /// The pen's column in its cell.
    pub pen: i32,
    /// The drawing.
    pub mask: Arc<Mask>,
}

/// The colon among a dial's signs.
const COLON: usize = 10;

impl Dial {
    /// Whether it shows seconds.
    pub fn has_seconds(&self) -> bool {
        self.cells.len() == 8
    }

    /// Which of the signs stands in each cell at a second of the day.
    pub fn reading(&self, second_of_day: u64) -> impl Iterator<Item = usize> {
        let parts = [second_of_day / 3600 % 24, second_of_day / 60 % 60, second_of_day % 60];
        let signs = parts.map(|part| [(part / 10) as usize, (part % 10) as usize, COLON]);
        signs.into_iter().flatten().take(self.cells.len())
    }

    /// The time as it is written.
    pub fn written(&self, second_of_day: u64) -> String {
        let sign = |sign| if sign == COLON { ':' } else { (b'0' + sign as u8) as char };
        self.reading(second_of_day).map(sign).collect()
    }
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
    /// Why they are set like this: one sentence for a person.
    pub why: String,
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
    /// The same in the item's colour on the item's ground, where no other glyph of the item
    /// reaches into its rectangle.
    pub tile: Option<Arc<Frame>>,
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
        let turn = match self.pages.len() {
            1 if page.turn.dark_ms == 0 => None,
            _ => Some(began + page.turn.next_change_ms(within, page.duration_ms)),
        };
        let moves = page.items.iter().filter_map(|item| match &item.drawing {
            Drawing::Text { .. } | Drawing::Code { .. } | Drawing::Picture { .. } => None,
            Drawing::Marquee { pace, travel, .. } => {
                pace.next_step_ms(within, *travel).map(|at| began + at)
            }
            Drawing::Clock { start_s, dial, .. } => {
                let every_ms = if dial.has_seconds() { 1000 } else { 60_000 };
                let into = (u64::from(*start_s) * 1000 + elapsed_ms) % every_ms;
                Some(elapsed_ms + every_ms - into)
            }
        });
        let flashes = page
            .items
            .iter()
            .filter_map(|item| effect::next_flash_ms(elapsed_ms, item.attention?.flashes_per_s));
        // A lone page with a running line begins again when it is through.
        let again = page.items.iter().any(|i| matches!(i.drawing, Drawing::Marquee { .. }));
        let again = again.then_some(began + page.duration_ms);
        moves.chain(turn).chain(flashes).chain(again).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(duration_ms: u64, dark_ms: u64) -> Page {
        let turn = Turn { dark_ms, ..Turn::default() };
        Page { duration_ms, turn, ground: Rgb::BLACK, items: Vec::new() }
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
}
