//! A command: what someone in charge asks of boards, signed like a notice. It is carried out and
//! answered once, never when it was kept by the broker, and leaves nothing on the glass that a
//! notice put there.

pub(crate) mod read;
mod remembered;
#[cfg(test)]
pub(crate) mod schema;

use bangtin_renderer::Problem;
use jiff::{Span, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::admit::{Refusal, digest};
use crate::area::{Address, Area};
use crate::calendar::{Now, Trust};
use crate::notice::{Key, Partial};
use crate::signature::{Format, Key as TrustedKey, Trusted, Verified, verify};

pub use remembered::{Met, REMEMBERED_MAX, Remembered};

/// The `typ` of a signed command.
pub const COMMAND_TYPE: &str = "ttcs-command+jws";

/// Largest command that is read, signed, in bytes.
pub const COMMAND_MAX_BYTES: usize = 64 * 1024;

/// Longest time from `sent` to `not_after`, in hours.
pub const LIFE_MAX_HOURS: i64 = 24;

/// How far a trusted clock lets `sent` lie ahead, in minutes.
pub const AHEAD_MAX_MIN: i64 = 10;

/// Longest time that a page which helps to find or to check a board stays, in seconds.
pub const PAGE_MAX_S: u32 = 300;

/// How long it stays where the command does not say, in seconds.
pub const PAGE_S: u32 = 30;

/// Most notices of a decision.
pub const DECIDED_MAX: usize = 100;

/// The names of all commands, as keys grant them.
pub const NAMES: [&str; 7] =
    ["screen", "brightness", "identify", "test-pattern", "decide", "report-since", "reload"];

/// What commands are checked against.
#[derive(Debug, Clone, Copy)]
pub struct CommandDoor<'a> {
    /// The keys that are believed.
    pub trusted: &'a Trusted,
    /// Where the board stands.
    pub address: &'a Address,
}

/// A command that this board is to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Who sent it, and the sender's name for it: `[A-Za-z0-9._-]{1,64}`, unique per sender.
    pub key: Key,
    /// Which boards it is for, 1 to 64 areas.
    pub to: Vec<Area>,
    /// What is asked.
    pub order: Order,
    /// When it was issued.
    pub sent: Timestamp,
    /// The last instant at which it may be carried out, at most [`LIFE_MAX_HOURS`] after `sent`.
    pub not_after: Timestamp,
    /// SHA-256 of the signed bytes without the white space around them.
    pub digest: [u8; 32],
}

/// What is asked: the field `command` and, in braces, its `arguments`. Arguments that are not
/// listed are refused, so that a slip of the pen does not ask for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// `screen {}`: send a picture of what is on the glass.
    Screen,
    /// `brightness {"percent": 40, "until": "…"}` or `{"percent": "auto"}`.
    Brightness(Brightness),
    /// `identify {"seconds": 30}`: show the board's name, to find it on the spot.
    Identify {
        /// How long, 1 to 300; 30 where absent.
        seconds: u32,
    },
    /// `test-pattern {"seconds": 30}`: show lines and colours, to find dead diodes.
    TestPattern {
        /// How long, 1 to 300; 30 where absent.
        seconds: u32,
    },
    /// `decide {"order": ["86-1", "vn,vn-7"]}`: the commune's order of priority notices.
    Decide {
        /// Notices, first shown first, at most 100, none twice: an `id` of the command's own
        /// sender, or `sender,id`. An empty list takes the last decision back.
        order: Vec<Key>,
    },
    /// `report-since {"n": 120}`: send the proof of display again.
    ReportSince {
        /// The number of the first showing to send again, 0 to 2^53 - 1.
        n: u64,
    },
    /// `reload {}`: read the configuration and the trusted keys again.
    Reload,
}

/// How bright a board is to be. An emergency is never dimmed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brightness {
    /// As configured: by the time of day, or by the light around.
    Auto,
    /// As asked.
    Percent {
        /// Of the full brightness, 1 to 100: a board is not darkened by a command.
        percent: u8,
        /// Up to when, after `sent`; for as long as the program runs where absent.
        until: Option<Timestamp>,
    },
}

impl Order {
    /// Its name, one of [`NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Brightness(_) => "brightness",
            Self::Identify { .. } => "identify",
            Self::TestPattern { .. } => "test-pattern",
            Self::Decide { .. } => "decide",
            Self::ReportSince { .. } => "report-since",
            Self::Reload => "reload",
        }
    }
}

/// A board's answer to a command. It is sent to the command's response topic with its correlation
/// data, or to `<board>/reply` where it names none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answer {
    /// The command's id; the last level of its topic where its signature did not verify.
    pub id: String,
    /// The board that answers.
    pub board: String,
    /// Whether it was carried out.
    pub ok: bool,
    /// Why it was not.
    #[cfg_attr(test, schemars(with = "Vec<crate::schema::Problem>"))]
    pub problems: Vec<Problem>,
    /// What it brought, by name: of `screen` the picture's `width`, `height` and `crc32`, of
    /// `brightness` the `percent` that the panel has now, of `identify` and `test-pattern` the
    /// `seconds`, of `report-since` the `batches` that are sent again. `durable` is `false` where
    /// the disk failed, so that a restart forgets what was done.
    pub result: Map<String, Value>,
}

impl Answer {
    /// The command was carried out.
    pub fn done(command: &Command, board: &Area, result: Map<String, Value>) -> Self {
        let (id, board) = (command.key.id.clone(), board.to_string());
        Self { id, board, ok: true, problems: Vec::new(), result }
    }

    /// The command was good and could not be carried out.
    pub fn failed(command: &Command, board: &Area, problems: Vec<Problem>) -> Self {
        let (id, board) = (command.key.id.clone(), board.to_string());
        Self { id, board, ok: false, problems, result: Map::new() }
    }

    /// The bytes did not become a command; `topic_id` is the last level of the topic they came on.
    pub fn refused(refusal: Refusal, topic_id: &str, board: &Area) -> Self {
        let Refusal { partial, problems } = refusal;
        let id = partial.id.unwrap_or_else(|| topic_id.to_owned());
        Self { id, board: board.to_string(), ok: false, problems, result: Map::new() }
    }
}

/// Turns signed bytes into a command for this board. `retained` says that the broker kept them:
/// such a command was meant for another moment and is refused. Whether it was answered before is
/// for [`Remembered`] to say.
///
/// # Errors
/// With all problems of the command. Until the signature verified nothing in it is believed, so
/// then there is one problem alone.
pub fn admit(
    bytes: &[u8],
    door: &CommandDoor<'_>,
    now: Now,
    retained: bool,
) -> Result<Command, Box<Refusal>> {
    let unread =
        |problem| Box::new(Refusal { partial: Partial::default(), problems: vec![problem] });
    if bytes.len() > COMMAND_MAX_BYTES {
        let size = bytes.len();
        let message = format!("has {size} bytes, at most {COMMAND_MAX_BYTES} are taken");
        return Err(unread(Problem::new("too_large", "", message, size, COMMAND_MAX_BYTES)));
    }
    let Verified { payload, key, format } =
        verify(bytes, COMMAND_TYPE, door.trusted).map_err(unread)?;
    if format != Format::Json {
        let message = "is a CAP message; commands are JSON";
        return Err(unread(Problem::new("jws_header", "", message, "", "")));
    }
    let command = read::read(&payload, digest(bytes))
        .map_err(|(partial, problems)| Box::new(Refusal { partial, problems }))?;
    let mut problems = Vec::new();
    if retained {
        let message = "was kept by the broker; send commands without the retain flag";
        problems.push(Problem::new("retained", "", message, "retained", "not retained"));
    }
    check_authority(&command, key, &mut problems);
    check_place(&command, door.address, &mut problems);
    check_times(&command, now, &mut problems);
    if problems.is_empty() {
        return Ok(command);
    }
    let Key { sender, id } = command.key;
    let partial = Partial { sender: Some(sender), id: Some(id), revision: None };
    Err(Box::new(Refusal { partial, problems }))
}

fn check_authority(command: &Command, key: &TrustedKey, problems: &mut Vec<Problem>) {
    problems.extend(key.refusals(&command.key.sender, &command.to, command.sent));
    let name = command.order.name();
    if !key.commands.iter().any(|granted| granted == name) {
        let granted = key.commands.join(", ");
        let message = match granted.as_str() {
            "" => format!("its key may not send the command {name}, nor any other"),
            _ => format!("its key may not send the command {name}, only {granted}"),
        };
        problems.push(Problem::new("command_not_allowed", "command", message, name, granted));
    }
}

fn check_place(command: &Command, address: &Address, problems: &mut Vec<Problem>) {
    if !command.to.iter().any(|area| address.is_in(area)) {
        let to = command.to.iter().map(Area::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("is addressed to {to}, not to {}", address.board);
        problems.push(Problem::new("not_addressed", "to", message, to, &address.board));
    }
    // Thông tư 39/2020/TT-BTTTT: the commune decides, not the level above it.
    let sender = &command.key.sender;
    if let Order::Decide { .. } = command.order
        && let Some(commune) = commune(address)
        && !commune.holds(sender)
    {
        let message = format!("{sender} may not decide for {commune}; the commune does");
        problems.push(Problem::new("not_the_commune", "sender", message, sender, commune));
    }
}

/// The lowest area that holds the board and is not the board.
fn commune(address: &Address) -> Option<&Area> {
    let above = address.areas.iter().filter(|area| area.holds(&address.board));
    above.filter(|area| **area != address.board).max_by_key(|area| area.as_str().len())
}

/// A board without a time server refuses what is over by its clock, too: that is behind, when it
/// is wrong.
fn check_times(command: &Command, now: Now, problems: &mut Vec<Problem>) {
    let (sent, not_after) = (command.sent, command.not_after);
    let trusted = now.trust != Trust::Unknown;
    if not_after < now.wall {
        let doubt = if trusted { "" } else { "; this board's clock follows no time server" };
        let message = format!("was good until {not_after}, it arrived at {}{doubt}", now.wall);
        problems.push(Problem::new("expired", "not_after", message, not_after, now.wall));
    }
    let latest = now.wall.checked_add(Span::new().minutes(AHEAD_MAX_MIN));
    if trusted && sent > latest.unwrap_or(Timestamp::MAX) {
        let message = format!("was sent at {sent}, more than {AHEAD_MAX_MIN} minutes from now");
        problems.push(Problem::new("sent_ahead", "sent", message, sent, now.wall));
    }
}

#[cfg(test)]
mod tests;
