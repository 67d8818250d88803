//! How a board is, for those who look after hundreds of them.

use serde::Serialize;

use crate::calendar::Trust;

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
    /// Starts of the program since its store was made, this one not counted.
    pub restarts: u64,
    /// Why it started.
    #[serde(flatten)]
    pub restart: Restart,
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
    /// Topics that the broker does not let the board hear, each with its reason.
    pub refused: Vec<String>,
    /// Why the latest one ended.
    pub last_loss: Option<String>,
    /// How long the broker took for its latest acknowledgement.
    pub answer_ms: Option<u64>,
    /// Messages that wait to be sent or acknowledged.
    pub waiting: usize,
    /// Messages that were given up.
    pub dropped: u64,
}

/// One look at the machine. What it does not say is `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// Free room for this program where the notices are kept, in MiB.
    pub disk_free_mib: Option<u64>,
    /// Whether the notices' file system takes no writes: how a card that dies often shows first.
    pub store_read_only: Option<bool>,
    /// Whether the system's own takes none.
    pub root_read_only: Option<bool>,
    /// How much of its life the card has behind it at most, in percent, in steps of ten; 110 when
    /// it is past it. eMMC says so (JEDEC 84-B50, `DEVICE_LIFE_TIME_EST`), SD cards do not.
    pub card_used_percent: Option<u8>,
    /// How many of the card's spare blocks are left (`PRE_EOL_INFO`).
    pub card_spares: Option<Spares>,
    /// Temperature of the first sensor that the kernel names, in degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Whether a Raspberry Pi is fed with too low a voltage now.
    pub under_voltage: Option<bool>,
    /// Whether it was at any time since it was switched on.
    pub was_under_voltage: Option<bool>,
    /// Strength of the wireless signal, in dBm: -50 is strong, -80 hardly enough.
    pub wifi_dbm: Option<i32>,
}

/// Spare blocks of an eMMC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Spares {
    /// As they should be.
    Normal,
    /// Four fifths are used up.
    Warning,
    /// Nearly none is left: replace the card.
    Urgent,
}

/// Why the program started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "restart_cause", content = "restart_message", rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Restart {
    /// It never ran with this store before.
    First,
    /// The last run was told to stop.
    Stopped,
    /// The last run failed, with what it said.
    Failed(String),
    /// The last run ended without a word while the machine ran on; also where the machine does
    /// not say which time of its life it is in.
    Killed,
    /// The machine itself was cut off or started again under the last run.
    Power,
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
    /// Starts before this one, and why it was.
    pub restarts: (u64, Restart),
    /// How the machine is.
    pub machine: Machine,
}
