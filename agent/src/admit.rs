//! The one door: bytes become a notice here or nowhere, and what cannot be drawn is refused when
//! it arrives, not when its hour comes.

use std::sync::Arc;

use bangtin_renderer::{
    Composed, Content, Finding, Fonts, Layout, Look, Problem, Scene, compose, reread,
};
use jiff::{Span, Timestamp};
use sha2::{Digest, Sha256};

use crate::cap::{self, Place, Reading};
use crate::notice::{Kind, NOTICE_MAX_BYTES, Notice, Partial, read};
use crate::pages::{self, Board, Pictures};
use crate::signature::{Format, Key, NOTICE_TYPE, Trusted, Verified, verify};

/// What the door checks against.
pub struct Door {
    /// The keys that are believed.
    pub trusted: Trusted,
    /// The board.
    pub board: Board,
    /// Hosts that codes may lead to, in small letters; `*.` stands for any name below.
    pub hosts: Vec<String>,
    /// How long a CAP message lives that does not say until when, in hours after it was sent.
    pub cap_life_hours: u32,
    /// The pictures that are here.
    pub pictures: Pictures,
    /// The panel.
    pub layout: Arc<Layout>,
    /// The faces.
    pub fonts: Arc<Fonts>,
}

impl Door {
    /// Composes what this board shows. Its codes are read back from the pixels first, unless they
    /// belong to an emergency, which nothing delays: see [`Door::reread`].
    ///
    /// # Errors
    /// With every problem, when nothing can be drawn.
    pub fn compose(&self, contents: &[Content]) -> Result<Composed, Vec<Problem>> {
        let composed = compose(contents, &self.layout, &self.fonts)?;
        let urgent = contents.iter().any(|content| content.look == Look::Emergency);
        let better = if urgent { None } else { self.reread(contents, &composed.scene) };
        better.unwrap_or(Ok(composed))
    }

    /// The same without the codes that cannot be read back from the pixels; `None` when all can.
    ///
    /// # Errors
    /// With every problem, when nothing is left to draw without them.
    pub fn reread(
        &self,
        contents: &[Content],
        scene: &Scene,
    ) -> Option<Result<Composed, Vec<Problem>>> {
        reread(contents, &self.layout, &self.fonts, scene)
    }
}

/// A notice that passed, with the scene that it was checked with.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The notice.
    pub notice: Notice,
    /// Its scene on this board; `None` for a cancel, which draws nothing.
    pub composed: Option<Composed>,
    /// SHA-256 of the signed bytes without the white space around them.
    pub digest: [u8; 32],
}

/// Why bytes did not become a notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Who it says it is; empty until the signature verified.
    pub partial: Partial,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

impl Refusal {
    /// A refusal of a notice that could be read.
    pub fn of(notice: &Notice, problem: Problem) -> Self {
        Self { partial: identity(notice), problems: vec![problem] }
    }

    /// All problems on one line, for logs.
    pub fn reasons(&self) -> String {
        self.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }
}

fn identity(notice: &Notice) -> Partial {
    Partial {
        sender: Some(notice.key.sender.clone()),
        id: Some(notice.key.id.clone()),
        revision: Some(notice.revision),
    }
}

/// How far a trusted clock lets `sent` lie ahead, in minutes.
const AHEAD_MAX_MIN: i64 = 10;

/// Where bytes come from. What the board took once it does not judge by the clock again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The network, at an instant of a clock that is trusted or not.
    Network {
        /// The instant.
        now: Timestamp,
        /// Whether the clock is trusted.
        trusted: bool,
    },
    /// The board's own store.
    Store,
}

/// The SHA-256 by which the same message is known again.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes.trim_ascii()).into()
}

/// Turns signed bytes into a notice that this board can draw.
///
/// # Errors
/// With all problems of the notice. Until the signature verified nothing in it is believed, so
/// then there is one problem alone.
pub fn admit(bytes: &[u8], door: &Door, from: From) -> Result<Admitted, Box<Refusal>> {
    let Examined { notice, findings, mut problems } = examine(bytes, door)?;
    if let From::Network { now, trusted } = from {
        check_times(&notice, now, trusted, &mut problems);
    }
    let composed = match notice.kind {
        Kind::Cancel => None,
        Kind::Alert | Kind::Update => {
            let contents = pages::notice(&notice, &door.board, &door.pictures);
            door.compose(&contents)
                .map_err(|more| {
                    let placed = more.into_iter().map(|more| in_document(more, &notice, &contents));
                    problems.extend(placed);
                })
                .ok()
        }
    };
    if problems.is_empty() {
        let composed = composed.map(|mut composed| {
            composed.findings.extend(findings);
            composed
        });
        return Ok(Admitted { notice, composed, digest: digest(bytes) });
    }
    Err(Box::new(Refusal { partial: identity(&notice), problems }))
}

/// Turns bytes of the board's own store into the notice that was admitted once, and the digest of
/// its bytes. It is not composed: a board that starts holds thousands, and each has its turn.
///
/// # Errors
/// As [`admit`], but for what cannot be drawn.
pub fn recognise(bytes: &[u8], door: &Door) -> Result<(Notice, [u8; 32]), Box<Refusal>> {
    let Examined { notice, problems, .. } = examine(bytes, door)?;
    match problems.is_empty() {
        true => Ok((notice, digest(bytes))),
        false => Err(Box::new(Refusal { partial: identity(&notice), problems })),
    }
}

/// A notice that is signed and well formed.
struct Examined {
    notice: Notice,
    findings: Vec<Finding>,
    /// Why it is not for this board to show.
    problems: Vec<Problem>,
}

fn examine(bytes: &[u8], door: &Door) -> Result<Examined, Box<Refusal>> {
    let unread =
        |problem| Box::new(Refusal { partial: Partial::default(), problems: vec![problem] });
    if bytes.len() > NOTICE_MAX_BYTES {
        let size = bytes.len();
        let message = format!("has {size} bytes, at most {NOTICE_MAX_BYTES} are taken; shorten it");
        return Err(unread(Problem::new("too_large", "", message, size, NOTICE_MAX_BYTES)));
    }
    let verified = verify(bytes, NOTICE_TYPE, &door.trusted).map_err(unread)?;
    let Reading { notice, elsewhere, findings } = read_as(&verified, door)
        .map_err(|(partial, problems)| Box::new(Refusal { partial, problems }))?;
    let mut problems = Vec::new();
    check_authority(&notice, verified.key, &mut problems);
    check_address(&notice, elsewhere, door, &mut problems);
    check_hosts(&notice, &door.hosts, &mut problems);
    Ok(Examined { notice, findings, problems })
}

/// Reads a payload in the format that its header names.
fn read_as(verified: &Verified<'_>, door: &Door) -> Result<Reading, (Partial, Vec<Problem>)> {
    let Verified { payload, key, format } = verified;
    match format {
        Format::Json => {
            let notice = read(payload)?;
            Ok(Reading { notice, elsewhere: Vec::new(), findings: Vec::new() })
        }
        Format::Cap => {
            let place = Place {
                address: &door.board.address,
                key_area: &key.area,
                classes: &key.classes,
                life_hours: door.cap_life_hours,
            };
            let mut reading = cap::read(payload, &place)?;
            leave_out_codes(&mut reading, &door.hosts);
            Ok(reading)
        }
    }
}

/// Leaves out the addresses that this board may not show: who writes a CAP message writes for all
/// media and cannot know its hosts, and the warning is worth more than its link.
fn leave_out_codes(Reading { notice, findings, .. }: &mut Reading, hosts: &[String]) {
    for content in &mut notice.content {
        content.codes.retain(|code| {
            let allowed = is_allowed(&code.data, hosts);
            if !allowed {
                let limit = hosts.join(", ");
                let message = format!("{} is left out: this board allows {limit}", code.data);
                findings.push(Finding::new("code_host", "", message, &code.data, limit));
            }
            allowed
        });
    }
}

fn check_address(
    notice: &Notice,
    elsewhere: Vec<String>,
    door: &Door,
    problems: &mut Vec<Problem>,
) {
    const NAMED: usize = 8;
    if notice.to.iter().any(|area| door.board.address.is_in(area)) {
        return;
    }
    let mut to: Vec<String> = notice.to.iter().map(ToString::to_string).chain(elsewhere).collect();
    if to.len() > NAMED {
        let more = format!("{} more", to.len() - NAMED);
        to.truncate(NAMED);
        to.push(more);
    }
    let to = to.join(", ");
    let message = format!("is addressed to {to}, not to {}", door.board.address.board);
    problems.push(Problem::new("not_addressed", "to", message, to, &door.board.address.board));
}

fn check_authority(notice: &Notice, key: &Key, problems: &mut Vec<Problem>) {
    problems.extend(key.refusals(&notice.key.sender, &notice.to, notice.sent));
    if !key.classes.contains(&notice.class) {
        let class = format!("{:?}", notice.class).to_lowercase();
        let message = format!("its key may not send the class {class}");
        problems.push(Problem::new("class_not_allowed", "class", message, class, ""));
    }
}

/// A problem of what was composed, the board's languages in its order, at its place in the notice.
fn in_document(mut problem: Problem, notice: &Notice, contents: &[Content]) -> Problem {
    for (index, content) in contents.iter().enumerate() {
        let place = notice.content.iter().position(|c| c.language == content.language);
        let rest = problem.path.strip_prefix(&format!("content[{index}]"));
        if let (Some(place), Some(rest)) = (place, rest) {
            problem.path = format!("content[{place}]{rest}");
            break;
        }
    }
    problem
}

/// A board without a time server still refuses what is over by its clock: that is behind, when it
/// is wrong, and a stale warning must not hang. It says so, and its status shows the clock.
fn check_times(notice: &Notice, now: Timestamp, trusted: bool, problems: &mut Vec<Problem>) {
    if notice.expires <= now {
        let doubt = if trusted { "" } else { "; this board's clock follows no time server" };
        let message = format!("expired at {}, before it arrived at {now}{doubt}", notice.expires);
        problems.push(Problem::new("expired", "expires", message, notice.expires, now));
    }
    let latest = now.checked_add(Span::new().minutes(AHEAD_MAX_MIN)).unwrap_or(Timestamp::MAX);
    if trusted && notice.sent > latest {
        let message =
            format!("was sent at {}, more than {AHEAD_MAX_MIN} minutes from now", notice.sent);
        problems.push(Problem::new("sent_ahead", "sent", message, notice.sent, now));
    }
}

fn check_hosts(notice: &Notice, hosts: &[String], problems: &mut Vec<Problem>) {
    for (index, content) in notice.content.iter().enumerate() {
        for (at, code) in content.codes.iter().enumerate() {
            let host = pages::host(&code.data);
            if !is_allowed(&code.data, hosts) {
                let shown = host.as_deref().unwrap_or(&code.data);
                let limit = hosts.join(", ");
                let message = format!("leads to `{shown}`; this board allows {limit}");
                let path = format!("content[{index}].codes[{at}].data");
                problems.push(Problem::new("code_host", path, message, shown, limit));
            }
        }
    }
}

fn is_allowed(address: &str, hosts: &[String]) -> bool {
    pages::host(address).is_some_and(|host| hosts.iter().any(|allowed| is_host(allowed, &host)))
}

fn is_host(allowed: &str, host: &str) -> bool {
    match allowed.strip_prefix("*.") {
        Some(parent) => {
            host == parent || host.strip_suffix(parent).is_some_and(|h| h.ends_with('.'))
        }
        None => host == allowed,
    }
}

#[cfg(test)]
mod tests;
