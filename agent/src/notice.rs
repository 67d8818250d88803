//! A notice as its sender wrote it: an envelope (who, where, when, how urgent) around content.
//! Names follow CAP 1.2 where it has the word.

pub(crate) mod json;
pub(crate) mod fields;
pub(crate) mod read;
#[cfg(test)]
pub(crate) mod schema;

use jiff::Timestamp;
use serde::Serialize;

use crate::area::Area;

/// Largest notice that is read, signed, in bytes.
pub const NOTICE_MAX_BYTES: usize = 256 * 1024;

/// Longest time from `sent` to `expires`, in days.
pub const LIFE_MAX_DAYS: i64 = 400;

/// Which notice: ids are unique per sender.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Who sent it.
    pub sender: Area,
    /// The sender's name for it.
    pub id: String,
}

/// What could be read of a notice's identity, for the answer to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partial {
    /// Its sender, where well formed.
    pub sender: Option<Area>,
    /// Its id, where well formed.
    pub id: Option<String>,
    /// Its revision, where well formed.
    pub revision: Option<u32>,
}

/// A notice that follows the format and its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Sender and id.
    pub key: Key,
    /// Counts up from 1; the highest one received is the notice.
    pub revision: u32,
    /// Where it is to be shown.
    pub to: Vec<Area>,
    /// When it was issued.
    pub sent: Timestamp,
    /// Real, a drill, or a silent test.
    pub status: Status,
    /// New, replacing or ending.
    pub kind: Kind,
    /// What it replaces or ends.
    pub references: Vec<Key>,
    /// The class of Thông tư 39/2020/TT-BTTTT.
    pub class: Class,
    /// What happens, such as `Triều cường`.
    pub event: Option<String>,
    /// Disaster risk level 1 to 5 (Quyết định 18/2021/QĐ-TTg).
    pub risk_level: Option<u8>,
    /// How bad it is.
    pub severity: Severity,
    /// How soon to act.
    pub urgency: Urgency,
    /// From when it is in force.
    pub effective: Timestamp,
    /// From when it is not.
    pub expires: Timestamp,
    /// When it is shown; always where empty.
    pub windows: Vec<Window>,
    /// What it says, one a language.
    pub content: Vec<NoticeContent>,
}

/// Whether a notice is meant seriously.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    Actual,
    /// A drill: drawn under a band that says so.
    Exercise,
    /// Checked and answered but not drawn.
    Test,
}

/// What a notice does to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Stands for itself.
    Alert,
    /// Replaces what it references.
    Update,
    /// Ends what it references.
    Cancel,
}

/// The three classes, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Thông thường.
    Routine,
    /// Ưu tiên.
    Priority,
    /// Khẩn cấp.
    Emergency,
}

/// CAP severity, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "CAP 1.2 section 3.2.2 defines the words")]
pub enum Severity {
    Unknown,
    Minor,
    Moderate,
    Severe,
    Extreme,
}

/// CAP urgency, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "CAP 1.2 section 3.2.2 defines the words")]
pub enum Urgency {
    Unknown,
    Past,
    Future,
    Expected,
    Immediate,
}

/// Hours of the day, on some days of the week, local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Monday to Sunday; the day on which the window begins.
    pub days: [bool; 7],
    /// First minute of the day that is inside, 0 to 1439.
    pub from: u16,
    /// First minute of the day that is outside, 0 to 1440; at or before `from` it lies on the
    /// following day.
    pub to: u16,
}

/// What a notice says in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeContent {
    /// BCP 47 tag.
    pub language: String,
    /// Read first.
    pub headline: String,
    /// The body.
    pub text: String,
    /// What people are asked to do.
    pub instruction: String,
    /// Who says so.
    pub source: String,
    /// Codes to scan.
    pub codes: Vec<NoticeCode>,
    /// Pictures by their SHA-256.
    pub pictures: Vec<Picture>,
}

/// A code to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeCode {
    /// What it holds, an address.
    pub data: String,
    /// The words beside it.
    pub caption: String,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An online public service.
    Service,
    /// People's answer; carries the board and the notice.
    Feedback,
}

/// A picture that is fetched apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// What it shows, in words.
    pub alt: String,
}

pub use read::read;
