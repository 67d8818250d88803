//! What a board tells the world: receipts for notices, and its status. JSON on one line.

mod status;

use bangtin_renderer::Problem;
use jiff::Timestamp;
use serde::Serialize;

use crate::admit::Refusal;
use crate::calendar;
use crate::notice::Key;
use crate::sign::Cause;

pub use status::{
    Facts, FrameStatus, LinkStatus, Machine, PacingStatus, Restart, ShowingStatus, Spares, Status,
};

/// How far a notice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It will not be shown.
    Refused,
    /// It is held.
    Accepted,
    /// It was on the glass.
    Shown,
    /// It is over.
    Ended,
}

/// An answer to a notice. It is sent to `<board>/receipt/<notice>`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Receipt {
    /// The notice's id; the last level of its topic where its signature did not verify.
    pub notice: String,
    /// Its sender, once believed.
    pub sender: Option<String>,
    /// Its revision, once believed.
    pub revision: Option<u32>,
    /// Whether it outlives a power cut; absent where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durable: Option<bool>,
    /// How far it has come.
    pub state: State,
    /// When, RFC 3339.
    pub at: String,
    /// Why it was refused, or what was left out of the picture.
    #[cfg_attr(test, schemars(with = "Vec<crate::schema::Problem>"))]
    pub problems: Vec<Problem>,
    /// From the bytes' arrival to the first frame presented, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// CRC-32 of that frame, eight hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_crc32: Option<String>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl Receipt {
    /// A receipt for a notice that is held or was.
    pub fn new(key: &Key, revision: u32, state: State, durable: bool, at: Timestamp) -> Self {
        Self {
            notice: key.id.clone(),
            sender: Some(key.sender.to_string()),
            revision: Some(revision),
            durable: Some(durable),
            state,
            at: calendar::rfc3339(at),
            problems: Vec::new(),
            latency_ms: None,
            frame_crc32: None,
            cause: None,
        }
    }

    /// A receipt for bytes that did not become a notice; `topic_id` is the last level of the
    /// topic they came on.
    pub fn refused(refusal: Refusal, topic_id: &str, at: Timestamp) -> Self {
        let Refusal { partial, problems } = refusal;
        Self {
            notice: partial.id.unwrap_or_else(|| topic_id.to_owned()),
            sender: partial.sender.map(|sender| sender.to_string()),
            revision: partial.revision,
            durable: None,
            state: State::Refused,
            at: calendar::rfc3339(at),
            problems,
            latency_ms: None,
            frame_crc32: None,
            cause: None,
        }
    }
}

/// How a CRC stands in reports.
pub fn crc_text(crc32: u32) -> String {
    format!("{crc32:08x}")
}

/// The last will: what the broker sends when the board's link is lost.
pub const LAST_WILL: &str = r#"{"online":false}"#;

/// One compact line of JSON.
pub fn line(report: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(report).expect("reports hold nothing that JSON cannot")
}
