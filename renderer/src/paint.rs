//! Makes the picture of a scene at an instant: all of it, or only what changed since another
//! instant. Both give the same pixels.

use crate::effect::{Veil, is_inverted};
use crate::fonts::Mask;
use crate::frame::{Frame, Ink, Stamp};
use crate::panel::{Area, Rgb};
use crate::qr::{Modules, QUIET_ZONE};
use crate::scene::{Drawing, Item, Page, Scene, Strip};

/// Paints the whole frame as it is `elapsed_ms` after the scene began. The same scene and time
/// always give the same pixels.
pub fn paint(scene: &Scene, elapsed_ms: u64, frame: &mut Frame) {
    paint_area(scene, elapsed_ms, frame.area(), frame);
}

/// Paints the part of the frame that lies in `area`, as [`paint`] would.
pub(crate) fn paint_area(scene: &Scene, elapsed_ms: u64, area: Area, frame: &mut Frame) {
    let moment = Moment::new(scene, elapsed_ms);
    paint_page(&scene.pages[moment.page], moment, area, frame);
}

/// Brings a frame that shows the scene at `before_ms` to `now_ms`, touching only what differs.
/// Returns the rectangles that were touched, in no order; they may meet.
pub fn repaint(scene: &Scene, before_ms: u64, now_ms: u64, frame: &mut Frame) -> Vec<Area> {
    let (before, now) = (Moment::new(scene, before_ms), Moment::new(scene, now_ms));
    let page = &scene.pages[now.page];
    if before.page != now.page {
        paint_page(page, now, frame.area(), frame);
        return vec![frame.area()];
    }
    let mut touched = Vec::new();
    for item in &page.items {
        let (was, is) = (Pose::new(item, page, before), Pose::new(item, page, now));
        let begins = touched.len();
        match &item.drawing {
            _ if was == is => {}
            Drawing::Marquee { .. } if was.moves_on_to(is) && is_alone(item, page) => {
                let columns = is.step - was.step;
                frame.shift_left(item.ink, columns);
                let shown = columns.min(item.ink.width);
                let x = item.ink.x + item.ink.width - shown;
                let entering = Area { x, width: shown, ..item.ink };
                paint_page(page, now, entering, frame);
                touched.push(item.ink);
            }
            Drawing::Clock { dial, start_s, .. } if was.looks_like(is) => {
                let second = |moment: Moment| u64::from(*start_s) + moment.elapsed_ms / 1000;
                let signs = dial.reading(second(before)).zip(dial.reading(second(now)));
                for ((was, is), (left, width)) in signs.zip(&dial.cells) {
                    if was != is {
                        touched.push(Area { x: *left as u32, width: *width, ..item.ink });
                    }
                }
                for cell in &touched[begins..] {
                    paint_page(page, now, *cell, frame);
                }
            }
            _ => {
                paint_page(page, now, item.area, frame);
                touched.push(item.area);
            }
        }
    }
    touched
}

/// An instant of a scene.
#[derive(Clone, Copy)]
struct Moment {
    page: usize,
    elapsed_ms: u64,
    within_ms: u64,
}

impl Moment {
    fn new(scene: &Scene, elapsed_ms: u64) -> Self {
        let (page, within_ms) = scene.at(elapsed_ms);
        Self { page, elapsed_ms, within_ms }
    }
}

/// Everything that an item's pixels depend on besides the item.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pose {
    veil: Veil,
    inverted: bool,
    /// How far a line has run, or the second or minute that a clock shows.
    step: u32,
}

impl Pose {
    fn new(item: &Item, page: &Page, moment: Moment) -> Self {
        let veil = match item.turns {
            true => page.turn.veil(moment.within_ms, page.duration_ms),
            false => Veil::Clear,
        };
        let step = match &item.drawing {
            Drawing::Text { .. } | Drawing::Code { .. } | Drawing::Picture { .. } => 0,
            Drawing::Marquee { pace, travel, .. } => pace.offset(moment.within_ms, *travel),
            Drawing::Clock { start_s, dial, .. } => {
                let second = u64::from(*start_s) + moment.elapsed_ms / 1000;
                let every = if dial.has_seconds() { 1 } else { 60 };
                (second / every) as u32
            }
        };
        // Only whole words call: a gap that is lit, or half a word, would be noise.
        let inverted = item
            .attention
            .filter(|_| veil == Veil::Clear)
            .is_some_and(|attention| is_inverted(moment.elapsed_ms, attention.flashes_per_s));
        Self { veil, inverted, step }
    }

    fn looks_like(self, other: Self) -> bool {
        self.veil == other.veil && self.inverted == other.inverted
    }

    fn moves_on_to(self, other: Self) -> bool {
        self.looks_like(other) && self.veil == Veil::Clear && self.step < other.step
    }
}

/// Whether nothing else has a part in the item's pixels.
fn is_alone(item: &Item, page: &Page) -> bool {
    page.items.iter().filter(|other| other.area.meets(item.area)).count() == 1
}

/// Paints the part of a page that lies in `area`.
fn paint_page(page: &Page, moment: Moment, area: Area, frame: &mut Frame) {
    frame.fill(area, page.ground);
    for item in &page.items {
        let Some(part) = item.area.intersection(area) else { continue };
        let pose = Pose::new(item, page, moment);
        if let Some(fill) = item.fill {
            frame.fill(part, fill);
        }
        let mut colour = item.colour;
        if let Some(attention) = item.attention.filter(|_| pose.inverted) {
            if let Some(part) = attention.area.intersection(part) {
                frame.fill(part, colour);
            }
            colour = item.fill.unwrap_or(page.ground);
        }
        let (part, opacity) = match pose.veil {
            Veil::Clear => (Some(part), 255),
            Veil::Dark => (None, 0),
            Veil::Faded(opacity) => (Some(part), opacity),
            Veil::Wiped(from, to) => {
                let column = |share: u8| item.area.width * u32::from(share) / 255;
                let (from, to) = (column(from), column(to));
                let shown = Area { x: item.area.x + from, width: to - from, ..item.area };
                (shown.intersection(part), 255)
            }
        };
        if let Some(part) = part {
            draw(item, pose, moment, Brush { within: part, ink: Ink { colour, opacity } }, frame);
        }
    }
}

/// Where and with what an item may leave traces.
#[derive(Clone, Copy)]
struct Brush {
    within: Area,
    ink: Ink,
}

fn draw(item: &Item, pose: Pose, moment: Moment, brush: Brush, frame: &mut Frame) {
    let Brush { within, ink } = brush;
    match &item.drawing {
        Drawing::Text { glyphs, .. } => {
            let as_tiles = item.plain && ink == Ink::opaque(item.colour);
            for glyph in glyphs {
                let stamp = stamp(&glyph.mask, glyph.x, glyph.baseline);
                match glyph.tile.as_ref().filter(|_| as_tiles) {
                    Some(tile) => frame.copy(tile, (stamp.x, stamp.y), within),
                    None => frame.blend(stamp, within, ink),
                }
            }
        }
        Drawing::Marquee { strip, top, lead_in, .. } => {
            let x = (item.ink.x + lead_in) as i32 - pose.step as i32;
            let Strip { width, coverage, .. } = strip;
            let stamp = Stamp { x, y: *top, width: *width, stride: *width, coverage };
            if let Some(window) = item.ink.intersection(within) {
                frame.blend(stamp, window, ink);
            }
        }
        Drawing::Picture { pixels, .. } => {
            frame.copy(pixels, (item.ink.x as i32, item.ink.y as i32), within);
        }
        Drawing::Code { modules, module, .. } => code(modules, *module, item.ink, brush, frame),
        Drawing::Clock { dial, baseline, start_s, .. } => {
            let second = u64::from(*start_s) + moment.elapsed_ms / 1000;
            for (sign, (left, _)) in dial.reading(second).zip(&dial.cells) {
                let sign = &dial.signs[sign];
                frame.blend(stamp(&sign.mask, left + sign.pen, *baseline), within, ink);
            }
        }
    }
}

/// Light modules and the quiet zone in the ink's colour, dark modules dark. A code never fades:
/// it stands while the words turn.
fn code(modules: &Modules, module: u32, at: Area, brush: Brush, frame: &mut Frame) {
    let mut fill = |area: Area, colour: Rgb| {
        if let Some(area) = area.intersection(brush.within) {
            frame.fill(area, colour);
        }
    };
    fill(at, brush.ink.colour);
    for (row, line) in (QUIET_ZONE..).zip(modules.dark.chunks(modules.side as usize)) {
        let mut column = QUIET_ZONE;
        for run in line.chunk_by(|a, b| a == b) {
            let columns = run.len() as u32;
            if run[0] {
                let (x, y) = (at.x + column * module, at.y + row * module);
                fill(Area { x, y, width: columns * module, height: module }, Rgb::BLACK);
            }
            column += columns;
        }
    }
}

fn stamp(mask: &Mask, x: i32, baseline: i32) -> Stamp<'_> {
    let Mask { left, top, width, stride, coverage, .. } = mask;
    Stamp { x: x + left, y: baseline - top, width: *width, stride: *stride, coverage }
}
