//! Resolves content on a layout: decides which page it goes on, what is left out, and how long
//! each page is shown. What cannot be drawn is said here, once, before anything is shown.

mod clock;
mod codes;
mod page;
mod words;

pub(crate) use page::{SYLLABLE_MS, UNIT_MS, syllables};

use crate::content::{Content, Look};
use crate::effect::Turn;
use crate::fonts::Fonts;
use crate::layout::{Layout, PageKind, PageLayout};
use crate::problem::{Finding, Problem};
use crate::scene::{Page, Scene};
use words::{Cleaned, Words};

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
///
/// # Errors
/// With every problem, when nothing is left to draw without those codes.
pub fn reread(
    contents: &[Content],
    layout: &Layout,
    fonts: &Fonts,
    scene: &Scene,
) -> Option<Result<Composed, Vec<Problem>>> {
    let unreadable = codes::unreadable(scene);
    (!unreadable.is_empty()).then(|| assemble(contents, layout, fonts, &unreadable))
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

struct Composer<'a> {
    layout: &'a Layout,
    fonts: &'a Fonts,
    content: &'a Content,
    index: usize,
    findings: Vec<Finding>,
}

impl Composer<'_> {
    fn pages(mut self, unreadable: &[String]) -> Result<(Vec<Page>, Vec<Finding>), Vec<Problem>> {
        let Self { layout, content, .. } = self;
        let path = format!("content[{}]", self.index);
        let Cleaned { mut words, captions, pictures } =
            words::clean(content, &path, layout, self.fonts, &mut self.findings)?;
        let (codes, said) =
            codes::choose(content, captions, layout, unreadable, &mut self.findings);
        said.into_iter().for_each(|caption| words.say(caption));
        if words.is_empty() && codes.is_empty() && pictures.is_empty() {
            return Err(vec![nothing_to_draw(&path)]);
        }
        let service = layout.page_beside(PageKind::Service, content.look);
        let (headline, band) = (words.headline.clone(), words.band.clone());
        let mut codes = codes.into_iter();
        let mut pages = Vec::new();
        // A routine notice has its first code beside the words; an emergency says all it has to
        // say before the first code.
        let beside = service.filter(|_| content.look == Look::Notice && codes.len() > 0);
        match beside.and_then(|service| Some((service, codes.next()?))) {
            Some((service, code)) => {
                let words = Words { caption: code.caption.clone(), code: Some(code), ..words };
                pages.extend(self.set(service, &words)?);
            }
            None if words.is_empty() => {}
            None => pages.extend(self.set(layout.page_for(content.look), &words)?),
        }
        for picture in pictures {
            let Some(page) = layout.page_beside(PageKind::Picture, content.look) else { break };
            let words = Words { picture: Some(picture), band: band.clone(), ..Words::default() };
            pages.extend(self.set_below(&headline, page, &words)?);
        }
        for code in codes {
            let Some(service) = service else { break };
            let caption = code.caption.clone();
            let band = band.clone();
            let words = Words { caption, code: Some(code), band, ..Words::default() };
            pages.extend(self.set_below(&headline, service, &words)?);
        }
        Ok((pages, self.findings))
    }

    /// Sets what follows the words under their headline, or without it where there is no room: it
    /// was said before.
    fn set_below(
        &self,
        headline: &str,
        page: &PageLayout,
        words: &Words,
    ) -> Result<Vec<Page>, Vec<Problem>> {
        let with_headline = Words { headline: headline.to_owned(), ..words.clone() };
        self.set(page, &with_headline).or_else(|_| self.set(page, words))
    }

    fn set(&self, page: &PageLayout, words: &Words) -> Result<Vec<Page>, Vec<Problem>> {
        page::set(page, words, self.layout, self.fonts, &self.content.language).map_err(|zone| {
            let zone = zone.as_str();
            vec![Problem::new(
                "zone_too_small",
                format!("content[{}].{zone}", self.index),
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
}

fn nothing_to_draw(path: &str) -> Problem {
    let message = "there is nothing to draw; give a headline, a text, a picture or a code";
    Problem::new("nothing_to_draw", path, message, "", "")
}
