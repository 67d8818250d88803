//! Named zones on a panel for each kind of page, read from a TOML file.
//!
//! A letter that the face of a zone's words lacks comes from the first face that has it: the first
//! of the zone's `faces`, those of `fallback` (at the top of the file; the ones that are bold, or
//! not, like that first face before the others), the other `faces`, those of `[languages]`, and at
//! last any dot face.

mod read;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::content::Look;
use crate::effect::{Pace, Transition};
use crate::fonts::{FaceId, Fonts};
use crate::panel::{Area, Panel, Rgb};
use crate::problem::Problem;
use crate::qr::Correction;

/// A panel and its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The name it is known by, such as `led-192x64`.
    pub name: String,
    /// The pixels it is made for.
    pub panel: Panel,
    /// How fast lines run.
    pub pace: Pace,
    /// Faces for other languages than the zones are made for, by language tag.
    pub languages: BTreeMap<String, LanguageFaces>,
    /// All faces that any of its zones names.
    pub(crate) faces: Vec<FaceId>,
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
    /// A picture. Without this page a layout leaves pictures out.
    Picture,
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
    /// How words come and go between its pages.
    pub transition: Transition,
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
    /// A picture.
    Picture,
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
            Self::Picture => "picture",
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
    /// Columns left and right, and rows above and below, that stay free of words.
    pub padding: (u32, u32),
    /// The zone under whose words this one begins; its bottom stays.
    pub below: Option<ZoneName>,
    /// What is behind the words; `None` leaves the page's ground.
    pub fill: Option<Rgb>,
    /// The colour of words and dark-free code modules.
    pub colour: Rgb,
    /// Faces in order of preference; the next one is narrower.
    pub faces: Vec<FaceId>,
    /// Faces for letters that the first of `faces` lacks: the layout's `fallback`, those as bold as
    /// that face before the others.
    pub fallback: Vec<FaceId>,
    /// Smallest legible and largest wanted size, in pixels per em.
    pub sizes: (u32, u32),
    /// Where lines stand between left and right.
    pub align: Align,
    /// Where the words stand between top and bottom.
    pub valign: Valign,
    /// What happens to words that do not fit.
    pub overflow: Overflow,
    /// Clear rows between the ink of neighbouring lines; `None` leaves it to the size.
    pub leading: Option<u32>,
    /// Whether a running line enters at the right edge instead of beginning in sight.
    pub enters: bool,
    /// How many times a second it calls for attention at the beginning; 0 for never.
    pub flashes_per_s: u32,
    /// Whether it takes the colour of a notice's risk level.
    pub risk: bool,
    /// The least correction of a code.
    pub correction: Correction,
    /// Whether a clock shows seconds.
    pub seconds: bool,
}

impl Zone {
    /// Where words stand in a zone that lies in `area`.
    pub fn inner(&self, area: Area) -> Area {
        let (columns, rows) = self.padding;
        // Less padding rather than none where the zone above left little room.
        let columns = columns.min(area.width.saturating_sub(1) / 2);
        let rows = rows.min(area.height.saturating_sub(1) / 2);
        Area {
            x: area.x + columns,
            y: area.y + rows,
            width: area.width - 2 * columns,
            height: area.height - 2 * rows,
        }
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
        read::read(name, text, fonts)
    }

    /// The page for a look, without and with a code.
    pub fn page(&self, kind: PageKind) -> Option<&PageLayout> {
        self.pages.get(&kind)
    }

    /// The page for codes or pictures of content of that look. A drill's must have its band.
    pub(crate) fn page_beside(&self, kind: PageKind, look: Look) -> Option<&PageLayout> {
        let has_band = |page: &&PageLayout| page.zones.iter().any(|z| z.name == ZoneName::Band);
        self.page(kind).filter(|page| look != Look::Exercise || has_band(page))
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
            fallback = ["bang16", "y"]
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
            "fallback",
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

    /// Words that lie on others, or on a fill that is not theirs, are read by nobody.
    #[test]
    fn zones_that_could_lie_on_others_are_refused() {
        let zone = |name: &str, y: u32, height: u32, more: &str| {
            format!(
                "{{ name = \"{name}\", x = 0, y = {y}, width = 64, height = {height}, \
                 faces = [\"bang16\"], sizes = [16, 16]{more} }}"
            )
        };
        let check = |zones: [String; 3], expected: &[&str]| {
            let text = builtin::layout_text("led-192x64").expect("a layout of the program");
            let begin = text.find("[notice]").expect("it has notices");
            let end = text.find("[service]").expect("it has codes");
            let page = format!("[notice]\nzones = [{}]\n", zones.join(", "));
            let text = format!("{}{page}{}", &text[..begin], &text[end..]);
            let problems = Layout::parse("own", &text, &builtin::fonts()).err().unwrap_or_default();
            let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
            assert_eq!(paths, expected, "{problems:?}");
        };
        let headline = || zone("headline", 0, 16, "");
        let below = ", below = \"headline\"";
        check([headline(), zone("stamp", 48, 16, ""), zone("text", 10, 32, below)], &[]);
        let on_both = zone("text", 10, 32, "");
        check([headline(), zone("stamp", 32, 16, ""), on_both], &["notice.zones[2]"; 2]);
        // It rises to the headline's words, over what stands between.
        let rises = zone("text", 32, 32, below);
        check([headline(), zone("stamp", 16, 16, ""), rises], &["notice.zones[2]"]);
        // What a text leaves free differs from page to page.
        let after = zone("stamp", 48, 16, ", below = \"text\"");
        check([headline(), zone("text", 16, 32, ""), after], &["notice.zones[2].below"]);
    }

    #[test]
    fn syntax_is_reported_with_its_line() {
        let problems =
            Layout::parse("bad", "[panel]\nwidth = =", &builtin::fonts()).expect_err("refused");
        assert!(problems[0].message.starts_with("line 2: "), "{problems:?}");
    }

    fn red_green(panel: &str, colour: &str) -> String {
        let zone = |name: &str, height: u32| {
            let x = if name == "band" { 90 } else { 0 };
            let width = if name == "band" { 6 } else { 90 };
            format!(
                "{{ name = \"{name}\", x = {x}, y = 0, width = {width}, height = {height}, \
                 faces = [\"bang16\"], sizes = [16, 16], colour = \"{colour}\" }}"
            )
        };
        let page = |name: &str, zones: &[&str]| {
            let zones: Vec<_> = zones.iter().map(|name| zone(name, 16)).collect();
            format!("[{name}]\narrange = \"in_turn\"\nzones = [{}]\n", zones.join(", "))
        };
        format!(
            "[panel]\nwidth = 96\nheight = 16\nkind = \"led\"\ncolours = \"red-green\"\n\
             pitch_um = 10000\nfps = 60\n{panel}\n{}{}{}{}",
            page("notice", &["headline", "text"]),
            page("emergency", &["headline", "text"]),
            page("exercise", &["band", "headline", "text"]),
            page("idle", &["clock", "headline"]),
        )
    }

    #[test]
    fn a_red_green_panel_shows_amber_and_no_blue() {
        let fonts = builtin::fonts();
        let layout = Layout::parse("two", &red_green("", "tint"), &fonts).expect("sound");
        assert_eq!((layout.panel.tint, layout.panel.bits), (Rgb::AMBER, 8));
        let orange = red_green("tint = \"#ff8000\"\nbits = 2", "#ff0000");
        let layout = Layout::parse("two", &orange, &fonts).expect("sound");
        assert_eq!((layout.panel.tint, layout.panel.bits), (Rgb::new(255, 128, 0), 2));

        let white = red_green("tint = \"#ffffff\"\nbits = 9", "#00ff01");
        let problems = Layout::parse("two", &white, &fonts).expect_err("refused");
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines[..3],
            [
                "`panel.bits`: out of range: `9` (1 to 8)",
                "`panel.tint`: a red-green panel shows no blue: `#ffffff` (#rrgg00)",
                "`notice.zones[0].colour`: a red-green panel shows no blue: `#00ff01` (#rrgg00)",
            ]
        );
    }
}
