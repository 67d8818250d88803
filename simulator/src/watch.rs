//! Boards' statuses, receipts, answers and proof of display, as they come; and whether the proof
//! hangs together.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use bangtin_agent::area::Area;
use bangtin_agent::io::mqtt::Event;
use bangtin_agent::message::Message;
use clap::Args;
use tokio::time::{Instant, timeout_at};

use crate::console;
use crate::desk::{Desk, SECONDS_MAX, runtime};
use crate::proof::Proof;
use crate::reports::{boards, parse, words};

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
    runtime()?.block_on(async {
        let filters = filters(&arguments.prefix, &area);
        let mut desk = Desk::open(&arguments.broker, arguments.ca.as_deref(), filters)?;
        let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let mut proof = Proof::default();
        loop {
            let event = match end {
                Some(end) => timeout_at(end, desk.events.recv()).await.unwrap_or(None),
                None => desk.events.recv().await,
            };
            match event {
                Some(Event::Message(message)) if concerns(&message, &area) => {
                    if let Some(line) = words(&message, &arguments.prefix) {
                        console::print_line(&line)?;
                    }
                    if let Some(board) = played(&message, &arguments.prefix) {
                        for line in proof.hear(board, &message.payload) {
                            console::print_line(&line)?;
                        }
                    }
                }
                Some(Event::Subscribed { refused }) => {
                    for reason in refused {
                        console::complain(&format!("the broker refuses to send {reason}"));
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

/// What boards of an area report. Their answers go to whoever asked: to desks of any area.
fn filters(prefix: &str, area: &Area) -> Vec<String> {
    let boards = boards(prefix, area);
    let of_boards = ["status", "receipt/+", "reply", "played"].map(|t| format!("{boards}/{t}"));
    let of_desks = ["vn", "vn/+", "vn/+/+", "vn/+/+/+"].map(|a| format!("{prefix}/{a}/reply/+"));
    of_boards.into_iter().chain(of_desks).collect()
}

/// Whether a message is of a board in the area: of answers on desks' topics only they themselves
/// say so.
fn concerns(message: &Message, area: &Area) -> bool {
    if !message.topic.contains("/reply/") {
        return true;
    }
    let (within, _) = area.as_str().split_once("/@").unwrap_or((area.as_str(), ""));
    let board = parse(message)["board"].as_str().map(Area::parse);
    matches!((Area::parse(within), board), (Ok(within), Some(Ok(board))) if within.holds(&board))
}

/// The board whose proof of display a message is.
fn played<'m>(message: &'m Message, prefix: &str) -> Option<&'m str> {
    message.topic.strip_prefix(prefix)?.trim_start_matches('/').strip_suffix("/played")
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
        if let Some(line) = words(&message, prefix) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::tests::message;

    #[test]
    fn of_answers_only_those_of_the_area_are_shown() {
        let area = |text| Area::parse(text).expect("an area");
        let filters = filters("p", &area("vn/86/28789"));
        assert_eq!(filters.len(), 8);
        assert_eq!(filters[2], "p/vn/86/28789/+/reply");
        assert_eq!(filters[5], "p/vn/+/reply/+");
        let answer = |board: &str| message("p/vn/86/reply/c", format!("{{\"board\":\"{board}\"}}"));
        assert!(concerns(&answer("vn/86/28789/cho"), &area("vn/86")));
        assert!(concerns(&answer("vn/86/28789/cho"), &area("vn/86/@ven-song")));
        assert!(!concerns(&answer("vn/87/28789/cho"), &area("vn/86")));
        assert!(!concerns(&answer("cho"), &area("vn/86")));
        assert!(concerns(&message("p/vn/86/28789/cho/played", "{}"), &area("vn/86")));
    }
}
