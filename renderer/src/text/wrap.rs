//! Where lines of Vietnamese break: between syllables, at spaces, and not where a reader would
//! stumble. Khmer has no spaces and breaks by dictionary.

use std::ops::Range;
use std::sync::OnceLock;

use icu_segmenter::LineSegmenter;
use icu_segmenter::options::LineBreakOptions;

use super::shape::{Measured, Shaped};

/// A stretch of glyphs that is never parted, with the blanks that follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Glyphs with ink.
    pub glyphs: Range<usize>,
    /// First glyph of the next word.
    pub next: usize,
}

/// One line: a range of glyphs and where its ink begins and ends, in pixels of the paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSpan {
    /// The glyphs of the line, without blanks at its end.
    pub glyphs: Range<usize>,
    /// Left edge of the ink.
    pub left: i32,
    /// Right edge of the ink.
    pub right: i32,
    /// Whether a word had to be parted because it is longer than the line.
    pub broken: bool,
}

/// The words of a shaped paragraph.
pub fn words(shaped: &Shaped) -> Vec<Word> {
    let breaks = breaks(&shaped.text);
    let mut words = Vec::new();
    let mut start = 0;
    for end in breaks.into_iter().chain([shaped.text.len()]) {
        let next = start + shaped.glyphs[start..].iter().take_while(|g| g.cluster < end).count();
        let inked = shaped.glyphs[start..next]
            .iter()
            .rposition(|g| !shaped.text[g.cluster..].starts_with([' ', '\u{200b}']));
        if let Some(last) = inked {
            words.push(Word { glyphs: start..start + last + 1, next });
        }
        start = next;
    }
    words
}

/// Breaks a paragraph into lines of at most `width` pixels of ink.
pub fn wrap(measured: &Measured, words: &[Word], width: i32) -> Vec<LineSpan> {
    let mut lines = Vec::new();
    let mut line: Option<LineSpan> = None;
    for word in words {
        let (left, right) = ink(measured, word.glyphs.clone());
        if let Some(open) = line.as_mut() {
            let (left, right) = (open.left.min(left), open.right.max(right));
            if right - left <= width {
                *open =
                    LineSpan { glyphs: open.glyphs.start..word.glyphs.end, left, right, ..*open };
                continue;
            }
        }
        lines.extend(line.take());
        if right - left <= width {
            line = Some(LineSpan { glyphs: word.glyphs.clone(), left, right, broken: false });
        } else {
            line = part(measured, word, width, &mut lines);
        }
    }
    lines.extend(line);
    lines
}

/// Breaks into as many lines as [`wrap`] but of even length; for centred lines, and so that no
/// short syllable stands alone on the last.
pub fn wrap_even(measured: &Measured, words: &[Word], width: i32) -> Vec<LineSpan> {
    let widest = wrap(measured, words, width);
    if widest.len() < 2 || widest.iter().any(|line| line.broken) {
        return widest;
    }
    let (mut narrow, mut wide) = (width / 4, width);
    while narrow + 1 < wide {
        let middle = (narrow + wide) / 2;
        let lines = wrap(measured, words, middle);
        if lines.len() == widest.len() && !lines.iter().any(|line| line.broken) {
            wide = middle;
        } else {
            narrow = middle;
        }
    }
    wrap(measured, words, wide)
}

/// Parts a word that is longer than a line; what remains of it is the next line's beginning.
fn part(
    measured: &Measured,
    word: &Word,
    width: i32,
    lines: &mut Vec<LineSpan>,
) -> Option<LineSpan> {
    let mut open: Option<LineSpan> = None;
    for at in word.glyphs.clone() {
        let (left, right) = ink(measured, at..at + 1);
        if let Some(line) = open.as_mut() {
            let (left, right) = (line.left.min(left), line.right.max(right));
            if right - left <= width {
                *line = LineSpan { glyphs: line.glyphs.start..at + 1, left, right, broken: true };
                continue;
            }
        }
        lines.extend(open.take());
        open = Some(LineSpan { glyphs: at..at + 1, left, right, broken: true });
    }
    open
}

/// The edges of the ink of a range of glyphs; both at the pen where there is none.
fn ink(measured: &Measured, glyphs: Range<usize>) -> (i32, i32) {
    let pen = measured.pen[glyphs.start];
    glyphs
        .filter(|at| measured.ink[*at].width > 0)
        .map(|at| {
            let left = measured.pen[at] + measured.ink[at].left;
            (left, left + measured.ink[at].width as i32)
        })
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        .unwrap_or((pen, pen))
}

/// The bytes before which a line may break.
fn breaks(text: &str) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(' ') {
        khmer_breaks(text, start..at, &mut breaks);
        let (before, after) = (&text[start..at], next_token(&text[at + 1..]));
        if !before.is_empty() && !after.is_empty() && !is_glued(before, after) {
            breaks.push(at + 1);
        }
        start = at + 1;
    }
    khmer_breaks(text, start..text.len(), &mut breaks);
    breaks
}

fn next_token(text: &str) -> &str {
    text.split(' ').next().unwrap_or("")
}

/// Whether two neighbours belong on one line: `103-117 km/h`, `cấp 13`, `TP. Hồ`, `0909 645`.
fn is_glued(before: &str, after: &str) -> bool {
    const UNITS: [&str; 22] = [
        "km/h", "km", "m", "cm", "mm", "m/s", "m²", "m³", "ha", "kg", "g", "tấn", "lít", "‰", "%",
        "°C", "₫", "đồng", "giờ", "phút", "ngày", "tuổi",
    ];
    const TITLES: [&str; 9] = ["cấp", "số", "điều", "khoản", "đợt", "tp.", "tx.", "tt.", "khu"];
    let plain = after.trim_end_matches([',', '.', ';', ':', ')', '!', '?']);
    let before_is_number = before.ends_with(|c: char| c.is_ascii_digit());
    let after_is_number = after.starts_with(|c: char| c.is_ascii_digit());
    let all_digits = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let title = before.trim_start_matches(['(', '“', '"']).to_lowercase();
    let abbreviation = title == "tp." || title == "tx." || title == "tt.";
    (before_is_number && UNITS.contains(&plain))
        || (TITLES.contains(&title.as_str()) && (after_is_number || abbreviation))
        || (all_digits(before) && all_digits(plain) && before.len() >= 3 && plain.len() >= 3)
        || (matches!(before, "–" | "-" | "•") && !after.is_empty())
        || matches!(after, "–" | "-")
}

fn khmer_breaks(text: &str, range: Range<usize>, breaks: &mut Vec<usize>) {
    let token = &text[range.clone()];
    if !token.chars().any(|letter| matches!(letter, '\u{1780}'..='\u{17ff}')) {
        return;
    }
    static SEGMENTER: OnceLock<icu_segmenter::LineSegmenterBorrowed<'static>> = OnceLock::new();
    let segmenter =
        SEGMENTER.get_or_init(|| LineSegmenter::new_dictionary(LineBreakOptions::default()));
    let inner = segmenter.segment_str(token).filter(|at| *at > 0 && *at < token.len());
    breaks.extend(inner.map(|at| range.start + at));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;
    use crate::text::shape::shape;

    /// Wraps in a face where every letter is near 8 pixels wide and shows the lines.
    #[track_caller]
    fn check(text: &str, width: i32, expected: &[&str]) {
        let fonts = builtin::fonts();
        let chain = [fonts.find("be-vietnam-pro").expect("comes with the program")];
        let shaped = shape(text, &chain, &fonts);
        let measured = shaped.measure(&fonts, 16);
        let lines: Vec<_> = wrap(&measured, &words(&shaped), width)
            .into_iter()
            .map(|line| {
                assert!(line.right - line.left <= width);
                let start = shaped.glyphs[line.glyphs.start].cluster;
                let end = shaped.glyphs.get(line.glyphs.end).map_or(text.len(), |g| g.cluster);
                text[start..end].to_owned()
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[track_caller]
    fn parts(text: &str, expected: &[&str]) {
        let mut parts = Vec::new();
        let mut start = 0;
        for end in breaks(text).into_iter().chain([text.len()]) {
            parts.push(text[start..end].trim_end());
            start = end;
        }
        assert_eq!(parts, expected);
    }

    #[test]
    fn lines_break_between_syllables() {
        check("Trữ nước ngọt trong mùa khô", 90, &["Trữ nước", "ngọt trong", "mùa khô"]);
    }

    #[test]
    fn a_word_longer_than_the_line_is_parted_without_a_hyphen() {
        check("dichvucong.gov.vn", 70, &["dichvuc", "ong.gov.", "vn"]);
    }

    #[test]
    fn what_belongs_together_stays_together() {
        parts("giật cấp 13, gió 103-117 km/h.", &["giật", "cấp 13,", "gió", "103-117 km/h."]);
        parts("TP. Hồ Chí Minh", &["TP. Hồ", "Chí", "Minh"]);
        parts("gọi 0909 645 589 ngay", &["gọi", "0909 645 589", "ngay"]);
        parts("135/QĐ-TTg 08:00–17:00", &["135/QĐ-TTg", "08:00–17:00"]);
        parts("sâu 54 km, 3,23 m; 5 tuổi", &["sâu", "54 km,", "3,23 m;", "5 tuổi"]);
        parts("Hòa 0,7‰ • Thủ Cửu", &["Hòa", "0,7‰", "• Thủ", "Cửu"]);
        parts("30 phút – 1 giờ", &["30 phút – 1 giờ"]);
    }

    #[test]
    fn khmer_breaks_between_words() {
        let text = "ពិនិត្យជំងឺដោយឥតគិតថ្លៃនៅថ្ងៃសៅរ៍។";
        assert!(breaks(text).len() > 3, "{:?}", breaks(text));
    }

    #[test]
    fn even_lines_leave_no_syllable_alone() {
        let fonts = builtin::fonts();
        let chain = [fonts.find("be-vietnam-pro").expect("comes with the program")];
        let shaped = shape("NỘP HỒ SƠ TRỰC TUYẾN", &chain, &fonts);
        let measured = shaped.measure(&fonts, 16);
        let words = words(&shaped);
        assert_eq!(wrap(&measured, &words, 170).last().map(|l| l.glyphs.len()), Some(5));
        assert_eq!(wrap_even(&measured, &words, 170).last().map(|l| l.glyphs.len()), Some(10));
    }
}
