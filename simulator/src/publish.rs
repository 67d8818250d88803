//! Signs notices and sends them to boards.
#![expect(clippy::disallowed_methods, reason = "the desk works with real brokers in real time")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};
use bangtin_agent::area::{Area, NAME_MAX, is_name};
use bangtin_agent::cap::Reading;
use bangtin_agent::io::mqtt::{Event, Link};
use bangtin_agent::message::Retained;
use bangtin_agent::notice::{Class, LIFE_MAX_DAYS, NOTICE_MAX_BYTES};
use bangtin_agent::signature::Format;
use bangtin_renderer::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use clap::Args;
use ed25519_dalek::SigningKey;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use crate::desk::{Desk, SECONDS_MAX, runtime};
use crate::document::{Document, commune, nation};
use crate::{console, input, keys, pictures, watch};

/// How long it may take to send a copy that it holds.
const COPY_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Args)]
#[command(
    after_help = "Example: bangtin-simulator sign --key keys/key.pem notice.json > notice.jws"
)]
pub struct SignArguments {
    /// The key, as `keygen` makes it
    #[arg(long, value_name = "K")]
    key: PathBuf,
    /// The notice, JSON or CAP XML; `-` reads standard input
    #[arg(value_name = "N")]
    notice: String,
}

#[derive(Args)]
#[command(after_help = "Example: bangtin-simulator publish --broker mqtt://127.0.0.1:1883 \
                        --key keys/key.pem --to vn/86/28789 --pictures photos --wait 5 notice.json")]
pub struct PublishArguments {
    #[command(flatten)]
    to: To,
    /// A folder with the notice's pictures, found by their SHA-256 and sent before it
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// Show the boards' receipts for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=SECONDS_MAX))]
    wait: Option<u64>,
    /// The notice, JSON or CAP XML; `-` reads standard input
    #[arg(value_name = "N")]
    notice: String,
}

#[derive(Args)]
#[command(after_help = "Example: bangtin-simulator cancel --broker mqtt://127.0.0.1:1883 \
                        --key keys/key.pem --to vn/86/28789 tiep-cong-dan")]
pub struct CancelArguments {
    #[command(flatten)]
    to: To,
    /// The sender, where no trusted.toml stands beside the key
    #[arg(long, value_name = "AREA")]
    sender: Option<String>,
    /// Show the boards' receipts for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=SECONDS_MAX))]
    wait: Option<u64>,
    /// The id of the notice to end, or `sender,id` for one of a sender below
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Args)]
struct To {
    /// The broker, mqtt://host:port or mqtts://host:port
    #[arg(long, value_name = "URL")]
    broker: String,
    /// Certificates of the authority behind an mqtts broker, PEM
    #[arg(long, value_name = "F.pem")]
    ca: Option<PathBuf>,
    /// The key, as `keygen` makes it
    #[arg(long, value_name = "K")]
    key: PathBuf,
    /// An area to send to, in the place of the notice's own; may be repeated. What CAP XML goes to
    /// is signed as it stands: areas only say on which topics it is sent
    #[arg(long = "to", value_name = "AREA", required = true)]
    areas: Vec<String>,
    /// What topics begin with
    #[arg(long, default_value = "ttcs/v1")]
    prefix: String,
}

pub fn sign(arguments: &SignArguments) -> anyhow::Result<ExitCode> {
    let key = keys::read(&arguments.key)?;
    let document = input::notice(&arguments.notice)?;
    match checked(&document, &key, &arguments.key) {
        Ok((_, signed)) => {
            console::print_line(&signed)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => {
            console::print_problems(&arguments.notice, &problems);
            Ok(ExitCode::from(1))
        }
    }
}

pub fn publish(arguments: &PublishArguments) -> anyhow::Result<ExitCode> {
    let document = input::notice(&arguments.notice)?;
    let key = keys::read(&arguments.to.key)?;
    let areas = arguments.to.areas()?;
    let document = addressed(document, &areas)?;
    let (reading, signed) = match checked(&document, &key, &arguments.to.key) {
        Ok(checked) => checked,
        Err(problems) => {
            console::print_problems(&arguments.notice, &problems);
            return Ok(ExitCode::from(1));
        }
    };
    let pictures = match &arguments.pictures {
        Some(folder) => pictures::sendable(folder, &reading.notice)?,
        None => Vec::new(),
    };
    for area in areas.iter().filter(|area| !names(&reading, area)) {
        let (notice, to) = (&arguments.notice, places(&reading));
        console::complain(&format!(
            "--to {area}: {notice} goes to {to}; boards elsewhere will refuse it"
        ));
    }
    let id = reading.notice.key.id;
    let filters = match arguments.wait {
        Some(_) => receipts(&arguments.to, &areas, &id),
        None => Vec::new(),
    };
    let prefix = &arguments.to.prefix;
    runtime()?.block_on(async {
        let mut desk = arguments.to.desk(filters)?;
        desk.wait_until_ready().await?;
        pictures::send(&desk.link, prefix, pictures).await?;
        post(&desk.link, prefix, &areas, &id, &signed);
        finish(desk, prefix, arguments.wait).await
    })
}

/// The notice with what it goes to replaced, which only JSON allows: a CAP message says where it
/// goes in the words that are signed.
fn addressed(document: Document, areas: &[Area]) -> anyhow::Result<Document> {
    if document.format == Format::Cap {
        return Ok(document);
    }
    let mut notice: Value = serde_json::from_slice(&document.bytes).unwrap_or_default();
    // What is no object is left as it is, for the check to name.
    let Some(object) = notice.as_object_mut() else { return Ok(document) };
    object.insert("to".to_owned(), json!(areas));
    Ok(Document { bytes: serde_json::to_vec(&notice)?, format: Format::Json })
}

/// Whether all boards of an area are among those that a notice goes to.
fn names(reading: &Reading, area: &Area) -> bool {
    let code = area.as_str().split('/').nth(2);
    let mut communes = reading.elsewhere.iter().filter_map(|elsewhere| commune(elsewhere));
    reading.notice.to.iter().any(|to| to.holds(area)) || communes.any(|c| Some(c) == code)
}

/// Where a notice goes, the first places by name.
fn places(reading: &Reading) -> String {
    const NAMED: usize = 8;
    let areas = reading.notice.to.iter().map(ToString::to_string);
    let mut to: Vec<String> = areas.chain(reading.elsewhere.iter().cloned()).collect();
    if to.len() > NAMED {
        let more = format!("{} more", to.len() - NAMED);
        to.truncate(NAMED);
        to.push(more);
    }
    to.join(", ")
}

pub fn cancel(arguments: &CancelArguments) -> anyhow::Result<ExitCode> {
    let key = keys::read(&arguments.to.key)?;
    let areas = arguments.to.areas()?;
    let authority = keys::authority(&arguments.to.key, &key);
    let (sender, class) = match (&arguments.sender, authority) {
        (Some(sender), authority) => {
            let sender = Area::parse(sender).map_err(|message| anyhow!("--sender: {message}"))?;
            (sender, authority.ok().and_then(|authority| authority.classes.first().copied()))
        }
        (None, authority) => {
            let authority = authority?;
            (authority.area, authority.classes.first().copied())
        }
    };
    let class = class.unwrap_or(Class::Routine);
    let (named, id) = match arguments.id.split_once(',') {
        Some((of, id)) => (Some(Area::parse(of).map_err(|message| anyhow!("{message}"))?), id),
        None => (None, arguments.id.as_str()),
    };
    if !is_name(id) {
        bail!("`{id}` is no id: 1 to {NAME_MAX} of A-Z a-z 0-9 . _ -, not beginning with a dot");
    }
    let mut filters = copies(&arguments.to.prefix, &areas, id);
    if arguments.wait.is_some() {
        filters.extend(receipts(&arguments.to, &areas, id));
    }
    runtime()?.block_on(async {
        let mut desk = arguments.to.desk(filters)?;
        desk.wait_until_ready().await?;
        let of = match named {
            Some(named) => named,
            None => sender_of_copy(&mut desk, &sender).await.unwrap_or_else(|| {
                console::complain(&format!(
                    "the broker holds no copy of `{id}`; the cancel names {sender},{id}"
                ));
                sender.clone()
            }),
        };
        let mut notice = cancellation(&sender, &of, id, class, Timestamp::now());
        notice["to"] = json!(areas);
        let document = Document { bytes: serde_json::to_vec(&notice)?, format: Format::Json };
        let (reading, signed) = match checked(&document, &key, &arguments.to.key) {
            Ok(checked) => checked,
            Err(problems) => {
                console::print_problems(id, &problems);
                return Ok(ExitCode::from(1));
            }
        };
        post(&desk.link, &arguments.to.prefix, &areas, &reading.notice.key.id, &signed);
        finish(desk, &arguments.to.prefix, arguments.wait).await
    })
}

/// A cancel of one notice, which lives as long as a notice can. The same one is always cancelled
/// under the same id, and no two notices under one.
pub fn cancellation(sender: &Area, of: &Area, id: &str, class: Class, now: Timestamp) -> Value {
    let expires = now.checked_add(Span::new().hours(24 * LIFE_MAX_DAYS)).unwrap_or(Timestamp::MAX);
    let reference = format!("{of},{id}");
    let mark: String =
        Sha256::digest(&reference).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let room = NAME_MAX - ".cancel-".len() - mark.len();
    let head = &id[..id.len().min(room)];
    json!({
        "version": 1, "id": format!("{head}.cancel-{mark}"), "revision": 1, "sender": sender,
        "to": [], "sent": now, "status": "actual", "kind": "cancel",
        "references": [reference], "class": class, "effective": now, "expires": expires,
    })
}

/// Reads and signs a notice, or says why no board would take it. What the key speaks for stands in
/// the list beside its file; where there is none it may speak for all.
fn checked(
    document: &Document,
    key: &SigningKey,
    path: &Path,
) -> Result<(Reading, String), Vec<Problem>> {
    let key_area = keys::authority(path, key).map_or_else(|_| nation(), |known| known.area);
    let reading = document.read(&key_area)?;
    let signed = document.sign(key);
    if signed.len() > NOTICE_MAX_BYTES {
        let message = format!(
            "has {} bytes once it is signed, at most {NOTICE_MAX_BYTES} are taken; shorten it",
            signed.len()
        );
        let size = signed.len();
        return Err(vec![Problem::new("too_large", "", message, size, NOTICE_MAX_BYTES)]);
    }
    Ok((reading, signed))
}

/// Topics of the copies of a notice that the broker holds for areas.
fn copies(prefix: &str, areas: &[Area], id: &str) -> Vec<String> {
    areas.iter().map(|area| format!("{prefix}/{area}/notice/{id}")).collect()
}

fn receipts(to: &To, areas: &[Area], id: &str) -> Vec<String> {
    areas.iter().map(|area| watch::receipts(&to.prefix, area, id)).collect()
}

impl To {
    fn areas(&self) -> anyhow::Result<Vec<Area>> {
        let parse = |area: &String| Area::parse(area).map_err(|message| anyhow!("--to: {message}"));
        self.areas.iter().map(parse).collect()
    }

    fn desk(&self, filters: Vec<String>) -> anyhow::Result<Desk> {
        Desk::open(&self.broker, self.ca.as_deref(), filters)
    }
}

/// Publishes one retained copy an area.
pub fn post(link: &Link, prefix: &str, areas: &[Area], id: &str, signed: &str) {
    for topic in copies(prefix, areas, id) {
        link.publish(topic, signed.as_bytes().to_vec(), Retained::Yes);
    }
}

/// Who sent the notice whose copies the desk subscribed to, as the first copy claims; `own` where
/// that is a CAP message whose sender is no area. Its signature is the boards' to check; here it
/// only says what a cancel is to name.
async fn sender_of_copy(desk: &mut Desk, own: &Area) -> Option<Area> {
    let first = async {
        loop {
            let Event::Message(message) = desk.events.recv().await? else { continue };
            let payload = message.payload.split(|byte| *byte == b'.').nth(1)?;
            let document = Document::new(BASE64URL.decode(payload).ok()?);
            if document.format == Format::Cap {
                return Some(document.read(own).ok()?.notice.key.sender);
            }
            let notice: Value = serde_json::from_slice(&document.bytes).ok()?;
            return Area::parse(notice["sender"].as_str()?).ok();
        }
    };
    timeout(COPY_PATIENCE, first).await.ok().flatten()
}

/// Waits until the broker has everything, shows what boards answer, and says goodbye.
async fn finish(mut desk: Desk, prefix: &str, wait: Option<u64>) -> anyhow::Result<ExitCode> {
    desk.flush().await?;
    if desk.link.dropped() > 0 {
        bail!("the broker did not take all that was sent; it may allow smaller messages only");
    }
    let code = match wait {
        Some(seconds) => watch::answers(&mut desk, prefix, seconds).await?,
        None => ExitCode::SUCCESS,
    };
    desk.close().await;
    Ok(code)
}
