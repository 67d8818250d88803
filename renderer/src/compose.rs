//! Resolves content on a layout: decides which page it goes on, what is left out, and how long
//! each page is shown. What cannot be drawn is said here, once, before anything is shown.

mod clock;
mod codes;
mod page;

pub(crate) use page::{SYLLABLE_MS, UNIT_MS, syllables};

use std::collections::BTreeSet;

use crate::content::{Content, Look};
use crate::effect::Turn;
use crate::fonts::Fonts;
use crate::layout::{Layout, PageKind, PageLayout};
use crate::problem::{Finding, Problem};
use crate::scene::{Page, Scene};
use crate::text::normalise::{is_blank, normalise};
use crate::text::shape::lost;
use codes::DrawnCode;

/// A scene and what had to be left out of it.
#[derive(Debug, Clone)]
pub struct Composed {
    /// What is shown.
    pub scene: Scene,
    /// What is not, or not as it was sent.
    pub findings: Vec<Finding>,
}

/// Most pages of one scene. At three seconds a page, more would keep the others off the board
/// for minutes.
pub const MAX_PAGES: usize = 64;

/// Longest turn of a scene, in seconds; the notice after it waits that long.
pub const TURN_MAX_S: u64 = 900;

/// Composes the languages of one notice, shown one after the other.
///
/// A language, code or picture that this panel cannot draw is left out with a finding as long as
/// something remains. An emergency shows □ for a letter that no face has; other content with such
/// a letter is refused.
///
/// Whether its codes can be read by those who stand in front of the panel is for [`reread`] to
/// say: an emergency does not wait for that, everything else does.
///
/// # Errors
/// With every problem, when nothing can be drawn. Paths are relative to the notice:
/// `content[0].headline`.
pub fn compose(
    contents: &[Content],
    layout: &Layout,
    fonts: &Fonts,
) -> Result<Composed, Vec<Problem>> {
    assemble(contents, layout, fonts, &[])
}

/// Reads the codes of a composed scene back from its painted pixels. `None` when all can be read,
/// else the scene without those that cannot, and their hosts in the text.
pub fn reread(
    contents: &[Content],
    layout: &Layout,
    fonts: &Fonts,
    composed: &Composed,
) -> Option<Composed> {
    let unreadable = codes::unreadable(&composed.scene);
    if unreadable.is_empty() {
        return None;
    }
    assemble(contents, layout, fonts, &unreadable).ok()
}

fn assemble(
    contents: &[Content],
    layout: &Layout,
    fonts: &Fonts,
    unreadable: &[String],
) -> Result<Composed, Vec<Problem>> {
    let mut pages: Vec<Page> = Vec::new();
    let mut findings = Vec::new();
    let mut left_out = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        let composer = Composer { layout, fonts, content, index, findings: Vec::new() };
        match composer.pages(unreadable) {
            Ok((more, found)) => {
                pages.extend(more);
                findings.extend(found);
            }
            Err(problems) => left_out.push((&content.language, problems)),
        }
    }
    let urgent = contents.iter().any(|content| content.look == Look::Emergency);
    if pages.len() > MAX_PAGES && !urgent {
        return Err(vec![Problem::new(
            "too_many_pages",
            "content",
            format!(
                "the notice takes {} pages on {}, at most {MAX_PAGES} are shown; shorten the text",
                pages.len(),
                layout.name
            ),
            pages.len(),
            MAX_PAGES,
        )]);
    }
    let duration_s = pages.iter().map(|page| page.duration_ms).sum::<u64>() / 1000;
    if duration_s > TURN_MAX_S && !urgent {
        return Err(vec![Problem::new(
            "too_long",
            "content",
            format!(
                "the notice takes {duration_s} s on {}, at most {TURN_MAX_S} are shown; shorten \
                 the text",
                layout.name
            ),
            duration_s,
            TURN_MAX_S,
        )]);
    }
    if pages.is_empty() {
        let problems: Vec<_> = left_out.into_iter().flat_map(|(_, problems)| problems).collect();
        return Err(if problems.is_empty() { vec![nothing_to_draw("content")] } else { problems });
    }
    for (language, problems) in left_out {
        let why = problems.first().map(|p| p.message.clone()).unwrap_or_default();
        findings.push(Finding::new(
            "language_left_out",
            "",
            format!("the language `{language}` is not shown: {why}"),
            language,
            &layout.name,
        ));
    }
    if pages.len() > 1 {
        let turning = |page: &&mut Page| page.items.iter().any(|item| item.turns);
        for (index, page) in pages.iter_mut().enumerate().filter(|(_, page)| turning(page)) {
            page.turn = Turn::between(page.turn.transition, index == 0);
            page.duration_ms += page.turn.added_ms();
        }
    }
    let (width, height) = (layout.panel.width, layout.panel.height);
    Ok(Composed { scene: Scene { width, height, pages }, findings })
}

/// Everything a page says, cleaned, with what has no zone of its own folded into the text.
#[derive(Debug, Clone, Default)]
struct Words {
    band: String,
    headline: String,
    paragraphs: Vec<String>,
    stamp: String,
    caption: String,
    code: Option<DrawnCode>,
    clock_s: Option<u32>,
}

impl Words {
    /// Adds a paragraph that is not said yet.
    fn say(&mut self, paragraph: String) {
        if !self.paragraphs.iter().any(|said| said.contains(&paragraph)) {
            self.paragraphs.push(paragraph);
        }
    }
}

struct Composer<'a> {
    layout: &'a Layout,
    fonts: &'a Fonts,
    content: &'a Content,
    index: usize,
    findings: Vec<Finding>,
}

impl Composer<'_> {
    fn pages(mut self, unreadable: &[String]) -> Result<(Vec<Page>, Vec<Finding>), Vec<Problem>> {
        let (mut words, captions) = self.clean()?;
        let (codes, said) =
            codes::choose(self.content, captions, self.layout, unreadable, &mut self.findings);
        for caption in said.into_iter().filter(|caption| !caption.is_empty()) {
            words.say(caption);
        }
        let page = self.layout.page_for(self.content.look);
        let service = self.layout.page(PageKind::Service);
        if words.headline.is_empty() && words.paragraphs.is_empty() && codes.is_empty() {
            return Err(vec![nothing_to_draw(&self.path(""))]);
        }
        let headline = words.headline.clone();
        let mut codes = codes.into_iter();
        let mut pages = Vec::new();
        // A routine notice has its first code beside the words; an emergency says all it has to
        // say before the first code.
        let beside = service.filter(|_| self.content.look == Look::Notice && codes.len() > 0);
        match beside.and_then(|service| Some((service, codes.next()?))) {
            Some((service, code)) => {
                let words = Words { caption: code.caption.clone(), code: Some(code), ..words };
                pages.extend(self.set(service, &words)?);
            }
            None => pages.extend(self.set(page, &words)?),
        }
        for code in codes {
            let Some(service) = service else { break };
            let words = Words {
                headline: headline.clone(),
                caption: code.caption.clone(),
                code: Some(code),
                ..Words::default()
            };
            pages.extend(self.set(service, &words)?);
        }
        Ok((pages, self.findings))
    }

    fn set(&self, page: &PageLayout, words: &Words) -> Result<Vec<Page>, Vec<Problem>> {
        page::set(page, words, self.layout, self.fonts, &self.content.language).map_err(|zone| {
            let zone = zone.as_str();
            vec![Problem::new(
                "zone_too_small",
                self.path(zone),
                format!(
                    "the zone `{zone}` of {} cannot hold one line of it at a legible size; \
                     shorten it or leave this board out",
                    self.layout.name
                ),
                zone,
                &self.layout.name,
            )]
        })
    }

    /// Brings all texts into one spelling and checks that every letter can be drawn.
    fn clean(&mut self) -> Result<(Words, Vec<String>), Vec<Problem>> {
        let content = self.content;
        let mut problems = Vec::new();
        let headline = self.line("headline", &content.headline, &mut problems);
        let mut paragraphs = Vec::new();
        let body = [
            ("text", &content.text),
            ("instruction", &content.instruction),
            ("source", &content.source),
        ];
        for (field, text) in body {
            let text = self.letters(field, text, &mut problems);
            paragraphs.extend(text.split('\n').map(str::trim).map(str::to_owned));
        }
        for (index, alt) in content.pictures.iter().enumerate() {
            let alt = self.line(&format!("pictures[{index}].alt"), alt, &mut problems);
            self.findings.push(Finding::new(
                "picture_left_out",
                "text",
                "the picture is not drawn; its description stands in the text",
                &alt,
                "",
            ));
            paragraphs.push(alt);
        }
        paragraphs.retain(|paragraph| !paragraph.chars().all(is_blank));
        let mut captions = Vec::new();
        for (index, code) in content.codes.iter().enumerate() {
            let field = format!("codes[{index}].caption");
            captions.push(self.line(&field, &code.caption, &mut problems));
        }
        let words = Words {
            band: self.line("band", &content.band, &mut problems),
            headline,
            paragraphs,
            stamp: self.line("stamp", &content.stamp, &mut problems),
            clock_s: content.clock_s,
            ..Words::default()
        };
        if problems.is_empty() { Ok((words, captions)) } else { Err(problems) }
    }

    /// The letters of what is never parted into paragraphs; empty when there is nothing to see.
    fn line(&mut self, field: &str, text: &str, problems: &mut Vec<Problem>) -> String {
        let line = self.letters(field, text, problems).replace('\n', " ");
        if line.chars().all(is_blank) { String::new() } else { line.trim().to_owned() }
    }

    fn letters(&mut self, field: &str, text: &str, problems: &mut Vec<Problem>) -> String {
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
                problems.push(Problem::new(code, self.path(field), message, &name, ""));
            } else {
                self.findings.push(Finding::new(code, field, message, &name, ""));
            }
        }
        cleaned.text
    }

    fn path(&self, field: &str) -> String {
        match field {
            "" => format!("content[{}]", self.index),
            field => format!("content[{}].{field}", self.index),
        }
    }
}

fn nothing_to_draw(path: &str) -> Problem {
    let message = "there is nothing to draw; give a headline, a text or a code";
    Problem::new("nothing_to_draw", path, message, "", "")
}
