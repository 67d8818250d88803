//! The loop that joins a board to the world: what happens goes in with the time, and what the
//! board asks for is done in its order.
#![expect(clippy::disallowed_methods, reason = "the loop sleeps until the board has work")]

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bangtin_renderer::Problem;
use tokio::sync::mpsc::{self, UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::admit::Door;
use crate::assets::Assets;
use crate::board::{self, Board, Captured, Effect, Memory};
use crate::calendar::Now;
use crate::command::Remembered;
use crate::config::Config;
use crate::decision::Decided;
use crate::files;
use crate::io::clock::Clock;
use crate::io::cutoff::Cutoff;
use crate::io::decoder::Decoder;
use crate::io::disk::LocalDisk;
use crate::io::health::{self, End, Starts};
use crate::io::inbox::Found;
use crate::io::keeper::Keeper;
use crate::io::mqtt::{self, Event, Link};
use crate::io::output::{Output, png};
use crate::io::screen::{Report, Screen};
use crate::io::setup::{self, Setup};
use crate::io::store::Store;
use crate::io::surroundings::{News, Surroundings};
use crate::jobs::{Done, Folder};
use crate::ledger::Ledger;
use crate::report::{Facts, LinkStatus, PacingStatus, Restart};
use crate::signature;
use crate::timekeeper::Timekeeper;

/// Events that wait for the loop. The link holds back what does not fit.
const EVENTS_WAITING: usize = 64;
/// Reports of the screen that wait for the loop; it makes about one a second.
const REPORTS_WAITING: usize = 64;
/// Messages that wait in the loop so that emergencies among them are found, and their bytes.
const MESSAGES_WAITING: usize = 1024;
const BYTES_WAITING: usize = 4 << 20;
/// Jobs under way for the disk beyond which no more messages are taken but what may be an
/// emergency, and beyond twice as many nothing: the broker keeps them.
const JOBS_MAX: usize = 256;
/// Longest sleep of the loop: the clock may be set meanwhile.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How long the last reports may take when the board is told to stop.
const GOODBYE: Duration = Duration::from_secs(3);

/// Why a board ended that did not fail.
pub enum Ending {
    /// It was told to stop.
    Stopped,
    /// It was told to read its files again; they are sound, and this is what they say.
    Reload(Box<Setup>),
}

/// Runs a board until `stop` completes or it is to be built anew.
///
/// # Errors
/// When a part that the board cannot do without fails: its store cannot be read, its output takes
/// no more frames, its link ends. What watches the process starts it afresh.
pub async fn run(
    setup: Setup,
    output: Box<dyn Output>,
    stop: Pin<&mut (impl Future<Output = ()> + ?Sized)>,
) -> anyhow::Result<Ending> {
    let root = &setup.config.store;
    let disk = LocalDisk::open(root).with_context(|| format!("store {}", root.display()))?;
    let mut starts = Starts::begin(disk, Path::new("/"));
    let restarts = (starts.restarts(), starts.cause().clone());
    let outcome = attend(setup, output, restarts, stop).await;
    let end = match &outcome {
        Ok(_) => End::Stopped,
        Err(failure) => End::Failed(format!("{failure:#}")),
    };
    if let Err(error) = starts.end(end) {
        warn!(%error, "the store does not take how this run ended");
    }
    outcome
}

async fn attend(
    setup: Setup,
    output: Box<dyn Output>,
    restarts: (u64, Restart),
    mut stop: Pin<&mut (impl Future<Output = ()> + ?Sized)>,
) -> anyhow::Result<Ending> {
    let Setup { path, config, door, link: settings } = setup;
    let root = config.store.clone();
    let open = || LocalDisk::open(&root).with_context(|| format!("store {}", root.display()));
    let store = Store::open(open()?).context("store")?;
    let mut time = Time::start(&store);
    let (reports, mut reported) = mpsc::channel(REPORTS_WAITING);
    let cutoff = Cutoff::open(&config.cutoff).context("cut-off")?;
    let screen = Screen::start(output, &door.layout.panel, cutoff, reports).context("screen")?;
    let (done, mut finished) = unbounded_channel();
    let keeper = Keeper::start(Store::open(open()?).context("store")?, done).context("store")?;
    let (pictures, mut decoded) = unbounded_channel();
    let decoder = Decoder::start(pictures).context("decoder")?;
    let (events, happened) = mpsc::channel(EVENTS_WAITING);
    let mut happened = Happened { events: happened, waiting: VecDeque::new(), bytes: 0 };
    let (link, connection) = mqtt::open(settings, events)?;
    let mut surroundings = Surroundings::open(&config).context("inbox")?;
    let mut world = World { screen, keeper, decoder, link, path, restarts, tasks: JoinSet::new() };
    let memory = memory(&store, &config, &door).context("the store cannot be read")?;
    let mut board = Board::new(config, door, memory, time.now());
    load(&mut board, &store, &mut time, &mut world).context("the store cannot be read")?;

    let mut tasks = JoinSet::new();
    tasks.spawn(connection.run());
    info!("running");
    let ending = loop {
        let wake = Duration::from_millis(board.work(time.now())).min(SLEEP_MAX);
        world.perform(&mut board);
        if board.is_status_due(time.now()) {
            let facts = world.facts(&board);
            board.report_status(facts, time.now());
            world.perform(&mut board);
        }
        tokio::select! {
            // What is on the glass and on the disk is heard before anything new is taken in.
            biased;
            () = stop.as_mut() => break Ending::Stopped,
            Some(report) = reported.recv() => world.reported(report, &mut board, time.now())?,
            Some(done) = finished.recv() => board.done(done, time.now()),
            Some(decoded) = decoded.recv() => board.decoded(decoded, time.now()),
            Some(outcome) = world.tasks.join_next() => match outcome.context("a task failed")? {
                Outcome::Captured(captured) => board.captured(&captured, time.now()),
                Outcome::Read(Err(problems)) => board.reloaded(&problems, time.now()),
                Outcome::Read(Ok(setup)) => {
                    board.reloaded(&[], time.now());
                    break Ending::Reload(setup);
                }
            },
            event = happened.next(board.jobs_waiting() < JOBS_MAX),
                if board.jobs_waiting() < 2 * JOBS_MAX => match event {
                Some(event) => told(event, &mut board, time.now()),
                None => bail!("the link has ended"),
            },
            ended = tasks.join_next() => match ended {
                Some(Err(error)) => bail!("the link failed: {error}"),
                _ => bail!("the link has ended"),
            },
            news = surroundings.news() => heard(news, &mut board, time.now()),
            () = tokio::time::sleep(wake) => {}
        }
        world.perform(&mut board);
        surroundings.want(board.pictures_asked());
    };
    info!("stopping");
    if matches!(ending, Ending::Stopped) {
        board.goodbye(time.now());
    }
    world.perform(&mut board);
    let wound_down = async {
        wind_down(&mut board, &mut world, &mut finished, &mut time).await;
        world.link.flush().await;
        world.link.close();
        tasks.join_next().await;
    };
    if tokio::time::timeout(GOODBYE, wound_down).await.is_err() {
        warn!("the broker did not take the last reports in time");
    }
    Ok(ending)
}

/// Waits until the disk has done all jobs: answers depend on them.
async fn wind_down(
    board: &mut Board,
    world: &mut World,
    finished: &mut UnboundedReceiver<Done>,
    time: &mut Time,
) {
    while board.jobs_waiting() > 0
        && let Some(done) = finished.recv().await
    {
        board.done(done, time.now());
        world.perform(board);
    }
}

/// What happened on the link and was not told yet. What may be an emergency is told first, other
/// notices last: to check one with a code takes as long as a frame, and hundreds may have come
/// before.
struct Happened {
    events: mpsc::Receiver<Event>,
    waiting: VecDeque<(Event, Rank)>,
    /// Of the messages that wait.
    bytes: usize,
}

impl Happened {
    /// The next event; `None` when the link has ended. Without `room` for more work only what may
    /// be an emergency comes. May be dropped and called again.
    async fn next(&mut self, room: bool) -> Option<Event> {
        // The link shares this thread: it reads what came while the last message was checked.
        tokio::task::yield_now().await;
        loop {
            while self.has_space()
                && let Ok(event) = self.events.try_recv()
            {
                self.wait(event);
            }
            let ranks = self.waiting.iter().map(|(_, rank)| *rank).enumerate();
            let next = ranks.min_by_key(|(_, rank)| *rank);
            let next = next.filter(|(_, rank)| room || *rank == Rank::Urgent);
            if let Some((event, _)) = next.and_then(|(at, _)| self.waiting.remove(at)) {
                self.bytes -= bytes_of(&event);
                return Some(event);
            }
            match self.has_space() {
                true => {
                    let event = self.events.recv().await?;
                    self.wait(event);
                }
                false => std::future::pending().await,
            }
        }
    }

    fn has_space(&self) -> bool {
        self.waiting.len() < MESSAGES_WAITING && self.bytes < BYTES_WAITING
    }

    fn wait(&mut self, event: Event) {
        self.bytes += bytes_of(&event);
        let rank = Rank::of(&event);
        self.waiting.push_back((event, rank));
    }
}

/// The order in which events are told; those of one rank keep theirs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A notice that may be an emergency.
    Urgent,
    /// What is soon done: pictures too, which are decoded elsewhere.
    Quick,
    /// A notice that is none.
    Notice,
}

impl Rank {
    fn of(event: &Event) -> Self {
        match event {
            Event::Message(message) if message.topic.contains("/notice/") => {
                let urgent = signature::mentions(&message.payload, b"emergency");
                if urgent { Self::Urgent } else { Self::Notice }
            }
            _ => Self::Quick,
        }
    }
}

fn bytes_of(event: &Event) -> usize {
    match event {
        Event::Message(message) => message.payload.len(),
        _ => 0,
    }
}

/// Tells a board what happened on its link.
fn told(event: Event, board: &mut Board, now: Now) {
    match event {
        Event::Message(message) => board.receive(message, now),
        Event::Connected { session_present } => {
            info!(session_present, "connected");
            board.connected(true);
        }
        Event::Disconnected { reason } => {
            info!(%reason, "disconnected");
            board.connected(false);
        }
        Event::Subscribed { refused } if !refused.is_empty() => {
            warn!(?refused, "the broker refused subscriptions");
        }
        Event::Subscribed { .. } => {}
        Event::Delivered(tag) => board.delivered(tag, true),
        Event::Undelivered(tag) => board.delivered(tag, false),
    }
}

/// Tells a board what was seen on the spot.
fn heard(news: News, board: &mut Board, now: Now) {
    match news {
        News::Decision(order) => board.decided_on_site(order),
        News::Found(Found::Notice { name, bytes }) => {
            board.found(&name, &bytes, Instant::now(), now);
        }
        News::Found(Found::Picture { sha256, bytes }) => board.found_picture(&sha256, &bytes, now),
    }
}

/// What a board remembers besides its notices.
fn memory(store: &Store<LocalDisk>, config: &Config, door: &Door) -> io::Result<Memory> {
    let files = |folder| -> io::Result<Vec<(String, u64)>> {
        Ok(store.files(folder)?.into_iter().map(|file| (file.name, file.bytes)).collect())
    };
    let read = |name: &str| store.read(Folder::Played, name).map_err(|error| error.to_string());
    let (ledger, problems) = Ledger::load(files(Folder::Played)?, read);
    problems.iter().for_each(|problem| warn!("proof of display: {problem}"));
    let panel = (door.layout.panel.width, door.layout.panel.height);
    let assets = Assets::new(&config.broker.prefix, panel, files(Folder::Assets)?);
    let order = |name: &str| store.read(Folder::Orders, name).ok();
    let remembered = order(board::COMMANDS_FILE).map(|bytes| Remembered::read(&bytes));
    let (remembered, problems) = remembered.unwrap_or_default();
    problems.iter().for_each(|problem| warn!("{}: {problem}", board::COMMANDS_FILE));
    let decided = order(board::DECISION_FILE).and_then(|bytes| {
        let read = Decided::read(&bytes);
        read.inspect_err(|problem| warn!("{}: {problem}", board::DECISION_FILE)).ok()
    });
    Ok(Memory { ledger, assets, remembered, decided })
}

/// Takes what the store holds, what ends others and emergencies first. The glass shows the clock
/// meanwhile, and emergencies as soon as they are in.
fn load(
    board: &mut Board,
    store: &Store<LocalDisk>,
    time: &mut Time,
    world: &mut World,
) -> io::Result<()> {
    board.work(time.now());
    world.perform(board);
    let names = store.notices()?;
    let count = names.len();
    let mut rank = 0;
    for name in names {
        if files::rank(&name) != std::mem::replace(&mut rank, files::rank(&name)) {
            board.work(time.now());
            world.perform(board);
        }
        match store.read(Folder::Notices, &name) {
            Ok(bytes) => board.load(&name, &bytes, time.now()),
            Err(error) => warn!(file = name, %error, "cannot be read"),
        }
    }
    board.work(time.now());
    world.perform(board);
    info!(files = count, held = board.held(), "loaded");
    Ok(())
}

/// The clock and how far it is believed.
struct Time {
    clock: Clock,
    keeper: Timekeeper,
}

impl Time {
    fn start(store: &Store<LocalDisk>) -> Self {
        let clock = Clock::start();
        let stored = store.read(Folder::State, board::TIME_FILE).ok();
        let stored = stored.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.trim().parse().ok());
        Self { clock, keeper: Timekeeper::start(clock.read(), stored) }
    }

    fn now(&mut self) -> Now {
        self.keeper.now(self.clock.read())
    }
}

/// What the board's effects act on.
struct World {
    screen: Screen,
    keeper: Keeper,
    decoder: Decoder,
    link: Link,
    /// Its configuration file, where it has one.
    path: Option<PathBuf>,
    restarts: (u64, Restart),
    tasks: JoinSet<Outcome>,
}

/// What a task of its own brought.
enum Outcome {
    Captured(Captured),
    Read(Result<Box<Setup>, Vec<Problem>>),
}

impl World {
    fn perform(&mut self, board: &mut Board) {
        for effect in board.effects() {
            match effect {
                Effect::Show(show) => self.screen.show(show),
                Effect::Brightness(percent) => self.screen.set_brightness(percent),
                Effect::Capture => self.screen.capture(),
                Effect::Disk(job) => self.keeper.submit(job),
                Effect::Acknowledge(token) => self.link.acknowledge(token),
                Effect::Send(publication) => self.link.send(publication),
                Effect::Subscribe(filter) => self.subscribe(filter),
                Effect::Unsubscribe(filter) => self.link.unsubscribe(&filter),
                Effect::Decode(decode) => self.decoder.submit(decode),
                Effect::Reload => {
                    let path = self.path.clone();
                    self.tasks.spawn_blocking(move || Outcome::Read(read_again(path)));
                }
            }
        }
    }

    fn subscribe(&self, filter: String) {
        let retained = mqtt::RetainedCopies::Always;
        if let Err(error) = self.link.subscribe(mqtt::Subscription { filter, retained }) {
            warn!(%error, "cannot subscribe");
        }
    }

    fn reported(&mut self, report: Report, board: &mut Board, now: Now) -> anyhow::Result<()> {
        match report {
            Report::Failed(error) => return Err(error).context("the output takes no frames"),
            Report::Presented(presented) => board.presented(presented, now),
            Report::CutOff { dark, .. } => board.cut(dark, now),
            Report::CutOffFault(Some(fault)) => error!(fault, "the cut-off stays as it was"),
            Report::CutOffFault(None) => info!("the cut-off can be read again"),
            Report::Captured(frame) => {
                self.tasks.spawn_blocking(move || {
                    let size = (frame.width(), frame.height());
                    let crc32 = frame.crc32();
                    Outcome::Captured(Captured { png: png::encode(&frame), crc32, size })
                });
            }
        }
        Ok(())
    }

    /// What only the world knows of the board.
    fn facts(&self, board: &Board) -> Facts {
        let pacing = self.screen.pacing();
        let quality = self.link.quality();
        let age = board.on_glass().map(|frame| frame.at.elapsed().as_millis() as u64);
        Facts {
            frame_age_ms: age,
            frames: PacingStatus {
                presented: pacing.frames,
                missed: pacing.missed,
                worst_late_ms: pacing.worst_late_us as f64 / 1000.0,
            },
            link: LinkStatus {
                connections: quality.connections,
                last_loss: quality.last_loss,
                answer_ms: quality.answer_ms,
                waiting: quality.waiting,
                dropped: quality.dropped,
            },
            restarts: self.restarts.clone(),
            machine: health::read(Path::new("/"), &board.config().store),
        }
    }
}

fn read_again(path: Option<PathBuf>) -> Result<Box<Setup>, Vec<Problem>> {
    let none = "this board was not started from a configuration file; start it anew";
    let path = path.ok_or_else(|| vec![Problem::new("reload", "", none, "", "")])?;
    setup::read(&path).map(Box::new)
}
