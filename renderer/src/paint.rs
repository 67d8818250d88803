//! Makes the picture of a scene at an instant.

use crate::fonts::Mask;
use crate::frame::{Bounds, Frame, Stamp};
use crate::layout::Area;
use crate::panel::Rgb;
use crate::qr::QUIET_ZONE;
use crate::scene::{Drawing, Item, Scene, marquee_offset};

/// Paints the whole frame as it is `elapsed_ms` after the scene began. The same scene and time
/// always give the same pixels.
pub fn paint(scene: &Scene, elapsed_ms: u64, frame: &mut Frame) {
    let (index, within_ms) = scene.at(elapsed_ms);
    let page = &scene.pages[index];
    frame.fill(0, 0, frame.width(), frame.height(), page.ground);
    let dark = within_ms >= page.duration_ms - page.dark_ms;
    for item in &page.items {
        if let Some(fill) = item.fill {
            let Area { x, y, width, height } = item.area;
            frame.fill(x as i32, y as i32, width, height, fill);
        }
        if !(dark && item.turns) {
            draw(item, elapsed_ms, within_ms, frame);
        }
    }
}

fn draw(item: &Item, elapsed_ms: u64, within_ms: u64, frame: &mut Frame) {
    let area = bounds(item.area);
    match &item.drawing {
        Drawing::Text { glyphs, .. } => {
            for glyph in glyphs {
                frame.blend(stamp(&glyph.mask, glyph.x, glyph.baseline), area, item.colour);
            }
        }
        Drawing::Marquee { strip, top, speed, travel, .. } => {
            let offset = marquee_offset(within_ms, *speed, *travel);
            let x = item.ink.x as i32 - offset as i32;
            let stamp = Stamp { x, y: *top, width: strip.width, coverage: &strip.coverage };
            frame.blend(stamp, area, item.colour);
        }
        Drawing::Code { modules, module, .. } => {
            let Area { x, y, width, height } = item.ink;
            frame.fill(x as i32, y as i32, width, height, item.colour);
            for (index, _) in modules.dark.iter().enumerate().filter(|(_, dark)| **dark) {
                let column = index as u32 % modules.side + QUIET_ZONE;
                let row = index as u32 / modules.side + QUIET_ZONE;
                let (x, y) = (x + column * module, y + row * module);
                frame.fill(x as i32, y as i32, *module, *module, Rgb::BLACK);
            }
        }
        Drawing::Clock { digits, colon, cells, cell_width, baseline, start_s, .. } => {
            let minutes = (u64::from(*start_s) + elapsed_ms / 1000) / 60;
            let (hour, minute) = ((minutes / 60 % 24) as usize, (minutes % 60) as usize);
            let shown =
                [Some(hour / 10), Some(hour % 10), None, Some(minute / 10), Some(minute % 10)];
            for (digit, x) in shown.into_iter().zip(cells) {
                let (mask, x) = match digit {
                    Some(digit) => {
                        let mask = &digits[digit];
                        (mask, x + (*cell_width as i32 - mask.width as i32) / 2 - mask.left)
                    }
                    None => (colon, x - colon.left),
                };
                frame.blend(stamp(mask, x, *baseline), area, item.colour);
            }
        }
    }
}

fn stamp(mask: &Mask, x: i32, baseline: i32) -> Stamp<'_> {
    Stamp { x: x + mask.left, y: baseline - mask.top, width: mask.width, coverage: &mask.coverage }
}

fn bounds(area: Area) -> Bounds {
    let Area { x, y, width, height } = area;
    Bounds { left: x as i32, top: y as i32, right: (x + width) as i32, bottom: (y + height) as i32 }
}
