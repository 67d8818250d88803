//! Signs notices and sends them to boards.
#![expect(clippy::disallowed_methods, reason = "the desk works with real brokers in real time")]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use bangtin_agent::area::{Area, NAME_MAX, is_name};
use bangtin_agent::io::mqtt::{
    self, BrokerUrl, Event, Link, Retained, RetainedCopies, Session, Settings, Subscription,
};
use bangtin_agent::notice::{Class, LIFE_MAX_DAYS, read};
use bangtin_agent::signature::{self, NOTICE_TYPE};
use clap::Args;
use ed25519_dalek::SigningKey;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{input, keys, watch};

/// How long a broker may take to accept what is sent.
const BROKER_PATIENCE: Duration = Duration::from_secs(10);

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
    #[arg(long, value_name = "SECONDS")]
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
    #[arg(long, value_name = "SECONDS")]
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
    if let Err((_, problems)) = read(&json) {
        input::print_problems(&arguments.notice, &problems);
        return Ok(ExitCode::from(1));
    }
    let signed = signature::sign(&json, NOTICE_TYPE, &key);
    writeln!(std::io::stdout(), "{signed}").context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

pub fn publish(arguments: &PublishArguments) -> anyhow::Result<ExitCode> {
    let json = input::notice(&arguments.notice)?;
    let mut notice: Value = match serde_json::from_slice(&json) {
        Ok(notice @ Value::Object(_)) => notice,
        _ => match read(&json) {
            Err((_, problems)) => {
                input::print_problems(&arguments.notice, &problems);
                return Ok(ExitCode::from(1));
            }
            Ok(_) => bail!("{} is no JSON object", arguments.notice),
        },
    };
    notice["to"] = json!(arguments.to.areas);
    send(&arguments.to, &arguments.notice, &notice, arguments.wait)
}

pub fn cancel(arguments: &CancelArguments) -> anyhow::Result<ExitCode> {
    let key = keys::read(&arguments.to.key)?;
    let authority = keys::authority(&arguments.to.key, &key);
    let (sender, class) = match (&arguments.sender, authority) {
        (Some(sender), authority) => {
            let classes = authority.map(|authority| authority.classes).unwrap_or_default();
            (sender.clone(), classes.first().copied().unwrap_or(Class::Routine))
        }
        (None, authority) => {
            let authority = authority?;
            let class = authority.classes.first().copied().unwrap_or(Class::Routine);
            (authority.area.to_string(), class)
        }
    };
    let id = arguments.id.rsplit(',').next().unwrap_or_default();
    if !is_name(id) {
        bail!("`{id}` is no id: 1 to {NAME_MAX} of A-Z a-z 0-9 . _ -, not beginning with a dot");
    }
    let notice = cancellation(&sender, &arguments.id, class, Timestamp::now());
    send(&arguments.to, &arguments.id, &notice, arguments.wait)
}

/// A cancel of one notice, which lives as long as a notice can.
pub fn cancellation(sender: &str, reference: &str, class: Class, now: Timestamp) -> Value {
    let id = reference.rsplit(',').next().unwrap_or_default();
    let expires = now.checked_add(Span::new().hours(24 * LIFE_MAX_DAYS)).unwrap_or(Timestamp::MAX);
    // An id of full length leaves no room for a word; its last letters still tell it apart.
    let room = NAME_MAX - ".cancel".len();
    let tail = id.char_indices().rev().nth(room - 1).map_or(id, |(at, _)| &id[at..]);
    let tail = tail.trim_start_matches('.');
    json!({
        "version": 1, "id": format!("{tail}.cancel"), "revision": 1, "sender": sender,
        "to": [], "sent": now, "status": "actual", "kind": "cancel",
        "references": [reference], "class": class, "effective": now, "expires": expires,
    })
}

/// Checks, signs and sends a notice, and shows what boards answer.
fn send(to: &To, name: &str, notice: &Value, wait: Option<u64>) -> anyhow::Result<ExitCode> {
    let key = keys::read(&to.key)?;
    let mut areas = Vec::new();
    for area in &to.areas {
        areas.push(Area::parse(area).map_err(|message| anyhow!("--to: {message}"))?);
    }
    let mut notice = notice.clone();
    notice["to"] = json!(areas);
    let json = serde_json::to_vec(&notice)?;
    let read = match read(&json) {
        Ok(read) => read,
        Err((_, problems)) => {
            input::print_problems(name, &problems);
            return Ok(ExitCode::from(1));
        }
    };
    let id = read.key.id;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let filters = match wait {
            Some(_) => areas.iter().map(|area| watch::receipts(&to.prefix, area, &id)).collect(),
            None => Vec::new(),
        };
        let mut desk = Desk::open(&to.broker, to.ca.as_deref(), filters)?;
        desk.wait_until_ready().await?;
        post(&desk.link, &to.prefix, &areas, &id, &json, &key);
        desk.flush().await?;
        let code = match wait {
            Some(seconds) => watch::answers(&mut desk, &to.prefix, seconds).await,
            None => ExitCode::SUCCESS,
        };
        desk.close().await;
        Ok(code)
    })
}

/// Publishes one retained copy an area.
pub fn post(link: &Link, prefix: &str, areas: &[Area], id: &str, json: &[u8], key: &SigningKey) {
    let signed = signature::sign(json, NOTICE_TYPE, key);
    for area in areas {
        let topic = format!("{prefix}/{area}/notice/{id}");
        link.publish(topic, signed.clone().into_bytes(), Retained::Yes);
    }
}

/// A desk's link to a broker, for as long as a command runs.
pub struct Desk {
    /// The link.
    pub link: Link,
    /// What comes on it.
    pub events: Receiver<Event>,
    task: JoinHandle<()>,
    url: String,
}

impl Desk {
    /// Opens a link; needs a tokio runtime around it.
    pub fn open(
        url: &str,
        ca: Option<&std::path::Path>,
        filters: Vec<String>,
    ) -> anyhow::Result<Self> {
        let parsed = BrokerUrl::parse(url).map_err(|message| anyhow!("--broker: {message}"))?;
        let tls = match ca {
            Some(path) => {
                let ca = std::fs::read(path).with_context(|| path.display().to_string())?;
                Some(mqtt::TlsFiles { ca, client: None })
            }
            None => None,
        };
        let mut mark = [0; 6];
        getrandom::fill(&mut mark).map_err(|error| anyhow!("no randomness: {error}"))?;
        let mark: String = mark.iter().map(|byte| format!("{byte:02x}")).collect();
        let subscription = |filter| Subscription { filter, retained: RetainedCopies::Always };
        let (sender, events) = channel(64);
        let settings = Settings {
            url: parsed,
            client_id: format!("bangtin-desk-{mark}"),
            session: Session::Clean,
            will: None,
            subscriptions: filters.into_iter().map(subscription).collect(),
            tls,
        };
        let (link, connection) = mqtt::open(settings, sender)?;
        Ok(Self { link, events, task: tokio::spawn(connection.run()), url: url.to_owned() })
    }

    /// Waits until the broker has taken the link and its subscriptions.
    pub async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let mut why = "no answer".to_owned();
        let ready = async {
            while let Some(event) = self.events.recv().await {
                match event {
                    Event::Subscribed { .. } => return,
                    Event::Disconnected { reason } => why = reason,
                    Event::Connected { .. } | Event::Message(_) => {}
                }
            }
        };
        let waited = timeout(BROKER_PATIENCE, ready).await;
        waited.map_err(|_| anyhow!("broker {} cannot be reached: {why}", self.url))
    }

    /// Waits until the broker has everything.
    pub async fn flush(&self) -> anyhow::Result<()> {
        timeout(BROKER_PATIENCE, self.link.flush())
            .await
            .map_err(|_| anyhow!("broker {} did not take the notice", self.url))
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.link.close();
        let _ = timeout(BROKER_PATIENCE, self.task).await;
    }
}
