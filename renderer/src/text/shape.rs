//! Which glyphs stand for a paragraph, from which faces, and how far apart.

use unicode_segmentation::UnicodeSegmentation;

use crate::fonts::{FaceId, Fonts, Ink};

/// A paragraph as glyphs in their faces' own units.
#[derive(Debug, Clone)]
pub struct Shaped {
    /// The paragraph, with □ in the place of letters that no face has.
    pub text: String,
    /// In reading order.
    pub glyphs: Vec<ShapedGlyph>,
    /// Letters that no face has, each with its place counted in letters from 1.
    pub missing: Vec<(char, usize)>,
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
/// `chain` that has all its letters.
pub fn shape(text: &str, chain: &[FaceId], fonts: &Fonts) -> Shaped {
    let mut missing = Vec::new();
    let mut runs: Vec<(FaceId, String)> = Vec::new();
    let mut place = 1;
    for cluster in text.graphemes(true) {
        let blank = cluster.chars().all(char::is_whitespace);
        let last = runs.last().map(|(face, _)| *face);
        // A space between two words of one face does not part their run.
        let (face, cluster) = match last.filter(|_| blank) {
            Some(face) if covers(fonts, face, cluster) => (face, cluster.to_owned()),
            _ => match chain.iter().find(|face| covers(fonts, **face, cluster)) {
                Some(face) => (*face, cluster.to_owned()),
                None => {
                    let lost =
                        cluster.chars().filter(|l| !chain.iter().any(|f| fonts.covers(*f, *l)));
                    missing.extend(lost.map(|letter| (letter, place)));
                    match box_face(chain, fonts) {
                        Some(face) => (face, MISSING.to_string()),
                        None => continue,
                    }
                }
            },
        };
        place += cluster.chars().count();
        match runs.last_mut().filter(|(last, _)| *last == face) {
            Some((_, run)) => run.push_str(&cluster),
            None => runs.push((face, cluster)),
        }
    }
    let mut shaped = Shaped { text: String::new(), glyphs: Vec::new(), missing };
    for (face, run) in runs {
        let start = shaped.text.len();
        shaped.glyphs.extend(fonts.shape(face, &run).into_iter().map(|glyph| ShapedGlyph {
            face,
            glyph: glyph.glyph,
            cluster: start + glyph.cluster,
            advance: glyph.advance,
            dx: glyph.dx,
            dy: glyph.dy,
        }));
        shaped.text.push_str(&run);
    }
    shaped
}

/// Joiners and zero-width spaces shape or part words; no face needs to draw them.
fn covers(fonts: &Fonts, face: FaceId, cluster: &str) -> bool {
    cluster
        .chars()
        .all(|letter| matches!(letter, '\u{200b}'..='\u{200d}') || fonts.covers(face, letter))
}

fn box_face(chain: &[FaceId], fonts: &Fonts) -> Option<FaceId> {
    let all = fonts.names().iter().filter_map(|name| fonts.find(name));
    chain.iter().copied().chain(all).find(|face| fonts.covers(*face, MISSING))
}

impl Shaped {
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
        assert_eq!(shaped.missing, []);
    }

    #[test]
    fn what_no_face_has_is_a_box_and_is_named_with_its_place() {
        let fonts = builtin::fonts();
        let chain = [fonts.find("be-vietnam-pro").expect("comes with the program")];
        let shaped = shape("Xã 猫", &chain, &fonts);
        assert_eq!((shaped.text.as_str(), shaped.missing), ("Xã □", vec![('猫', 4)]));
    }
}
