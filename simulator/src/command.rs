//! Asks something of boards: makes a command, signs it, sends it, and shows what they answer.
#![expect(clippy::disallowed_methods, reason = "a command is sent now, and pictures are files")]

mod answers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};
use bangtin_agent::area::{Address, Area};
use bangtin_agent::calendar::{Now, Trust};
use bangtin_agent::command::{COMMAND_TYPE, CommandDoor, LIFE_MAX_HOURS, PAGE_MAX_S, admit};
use bangtin_agent::io::mqtt::Event;
use bangtin_agent::message::{Publication, Retained};
use bangtin_agent::signature::{Trusted, sign, trusted_toml};
use bangtin_renderer::Problem;
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::desk::{Desk, SECONDS_MAX, mark, runtime};
use crate::reports::boards;
use crate::{console, keys};
use answers::{Answers, Said};

#[derive(Args)]
#[command(
    override_usage = "bangtin-simulator command --broker <URL> --key <K> --to <AREA> [OPTIONS] \
                      <NAME> [ARGUMENTS]",
    after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                  --key keys/key.pem --to vn/86/28789/cho --out cho.png screen\n\n\
                  Exits 0 when all that answered did it, 1 when a board refused, 2 when nobody \
                  answered."
)]
pub struct Arguments {
    #[command(flatten)]
    way: Way,
    #[command(subcommand)]
    order: Order,
}

/// Options stand before or after the command's name, so they are asked for by hand.
#[derive(Args)]
struct Way {
    /// The broker, mqtt://host:port or mqtts://host:port
    #[arg(long, global = true, value_name = "URL")]
    broker: Option<String>,
    /// Certificates of the authority behind an mqtts broker, PEM
    #[arg(long, global = true, value_name = "F.pem")]
    ca: Option<PathBuf>,
    /// The key, as `keygen` makes it
    #[arg(long, global = true, value_name = "K")]
    key: Option<PathBuf>,
    /// A board or an area to send to; may be repeated
    #[arg(long = "to", global = true, value_name = "AREA")]
    areas: Vec<String>,
    /// The sender, where no trusted.toml stands beside the key
    #[arg(long, global = true, value_name = "AREA")]
    sender: Option<String>,
    /// Show answers for so many seconds; less when only boards are named and all answered
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    wait: u64,
    /// Boards carry it out for so many seconds from now, not when it reaches them later
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 120,
          value_parser = clap::value_parser!(i64).range(1..=LIFE_MAX_HOURS * 3600))]
    life: i64,
    /// The file for a picture; one file a board, named after it, when several send theirs
    #[arg(long, global = true, value_name = "F.png")]
    out: Option<PathBuf>,
    /// Print each answer as one line of JSON
    #[arg(long, global = true)]
    json: bool,
    /// What topics begin with
    #[arg(long, global = true, default_value = "ttcs/v1")]
    prefix: String,
}

#[derive(Subcommand)]
enum Order {
    /// Fetch a picture of what is on the glass
    #[command(after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                            --key keys/key.pem --to vn/86/28789/cho --out cho.png screen")]
    Screen,
    /// Set how bright boards are; an emergency is never dimmed
    #[command(after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                            --key keys/key.pem --to vn/86/28789 brightness 40 \
                            --until 2026-11-24T05:00:00+07:00")]
    Brightness {
        /// 1 to 100, or `auto` for as configured
        #[arg(value_name = "PERCENT", value_parser = percent)]
        percent: Value,
        /// Up to this time, RFC 3339; until the board starts again where absent
        #[arg(long, value_name = "T")]
        until: Option<Timestamp>,
    },
    /// Show the board's name on it, to find it on the spot
    #[command(after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                            --key keys/key.pem --to vn/86/28789 identify --seconds 60")]
    Identify(Page),
    /// Show lines and colours, to find dead diodes
    #[command(after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                            --key keys/key.pem --to vn/86/28789/cho test-pattern --seconds 60")]
    TestPattern(Page),
    /// Say in which order priority notices show; without a notice, take the decision back
    #[command(after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                            --key keys/key.pem --to vn/86/28789 decide phuong-2 vn/86,86-1")]
    Decide {
        /// Notices, first shown first: an id of this sender's, or `sender,id`
        #[arg(value_name = "ID")]
        order: Vec<String>,
    },
    /// Have the proof of display sent again
    #[command(after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                            --key keys/key.pem --to vn/86/28789/cho report-since 120")]
    ReportSince {
        /// The number of the first showing to send
        n: u64,
    },
    /// Read the configuration and the trusted keys again
    #[command(after_help = "Example: bangtin-simulator command --broker mqtt://127.0.0.1:1883 \
                            --key keys/key.pem --to vn/86/28789/cho reload")]
    Reload,
}

/// How long a page stays that helps to find or to check a board.
#[derive(Args)]
struct Page {
    /// How long
    #[arg(long, value_name = "SECONDS", default_value_t = bangtin_agent::command::PAGE_S,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_MAX_S)))]
    seconds: u32,
}

fn percent(text: &str) -> Result<Value, String> {
    match text.parse::<u8>() {
        Ok(percent @ 1..=100) => Ok(percent.into()),
        _ if text == "auto" => Ok(text.into()),
        _ => Err("give 1 to 100, or auto".to_owned()),
    }
}

impl Order {
    /// Its name and its arguments, as they stand in a command.
    fn words(&self) -> (&'static str, Value) {
        match self {
            Self::Screen => ("screen", json!({})),
            Self::Brightness { percent, until: None } => {
                ("brightness", json!({ "percent": percent }))
            }
            Self::Brightness { percent, until } => {
                ("brightness", json!({ "percent": percent, "until": until }))
            }
            Self::Identify(page) => ("identify", json!({ "seconds": page.seconds })),
            Self::TestPattern(page) => ("test-pattern", json!({ "seconds": page.seconds })),
            Self::Decide { order } => ("decide", json!({ "order": order })),
            Self::ReportSince { n } => ("report-since", json!({ "n": n })),
            Self::Reload => ("reload", json!({})),
        }
    }

    /// The topic below a board on which it brings more than an answer.
    fn brings(&self) -> Option<&'static str> {
        match self {
            Self::Screen => Some("screen"),
            Self::ReportSince { .. } => Some("played"),
            _ => None,
        }
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { way, order } = arguments;
    let (Some(broker), Some(key_file), [_, ..]) = (&way.broker, &way.key, way.areas.as_slice())
    else {
        let named = [way.broker.is_some(), way.key.is_some(), !way.areas.is_empty()];
        let options = ["--broker", "--key", "--to"].into_iter().zip(named);
        let missing: Vec<_> = options.filter(|(_, named)| !named).map(|(name, _)| name).collect();
        bail!("{} missing; see `bangtin-simulator command --help`", missing.join(", "));
    };
    if way.out.is_none() && matches!(order, Order::Screen) {
        bail!("screen needs a file for the picture; name it with --out F.png");
    }
    let key = keys::read(key_file)?;
    let parse = |area: &String| Area::parse(area).map_err(|message| anyhow!("--to: {message}"));
    let areas = way.areas.iter().map(parse).collect::<anyhow::Result<Vec<_>>>()?;
    let sender = match &way.sender {
        Some(sender) => Area::parse(sender).map_err(|message| anyhow!("--sender: {message}"))?,
        None => keys::authority(key_file, &key)?.area,
    };
    let sent = Timestamp::now();
    let id = id(&sender, sent, &mark::<2>()?);
    let command = document(order, (&sender, &id), &areas, (sent, way.life));
    let signed = match checked(&command, &key, &areas, sent) {
        Ok(signed) => signed,
        Err(problems) => {
            console::print_problems(order.words().0, &problems);
            return Ok(ExitCode::from(2));
        }
    };
    let response = response_topic(&way.prefix, &sender, &id);
    let mut filters = vec![response.clone()];
    for area in &areas {
        let boards = boards(&way.prefix, area);
        filters
            .extend(["reply"].into_iter().chain(order.brings()).map(|t| format!("{boards}/{t}")));
    }
    filters.sort();
    filters.dedup();
    let mut answers =
        Answers::new(&way.prefix, &id, &areas, order.brings(), way.out.as_deref(), way.json);
    runtime()?.block_on(async {
        let mut desk = Desk::open(broker, way.ca.as_deref(), filters)?;
        desk.wait_until_ready().await?;
        for publication in publications(&way.prefix, &areas, &id, &signed, &response) {
            desk.link.send(publication);
        }
        desk.flush().await?;
        collect(&mut desk, &mut answers, way.wait).await?;
        desk.close().await;
        Ok(ExitCode::from(answers.code()))
    })
}

/// Shows answers until all came or the time is over.
async fn collect(desk: &mut Desk, answers: &mut Answers, seconds: u64) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !answers.is_complete() {
        let Ok(Some(event)) = timeout_at(end, desk.events.recv()).await else { break };
        match event {
            Event::Message(message) => say(answers.take(&message))?,
            Event::Undelivered(_) => bail!("the broker did not take the command"),
            Event::Disconnected { reason } => console::complain(&reason),
            _ => {}
        }
    }
    say(answers.finish(seconds))
}

fn say(all: Vec<Said>) -> anyhow::Result<()> {
    for said in all {
        match said {
            Said::Line(line) => console::print_line(&line)?,
            Said::Complaint(line) => console::complain(&line),
            Said::Picture(path, bytes) => std::fs::write(&path, bytes)
                .map_err(|error| anyhow!("{} cannot be written: {error}", path.display()))?,
        }
    }
    Ok(())
}

/// A name for a command that no other has: the sender's code, the time in UTC, and a random mark.
fn id(sender: &Area, sent: Timestamp, mark: &str) -> String {
    let codes = sender.as_str().split('/').filter(|level| !level.starts_with('@'));
    let code = codes.take(3).last().unwrap_or("vn");
    format!("{code}-cmd-{}-{mark}", sent.strftime("%Y%m%dT%H%M%S"))
}

/// Where boards answer. `reply` is among the words that no board can have for a name, so the topic
/// is none of a board's own, whatever the sender's area.
fn response_topic(prefix: &str, sender: &Area, id: &str) -> String {
    format!("{prefix}/{sender}/reply/{id}")
}

/// The command as JSON, good for `life_s` seconds.
fn document(
    order: &Order,
    (sender, id): (&Area, &str),
    to: &[Area],
    (sent, life_s): (Timestamp, i64),
) -> Value {
    let (name, arguments) = order.words();
    let not_after = sent.checked_add(Span::new().seconds(life_s)).unwrap_or(Timestamp::MAX);
    json!({
        "version": 1, "id": id, "sender": sender, "to": to, "command": name,
        "arguments": arguments, "sent": sent, "not_after": not_after,
    })
}

/// Signs a command, or says why no board would take it: it goes through their own door, with a
/// list that believes its key everything.
fn checked(
    command: &Value,
    key: &SigningKey,
    to: &[Area],
    sent: Timestamp,
) -> Result<String, Vec<Problem>> {
    let ours = |message: String| vec![Problem::new("command", "", message, "", "")];
    let nation = Area::parse("vn").map_err(ours)?;
    let trusted = Trusted::parse(&trusted_toml(&key.verifying_key(), &nation, &[], sent))?;
    let board = to.first().cloned().unwrap_or(nation);
    let address = Address { board, areas: to.to_vec() };
    let signed = sign(command.to_string().as_bytes(), COMMAND_TYPE, key);
    let now = Now { wall: sent, monotonic_ms: 0, trust: Trust::Trusted };
    let door = CommandDoor { trusted: &trusted, address: &address };
    match admit(signed.as_bytes(), &door, now, false) {
        Ok(_) => Ok(signed),
        Err(refusal) => Err(refusal.problems),
    }
}

/// One message an area, which no broker keeps.
fn publications(
    prefix: &str,
    areas: &[Area],
    id: &str,
    signed: &str,
    response: &str,
) -> Vec<Publication> {
    let publication = |(tag, area): (usize, &Area)| Publication {
        topic: format!("{prefix}/{area}/command/{id}"),
        payload: signed.as_bytes().to_vec(),
        retained: Retained::No,
        response_topic: Some(response.to_owned()),
        correlation: Some(id.as_bytes().to_vec()),
        tag: Some(tag as u64),
    };
    areas.iter().enumerate().map(publication).collect()
}

#[cfg(test)]
mod tests;
