//! Named zones on a panel for each kind of page, read from a TOML file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::content::Look;
use crate::fonts::{FaceId, Fonts};
use crate::panel::{Colours, Kind, Panel, Rgb};
use crate::problem::Problem;

/// A panel and its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The name it is known by, such as `led-192x64`.
    pub name: String,
    /// The pixels it is made for.
    pub panel: Panel,
    /// Speed of running lines, in pixels a second.
    pub marquee_px_per_s: u32,
    /// Faces for other languages than the zones are made for, by language tag.
    pub languages: BTreeMap<String, LanguageFaces>,
    pages: BTreeMap<PageKind, PageLayout>,
}

/// The faces that set one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageFaces {
    /// In order of preference.
    pub faces: Vec<FaceId>,
    /// The smallest legible size of that script, in pixels per em.
    pub min_size: u32,
}

/// The kinds of page a layout draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// A notice without a code.
    Notice,
    /// A notice with a code beside its words. Without this page a layout leaves codes out.
    Service,
    /// An emergency.
    Emergency,
    /// A drill.
    Exercise,
    /// Clock and name.
    Idle,
}

/// One page: its ground and its zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLayout {
    /// Whether the zones stand together or follow one another.
    pub arrange: Arrange,
    /// What is behind everything.
    pub ground: Rgb,
    /// In reading order.
    pub zones: Vec<Zone>,
}

/// How the zones of a page share the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrange {
    /// All zones at once; a text longer than its zone turns pages, the others stay.
    #[default]
    Together,
    /// One zone after the other, for panels of one or two rows. Bands stay.
    InTurn,
}

/// What a zone shows. Its name in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneName {
    /// A permanent band, such as DIỄN TẬP.
    Band,
    /// The headline, or the place's name on the idle page.
    Headline,
    /// The body, or the date on the idle page.
    Text,
    /// Risk level and time of issue. Without this zone they follow the text.
    Stamp,
    /// A code.
    Code,
    /// The words that belong to the code.
    Caption,
    /// HH:MM.
    Clock,
}

impl ZoneName {
    /// The name in layout files and descriptions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Band => "band",
            Self::Headline => "headline",
            Self::Text => "text",
            Self::Stamp => "stamp",
            Self::Code => "code",
            Self::Caption => "caption",
            Self::Clock => "clock",
        }
    }
}

/// A rectangle of a page and how words are set in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// What it shows.
    pub name: ZoneName,
    /// Where it lies.
    pub area: Area,
    /// The zone under whose words this one begins; its bottom stays.
    pub below: Option<ZoneName>,
    /// What is behind the words; `None` leaves the page's ground.
    pub fill: Option<Rgb>,
    /// The colour of words and dark-free code modules.
    pub colour: Rgb,
    /// Faces in order of preference; the next one is narrower.
    pub faces: Vec<FaceId>,
    /// Smallest legible and largest wanted size, in pixels per em.
    pub sizes: (u32, u32),
    /// Where lines stand between left and right.
    pub align: Align,
    /// Where the words stand between top and bottom.
    pub valign: Valign,
    /// What happens to words that do not fit.
    pub overflow: Overflow,
}

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Left column.
    pub x: u32,
    /// Top row.
    pub y: u32,
    /// Columns, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
}

impl Area {
    /// The smallest rectangle that holds both.
    pub fn union(self, other: Self) -> Self {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// Whether they share a pixel.
    pub fn meets(self, other: Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }
}

/// Where lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right edge.
    Right,
}

/// Where a block of lines stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Valign {
    /// At the top.
    Top,
    /// In the middle.
    #[default]
    Middle,
    /// At the bottom.
    Bottom,
}

/// What happens to words that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overflow {
    /// They are parted into pages.
    #[default]
    Pages,
    /// They run through the zone in one line.
    Marquee,
}

impl Layout {
    /// Largest layout file that is read, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads a layout file; `fonts` holds the faces that it may name.
    ///
    /// # Errors
    /// With every problem of the file.
    pub fn parse(name: &str, text: &str, fonts: &Fonts) -> Result<Self, Vec<Problem>> {
        if text.len() > Self::MAX_BYTES {
            return Err(vec![Problem::new(
                "layout_too_large",
                "",
                format!(
                    "the layout has {} bytes, at most {} are read",
                    text.len(),
                    Self::MAX_BYTES
                ),
                text.len(),
                Self::MAX_BYTES,
            )]);
        }
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |s| text[..s.start].lines().count().max(1));
            let message = format!("line {line}: {}", error.message().replace('\n', " "));
            vec![Problem::new("layout_syntax", "", message, "", "")]
        })?;
        Reader { fonts, problems: Vec::new() }.layout(name, file)
    }

    /// The page for a look, without and with a code.
    pub fn page(&self, kind: PageKind) -> Option<&PageLayout> {
        self.pages.get(&kind)
    }

    /// The page that content of that look goes on.
    pub fn page_for(&self, look: Look) -> &PageLayout {
        let kind = match look {
            Look::Notice => PageKind::Notice,
            Look::Emergency => PageKind::Emergency,
            Look::Exercise => PageKind::Exercise,
            Look::Idle => PageKind::Idle,
        };
        &self.pages[&kind]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    panel: PanelFile,
    #[serde(default = "default_marquee")]
    marquee_px_per_s: u32,
    #[serde(default)]
    languages: BTreeMap<String, LanguageFile>,
    notice: PageFile,
    service: Option<PageFile>,
    emergency: PageFile,
    exercise: PageFile,
    idle: PageFile,
}

/// About two syllables a second in a face of 7.5 pixels a letter, and one pixel a frame at 60 Hz.
fn default_marquee() -> u32 {
    60
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PanelFile {
    width: u32,
    height: u32,
    kind: Kind,
    colours: Colours,
    tint: Option<String>,
    pitch_um: u32,
    fps: u32,
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
}

struct Reader<'a> {
    fonts: &'a Fonts,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn layout(mut self, name: &str, file: File) -> Result<Layout, Vec<Problem>> {
        let panel = self.panel(file.panel);
        self.range("marquee_px_per_s", file.marquee_px_per_s, 1, 1000);
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
        let mut pages = BTreeMap::new();
        let files = [
            (PageKind::Notice, "notice", Some(file.notice)),
            (PageKind::Service, "service", file.service),
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
            let marquee_px_per_s = file.marquee_px_per_s;
            Ok(Layout { name: name.to_owned(), panel, marquee_px_per_s, languages, pages })
        } else {
            Err(self.problems)
        }
    }

    fn panel(&mut self, file: PanelFile) -> Panel {
        self.range("panel.width", file.width, 1, Panel::MAX_SIDE);
        self.range("panel.height", file.height, 1, Panel::MAX_SIDE);
        self.range("panel.pitch_um", file.pitch_um, 50, 100_000);
        self.range("panel.fps", file.fps, 1, 240);
        let tint = match &file.tint {
            Some(tint) => self.rgb("panel.tint", tint),
            None => Rgb::WHITE,
        };
        Panel {
            width: file.width,
            height: file.height,
            kind: file.kind,
            colours: file.colours,
            tint,
            pitch_um: file.pitch_um,
            fps: file.fps,
        }
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
        let needed: &[ZoneName] = match kind {
            PageKind::Notice | PageKind::Emergency => &[ZoneName::Headline, ZoneName::Text],
            PageKind::Exercise => &[ZoneName::Band, ZoneName::Headline, ZoneName::Text],
            PageKind::Service => &[ZoneName::Headline, ZoneName::Text, ZoneName::Code],
            PageKind::Idle => &[ZoneName::Clock, ZoneName::Headline],
        };
        for name in needed.iter().filter(|name| !seen.contains(name)) {
            self.add(path, "the page lacks a zone that it needs", name.as_str(), "");
        }
        PageLayout { arrange: file.arrange, ground: ground.unwrap_or(Rgb::BLACK), zones }
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
        let faces = self.faces(&format!("{path}.faces"), &file.faces);
        let sizes = file.sizes.unwrap_or([0, 0]);
        if file.name != ZoneName::Code {
            if faces.is_empty() {
                self.add(&format!("{path}.faces"), "a zone with words needs a face", "", 1);
            }
            self.range(&format!("{path}.sizes"), sizes[0], 6, sizes[1].max(6));
            self.range(&format!("{path}.sizes"), sizes[1], sizes[0], 1000);
        }
        let fill = self.colour(&format!("{path}.fill"), file.fill.as_deref(), panel);
        let colour = self.colour(&format!("{path}.colour"), file.colour.as_deref(), panel);
        Zone {
            name: file.name,
            area: Area { x: file.x, y: file.y, width: file.width, height: file.height },
            below: file.below,
            fill,
            colour: colour.unwrap_or(panel.tint),
            faces,
            sizes: (sizes[0], sizes[1]),
            align: file.align,
            valign: file.valign,
            overflow: file.overflow,
        }
    }

    fn faces(&mut self, path: &str, names: &[String]) -> Vec<FaceId> {
        let known = self.fonts.names().join(", ");
        let mut faces = Vec::new();
        for name in names {
            match self.fonts.find(name) {
                Some(face) => faces.push(face),
                None => self.add(path, "no such face; there are", name, &known),
            }
        }
        faces
    }

    /// A colour that the panel has: on a single-colour panel black or the tint alone, so that no
    /// meaning hangs on another.
    fn colour(&mut self, path: &str, text: Option<&str>, panel: &Panel) -> Option<Rgb> {
        let colour = match text? {
            "tint" => panel.tint,
            text => self.rgb(path, text),
        };
        if panel.colours == Colours::Single && colour != Rgb::BLACK && colour != panel.tint {
            self.add(path, "a single-colour panel shows black and its tint", text?, "tint");
        }
        Some(colour)
    }

    fn rgb(&mut self, path: &str, text: &str) -> Rgb {
        Rgb::parse(text).unwrap_or_else(|| {
            self.add(path, "a colour is written #rrggbb", text, "#rrggbb");
            Rgb::WHITE
        })
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
    fn the_layouts_of_the_program_are_sound() {
        for name in builtin::layout_names() {
            assert!(builtin::layout(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_fault_is_listed_at_once() {
        let text = r##"
            [panel]
            width = 96
            height = 0
            kind = "led"
            colours = "single"
            tint = "#ff0000"
            pitch_um = 10000
            fps = 60
            [notice]
            zones = [
              { name = "headline", x = 0, y = 0, width = 97, height = 16, faces = ["x"], sizes = [16, 16] },
              { name = "headline", x = 0, y = 0, width = 9, height = 16, colour = "#00ff00" },
            ]
            [emergency]
            zones = []
            [exercise]
            zones = []
            [idle]
            zones = []
        "##;
        let problems = Layout::parse("bad", text, &builtin::fonts()).expect_err("refused");
        let paths: Vec<_> = problems.iter().map(|p| p.path.as_str()).collect();
        for path in [
            "panel.height",
            "notice.zones[0].width",
            "notice.zones[0]",
            "notice.zones[0].faces",
            "notice.zones[1]",
            "notice.zones[1].colour",
            "notice.zones[1].sizes",
            "notice",
            "emergency",
            "exercise",
            "idle",
        ] {
            assert!(paths.contains(&path), "{path} is not among {paths:?}");
        }
    }

    #[test]
    fn syntax_is_reported_with_its_line() {
        let problems =
            Layout::parse("bad", "[panel]\nwidth = =", &builtin::fonts()).expect_err("refused");
        assert!(problems[0].message.starts_with("line 2: "), "{problems:?}");
    }
}
