//! Boards' statuses and receipts, as they come.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use bangtin_agent::area::Area;
use bangtin_agent::io::mqtt::Event;
use bangtin_agent::message::Message;
use clap::Args;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::console;
use crate::publish::{Desk, SECONDS_MAX};

#[derive(Args)]
#[command(
    after_help = "Example: bangtin-simulator watch --broker mqtt://127.0.0.1:1883 --area vn/86"
)]
pub struct Arguments {
    /// The broker, mqtt://host:port or mqtts://host:port
    #[arg(long, value_name = "URL")]
    broker: String,
    /// Certificates of the authority behind an mqtts broker, PEM
    #[arg(long, value_name = "F.pem")]
    ca: Option<PathBuf>,
    /// The area whose boards are watched
    #[arg(long, value_name = "AREA")]
    area: String,
    /// What topics begin with
    #[arg(long, default_value = "ttcs/v1")]
    prefix: String,
    /// Stop after so many seconds; without it, at Ctrl-C
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=SECONDS_MAX))]
    seconds: Option<u64>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let area = Area::parse(&arguments.area).map_err(|message| anyhow!("--area: {message}"))?;
    let boards = boards(&arguments.prefix, &area);
    let filters = vec![format!("{boards}/status"), format!("{boards}/receipt/+")];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut desk = Desk::open(&arguments.broker, arguments.ca.as_deref(), filters)?;
        let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        loop {
            let event = match end {
                Some(end) => timeout_at(end, desk.events.recv()).await.unwrap_or(None),
                None => desk.events.recv().await,
            };
            match event {
                Some(Event::Message(message)) => {
                    if let Some(line) = line(&message, &arguments.prefix) {
                        console::print_line(&line)?;
                    }
                }
                Some(Event::Disconnected { reason }) => console::complain(&reason),
                Some(_) => {}
                None => break,
            }
        }
        desk.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// The topics of all boards in an area: a board's address has four levels.
fn boards(prefix: &str, area: &Area) -> String {
    let levels: Vec<&str> =
        area.as_str().split('/').take_while(|level| !level.starts_with('@')).collect();
    let any = std::iter::repeat_n("+", 4 - levels.len());
    let levels: Vec<&str> = levels.into_iter().chain(any).collect();
    format!("{prefix}/{}", levels.join("/"))
}

/// The topic of the receipts that boards of an area send for a notice.
pub fn receipts(prefix: &str, area: &Area, id: &str) -> String {
    format!("{}/receipt/{id}", boards(prefix, area))
}

/// Prints receipts for some seconds. Success when boards answered and none refused.
pub async fn answers(desk: &mut Desk, prefix: &str, seconds: u64) -> anyhow::Result<ExitCode> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut answered, mut refused) = (false, false);
    while let Ok(Some(event)) = timeout_at(end, desk.events.recv()).await {
        let Event::Message(message) = event else { continue };
        if let Some(line) = line(&message, prefix) {
            console::print_line(&line)?;
            answered = true;
            refused |= parse(&message)["state"] == "refused";
        }
    }
    if !answered {
        console::complain(&format!("no board answered within {seconds} s"));
    }
    Ok(if answered && !refused { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn parse(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).unwrap_or_default()
}

/// A report in words: when, which board, what.
fn line(message: &Message, prefix: &str) -> Option<String> {
    let report = parse(message);
    let topic = message.topic.strip_prefix(prefix)?.trim_start_matches('/');
    let text = |value: &Value| match value {
        // What a stranger writes must not steer the terminal.
        Value::String(text) => text.chars().filter(|letter| !letter.is_control()).collect(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    };
    let at = text(&report["at"]);
    if let Some(board) = topic.strip_suffix("/status") {
        if report["online"] != true {
            return Some(format!("{board}  offline"));
        }
        let showing = text(&report["showing"]["notice"]);
        let clock = text(&report["clock"]);
        return Some(format!("{at}  {board}  online  showing {showing}  clock {clock}"));
    }
    let (board, _) = topic.split_once("/receipt/")?;
    let mut line =
        format!("{at}  {board}  {}  {}", text(&report["notice"]), text(&report["state"]));
    if let Some(latency) = report["latency_ms"].as_f64() {
        line += &format!("  after {latency:.1} ms");
    }
    if let Some(crc32) = report["frame_crc32"].as_str() {
        line += &format!("  frame {crc32}");
    }
    if let Some(cause) = report["cause"].as_str() {
        line += &format!("  {cause}");
    }
    if report["durable"] == false {
        line += "  NOT KEPT OVER A POWER CUT";
    }
    for problem in report["problems"].as_array().into_iter().flatten() {
        line += &format!("\n    {}: {}", text(&problem["path"]), text(&problem["message"]));
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_found_below_every_area() {
        let area = |text| Area::parse(text).expect("an area");
        assert_eq!(boards("p", &area("vn")), "p/vn/+/+/+");
        assert_eq!(boards("p", &area("vn/86/@ven-song")), "p/vn/86/+/+");
        assert_eq!(boards("p", &area("vn/86/28789/@ap-4")), "p/vn/86/28789/+");
        assert_eq!(boards("p", &area("vn/86/28789/cho")), "p/vn/86/28789/cho");
    }
}
