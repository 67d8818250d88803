//! Sets words in the zones of one page, turning pages where the text is longer than its zone.

mod items;

use std::collections::BTreeMap;

use crate::content::Look;
use crate::effect::Turn;
use crate::fonts::{FaceId, Fonts};
use crate::layout::{Arrange, Layout, Overflow, PageLayout, Zone, ZoneName};
use crate::panel::Area;
use crate::scene::{Drawing, Item, Page};
use crate::text::fit::{Room, Rule, fit};

use super::words::Words;
pub(super) use items::shift;

/// Shortest time that a page stands, in milliseconds.
const PAGE_MIN_MS: u64 = 3000;
/// Time to take out a phone and scan, in milliseconds.
const CODE_MIN_MS: u64 = 8000;
/// Time to look at a picture, in milliseconds: three units of information.
const PICTURE_MIN_MS: u64 = 6000;
/// Time for one unit of information: each zone that says something is one (see
/// [`Legibility::reading_s`](crate::legibility::Legibility::reading_s)).
pub(crate) const UNIT_MS: u64 = 2000;
/// Time for one syllable: readers in passing take in two to three a second.
pub(crate) const SYLLABLE_MS: u64 = 400;

/// Sets words on a page layout.
///
/// A stamp or caption without room of its own joins the text; a headline that is too long for its
/// zone takes pages of its own before the text. The error is the zone that stays too small.
pub(super) fn set(
    layout: &PageLayout,
    words: &Words,
    panel: &Layout,
    fonts: &Fonts,
    language: &str,
) -> Result<Vec<Page>, ZoneName> {
    let has = |name| layout.zones.iter().any(|zone| zone.name == name);
    let mut setter = Setter {
        layout,
        panel,
        fonts,
        language,
        words: words.clone(),
        in_turn: layout.arrange == Arrange::InTurn,
    };
    for name in [ZoneName::Stamp, ZoneName::Caption] {
        if !has(name) {
            setter.fold(name);
        }
    }
    loop {
        match setter.pages() {
            Err(ZoneName::Headline | ZoneName::Text) if !setter.in_turn => setter.in_turn = true,
            Err(name @ (ZoneName::Stamp | ZoneName::Caption)) => setter.fold(name),
            done => return done,
        }
    }
}

/// All faces that may set a letter of a look: what decides whether a letter can be drawn.
pub(super) fn widest_chain(
    layout: &Layout,
    fonts: &Fonts,
    look: Look,
    language: &str,
) -> Vec<FaceId> {
    let zones = &layout.page_for(look).zones;
    let text = zones.iter().find(|zone| zone.name == ZoneName::Text);
    text.or(zones.first()).map(|zone| chain(zone, 0, layout, fonts, language)).unwrap_or_default()
}

/// A zone's face of that rank, then all that stand in for letters it lacks. The layout's fallback
/// goes before the zone's narrower faces, whose letters would stand out among wider ones. The dot
/// faces go last: they have the arrow that no outline face of ours has.
fn chain(zone: &Zone, rank: usize, layout: &Layout, fonts: &Fonts, language: &str) -> Vec<FaceId> {
    let own = layout.languages.get(language).map(|language| language.faces.as_slice());
    let first = own.unwrap_or_default().get(rank).or(zone.faces.get(rank));
    let others = layout.languages.values().flat_map(|language| &language.faces);
    let mut chain: Vec<FaceId> = Vec::new();
    let widest = zone.faces.first();
    let named = first.into_iter().chain(own.unwrap_or_default()).chain(widest);
    let listed = named.chain(&zone.fallback).chain(&zone.faces).chain(others).copied();
    // Every zone draws what any other does, so that one question answers for all of them.
    for face in listed.chain(layout.faces.iter().copied()).chain(fonts.led_faces()) {
        if !chain.contains(&face) {
            chain.push(face);
        }
    }
    chain
}

struct Setter<'a> {
    layout: &'a PageLayout,
    panel: &'a Layout,
    fonts: &'a Fonts,
    language: &'a str,
    words: Words,
    in_turn: bool,
}

impl Setter<'_> {
    fn fold(&mut self, name: ZoneName) {
        let words = match name {
            ZoneName::Stamp => std::mem::take(&mut self.words.stamp),
            _ => std::mem::take(&mut self.words.caption),
        };
        if !words.is_empty() {
            self.words.say(words);
        }
    }

    fn pages(&self) -> Result<Vec<Page>, ZoneName> {
        let mut standing = Vec::new();
        let mut turning: Vec<(&Zone, Area)> = Vec::new();
        let mut ends: BTreeMap<ZoneName, u32> = BTreeMap::new();
        for zone in &self.layout.zones {
            let area = self.area(zone, &ends);
            ends.insert(zone.name, area.map_or(zone.area.y, |area| area.y));
            if self.is_silent(zone.name) {
                continue;
            }
            let area = area.ok_or(zone.name)?;
            if self.turns(zone.name) {
                turning.push((zone, area));
                continue;
            }
            if let Some(mut item) = self.standing(zone, area)? {
                let mut end = item.ink.y + item.ink.height;
                let is_above = self.layout.zones.iter().any(|other| other.below == Some(zone.name));
                // What begins below the words must not lie on their fill.
                if item.fill.is_some() && is_above {
                    end = (end + self.gap().max(zone.padding.1)).min(area.y + area.height);
                    item.area.height = end - area.y;
                    if let Some(attention) = &mut item.attention {
                        attention.area = item.area;
                    }
                }
                ends.insert(zone.name, end + self.gap());
                standing.push(item);
            }
        }
        let mut pages = Vec::new();
        for (zone, area) in turning {
            for item in self.turning(zone, area)? {
                pages.push(self.page(&standing, Some(item), pages.is_empty()));
            }
        }
        if pages.is_empty() {
            pages.push(self.page(&standing, None, true));
        }
        let whole: u64 = pages.iter().map(|page| page.duration_ms).sum();
        let least = match (&self.words.code, &self.words.picture) {
            (Some(_), _) => CODE_MIN_MS,
            (None, Some(_)) => PICTURE_MIN_MS,
            (None, None) => 0,
        };
        if let Some(last) = pages.last_mut() {
            last.duration_ms += least.saturating_sub(whole);
        }
        Ok(pages)
    }

    /// One page; what stands is read with the first one.
    fn page(&self, standing: &[Item], turning: Option<Item>, is_first: bool) -> Page {
        let fresh = standing.iter().filter(|_| is_first).chain(&turning);
        let said: Vec<u64> = fresh.map(syllables).filter(|syllables| *syllables > 0).collect();
        let reading_ms = (said.iter().sum::<u64>() * SYLLABLE_MS).max(said.len() as u64 * UNIT_MS);
        let running_ms = match turning.as_ref().map(|item| &item.drawing) {
            Some(Drawing::Marquee { pace, travel: travel @ 1.., .. }) => {
                // What stands beside a line is read before it moves far.
                let beside = standing.iter().filter(|_| is_first).map(syllables).sum::<u64>();
                pace.duration_ms(*travel) + beside * SYLLABLE_MS
            }
            _ => reading_ms,
        };
        let mut items: Vec<Item> = standing.iter().cloned().chain(turning).collect();
        let solids: Vec<(ZoneName, Area)> = items
            .iter()
            .filter(|item| {
                item.fill.is_some()
                    || matches!(item.drawing, Drawing::Code { .. } | Drawing::Picture { .. })
            })
            .map(|item| (item.zone, item.area))
            .collect();
        for item in &mut items {
            let mut others = solids.iter().filter(|(zone, _)| *zone != item.zone);
            item.plain = !others.any(|(_, area)| area.meets(item.ink));
        }
        Page {
            duration_ms: running_ms.max(PAGE_MIN_MS),
            turn: Turn { transition: self.layout.transition, ..Turn::default() },
            ground: self.layout.ground,
            items,
        }
    }

    /// Whether a zone has nothing to show, so that it needs no room.
    fn is_silent(&self, name: ZoneName) -> bool {
        match name {
            ZoneName::Band => self.words.band.is_empty(),
            ZoneName::Headline => self.words.headline.is_empty(),
            ZoneName::Text => self.words.paragraphs.is_empty(),
            ZoneName::Stamp => self.words.stamp.is_empty(),
            ZoneName::Caption => self.words.caption.is_empty(),
            ZoneName::Code => self.words.code.is_none(),
            ZoneName::Picture => self.words.picture.is_none(),
            ZoneName::Clock => self.words.clock_s.is_none(),
        }
    }

    fn turns(&self, name: ZoneName) -> bool {
        match name {
            ZoneName::Text => true,
            ZoneName::Headline | ZoneName::Clock => self.in_turn,
            _ => false,
        }
    }

    /// Where a zone lies: under the words of the zone it follows, or over the headline's and the
    /// text's whole area when these take turns on a page made for both at once.
    fn area(&self, zone: &Zone, ends: &BTreeMap<ZoneName, u32>) -> Option<Area> {
        let shared = self.in_turn && self.layout.arrange == Arrange::Together;
        if shared && matches!(zone.name, ZoneName::Headline | ZoneName::Text) {
            let is_shared = |zone: &&Zone| matches!(zone.name, ZoneName::Headline | ZoneName::Text);
            let both = self.layout.zones.iter().filter(is_shared).map(|zone| zone.area);
            let both = both.reduce(Area::union)?;
            // Beside a code the two together would cover it; then the text's own room has to do.
            let mut others = self.layout.zones.iter().filter(|zone| !is_shared(zone));
            let text = self.layout.zones.iter().find(|zone| zone.name == ZoneName::Text);
            let own = text.map_or(zone.area, |text| text.area);
            return Some(if others.any(|zone| zone.area.meets(both)) { own } else { both });
        }
        let bottom = zone.area.y + zone.area.height;
        let y = zone.below.and_then(|name| ends.get(&name).copied()).unwrap_or(zone.area.y);
        let height = bottom.checked_sub(y).filter(|height| *height > 0)?;
        Some(Area { y, height, ..zone.area })
    }

    /// Clear rows between a zone's words and the zone below.
    fn gap(&self) -> u32 {
        match self.panel.panel.width.min(self.panel.panel.height) {
            rows @ 0..100 => (rows / 32).max(1),
            rows => rows / 20,
        }
    }

    fn standing(&self, zone: &Zone, area: Area) -> Result<Option<Item>, ZoneName> {
        let words = match zone.name {
            ZoneName::Band => &self.words.band,
            ZoneName::Headline => &self.words.headline,
            ZoneName::Stamp => &self.words.stamp,
            ZoneName::Caption => &self.words.caption,
            ZoneName::Text => return Ok(None),
            ZoneName::Code => return Ok(self.code(zone, area)),
            ZoneName::Picture => return Ok(self.picture(zone, area)),
            ZoneName::Clock => return self.clock(zone, area),
        };
        if words.is_empty() {
            return Ok(None);
        }
        let room = Room { overflow: Overflow::Pages, ..self.room(zone, area) };
        let fitted = fit(&[words], &room, self.fonts).ok_or(zone.name)?;
        match fitted.pages.as_slice() {
            [block] => Ok(Some(self.text(zone, area, &fitted, block))),
            _ => Err(zone.name),
        }
    }

    fn turning(&self, zone: &Zone, area: Area) -> Result<Vec<Item>, ZoneName> {
        let paragraphs: Vec<&str> = match zone.name {
            ZoneName::Clock => {
                let clock = self.clock(zone, area)?.into_iter();
                return Ok(clock.map(|item| Item { turns: true, ..item }).collect());
            }
            ZoneName::Headline => vec![&self.words.headline],
            _ => self.words.paragraphs.iter().map(String::as_str).collect(),
        };
        if paragraphs.iter().all(|text| text.is_empty()) {
            return Ok(Vec::new());
        }
        let fitted = fit(&paragraphs, &self.room(zone, area), self.fonts).ok_or(zone.name)?;
        let items = fitted.pages.iter().map(|block| match block.lines.as_slice() {
            [line] if fitted.rule == Rule::Marquee => {
                self.marquee(zone, area, &fitted, (block, line))
            }
            _ => self.text(zone, area, &fitted, block),
        });
        Ok(items.map(|item| Item { turns: true, ..item }).collect())
    }

    fn room(&self, zone: &Zone, area: Area) -> Room {
        let language = self.panel.languages.get(self.language);
        let ranks = language.map_or(zone.faces.len(), |language| language.faces.len());
        let least = language.map_or(zone.sizes.0, |language| language.min_size.max(zone.sizes.0));
        let Area { width, height, .. } = zone.inner(area);
        Room {
            width,
            height,
            chains: (0..ranks)
                .map(|rank| chain(zone, rank, self.panel, self.fonts, self.language))
                .collect(),
            sizes: (least, zone.sizes.1.max(least)),
            overflow: zone.overflow,
            align: zone.align,
            leading: zone.leading,
        }
    }
}

/// Syllables to read in an item. Khmer writes no blanks between words, and long words hold more
/// than one.
pub(crate) fn syllables(item: &Item) -> u64 {
    let lines = match &item.drawing {
        Drawing::Text { setting, .. } | Drawing::Marquee { setting, .. } => &setting.lines,
        _ => return 0,
    };
    let syllables = |word: &str| {
        let is_khmer = word.contains(|letter| matches!(letter, '\u{1780}'..='\u{17ff}'));
        (word.chars().count() as u64).div_ceil(if is_khmer { 4 } else { 7 })
    };
    lines.iter().flat_map(|line| line.split_whitespace()).map(syllables).sum()
}
