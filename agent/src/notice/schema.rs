//! A notice as it is written in JSON, for its schema. The reader beside it does not use these types:
//! it says of each fault where it is, which derived code cannot. Both use the same limits, and tests
//! hold them together. What a schema cannot say, such as the order of times, the door still checks.

use schemars::JsonSchema;

use super::read::{
    AREAS_MAX, CODES_MAX, DATA_MAX, HEADLINE_MAX, LANGUAGES_MAX, LINE_MAX, TEXT_MAX, WINDOWS_MAX,
};
use super::{Class, Kind, Severity, Status, Urgency};

/// An id, as a pattern.
pub(crate) const NAME: &str = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}";

/// The payload of a signed notice, version 1. Fields that are not known are allowed; an optional
/// field that is `null` counts as absent.
#[derive(JsonSchema)]
#[schemars(title = "Notice")]
#[schemars(extend(
    "if" = { "properties": { "kind": { "const": "cancel" } } },
    "else" = {
        "required": ["content"],
        "properties": { "content": { "type": "array", "minItems": 1 } }
    }
))]
#[expect(dead_code, reason = "its schema is all that is wanted")]
pub(crate) struct Document {
    /// The version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// The sender's name for it, unique among its notices. Begin with the sender's code: ids also
    /// name retained topics.
    #[schemars(regex(pattern = format!("^{NAME}$")))]
    id: String,
    /// Counts up; the highest one received is the notice.
    #[schemars(range(min = 1, max = u32::MAX))]
    revision: u32,
    /// Who sends it. It lies in the area of the key that signs.
    sender: AreaText,
    /// Where it is to be shown. All lie in the area of the key that signs.
    #[schemars(length(min = 1, max = AREAS_MAX))]
    to: Vec<AreaText>,
    /// When it was issued.
    sent: Time,
    /// Real, a drill (drawn under a band that says so), or a silent test.
    status: Status,
    /// Stands for itself, replaces what it references, or ends it.
    kind: Kind,
    /// Ids of the same sender, or `sender,id` of a sender at or below it.
    #[schemars(length(max = AREAS_MAX))]
    references: Option<Vec<Reference>>,
    /// The class of Thông tư 39/2020/TT-BTTTT.
    class: Class,
    /// What happens, such as `Triều cường`.
    #[schemars(length(max = LINE_MAX))]
    event: Option<String>,
    /// Disaster risk level (Quyết định 18/2021/QĐ-TTg).
    #[schemars(range(min = 1, max = 5))]
    risk_level: Option<u8>,
    /// How bad it is, as in CAP 1.2; absent means unknown.
    severity: Option<Severity>,
    /// How soon to act, as in CAP 1.2; absent means unknown.
    urgency: Option<Urgency>,
    /// From when it is in force; not before `sent`.
    effective: Time,
    /// From when it is not; after `effective`, at most 400 days after `sent`.
    expires: Time,
    /// When it is shown; always where absent.
    #[schemars(length(max = WINDOWS_MAX))]
    windows: Option<Vec<Window>>,
    /// What it says, once a language. Not needed for a cancel.
    #[schemars(length(max = LANGUAGES_MAX))]
    content: Option<Vec<Content>>,
}

/// A place by code: `vn`, `vn/86`, `vn/86/28789`, `vn/86/@group`, `vn/86/28789/@group` or
/// `vn/86/28789/board`. No board or group of a commune is called as a level of a topic.
#[derive(JsonSchema)]
#[schemars(rename = "Area", transparent)]
pub(crate) struct AreaText(
    #[schemars(regex(pattern = format!("^{}$", area())))]
    #[expect(dead_code)]
    String,
);

/// An id, or `sender,id`.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Reference(
    #[schemars(regex(pattern = format!("^({},)?{NAME}$", area())))]
    #[expect(dead_code)]
    String,
);

/// An RFC 3339 time with an offset, such as `2026-11-23T08:00:00+07:00`.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Time(
    #[schemars(extend("format" = "date-time"))]
    #[expect(dead_code)]
    String,
);

/// Hours of the day, local time, on some days.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Window {
    /// The days on which it begins; all where absent.
    #[schemars(length(max = 7))]
    days: Option<Vec<Day>>,
    /// The first minute inside.
    #[schemars(regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    from: String,
    /// The first minute outside; at or before `from` it lies on the following day.
    #[schemars(regex(pattern = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))]
    to: String,
}

/// A day of the week.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "its schema is all that is wanted")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// What it says in one language. Headline or text is there, or both.
#[derive(JsonSchema)]
#[schemars(extend("anyOf" = [
    { "required": ["headline"], "properties": { "headline": { "type": "string", "pattern": "\\S" } } },
    { "required": ["text"], "properties": { "text": { "type": "string", "pattern": "\\S" } } }
]))]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Content {
    /// A BCP 47 tag, such as `vi`.
    #[schemars(regex(pattern = "^[A-Za-z0-9-]{2,35}$"))]
    language: String,
    /// Read first.
    #[schemars(length(max = HEADLINE_MAX))]
    headline: Option<String>,
    /// The body.
    #[schemars(length(max = TEXT_MAX))]
    text: Option<String>,
    /// What people are asked to do.
    #[schemars(length(max = LINE_MAX))]
    instruction: Option<String>,
    /// Who says so.
    #[schemars(length(max = LINE_MAX))]
    source: Option<String>,
    /// Codes to scan.
    #[schemars(length(max = CODES_MAX))]
    codes: Option<Vec<Code>>,
    /// Pictures, fetched apart.
    #[schemars(length(max = CODES_MAX))]
    pictures: Option<Vec<Picture>>,
}

/// A code to scan.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Code {
    /// An `http` or `https` address of a host that the board allows. Capitals make smaller codes.
    #[schemars(length(max = DATA_MAX))]
    data: String,
    /// The words beside it.
    #[schemars(length(max = HEADLINE_MAX))]
    caption: Option<String>,
    /// What it is for; a service where absent.
    purpose: Option<Purpose>,
}

/// `service`: an online public service. `feedback`: people's answer; `{board}` and `{notice}` in
/// its data are replaced.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "its schema is all that is wanted")]
enum Purpose {
    Service,
    Feedback,
}

/// A picture.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is all that is wanted")]
struct Picture {
    /// SHA-256 of its file, by which it is fetched.
    #[schemars(regex(pattern = "^[0-9A-Fa-f]{64}$"))]
    sha256: String,
    /// What it shows, in words.
    #[schemars(length(max = LINE_MAX))]
    alt: String,
}

fn area() -> String {
    format!("vn(/[0-9]{{2}}(/@{NAME}|/[0-9]{{5}}(/@?{NAME})?)?)?")
}
