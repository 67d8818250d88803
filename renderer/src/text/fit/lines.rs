//! Paragraphs broken into lines at one size: how close the lines stand, and where pages part.

use std::ops::Range;

use super::*;
use crate::fonts::Mask;

/// Paragraphs broken into lines at one size.
pub(super) struct Lines<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) size: u32,
    pub(super) measured: Rc<[Measured]>,
    pub(super) rows: Vec<Row>,
    pub(super) pitches: Pitches,
    /// Clear rows between the ink of neighbouring lines: one on dots, a seventh of the size
    /// elsewhere.
    pub(super) gap: i32,
    pub(super) broken: bool,
    /// Whether a single letter is wider than the room.
    pub(super) overwide: bool,
}

/// One line before its letters are placed.
pub(super) struct Row {
    pub(super) paragraph: usize,
    pub(super) span: LineSpan,
    pub(super) above: i32,
    pub(super) below: i32,
    pub(super) end: End,
    pub(super) parts_term: bool,
}

/// Rows of ink above the first and below the last baseline, and from baseline to baseline.
#[derive(Clone, Copy)]
pub(super) struct Pitches {
    pub(super) above: i32,
    pub(super) below: i32,
    pub(super) pitch: i32,
}

impl Pitches {
    pub(super) fn new(rows: &[Row], gap: i32) -> Self {
        let above = rows.iter().map(|row| row.above).max().unwrap_or(0);
        let below = rows.iter().map(|row| row.below).max().unwrap_or(0);
        let nearest = rows.windows(2).map(|two| two[0].below + two[1].above).max().unwrap_or(0);
        Self { above, below, pitch: nearest.max(0) + gap }
    }

    pub(super) fn height(self, lines: usize) -> i32 {
        self.above + (lines as i32 - 1) * self.pitch + self.below
    }

    /// How many lines fit in that many rows.
    pub(super) fn capacity(self, height: i32) -> usize {
        match height - self.above - self.below {
            rest if rest < 0 => 0,
            rest => 1 + (rest / self.pitch.max(1)) as usize,
        }
    }
}

impl Lines<'_> {
    /// How the lines of one page stand; `None` when they do not fit. All pages have the same
    /// pitch, but on dots one row decides whether another line fits: there the page's own lines
    /// count, and their boxes may lie one upon the other where no ink touches.
    pub(super) fn pitches(&self, rows: Range<usize>, room: &Room) -> Option<Pitches> {
        let fits = |pitches: Pitches| pitches.height(rows.len()) <= room.height as i32;
        if fits(self.pitches) {
            return Some(self.pitches);
        }
        self.setting.fonts.native_rows(self.setting.face)?;
        let own = Pitches::new(&self.rows[rows.clone()], self.gap);
        if fits(own) {
            return Some(own);
        }
        let close = Pitches { pitch: own.pitch - self.gap, ..own };
        let clear = || {
            let mut neighbours = self.rows[rows.clone()].windows(2);
            neighbours.all(|two| {
                two[0].below + two[1].above < close.pitch || !self.touch(&two[0], &two[1], room)
            })
        };
        (fits(close) && clear()).then_some(close)
    }

    /// Whether ink of the upper line's lowest row would touch ink of the lower line's highest
    /// row, if one lay right under the other.
    fn touch(&self, upper: &Row, lower: &Row, room: &Room) -> bool {
        let lowest = self.edge(upper, room, |mask, rise| {
            (mask.height as i32 - mask.top - rise == upper.below).then(|| mask.height - 1)
        });
        let highest =
            self.edge(lower, room, |mask, rise| (mask.top + rise == lower.above).then_some(0));
        lowest.iter().any(|a| highest.iter().any(|b| a.abs_diff(*b) <= self.gap as u32))
    }

    /// The columns that are lit in one row of a line: `row` says which row of a glyph's mask.
    fn edge(&self, line: &Row, room: &Room, row: impl Fn(&Mask, i32) -> Option<u32>) -> Vec<i32> {
        let (shaped, _) = &self.setting.paragraphs[line.paragraph];
        let measured = &self.measured[line.paragraph];
        let width = (line.span.right - line.span.left).max(0) as u32;
        let left = inset(width, room.width, room.align) as i32 - line.span.left;
        let mut columns = Vec::new();
        for at in line.span.glyphs.clone().filter(|at| measured.ink[*at].width > 0) {
            let glyph = &shaped.glyphs[at];
            let mask = self.setting.fonts.mask(glyph.face, glyph.glyph, self.size);
            let Some(row) = row(&mask, measured.rise[at]) else { continue };
            let x = left + measured.pen[at] + mask.left;
            let lit = mask.rows().nth(row as usize).unwrap_or_default();
            columns.extend((x..).zip(lit).filter(|(_, lit)| **lit > 0).map(|(x, _)| x));
        }
        columns
    }

    /// Parts the lines into the fewest pages, of even length where paragraphs and sentences do
    /// not say otherwise. `None` when not one line fits.
    pub(super) fn pages(&self, room: &Room) -> Option<Vec<(Range<usize>, Pitches)>> {
        let capacity = self.pitches.capacity(room.height as i32);
        if capacity == 0 || self.overwide {
            return None;
        }
        // The best way to part the first lines: pages, unevenness, the last of these pages.
        let mut best: Vec<(u32, u64, Range<usize>, Pitches)> = vec![(0, 0, 0..0, self.pitches)];
        for end in 1..=self.rows.len() {
            let ragged = match self.rows[end - 1].end {
                _ if end == self.rows.len() => 0,
                End::Paragraph => 0,
                End::Sentence => 2,
                End::Word => 5,
            };
            // Of ways that are as good, the one whose last page is the short one.
            let begins = (end.saturating_sub(capacity + 1)..end).rev();
            let ways = begins.filter_map(|begin| {
                let pitches = self.pitches(begin..end, room)?;
                let (pages, cost, ..) = best[begin];
                let free = (capacity + 1 - (end - begin)) as u64;
                Some((pages + 1, cost + free * free + ragged, begin..end, pitches))
            });
            let least = ways.min_by_key(|(pages, cost, ..)| (*pages, *cost));
            best.push(least.expect("one line always fits"));
        }
        let mut pages = Vec::new();
        let mut end = self.rows.len();
        while end > 0 {
            let (_, _, rows, pitches) = best[end].clone();
            end = rows.start;
            pages.push((rows, pitches));
        }
        pages.reverse();
        Some(pages)
    }

    pub(super) fn block(
        &self,
        rows: Range<usize>,
        Pitches { above, below, pitch }: Pitches,
    ) -> Block {
        Block {
            lines: self.rows[rows].iter().map(|row| self.line(row)).collect(),
            above,
            below,
            pitch,
        }
    }

    pub(super) fn line(&self, Row { paragraph, span, .. }: &Row) -> Line {
        let (shaped, _) = &self.setting.paragraphs[*paragraph];
        let measured = &self.measured[*paragraph];
        let glyphs = span
            .glyphs
            .clone()
            .map(|at| LineGlyph {
                face: shaped.glyphs[at].face,
                glyph: shaped.glyphs[at].glyph,
                x: measured.pen[at] - span.left,
                rise: measured.rise[at],
            })
            .collect();
        let width = (span.right - span.left).max(0) as u32;
        Line { text: text(shaped, span).to_owned(), width, glyphs }
    }
}

/// How a line ends: pages rather part after a paragraph or a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Paragraph,
    Sentence,
    Word,
}

pub(super) fn row(
    shaped: &Shaped,
    measured: &Measured,
    paragraph: usize,
    span: LineSpan,
    is_last: bool,
) -> Row {
    let inked = || span.glyphs.clone().filter(|at| measured.ink[*at].width > 0);
    let above = inked().map(|at| measured.ink[at].above + measured.rise[at]).max().unwrap_or(0);
    let below = inked().map(|at| measured.ink[at].below - measured.rise[at]).max().unwrap_or(0);
    let end = match text(shaped, &span) {
        _ if is_last => End::Paragraph,
        text if text.ends_with(['.', ';', '!', '?', ':', '។']) => End::Sentence,
        _ => End::Word,
    };
    Row { paragraph, span, above, below, end, parts_term: false }
}

/// The letters of a line.
pub(super) fn text<'a>(shaped: &'a Shaped, span: &LineSpan) -> &'a str {
    let start = shaped.glyphs[span.glyphs.start].cluster;
    let end = shaped.glyphs.get(span.glyphs.end).map_or(shaped.text.len(), |glyph| glyph.cluster);
    shaped.text.get(start..end).unwrap_or("").trim_end()
}
