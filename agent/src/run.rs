//! The loop that joins a board's parts: the door, the sign, the store, the screen and the link.
#![expect(clippy::disallowed_methods, reason = "the loop sleeps until the sign wants to be woken")]

mod board;
mod reporter;

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::io::cutoff::{self, Cutoff};
use crate::io::disk::Folder;
use crate::io::mqtt::{self, Event};
use crate::io::output::Output;
use crate::io::screen::Screen;
use crate::io::setup::Setup;
use crate::io::store::Store;
use crate::io::{clock::Clock, health::Starts};

use board::Board;

/// Events that wait for the loop. The link holds back what does not fit.
const EVENTS_WAITING: usize = 64;
/// Reports of the screen that wait for the loop; it makes about one a second.
const REPORTS_WAITING: usize = 64;
/// Longest sleep of the loop: the clock may be set meanwhile.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How long the last reports may take when the board is told to stop.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs a board until `stop` completes.
///
/// # Errors
/// When a part that the board cannot do without fails: its store cannot be read, its output takes
/// no more frames, its link ends. What watches the process starts it afresh.
pub async fn run(
    setup: Setup,
    output: Box<dyn Output>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let Setup { config, door, link: settings } = setup;
    let clock = Clock::start();
    let folder =
        Folder::open(&config.store).with_context(|| format!("store {}", config.store.display()))?;
    let store = Store::open(folder).context("store")?;
    let starts = Starts::begin(Folder::open(&config.store)?, std::path::Path::new("/"));
    let restarts = starts.restarts();
    let (reports, mut reported) = mpsc::channel(REPORTS_WAITING);
    let cutoff = cutoff::Settings { file: config.cutoff.clone(), gpio: None };
    let cutoff = Cutoff::open(&cutoff).context("cut-off")?;
    let screen = Screen::start(output, &door.layout.panel, cutoff, reports).context("screen")?;
    let (events, mut happened) = mpsc::channel(EVENTS_WAITING);
    let (link, connection) = mqtt::open(settings, events)?;
    let mut board = Board::new(config, door, store, screen, link.clone(), clock.now(), restarts);
    board.load(clock.now())?;

    let mut tasks = JoinSet::new();
    tasks.spawn(connection.run());
    info!("running");
    tokio::pin!(stop);
    loop {
        let wake = board.work(clock.now()).min(SLEEP_MAX);
        tokio::select! {
            event = happened.recv() => match event {
                Some(Event::Message(message)) => board.receive(message, clock.now()),
                Some(Event::Connected { session_present }) => {
                    info!(session_present, "connected");
                    board.connected();
                }
                Some(Event::Subscribed { refused }) if !refused.is_empty() => {
                    warn!(?refused, "the broker refused subscriptions");
                }
                Some(
                    Event::Subscribed { .. } | Event::Delivered(_) | Event::Undelivered(_),
                ) => {}
                Some(Event::Disconnected { reason }) => info!(%reason, "disconnected"),
                None => bail!("the link has ended"),
            },
            Some(report) = reported.recv() => board.reported(report, clock.now())?,
            ended = tasks.join_next() => match ended {
                Some(Err(error)) => bail!("the link failed: {error}"),
                _ => bail!("the link has ended"),
            },
            () = tokio::time::sleep(wake) => {}
            () = &mut stop => break,
        }
    }
    info!("stopping");
    board.goodbye();
    let flushed = async {
        link.flush().await;
        link.close();
        tasks.join_next().await;
    };
    if tokio::time::timeout(GOODBYE, flushed).await.is_err() {
        warn!("the broker did not take the last reports in time");
    }
    Ok(())
}
