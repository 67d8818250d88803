//! What a board tells the world: receipts for notices, and its status. JSON on one line.

use bangtin_renderer::Problem;
use jiff::Timestamp;
use serde::Serialize;

use crate::admit::Refusal;
use crate::calendar::{self, Trust};
use crate::notice::Key;
use crate::sign::Cause;

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

/// How a board is. It is sent, retained, to `<board>/status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Status {
    /// Always `true`; the broker sends the last will when it is not.
    pub online: bool,
    /// The program's version.
    pub version: &'static str,
    /// The layout's name.
    pub layout: String,
    /// What is on the glass.
    pub showing: ShowingStatus,
    /// The last frame that was presented.
    pub frame: FrameStatus,
    /// How evenly frames have come.
    pub frames: PacingStatus,
    /// Whether the clock is to be believed.
    pub clock: Trust,
    /// Whether priority notices wait for the commune's order.
    pub needs_decision: bool,
    /// Whether the local cut-off keeps the board dark.
    pub cut_off: bool,
    /// Since when it does, RFC 3339.
    pub cut_off_since: Option<String>,
    /// How bright the panel is asked to be.
    pub brightness_percent: u8,
    /// Notices held.
    pub held: usize,
    /// Stored files that did not become notices at the start: of other keys, or damaged.
    pub unreadable: u64,
    /// Batches of proof of display that the broker does not have yet.
    pub proof_unsent: usize,
    /// Batches of proof of display that were lost since the start.
    pub proof_lost: u64,
    /// Messages that were not answered since the start, for there were too many.
    pub unanswered: u64,
    /// How the link has been.
    pub link: LinkStatus,
    /// How the machine is.
    #[serde(flatten)]
    pub machine: Machine,
    /// When, RFC 3339.
    pub at: String,
}

/// What is on the glass.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ShowingStatus {
    /// The notice's id; `null` on the idle page, the all-clear, and in the dark.
    pub notice: Option<String>,
    /// Its page, from 1.
    pub page: Option<usize>,
    /// Since when, RFC 3339.
    pub since: String,
}

/// The last frame that was presented.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FrameStatus {
    /// Milliseconds since then.
    pub age_ms: Option<u64>,
    /// Its CRC-32, eight hexadecimal digits.
    pub crc32: Option<String>,
}

/// How evenly frames have come since the start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PacingStatus {
    /// Frames that became visible.
    pub presented: u64,
    /// Frames whose time had passed when the next one came.
    pub missed: u64,
    /// The longest time from the instant a frame was due until it was visible.
    pub worst_late_ms: f64,
}

/// How the link has been since the start.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LinkStatus {
    /// Connections that the broker accepted.
    pub connections: u64,
    /// Why the latest one ended.
    pub last_loss: Option<String>,
    /// How long the broker took for its latest acknowledgement.
    pub answer_ms: Option<u64>,
    /// Messages that wait to be sent or acknowledged.
    pub waiting: usize,
    /// Messages that were given up.
    pub dropped: u64,
}

/// How the machine is; what it cannot say is `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// Free room where the notices are kept.
    pub disk_free_mib: Option<u64>,
    /// Temperature of the processor.
    pub temperature_c: Option<f64>,
    /// Starts of the program since its store was made.
    pub restarts: u64,
}

/// What only the world knows of a board.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Time since the last frame was presented.
    pub frame_age_ms: Option<u64>,
    /// How evenly frames have come.
    pub frames: PacingStatus,
    /// How the link has been.
    pub link: LinkStatus,
    /// How the machine is.
    pub machine: Machine,
}

/// The last will: what the broker sends when the board's link is lost.
pub const LAST_WILL: &str = r#"{"online":false}"#;

/// One compact line of JSON.
pub fn line(report: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(report).expect("reports hold nothing that JSON cannot")
}
