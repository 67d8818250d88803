//! Signs notices and sends them to boards.
#![expect(clippy::disallowed_methods, reason = "the desk works with real brokers in real time")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};
use bangtin_agent::area::{Area, NAME_MAX, is_name};
use bangtin_agent::io::mqtt::{Event, Link};
use bangtin_agent::message::Retained;
use bangtin_agent::notice::{Class, LIFE_MAX_DAYS, NOTICE_MAX_BYTES, Notice, read};
use bangtin_agent::signature::{self, NOTICE_TYPE};
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
use crate::{console, input, keys, watch};

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
    /// The notice, JSON; `-` reads standard input
    #[arg(value_name = "N")]
    notice: String,
}

#[derive(Args)]
#[command(after_help = "Example: bangtin-simulator publish --broker mqtt://127.0.0.1:1883 \
                        --key keys/key.pem --to vn/86/28789 --wait 5 notice.json")]
pub struct PublishArguments {
    #[command(flatten)]
    to: To,
    /// Show the boards' receipts for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=SECONDS_MAX))]
    wait: Option<u64>,
    /// The notice, JSON; `-` reads standard input
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
    /// An area to send to, in the place of the notice's own; may be repeated
    #[arg(long = "to", value_name = "AREA", required = true)]
    areas: Vec<String>,
    /// What topics begin with
    #[arg(long, default_value = "ttcs/v1")]
    prefix: String,
}

pub fn sign(arguments: &SignArguments) -> anyhow::Result<ExitCode> {
    let key = keys::read(&arguments.key)?;
    let json = input::notice(&arguments.notice)?;
    match checked(&json, &key) {
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
    let json = input::notice(&arguments.notice)?;
    let key = keys::read(&arguments.to.key)?;
    let areas = arguments.to.areas()?;
    let mut notice: Value = serde_json::from_slice(&json).unwrap_or_default();
    // What is no object is left as it is, for the check to name.
    let json = match notice.as_object_mut() {
        Some(object) => {
            object.insert("to".to_owned(), json!(areas));
            serde_json::to_vec(&notice)?
        }
        None => json,
    };
    let (notice, signed) = match checked(&json, &key) {
        Ok(checked) => checked,
        Err(problems) => {
            console::print_problems(&arguments.notice, &problems);
            return Ok(ExitCode::from(1));
        }
    };
    let id = notice.key.id;
    let filters = match arguments.wait {
        Some(_) => receipts(&arguments.to, &areas, &id),
        None => Vec::new(),
    };
    runtime()?.block_on(async {
        let mut desk = arguments.to.desk(filters)?;
        desk.wait_until_ready().await?;
        post(&desk.link, &arguments.to.prefix, &areas, &id, &signed);
        finish(desk, &arguments.to.prefix, arguments.wait).await
    })
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
            None => sender_of_copy(&mut desk).await.unwrap_or_else(|| {
                console::complain(&format!(
                    "the broker holds no copy of `{id}`; the cancel names {sender},{id}"
                ));
                sender.clone()
            }),
        };
        let mut notice = cancellation(&sender, &of, id, class, Timestamp::now());
        notice["to"] = json!(areas);
        let (notice, signed) = match checked(&serde_json::to_vec(&notice)?, &key) {
            Ok(checked) => checked,
            Err(problems) => {
                console::print_problems(id, &problems);
                return Ok(ExitCode::from(1));
            }
        };
        post(&desk.link, &arguments.to.prefix, &areas, &notice.key.id, &signed);
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

/// Reads and signs a notice, or says why no board would take it.
fn checked(json: &[u8], key: &SigningKey) -> Result<(Notice, String), Vec<Problem>> {
    let notice = read(json).map_err(|(_, problems)| problems)?;
    let signed = signature::sign(json, NOTICE_TYPE, key);
    if signed.len() > NOTICE_MAX_BYTES {
        let message = format!(
            "has {} bytes once it is signed, at most {NOTICE_MAX_BYTES} are taken; shorten it",
            signed.len()
        );
        let size = signed.len();
        return Err(vec![Problem::new("too_large", "", message, size, NOTICE_MAX_BYTES)]);
    }
    Ok((notice, signed))
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

/// Who sent the notice whose copies the desk subscribed to, as the first copy claims. Its
/// signature is the boards' to check; here it only says what a cancel is to name.
async fn sender_of_copy(desk: &mut Desk) -> Option<Area> {
    let first = async {
        loop {
            let Event::Message(message) = desk.events.recv().await? else { continue };
            let payload = message.payload.split(|byte| *byte == b'.').nth(1)?.to_vec();
            let json = BASE64URL.decode(payload).ok()?;
            let notice: Value = serde_json::from_slice(&json).ok()?;
            return Area::parse(notice["sender"].as_str()?).ok();
        }
    };
    timeout(COPY_PATIENCE, first).await.ok().flatten()
}

/// Waits until the broker has everything, shows what boards answer, and says goodbye.
async fn finish(mut desk: Desk, prefix: &str, wait: Option<u64>) -> anyhow::Result<ExitCode> {
    desk.flush().await?;
    let code = match wait {
        Some(seconds) => watch::answers(&mut desk, prefix, seconds).await?,
        None => ExitCode::SUCCESS,
    };
    desk.close().await;
    Ok(code)
}
