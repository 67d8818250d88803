//! Which glyphs stand for a paragraph, from which faces, and how far apart.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::fonts::{FaceId, Fonts, Ink};

/// A paragraph as glyphs in their faces' own units.
#[derive(Debug, Clone)]
pub struct Shaped {
    /// The paragraph, with □ in the place of letters that no face has.
    pub text: String,
    /// In reading order.
    pub glyphs: Vec<ShapedGlyph>,
}

/// A glyph of a face.
#[derive(Debug, Clone, Copy)]
pub struct ShapedGlyph {
    /// The face it is drawn from.
    pub face: FaceId,
    /// Its index in the face.
    pub glyph: u32,
    /// Byte in the text where its cluster begins.
    pub cluster: usize,
    advance: i32,
    dx: i32,
    dy: i32,
}

/// A paragraph at one size: whole pixels from here on.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Pen position of each glyph, and the end.
    pub pen: Vec<i32>,
    /// Upward offset of each glyph.
    pub rise: Vec<i32>,
    /// Ink of each glyph, relative to its pen position and the baseline.
    pub ink: Vec<Ink>,
}

/// What stands for a letter that no face has.
pub const MISSING: char = '□';

/// Chooses glyphs for one paragraph (no line breaks). Each cluster comes from the first face of
/// `chain` that has all its letters, or each of its letters from the first that has it.
///
/// Words are shaped one by one, each with the blank after it: the same words come again with
/// every page and every turn, and [`Fonts::shape`] knows them then.
pub fn shape(text: &str, chain: &[FaceId], fonts: &Fonts) -> Shaped {
    let mut shaped = Shaped { text: String::with_capacity(text.len()), glyphs: Vec::new() };
    let mut last = None;
    for word in text.split_inclusive(' ') {
        match chain.first().filter(|face| covers(fonts, **face, word)) {
            Some(face) => shaped.append(*face, word, fonts),
            None => {
                for (face, run) in runs(word, chain, fonts, &mut last) {
                    shaped.append(face, &run, fonts);
                }
            }
        }
    }
    shaped
}

/// A word in stretches of one face each; a blank stays with the face of what is before it.
fn runs(
    word: &str,
    chain: &[FaceId],
    fonts: &Fonts,
    last: &mut Option<FaceId>,
) -> Vec<(FaceId, String)> {
    let mut runs: Vec<(FaceId, String)> = Vec::new();
    let mut extend = |face: FaceId, letters: &str| match runs.last_mut() {
        Some((last, run)) if *last == face => run.push_str(letters),
        _ => runs.push((face, letters.to_owned())),
    };
    for cluster in word.graphemes(true) {
        let blank = cluster.chars().all(char::is_whitespace);
        let first_with = |letters: &str| chain.iter().copied().find(|f| covers(fonts, *f, letters));
        let same = last.filter(|face| blank && covers(fonts, *face, cluster));
        if let Some(face) = same.or_else(|| first_with(cluster)) {
            extend(face, cluster);
            *last = Some(face);
        } else if !is_lost(cluster, chain, fonts) {
            for letter in cluster.split("").filter(|letter| !letter.is_empty()) {
                *last = first_with(letter);
                if let Some(face) = *last {
                    extend(face, letter);
                }
            }
        } else if let Some(face) = box_face(chain, fonts) {
            extend(face, MISSING.encode_utf8(&mut [0; 4]));
            *last = Some(face);
        }
    }
    runs
}

/// Letters that no face of the chain has, each with its place counted in letters from 1.
pub fn lost(text: &str, chain: &[FaceId], fonts: &Fonts) -> Vec<(char, usize)> {
    let letters = text.chars().zip(1..);
    letters.filter(|(letter, _)| !chain.iter().any(|face| has(fonts, *face, *letter))).collect()
}

fn is_lost(cluster: &str, chain: &[FaceId], fonts: &Fonts) -> bool {
    !cluster.chars().all(|letter| chain.iter().any(|face| has(fonts, *face, letter)))
}

fn covers(fonts: &Fonts, face: FaceId, letters: &str) -> bool {
    letters.chars().all(|letter| has(fonts, face, letter))
}

/// Joiners and zero-width spaces shape or part words; no face needs to draw them.
fn has(fonts: &Fonts, face: FaceId, letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200d}') || fonts.covers(face, letter)
}

fn box_face(chain: &[FaceId], fonts: &Fonts) -> Option<FaceId> {
    chain.iter().copied().chain(fonts.led_faces()).find(|face| fonts.covers(*face, MISSING))
}

impl Shaped {
    fn append(&mut self, face: FaceId, run: &str, fonts: &Fonts) {
        let start = self.text.len();
        self.glyphs.extend(fonts.shape(face, run).iter().map(|glyph| ShapedGlyph {
            face,
            glyph: glyph.glyph,
            cluster: start + glyph.cluster,
            advance: glyph.advance,
            dx: glyph.dx,
            dy: glyph.dy,
        }));
        self.text.push_str(run);
    }

    /// How far the pen moves over some glyphs, in thousandths of the size.
    pub fn length(&self, fonts: &Fonts, glyphs: Range<usize>) -> u64 {
        let thousandths = |glyph: &ShapedGlyph| {
            i64::from(glyph.advance) * 1000 / i64::from(fonts.units_per_em(glyph.face))
        };
        self.glyphs[glyphs].iter().map(|glyph| thousandths(glyph).max(0) as u64).sum()
    }

    /// Positions and ink at a size in pixels per em. Advances add up in 1/64 pixel and are
    /// rounded once a glyph, so that no rounding grows along a line.
    pub fn measure(&self, fonts: &Fonts, size: u32) -> Measured {
        let mut measured = Measured {
            pen: Vec::with_capacity(self.glyphs.len() + 1),
            rise: Vec::with_capacity(self.glyphs.len()),
            ink: Vec::with_capacity(self.glyphs.len()),
        };
        let mut pen = 0i64;
        for glyph in &self.glyphs {
            // Dot faces grow by whole steps alone, their distances must do the same.
            let size = match fonts.native_rows(glyph.face) {
                Some(rows) => rows * (size / rows).max(1),
                None => size,
            };
            let units = i64::from(fonts.units_per_em(glyph.face));
            let scaled = |value: i32| (i64::from(value) * i64::from(size) * 64).div_euclid(units);
            measured.pen.push(whole(pen + scaled(glyph.dx)));
            measured.rise.push(whole(scaled(glyph.dy)));
            measured.ink.push(fonts.ink(glyph.face, glyph.glyph, size));
            pen += scaled(glyph.advance);
        }
        measured.pen.push(whole(pen));
        measured
    }
}

fn whole(sixty_fourths: i64) -> i32 {
    (sixty_fourths + 32).div_euclid(64) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;

    #[test]
    fn each_script_comes_from_the_face_that_has_it() {
        let fonts = builtin::fonts();
        let chain: Vec<_> =
            ["be-vietnam-pro", "noto-sans-khmer"].iter().filter_map(|n| fonts.find(n)).collect();
        let shaped = shape("Xã ថ្ងៃ", &chain, &fonts);
        let faces: Vec<_> = shaped.glyphs.iter().map(|g| fonts.name(g.face)).collect();
        assert_eq!(faces[..3], ["be-vietnam-pro"; 3]);
        assert!(faces[3..].contains(&"noto-sans-khmer"));
        assert_eq!(lost("Xã ថ្ងៃ", &chain, &fonts), []);
    }

    #[test]
    fn what_no_face_has_is_a_box_and_is_named_with_its_place() {
        let fonts = builtin::fonts();
        let chain = [fonts.find("be-vietnam-pro").expect("comes with the program")];
        let shaped = shape("Xã 猫", &chain, &fonts);
        assert_eq!(shaped.text, "Xã □");
        assert_eq!(lost("Xã 猫", &chain, &fonts), [('猫', 4)]);
    }
}
