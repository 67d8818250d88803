//! Where lines of Vietnamese break: between syllables, at spaces, and not where a reader would
//! stumble. Khmer has no spaces and breaks by dictionary.

mod bond;

use std::ops::Range;

use bond::breaks;

use super::shape::{Measured, Shaped};

/// A syllable, a number or an address: what stands between two blanks, or a word of Khmer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Glyphs with ink.
    pub glyphs: Range<usize>,
    /// How it holds to the next one.
    pub bond: Bond,
}

/// How two neighbours hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bond {
    /// A line may end between them.
    Loose,
    /// Two syllables of one term: parted only where that saves a line.
    Term,
    /// Never parted, unless both together are longer than a line.
    Tight,
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
    /// Whether what belongs together had to be parted because it is longer than the line.
    pub broken: bool,
}

/// The words of a shaped paragraph.
pub fn words(shaped: &Shaped) -> Vec<Word> {
    let breaks = breaks(&shaped.text);
    let mut words = Vec::new();
    let mut start = 0;
    for (end, bond) in breaks.into_iter().chain([(shaped.text.len(), Bond::Loose)]) {
        let next = start + shaped.glyphs[start..].iter().take_while(|g| g.cluster < end).count();
        let inked = shaped.glyphs[start..next]
            .iter()
            .rposition(|g| !shaped.text[g.cluster..].starts_with([' ', '\u{200b}']));
        if let Some(last) = inked {
            words.push(Word { glyphs: start..start + last + 1, bond });
        }
        start = next;
    }
    words
}

/// Breaks a paragraph into the fewest lines of at most `width` pixels of ink, each as full as can
/// be. A single letter may be wider.
pub fn wrap(shaped: &Shaped, measured: &Measured, words: &[Word], width: i32) -> Vec<LineSpan> {
    let mut lines: Vec<LineSpan> = Vec::new();
    for block in words.chunk_by(|word, _| word.bond == Bond::Tight) {
        let whole = span(measured, block[0].glyphs.start..block[block.len() - 1].glyphs.end);
        if whole.right - whole.left <= width {
            add(&mut lines, whole, width);
            continue;
        }
        for word in block {
            let word = LineSpan { broken: true, ..span(measured, word.glyphs.clone()) };
            if word.right - word.left <= width {
                add(&mut lines, word, width);
                continue;
            }
            let start = word.glyphs.start;
            for cluster in clusters(shaped, word.glyphs) {
                let begins = cluster.start == start;
                let cluster = LineSpan { broken: true, ..span(measured, cluster) };
                if begins { lines.push(cluster) } else { add(&mut lines, cluster, width) }
            }
        }
    }
    lines
}

/// Breaks into as many lines as [`wrap`], and among the ways to do so takes one that parts the
/// fewest terms, then one whose lines are of even length. Where `last_too` is not set the last
/// line may be shorter, but not a syllable alone.
pub fn wrap_well(
    shaped: &Shaped,
    measured: &Measured,
    words: &[Word],
    width: i32,
    last_too: bool,
) -> Vec<LineSpan> {
    let fullest = wrap(shaped, measured, words, width);
    if fullest.len() < 2 || fullest.iter().any(|line| line.broken) {
        return fullest;
    }
    let blocks: Vec<(LineSpan, Bond)> = words
        .chunk_by(|word, _| word.bond == Bond::Tight)
        .map(|block| {
            let last = &block[block.len() - 1];
            (span(measured, block[0].glyphs.start..last.glyphs.end), last.bond)
        })
        .collect();
    // The best way to set the first blocks: lines, parted terms, unevenness, where its last line
    // begins.
    let mut best: Vec<(u32, u32, i64, usize)> = vec![(0, 0, 0, 0)];
    for end in 1..=blocks.len() {
        let is_last = end == blocks.len();
        let parts_term = !is_last && blocks[end - 1].1 == Bond::Term;
        let (mut left, mut right) = (i32::MAX, i32::MIN);
        let mut least: Option<(u32, u32, i64, usize)> = None;
        for begin in (0..end).rev() {
            left = left.min(blocks[begin].0.left);
            right = right.max(blocks[begin].0.right);
            if right - left > width {
                break;
            }
            let free = match is_last && !last_too {
                true if begin + 1 == end => i64::from(width),
                true => 0,
                false => i64::from(width - (right - left)),
            };
            let (lines, parted, uneven, _) = best[begin];
            let way = (lines + 1, parted + u32::from(parts_term), uneven + free * free, begin);
            least = Some(least.map_or(way, |least| least.min(way)));
        }
        best.push(least.expect("every block is narrower than a line"));
    }
    let mut lines = Vec::new();
    let mut end = blocks.len();
    while end > 0 {
        let begin = best[end].3;
        lines.push(span(measured, blocks[begin].0.glyphs.start..blocks[end - 1].0.glyphs.end));
        end = begin;
    }
    lines.reverse();
    lines
}

/// Adds a piece to the last line, or begins a new line with it.
fn add(lines: &mut Vec<LineSpan>, piece: LineSpan, width: i32) {
    if let Some(line) = lines.last_mut() {
        let (left, right) = (line.left.min(piece.left), line.right.max(piece.right));
        if right - left <= width {
            let glyphs = line.glyphs.start..piece.glyphs.end;
            *line = LineSpan { glyphs, left, right, broken: line.broken || piece.broken };
            return;
        }
    }
    lines.push(piece);
}

/// The glyphs of a word in groups that stand for whole letters with their marks.
fn clusters(shaped: &Shaped, word: Range<usize>) -> Vec<Range<usize>> {
    let glyphs = &shaped.glyphs[word.clone()];
    let mut start = word.start;
    glyphs
        .chunk_by(|a, b| a.cluster == b.cluster)
        .map(|chunk| {
            let range = start..start + chunk.len();
            start = range.end;
            range
        })
        .collect()
}

fn span(measured: &Measured, glyphs: Range<usize>) -> LineSpan {
    let (left, right) = ink(measured, glyphs.clone());
    LineSpan { glyphs, left, right, broken: false }
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
        let lines: Vec<_> = wrap(&shaped, &measured, &words(&shaped), width)
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
        let loose = breaks(text).into_iter().filter(|(_, bond)| *bond != Bond::Tight);
        for end in loose.map(|(at, _)| at).chain([text.len()]) {
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
        parts("về TP. Hồ Chí Minh ngay", &["về", "TP. Hồ Chí Minh", "ngay"]);
        parts("TP. Cần Thơ, Xã Cư M’gar", &["TP. Cần Thơ,", "Xã", "Cư", "M’gar"]);
        parts("TP. HỒ CHÍ MINH THÔNG BÁO", &["TP. HỒ CHÍ MINH", "THÔNG", "BÁO"]);
        parts("ở TP. Huế từ ngày 5/6", &["ở", "TP. Huế", "từ", "ngày 5/6"]);
        parts("gọi (0275) 3822 123", &["gọi", "(0275) 3822 123"]);
        parts("theo Điều 5, cấp 13–14", &["theo", "Điều 5,", "cấp 13–14"]);
        parts("gọi 0909 645 589 ngay", &["gọi", "0909 645 589", "ngay"]);
        parts("135/QĐ-TTg 08:00–17:00", &["135/QĐ-TTg", "08:00–17:00"]);
        parts("sâu 54 km, 3,23 m; 5 tuổi", &["sâu", "54 km,", "3,23 m;", "5 tuổi"]);
        parts("Hòa 0,7‰ • Thủ Cửu", &["Hòa", "0,7‰", "• Thủ", "Cửu"]);
        parts("30 phút – 1 giờ", &["30 phút – 1 giờ"]);
        parts("KHẨN CẤP – BÃO SỐ 3", &["KHẨN", "CẤP –", "BÃO", "SỐ 3"]);
        parts("- Ngắt điện", &["- Ngắt", "điện"]);
    }

    /// Two blanks between words used to glue them into one endless word.
    #[test]
    fn many_blanks_part_words_as_one_does() {
        parts("Trữ  nước   ngọt ", &["Trữ", "nước", "ngọt"]);
    }

    #[test]
    fn what_is_glued_falls_apart_at_its_blanks_first() {
        check("1000 2000 3000 4000", 90, &["1000 2000", "3000 4000"]);
    }

    #[test]
    fn terms_stay_together_where_it_costs_no_line() {
        let fonts = builtin::fonts();
        let chain = [fonts.find("be-vietnam-pro").expect("comes with the program")];
        let shaped = shape("TÌNH HUỐNG KHẨN CẤP: SẠT LỞ BỜ BIỂN", &chain, &fonts);
        let measured = shaped.measure(&fonts, 16);
        let lines = wrap_well(&shaped, &measured, &words(&shaped), 200, true);
        let ends: Vec<_> = lines.iter().map(|line| line.glyphs.end).collect();
        assert_eq!(ends, ["TÌNH HUỐNG KHẨN CẤP:".chars().count(), shaped.glyphs.len()]);
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
        let last = |lines: Vec<LineSpan>| lines.last().map(|line| line.glyphs.len());
        assert_eq!(last(wrap(&shaped, &measured, &words, 170)), Some(5));
        assert_eq!(last(wrap_well(&shaped, &measured, &words, 170, false)), Some(10));
    }
}
