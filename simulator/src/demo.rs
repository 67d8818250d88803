//! The demo: a broker on the loopback, real boards, sample notices signed with a key made on the
//! spot, and an emergency that comes after some seconds and ends again.
#![expect(clippy::disallowed_methods, reason = "the demo runs in real time")]

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use bangtin_agent::area::Area;
use bangtin_agent::io::signals::told_to_stop;
use bangtin_agent::notice::{Class, Notice};
use bangtin_agent::signature::{self, NOTICE_TYPE};
use clap::Args;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::boards::{Board, Record};
use crate::desk::Desk;
use crate::publish::{cancellation, post};
use crate::{app, broker, console, keys, samples, terminal};

#[derive(Args, Default)]
#[command(after_help = "Example: bangtin-simulator demo --layout led-96x16 --layout lcd-1080p")]
pub struct Arguments {
    /// The layout of a board; may be repeated
    #[arg(long, value_name = "L")]
    layout: Vec<String>,
    /// Run so many seconds without a display and write the boards' frames
    #[arg(long, value_name = "SECONDS", requires = "frames")]
    headless: Option<u64>,
    /// The folder for the frames, named by board and milliseconds
    #[arg(long, value_name = "DIR", requires = "headless")]
    frames: Option<PathBuf>,
    /// The port of the broker
    #[arg(long, value_name = "P")]
    port: Option<u16>,
}

/// The boards that stand there unless others are asked for.
const LAYOUTS: [&str; 3] = ["led-96x16", "led-192x64", "led-300x200"];

/// What topics begin with.
const PREFIX: &str = "ttcs/v1";

/// When the emergency comes and ends, and when the priority notices have their minute, in
/// seconds after the start.
const EMERGENCY_S: f64 = 12.0;
const EMERGENCY_END_S: f64 = 32.0;
const PRIORITY_S: i64 = 75;
const PRIORITY_LASTS_S: i64 = 60;
/// Clicks that wait for the officer; more are impatience.
const CLICKS_WAITING: usize = 8;
/// How long a sample is in force.
const SAMPLE_LASTS_S: i64 = 30 * 24 * 3600;

/// What the officer does at the desk.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// Send the next emergency.
    SendEmergency,
    /// End all that were sent.
    EndEmergency,
}

/// A running demo; it ends when dropped.
pub struct Demo {
    /// The boards.
    pub boards: Vec<Board>,
    /// The broker's URL.
    pub broker: String,
    /// Takes what the officer does.
    pub desk: Sender<Action>,
    stopped: Arc<AtomicBool>,
    key: PathBuf,
    _folder: TempDir,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let quiet = tracing_subscriber::EnvFilter::try_from_env("BANGTIN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error,rumqttd=off"));
    tracing_subscriber::fmt().with_env_filter(quiet).with_writer(std::io::stderr).init();
    if let (Some(seconds), Some(folder)) = (arguments.headless, &arguments.frames) {
        return headless(arguments, seconds, folder);
    }
    let wake = app::Wake::default();
    let changed = wake.clone();
    let demo = start(arguments, None, EMERGENCY_S, EMERGENCY_END_S, move || changed.wake())?;
    let demo = Rc::new(RefCell::new(demo));
    if has_display() {
        console::print_line(&demo.borrow().heading().join("\n"))?;
        match app::run(Rc::clone(&demo), wake) {
            Ok(()) => return Ok(ExitCode::SUCCESS),
            Err(failure) => console::complain(&format!("{failure:#}; drawing in the terminal")),
        }
    }
    terminal::run(&mut demo.borrow_mut())?;
    Ok(ExitCode::SUCCESS)
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

fn headless(
    arguments: &Arguments,
    seconds: u64,
    folder: &std::path::Path,
) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let began = Instant::now();
    let record = Record { folder: folder.to_owned(), began };
    // A short run shows all of it too.
    let whole = seconds as f64;
    let (comes, ends) = (EMERGENCY_S.min(whole * 0.4), EMERGENCY_END_S.min(whole * 0.7));
    let mut demo = start(arguments, Some(record), comes, ends, || {})?;
    console::print_line(&demo.heading().join("\n"))?;
    while began.elapsed() < Duration::from_secs(seconds) && !demo.is_stopped() {
        for board in &mut demo.boards {
            board.check()?;
        }
        let left = Duration::from_secs(seconds).saturating_sub(began.elapsed());
        thread::sleep(left.min(Duration::from_secs(1)));
        // Progress is for people; a log keeps every line of it.
        if std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr(), "\r{} of {seconds} s", began.elapsed().as_secs());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts broker, boards and desk. `changed` is called whenever a board shows another frame.
fn start(
    arguments: &Arguments,
    record: Option<Record>,
    comes_s: f64,
    ends_s: f64,
    changed: impl Fn() + Send + Sync + Clone + 'static,
) -> anyhow::Result<Demo> {
    let folder = tempfile::Builder::new().prefix("bangtin-").tempdir()?;
    let nation = Area::parse("vn").map_err(|message| anyhow!(message))?;
    let classes = [Class::Routine, Class::Priority, Class::Emergency];
    let key = keys::write(folder.path(), &nation, &classes)?;
    let broker = broker::start(arguments.port)?;
    let asked: Vec<&str> = match arguments.layout.as_slice() {
        [] => LAYOUTS.to_vec(),
        asked => asked.iter().map(String::as_str).collect(),
    };
    let mut boards = Vec::new();
    for (index, layout) in asked.into_iter().enumerate() {
        let record = record.as_ref().map(|r| Record { folder: r.folder.clone(), began: r.began });
        boards.push(Board::start(index, layout, &broker, folder.path(), record, changed.clone())?);
    }
    let (desk, actions) = channel(CLICKS_WAITING);
    let url = broker.clone();
    thread::Builder::new().name("desk".into()).spawn(move || {
        let officer = Officer { key, sent: Vec::new(), emergencies: 0, link: None };
        if let Err(failure) = officer.work(&url, actions, comes_s, ends_s) {
            tracing::error!("the demo's desk has ended: {failure:#}");
        }
    })?;
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(told_to_stop());
        flag.store(true, Ordering::Relaxed);
        changed();
    })?;
    let key = folder.path().join("key.pem");
    Ok(Demo { boards, broker, desk, stopped, key, _folder: folder })
}

impl Demo {
    /// Whether the program was told to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// What another program needs to know to take part.
    pub fn heading(&self) -> Vec<String> {
        let mut lines = vec![
            "Bảng Tin – demo".to_owned(),
            format!("broker  {}", self.broker),
            format!("key     {}", self.key.display()),
        ];
        let boards = self.boards.iter();
        lines.extend(boards.map(|board| format!("board   {} ({})", board.address, board.layout)));
        lines
    }
}

/// Whoever sends the demo's notices.
struct Officer {
    key: SigningKey,
    /// Emergencies that are in force: sender, id and areas.
    sent: Vec<(Area, String, Vec<Area>)>,
    emergencies: usize,
    link: Option<bangtin_agent::io::mqtt::Link>,
}

impl Officer {
    fn work(
        mut self,
        broker: &str,
        mut actions: Receiver<Action>,
        comes_s: f64,
        ends_s: f64,
    ) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut desk = Desk::open(broker, None, Vec::new())?;
            self.link = Some(desk.link.clone());
            let now = Timestamp::now();
            for notice in samples::of_class(Class::Routine) {
                self.publish(&samples::dated(notice, now, 0, SAMPLE_LASTS_S))?;
            }
            for notice in samples::of_class(Class::Priority) {
                self.publish(&samples::dated(notice, now, PRIORITY_S, PRIORITY_LASTS_S))?;
            }
            let comes = tokio::time::sleep(Duration::from_secs_f64(comes_s));
            let ends = tokio::time::sleep(Duration::from_secs_f64(ends_s));
            tokio::pin!(comes, ends);
            let (mut came, mut ended) = (false, false);
            loop {
                tokio::select! {
                    () = &mut comes, if !came => {
                        came = true;
                        self.emergency()?;
                    }
                    () = &mut ends, if !ended => {
                        ended = true;
                        self.all_clear()?;
                    }
                    action = actions.recv() => match action {
                        Some(Action::SendEmergency) => self.emergency()?,
                        Some(Action::EndEmergency) => self.all_clear()?,
                        None => return Ok(()),
                    },
                    event = desk.events.recv() => {
                        event.context("the link to the demo's broker has ended")?;
                    }
                }
            }
        })
    }

    /// Sends the samples' emergencies in turn, each time as a notice of its own.
    fn emergency(&mut self) -> anyhow::Result<()> {
        let all = samples::of_class(Class::Emergency);
        let count = self.emergencies;
        self.emergencies += 1;
        let sample = all.get(count % all.len().max(1)).context("there is a sample")?.clone();
        let mut notice = samples::dated(sample, Timestamp::now(), 0, 3600);
        notice["id"] =
            json!(format!("{}-{}", notice["id"].as_str().unwrap_or("khan-cap"), count + 1));
        let sent = self.publish(&notice)?;
        self.sent.push((sent.key.sender, sent.key.id, sent.to));
        Ok(())
    }

    fn all_clear(&mut self) -> anyhow::Result<()> {
        for (sender, id, areas) in std::mem::take(&mut self.sent) {
            let now = Timestamp::now();
            let mut notice = cancellation(&sender, &sender, &id, Class::Emergency, now);
            notice["to"] = json!(areas);
            self.publish(&notice)?;
        }
        Ok(())
    }

    fn publish(&self, notice: &Value) -> anyhow::Result<Notice> {
        let json = notice.to_string();
        let read = bangtin_agent::notice::read(json.as_bytes())
            .map_err(|(_, problems)| anyhow!("a sample is no notice: {problems:?}"))?;
        let link = self.link.as_ref().context("the desk is open")?;
        let signed = signature::sign(json.as_bytes(), NOTICE_TYPE, &self.key);
        post(link, PREFIX, &read.to, &read.key.id, &signed);
        Ok(read)
    }
}
