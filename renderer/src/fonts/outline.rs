//! OpenType faces: shaped by harfrust, drawn by fontdue.

use fontdue::{Font, FontSettings};
use harfrust::font::attribute::Weight;
use harfrust::{Buffer, ShapeOptions, ShaperFont};

use super::{Ink, Mask, UnitGlyph};

/// One OpenType face.
pub struct OutlineFace {
    shaping: harfrust::Font,
    drawing: Font,
    /// One bit for each letter that has a drawing. fontdue draws an empty box for any other.
    letters: Vec<u64>,
}

impl OutlineFace {
    /// Reads a font; the reason is the reader's own.
    pub fn new(bytes: &'static [u8]) -> Result<Self, String> {
        let shaping = harfrust::Font::new(bytes, 0).ok_or("its tables cannot be read")?;
        let drawing = Font::from_bytes(bytes, FontSettings::default()).map_err(str::to_owned)?;
        let mut letters = Vec::new();
        for letter in drawing.chars().keys() {
            let (word, bit) = place(*letter);
            if letters.len() <= word {
                letters.resize(word + 1, 0);
            }
            letters[word] |= 1 << bit;
        }
        Ok(Self { shaping, drawing, letters })
    }

    /// Whether there is a drawing for every letter and mark, which the shaper puts together.
    pub fn covers(&self, text: &str) -> bool {
        text.chars().all(|letter| {
            let (word, bit) = place(letter);
            self.letters.get(word).is_some_and(|word| word >> bit & 1 == 1)
        })
    }

    /// Units in one em.
    pub fn units_per_em(&self) -> i32 {
        self.drawing.units_per_em() as i32
    }

    /// Glyphs for the text, left to right.
    pub fn shape(&self, text: &str) -> Vec<UnitGlyph> {
        let mut buffer = Buffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        // Only a buffer that was shaped before is an error here.
        let font = ShaperFont::new(&self.shaping);
        if harfrust::shape(&font, &mut buffer, ShapeOptions::default()).is_err() {
            return Vec::new();
        }
        buffer
            .glyph_infos()
            .iter()
            .zip(buffer.glyph_positions())
            .map(|(info, position)| UnitGlyph {
                glyph: info.glyph_id,
                cluster: info.cluster as usize,
                advance: position.x_advance,
                dx: position.x_offset,
                dy: position.y_offset,
            })
            .collect()
    }

    /// Where the ink lies.
    pub fn ink(&self, glyph: u32, size: u32) -> Ink {
        let metrics = self.drawing.metrics_indexed(glyph as u16, size as f32);
        if metrics.width == 0 || metrics.height == 0 {
            return Ink::default();
        }
        Ink {
            left: metrics.xmin,
            width: metrics.width as u32,
            above: metrics.ymin + metrics.height as i32,
            below: -metrics.ymin,
        }
    }

    /// The glyph as coverage.
    pub fn mask(&self, glyph: u32, size: u32) -> Mask {
        let (metrics, coverage) = self.drawing.rasterize_indexed(glyph as u16, size as f32);
        let top = metrics.ymin + metrics.height as i32;
        Mask::new(metrics.xmin, top, metrics.width as u32, &coverage)
    }
}

/// Where a letter's bit is.
fn place(letter: char) -> (usize, u32) {
    (letter as usize / 64, letter as u32 % 64)
}

/// Whether a font says that it is bold, read from its tables without the letters.
pub fn is_bold(bytes: &'static [u8]) -> bool {
    harfrust::Font::new(bytes, 0)
        .is_some_and(|font| font.default_attributes().weight >= Weight::SEMI_BOLD)
}
