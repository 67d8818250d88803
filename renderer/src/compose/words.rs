//! What a content says, brought into one spelling, and every letter checked against the faces.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::content::{Content, Illustration, Look};
use crate::fonts::Fonts;
use crate::layout::{Layout, PageKind};
use crate::picture::Picture;
use crate::problem::{Finding, Problem};
use crate::text::normalise::{is_blank, normalise};
use crate::text::shape::lost;

use super::codes::DrawnCode;
use super::page;

/// Everything one page says, with what has no zone of its own folded into the text.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    pub(super) band: String,
    pub(super) headline: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) stamp: String,
    pub(super) risk_level: Option<u8>,
    pub(super) caption: String,
    pub(super) code: Option<DrawnCode>,
    pub(super) picture: Option<DrawnPicture>,
    pub(super) clock_s: Option<u32>,
}

/// A picture that the panel draws.
#[derive(Debug, Clone)]
pub(super) struct DrawnPicture {
    pub(super) picture: Arc<Picture>,
    pub(super) alt: String,
}

impl Words {
    /// Adds a paragraph that is not said yet.
    pub(super) fn say(&mut self, paragraph: String) {
        let said = self.paragraphs.iter().any(|said| said.contains(&paragraph));
        if !said && !paragraph.is_empty() {
            self.paragraphs.push(paragraph);
        }
    }

    /// Whether a page with these alone would be blank.
    pub(super) fn is_empty(&self) -> bool {
        self.headline.is_empty() && self.paragraphs.is_empty() && self.clock_s.is_none()
    }
}

/// A content in one spelling.
pub(super) struct Cleaned {
    pub(super) words: Words,
    /// Of the codes, in their order.
    pub(super) captions: Vec<String>,
    pub(super) pictures: Vec<DrawnPicture>,
}

/// Brings all texts of a content into one spelling and checks that every letter can be drawn.
/// `path` is the content's place in the notice.
///
/// # Errors
/// With every letter that can not, unless the content is one that degrades in sight.
pub(super) fn clean(
    content: &Content,
    path: &str,
    layout: &Layout,
    fonts: &Fonts,
    findings: &mut Vec<Finding>,
) -> Result<Cleaned, Vec<Problem>> {
    let mut cleaner = Cleaner { content, path, layout, fonts, findings, problems: Vec::new() };
    let headline = cleaner.line("headline", &content.headline);
    let mut paragraphs = Vec::new();
    let body = [
        ("text", &content.text),
        ("instruction", &content.instruction),
        ("source", &content.source),
    ];
    for (field, text) in body {
        let text = cleaner.letters(field, text);
        paragraphs.extend(text.split('\n').map(str::trim).map(str::to_owned));
    }
    let mut pictures = Vec::new();
    let page = layout.page_beside(PageKind::Picture, content.look);
    for (index, Illustration { alt, picture }) in content.pictures.iter().enumerate() {
        let alt = cleaner.line(&format!("pictures[{index}].alt"), alt);
        match picture.as_ref().filter(|_| page.is_some()) {
            Some(picture) => pictures.push(DrawnPicture { picture: Arc::clone(picture), alt }),
            None => {
                cleaner.leave_out(&alt, picture.is_some());
                paragraphs.push(alt);
            }
        }
    }
    paragraphs.retain(|paragraph| !paragraph.chars().all(is_blank));
    let mut captions = Vec::new();
    for (index, code) in content.codes.iter().enumerate() {
        captions.push(cleaner.line(&format!("codes[{index}].caption"), &code.caption));
    }
    let words = Words {
        band: cleaner.line("band", &content.band),
        headline,
        paragraphs,
        stamp: cleaner.line("stamp", &content.stamp),
        risk_level: content.risk_level,
        clock_s: content.clock_s,
        ..Words::default()
    };
    match cleaner.problems {
        problems if problems.is_empty() => Ok(Cleaned { words, captions, pictures }),
        problems => Err(problems),
    }
}

struct Cleaner<'a> {
    content: &'a Content,
    path: &'a str,
    layout: &'a Layout,
    fonts: &'a Fonts,
    findings: &'a mut Vec<Finding>,
    problems: Vec<Problem>,
}

impl Cleaner<'_> {
    /// The letters of what is never parted into paragraphs; empty when there is nothing to see.
    fn line(&mut self, field: &str, text: &str) -> String {
        let line = self.letters(field, text).replace('\n', " ");
        if line.chars().all(is_blank) { String::new() } else { line.trim().to_owned() }
    }

    fn letters(&mut self, field: &str, text: &str) -> String {
        let cleaned = normalise(text);
        let chain =
            page::widest_chain(self.layout, self.fonts, self.content.look, &self.content.language);
        let missing = lost(&cleaned.text.replace('\n', " "), &chain, self.fonts);
        let junk = cleaned.junk.iter().map(|(letter, place)| ("letter_junk", letter, place));
        let missing = missing.iter().map(|(letter, place)| ("letter_missing", letter, place));
        let mut named = BTreeSet::new();
        for (code, letter, place) in junk.chain(missing) {
            // A letter is named once, where it first stands: a receipt is no copy of the text.
            if !named.insert(*letter) {
                continue;
            }
            let name = format!("U+{:04X}", *letter as u32);
            let message = match code {
                "letter_junk" => format!("letter {place} is {name}, which no notice may hold"),
                _ => format!("letter {place}, `{letter}` ({name}), is in no face of this layout"),
            };
            if matches!(self.content.look, Look::Notice | Look::Exercise) {
                let message = format!("{message}; write it otherwise");
                let path = format!("{}.{field}", self.path);
                self.problems.push(Problem::new(code, path, message, &name, ""));
            } else {
                self.findings.push(Finding::new(code, field, message, &name, ""));
            }
        }
        cleaned.text
    }

    fn leave_out(&mut self, alt: &str, is_here: bool) {
        let why = match is_here {
            true => format!("{} draws no pictures", self.layout.name),
            false => "the picture is not here".to_owned(),
        };
        let message = format!("{why}; its description stands in the text");
        self.findings.push(Finding::new("picture_left_out", "picture", message, alt, ""));
    }
}
