//! Layout files for panels that nobody has built: valid by construction, and otherwise odd.

use std::fmt::Write;

use proptest::prelude::*;

/// Rectangle of a zone as x, y, width and height.
type Place = [u32; 4];

/// A panel, and the kinds of things that its pages do.
#[derive(Debug, Clone)]
struct Board {
    width: u32,
    height: u32,
    is_lcd: bool,
    /// How the panel's colours are called, and its tint.
    colours: (&'static str, &'static str),
    /// A dark and a light colour that it has, far enough apart for a screen.
    pair: (&'static str, &'static str),
    /// Whether pages are light and their words dark.
    is_light: bool,
    bits: u32,
    fps: u32,
    /// The speed of lines, in quarters of a pixel a picture: 2, 4, 8 or 16.
    quarters: u32,
    pages: Pages,
    /// How each zone is set: band, headline, text, stamp and caption, clock and code.
    styles: [Style; 5],
}

#[derive(Debug, Clone)]
struct Pages {
    in_turn: bool,
    transition: &'static str,
    has_service: bool,
    has_stamp: bool,
    has_caption: bool,
    has_seconds: bool,
    has_khmer: bool,
    /// Whether the text follows the words of the headline, which may take its room.
    follows: bool,
    /// Tenths of the height for the headline.
    headline: u32,
    margin: u32,
    outlines: bool,
}

#[derive(Debug, Clone)]
struct Style {
    faces: usize,
    /// Tenths of the zone's height: the smallest size and the largest.
    sizes: (u32, u32),
    align: &'static str,
    valign: &'static str,
    overflow: &'static str,
    leading: Option<u32>,
    enters: bool,
    flashes: u32,
    padding: (u32, u32),
    is_filled: bool,
    correction: &'static str,
}

const DOTS: [&str; 3] = [r#""bang16-bold", "bang16""#, r#""bang16", "bang12""#, r#""bang12""#];
const OUTLINES: [&str; 4] = [
    r#""be-vietnam-pro-bold", "roboto-condensed-bold""#,
    r#""roboto-condensed""#,
    r#""noto-sans", "bang12""#,
    r#""noto-sans-bold", "noto-sans-khmer""#,
];

/// The text of a layout file.
pub fn layout_files() -> impl Strategy<Value = String> {
    boards().prop_map(|board| board.file())
}

fn boards() -> impl Strategy<Value = Board> {
    let side = prop_oneof![
        6 => (32u32..=400, 16u32..=240),
        3 => prop::sample::select(vec![(32, 16), (64, 32), (96, 16), (96, 48), (128, 64), (64, 96)]),
        1 => prop::sample::select(vec![(4096, 16), (32, 1024), (1024, 32), (1920, 1080)]),
    ];
    let colours = prop::sample::select(vec![
        (("single", "#ff9000"), ("#000000", "tint")),
        (("single", "#ffffff"), ("#000000", "tint")),
        (("red-green", "#ffff00"), ("#000000", "#ffc000")),
        (("red-green", "#ffd000"), ("#500000", "tint")),
        (("rgb", "#ffffff"), ("#000000", "#ffd000")),
        (("rgb", "#ffffff"), ("#0a1f44", "#ffffff")),
        (("rgb", "#f0fff0"), ("#600010", "tint")),
    ]);
    let rate = (prop::sample::select(vec![30u32, 50, 60]), prop::sample::select(vec![2, 4, 8, 16]));
    let styles = prop::array::uniform5(style());
    (side, any::<bool>(), colours, any::<bool>(), 1u32..=8, rate, pages(), styles).prop_map(
        |(
            (width, height),
            is_lcd,
            (colours, pair),
            is_light,
            bits,
            (fps, quarters),
            pages,
            styles,
        )| {
            Board {
                width,
                height,
                is_lcd,
                colours,
                pair,
                is_light,
                bits,
                fps,
                quarters,
                pages,
                styles,
            }
        },
    )
}

fn pages() -> impl Strategy<Value = Pages> {
    let flags = prop::array::uniform8(any::<bool>());
    let transition = prop::sample::select(vec!["cut", "fade", "wipe"]);
    (flags, transition, 2u32..=6, 0u32..=3).prop_map(|(flags, transition, headline, margin)| {
        let [in_turn, follows, stamp, caption, seconds, service, khmer, outlines] = flags;
        Pages {
            in_turn,
            transition,
            has_service: service,
            has_stamp: stamp,
            has_caption: caption,
            has_seconds: seconds,
            has_khmer: khmer,
            follows,
            headline,
            margin,
            outlines,
        }
    })
}

fn style() -> impl Strategy<Value = Style> {
    let mostly = |usual: u32, most: u32| prop_oneof![3 => Just(usual), 1 => 0..=most];
    let align = prop::sample::select(vec!["left", "centre", "right"]);
    let valign = prop::sample::select(vec!["top", "middle", "bottom"]);
    let overflow = prop::sample::select(vec!["pages", "marquee"]);
    let leading = prop_oneof![3 => Just(None), 1 => (0u32..=4).prop_map(Some)];
    let correction = prop::sample::select(vec!["low", "medium", "quartile", "high"]);
    let words = (0usize..12, (1u32..=4, 2u32..=10), align, valign, overflow, leading);
    let rest =
        (any::<bool>(), mostly(0, 3), (mostly(0, 6), mostly(0, 3)), any::<bool>(), correction);
    (words, rest).prop_map(|((faces, sizes, align, valign, overflow, leading), rest)| {
        let (enters, flashes, padding, is_filled, correction) = rest;
        Style {
            faces,
            sizes,
            align,
            valign,
            overflow,
            leading,
            enters,
            flashes,
            padding,
            is_filled,
            correction,
        }
    })
}

impl Board {
    fn file(&self) -> String {
        let Self { width, height, bits, fps, pages, .. } = self;
        let (colours, tint) = self.colours;
        let kind = if self.is_lcd { "lcd" } else { "led" };
        // Half a pixel a picture is one every other picture.
        let speed = fps * self.quarters / 4;
        let mut file = format!(
            "marquee_px_per_s = {speed}\n\n[panel]\nwidth = {width}\nheight = {height}\n\
             kind = \"{kind}\"\ncolours = \"{colours}\"\ntint = \"{tint}\"\nbits = {bits}\n\
             pitch_um = 6000\nfps = {fps}\n"
        );
        if pages.has_khmer {
            let least = (height / 4).clamp(12, 40);
            file += &format!(
                "\n[languages.km]\nfaces = [\"noto-sans-khmer-bold\", \"noto-sans-khmer\"]\n\
                 min_size = {least}\n"
            );
        }
        let whole = [0, 0, *width, *height];
        self.page(&mut file, "notice", &self.words(whole, false));
        self.page(&mut file, "emergency", &self.words(whole, false));
        self.page(&mut file, "exercise", &self.words(whole, true));
        self.page(&mut file, "idle", &self.idle(whole));
        if let Some(zones) = self.service().filter(|_| pages.has_service) {
            self.page(&mut file, "service", &zones);
        }
        file
    }

    /// Bands above and below, and between them headline and text.
    fn words(&self, [x, y, width, height]: Place, has_band: bool) -> Vec<String> {
        let Pages { has_stamp, follows, in_turn, headline, margin, .. } = self.pages;
        let mut zones = Vec::new();
        let (mut x, mut y, mut width, mut height) = (x, y, width, height);
        if has_band && height >= 40 {
            let rows = (height / 4).max(16);
            zones.push(self.zone("band", 0, [x, y, width, rows]));
            (y, height) = (y + rows, height - rows);
        } else if has_band {
            let columns = width * 2 / 3;
            zones.push(self.zone("band", 0, [x, y, columns, height]));
            (x, width) = (x + columns, width - columns);
        }
        if has_stamp && height >= 48 {
            let rows = (height / 5).max(16);
            zones.push(self.zone("stamp", 3, [x, y + height - rows, width, rows]));
            height -= rows;
        }
        let margin = margin.min(width / 4).min(height / 32);
        (x, y, width, height) = (x + margin, y + margin, width - 2 * margin, height - 2 * margin);
        if in_turn {
            zones.push(self.zone("headline", 1, [x, y, width, height]));
            zones.push(self.zone("text", 2, [x, y, width, height]));
            return zones;
        }
        let rows = (height * headline / 10).max(1);
        // The headline may reach over the beginning of a text that gives way.
        let reach = if follows { (rows + height / 5).min(height) } else { rows };
        zones.push(self.zone("headline", 1, [x, y, width, reach]));
        let text = self.zone("text", 2, [x, y + rows, width, height - rows]);
        zones.push(if follows { text + ", below = \"headline\"" } else { text });
        zones
    }

    fn idle(&self, [x, y, width, height]: Place) -> Vec<String> {
        let places = match self.pages.in_turn {
            true => [[x, y, width, height]; 3],
            false => {
                let rows = height / 4;
                let lower = y + height - rows;
                [
                    [x, y, width, rows],
                    [x, y + rows, width, lower - y - rows],
                    [x, lower, width, rows],
                ]
            }
        };
        let seconds = if self.pages.has_seconds { ", seconds = true" } else { "" };
        vec![
            self.zone("headline", 1, places[0]),
            self.zone("clock", 4, places[1]) + seconds,
            self.zone("text", 2, places[2]),
        ]
    }

    /// A code above the words or beside them, with its caption under it where there is one.
    fn service(&self) -> Option<Vec<String>> {
        let Self { width, height, .. } = *self;
        let caption = if self.pages.has_caption { (height / 5).max(14) } else { 0 };
        let (code, captions, words) = if width > height {
            let side = height.checked_sub(caption)?.min(width / 2);
            let left = width - side;
            let captions = [left, side, side, caption];
            ([left, 0, side, side], captions, [0, 0, left, height])
        } else {
            let side = width.min(height / 2);
            let words = [0, side + caption, width, height - side - caption];
            ([0, 0, side, side], [0, side, width, caption], words)
        };
        let mut zones = vec![self.zone("code", 4, code)];
        if caption > 0 {
            zones.push(self.zone("caption", 3, captions));
        }
        let mut words = self.words(words, false);
        words.retain(|zone| !zone.contains("\"stamp\""));
        zones.extend(words);
        (code[3] > 0).then_some(zones)
    }

    fn page(&self, file: &mut String, name: &str, zones: &[String]) {
        let arrange = if self.pages.in_turn { "in_turn" } else { "together" };
        let Pages { transition, .. } = self.pages;
        let (ground, _) = self.grounds();
        write!(
            file,
            "\n[{name}]\narrange = \"{arrange}\"\ntransition = \"{transition}\"\n\
             ground = \"{ground}\"\nzones = [\n"
        )
        .expect("a string takes all");
        for zone in zones {
            writeln!(file, "  {{ {zone} }},").expect("a string takes all");
        }
        file.push_str("]\n");
    }

    /// What is behind the words of a page, and their colour.
    fn grounds(&self) -> (&'static str, &'static str) {
        let (dark, light) = self.pair;
        if self.is_light { (light, dark) } else { (dark, light) }
    }

    fn zone(&self, name: &str, style: usize, [x, y, width, height]: Place) -> String {
        let Style { align, valign, overflow, enters, correction, .. } = &self.styles[style];
        let Style { flashes, padding, is_filled, leading, .. } = &self.styles[style];
        let mut zone =
            format!("name = \"{name}\", x = {x}, y = {y}, width = {width}, height = {height}");
        let (ground, ink) = self.grounds();
        if name == "code" {
            let (_, light) = self.pair;
            zone += &format!(", colour = \"{light}\", correction = \"{correction}\"");
            return zone;
        }
        let (faces, least, most) = self.faces(&self.styles[style], height);
        zone += &format!(", faces = [{faces}], sizes = [{least}, {most}]");
        match is_filled {
            true => zone += &format!(", fill = \"{ink}\", colour = \"{ground}\""),
            false => zone += &format!(", colour = \"{ink}\""),
        }
        let (columns, rows) = (padding.0.min((width - 1) / 4), padding.1.min((height - 1) / 8));
        zone += &format!(", align = \"{align}\", valign = \"{valign}\", overflow = \"{overflow}\"");
        zone += &format!(", enters = {enters}, flashes_per_s = {flashes}");
        zone += &format!(", padding = [{columns}, {rows}]");
        if let Some(leading) = leading {
            zone += &format!(", leading = {}", (*leading).min(self.height));
        }
        zone
    }

    /// Faces, and the smallest and the largest size that suit so many rows.
    fn faces(&self, style: &Style, height: u32) -> (&'static str, u32, u32) {
        let (smallest, largest) = style.sizes;
        let most = (height * largest / 10).clamp(12, 400);
        if self.pages.outlines {
            let least = (height * smallest / 10).clamp(8, 60).min(most);
            (OUTLINES[style.faces % OUTLINES.len()], least, most)
        } else {
            (DOTS[style.faces % DOTS.len()], 12, most.max(16))
        }
    }
}
