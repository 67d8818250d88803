//! One board at work, without the world: what happens to it goes in with the time, and what is to
//! be done comes out in the order in which it must be done. The glass comes first, then the disk,
//! then the acknowledgement: nobody waits for an SD card, and an acknowledgement is true.

mod answers;
mod endings;
mod glass;
mod notices;
mod orders;
mod pictures;
mod proof;
mod status;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use bangtin_renderer::{Layout, Problem, Scene};

use crate::admit::Door;
use crate::assets::{Assets, Errands};
use crate::brightness::Dimmer;
use crate::calendar::{Now, Trust};
use crate::command::Remembered;
use crate::config::Config;
use crate::decision::Decided;
use crate::jobs::{Decode, Done, Folder, Job, Operation};
use crate::ledger::{self, Ledger};
use crate::message::{Message, Publication, Token};
use crate::notice::Key;
use crate::report::Receipt;
use crate::sign::{Rules, Showing, Sign};

pub use orders::{ORDERS_FILE, recall};

use answers::Answers;
use waiting::{Jobs, Purpose, Waiting};

/// What is to be done in the world, in this order.
pub enum Effect {
    /// This is to be on the glass from the next frame on.
    Show(Show),
    /// How bright the panel is to be, in percent.
    Brightness(u8),
    /// A copy of the frame on the glass is wanted.
    Capture,
    /// Work for the disk. [`Board::done`] hears how it went.
    Disk(Job),
    /// A picture to be decoded. [`Board::decoded`] hears what it is.
    Decode(Decode),
    /// The broker need not send this message again.
    Acknowledge(Token),
    /// A message to be sent.
    Send(Publication),
    /// A topic that the board wants to hear from now on, its kept copy first.
    Subscribe(String),
    /// A topic that it wants to hear no more.
    Unsubscribe(String),
    /// Everything that the board is made of is to be read again.
    Reload,
}

/// What the screen is asked to show.
#[derive(Clone)]
pub struct Show {
    /// The scene.
    pub scene: Arc<Scene>,
    /// Where in it to begin, in milliseconds.
    pub from_ms: u64,
    /// Comes back in [`Presented`].
    pub ticket: u64,
}

/// A frame that is visible.
#[derive(Debug, Clone, Copy)]
pub struct Presented {
    /// Of the [`Show`] it belongs to.
    pub ticket: u64,
    /// Its CRC-32.
    pub crc32: u32,
    /// When it became visible.
    pub at: Instant,
}

/// What a board remembers of the time before its start, besides its notices.
pub struct Memory {
    /// What was on the glass.
    pub ledger: Ledger,
    /// The pictures that its disk holds, and what is to be done for them.
    pub assets: (Assets, Errands),
    /// Commands that were answered.
    pub remembered: Remembered,
    /// What the commune decided last.
    pub decided: Option<Decided>,
}

/// One board.
pub struct Board {
    config: Config,
    door: Door,
    sign: Sign,
    answers: Answers,
    /// What is known of each notice that is held.
    kept: BTreeMap<Key, Kept>,
    /// The scene composed last: a notice that comes is shown with the one it was checked with.
    latest: Option<(Key, u32, Arc<Scene>)>,
    tickets: u64,
    /// When the latest ticket was given, by the monotonic clock, until it is presented.
    asked_ms: Option<u64>,
    /// What the latest ticket shows, until its first frame is presented; within, `None` for what
    /// is no notice.
    asked: Option<Option<proof::Asked>>,
    on_glass: Option<Presented>,
    /// Since when the local cut-off keeps the board dark.
    cut_off: Option<jiff::Timestamp>,
    jobs: Jobs,
    ledger: Ledger,
    /// What the ledger has for the disk.
    proof_jobs: VecDeque<ledger::Job>,
    /// A notice ended: what is known of it is to be told at once.
    has_ended: bool,
    assets: Assets,
    dimmer: Dimmer,
    /// Light around the board, in lux.
    lux: Option<f64>,
    brightness_percent: u8,
    remembered: Remembered,
    /// Commands that wait for a copy of the frame.
    captures: Vec<orders::Question>,
    /// Commands that wait for the files to be read again.
    reloads: Vec<orders::Question>,
    decision: orders::Decision,
    is_connected: bool,
    clock: Trust,
    /// Stored files that did not become notices.
    unreadable: u64,
    effects: Vec<Effect>,
}

/// What the board knows of a notice besides the notice.
struct Kept {
    revision: u32,
    durable: bool,
    arrived: Option<Instant>,
    reported_shown: bool,
    /// Whether this run of the program has said that it is held.
    is_answered: bool,
    /// Whether its codes were read back from its pixels, all of them.
    is_readable: bool,
    /// The files that hold it.
    files: BTreeSet<String>,
}

impl Board {
    /// A board that holds nothing yet and shows the idle page.
    pub fn new(config: Config, door: Door, memory: Memory, now: Now) -> Self {
        let Memory { ledger, assets: (assets, errands), remembered, decided } = memory;
        let own = format!("{}/{}", config.broker.prefix, config.address.board);
        let rules = Rules {
            saving: config.saving.clone(),
            all_clear_ms: u64::from(config.all_clear_s) * 1000,
        };
        let mut board = Self {
            sign: Sign::new(now, rules),
            answers: Answers::new(own),
            kept: BTreeMap::new(),
            latest: None,
            tickets: 0,
            asked: None,
            on_glass: None,
            cut_off: None,
            jobs: Jobs::default(),
            ledger,
            proof_jobs: VecDeque::new(),
            has_ended: false,
            asked_ms: None,
            assets,
            dimmer: Dimmer::new(config.brightness.clone()),
            lux: None,
            brightness_percent: 100,
            remembered,
            captures: Vec::new(),
            reloads: Vec::new(),
            decision: orders::Decision::sent(decided),
            is_connected: false,
            clock: now.trust,
            unreadable: 0,
            effects: Vec::new(),
            config,
            door,
        };
        board.decide();
        board.run_errands(errands);
        board
    }

    /// What is to be done now, in order. Whoever calls a method of the board asks for it next.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What it draws on.
    pub fn layout(&self) -> &Layout {
        &self.door.layout
    }

    /// How many notices it holds, cancels included.
    pub fn held(&self) -> usize {
        self.kept.len()
    }

    /// What it was configured to be.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Does what the time asks for and says in how many milliseconds there is more to do.
    pub fn work(&mut self, now: Now) -> u64 {
        self.clock = now.trust;
        self.advance(now);
        self.dim(now);
        self.keep_proof(now);
        let sign = self.sign.wake_in_ms(now);
        let rest = [self.ledger_wake_ms(now), self.dimmer.wake_in_ms(now)];
        rest.into_iter().flatten().chain(sign).min().unwrap_or(u64::MAX)
    }

    /// A message came. Everything it can be ends in an acknowledgement.
    pub fn receive(&mut self, message: Message, now: Now) {
        let own = |topic: &str| topic.strip_prefix(self.config.broker.prefix.as_str()).is_some();
        let topic = message.topic.clone();
        match topic.rsplit_once('/').filter(|_| own(&topic)) {
            _ if message.payload.is_empty() => self.acknowledge(message.token),
            Some((above, id)) if above.ends_with("/notice") => self.notice(message, id, now),
            Some((above, id)) if above.ends_with("/command") => self.command(&message, id, now),
            Some((above, _)) if above.ends_with("/asset") => self.picture(&message),
            _ => self.acknowledge(message.token),
        }
    }

    /// The link is up, or lost.
    pub fn connected(&mut self, is_connected: bool) {
        self.is_connected = is_connected;
        if is_connected {
            self.answers.connected();
        }
    }

    /// The light around the board changed, in lux.
    pub fn lux(&mut self, lux: Option<f64>) {
        self.lux = lux;
    }

    /// Says that the board goes off.
    pub fn goodbye(&mut self) {
        let goodbye = self.answers.goodbye();
        self.send(goodbye);
    }

    /// Has the panel shine as brightly as it is to.
    fn dim(&mut self, now: Now) {
        let percent = self.dimmer.percent(now, self.lux, self.sign.is_urgent());
        if percent != std::mem::replace(&mut self.brightness_percent, percent) {
            self.effects.push(Effect::Brightness(percent));
        }
    }

    fn send(&mut self, publication: Publication) {
        self.effects.push(Effect::Send(publication));
    }

    fn acknowledge(&mut self, token: Token) {
        self.effects.push(Effect::Acknowledge(token));
    }
}

/// The frame that a command asked for, as a picture file.
pub struct Captured {
    /// PNG.
    pub png: Vec<u8>,
    /// CRC-32 of the frame.
    pub crc32: u32,
    /// Width and height.
    pub size: (u32, u32),
}

#[cfg(test)]
mod tests;
