//! What a board looks at on the spot, now and then: the file of the commune's decision and the
//! folder that brings notices without a link.
#![expect(clippy::disallowed_methods, reason = "this is the file that looks around")]

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::warn;

use crate::config::Config;
use crate::decision;
use crate::notice::Key;

use super::inbox::{Found, Watch};
use super::sensor::Sensor;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(2);
/// Files of the inbox that wait for the board: of the largest, 128 MiB would be too much.
const FOUND_WAITING: usize = 4;
/// Largest decision file that is read, in bytes.
const DECISION_MAX_BYTES: u64 = 64 * 1024;

/// What was seen.
pub enum News {
    /// The commune's order of priority notices as the file says; `None` where there is none, or
    /// none that can be read.
    Decision(Option<Vec<Key>>),
    /// How light it is around the board, in lux.
    Lux(Option<f64>),
    /// Something in the inbox.
    Found(Found),
}

/// The board's surroundings.
pub struct Surroundings {
    decisions: PathBuf,
    /// What the file held last.
    decided: Option<String>,
    /// The thread that looks into the inbox, and what it finds.
    inbox: Option<(Watch, Receiver<Found>)>,
    wanted: BTreeSet<String>,
    /// The light sensor, and what it said last.
    sensor: Option<(Sensor, Option<f64>)>,
    tick: Interval,
}

impl Surroundings {
    /// Starts to look at what is configured.
    ///
    /// # Errors
    /// When the system gives no thread for the inbox.
    pub fn open(config: &Config) -> io::Result<Self> {
        let watch = |path: &PathBuf| {
            let (found, finds) = channel(FOUND_WAITING);
            Watch::start(path, found).map(|watch| (watch, finds))
        };
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            decisions: config.decisions.clone(),
            decided: None,
            inbox: config.inbox.as_ref().map(watch).transpose()?,
            wanted: BTreeSet::new(),
            sensor: config
                .brightness
                .sensor
                .as_ref()
                .map(|light| (Sensor::new(light.file.clone()), None)),
            tick,
        })
    }

    /// The pictures that the inbox is asked for.
    pub fn want(&mut self, pictures: BTreeSet<String>) {
        if let Some((watch, _)) = &self.inbox
            && self.wanted != pictures
        {
            self.wanted.clone_from(&pictures);
            watch.want(pictures);
        }
    }

    /// Waits for what comes next. May be dropped and called again.
    pub async fn news(&mut self) -> News {
        loop {
            let found = async {
                match &mut self.inbox {
                    Some((_, finds)) => finds.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(found) = found => return News::Found(found),
                _ = self.tick.tick() => {
                    if let Some(news) = self.decision().or_else(|| self.light()) {
                        return news;
                    }
                }
            }
        }
    }

    /// Reads the decision's file; what is the same as before is no news.
    fn decision(&mut self) -> Option<News> {
        let text = match read(&self.decisions) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(format!("# {error}\n")),
        };
        if text == self.decided {
            return None;
        }
        self.decided = text;
        let file = self.decisions.display();
        let order = self.decided.as_deref().map(decision::parse).and_then(|parsed| match parsed {
            Ok(order) => Some(order),
            Err(problems) => {
                problems.iter().for_each(|problem| warn!("{file}: {problem}"));
                None
            }
        });
        Some(News::Decision(order))
    }

    /// Reads the light sensor; the same light is no news.
    fn light(&mut self) -> Option<News> {
        let (sensor, before) = self.sensor.as_mut()?;
        let lux = sensor.lux();
        (std::mem::replace(before, lux) != lux).then_some(News::Lux(lux))
    }
}

fn read(path: &std::path::Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > DECISION_MAX_BYTES {
        return Err(io::Error::other(format!("has more than {DECISION_MAX_BYTES} bytes")));
    }
    fs::read_to_string(path)
}
