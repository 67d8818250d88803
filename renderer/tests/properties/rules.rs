//! What holds for a scene wherever it is shown: everything stays in its zone, no two things share
//! a pixel of ink, no word is lost.

use std::collections::{BTreeMap, BTreeSet};

use bangtin_renderer::compose::{MAX_PAGES, TURN_MAX_S};
use bangtin_renderer::describe::describe;
use bangtin_renderer::layout::{Arrange, PageKind, PageLayout, Zone, ZoneName};
use bangtin_renderer::legibility::assess;
use bangtin_renderer::panel::{Area, Colours, Panel};
use bangtin_renderer::scene::{Drawing, Item, Page};
use bangtin_renderer::text::normalise::normalise;
use bangtin_renderer::{Composed, Content, Fonts, Frame, Layout, Look, Rgb, Scene};

use super::contents::LOOKS;

/// What turning its pages may add to a scene of the longest turn.
const TURNING_MAX_MS: u64 = 1000 * MAX_PAGES as u64;

/// Checks all pages of a scene, without regard to time.
#[track_caller]
pub fn stands_well(composed: &Composed, contents: &[Content], layout: &Layout, fonts: &Fonts) {
    let scene = &composed.scene;
    assert!(!scene.pages.is_empty());
    for page in &scene.pages {
        assert!(page.duration_ms >= 3000, "{} ms", page.duration_ms);
        assert!(page.turn.added_ms() < page.duration_ms);
        keeps_to_zones(page, contents, layout);
        stays_inside(page, scene);
        lies_apart(page, layout);
    }
    // With more in the scene than one content, what is said where is not known.
    let is_whole = !composed.findings.iter().any(|finding| finding.code.starts_with("letter_"));
    if let ([content], true) = (contents, is_whole) {
        keeps_words(content, scene, layout);
    }
    let is_urgent = contents.iter().any(|content| content.look == Look::Emergency);
    assert!(is_urgent || scene.pages.len() <= MAX_PAGES);
    assert!(is_urgent || scene.duration_ms() <= TURN_MAX_S * 1000 + TURNING_MAX_MS);
    let description = describe(composed, layout);
    assert_eq!(description.pages.len(), scene.pages.len());
    assert!(description.pages.iter().all(|page| page.duration_s.is_finite()));
    let met = assess(composed, layout, fonts);
    let lengths = [met.letter_height_mm, met.legible_to_m, met.code_scannable_to_m, met.contrast];
    let numbers = lengths.into_iter().flatten().chain([met.reading_s, met.duration_s]);
    for number in numbers {
        assert!(number.is_finite() && number >= 0.0, "{met:?}");
    }
}

/// Every item lies in a zone of one of the pages that the contents may go on, or where that zone
/// may grow to, and letters keep off its padding.
fn keeps_to_zones(page: &Page, contents: &[Content], layout: &Layout) {
    let own = contents.iter().map(|content| layout.page_for(content.look));
    let mut pages = own.chain(layout.page(PageKind::Service));
    let found = pages.any(|kind| {
        kind.ground == page.ground
            && page.items.iter().all(|item| {
                let mut zones = kind.zones.iter().filter(|zone| zone.name == item.zone);
                zones.any(|zone| {
                    holds(reach(zone, kind), item.area) && holds(inner(zone, item), item.ink)
                })
            })
    });
    let places: Vec<_> = page.items.iter().map(|item| (item.zone, item.area, item.ink)).collect();
    assert!(found, "zones and ink: {places:?}");
}

/// The rows and columns that a zone may ever take.
fn reach(zone: &Zone, page: &PageLayout) -> Area {
    let others = page.zones.iter().filter(|other| {
        let shares = |name| matches!(name, ZoneName::Headline | ZoneName::Text);
        let is_shared = page.arrange == Arrange::Together;
        zone.below == Some(other.name) || is_shared && shares(zone.name) && shares(other.name)
    });
    others.fold(zone.area, |area, other| area.union(other.area))
}

/// An item's area without its zone's padding; a code has a quiet zone instead.
fn inner(zone: &Zone, Item { area, .. }: &Item) -> Area {
    match (zone.name, zone.padding) {
        (ZoneName::Code, _) => *area,
        (_, (columns, rows)) => Area {
            x: area.x + columns,
            y: area.y + rows,
            width: area.width.saturating_sub(2 * columns),
            height: area.height.saturating_sub(2 * rows),
        },
    }
}

fn stays_inside(page: &Page, scene: &Scene) {
    let panel = Area { x: 0, y: 0, width: scene.width, height: scene.height };
    for item in &page.items {
        let zone = item.zone.as_str();
        assert!(holds(panel, item.area), "{zone}: {:?}", item.area);
        assert!(holds(item.area, item.ink), "{zone}: {:?} {:?}", item.area, item.ink);
        match &item.drawing {
            Drawing::Text { glyphs, setting } => {
                assert!(!setting.lines.is_empty());
                for glyph in glyphs {
                    let (x, y) = (glyph.x + glyph.mask.left, glyph.baseline - glyph.mask.top);
                    assert!(x >= 0 && y >= 0, "{zone}: {setting:?} at {x},{y}");
                    let (width, height) = (glyph.mask.width, glyph.mask.height);
                    let ink = Area { x: x as u32, y: y as u32, width, height };
                    assert!(holds(item.area, ink), "{zone}: {setting:?} {ink:?}");
                }
            }
            Drawing::Marquee { strip, top, .. } => {
                assert_eq!(strip.coverage.len(), (strip.width * strip.height) as usize);
                assert!(*top >= item.area.y as i32);
                assert!(*top as u32 + strip.height <= item.area.y + item.area.height);
            }
            Drawing::Picture { pixels, .. } => {
                assert_eq!((item.ink.width, item.ink.height), (pixels.width(), pixels.height()));
            }
            Drawing::Code { modules, module, .. } => {
                assert_eq!(item.ink.width, module * (modules.side + 8));
            }
            Drawing::Clock { dial, baseline, .. } => {
                for sign in &dial.signs[..10] {
                    let top = baseline - sign.mask.top;
                    assert!(top >= item.ink.y as i32);
                    assert!(top as u32 + sign.mask.height <= item.ink.y + item.ink.height);
                    let left = sign.pen + sign.mask.left;
                    assert!(left >= 0 && left as u32 + sign.mask.width <= dial.cells[0].1);
                }
            }
        }
    }
}

/// No two items share ink, and on dots no two lines touch, not even by a corner.
fn lies_apart(page: &Page, layout: &Layout) {
    for (index, a) in page.items.iter().enumerate() {
        for b in &page.items[index + 1..] {
            let (one, other) = (a.zone.as_str(), b.zone.as_str());
            assert!(!a.ink.meets(b.ink), "{one} {:?} lies on {other} {:?}", a.ink, b.ink);
        }
        let Drawing::Text { setting, glyphs } = &a.drawing else { continue };
        // A layout may ask for no row between lines.
        let mut zones = zones(layout).filter(|zone| zone.name == a.zone);
        if zones.any(|zone| zone.leading == Some(0)) {
            continue;
        }
        // Only on dots: letters of an outline face stand in at heights of their own.
        if glyphs.iter().any(|glyph| glyph.mask.coverage.iter().any(|c| !matches!(c, 0 | 255))) {
            continue;
        }
        let mut lines: BTreeMap<i32, BTreeSet<(i32, i32)>> = BTreeMap::new();
        for glyph in glyphs {
            let width = glyph.mask.stride as i32;
            let dots = (0..).zip(&glyph.mask.coverage).filter(|(_, lit)| **lit > 0);
            lines.entry(glyph.baseline).or_default().extend(dots.map(|(at, _)| {
                let x = glyph.x + glyph.mask.left + at % width;
                (x, glyph.baseline - glyph.mask.top + at / width)
            }));
        }
        let lines: Vec<_> = lines.into_values().collect();
        for two in lines.windows(2) {
            let touching = two[0].iter().find(|(x, y)| {
                (x - 1..=x + 1).any(|x| (y - 1..=y + 1).any(|y| two[1].contains(&(x, y))))
            });
            assert_eq!(touching, None, "lines touch in {:?}", setting.lines);
        }
    }
}

fn zones(layout: &Layout) -> impl Iterator<Item = &Zone> {
    let usual = LOOKS.map(|look| layout.page_for(look));
    usual.into_iter().chain(layout.page(PageKind::Service)).flat_map(|page| &page.zones)
}

fn holds(outer: Area, inner: Area) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

/// Everything that is said stands in the zones as it was written, blanks aside.
#[track_caller]
pub fn keeps_words(content: &Content, scene: &Scene, layout: &Layout) {
    let page = layout.page_for(content.look);
    let says = |zone: ZoneName, written: &str| {
        let items = scene.pages.iter().flat_map(|page| &page.items);
        let items: Vec<&Item> = items.filter(|item| item.zone == zone).collect();
        let said = |item: &Item| match &item.drawing {
            Drawing::Text { setting, .. } | Drawing::Marquee { setting, .. } => {
                setting.lines.iter().map(|line| bare(line)).collect()
            }
            _ => String::new(),
        };
        // What stands is on every page whole, what turns is on each in part.
        let turned: String =
            items.iter().filter(|item| item.turns).map(|item| said(item)).collect();
        turned.contains(written) || items.iter().any(|item| !item.turns && said(item) == written)
    };
    let in_zone = |zone: ZoneName, written: &str| {
        let written = bare(written);
        assert!(written.is_empty() || says(zone, &written), "{} lacks {written:?}", zone.as_str());
    };
    in_zone(ZoneName::Headline, &content.headline);
    // The one page on which a text is not needed is the idle one.
    if page.zones.iter().any(|zone| zone.name == ZoneName::Text) {
        let body = [&content.text, &content.instruction, &content.source];
        in_zone(ZoneName::Text, &body.map(|text| bare(text)).concat());
    }
    if content.look == Look::Exercise {
        in_zone(ZoneName::Band, &content.band);
    }
    // What has no zone of its own, or no room there, joins the text.
    let captions = content.codes.iter().map(|code| (ZoneName::Caption, &code.caption));
    for (zone, written) in captions.chain([(ZoneName::Stamp, &content.stamp)]) {
        let written = bare(written);
        let is_said = || says(zone, &written) || says(ZoneName::Text, &written);
        assert!(written.is_empty() || is_said(), "{} lacks {written:?}", zone.as_str());
    }
}

/// Letters as the board spells them, without blanks.
pub fn bare(text: &str) -> String {
    let kept =
        |letter: &char| !letter.is_whitespace() && !('\u{200b}'..='\u{200d}').contains(letter);
    normalise(text).text.chars().filter(kept).collect()
}

/// Outside the areas of the items a painted frame is the page's ground.
#[track_caller]
pub fn paints_inside(frame: &Frame, page: &Page) {
    let mut expected = Frame::new(frame.width(), frame.height());
    expected.fill(expected.area(), page.ground);
    for item in &page.items {
        expected.copy(frame, (0, 0), item.area);
    }
    assert!(expected == *frame, "something is drawn outside of all zones");
}

/// Every pixel is a colour that the panel's diodes make: no blue on red and green ones, and where
/// all have one colour a share of it, black and whole where nothing is blended.
#[track_caller]
pub fn shows(frame: &Frame, panel: &Panel) {
    let tint = panel.tint.channels().map(i32::from);
    let strongest = tint.into_iter().max().unwrap_or(0).max(1);
    let mut last = Rgb::BLACK;
    for pixel in frame.bytes().chunks_exact(3) {
        let pixel = Rgb::new(pixel[0], pixel[1], pixel[2]);
        if pixel == last || panel.shows(pixel) {
            continue;
        }
        last = pixel;
        assert_eq!(panel.colours, Colours::Single, "{pixel:?} is not a colour of the panel");
        let channels = pixel.channels().map(i32::from);
        let lead = channels.into_iter().max().unwrap_or(0);
        // Each blending rounds each channel once.
        let is_share = channels
            .iter()
            .zip(tint)
            .all(|(channel, full)| (channel * strongest - full * lead).abs() <= 2 * strongest);
        assert!(is_share, "{pixel:?} is no share of {:?}", panel.tint);
    }
}
