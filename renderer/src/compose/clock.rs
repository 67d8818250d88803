//! The clock of a page, at the largest size whose signs fit.

use crate::fonts::{FaceId, Fonts, Ink, UnitGlyph};
use crate::layout::Zone;
use crate::panel::Area;
use crate::scene::{Dial, Sign};
use crate::text::fit::inset;

use super::page::shift;

/// A clock that fits its zone.
pub(super) struct Clock {
    pub(super) face: FaceId,
    pub(super) size: u32,
    pub(super) dial: Dial,
    pub(super) ink: Area,
    pub(super) baseline: i32,
}

/// Sets a clock; `None` where no face of the zone fits at its smallest size.
pub(super) fn set(zone: &Zone, area: Area, fonts: &Fonts) -> Option<Clock> {
    zone.faces.iter().find_map(|face| {
        let shape = |sign| fonts.shape(*face, sign).first().copied();
        let signs: Vec<UnitGlyph> =
            "0123456789:".split("").filter(|sign| !sign.is_empty()).filter_map(shape).collect();
        let setting = Setting { face: *face, signs: signs.try_into().ok()?, zone, area, fonts };
        let own_sizes =
            |size: &u32| fonts.native_rows(*face).is_none_or(|rows| size.is_multiple_of(rows));
        (zone.sizes.0..=zone.sizes.1).rev().filter(own_sizes).find_map(|size| setting.at(size))
    })
}

/// Ten digits and the colon of one face.
struct Setting<'a> {
    face: FaceId,
    signs: [UnitGlyph; 11],
    zone: &'a Zone,
    area: Area,
    fonts: &'a Fonts,
}

impl Setting<'_> {
    fn at(&self, size: u32) -> Option<Clock> {
        let Self { face, signs, zone, area, fonts } = self;
        let units = fonts.units_per_em(*face);
        // In 1/64 pixel, rounded once a cell, so that no rounding grows along the line.
        let advance = |sign: &UnitGlyph| {
            (i64::from(sign.advance) * i64::from(size) * 64).div_euclid(i64::from(units))
        };
        let inks: Vec<Ink> = signs.iter().map(|sign| fonts.ink(*face, sign.glyph, size)).collect();
        let (digits, colon) = (&signs[..10], &signs[10]);
        let widest = digits.iter().map(advance).max().unwrap_or(0);
        // Digits keep their own places where all are equally wide; elsewhere they stand centred
        // in cells that hold the widest one's ink.
        let is_even = digits.iter().zip(&inks).all(|(digit, ink)| {
            let reach = i64::from(ink.left) + i64::from(ink.width);
            advance(digit) == widest && ink.left >= 0 && reach * 64 <= widest
        });
        let inked = inks.iter().map(|ink| i64::from(ink.width) * 64).max().unwrap_or(0);
        let cell = if is_even { widest } else { widest.max(inked) };
        let pattern = [cell, cell, advance(colon).max(i64::from(inks[10].width) * 64)];
        let count = if zone.seconds { 8 } else { 5 };
        let mut ends = vec![0i64];
        for width in pattern.iter().cycle().take(count) {
            ends.push(ends[ends.len() - 1] + width);
        }
        let places: Vec<i32> = ends.iter().map(|end| ((end + 32) / 64) as i32).collect();
        let above = inks.iter().map(|ink| ink.above).max().unwrap_or(0);
        let below = inks.iter().map(|ink| ink.below).max().unwrap_or(0);
        let (width, height) = (places[count] as u32, (above + below) as u32);
        if width > area.width || height > area.height {
            return None;
        }
        let x = area.x + inset(width, area.width, zone.align);
        let y = shift(zone.valign, area.y, area.height, height);
        let cells = places.windows(2).map(|two| (x as i32 + two[0], (two[1] - two[0]) as u32));
        // Only now, since a digit of hundreds of pixels costs a megabyte to draw at all sizes.
        let drawn = signs.iter().zip(&inks).enumerate().map(|(index, (sign, ink))| {
            let width = if index == 10 { pattern[2] } else { cell } / 64;
            let centred = (width as i32 - ink.width as i32) / 2 - ink.left;
            let pen = if is_even && index < 10 { 0 } else { centred };
            Sign { pen, mask: fonts.mask(*face, sign.glyph, size) }
        });
        Some(Clock {
            face: *face,
            size,
            dial: Dial { signs: drawn.collect(), cells: cells.collect() },
            ink: Area { x, y, width, height },
            baseline: y as i32 + above,
        })
    }
}
