//! What people in front of a board can take in: whether there is time to read it, from how far
//! its letters are read and its code scans, and what to change first where it falls short.

use crate::compose::{Composed, SYLLABLE_MS, UNIT_MS, syllables};
use crate::effect::{HOLD_MS, Pace};
use crate::fonts::Fonts;
use crate::layout::{Layout, PageKind};
use crate::panel::{Kind, Panel, contrast};
use crate::problem::Finding;
use crate::qr::QUIET_ZONE;
use crate::scene::{Drawing, Item, Page, Typeset};

/// What a scene asks of its readers. Numbers are rounded to the digits that are said.
#[derive(Debug, Clone, PartialEq)]
pub struct Legibility {
    /// Seconds that reading it all once takes. Per page the larger of two seconds per unit of
    /// information and 0.4 s per syllable; what stands from the page before is not read again.
    ///
    /// The rule is that of the *Human Factors Guidelines for Road Systems* for changeable message
    /// signs (National Academies, "Displaying messages with dynamic characteristics"): the longer
    /// of two seconds a unit and one second a word of four to eight letters, which is two to three
    /// syllables. A unit answers one question; each zone that says something counts as one, and a
    /// longer text is governed by its syllables.
    pub reading_s: f64,
    /// Seconds that the board takes to show it once, dark gaps included.
    pub duration_s: f64,
    /// Height in millimetres of a capital `H` (in Khmer of `ក`) in the smallest words, from the
    /// rows of its ink and the panel's pitch. `None` where there are no words.
    pub letter_height_mm: Option<f64>,
    /// Metres from which those words are read: [`DISTANCE_PER_HEIGHT`] times the letter height.
    pub legible_to_m: Option<f64>,
    /// Metres from which the smallest code scans: [`DISTANCE_PER_CODE`] times its side without the
    /// quiet zone. `None` where there is no code.
    pub code_scannable_to_m: Option<f64>,
    /// The lowest [`contrast`] between words and what is behind them, 1 to 21. `None` where there
    /// are no words.
    pub contrast: Option<f64>,
    /// Pages in one turn, at least 1.
    pub pages: usize,
    /// How often the line that runs fastest must pass until a reader is through with it: 1 where
    /// there is time enough, 0 where no line runs.
    pub marquee_passes: u64,
    /// What falls short, the most important first, each with the way out.
    pub findings: Vec<Finding>,
}

impl Legibility {
    /// What to change first; `None` when nothing needs it.
    pub fn advice(&self) -> Option<&Finding> {
        self.findings.first()
    }
}

/// Distance from which a letter is read, as a multiple of its height: 80 mm from 20 m.
///
/// The rule of thumb for safety signs in buildings (100 mm for 25 m, guides to BS 5499). Road signs
/// reckon with more, 300 to 360 (25 to 30 feet an inch: United States Sign Council with Penn State,
/// MUTCD section 2A.13), for readers with good eyes and letters without marks; the 2010 ADA
/// Standards, table 703.5.5, with 96 for readers with low vision.
pub const DISTANCE_PER_HEIGHT: f64 = 250.0;

/// Distance from which a code scans, as a multiple of its side: the usual rule of ten to one.
pub const DISTANCE_PER_CODE: f64 = 10.0;

/// Who walks by at 1.2 m/s and reads from 20 m before the board to 20 m behind it has 33 s.
const TURN_MAX_S: f64 = 30.0;

/// Letters of an LED board, in millimetres: read from 15 m, across a street of two lanes and its
/// pavements.
const LED_LETTER_MIN_MM: f64 = 60.0;

/// Letters of a screen, in millimetres: read from 4 m, by those who stop in front of it.
const LCD_LETTER_MIN_MM: f64 = 16.0;

/// Where a code must scan from, in metres: a phone at 1.5 m is that far from the middle of a board
/// at 4 m even right below it.
const CODE_MIN_M: f64 = 2.5;

/// Lowest contrast for large letters, WCAG 2.2 success criterion 1.4.6.
const CONTRAST_MIN: f64 = 4.5;

/// Measures what a composed scene asks of its readers on the panel that it was composed for.
pub fn assess(composed: &Composed, layout: &Layout, fonts: &Fonts) -> Legibility {
    let pages = &composed.scene.pages;
    let mut readings = Vec::new();
    let mut letters = 0;
    let mut before: &[Item] = &[];
    for page in pages {
        let fresh: Vec<&Item> = page.items.iter().filter(|item| !stood(item, before)).collect();
        letters += fresh.iter().map(|item| letters_in(item)).sum::<usize>();
        readings.push(Reading::new(page, &fresh));
        before = &page.items;
    }
    let words = || pages.iter().flat_map(|page| page.items.iter().map(move |item| (page, item)));
    let smallest = words()
        .filter_map(|(page, item)| Some((letter_mm(item, &layout.panel, fonts)?, page, item)))
        .min_by(|(a, ..), (b, ..)| a.total_cmp(b));
    let faintest = words()
        .filter(|(_, item)| setting(item).is_some())
        .map(|(page, item)| (contrast(item.colour, item.fill.unwrap_or(page.ground)), item))
        .min_by(|(a, _), (b, _)| a.total_cmp(b));
    let code = words()
        .filter_map(|(_, item)| Some((code_m(item, &layout.panel)?, item)))
        .min_by(|(a, _), (b, _)| a.total_cmp(b));
    let duration_s = composed.scene.duration_ms() as f64 / 1000.0;
    let findings = [
        readings
            .iter()
            .enumerate()
            .find_map(|(index, reading)| reading.too_fast(index, layout.panel.fps)),
        faintest.and_then(|(contrast, item)| contrast_low(contrast, item)),
        smallest.and_then(|(height_mm, page, item)| letters_small(height_mm, page, item, layout)),
        turn_long(duration_s, pages.len(), letters),
        code.and_then(|(distance_m, item)| code_near(distance_m, item)),
    ];
    let height_mm = smallest.map(|(height_mm, ..)| height_mm);
    Legibility {
        reading_s: readings.iter().map(|reading| reading.needed_ms).sum::<u64>() as f64 / 1000.0,
        duration_s,
        letter_height_mm: height_mm.map(|mm| rounded(mm, 10.0)),
        legible_to_m: height_mm.map(|mm| rounded(legible_m(mm), 10.0)),
        code_scannable_to_m: code.map(|(distance_m, _)| rounded(distance_m, 10.0)),
        contrast: faintest.map(|(contrast, _)| rounded(contrast, 100.0)),
        pages: pages.len(),
        marquee_passes: readings.iter().map(Reading::passes).max().unwrap_or(0),
        findings: findings.into_iter().flatten().collect(),
    }
}

/// The time that one page needs and gives.
struct Reading {
    needed_ms: u64,
    /// Its turn excluded.
    given_ms: u64,
    /// How far a line runs, in pixels, at least 1; `None` where all stand.
    travel: Option<u32>,
}

impl Reading {
    fn new(page: &Page, fresh: &[&Item]) -> Self {
        let units = fresh.iter().filter(|item| setting(item).is_some()).count() as u64;
        let spoken: u64 = fresh.iter().map(|item| syllables(item)).sum();
        let travel = page.items.iter().find_map(|item| match item.drawing {
            Drawing::Marquee { travel: travel @ 1.., .. } => Some(travel),
            _ => None,
        });
        Self {
            needed_ms: (units * UNIT_MS).max(spoken * SYLLABLE_MS),
            given_ms: page.duration_ms - page.turn.added_ms(),
            travel,
        }
    }

    /// What a quick reader needs, at three syllables a second instead of two and a half.
    fn least_ms(&self) -> u64 {
        self.needed_ms * 5 / 6
    }

    fn passes(&self) -> u64 {
        match self.travel {
            Some(_) => self.least_ms().div_ceil(self.given_ms.max(1)).max(1),
            None => 0,
        }
    }

    /// A page that is gone before even a quick reader is through.
    fn too_fast(&self, index: usize, fps: u32) -> Option<Finding> {
        if self.least_ms() <= self.given_ms {
            return None;
        }
        let said = |ms: u64| format!("{:.1}", ms as f64 / 1000.0);
        let (page, needed_s, given_s) = (index + 1, said(self.needed_ms), said(self.given_ms));
        let message = match self.travel {
            Some(travel) => {
                let running_ms = self.needed_ms.saturating_sub(2 * HOLD_MS).max(1);
                let slow = (u64::from(travel) * 1000 / running_ms) as u32;
                let even = |speed: &u32| Pace::new(*speed, fps).is_some();
                let speed = (1..=slow).rev().find(even).unwrap_or(1);
                format!(
                    "the line of page {page} passes in {given_s} s and takes {needed_s} s to read; \
                     set marquee_px_per_s of the layout to at most {speed}"
                )
            }
            None => format!(
                "page {page} stands for {given_s} s and takes {needed_s} s to read; say less on it"
            ),
        };
        Some(Finding::new("too_fast", "", message, needed_s, given_s))
    }
}

fn contrast_low(contrast: f64, item: &Item) -> Option<Finding> {
    let zone = item.zone.as_str();
    let message = format!(
        "the words of zone `{zone}` have a contrast of {contrast:.1} : 1 to what is behind them, \
         less than {CONTRAST_MIN} : 1; give the zone another `colour` or `fill` in the layout"
    );
    let finding =
        || Finding::new("contrast_low", zone, message, rounded(contrast, 100.0), CONTRAST_MIN);
    (contrast < CONTRAST_MIN).then(finding)
}

fn letters_small(height_mm: f64, page: &Page, item: &Item, layout: &Layout) -> Option<Finding> {
    let least_mm = match layout.panel.kind {
        Kind::Led => LED_LETTER_MIN_MM,
        Kind::Lcd => LCD_LETTER_MIN_MM,
    };
    if height_mm >= least_mm {
        return None;
    }
    let zone = item.zone.as_str();
    let way_out = if may_grow(page, item, layout) {
        "use fewer words, so that a larger size fits".to_owned()
    } else {
        format!("let the layout give zone `{zone}` larger `sizes`")
    };
    let message = format!(
        "the letters of zone `{zone}` are {height_mm:.0} mm high and read from {:.1} m, not from \
         {:.0} m; {way_out}",
        legible_m(height_mm),
        legible_m(least_mm)
    );
    Some(Finding::new("letters_small", zone, message, rounded(height_mm, 10.0), least_mm))
}

/// Whether the item's zone sets fewer words larger than these.
fn may_grow(page: &Page, item: &Item, layout: &Layout) -> bool {
    let Some(size) = setting(item).map(|setting| setting.size) else { return false };
    let kinds = [PageKind::Notice, PageKind::Service, PageKind::Emergency, PageKind::Exercise];
    let pages = kinds.into_iter().chain([PageKind::Idle]).filter_map(|kind| layout.page(kind));
    let mut zones = pages
        .filter(|other| other.ground == page.ground)
        .flat_map(|page| &page.zones)
        .filter(|zone| zone.name == item.zone && zone.colour == item.colour);
    zones.any(|zone| zone.sizes.1 > size)
}

fn turn_long(duration_s: f64, pages: usize, letters: usize) -> Option<Finding> {
    if duration_s <= TURN_MAX_S {
        return None;
    }
    // The time grows with the letters, more or less: hence a twentieth less, and whole tens.
    let fewer = (letters as f64 * 0.95 * TURN_MAX_S / duration_s) as usize / 10 * 10;
    let pages = if pages == 1 { "1 page takes".to_owned() } else { format!("{pages} pages take") };
    let message = format!(
        "{pages} {duration_s:.1} s, and who walks past has {TURN_MAX_S} s; shorten the {letters} \
         letters to about {fewer}"
    );
    Some(Finding::new("turn_long", "", message, rounded(duration_s, 10.0), TURN_MAX_S))
}

fn code_near(distance_m: f64, item: &Item) -> Option<Finding> {
    let Drawing::Code { modules, module, .. } = &item.drawing else { return None };
    if distance_m >= CODE_MIN_M {
        return None;
    }
    let room = item.area.width.min(item.area.height);
    let may_grow =
        modules.side > SMALLEST_CODE && room / (SMALLEST_CODE + 2 * QUIET_ZONE) > *module;
    let way_out = if may_grow {
        "give it a shorter address in capitals, so that its modules grow"
    } else {
        "hang the board where people come that near"
    };
    let message = format!("the code scans from {distance_m:.1} m at most; {way_out}");
    let zone = item.zone.as_str();
    Some(Finding::new("code_near", zone, message, rounded(distance_m, 10.0), CODE_MIN_M))
}

/// Modules on a side of version 1.
const SMALLEST_CODE: u32 = 21;

/// Whether a reader knows the item from the page before.
fn stood(item: &Item, before: &[Item]) -> bool {
    let same = |other: &Item| other.zone == item.zone && lines(other) == lines(item);
    !item.turns && before.iter().any(same)
}

/// How an item's words are set; `None` for codes and pictures.
fn setting(item: &Item) -> Option<&Typeset> {
    match &item.drawing {
        Drawing::Text { setting, .. }
        | Drawing::Marquee { setting, .. }
        | Drawing::Clock { setting, .. } => Some(setting),
        Drawing::Code { .. } | Drawing::Picture { .. } => None,
    }
}

fn lines(item: &Item) -> Option<&[String]> {
    setting(item).map(|setting| setting.lines.as_slice())
}

/// Letters as a writer's editor counts them, blanks included.
fn letters_in(item: &Item) -> usize {
    lines(item).map_or(0, |lines| lines.join(" ").chars().count())
}

/// Height of the letter that stands for an item's words.
fn letter_mm(item: &Item, panel: &Panel, fonts: &Fonts) -> Option<f64> {
    let Typeset { face, size, lines, .. } = setting(item)?;
    let is_khmer = |letter| matches!(letter, '\u{1780}'..='\u{17ff}');
    let letter = if lines.iter().any(|line| line.contains(is_khmer)) { "ក" } else { "H" };
    let face = fonts.find(face)?;
    let glyph = fonts.shape(face, letter).first()?.glyph;
    let ink = fonts.ink(face, glyph, *size);
    Some(f64::from(ink.above + ink.below) * pitch_mm(panel))
}

/// How far an item's code scans; `None` for words.
fn code_m(item: &Item, panel: &Panel) -> Option<f64> {
    let Drawing::Code { modules, module, .. } = &item.drawing else { return None };
    let side_mm = f64::from(modules.side * module) * pitch_mm(panel);
    Some(side_mm / 1000.0 * DISTANCE_PER_CODE)
}

fn legible_m(height_mm: f64) -> f64 {
    height_mm / 1000.0 * DISTANCE_PER_HEIGHT
}

fn pitch_mm(panel: &Panel) -> f64 {
    f64::from(panel.pitch_um) / 1000.0
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;
    use crate::compose;
    use crate::content::{Code, Content, Look};

    /// A layout of the program with a part of its text written otherwise.
    fn altered(name: &str, part: &str, other: &str) -> Layout {
        let text = builtin::layout_text(name).expect("a layout of the program");
        assert!(text.contains(part), "{part}");
        Layout::parse(name, &text.replace(part, other), &builtin::fonts()).expect("sound")
    }

    fn layout(name: &str) -> Layout {
        builtin::layout(name).expect("a layout of the program")
    }

    fn check(content: Content, layout: &Layout) -> Legibility {
        let fonts = builtin::fonts();
        assess(&compose(&[content], layout, &fonts).expect("it fits"), layout, &fonts)
    }

    fn notice(headline: &str, text: &str) -> Content {
        Content::new(Look::Notice, "vi", headline, text)
    }

    fn codes(legibility: &Legibility) -> Vec<&str> {
        legibility.findings.iter().map(|finding| finding.code.as_str()).collect()
    }

    #[test]
    fn a_page_takes_the_longer_of_its_units_and_its_syllables() {
        let wall = layout("led-192x64");
        // Two units, 2 + 8 syllables: 4 s and 4 s.
        let short = check(notice("CÚP NƯỚC", "Sáng mai cúp nước ở khu phố tư"), &wall);
        assert_eq!((short.reading_s, short.pages, short.marquee_passes), (4.0, 1, 0));
        // 2 + 14 syllables: 6.4 s.
        let longer =
            check(notice("CÚP NƯỚC", "Sáng mai cúp nước ở khu phố tư và khu phố năm xã ta"), &wall);
        assert_eq!((longer.reading_s, longer.pages), (6.4, 1));
        assert_eq!(longer.advice(), None);
    }

    #[test]
    fn a_page_that_is_gone_too_soon_is_named() {
        let (wall, fonts) = (layout("led-192x64"), builtin::fonts());
        let content = notice("CÚP NƯỚC", "Sáng mai cúp nước ở khu phố tư");
        let mut composed = compose(&[content], &wall, &fonts).expect("it fits");
        // 4 s to read at 2.5 syllables a second, 3.3 s at three.
        composed.scene.pages[0].duration_ms = 3400;
        assert_eq!(codes(&assess(&composed, &wall, &fonts)), Vec::<&str>::new());
        composed.scene.pages[0].duration_ms = 3300;
        assert_eq!(codes(&assess(&composed, &wall, &fonts)), ["too_fast"]);
    }

    #[test]
    fn what_stands_is_read_once() {
        let text = "Sáng mai cúp nước ở khu phố tư. ".repeat(6);
        let three = check(notice("CÚP NƯỚC", &text), &layout("led-192x64"));
        assert!(three.pages > 1);
        // 2 + 6 × 8 syllables, on pages of more than five.
        assert_eq!(three.reading_s, 20.0);
        assert!(three.reading_s <= three.duration_s);
    }

    #[test]
    fn letters_are_measured_by_their_capitals() {
        // The capitals of bang16 have nine rows, 10 mm apart; 90 mm × 250 = 22.5 m.
        let wall = check(notice("CÚP NƯỚC", "Sáng mai cúp nước"), &layout("led-192x64"));
        assert_eq!((wall.letter_height_mm, wall.legible_to_m), (Some(90.0), Some(22.5)));
        let finer = altered("led-192x64", "pitch_um = 10000", "pitch_um = 5000");
        let finer = check(notice("CÚP NƯỚC", "Sáng mai cúp nước"), &finer);
        assert_eq!((finer.letter_height_mm, finer.legible_to_m), (Some(45.0), Some(11.3)));
        let advice = finer.advice().expect("letters too small");
        assert_eq!((advice.code.as_str(), advice.limit.as_str()), ("letters_small", "60"));
        assert!(advice.message.contains("larger `sizes`"), "{}", advice.message);
    }

    #[test]
    fn a_size_that_may_grow_asks_for_fewer_words() {
        let finer = altered("led-300x200", "pitch_um = 10000", "pitch_um = 2500");
        let long = check(notice("CÚP NƯỚC", &"Sáng mai cúp nước. ".repeat(30)), &finer);
        let advice = long.advice().expect("letters too small");
        assert!(advice.message.contains("fewer words"), "{}", advice.message);
    }

    #[test]
    fn a_code_scans_from_ten_times_its_side() {
        let code = |data: &str| Content {
            codes: vec![Code { data: data.to_owned(), caption: "dichvucong.gov.vn".to_owned() }],
            ..notice("DỊCH VỤ CÔNG", "Nộp hồ sơ ở nhà")
        };
        // 21 modules × 2 pixels × 10 mm = 0.42 m.
        let wall = check(code("HTTPS://DICHVUCONG.GOV.VN"), &layout("led-192x64"));
        assert_eq!(wall.code_scannable_to_m, Some(4.2));
        assert_eq!(codes(&wall), Vec::<&str>::new());
        // 21 modules × 1 pixel × 10 mm = 0.21 m, and there is no smaller code.
        let small = check(code("HTTPS://DICHVUCONG.GOV.VN"), &layout("led-128x32"));
        assert_eq!(small.code_scannable_to_m, Some(2.1));
        let advice = small.advice().expect("too near");
        assert!(advice.message.contains("hang the board"), "{}", advice.message);
        // Small letters need 25 modules: 33 with the quiet zone leave 1 pixel where 29 have 2.
        let finer = altered("led-192x64", "pitch_um = 10000", "pitch_um = 9000");
        let finer = check(code("https://dichvucong.gov.vn"), &finer);
        assert_eq!(finer.code_scannable_to_m, Some(2.3));
        let near = finer.findings.iter().find(|finding| finding.code == "code_near");
        assert!(near.is_some_and(|near| near.message.contains("in capitals")), "{near:?}");
        assert_eq!(check(notice("A", "B"), &layout("led-192x64")).code_scannable_to_m, None);
    }

    #[test]
    fn a_line_too_fast_to_read_says_at_which_speed_it_is_read() {
        let slow = layout("led-96x16");
        let fast = altered("led-96x16", "[panel]", "marquee_px_per_s = 420\n[panel]");
        let content = notice("CÚP NƯỚC", "Sáng mai cúp nước ở khu phố tư và khu phố năm xã ta");
        let read = check(content.clone(), &slow);
        assert_eq!((read.marquee_passes, codes(&read)), (1, vec![]));
        let missed = check(content.clone(), &fast);
        // 14 syllables take 5.6 s; two holds of 1 s and a second of running are less than 3.5 s.
        assert_eq!((missed.marquee_passes, codes(&missed)), (2, vec!["too_fast"]));
        let message = &missed.findings[0].message;
        let (_, speed) = message.split_once("at most ").expect("the way out");
        let heeded = format!("marquee_px_per_s = {speed}\n[panel]");
        let heeded = altered("led-96x16", "[panel]", &heeded);
        assert_eq!(codes(&check(content, &heeded)), Vec::<&str>::new(), "{message}");
    }

    #[test]
    fn a_turn_too_long_says_how_many_letters_fit() {
        let gate = layout("led-96x16");
        // 8 of the letters are the headline's.
        let long = check(notice("CÚP NƯỚC", &"Sáng mai cúp nước ".repeat(24)), &gate);
        assert_eq!(codes(&long), ["turn_long"]);
        let message = &long.findings[0].message;
        let (_, rest) = message.split_once("letters to about ").expect("the way out");
        let fewer: usize = rest.parse().expect("a number");
        let text: String = "Sáng mai cúp nước ".repeat(24).chars().take(fewer - 8).collect();
        let heeded = check(notice("CÚP NƯỚC", &text), &gate);
        assert!((25.0..=30.0).contains(&heeded.duration_s), "{message}: {}", heeded.duration_s);
    }

    #[test]
    fn faint_words_are_named() {
        let faint = altered("led-192x64", "colour = \"#ffd000\"", "colour = \"#333333\"");
        let faint = check(notice("CÚP NƯỚC", "Sáng mai"), &faint);
        // #33 is 0.2 of full light, 0.0331 linear: (0.0331 + 0.05) / 0.05.
        assert_eq!(faint.contrast, Some(1.66));
        let finding = faint.findings.iter().find(|finding| finding.code == "contrast_low");
        assert_eq!(finding.map(|finding| finding.zone.as_str()), Some("headline"));
    }
}
