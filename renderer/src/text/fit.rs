//! The size, face and pages that words get in a zone.
//!
//! In this order: the largest size at which everything fits, then the same in the next (narrower)
//! face, then pages at the largest size that needs no more of them than the smallest size would.
//! Never smaller than the legible minimum, never cut off.

use crate::fonts::{FaceId, Fonts};
use crate::layout::Overflow;

use super::shape::{Measured, Shaped, shape};
use super::wrap::{LineSpan, Word, words, wrap, wrap_even};

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
    /// Whether lines are made of even length.
    pub even: bool,
}

/// Words set in a room.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The face of most letters.
    pub face: FaceId,
    /// Pixels per em.
    pub size: u32,
    /// The pages' lines.
    pub pages: Vec<Vec<Line>>,
    /// Rows of ink above the first baseline.
    pub above: i32,
    /// Rows of ink below the last baseline.
    pub below: i32,
    /// Rows from one baseline to the next.
    pub pitch: i32,
    /// Whether the one line is longer than the room and has to run.
    pub runs: bool,
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
    ink: (i32, i32),
    end: End,
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

/// Sets paragraphs in a room; `None` when not even one line of the smallest size fits.
pub fn fit(paragraphs: &[&str], room: &Room, fonts: &Fonts) -> Option<Fitted> {
    let settings: Vec<Setting> =
        room.chains.iter().map(|chain| Setting::new(paragraphs, chain, fonts)).collect();
    for setting in &settings {
        for size in setting.sizes(room.sizes) {
            let lines = setting.lines(size, room);
            if !lines.broken && lines.height() <= room.height as i32 {
                return Some(setting.fitted(size, lines, None));
            }
        }
    }
    if room.overflow == Overflow::Marquee {
        return settings.iter().find_map(|setting| setting.running(room));
    }
    settings.iter().find_map(|setting| setting.paged(room))
}

/// Letters that none of the chain's faces has, each with its paragraph and place.
pub fn missing(paragraphs: &[&str], chain: &[FaceId], fonts: &Fonts) -> Vec<(char, usize)> {
    paragraphs.iter().flat_map(|text| shape(text, chain, fonts).missing).collect()
}

/// Paragraphs shaped with one chain of faces.
struct Setting<'a> {
    fonts: &'a Fonts,
    face: FaceId,
    paragraphs: Vec<(Shaped, Vec<Word>)>,
}

struct Lines {
    lines: Vec<Line>,
    above: i32,
    below: i32,
    pitch: i32,
    broken: bool,
}

impl Lines {
    fn height(&self) -> i32 {
        self.height_of(self.lines.len())
    }

    fn height_of(&self, lines: usize) -> i32 {
        match lines {
            0 => 0,
            lines => self.above + (lines as i32 - 1) * self.pitch + self.below,
        }
    }

    /// How many lines fit in that many rows.
    fn capacity(&self, height: i32) -> usize {
        match height - self.above - self.below {
            rest if rest < 0 => 0,
            rest => 1 + (rest / self.pitch.max(1)) as usize,
        }
    }

    /// Parts the lines into the fewest pages, of even length where paragraphs and sentences do
    /// not say otherwise. `None` when not one line fits.
    fn pages(&self, height: i32) -> Option<Vec<usize>> {
        let capacity = self.capacity(height);
        if capacity == 0 {
            return None;
        }
        let mut lengths = Vec::new();
        let mut done = 0;
        while done < self.lines.len() {
            let rest = self.lines.len() - done;
            let pages = rest.div_ceil(capacity);
            let least = rest.saturating_sub((pages - 1) * capacity).max(1);
            let wanted = rest.div_ceil(pages);
            let best = (least..=capacity.min(rest)).min_by_key(|length| {
                let away = length.abs_diff(wanted) * 2;
                match self.lines[done + length - 1].end {
                    End::Paragraph => away,
                    End::Sentence => away + 2,
                    End::Word => away + 5,
                }
            });
            let length = best.unwrap_or(wanted);
            lengths.push(length);
            done += length;
        }
        Some(lengths)
    }
}

impl<'a> Setting<'a> {
    fn new(paragraphs: &[&str], chain: &[FaceId], fonts: &'a Fonts) -> Self {
        let paragraphs = paragraphs
            .iter()
            .map(|text| {
                let shaped = shape(text, chain, fonts);
                let words = words(&shaped);
                (shaped, words)
            })
            .collect();
        Self { fonts, face: chain[0], paragraphs }
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

    fn lines(&self, size: u32, room: &Room) -> Lines {
        let mut lines = Vec::new();
        let mut broken = false;
        for (shaped, words) in &self.paragraphs {
            let measured = shaped.measure(self.fonts, size);
            let width = room.width as i32;
            let mut spans = wrap(&measured, words, width);
            let last_is_short = spans.last().is_some_and(|s| is_one_word(s, words));
            if room.even || last_is_short {
                spans = wrap_even(&measured, words, width);
            }
            broken |= spans.iter().any(|span| span.broken);
            let count = spans.len();
            for (index, span) in spans.into_iter().enumerate() {
                lines.push(line(shaped, &measured, &span, index + 1 == count));
            }
        }
        let above = lines.iter().map(|l| l.ink.0).max().unwrap_or(0);
        let below = lines.iter().map(|l| l.ink.1).max().unwrap_or(0);
        // Ink of neighbouring lines keeps a gap: one row on dots, a seventh of the size elsewhere.
        let gap = match self.fonts.native_rows(self.face) {
            Some(rows) => size / rows,
            None => size / 7,
        };
        let gap = gap.max(1) as i32;
        let nearest = lines.windows(2).map(|two| two[0].ink.1 + two[1].ink.0).max().unwrap_or(0);
        Lines { lines, above, below, pitch: nearest + gap, broken }
    }

    /// All words in one line, at the largest size whose ink fits the room's height.
    fn running(&self, room: &Room) -> Option<Fitted> {
        let wide = Room { width: u32::MAX / 4, even: false, ..room.clone() };
        self.sizes(room.sizes).into_iter().find_map(|size| {
            let lines = self.lines(size, &wide);
            let fits = lines.above + lines.below <= room.height as i32;
            fits.then(|| {
                let joined = join(lines, size as i32);
                Fitted { runs: true, ..self.fitted(size, joined, None) }
            })
        })
    }

    fn paged(&self, room: &Room) -> Option<Fitted> {
        let height = room.height as i32;
        let candidates: Vec<(u32, Lines, Vec<usize>)> = self
            .sizes(room.sizes)
            .into_iter()
            .filter_map(|size| {
                let lines = self.lines(size, room);
                let pages = lines.pages(height)?;
                Some((size, lines, pages))
            })
            .collect();
        // A size at which a word must be parted serves only where all sizes part one.
        let whole = candidates.iter().any(|(_, lines, _)| !lines.broken);
        let usable = |lines: &Lines| !whole || !lines.broken;
        let fewest =
            candidates.iter().filter(|c| usable(&c.1)).map(|(_, _, pages)| pages.len()).min()?;
        let (size, lines, pages) =
            candidates.into_iter().find(|(_, l, pages)| usable(l) && pages.len() == fewest)?;
        Some(self.fitted(size, lines, Some(pages)))
    }

    fn fitted(&self, size: u32, lines: Lines, pages: Option<Vec<usize>>) -> Fitted {
        let Lines { lines, above, below, pitch, .. } = lines;
        let mut rest = lines.into_iter();
        let pages = match pages {
            Some(lengths) => {
                lengths.into_iter().map(|length| rest.by_ref().take(length).collect()).collect()
            }
            None => vec![rest.collect()],
        };
        Fitted { face: self.face, size, pages, above, below, pitch, runs: false }
    }
}

fn is_one_word(span: &LineSpan, words: &[Word]) -> bool {
    words.last().is_some_and(|word| word.glyphs.start <= span.glyphs.start)
}

fn line(shaped: &Shaped, measured: &Measured, span: &LineSpan, last: bool) -> Line {
    let range = span.glyphs.clone();
    let start = shaped.glyphs[range.start].cluster;
    let end = shaped.glyphs.get(range.end).map_or(shaped.text.len(), |glyph| glyph.cluster);
    let text = shaped.text[start..end].trim_end().to_owned();
    let inked = || range.clone().filter(|at| measured.ink[*at].width > 0);
    let above = inked().map(|at| measured.ink[at].above + measured.rise[at]).max().unwrap_or(0);
    let below = inked().map(|at| measured.ink[at].below - measured.rise[at]).max().unwrap_or(0);
    let glyphs = range
        .clone()
        .map(|at| LineGlyph {
            face: shaped.glyphs[at].face,
            glyph: shaped.glyphs[at].glyph,
            x: measured.pen[at] - span.left,
            rise: measured.rise[at],
        })
        .collect();
    let end = match last {
        true => End::Paragraph,
        false if text.ends_with(['.', ';', '!', '?', ':', '។']) => End::Sentence,
        false => End::Word,
    };
    let width = (span.right - span.left).max(0) as u32;
    Line { text, width, glyphs, ink: (above, below), end }
}

/// One line out of several, a blank of one and a half em between paragraphs.
fn join(lines: Lines, size: i32) -> Lines {
    let mut joined: Option<Line> = None;
    for line in lines.lines {
        match joined.as_mut() {
            None => joined = Some(line),
            Some(open) => {
                let shift = open.width as i32 + size * 3 / 2;
                open.text = format!("{} {}", open.text, line.text);
                open.glyphs.extend(
                    line.glyphs.iter().map(|glyph| LineGlyph { x: glyph.x + shift, ..*glyph }),
                );
                open.width = shift as u32 + line.width;
            }
        }
    }
    Lines { lines: joined.into_iter().collect(), ..lines }
}
