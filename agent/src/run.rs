//! The loop that joins a board to the world: what happens goes in with the time, and what the
//! board asks for is done in its order.
#![expect(clippy::disallowed_methods, reason = "the loop sleeps until the board has work")]

mod happened;
mod load;
mod world;

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::sync::mpsc::{self, UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::board::Board;
use crate::calendar::Now;
use crate::config;
use crate::io::cutoff::Cutoff;
use crate::io::decoder::Decoder;
use crate::io::disk::LocalDisk;
use crate::io::health::{End, Starts};
use crate::io::inbox::Found;
use crate::io::keeper::Keeper;
use crate::io::mqtt::{self, Event};
use crate::io::output::Output;
use crate::io::screen::Screen;
use crate::io::setup::{self, Setup};
use crate::io::store::Store;
use crate::io::surroundings::{News, Surroundings};
use crate::jobs::Done;
use crate::report::Restart;

use happened::Happened;
use world::{Outcome, Time, World};

/// Events that wait for the loop. The link holds back what does not fit.
const EVENTS_WAITING: usize = 4;
/// Reports of the screen that wait for the loop; it makes about one a second.
const REPORTS_WAITING: usize = 64;
/// Messages that wait for their answers beyond which no more are taken but what may be an
/// emergency, and beyond twice as many nothing: the broker keeps them.
const UNANSWERED_MAX: usize = 256;
/// Jobs under way for the disk beyond which nothing more is taken from the inbox.
const JOBS_MAX: usize = 256;
/// Longest sleep of the loop: the clock may be set meanwhile.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How long the last reports may take when the board is told to stop.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs a board until `stop` completes. A board that is told to read its files again is built
/// anew from them, with an output that `open` opens.
///
/// # Errors
/// When a part that the board cannot do without fails: its store cannot be read, its output takes
/// no more frames, its link ends. What watches the process starts it afresh.
pub async fn run(
    mut setup: Setup,
    mut open: impl FnMut(&config::Output) -> io::Result<Box<dyn Output>>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut stop = pin!(stop);
    setup::faults(&setup.config).iter().for_each(|fault| warn!("{fault}"));
    let root = &setup.config.store;
    let disk = LocalDisk::open(root).with_context(|| format!("store {}", root.display()))?;
    let mut starts = Starts::begin(disk, Path::new("/"));
    let restarts = (starts.restarts(), starts.cause().clone());
    let outcome = loop {
        if !starts.is_kept() {
            ask_again(&mut setup.link);
        }
        let output = match open(&setup.config.output).context("output") {
            Ok(output) => output,
            Err(failure) => break Err(failure),
        };
        match attend(setup, output, restarts.clone(), stop.as_mut()).await {
            Ok(Ending::Stopped) => break Ok(()),
            Ok(Ending::Reload(again)) => setup = *again,
            Err(failure) => break Err(failure),
        }
    };
    let end = match &outcome {
        Ok(()) => End::Stopped,
        Err(failure) => End::Failed(format!("{failure:#}")),
    };
    if let Err(error) = starts.end(end) {
        warn!(%error, "the store does not take how this run ended");
    }
    outcome
}

/// Why a board ended that did not fail.
enum Ending {
    /// It was told to stop.
    Stopped,
    /// It was told to read its files again; they are sound, and this is what they say.
    Reload(Box<Setup>),
}

/// Has the broker send its kept copies to a session that goes on, too: what was acknowledged and
/// not kept is nowhere else.
fn ask_again(link: &mut mqtt::Settings) {
    for subscription in &mut link.subscriptions {
        if subscription.retained == mqtt::RetainedCopies::OnNewSession {
            subscription.retained = mqtt::RetainedCopies::Always;
        }
    }
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
    let mut happened = Happened::new(happened);
    let (link, connection) = mqtt::open(settings, events)?;
    let mut surroundings = Surroundings::open(&config).context("inbox")?;
    let mut world = World {
        screen,
        keeper,
        decoder,
        link,
        path,
        refused: Vec::new(),
        restarts,
        tasks: JoinSet::new(),
    };
    let memory = load::memory(&store, &config, &door).context("the store cannot be read")?;
    let mut board = Board::new(config, door, memory, time.now());
    load::load(&mut board, &store, &mut time, &mut world).context("the store cannot be read")?;

    let mut tasks = JoinSet::new();
    tasks.spawn(connection.run());
    info!("running");
    let ending = loop {
        let wake = Duration::from_millis(board.work(time.now())).min(SLEEP_MAX);
        world.perform(&mut board, &mut time);
        if board.is_status_due(time.now()) {
            let facts = world.facts(&board);
            board.report_status(facts, time.now());
            world.perform(&mut board, &mut time);
        }
        let unanswered = board.unanswered();
        let takes_news = board.jobs_waiting() < JOBS_MAX;
        // Neither goes before the other: a flood on the link must not hide who stands at the
        // board, nor a full stick an emergency on the link.
        let outside = async {
            tokio::select! {
                event = happened.next(unanswered < UNANSWERED_MAX),
                    if unanswered < 2 * UNANSWERED_MAX => Outside::Link(event),
                news = surroundings.news(), if takes_news => Outside::Spot(news),
                else => std::future::pending().await,
            }
        };
        if board.is_glass_stuck(time.now()) {
            bail!("the output has taken no frame for seconds");
        }
        tokio::select! {
            // What is on the glass and on the disk is heard before anything new is taken in.
            biased;
            () = stop.as_mut() => break Ending::Stopped,
            report = reported.recv() => match report {
                Some(report) => world.reported(report, &mut board, time.now())?,
                None => bail!("painting has ended"),
            },
            Some(done) = finished.recv() => board.done(done),
            Some(decoded) = decoded.recv() => board.decoded(decoded),
            Some(outcome) = world.tasks.join_next() => match outcome.context("a task failed")? {
                Outcome::Captured(captured) => board.captured(&captured),
                Outcome::Read(Err(problems)) => board.reloaded(&problems),
                Outcome::Read(Ok(setup)) => {
                    board.reloaded(&[]);
                    break Ending::Reload(setup);
                }
            },
            outside = outside => match outside {
                Outside::Link(Some(event)) => told(event, &mut board, &mut world, time.now()),
                Outside::Link(None) => bail!("the link has ended"),
                Outside::Spot(news) => heard(news, &mut board, time.now()),
            },
            ended = tasks.join_next() => match ended {
                Some(Err(error)) => bail!("the link failed: {error}"),
                _ => bail!("the link has ended"),
            },
            () = tokio::time::sleep(wake) => {}
        }
        world.perform(&mut board, &mut time);
        surroundings.want(board.pictures_asked());
    };
    info!("stopping");
    board.finish_proof(time.now());
    if matches!(ending, Ending::Stopped) {
        board.goodbye();
    }
    world.perform(&mut board, &mut time);
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

/// What came from outside.
enum Outside {
    Link(Option<Event>),
    Spot(News),
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
        board.done(done);
        world.perform(board, time);
    }
}

/// Tells a board what happened on its link.
fn told(event: Event, board: &mut Board, world: &mut World, now: Now) {
    match event {
        Event::Message(message) => board.receive(message, now),
        Event::Connected { session_present } => {
            info!(session_present, "connected");
            world.refused.clear();
            board.connected(true);
        }
        Event::Disconnected { reason } => {
            info!(%reason, "disconnected");
            board.connected(false);
        }
        Event::Subscribed { refused } => {
            if !refused.is_empty() {
                warn!(?refused, "the broker refused subscriptions");
            }
            world.refused.extend(refused);
        }
        Event::Delivered(tag) => board.delivered(tag, true),
        Event::Undelivered(tag) => board.delivered(tag, false),
    }
}

/// Tells a board what was seen on the spot.
fn heard(news: News, board: &mut Board, now: Now) {
    match news {
        News::Decision(order) => board.decided_on_site(order),
        News::Lux(lux) => board.lux(lux),
        News::Found(Found::Notice { name, bytes }) => {
            board.found(&name, &bytes, Instant::now(), now);
        }
        News::Found(Found::Picture { sha256, bytes }) => board.found_picture(&sha256, &bytes),
    }
}
