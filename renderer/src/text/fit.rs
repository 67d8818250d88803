//! The size, face and pages that words get in a zone.
//!
//! In this order: the largest size at which everything fits (or one not much smaller that keeps
//! terms together), then the same in the next, narrower face, then pages at the largest size that
//! needs no more of them than the smallest size would. Never smaller than the legible minimum,
//! never cut off.

mod lines;

use std::rc::Rc;

use crate::fonts::{FaceId, Fonts};
use crate::layout::{Align, Overflow};

use super::shape::{Measured, Shaped, shape};
use super::wrap::{Bond, LineSpan, Word, words, wrap, wrap_well};
use lines::{Lines, Pitches, Row, row};

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
    /// Clear rows between the ink of neighbouring lines; `None` leaves it to the size.
    pub leading: Option<u32>,
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
    /// Which rule chose them; with [`Rule::Marquee`] each page is one line that runs.
    pub rule: Rule,
}

/// The rules by which words get their size and face, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The largest size at which everything fits.
    Largest,
    /// Somewhat smaller, or narrower, so that fewer terms are parted between two lines.
    Together,
    /// A narrower face, because no size of the one before fits.
    NarrowerFace,
    /// Pages, at the largest size that needs no more of them than the smallest one.
    Pages,
    /// One line that runs.
    Marquee,
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

/// Longest line that runs, in pixels: over two minutes at the usual 60 a second. What is longer
/// runs in several.
const RUN_MAX: u32 = 8192;

/// Most memory that running lines of one text take, in bytes of coverage: thirty of them at 64
/// pixels. What is longer turns pages, which keep no picture of a line.
const RUNS_MAX_BYTES: u64 = 24 << 20;

/// How much smaller than the largest size that fits words may be for a term not to be parted
/// between two lines: what that costs in distance, it saves in reading.
const TOGETHER_PERCENT: u32 = 80;

/// Sets paragraphs in a room; `None` when not even one line of the smallest size fits.
pub fn fit(paragraphs: &[&str], room: &Room, fonts: &Fonts) -> Option<Fitted> {
    let mut settings = Vec::new();
    for chain in &room.chains {
        let setting = Setting::new(paragraphs, chain, fonts);
        if let Some(whole) = setting.largest(room, room.sizes) {
            let rule = if settings.is_empty() { Rule::Largest } else { Rule::NarrowerFace };
            if whole.parted > 0 {
                let least = (whole.size * TOGETHER_PERCENT / 100).max(room.sizes.0);
                // A little smaller, or in a narrower face, which often is a lighter one, if then no
                // term is parted at all.
                let rest = &room.chains[settings.len() + 1..];
                let kinder = setting.kinder(room, (least, whole.size - 1), whole.parted);
                if let Some(kinder) = kinder {
                    return Some(setting.on_one_page(kinder, Rule::Together));
                }
                let narrower = rest.iter().map(|chain| Setting::new(paragraphs, chain, fonts));
                for setting in narrower {
                    let kinder = setting.kinder(room, (least, whole.size), 1);
                    if let Some(kinder) = kinder {
                        return Some(setting.on_one_page(kinder, Rule::Together));
                    }
                }
            }
            return Some(setting.on_one_page(whole, rule));
        }
        settings.push(setting);
    }
    match room.overflow {
        Overflow::Marquee => settings
            .iter()
            .find_map(|setting| setting.running(room))
            .or_else(|| settings.iter().find_map(|setting| setting.paged(room))),
        Overflow::Pages => settings.iter().find_map(|setting| setting.paged(room)),
    }
    .filter(|fitted| !fitted.pages.is_empty())
}

/// Everything in one room at one size.
struct Whole<'a> {
    size: u32,
    lines: Lines<'a>,
    pitches: Pitches,
    /// How many terms have a syllable on one line and the next on another.
    parted: usize,
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

    /// Positions and ink of all glyphs at a size.
    fn measured(&self, size: u32) -> Rc<[Measured]> {
        self.paragraphs.iter().map(|(shaped, _)| shaped.measure(self.fonts, size)).collect()
    }

    fn lines(
        &self,
        size: u32,
        room: &Room,
        care: Care,
        all_measured: &Rc<[Measured]>,
    ) -> Lines<'_> {
        let width = room.width as i32;
        let mut rows = Vec::new();
        let paragraphs = self.paragraphs.iter().zip(all_measured.iter()).enumerate();
        for (paragraph, ((shaped, words), measured)) in paragraphs {
            let spans = match care {
                Care::Quick => wrap(shaped, measured, words, width),
                Care::Careful => {
                    wrap_well(shaped, measured, words, width, room.align == Align::Centre)
                }
            };
            let last = spans.len().saturating_sub(1);
            let spans = spans.into_iter().enumerate();
            rows.extend(spans.map(|(i, span)| {
                let parts_term = i < last && parts_term(words, &span);
                Row { parts_term, ..row(shaped, measured, paragraph, span, i == last) }
            }));
        }
        let usual = match self.fonts.native_rows(self.face) {
            Some(rows) => size / rows,
            None => size / 7,
        };
        let gap = room.leading.unwrap_or(usual.max(1)) as i32;
        Lines {
            setting: self,
            size,
            measured: Rc::clone(all_measured),
            pitches: Pitches::new(&rows, gap),
            gap,
            broken: rows.iter().any(|row| row.span.broken),
            overwide: rows.iter().any(|row| row.span.right - row.span.left > width),
            rows,
        }
    }

    /// Everything at once at a size, where it fits.
    fn whole(&self, size: u32, room: &Room) -> Option<Whole<'_>> {
        let measured = self.measured(size);
        let quick = self.lines(size, room, Care::Quick, &measured);
        let fits = |lines: &Lines| lines.pitches(0..lines.rows.len(), room);
        let pitches = fits(&quick).filter(|_| !quick.broken && !quick.rows.is_empty())?;
        let careful = self.lines(size, room, Care::Careful, &measured);
        let (lines, pitches) = match fits(&careful) {
            Some(pitches) => (careful, pitches),
            None => (quick, pitches),
        };
        let parted = lines.rows.iter().filter(|row| row.parts_term).count();
        Some(Whole { size, lines, pitches, parted })
    }

    /// Everything at once, at the largest size that allows it.
    fn largest(&self, room: &Room, sizes: (u32, u32)) -> Option<Whole<'_>> {
        let sizes = self.sizes(sizes).into_iter().filter(|size| self.may_fit(*size, room, 1));
        sizes.into_iter().find_map(|size| self.whole(size, room))
    }

    /// The largest size that parts fewer terms than so many.
    fn kinder(&self, room: &Room, sizes: (u32, u32), parted: usize) -> Option<Whole<'_>> {
        if sizes.0 > sizes.1 {
            return None;
        }
        let sizes = self.sizes(sizes).into_iter();
        sizes.filter_map(|size| self.whole(size, room)).find(|whole| whole.parted < parted)
    }

    fn on_one_page(&self, whole: Whole, rule: Rule) -> Fitted {
        let Whole { size, lines, pitches, .. } = whole;
        Fitted { rule, ..self.fitted(size, vec![lines.block(0..lines.rows.len(), pitches)]) }
    }

    /// All words in one line, at the largest size whose ink fits the room's height.
    fn running(&self, room: &Room) -> Option<Fitted> {
        let wide = Room { width: RUN_MAX, align: Align::Left, ..room.clone() };
        self.sizes(room.sizes).into_iter().find_map(|size| {
            let lines = self.lines(size, &wide, Care::Quick, &self.measured(size));
            let Pitches { above, below, .. } = lines.pitches;
            if lines.overwide || above + below > room.height as i32 {
                return None;
            }
            let runs = join(lines.rows.iter().map(|row| lines.line(row)), size);
            let columns: u64 = runs.iter().map(|run| u64::from(run.width)).sum();
            if columns * (above + below).max(0) as u64 > RUNS_MAX_BYTES {
                return None;
            }
            let pages =
                runs.into_iter().map(|run| Block { lines: vec![run], above, below, pitch: 0 });
            Some(Fitted { rule: Rule::Marquee, ..self.fitted(size, pages.collect()) })
        })
    }

    /// Pages at the largest size that needs no more of them than the smallest one.
    fn paged(&self, room: &Room) -> Option<Fitted> {
        let sizes = self.sizes(room.sizes);
        let (least, larger) = sizes.split_last()?;
        let smallest = self.lines(*least, room, Care::Quick, &self.measured(*least));
        let fewest = smallest.pages(room)?.len();
        // A size at which a word must be parted serves only where the smallest parts one.
        let serves = |lines: &Lines| {
            let pages = lines.pages(room).filter(|pages| pages.len() <= fewest);
            pages.filter(|_| smallest.broken || !lines.broken)
        };
        let larger = larger.iter().filter(|size| self.may_fit(**size, room, fewest));
        let mut sizes = larger.chain([least]);
        sizes.find_map(|size| {
            let measured = self.measured(*size);
            let quick = self.lines(*size, room, Care::Quick, &measured);
            let pages = serves(&quick)?;
            let careful = self.lines(*size, room, Care::Careful, &measured);
            let (lines, pages) = match serves(&careful) {
                Some(pages) => (careful, pages),
                None => (quick, pages),
            };
            let blocks = pages.into_iter().map(|(rows, pitches)| lines.block(rows, pitches));
            Some(self.fitted(*size, blocks.collect()))
        })
    }

    fn fitted(&self, size: u32, pages: Vec<Block>) -> Fitted {
        Fitted { face: self.face, size, pages, rule: Rule::Pages }
    }
}

/// Whether a line ends within a term.
fn parts_term(words: &[Word], line: &LineSpan) -> bool {
    let last = words.iter().find(|word| word.glyphs.end == line.glyphs.end);
    last.is_some_and(|word| word.bond == Bond::Term)
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
