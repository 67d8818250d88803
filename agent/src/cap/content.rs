//! What a CAP message says in each language: one content, whatever the number of `<info>`.

use bangtin_renderer::Finding;

use super::fields::Reader;
use super::info::Info;
use crate::notice::read::{CODES_MAX, DATA_MAX, HEADLINE_MAX, LANGUAGES_MAX, LINE_MAX, TEXT_MAX};
use crate::notice::{NoticeCode, NoticeContent, Purpose};

impl Reader {
    /// One content a language. The first of `infos` leads.
    pub(super) fn contents(
        &mut self,
        infos: &[Info],
        sender: &str,
        findings: &mut Vec<Finding>,
    ) -> Vec<NoticeContent> {
        let mut languages: Vec<&str> = Vec::new();
        for info in infos {
            if !languages.contains(&info.language.as_str()) {
                languages.push(&info.language);
            }
        }
        if languages.len() > LANGUAGES_MAX {
            let count = languages.len();
            let message = format!("has {count} languages, at most {LANGUAGES_MAX} are taken");
            self.add("too_many", "info", message, count, LANGUAGES_MAX);
        }
        let contents = languages.into_iter().map(|language| {
            let same: Vec<&Info> = infos.iter().filter(|info| info.language == language).collect();
            self.content(language, &same, sender, findings)
        });
        contents.collect()
    }

    fn content(
        &mut self,
        language: &str,
        infos: &[&Info],
        sender: &str,
        findings: &mut Vec<Finding>,
    ) -> NoticeContent {
        let mut text = Vec::new();
        for (index, info) in infos.iter().enumerate() {
            // The first one's headline is the notice's.
            let headline = if index == 0 { "" } else { headline(info) };
            text.extend([headline, &info.description]);
        }
        let leads = infos.first().map(|info| headline(info)).unwrap_or_default();
        text.retain(|part| *part != leads);
        let sources = infos.iter().map(|info| match info.sender_name.as_str() {
            "" => sender,
            name => name,
        });
        let content = NoticeContent {
            language: language.to_owned(),
            headline: leads.to_owned(),
            text: joined(text, "\n"),
            instruction: joined(infos.iter().map(|info| info.instruction.as_str()), "\n"),
            source: joined(sources, "; "),
            codes: self.codes(infos, findings),
            pictures: Vec::new(),
        };
        let path = infos.first().map(|info| info.path.as_str()).unwrap_or_default();
        for (field, text, most) in [
            ("headline", &content.headline, HEADLINE_MAX),
            ("description", &content.text, TEXT_MAX),
            ("instruction", &content.instruction, LINE_MAX),
            ("senderName", &content.source, LINE_MAX),
        ] {
            self.length(format!("{path}.{field}"), text, most);
        }
        content
    }

    /// The web addresses, as codes.
    fn codes(&mut self, infos: &[&Info], findings: &mut Vec<Finding>) -> Vec<NoticeCode> {
        let mut codes: Vec<NoticeCode> = Vec::new();
        for info in infos {
            let Some(web) = info.web.as_ref().filter(|web| codes.iter().all(|c| c.data != **web))
            else {
                continue;
            };
            self.length(format!("{}.web", info.path), web, DATA_MAX);
            let mut leave_out = |message: String| {
                findings.push(Finding::new("code_left_out", "", message, web, ""));
            };
            let scheme = web.split_once("://").map_or("", |(scheme, _)| scheme);
            if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
                leave_out(format!("{web} is left out: it is no http or https address"));
            } else if codes.len() == CODES_MAX {
                leave_out(format!("{web} is left out: at most {CODES_MAX} codes are shown"));
            } else {
                let purpose = Purpose::Service;
                codes.push(NoticeCode { data: web.clone(), caption: String::new(), purpose });
            }
        }
        codes
    }
}

/// What is read first: a message need not have a headline, but names its event.
fn headline(info: &Info) -> &str {
    if info.headline.is_empty() { &info.event } else { &info.headline }
}

/// What is not empty, each once.
fn joined<'a>(parts: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    let mut said: Vec<&str> = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if !said.contains(&part) {
            said.push(part);
        }
    }
    said.join(between)
}
