//! Reads a layout file and says everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::*;
use crate::effect::FLASHES_PER_S_MAX;
use crate::panel::{Colours, Kind, contrast};

/// Reads the text of a layout file.
pub(super) fn read(name: &str, text: &str, fonts: &Fonts) -> Result<Layout, Vec<Problem>> {
    let file: File = toml::from_str(text)
        .map_err(|error| vec![Problem::of_toml("layout_syntax", text, &error)])?;
    Reader { fonts, fallback: Vec::new(), problems: Vec::new() }.layout(name, file)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    panel: PanelFile,
    #[serde(default = "default_marquee")]
    marquee_px_per_s: u32,
    #[serde(default)]
    languages: BTreeMap<String, LanguageFile>,
    #[serde(default)]
    fallback: Vec<String>,
    notice: PageFile,
    service: Option<PageFile>,
    picture: Option<PageFile>,
    emergency: PageFile,
    exercise: PageFile,
    idle: PageFile,
}

/// About two syllables a second in a face of 7.5 pixels a letter, and one pixel a frame at 60 Hz.
fn default_marquee() -> u32 {
    60
}

/// Lowest contrast on a screen, which stands in daylight and is read by the old (WCAG 2.2, success
/// criterion 1.4.6). LED boards are brighter than any sRGB ratio says.
const LCD_CONTRAST_MIN: f64 = 7.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PanelFile {
    width: u32,
    height: u32,
    kind: Kind,
    colours: Colours,
    tint: Option<String>,
    #[serde(default = "default_bits")]
    bits: u32,
    pitch_um: u32,
    fps: u32,
}

/// What a channel of a frame holds.
fn default_bits() -> u32 {
    8
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageFile {
    faces: Vec<String>,
    min_size: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageFile {
    #[serde(default)]
    arrange: Arrange,
    ground: Option<String>,
    #[serde(default)]
    transition: Transition,
    zones: Vec<ZoneFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneFile {
    name: ZoneName,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    #[serde(default)]
    padding: [u32; 2],
    below: Option<ZoneName>,
    fill: Option<String>,
    colour: Option<String>,
    #[serde(default)]
    faces: Vec<String>,
    sizes: Option<[u32; 2]>,
    #[serde(default)]
    align: Align,
    #[serde(default)]
    valign: Valign,
    #[serde(default)]
    overflow: Overflow,
    leading: Option<u32>,
    #[serde(default)]
    enters: bool,
    #[serde(default)]
    flashes_per_s: u32,
    #[serde(default)]
    risk: bool,
    #[serde(default)]
    correction: Correction,
    #[serde(default)]
    seconds: bool,
}

struct Reader<'a> {
    fonts: &'a Fonts,
    fallback: Vec<FaceId>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn layout(mut self, name: &str, file: File) -> Result<Layout, Vec<Problem>> {
        let panel = self.panel(file.panel);
        let pace = self.pace(file.marquee_px_per_s, panel.fps);
        let languages = file
            .languages
            .into_iter()
            .map(|(tag, language)| {
                let path = format!("languages.{tag}");
                self.range(&format!("{path}.min_size"), language.min_size, 6, 400);
                let faces = self.faces(&format!("{path}.faces"), &language.faces);
                if faces.is_empty() {
                    self.add(&format!("{path}.faces"), "a language needs a face", "", 1);
                }
                (tag, LanguageFaces { faces, min_size: language.min_size })
            })
            .collect();
        self.fallback = self.faces("fallback", &file.fallback);
        let mut pages = BTreeMap::new();
        let files = [
            (PageKind::Notice, "notice", Some(file.notice)),
            (PageKind::Service, "service", file.service),
            (PageKind::Picture, "picture", file.picture),
            (PageKind::Emergency, "emergency", Some(file.emergency)),
            (PageKind::Exercise, "exercise", Some(file.exercise)),
            (PageKind::Idle, "idle", Some(file.idle)),
        ];
        for (kind, path, page) in files {
            if let Some(page) = page {
                pages.insert(kind, self.page(path, kind, page, &panel));
            }
        }
        if self.problems.is_empty() {
            let zones = pages.values().flat_map(|page: &PageLayout| &page.zones);
            let mut faces: Vec<FaceId> = Vec::new();
            for face in zones.flat_map(|zone| zone.faces.iter().chain(&zone.fallback)) {
                if !faces.contains(face) {
                    faces.push(*face);
                }
            }
            Ok(Layout { name: name.to_owned(), panel, pace, languages, faces, pages })
        } else {
            Err(self.problems)
        }
    }

    fn panel(&mut self, file: PanelFile) -> Panel {
        self.range("panel.width", file.width, 1, Panel::MAX_SIDE);
        self.range("panel.height", file.height, 1, Panel::MAX_SIDE);
        self.range("panel.pitch_um", file.pitch_um, 50, 100_000);
        self.range("panel.fps", file.fps, 1, 240);
        self.range("panel.bits", file.bits, 1, 8);
        let default = if file.colours == Colours::RedGreen { Rgb::AMBER } else { Rgb::WHITE };
        let mut panel = Panel {
            width: file.width,
            height: file.height,
            kind: file.kind,
            colours: file.colours,
            tint: default,
            bits: file.bits.clamp(1, 8) as u8,
            pitch_um: file.pitch_um,
            fps: file.fps,
        };
        if let Some(text) = &file.tint {
            panel.tint = self.rgb("panel.tint", text).unwrap_or(default);
            self.shown("panel.tint", text, panel.tint, &panel);
        }
        panel
    }

    /// A speed at which every picture moves a line by the same whole pixels.
    fn pace(&mut self, px_per_s: u32, fps: u32) -> Pace {
        self.range("marquee_px_per_s", px_per_s, 1, 1000);
        Pace::new(px_per_s, fps).unwrap_or_else(|| {
            let limit = format!("a multiple or an even part of panel.fps = {fps}");
            self.add("marquee_px_per_s", "lines would stutter", px_per_s, limit);
            Pace { steps_per_s: 1, px_per_step: 1 }
        })
    }

    fn page(&mut self, path: &str, kind: PageKind, file: PageFile, panel: &Panel) -> PageLayout {
        let ground = self.colour(&format!("{path}.ground"), file.ground.as_deref(), panel);
        let mut seen = BTreeSet::new();
        let mut zones = Vec::new();
        for (index, zone) in file.zones.into_iter().enumerate() {
            let path = format!("{path}.zones[{index}]");
            let name = zone.name;
            if let Some(below) = zone.below.filter(|below| !seen.contains(below)) {
                self.add(&format!("{path}.below"), "names no zone above it", below.as_str(), "");
            }
            if !seen.insert(name) {
                self.add(&path, "a page has each zone once", name.as_str(), 1);
            }
            zones.push(self.zone(&path, zone, panel));
        }
        self.overlaps(path, file.arrange, &zones);
        if panel.kind == Kind::Lcd {
            self.contrasts(path, ground.unwrap_or(Rgb::BLACK), &zones);
        }
        let needed: &[ZoneName] = match kind {
            PageKind::Notice | PageKind::Emergency => &[ZoneName::Headline, ZoneName::Text],
            PageKind::Exercise => &[ZoneName::Band, ZoneName::Headline, ZoneName::Text],
            PageKind::Service => &[ZoneName::Headline, ZoneName::Text, ZoneName::Code],
            PageKind::Picture => &[ZoneName::Picture],
            PageKind::Idle => &[ZoneName::Clock, ZoneName::Headline],
        };
        for name in needed.iter().filter(|name| !seen.contains(name)) {
            self.add(path, "the page lacks a zone that it needs", name.as_str(), "");
        }
        PageLayout {
            arrange: file.arrange,
            ground: ground.unwrap_or(Rgb::BLACK),
            transition: file.transition,
            zones,
        }
    }

    fn zone(&mut self, path: &str, file: ZoneFile, panel: &Panel) -> Zone {
        self.range(&format!("{path}.width"), file.width, 1, panel.width);
        self.range(&format!("{path}.height"), file.height, 1, panel.height);
        if u64::from(file.x) + u64::from(file.width) > u64::from(panel.width)
            || u64::from(file.y) + u64::from(file.height) > u64::from(panel.height)
        {
            let zone = format!("{}×{} at {},{}", file.width, file.height, file.x, file.y);
            let limit = format!("{}×{}", panel.width, panel.height);
            self.add(path, "the zone leaves the panel", &zone, limit);
        }
        let [columns, rows] = file.padding;
        if columns >= file.width.div_ceil(2) || rows >= file.height.div_ceil(2) {
            let padding = format!("{columns}, {rows}");
            let limit = format!("less than half of {}×{}", file.width, file.height);
            self.add(&format!("{path}.padding"), "leaves no room for words", padding, limit);
        }
        let faces = self.faces(&format!("{path}.faces"), &file.faces);
        let mut fallback = self.fallback.clone();
        if let Some(first) = faces.first() {
            let is_bold = self.fonts.is_bold(*first);
            fallback.sort_by_key(|face| self.fonts.is_bold(*face) != is_bold);
        }
        let sizes = file.sizes.unwrap_or([0, 0]);
        if !matches!(file.name, ZoneName::Code | ZoneName::Picture) {
            if faces.is_empty() {
                self.add(&format!("{path}.faces"), "a zone with words needs a face", "", 1);
            }
            self.range(&format!("{path}.sizes"), sizes[0], 6, sizes[1].max(6));
            self.range(&format!("{path}.sizes"), sizes[1], sizes[0], 1000);
        }
        self.range(&format!("{path}.leading"), file.leading.unwrap_or(0), 0, panel.height);
        self.range(&format!("{path}.flashes_per_s"), file.flashes_per_s, 0, FLASHES_PER_S_MAX);
        let fill = self.colour(&format!("{path}.fill"), file.fill.as_deref(), panel);
        let colour = self.colour(&format!("{path}.colour"), file.colour.as_deref(), panel);
        Zone {
            name: file.name,
            area: Area { x: file.x, y: file.y, width: file.width, height: file.height },
            padding: (file.padding[0], file.padding[1]),
            below: file.below,
            fill,
            colour: colour.unwrap_or(panel.tint),
            faces,
            fallback,
            sizes: (sizes[0], sizes[1]),
            align: file.align,
            valign: file.valign,
            overflow: file.overflow,
            leading: file.leading,
            enters: file.enters,
            flashes_per_s: file.flashes_per_s,
            risk: file.risk,
            correction: file.correction,
            seconds: file.seconds,
        }
    }

    /// Checks that no zone can lie on another: not where it is, and not where it goes when it
    /// begins right below the words of another.
    fn overlaps(&mut self, path: &str, arrange: Arrange, zones: &[Zone]) {
        let above = |zone: &Zone| {
            zones
                .iter()
                .take_while(|other| other.name != zone.name)
                .find(|other| Some(other.name) == zone.below)
        };
        // The zones that one begins below, and theirs.
        let chain = |zone: &'_ Zone| {
            let first = above(zone);
            std::iter::successors(first, |next| above(next)).collect::<Vec<_>>()
        };
        let reach = |zone: &Zone| {
            let top = chain(zone).iter().map(|other| other.area.y).min().unwrap_or(zone.area.y);
            let y = top.min(zone.area.y);
            Area { y, height: zone.area.y + zone.area.height - y, ..zone.area }
        };
        let takes_turns = |zone: &Zone| {
            let turns = [ZoneName::Headline, ZoneName::Text, ZoneName::Clock];
            arrange == Arrange::InTurn && turns.contains(&zone.name)
        };
        for (index, zone) in zones.iter().enumerate() {
            let at = format!("{path}.zones[{index}]");
            let words = [ZoneName::Code, ZoneName::Picture];
            let text =
                zone.below.filter(|below| *below == ZoneName::Text || words.contains(&zone.name));
            if let Some(below) = text {
                let what =
                    "only words stand below others, and nothing below a text that turns pages";
                self.add(&format!("{at}.below"), what, below.as_str(), "");
            }
            if zone.flashes_per_s > 0 && words.contains(&zone.name) {
                let what = "a code or a picture never flashes: nobody could scan or see it";
                self.add(&format!("{at}.flashes_per_s"), what, zone.flashes_per_s, 0);
            }
            for other in &zones[..index] {
                let related = chain(zone).iter().any(|above| above.name == other.name);
                let in_turn = takes_turns(zone) && takes_turns(other);
                if !related && !in_turn && reach(zone).meets(reach(other)) {
                    self.add(
                        &at,
                        "the zone may lie on another",
                        zone.name.as_str(),
                        other.name.as_str(),
                    );
                }
            }
        }
    }

    /// Checks that words, and the light modules of a code, stand out from what is behind them.
    fn contrasts(&mut self, path: &str, ground: Rgb, zones: &[Zone]) {
        for (index, zone) in zones.iter().enumerate() {
            let at = format!("{path}.zones[{index}]");
            // A colour that could not be read says nothing about contrast.
            let colours = [format!("{at}.colour"), format!("{at}.fill"), format!("{path}.ground")];
            if self.problems.iter().any(|problem| colours.contains(&problem.path)) {
                continue;
            }
            let behind = match zone.name {
                ZoneName::Code => Rgb::BLACK,
                _ => zone.fill.unwrap_or(ground),
            };
            let ratio = contrast(zone.colour, behind);
            if ratio < LCD_CONTRAST_MIN {
                // Rounded down, so that what is too little never reads as enough.
                let ratio = format!("{:.1} : 1", (ratio * 10.0).floor() / 10.0);
                let limit = format!("at least {LCD_CONTRAST_MIN} : 1");
                let what =
                    "too little contrast to what is behind; make one of them lighter or darker";
                self.add(&format!("{at}.colour"), what, ratio, limit);
            }
        }
    }

    fn faces(&mut self, path: &str, names: &[String]) -> Vec<FaceId> {
        let known = self.fonts.names().collect::<Vec<_>>().join(", ");
        let mut faces = Vec::new();
        for name in names {
            match self.fonts.find(name) {
                Some(face) => faces.push(face),
                None => self.add(path, "no such face; there are", name, &known),
            }
        }
        faces
    }

    /// A colour that the panel has, so that no meaning hangs on another.
    fn colour(&mut self, path: &str, text: Option<&str>, panel: &Panel) -> Option<Rgb> {
        let text = text?;
        let colour = match text {
            "tint" => panel.tint,
            text => self.rgb(path, text)?,
        };
        self.shown(path, text, colour, panel);
        Some(colour)
    }

    fn shown(&mut self, path: &str, text: &str, colour: Rgb, panel: &Panel) {
        let (what, limit) = match panel.colours {
            Colours::Single => ("a single-colour panel shows black and its tint", "tint"),
            Colours::RedGreen => ("a red-green panel shows no blue", "#rrgg00"),
            Colours::Rgb => return,
        };
        if !panel.shows(colour) {
            self.add(path, what, text, limit);
        }
    }

    fn rgb(&mut self, path: &str, text: &str) -> Option<Rgb> {
        let colour = Rgb::parse(text);
        if colour.is_none() {
            self.add(path, "a colour is written #rrggbb", text, "#rrggbb");
        }
        colour
    }

    fn range(&mut self, path: &str, value: u32, least: u32, most: u32) {
        if !(least..=most).contains(&value) {
            self.add(path, "out of range", value, format!("{least} to {most}"));
        }
    }

    fn add(&mut self, path: &str, what: &str, value: impl ToString, limit: impl ToString) {
        let (value, limit) = (value.to_string(), limit.to_string());
        let message = match limit.as_str() {
            "" => format!("{what}: `{value}`"),
            limit => format!("{what}: `{value}` ({limit})"),
        };
        self.problems.push(Problem::new("layout", path, message, value, limit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;

    #[test]
    fn a_screen_needs_contrast_and_is_told_how_much() {
        let text = builtin::layout_text("lcd-1080p").expect("a layout of the program");
        let check = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            let read = read("faint", &text.replace(from, to), &builtin::fonts());
            let problems = read.err().unwrap_or_default();
            problems.into_iter().map(|problem| (problem.path, problem.value)).collect::<Vec<_>>()
        };
        // White on this blue has 6.24 : 1.
        let band = ("exercise.zones[0].colour".to_owned(), "6.2 : 1".to_owned());
        assert_eq!(check("#004fc8", "#0057d9"), [band]);
        // A colour that is none is one fault, not two.
        assert_eq!(check("#004fc8", "blue").len(), 1);
        assert_eq!(check("kind = \"lcd\"", "kind = \"led\""), []);
    }
}
