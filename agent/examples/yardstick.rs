//! Answers a stopwatch that measures how fast boards show what comes over MQTT:
//!
//! ```text
//! yardstick w6 --port P [--dump FILE]
//! ```
//!
//! prints READY once it is subscribed and serves until it is ended. Plain text comes on the topic
//! `emg`; it is made a notice and signed here, which counts against this program, and then takes
//! the way of every emergency: the door, the sign, the painter's thread, the disk's after that.
//! `ack` gets the instant at which its first frame was complete, in nanoseconds of
//! `CLOCK_REALTIME`. `docs/performance.md` says what came out.
#![expect(clippy::disallowed_methods, reason = "a stopwatch reads clocks and files")]

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io};

use anyhow::{Context, bail};
use bangtin_agent::area::Area;
use bangtin_agent::assets::Assets;
use bangtin_agent::board::{Board, Effect, Memory, Presented};
use bangtin_agent::command::Remembered;
use bangtin_agent::config::Config;
use bangtin_agent::io::clock::Clock;
use bangtin_agent::io::cutoff::Cutoff;
use bangtin_agent::io::disk::LocalDisk;
use bangtin_agent::io::keeper::Keeper;
use bangtin_agent::io::mqtt::{self, Event, Link, RetainedCopies, Session, Subscription};
use bangtin_agent::io::output::Output;
use bangtin_agent::io::screen::{Report, Screen};
use bangtin_agent::io::setup::{self, Setup};
use bangtin_agent::io::store::Store;
use bangtin_agent::ledger::Ledger;
use bangtin_agent::message::{Message, Retained};
use bangtin_agent::notice::Class;
use bangtin_agent::signature::{NOTICE_TYPE, sign, trusted_toml};
use bangtin_renderer::Frame;
use ed25519_dalek::SigningKey;
use jiff::{Span, Timestamp};
use serde_json::json;
use tokio::sync::mpsc;

/// The topic of emergencies as the stopwatch has it, and as a board has it.
const ASKED: &str = "emg";
const TOPIC: &str = "ttcs/v1/vn/86/28789/notice/w6";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1)
    };
    let port: u16 = match (arguments.get(1).map(String::as_str), after("--port")) {
        (Some("w6"), Some(port)) => port.parse().context("--port")?,
        _ => bail!("usage: yardstick w6 --port P [--dump FILE]"),
    };
    let dump = after("--dump").map(PathBuf::from);
    let folder = tempfile::tempdir()?;
    let key = SigningKey::from_bytes(&[6; 32]);
    let setup = setup(folder.path(), port, &key)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(setup, &key, dump))
}

/// A board at a broker that listens for what the stopwatch sends.
fn setup(folder: &Path, port: u16, key: &SigningKey) -> anyhow::Result<Setup> {
    let layout = folder.join("w6.toml");
    fs::write(&layout, include_str!("yardstick/w6.toml"))?;
    let area = Area::parse("vn/86").map_err(anyhow::Error::msg)?;
    let since = Timestamp::now().checked_sub(Span::new().hours(1))?;
    let trusted = trusted_toml(&key.verifying_key(), &area, &[Class::Emergency], since);
    fs::write(folder.join("trusted.toml"), trusted)?;
    let text = format!(
        "[board]\nid = \"w6\"\nprovince = \"86\"\ncommune = \"28789\"\nlayout = \"{}\"\n\
         name = \"W6\"\n[broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n[trust]\n\
         keys = \"trusted.toml\"\n[store]\npath = \"store\"\n\
         [output]\nkind = \"png\"\npath = \"frame.png\"\n",
        layout.display()
    );
    let problems = |problems: Vec<_>| anyhow::anyhow!("{problems:?}");
    let config = Config::parse(&text, folder).map_err(problems)?;
    let mut setup = setup::build(config).map_err(problems)?;
    let retained = RetainedCopies::Never;
    setup.link.subscriptions = vec![Subscription { filter: ASKED.to_owned(), retained }];
    setup.link.session = Session::Clean;
    Ok(setup)
}

/// Does what `run` does with a board, and answers.
async fn serve(setup: Setup, key: &SigningKey, dump: Option<PathBuf>) -> anyhow::Result<()> {
    let Setup { config, door, link: settings, .. } = setup;
    let clock = Clock::start();
    let (reports, mut reported) = mpsc::channel(64);
    let cutoff = Cutoff::open(&config.cutoff)?;
    let output = Box::new(Pane { dump });
    let screen = Screen::start(output, &door.layout.panel, cutoff, reports)?;
    let (done, mut finished) = mpsc::unbounded_channel();
    let keeper = Keeper::start(Store::open(LocalDisk::open(&config.store)?)?, done)?;
    let (events, mut happened) = mpsc::channel(64);
    let (link, connection) = mqtt::open(settings, events)?;
    let panel = (door.layout.panel.width, door.layout.panel.height);
    let memory = Memory {
        ledger: Ledger::load(Vec::new(), |_| Err(String::new())).0,
        assets: Assets::new(&config.broker.prefix, panel, Vec::new()),
        remembered: Remembered::default(),
        decided: None,
    };
    let mut board = Board::new(config, door, memory, clock.now());
    let mut answered = 0;
    let mut latest = 0;
    let mut revision = 0;
    let connection = tokio::spawn(connection.run());
    loop {
        let wake = board.work(clock.now()).min(1000);
        perform(&mut board, &screen, &keeper, &link, &mut latest);
        tokio::select! {
            biased;
            Some(report) = reported.recv() => match report {
                Report::Failed(error) => return Err(error.into()),
                Report::Presented(presented) => {
                    let is_first = presented.ticket == latest && answered != latest;
                    if is_first && revision > 0 {
                        answered = latest;
                        let at = nanoseconds(&presented)?.to_string().into_bytes();
                        link.publish("ack", at, Retained::No);
                    }
                    board.presented(presented, clock.now());
                }
                _ => {}
            },
            Some(done) = finished.recv() => board.done(done),
            Some(event) = happened.recv() => match event {
                Event::Message(message) => {
                    revision += 1;
                    board.receive(signed(message, revision, key)?, clock.now());
                }
                Event::Connected { .. } => board.connected(true),
                Event::Subscribed { .. } => println!("READY"),
                _ => {}
            },
            () = tokio::time::sleep(std::time::Duration::from_millis(wake)) => {}
        }
        perform(&mut board, &screen, &keeper, &link, &mut latest);
        if connection.is_finished() {
            bail!("the link has ended");
        }
    }
}

fn perform(board: &mut Board, screen: &Screen, keeper: &Keeper, link: &Link, latest: &mut u64) {
    for effect in board.effects() {
        match effect {
            Effect::Show(show) => {
                *latest = show.ticket;
                screen.show(show);
            }
            Effect::Disk(job) => keeper.submit(job),
            Effect::Acknowledge(token) => link.acknowledge(token),
            Effect::Send(publication) => link.send(publication),
            _ => {}
        }
    }
}

/// Plain text as a signed emergency, newer than the one before.
fn signed(message: Message, revision: u32, key: &SigningKey) -> anyhow::Result<Message> {
    let now = Timestamp::now();
    let notice = json!({
        "version": 1, "id": "w6", "revision": revision, "sender": "vn/86", "to": ["vn/86/28789"],
        "sent": now.to_string(), "status": "actual", "kind": "alert", "class": "emergency",
        "effective": now.to_string(),
        "expires": now.checked_add(Span::new().hours(1))?.to_string(),
        "content": [{ "language": "vi", "headline": std::str::from_utf8(&message.payload)? }],
    });
    let payload = sign(notice.to_string().as_bytes(), NOTICE_TYPE, key).into_bytes();
    Ok(Message { topic: TOPIC.to_owned(), payload, ..message })
}

/// When a frame was complete, by the clock that the stopwatch reads.
fn nanoseconds(presented: &Presented) -> anyhow::Result<u128> {
    let at = SystemTime::now() - presented.at.elapsed();
    Ok(at.duration_since(UNIX_EPOCH)?.as_nanos())
}

/// A panel in memory: a frame is on it as soon as it is painted. It can be dumped as raw RGB.
struct Pane {
    dump: Option<PathBuf>,
}

impl Output for Pane {
    fn show(&mut self, frame: &Frame) -> io::Result<()> {
        self.dump.as_ref().map_or(Ok(()), |path| fs::write(path, frame.bytes()))
    }

    fn fps(&self) -> u32 {
        60
    }
}
