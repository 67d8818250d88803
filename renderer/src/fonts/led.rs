//! Dot faces for LED rows, kept as pictures that a person can read and mend.
//!
//! ```text
//! face bang16-regular          ; `;` begins a comment line
//! rows 16                      ; rows of every drawing, which is the height of a line
//! baseline 14                  ; index of the first row below the baseline
//! gap 1                        ; dark columns after every drawing (1 when left out)
//!
//! glyph A from 5               ; a drawing, whose first row is row 5 (0 when left out)
//! ..#..
//! .#.#.
//! #####
//! #...#
//!
//! mark acute-upper from 1      ; a mark that composites use
//! .#
//! #.
//!
//! glyph Á = A acute-upper      ; marks stand centred above the base's ink
//! glyph Ấ = Â acute-upper@2,0  ; moved by two columns
//! glyph U+00A0 = U+0020        ; the same drawing again
//! glyph U+00CA+0306 = Ê breve  ; a letter and marks that have no code point together: Ê̆
//! ```
//!
//! A glyph advances by the width of its drawing and the gap. A letter with marks is named as text
//! in NFC spells it; a mark that no drawing of its letter holds is not drawn.

use std::collections::HashMap;
use std::iter;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;

use super::{Ink, Mask, UnitGlyph};

/// A dot face.
pub struct LedFace {
    rows: i32,
    baseline: i32,
    gap: i32,
    glyphs: Vec<Drawing>,
    by_name: HashMap<String, u32>,
}

/// Lit dots, as (column, row) with row 0 at the top of the line.
#[derive(Clone, Default)]
struct Drawing {
    width: i32,
    dots: Vec<(i32, i32)>,
}

/// A line that does not follow the format: its number from 1, and what is wrong.
type Wrong = (usize, String);

impl LedFace {
    /// Most rows of a face: the tallest line that one 32-row panel holds.
    pub const MAX_ROWS: i32 = 32;

    /// Reads a face.
    ///
    /// # Errors
    /// With the number of the first line that does not follow the format, and the reason.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let mut face =
            Self { rows: 0, baseline: 0, gap: 1, glyphs: Vec::new(), by_name: HashMap::new() };
        let mut marks: HashMap<String, Drawing> = HashMap::new();
        let mut lines = text.lines().enumerate().map(|(i, l)| (i + 1, l.trim_end())).peekable();
        while let Some((number, line)) = lines.next() {
            if line.is_empty() || line.starts_with(';') {
                continue;
            }
            let fail = |reason: String| (number, reason);
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "face" => {}
                "rows" => face.rows = number_in(rest, 1, Self::MAX_ROWS).map_err(fail)?,
                "baseline" => face.baseline = number_in(rest, 1, face.rows).map_err(fail)?,
                "gap" => face.gap = number_in(rest, 0, face.rows).map_err(fail)?,
                "glyph" | "mark" if face.rows == 0 || face.baseline == 0 => {
                    return Err(fail("`rows` and `baseline` come before the first drawing".into()));
                }
                "glyph" if rest.contains(" = ") => {
                    let (letter, recipe) = rest.split_once(" = ").unwrap_or((rest, ""));
                    let drawing = face.composite(recipe, &marks).map_err(fail)?;
                    face.insert(letter, drawing).map_err(fail)?;
                }
                "glyph" | "mark" => {
                    let (name, from) = match rest.split_once(" from ") {
                        Some((name, from)) => {
                            (name, number_in(from, 0, face.rows - 1).map_err(fail)?)
                        }
                        None => (rest, 0),
                    };
                    let mut art = Vec::new();
                    while let Some((_, row)) = lines.next_if(|(_, l)| l.starts_with(['.', '#'])) {
                        art.push(row);
                    }
                    let drawing = draw(&art, from, face.rows).map_err(fail)?;
                    if word == "mark" {
                        marks.insert(name.to_owned(), drawing);
                    } else {
                        face.insert(name, drawing).map_err(fail)?;
                    }
                }
                _ => {
                    return Err(fail(format!(
                        "`{line}` is neither `glyph`, `mark`, `rows`, `baseline`, `gap` nor `face`"
                    )));
                }
            }
        }
        if face.glyphs.is_empty() {
            return Err((text.lines().count(), "no glyph is drawn".into()));
        }
        Ok(face)
    }

    /// Rows of a line.
    pub fn rows(&self) -> i32 {
        self.rows
    }

    /// Whether all letters are drawn, each with all its marks.
    pub fn covers(&self, text: &str) -> bool {
        self.letters(text).all(|(_, glyph)| glyph.is_some())
    }

    /// Glyphs for the text, left to right, one for a letter and the marks that it is drawn with.
    pub fn shape(&self, text: &str) -> Vec<UnitGlyph> {
        self.letters(text)
            .filter_map(|(cluster, glyph)| {
                let glyph = glyph?;
                let advance = self.glyphs[glyph as usize].width + self.gap;
                Some(UnitGlyph { glyph, cluster, advance, dx: 0, dy: 0 })
            })
            .collect()
    }

    /// Where each letter begins and its glyph: the one that holds most of the marks after it.
    fn letters(&self, text: &str) -> impl Iterator<Item = (usize, Option<u32>)> {
        let mut start = 0;
        iter::from_fn(move || {
            let rest = &text[start..];
            let mut ends = rest.char_indices().map(|(at, letter)| (at + letter.len_utf8(), letter));
            let (alone, _) = ends.next()?;
            let marked = ends.take_while(|(_, mark)| is_combining_mark(*mark)).map(|(end, _)| end);
            let drawn = iter::once(alone)
                .chain(marked)
                .filter_map(|end| Some((end, self.glyph(&rest[..end])?)))
                .last();
            let letter = (start, drawn.map(|(_, glyph)| glyph));
            start += drawn.map_or(alone, |(end, _)| end);
            Some(letter)
        })
    }

    fn glyph(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// Where the ink lies; a size is rounded down to whole multiples of the face's rows.
    pub fn ink(&self, glyph: u32, size: u32) -> Ink {
        let Some((left, top, right, bottom)) = self.bounds(glyph) else { return Ink::default() };
        let scale = self.scale(size);
        Ink {
            left: left * scale,
            width: ((right - left) * scale) as u32,
            above: (self.baseline - top) * scale,
            below: (bottom - self.baseline) * scale,
        }
    }

    /// The glyph as coverage, every dot enlarged to a whole square.
    pub fn mask(&self, glyph: u32, size: u32) -> Mask {
        let Some((left, top, right, bottom)) = self.bounds(glyph) else {
            return Mask::new(0, 0, 0, &[]);
        };
        let scale = self.scale(size);
        let (width, height) = ((right - left) * scale, (bottom - top) * scale);
        let mut coverage = vec![0; (width * height) as usize];
        for (x, y) in &self.glyphs[glyph as usize].dots {
            for row in (y - top) * scale..(y - top + 1) * scale {
                let start = row * width + (x - left) * scale;
                coverage[start as usize..(start + scale) as usize].fill(255);
            }
        }
        Mask::new(left * scale, (self.baseline - top) * scale, width as u32, &coverage)
    }

    fn scale(&self, size: u32) -> i32 {
        (size as i32 / self.rows).max(1)
    }

    /// Left, top, and the first column and row outside; `None` without ink.
    fn bounds(&self, glyph: u32) -> Option<(i32, i32, i32, i32)> {
        let dots = &self.glyphs[glyph as usize].dots;
        let left = dots.iter().map(|d| d.0).min()?;
        let right = dots.iter().map(|d| d.0).max()?;
        let top = dots.iter().map(|d| d.1).min()?;
        let bottom = dots.iter().map(|d| d.1).max()?;
        Some((left, top, right + 1, bottom + 1))
    }

    fn insert(&mut self, name: &str, drawing: Drawing) -> Result<(), String> {
        let name = letters(name)?;
        self.glyphs.push(drawing);
        match self.by_name.insert(name.clone(), self.glyphs.len() as u32 - 1) {
            None => Ok(()),
            Some(_) => Err(format!("`{name}` is drawn twice")),
        }
    }

    fn composite(&self, recipe: &str, marks: &HashMap<String, Drawing>) -> Result<Drawing, String> {
        let mut words = recipe.split_whitespace();
        let base = letters(words.next().unwrap_or(""))?;
        let base = self.glyph(&base).ok_or(format!("the base `{base}` is not drawn above"))?;
        let mut drawing = self.glyphs[base as usize].clone();
        let (left, right) = match self.bounds(base) {
            Some((left, _, right, _)) => (left, right),
            None => (0, drawing.width),
        };
        for word in words {
            let (name, moved) = word.split_once('@').unwrap_or((word, "0,0"));
            let mark = marks.get(name).ok_or(format!("the mark `{name}` is not drawn above"))?;
            let (dx, dy) = moved
                .split_once(',')
                .and_then(|(dx, dy)| Some((dx.parse::<i32>().ok()?, dy.parse::<i32>().ok()?)))
                .filter(|(dx, dy)| dx.abs() <= Self::MAX_ROWS && dy.abs() <= Self::MAX_ROWS)
                .ok_or(format!("`@{moved}` is not `@columns,rows`"))?;
            let x = (left + right - mark.width).div_euclid(2) + dx;
            for (column, row) in &mark.dots {
                if !(0..self.rows).contains(&(row + dy)) {
                    return Err(format!("the mark `{name}` leaves the {} rows", self.rows));
                }
                drawing.dots.push((x + column, row + dy));
            }
        }
        drawing.dots.sort_unstable();
        drawing.dots.dedup();
        // Marks wider than their base widen the letter, so that neighbours stay clear of them.
        let overhang = -drawing.dots.iter().map(|d| d.0).min().unwrap_or(0).min(0);
        for dot in &mut drawing.dots {
            dot.0 += overhang;
        }
        let reach = drawing.dots.iter().map(|d| d.0 + 1).max().unwrap_or(0);
        drawing.width = (drawing.width + overhang).max(reach);
        Ok(drawing)
    }
}

fn draw(art: &[&str], from: i32, rows: i32) -> Result<Drawing, String> {
    let width = art.first().map_or(0, |row| row.len());
    if width == 0 || width > 64 {
        return Err(format!("a drawing has rows of 1 to 64 dots, here {width}"));
    }
    if from + art.len() as i32 > rows {
        return Err(format!("{} rows from row {from} leave the {rows} rows", art.len()));
    }
    let mut dots = Vec::new();
    for (y, row) in art.iter().enumerate() {
        if row.len() != width || !row.bytes().all(|b| b == b'.' || b == b'#') {
            return Err(format!("`{row}` is not {width} dots of `.` and `#` like the first row"));
        }
        for (x, _) in row.bytes().enumerate().filter(|(_, b)| *b == b'#') {
            dots.push((x as i32, y as i32 + from));
        }
    }
    dots.sort_unstable();
    Ok(Drawing { width: width as i32, dots })
}

/// The letter of a name, with the marks that stand on it.
fn letters(name: &str) -> Result<String, String> {
    if name.chars().count() == 1 {
        return Ok(name.to_owned());
    }
    let of_hex = |hex| u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
    let letters: Option<String> =
        name.strip_prefix("U+").and_then(|hex| hex.split('+').map(of_hex).collect());
    let letters = letters.ok_or(format!(
        "`{name}` is neither one letter nor U+ and hexadecimal digits, those of marks after a +"
    ))?;
    if !letters.chars().skip(1).all(is_combining_mark) {
        return Err(format!("`{name}` is more than a letter and marks that combine"));
    }
    if !is_nfc(&letters) {
        return Err(format!("`{name}` is not how NFC spells it, no text would find it"));
    }
    Ok(letters)
}

fn number_in(text: &str, least: i32, most: i32) -> Result<i32, String> {
    let text = text.split(';').next().unwrap_or("").trim();
    text.parse()
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or(format!("`{text}` is not a number from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "face small\nrows 6\nbaseline 5\n\nglyph a from 3\n.#\n##\n\n\
        mark acute from 0\n..#\n.#.\n#..\n\nglyph á = a acute\nglyph U+00A0 = a\n\
        glyph U+0061+030B = a acute@-1,0 acute@1,0\nglyph U+0061+030B+0304 = U+0061+030B\n";

    fn picture(face: &LedFace, letter: &str, size: u32) -> String {
        let glyph = face.glyph(letter).expect("drawn");
        let mask = face.mask(glyph, size);
        mask.rows()
            .map(|row| {
                row.iter().map(|c| if *c > 0 { '#' } else { '.' }).collect::<String>() + "\n"
            })
            .collect()
    }

    #[test]
    fn a_mark_stands_centred_and_widens_a_narrow_base() {
        let face = LedFace::parse(SMALL).expect("follows the format");
        assert_eq!(picture(&face, "á", 6), "..#\n.#.\n#..\n..#\n.##\n");
        assert_eq!(face.shape("aá").iter().map(|g| g.advance).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn a_letter_takes_all_marks_that_it_is_drawn_with() {
        let face = LedFace::parse(SMALL).expect("follows the format");
        let drawn = |text: &str| {
            let glyphs = face.shape(text).into_iter().map(|glyph| (glyph.cluster, glyph.glyph));
            (glyphs.collect::<Vec<_>>(), face.covers(text))
        };
        assert_eq!(drawn("aáa"), (vec![(0, 0), (1, 1), (3, 0)], true));
        assert_eq!(drawn("a\u{30b}a"), (vec![(0, 3), (3, 0)], true));
        assert_eq!(drawn("aa\u{30b}\u{304}"), (vec![(0, 0), (1, 4)], true));
        assert_eq!(drawn("a\u{30b}\u{301}a"), (vec![(0, 3), (5, 0)], false));
        assert_eq!(drawn("\u{30b}a\u{301}"), (vec![(2, 0)], false));
    }

    #[test]
    fn sizes_are_whole_multiples() {
        let face = LedFace::parse(SMALL).expect("follows the format");
        assert_eq!(picture(&face, "a", 12), "..##\n..##\n####\n####\n");
        assert_eq!(face.ink(0, 12), Ink { left: 0, width: 4, above: 4, below: 0 });
    }

    #[track_caller]
    fn refuses(text: &str, line: usize, reason: &str) {
        let error = LedFace::parse(text).err().expect("refused");
        assert_eq!((error.0, error.1.contains(reason)), (line, true), "{error:?}");
    }

    #[test]
    fn faults_are_named_with_their_line() {
        refuses("", 0, "no glyph");
        refuses("glyph a\n#", 1, "come before");
        refuses("rows 99", 1, "1 to 32");
        refuses("rows 4\nbaseline 3\nglyph a\n##\n#", 3, "like the first row");
        refuses("rows 4\nbaseline 3\nglyph a from 3\n#\n#", 3, "leave the 4 rows");
        refuses("rows 4\nbaseline 3\nglyph a = b", 3, "`b` is not drawn");
        refuses("rows 4\nbaseline 3\nglyph a\n#\nglyph á = a x", 5, "mark `x`");
        refuses("rows 4\nbaseline 3\nglyph a\n#\nglyph a\n#", 5, "twice");
        refuses("rows 4\nbaseline 3\nglyph ab\n#", 3, "neither one letter");
        refuses("rows 4\nbaseline 3\nglyph a+0306\n#", 3, "neither one letter");
        refuses("rows 4\nbaseline 3\nglyph U+0061+0062\n#", 3, "marks that combine");
        refuses("rows 4\nbaseline 3\nglyph U+0061+0301\n#", 3, "NFC");
        refuses("hello", 1, "is neither");
    }
}
