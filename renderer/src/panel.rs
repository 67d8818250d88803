//! The pixels of one board: how many, which colours, how far apart.

use serde::{Deserialize, Serialize};

/// A colour of 8 bits a channel, as it is sent to the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgb {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
}

impl Rgb {
    /// All channels dark.
    pub const BLACK: Self = Self::new(0, 0, 0);
    /// All channels lit.
    pub const WHITE: Self = Self::new(255, 255, 255);

    /// Red and green lit together.
    pub const AMBER: Self = Self::new(255, 255, 0);

    /// A colour from its channels.
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    /// Red, green and blue.
    pub const fn channels(self) -> [u8; 3] {
        [self.r, self.g, self.b]
    }

    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        Some(Self::new((value >> 16) as u8, (value >> 8) as u8, value as u8))
    }
}

/// The contrast ratio of two colours, 1 to 21: relative luminance in sRGB as WCAG 2.2 defines it.
///
/// On an LED panel black is the panel unlit, so that the ratio there holds at night and is less in
/// the sun, where the panel itself is bright.
///
/// ```
/// use bangtin_renderer::{Rgb, panel::contrast};
///
/// assert_eq!(contrast(Rgb::BLACK, Rgb::WHITE), 21.0);
/// ```
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: Rgb) -> f64 {
    let linear = |channel: u8| match f64::from(channel) / 255.0 {
        share @ ..=0.04045 => share / 12.92,
        share => ((share + 0.055) / 1.055).powf(2.4),
    };
    0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)
}

/// What a board's lights can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colours {
    /// One colour: every pixel is a share of the tint.
    Single,
    /// Red and green diodes: black, red, green and their mixtures such as amber.
    RedGreen,
    /// Every colour.
    Rgb,
}

/// How a board makes its light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Separate diodes, dark where nothing is lit.
    Led,
    /// A backlit screen.
    Lcd,
}

/// The pixels of one board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// Width in pixels, 1 to [`Panel::MAX_SIDE`].
    pub width: u32,
    /// Height in pixels, 1 to [`Panel::MAX_SIDE`].
    pub height: u32,
    /// LED or LCD.
    pub kind: Kind,
    /// Which colours it has.
    pub colours: Colours,
    /// The colour of full light: the diodes' own on a single-colour panel, else all of them lit
    /// together, which is [`Rgb::AMBER`] on a red-green panel and white on others.
    pub tint: Rgb,
    /// Binary digits of the levels that a channel shows, 1 (dark or lit) to 8 (256 levels).
    pub bits: u8,
    /// Distance between the centres of two pixels, in micrometres.
    pub pitch_um: u32,
    /// Pictures a second that the panel takes.
    pub fps: u32,
}

impl Panel {
    /// Longest side of a panel, in pixels: 4K is the largest screen these boards use.
    pub const MAX_SIDE: u32 = 4096;

    /// Whether its diodes can make a colour. A single-colour panel shows black and its tint alone:
    /// no meaning may hang on another shade.
    pub fn shows(&self, colour: Rgb) -> bool {
        match self.colours {
            Colours::Single => colour == Rgb::BLACK || colour == self.tint,
            Colours::RedGreen => colour.b == 0,
            Colours::Rgb => true,
        }
    }
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

    /// The rectangle that lies in both; `None` where they share no pixel.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let end = |from: u32, length: u32| from.saturating_add(length);
        let right = end(self.x, self.width).min(end(other.x, other.width));
        let bottom = end(self.y, self.height).min(end(other.y, other.height));
        (x < right && y < bottom).then(|| Self { x, y, width: right - x, height: bottom - y })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small LED panel, for tests of what panels show.
    pub(crate) fn panel(colours: Colours, bits: u8) -> Panel {
        let tint = match colours {
            Colours::Single => Rgb::new(255, 42, 0),
            Colours::RedGreen => Rgb::AMBER,
            Colours::Rgb => Rgb::WHITE,
        };
        let (width, height) = (64, 64);
        Panel { width, height, kind: Kind::Led, colours, tint, bits, pitch_um: 10_000, fps: 60 }
    }

    #[test]
    fn colours_are_six_hexadecimal_digits() {
        assert_eq!(Rgb::parse("#ff2a00"), Some(Rgb::new(255, 42, 0)));
        for wrong in ["ff2a00", "#ff2a0", "#ff2a000", "#+f2a00", "#gg0000", "red", "#ầ00"] {
            assert_eq!(Rgb::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn panels_show_what_their_diodes_make() {
        let red = Rgb::new(255, 0, 0);
        let mut panel = Panel {
            width: 1,
            height: 1,
            kind: Kind::Led,
            colours: Colours::Single,
            tint: red,
            bits: 8,
            pitch_um: 10_000,
            fps: 60,
        };
        let shown = |panel: &Panel| {
            [Rgb::BLACK, red, Rgb::AMBER, Rgb::WHITE].map(|colour| panel.shows(colour))
        };
        assert_eq!(shown(&panel), [true, true, false, false]);
        panel.colours = Colours::RedGreen;
        assert_eq!(shown(&panel), [true, true, true, false]);
        panel.colours = Colours::Rgb;
        assert_eq!(shown(&panel), [true; 4]);
    }

    #[track_caller]
    fn check_contrast(a: &str, b: &str, expected: f64) {
        let colour = |text| Rgb::parse(text).expect("a colour");
        let ratio = contrast(colour(a), colour(b));
        assert!((ratio - expected).abs() < 0.005, "{a} on {b}: {ratio}");
        assert_eq!(ratio, contrast(colour(b), colour(a)));
    }

    #[test]
    fn contrast_is_that_of_the_wcag() {
        check_contrast("#ffffff", "#ffffff", 1.0);
        check_contrast("#ffffff", "#000000", 21.0);
        // The grey that is known for just reaching 4.5 : 1 on white.
        check_contrast("#767676", "#ffffff", 4.54);
        // Red alone: (0.2126 + 0.05) / 0.05.
        check_contrast("#ff0000", "#000000", 5.252);
    }
}
