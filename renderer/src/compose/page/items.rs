//! What a zone shows, placed on the panel: lines, running lines, codes, pictures and clocks.

use super::*;
use crate::layout::Valign;
use crate::panel::Rgb;
use crate::qr::QUIET_ZONE;
use crate::risk;
use crate::scene::{Attention, Placed, Strip, Typeset};
use crate::text::fit::{Block, Fitted, Line, LineGlyph};

use crate::compose::clock::{self, Clock};
use crate::compose::codes::DrawnCode;
use crate::compose::words::DrawnPicture;

impl Setter<'_> {
    /// What is behind a zone's words, and their own colour: the risk level's where it has one.
    fn colours(&self, zone: &Zone) -> (Option<Rgb>, Rgb) {
        let level = self.words.risk_level.filter(|_| zone.risk);
        match level.and_then(|level| risk::colours(level, &self.panel.panel)) {
            Some((fill, ink)) => (Some(fill), ink),
            None => (zone.fill, zone.colour),
        }
    }

    fn item(&self, zone: &Zone, area: Area, ink: Area, drawing: Drawing) -> Item {
        let Zone { name, flashes_per_s, .. } = *zone;
        let (fill, colour) = self.colours(zone);
        let attention = (flashes_per_s > 0).then(|| {
            let area = if fill.is_some() { area } else { around(ink, self.gap() / 2, area) };
            Attention { flashes_per_s, area }
        });
        Item { zone: name, area, ink, fill, colour, turns: false, plain: false, attention, drawing }
    }

    pub(super) fn text(&self, zone: &Zone, area: Area, fitted: &Fitted, block: &Block) -> Item {
        let inner = zone.inner(area);
        let top = shift(zone.valign, inner.y, inner.height, block.height());
        let mut glyphs = Vec::new();
        let mut ink: Option<Area> = None;
        for (index, line) in block.lines.iter().enumerate() {
            let baseline = top as i32 + block.above + block.pitch * index as i32;
            let x = inner.x + line.inset(inner.width, zone.align);
            let begins = glyphs.len();
            let mut line_ink: Option<Area> = None;
            for glyph in &line.glyphs {
                let mask = self.fonts.mask(glyph.face, glyph.glyph, fitted.size);
                let (x, baseline) = (x as i32 + glyph.x, baseline - glyph.rise);
                let placed = Placed { x, baseline, mask, tile: None };
                if let Some(area) = extent(&placed) {
                    line_ink = Some(line_ink.map_or(area, |ink| ink.union(area)));
                    glyphs.push((placed, area, glyph));
                }
            }
            let Some(line_ink) = line_ink else { continue };
            // Lines that reach into one another are blended, and so are their letters.
            if ink.is_none_or(|ink| !ink.meets(line_ink)) {
                self.tile(&mut glyphs[begins..], zone, fitted.size);
            } else {
                glyphs.iter_mut().for_each(|(placed, ..)| placed.tile = None);
            }
            ink = Some(ink.map_or(line_ink, |ink| ink.union(line_ink)));
        }
        let glyphs = glyphs.into_iter().map(|(placed, ..)| placed).collect();
        let setting = self.typeset(zone, fitted, &block.lines);
        let ink = ink.unwrap_or(Area { height: 1, width: 1, ..area });
        self.item(zone, area, ink, Drawing::Text { setting, glyphs })
    }

    /// Gives the glyphs of a line their tiles, where they stand clear of their neighbours.
    fn tile(&self, glyphs: &mut [(Placed, Area, &LineGlyph)], zone: &Zone, size: u32) {
        let (fill, ink) = self.colours(zone);
        let ground = fill.unwrap_or(self.layout.ground);
        // The leftmost column that anything after each glyph reaches.
        let mut next_left = vec![u32::MAX; glyphs.len()];
        for at in (1..glyphs.len()).rev() {
            next_left[at - 1] = next_left[at].min(glyphs[at].1.x);
        }
        let mut reached = 0;
        for ((placed, area, glyph), next_left) in glyphs.iter_mut().zip(next_left) {
            let right = area.x + area.width;
            if reached <= area.x && right <= next_left {
                let LineGlyph { face, glyph, .. } = **glyph;
                placed.tile = Some(self.fonts.tile(face, glyph, size, ink, ground));
            }
            reached = reached.max(right);
        }
    }

    pub(super) fn marquee(
        &self,
        zone: &Zone,
        area: Area,
        fitted: &Fitted,
        (block, line): (&Block, &Line),
    ) -> Item {
        let height = block.height();
        let mut strip =
            Strip { width: line.width, height, coverage: vec![0; (line.width * height) as usize] };
        for glyph in &line.glyphs {
            let mask = self.fonts.mask(glyph.face, glyph.glyph, fitted.size);
            let x = glyph.x + mask.left;
            let y = block.above - glyph.rise - mask.top;
            for (row, coverage) in mask.rows().enumerate() {
                let start = (y + row as i32) * line.width as i32 + x;
                let end = start + coverage.len() as i32;
                if let Some(into) = strip.coverage.get_mut(start as usize..end as usize) {
                    for (into, ink) in into.iter_mut().zip(coverage) {
                        *into = (*into).max(*ink);
                    }
                }
            }
        }
        let inner = zone.inner(area);
        let top = shift(zone.valign, inner.y, inner.height, height);
        let ink = Area { y: top, height, ..inner };
        let lead_in = if zone.enters { inner.width } else { 0 };
        let drawing = Drawing::Marquee {
            setting: self.typeset(zone, fitted, std::slice::from_ref(line)),
            top: top as i32,
            pace: self.panel.pace,
            lead_in,
            travel: (lead_in + strip.width).saturating_sub(inner.width),
            strip,
        };
        self.item(zone, area, ink, drawing)
    }

    pub(super) fn code(&self, zone: &Zone, area: Area) -> Option<Item> {
        let DrawnCode { data, modules, .. } = self.words.code.clone()?;
        let side = modules.side + 2 * QUIET_ZONE;
        let module = area.width.min(area.height) / side;
        let width = module * side;
        let ink = Area {
            x: area.x + (area.width - width) / 2,
            y: area.y + (area.height - width) / 2,
            width,
            height: width,
        };
        Some(self.item(zone, area, ink, Drawing::Code { data, modules, module }))
    }

    /// The picture, as large as it is drawn well, in the middle of its zone.
    pub(super) fn picture(&self, zone: &Zone, area: Area) -> Option<Item> {
        let DrawnPicture { picture, alt } = self.words.picture.clone()?;
        let inner = zone.inner(area);
        let ground = zone.fill.unwrap_or(self.layout.ground);
        let pixels = picture.fit(inner.width, inner.height, ground, &self.panel.panel);
        let (width, height) = (pixels.width(), pixels.height());
        let (x, y) = (inner.x + (inner.width - width) / 2, inner.y + (inner.height - height) / 2);
        let ink = Area { x, y, width, height };
        Some(self.item(zone, area, ink, Drawing::Picture { alt, pixels }))
    }

    pub(super) fn clock(&self, zone: &Zone, area: Area) -> Result<Option<Item>, ZoneName> {
        let Some(start_s) = self.words.clock_s else { return Ok(None) };
        let clock = clock::set(zone, zone.inner(area), self.fonts).ok_or(zone.name)?;
        let Clock { face, size, dial, ink, baseline } = clock;
        let lines = vec![dial.written(u64::from(start_s))];
        let why =
            format!("{size} px is the largest of {} to {} that fits", zone.sizes.0, zone.sizes.1);
        let setting = Typeset { face: self.fonts.name(face).to_owned(), size, lines, why };
        let drawing = Drawing::Clock { setting, dial, baseline, start_s };
        Ok(Some(self.item(zone, area, ink, drawing)))
    }

    fn typeset(&self, zone: &Zone, fitted: &Fitted, lines: &[Line]) -> Typeset {
        let name = |face: FaceId| self.fonts.name(face);
        let (face, size, (least, most)) = (name(fitted.face), fitted.size, zone.sizes);
        let why = match fitted.rule {
            Rule::Largest => format!("{size} px is the largest of {least} to {most} that fits"),
            Rule::Together => {
                format!("{size} px of {face}, not the largest that fits: fewer terms are parted")
            }
            Rule::NarrowerFace => {
                let wider = zone.faces.first().map_or("", |face| name(*face));
                format!("{wider} does not fit at {least} px or more; {size} px of {face} does")
            }
            Rule::Pages => {
                let count = fitted.pages.len();
                let most = if size > least { ", the largest that needs no more" } else { "" };
                format!("does not fit at {least} px or more: {count} pages at {size} px{most}")
            }
            Rule::Marquee => format!("does not fit at {least} px or more: it runs at {size} px"),
        };
        let lines = lines.iter().map(|line| line.text.clone()).collect();
        Typeset { face: face.to_owned(), size, lines, why }
    }
}

/// The top row of a block that stands in so many rows.
pub(in crate::compose) fn shift(valign: Valign, y: u32, height: u32, block: u32) -> u32 {
    let rest = height.saturating_sub(block);
    match valign {
        Valign::Top => y,
        Valign::Middle => y + rest / 2,
        Valign::Bottom => y + rest,
    }
}

/// A rectangle with a margin, at least one pixel wide, that stays within another.
fn around(ink: Area, margin: u32, within: Area) -> Area {
    let margin = margin.max(1);
    let (x, y) = (ink.x.saturating_sub(margin), ink.y.saturating_sub(margin));
    let (right, bottom) = (ink.x + ink.width + margin, ink.y + ink.height + margin);
    let grown = Area { x, y, width: right - x, height: bottom - y };
    grown.intersection(within).unwrap_or(ink)
}

/// The rectangle of a glyph's ink on the panel.
fn extent(placed: &Placed) -> Option<Area> {
    let mask = &placed.mask;
    let (x, y) = (placed.x + mask.left, placed.baseline - mask.top);
    let inked = mask.width > 0 && mask.height > 0;
    inked.then_some(Area {
        x: x.max(0) as u32,
        y: y.max(0) as u32,
        width: mask.width,
        height: mask.height,
    })
}
