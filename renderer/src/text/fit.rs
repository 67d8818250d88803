//! The size, face and pages that words get in a zone.
//!
//! In this order: the largest size at which everything fits, then the same in the next (narrower)
//! face, then pages at the largest size that needs no more of them than the smallest size would.
//! Never smaller than the legible minimum, never cut off.

use std::ops::Range;

use crate::fonts::{FaceId, Fonts, Mask};
use crate::layout::{Align, Overflow};

use super::shape::{Measured, Shaped, shape};
use super::wrap::{LineSpan, Word, words, wrap, wrap_well};

/// What a zone offers to words.
#[derive(Debug, Clone)]
pub struct Room {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Chains of faces in order of preference: a chain's first face, then those that stand in for
    /// letters it lacks.
    pub chains: Vec<Vec<FaceId>>,
    /// Smallest and largest size in pixels per em.
    pub sizes: (u32, u32),
    /// What happens when it is too little room.
    pub overflow: Overflow,
    /// Where lines stand; centred ones are made of even length.
    pub align: Align,
}

/// Words set in a room.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The face of most letters.
    pub face: FaceId,
    /// Pixels per em.
    pub size: u32,
    /// One block of lines a page.
    pub pages: Vec<Block>,
    /// Whether each page is one line that is longer than the room and has to run.
    pub runs: bool,
}

/// Lines that stand together.
#[derive(Debug, Clone)]
pub struct Block {
    /// From top to bottom; at least one.
    pub lines: Vec<Line>,
    /// Rows of ink above the first baseline.
    pub above: i32,
    /// Rows of ink below the last baseline.
    pub below: i32,
    /// Rows from one baseline to the next.
    pub pitch: i32,
}

impl Block {
    /// Rows from the top of the first line's ink to the bottom of the last one's.
    pub fn height(&self) -> u32 {
        let baselines = self.pitch * (self.lines.len() as i32 - 1);
        (self.above + baselines + self.below).max(0) as u32
    }
}

/// One line of placed glyphs.
#[derive(Debug, Clone)]
pub struct Line {
    /// The letters, in NFC.
    pub text: String,
    /// Columns of ink.
    pub width: u32,
    /// The glyphs.
    pub glyphs: Vec<LineGlyph>,
}

impl Line {
    /// Columns between the left edge of a room and the line's ink.
    pub fn inset(&self, room_width: u32, align: Align) -> u32 {
        inset(self.width, room_width, align)
    }
}

/// A glyph on a line.
#[derive(Debug, Clone, Copy)]
pub struct LineGlyph {
    /// Its face.
    pub face: FaceId,
    /// Its index in the face.
    pub glyph: u32,
    /// Pen position from the left edge of the line's ink.
    pub x: i32,
    /// Rows above the baseline.
    pub rise: i32,
}

/// How a line ends: pages rather part after a paragraph or a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Paragraph,
    Sentence,
    Word,
}

/// Longest line that runs, in pixels: over two minutes at the usual 60 a second. What is longer
/// runs in several.
const RUN_MAX: u32 = 8192;

/// Sets paragraphs in a room; `None` when not even one line of the smallest size fits.
pub fn fit(paragraphs: &[&str], room: &Room, fonts: &Fonts) -> Option<Fitted> {
    let settings: Vec<Setting> =
        room.chains.iter().map(|chain| Setting::new(paragraphs, chain, fonts)).collect();
    settings
        .iter()
        .find_map(|setting| setting.on_one_page(room))
        .or_else(|| match room.overflow {
            Overflow::Marquee => settings.iter().find_map(|setting| setting.running(room)),
            Overflow::Pages => settings.iter().find_map(|setting| setting.paged(room)),
        })
        .filter(|fitted| !fitted.pages.is_empty())
}

/// Paragraphs shaped with one chain of faces.
struct Setting<'a> {
    fonts: &'a Fonts,
    face: FaceId,
    paragraphs: Vec<(Shaped, Vec<Word>)>,
    /// The paragraphs' lengths in thousandths of the size, without blanks.
    lengths: Vec<u64>,
}

/// How much care lines are broken with; careful ones cost more time and never more lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    Quick,
    Careful,
}

/// Paragraphs broken into lines at one size.
struct Lines<'a> {
    setting: &'a Setting<'a>,
    size: u32,
    measured: Vec<Measured>,
    rows: Vec<Row>,
    pitches: Pitches,
    /// Clear rows between the ink of neighbouring lines: one on dots, a seventh of the size
    /// elsewhere.
    gap: i32,
    broken: bool,
    /// Whether a single letter is wider than the room.
    overwide: bool,
}

/// One line before its letters are placed.
struct Row {
    paragraph: usize,
    span: LineSpan,
    above: i32,
    below: i32,
    end: End,
}

/// Rows of ink above the first and below the last baseline, and from baseline to baseline.
#[derive(Clone, Copy)]
struct Pitches {
    above: i32,
    below: i32,
    pitch: i32,
}

impl Pitches {
    fn new(rows: &[Row], gap: i32) -> Self {
        let above = rows.iter().map(|row| row.above).max().unwrap_or(0);
        let below = rows.iter().map(|row| row.below).max().unwrap_or(0);
        let nearest = rows.windows(2).map(|two| two[0].below + two[1].above).max().unwrap_or(0);
        Self { above, below, pitch: nearest.max(0) + gap }
    }

    fn height(self, lines: usize) -> i32 {
        self.above + (lines as i32 - 1) * self.pitch + self.below
    }

    /// How many lines fit in that many rows.
    fn capacity(self, height: i32) -> usize {
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
    fn pitches(&self, rows: Range<usize>, room: &Room) -> Option<Pitches> {
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
            let start = (row * mask.width) as usize;
            let lit = mask.coverage[start..].iter().take(mask.width as usize);
            columns.extend((x..).zip(lit).filter(|(_, lit)| **lit > 0).map(|(x, _)| x));
        }
        columns
    }

    /// Parts the lines into the fewest pages, of even length where paragraphs and sentences do
    /// not say otherwise. `None` when not one line fits.
    fn pages(&self, room: &Room) -> Option<Vec<(Range<usize>, Pitches)>> {
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
            let ways = (end.saturating_sub(capacity + 1)..end).filter_map(|begin| {
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

    fn block(&self, rows: Range<usize>, Pitches { above, below, pitch }: Pitches) -> Block {
        Block {
            lines: self.rows[rows].iter().map(|row| self.line(row)).collect(),
            above,
            below,
            pitch,
        }
    }

    fn line(&self, Row { paragraph, span, .. }: &Row) -> Line {
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

impl<'a> Setting<'a> {
    fn new(paragraphs: &[&str], chain: &[FaceId], fonts: &'a Fonts) -> Self {
        let paragraphs: Vec<_> = paragraphs
            .iter()
            .map(|text| {
                let shaped = shape(text, chain, fonts);
                let words = words(&shaped);
                (shaped, words)
            })
            .collect();
        let lengths = paragraphs
            .iter()
            .map(|(shaped, words)| {
                words.iter().map(|word| shaped.length(fonts, word.glyphs.clone())).sum()
            })
            .collect();
        Self { fonts, face: chain[0], paragraphs, lengths }
    }

    /// Sizes to try, largest first. Dot faces have their own size and its multiples.
    fn sizes(&self, (least, most): (u32, u32)) -> Vec<u32> {
        match self.fonts.native_rows(self.face) {
            Some(rows) => {
                (1..=most / rows).rev().map(|n| n * rows).filter(|s| *s >= least).collect()
            }
            None => {
                let mut sizes = Vec::new();
                let mut size = most;
                while size > least {
                    sizes.push(size);
                    size -= (size / 24).max(1);
                }
                sizes.push(least);
                sizes
            }
        }
    }

    /// Whether the words may fit in that many rooms at a size. Costs next to nothing and is
    /// generous, so that sizes far too large need not be tried: a line has room for an eighth
    /// more than its width, and lines stand two thirds of the size apart.
    fn may_fit(&self, size: u32, room: &Room, rooms: usize) -> bool {
        let width = u64::from(room.width) * 9 / 8 * 1000;
        let lines: u64 = self
            .lengths
            .iter()
            .filter(|length| **length > 0)
            .map(|length| (length * u64::from(size)).div_ceil(width))
            .sum();
        lines * u64::from(size) * 2 / 3 <= u64::from(room.height) * rooms as u64 + u64::from(size)
    }

    fn lines(&self, size: u32, room: &Room, care: Care) -> Lines<'_> {
        let width = room.width as i32;
        let mut rows = Vec::new();
        let mut all_measured = Vec::new();
        for (paragraph, (shaped, words)) in self.paragraphs.iter().enumerate() {
            let measured = shaped.measure(self.fonts, size);
            let spans = match care {
                Care::Quick => wrap(shaped, &measured, words, width),
                Care::Careful => {
                    wrap_well(shaped, &measured, words, width, room.align == Align::Centre)
                }
            };
            let last = spans.len().saturating_sub(1);
            let spans = spans.into_iter().enumerate();
            rows.extend(spans.map(|(i, s)| row(shaped, &measured, paragraph, s, i == last)));
            all_measured.push(measured);
        }
        let gap = match self.fonts.native_rows(self.face) {
            Some(rows) => size / rows,
            None => size / 7,
        };
        let gap = gap.max(1) as i32;
        Lines {
            setting: self,
            size,
            measured: all_measured,
            pitches: Pitches::new(&rows, gap),
            gap,
            broken: rows.iter().any(|row| row.span.broken),
            overwide: rows.iter().any(|row| row.span.right - row.span.left > width),
            rows,
        }
    }

    /// Everything at once, at the largest size that allows it.
    fn on_one_page(&self, room: &Room) -> Option<Fitted> {
        let sizes = self.sizes(room.sizes).into_iter();
        sizes.filter(|size| self.may_fit(*size, room, 1)).find_map(|size| {
            let quick = self.lines(size, room, Care::Quick);
            let fits = |lines: &Lines| lines.pitches(0..lines.rows.len(), room);
            let pitches = fits(&quick).filter(|_| !quick.broken && !quick.rows.is_empty())?;
            let careful = self.lines(size, room, Care::Careful);
            let (lines, pitches) = match fits(&careful) {
                Some(pitches) => (careful, pitches),
                None => (quick, pitches),
            };
            Some(self.fitted(size, vec![lines.block(0..lines.rows.len(), pitches)]))
        })
    }

    /// All words in one line, at the largest size whose ink fits the room's height.
    fn running(&self, room: &Room) -> Option<Fitted> {
        let wide = Room { width: RUN_MAX, align: Align::Left, ..room.clone() };
        self.sizes(room.sizes).into_iter().find_map(|size| {
            let lines = self.lines(size, &wide, Care::Quick);
            let Pitches { above, below, .. } = lines.pitches;
            if lines.overwide || above + below > room.height as i32 {
                return None;
            }
            let runs = join(lines.rows.iter().map(|row| lines.line(row)), size);
            let pages =
                runs.into_iter().map(|run| Block { lines: vec![run], above, below, pitch: 0 });
            Some(Fitted { runs: true, ..self.fitted(size, pages.collect()) })
        })
    }

    /// Pages at the largest size that needs no more of them than the smallest one.
    fn paged(&self, room: &Room) -> Option<Fitted> {
        let sizes = self.sizes(room.sizes);
        let (least, larger) = sizes.split_last()?;
        let smallest = self.lines(*least, room, Care::Quick);
        let fewest = smallest.pages(room)?.len();
        // A size at which a word must be parted serves only where the smallest parts one.
        let serves = |lines: &Lines| {
            let pages = lines.pages(room).filter(|pages| pages.len() <= fewest);
            pages.filter(|_| smallest.broken || !lines.broken)
        };
        let larger = larger.iter().filter(|size| self.may_fit(**size, room, fewest));
        let mut sizes = larger.chain([least]);
        sizes.find_map(|size| {
            let quick = self.lines(*size, room, Care::Quick);
            let pages = serves(&quick)?;
            let careful = self.lines(*size, room, Care::Careful);
            let (lines, pages) = match serves(&careful) {
                Some(pages) => (careful, pages),
                None => (quick, pages),
            };
            let blocks = pages.into_iter().map(|(rows, pitches)| lines.block(rows, pitches));
            Some(self.fitted(*size, blocks.collect()))
        })
    }

    fn fitted(&self, size: u32, pages: Vec<Block>) -> Fitted {
        Fitted { face: self.face, size, pages, runs: false }
    }
}

fn row(
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
    Row { paragraph, span, above, below, end }
}

/// The letters of a line.
fn text<'a>(shaped: &'a Shaped, span: &LineSpan) -> &'a str {
    let start = shaped.glyphs[span.glyphs.start].cluster;
    let end = shaped.glyphs.get(span.glyphs.end).map_or(shaped.text.len(), |glyph| glyph.cluster);
    shaped.text.get(start..end).unwrap_or("").trim_end()
}

/// Columns between the left edge of a room and what stands in it.
pub fn inset(line_width: u32, room_width: u32, align: Align) -> u32 {
    let free = room_width.saturating_sub(line_width);
    match align {
        Align::Left => 0,
        Align::Centre => free / 2,
        Align::Right => free,
    }
}

/// Few long lines out of several, a blank of one and a half em between those joined.
fn join(lines: impl Iterator<Item = Line>, size: u32) -> Vec<Line> {
    let mut runs: Vec<Line> = Vec::new();
    for line in lines {
        match runs.last_mut() {
            Some(run) if run.width + size * 3 / 2 + line.width <= RUN_MAX => {
                let shift = run.width + size * 3 / 2;
                run.text.push(' ');
                run.text.push_str(&line.text);
                run.glyphs.extend(
                    line.glyphs
                        .iter()
                        .map(|glyph| LineGlyph { x: glyph.x + shift as i32, ..*glyph }),
                );
                run.width = shift + line.width;
            }
            _ => runs.push(line),
        }
    }
    runs
}
