//! The world as a board's effects reach it, and the clock.
#![expect(clippy::disallowed_methods, reason = "the age of a frame is asked for when it is told")]

use std::path::{Path, PathBuf};

use anyhow::Context;
use bangtin_renderer::Problem;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::board::{Board, Captured, Effect, Presented};
use crate::calendar::Now;
use crate::io::clock::Clock;
use crate::io::decoder::Decoder;
use crate::io::disk::LocalDisk;
use crate::io::health;
use crate::io::keeper::Keeper;
use crate::io::mqtt::{self, Link};
use crate::io::output::png;
use crate::io::screen::{Report, Screen};
use crate::io::setup::{self, Setup};
use crate::io::store::Store;
use crate::jobs::{Folder, Job, Operation};
use crate::report::{Facts, LinkStatus, PacingStatus, Restart};
use crate::timekeeper::Timekeeper;

/// The file of the last trusted time.
const TIME_FILE: &str = "time";
/// How often the time is written where nothing else is.
const TIME_ALONE_EVERY_MS: u64 = 600_000;
/// The ticket of jobs whose end nobody waits for; the board counts its own from 1.
const NOBODYS: u64 = 0;

/// The clock and how far it is believed.
pub(super) struct Time {
    clock: Clock,
    keeper: Timekeeper,
    /// When the time was written last, by the monotonic clock.
    kept_ms: u64,
}

impl Time {
    pub(super) fn start(store: &Store<LocalDisk>) -> Self {
        let clock = Clock::start();
        let stored = store.read(Folder::State, TIME_FILE).ok();
        let stored = stored.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.trim().parse().ok());
        Self { clock, keeper: Timekeeper::start(clock.read(), stored), kept_ms: 0 }
    }

    pub(super) fn now(&mut self) -> Now {
        self.keeper.now(self.clock.read())
    }

    /// The job that keeps the time over a power cut: along with other writes at most once a
    /// minute, else seldom.
    fn keep_time(&mut self, along: bool) -> Option<Job> {
        let now = self.now();
        let is_due = now.monotonic_ms.saturating_sub(self.kept_ms) >= TIME_ALONE_EVERY_MS;
        let time = (along || is_due).then(|| self.keeper.to_store(now)).flatten()?;
        self.kept_ms = now.monotonic_ms;
        let bytes = format!("{time}\n").into_bytes().into();
        let operations = vec![Operation::Save { name: TIME_FILE.into(), bytes }];
        Some(Job { ticket: NOBODYS, folder: Folder::State, operations })
    }
}

/// What the board's effects act on.
pub(super) struct World {
    pub(super) screen: Screen,
    pub(super) keeper: Keeper,
    pub(super) decoder: Decoder,
    pub(super) link: Link,
    /// Its configuration file, where it has one.
    pub(super) path: Option<PathBuf>,
    /// Subscriptions that the broker refused last.
    pub(super) refused: Vec<String>,
    pub(super) restarts: (u64, Restart),
    pub(super) tasks: JoinSet<Outcome>,
}

/// What a task of its own brought.
pub(super) enum Outcome {
    Captured(Captured),
    Read(Result<Box<Setup>, Vec<Problem>>),
}

impl World {
    pub(super) fn perform(&mut self, board: &mut Board, time: &mut Time) {
        let mut writes = false;
        for effect in board.effects() {
            match effect {
                Effect::Show(show) => self.screen.show(show),
                Effect::Brightness(percent) => self.screen.set_brightness(percent),
                Effect::Capture => self.screen.capture(),
                Effect::Disk(job) => {
                    writes = true;
                    self.keeper.submit(job);
                }
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
        if let Some(job) = time.keep_time(writes) {
            self.keeper.submit(job);
        }
    }

    fn subscribe(&self, filter: String) {
        let retained = mqtt::RetainedCopies::Always;
        if let Err(error) = self.link.subscribe(mqtt::Subscription { filter, retained }) {
            warn!(%error, "cannot subscribe");
        }
    }

    pub(super) fn reported(
        &mut self,
        report: Report,
        board: &mut Board,
        now: Now,
    ) -> anyhow::Result<()> {
        match report {
            Report::Failed(error) => return Err(error).context("the output takes no frames"),
            Report::Presented(presented) => board.presented(presented, now),
            Report::CutOff { dark, at, crc32 } => {
                board.cut(dark, Presented { ticket: 0, crc32, at }, now);
            }
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
    pub(super) fn facts(&self, board: &Board) -> Facts {
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
                refused: self.refused.clone(),
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
