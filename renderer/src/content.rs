//! What a page says: the words, codes and pictures of one language, before any size is known.

use std::sync::Arc;

use serde::Deserialize;

use crate::picture::Picture;

/// How a page looks. Each look has a page of its own in a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// An ordinary notice.
    Notice,
    /// An emergency: degrades in sight rather than being refused.
    Emergency,
    /// A drill, drawn under a permanent band that says so.
    Exercise,
    /// Nothing to say: the clock and the place's name.
    Idle,
}

/// The content of one notice in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Which page of the layout it goes on.
    pub look: Look,
    /// BCP 47 language tag, such as `vi` or `km`.
    pub language: String,
    /// The line that is read first. On the idle page: the place's name.
    #[serde(default)]
    pub headline: String,
    /// The body; `\n` parts paragraphs. On the idle page: the date.
    #[serde(default)]
    pub text: String,
    /// What people are asked to do.
    #[serde(default)]
    pub instruction: String,
    /// Who says it.
    #[serde(default)]
    pub source: String,
    /// Risk level and time of issue, such as `Cấp 4 • Phát hành 08:00 23/11`.
    #[serde(default)]
    pub stamp: String,
    /// The disaster risk level, 1 to 5, whose colour the stamp takes. The stamp says it in words.
    #[serde(default)]
    pub risk_level: Option<u8>,
    /// A permanent band, such as `DIỄN TẬP`.
    #[serde(default)]
    pub band: String,
    /// Codes to scan.
    #[serde(default)]
    pub codes: Vec<Code>,
    /// The notice's pictures.
    #[serde(default)]
    pub pictures: Vec<Illustration>,
    /// Seconds since local midnight when the page is first shown, for pages with a clock.
    #[serde(default)]
    pub clock_s: Option<u32>,
}

/// A picture, and what it shows in words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Illustration {
    /// Stands in the text where the picture is not drawn.
    pub alt: String,
    /// The picture; `None` where it has not arrived.
    #[serde(skip)]
    pub picture: Option<Arc<Picture>>,
}

/// A code to scan and the words beside it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// What the code holds, usually an address.
    pub data: String,
    /// The words beside it; always names the host.
    pub caption: String,
}

impl Content {
    /// Content with a headline and a text alone.
    pub fn new(look: Look, language: &str, headline: &str, text: &str) -> Self {
        Self {
            look,
            language: language.to_owned(),
            headline: headline.to_owned(),
            text: text.to_owned(),
            instruction: String::new(),
            source: String::new(),
            stamp: String::new(),
            risk_level: None,
            band: String::new(),
            codes: Vec::new(),
            pictures: Vec::new(),
            clock_s: None,
        }
    }
}
