//! What is wrong with an input (a problem: it is refused) or was left out of a picture (a
//! finding: the rest is shown).

use serde::{Deserialize, Serialize};

/// One reason why something is refused. A refusal lists all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable name of the kind of problem, such as `missing_letter`.
    pub code: String,
    /// Where in the document, such as `content[0].headline`; empty for the whole.
    pub path: String,
    /// One plain line for a person: the thing, the value, the limit and the way out.
    pub message: String,
    /// The value that was met.
    pub value: String,
    /// The limit that it breaks.
    pub limit: String,
}

impl Problem {
    /// A problem with its place, the sentence for a person, and the value and limit it is about.
    pub fn new(
        code: &str,
        path: impl Into<String>,
        message: impl Into<String>,
        value: impl ToString,
        limit: impl ToString,
    ) -> Self {
        Self {
            code: code.to_owned(),
            path: path.into(),
            message: message.into(),
            value: value.to_string(),
            limit: limit.to_string(),
        }
    }
}

impl Problem {
    /// A TOML file that cannot be read, with the line of the fault.
    pub fn of_toml(code: &str, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.split('\n').count();
        let message = format!("line {line}: {}", error.message().replace('\n', " "));
        Self::new(code, "", message, "", "")
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "`{path}`: {}", self.message),
        }
    }
}

/// Something a board leaves out or changes in sight while it shows the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name of the kind of finding, such as `code_left_out`.
    pub code: String,
    /// The zone it concerns; empty for the whole page.
    pub zone: String,
    /// One plain line for a person.
    pub message: String,
    /// The value that was met.
    pub value: String,
    /// The limit that it breaks.
    pub limit: String,
}

impl Finding {
    /// A finding about a zone, with the sentence for a person and the value and limit.
    pub fn new(
        code: &str,
        zone: &str,
        message: impl Into<String>,
        value: impl ToString,
        limit: impl ToString,
    ) -> Self {
        Self {
            code: code.to_owned(),
            zone: zone.to_owned(),
            message: message.into(),
            value: value.to_string(),
            limit: limit.to_string(),
        }
    }
}
