//! Which glyphs stand for a paragraph, from which faces, and how far apart.

use std::iter;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;
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
pub const MISSING: &str = "□";

/// Chooses glyphs for one paragraph (no line breaks). Each cluster comes from the first face of
/// `chain` that has all its letters, or each of its letters, with its marks, from the first that
/// has it.
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
            for letter in letters(cluster) {
                *last = first_with(letter);
                if let Some(face) = *last {
                    extend(face, letter);
                }
            }
        } else if let Some(face) = box_face(chain, fonts) {
            extend(face, MISSING);
            *last = Some(face);
        }
    }
    runs
}

/// Letters that no face of the chain has, each with its place counted in letters from 1; of a
/// letter that is drawn without one of its marks, that mark.
pub fn lost(text: &str, chain: &[FaceId], fonts: &Fonts) -> Vec<(char, usize)> {
    let mut lost = Vec::new();
    if chain.first().is_some_and(|face| covers(fonts, *face, text)) {
        return lost;
    }
    let mut before = 0;
    for letter in text.graphemes(true).flat_map(letters) {
        if !is_drawn(letter, chain, fonts) {
            let ends = letter.char_indices().map(|(at, one)| (at + one.len_utf8(), one));
            let mut undrawn = ends.zip(before + 1..);
            let first = undrawn.find(|((end, _), _)| !is_drawn(&letter[..*end], chain, fonts));
            lost.extend(first.map(|((_, one), place)| (one, place)));
        }
        before += letter.chars().count();
    }
    lost
}

fn is_lost(cluster: &str, chain: &[FaceId], fonts: &Fonts) -> bool {
    letters(cluster).any(|letter| !is_drawn(letter, chain, fonts))
}

/// Whether one face has the letter and its marks: no face places its marks on another's letter.
fn is_drawn(letter: &str, chain: &[FaceId], fonts: &Fonts) -> bool {
    chain.iter().any(|face| covers(fonts, *face, letter))
}

/// The letters of a cluster, each with the marks on it.
fn letters(cluster: &str) -> impl Iterator<Item = &str> {
    let mut rest = cluster;
    iter::from_fn(move || {
        let mut others = rest.char_indices().skip(1).filter(|(_, one)| !is_combining_mark(*one));
        let (letter, after) = rest.split_at(others.next().map_or(rest.len(), |(at, _)| at));
        rest = after;
        (!letter.is_empty()).then_some(letter)
    })
}

/// Joiners and zero-width spaces shape or part words; no face needs to draw them.
fn covers(fonts: &Fonts, face: FaceId, cluster: &str) -> bool {
    cluster.split(['\u{200b}', '\u{200c}', '\u{200d}']).all(|text| fonts.covers(face, text))
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

    #[test]
    fn marks_are_drawn_with_their_letter_or_named() {
        let fonts = builtin::fonts();
        let chain = |names: &[&str]| -> Vec<_> {
            names.iter().map(|name| fonts.find(name).expect("a face of ours")).collect()
        };
        let dots = chain(&["bang16", "bang12"]);
        let drawn = shape("Hlê\u{306}", &dots, &fonts);
        assert_eq!(drawn.glyphs.iter().map(|g| g.cluster).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(lost("Hlê\u{306} ƀ Ơ\u{306}", &dots, &fonts), []);

        assert_eq!(shape("ax\u{306}b", &dots, &fonts).text, "a□b");
        assert_eq!(lost("ax\u{306}b", &dots, &fonts), [('\u{306}', 3)]);
        assert_eq!(lost("ê\u{306}\u{301}", &dots, &fonts), [('\u{301}', 3)]);
        assert_eq!(lost("猫\u{306} \u{301}", &dots, &fonts), [('猫', 1), ('\u{301}', 4)]);
        // Be Vietnam Pro has the mark, but it cannot stand on a letter of dots.
        let both = chain(&["be-vietnam-pro", "bang16"]);
        assert_eq!(lost("x\u{306}ƀ\u{306}", &both, &fonts), [('\u{306}', 4)]);
    }
}
