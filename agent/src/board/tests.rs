//! A board in a false world: a broker that delivers again what was not acknowledged, a disk that
//! loses power or takes its time, a glass that shows at once, a clock that jumps. What the board
//! did is written down line by line.

mod crash;
mod documents;
mod ladder;
mod disk;
mod medium;
mod orders;
mod past;
mod pictures;
mod refusals;
mod restart;

use std::sync::{LazyLock, Mutex};

use bangtin_renderer::{Fonts, builtin};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::*;
use crate::area::Address;
use crate::files;
use crate::io::disk::simulated::SimulatedDisk;
use crate::io::store::Store;
use crate::message::Retained;
use crate::pages::{self, Pictures};
use crate::report::{Facts, LinkStatus, Machine, PacingStatus, Restart};
use crate::signature::Trusted;

use documents::{at, seconds};
use medium::Medium;

static FONTS: LazyLock<Arc<Fonts>> = LazyLock::new(|| Arc::new(builtin::fonts()));

/// An instant to count from: the monotonic clock of the board's world.
static ORIGIN: LazyLock<Instant> = LazyLock::new(origin);

#[expect(clippy::disallowed_methods, reason = "an instant can be had in no other way")]
fn origin() -> Instant {
    Instant::now()
}

/// What is told to the world, or comes from it.
#[derive(Debug, Clone)]
enum Event {
    Came(Message),
    Acknowledged(Token),
    Sent(Publication),
    Began { id: String, revision: u32 },
}

/// One board and what is around it.
struct World {
    board: Board,
    store: Store<Medium>,
    medium: Medium,
    now: Now,
    /// Whether the disk finishes nothing until it is told to.
    is_slow: bool,
    /// Whether a slow disk does its work, as one group, when time passes.
    catches_up: bool,
    jobs: VecDeque<Job>,
    /// Whether frames become visible.
    is_lit: bool,
    decodes: Vec<Decode>,
    /// Whether pictures are decoded at once.
    decodes_at_once: bool,
    captures: usize,
    reloads: usize,
    /// The scene that is on the glass.
    scene: Option<Arc<Scene>>,
    /// The broker's kept copies.
    kept: BTreeMap<String, Vec<u8>>,
    tokens: u64,
    events: Vec<Event>,
    trace: Vec<String>,
}

/// Where a board hangs and what it is made of.
#[derive(Debug, Clone, Copy)]
struct Site {
    layout: &'static str,
    /// More of its configuration, TOML.
    more: &'static str,
}

const GATE: Site = Site { layout: "led-96x16", more: "" };
const SQUARE: Site = Site { layout: "led-192x64", more: "" };

impl Site {
    fn config(self) -> Config {
        let Self { layout, more } = self;
        let text = format!(
            r#"
            [board]
            id = "cho"
            province = "86"
            commune = "28789"
            layout = "{layout}"
            name = "Chợ"
            [broker]
            url = "mqtt://127.0.0.1:1883"
            [trust]
            keys = "trusted.toml"
            [store]
            path = "/var/lib/bangtin"
            [output]
            kind = "png"
            path = "frame.png"
            {more}
            "#
        );
        Config::parse(&text, std::path::Path::new("")).expect("a configuration")
    }

    /// Its layout, read once: a thousand boards start in these tests.
    fn panel(self) -> Arc<Layout> {
        static READ: LazyLock<Mutex<BTreeMap<&str, Arc<Layout>>>> = LazyLock::new(Mutex::default);
        let mut read = READ.lock().expect("reading a layout of ours does not fail");
        let parse = || Arc::new(builtin::layout(self.layout).expect("a layout of ours"));
        Arc::clone(read.entry(self.layout).or_insert_with(parse))
    }

    fn door(self) -> Door {
        let address = Address::new("86", "28789", "cho", &[]).expect("an address");
        Door {
            trusted: Trusted::parse(&documents::trusted()).expect("what we write we can read"),
            board: pages::Board { address, name: "Chợ".into(), languages: vec!["vi".into()] },
            hosts: vec!["*.gov.vn".into()],
            cap_life_hours: 24,
            pictures: Pictures::new(),
            layout: self.panel(),
            fonts: Arc::clone(&FONTS),
        }
    }
}

impl World {
    /// A new board on an empty disk, Monday at 08:00, its link up.
    fn new(site: Site) -> Self {
        Self::start(site, &SimulatedDisk::default(), 0)
    }

    /// A board that starts so many seconds after 08:00 with what is on the disk.
    fn start(site: Site, disk: &SimulatedDisk, second: i64) -> Self {
        let now = Now { wall: at(second), monotonic_ms: 0, trust: Trust::Trusted };
        Self::start_at(site, disk, now)
    }

    /// As `run` does: what the board remembers, then its notices by rank, shown as they come in.
    fn start_at(site: Site, disk: &SimulatedDisk, now: Now) -> Self {
        let medium = Medium::new(disk);
        let store = Store::open(medium.clone()).expect("opens");
        let (config, door) = (site.config(), site.door());
        let board = Board::new(config.clone(), door, memory(&store, &config, site), now);
        let mut world = Self {
            board,
            store,
            medium,
            now,
            is_slow: false,
            catches_up: false,
            jobs: VecDeque::new(),
            is_lit: true,
            decodes: Vec::new(),
            decodes_at_once: true,
            captures: 0,
            reloads: 0,
            scene: None,
            kept: BTreeMap::new(),
            tokens: 0,
            events: Vec::new(),
            trace: Vec::new(),
        };
        world.work();
        let mut rank = 0;
        for name in world.store.notices().expect("readable") {
            if files::rank(&name) != std::mem::replace(&mut rank, files::rank(&name)) {
                world.work();
            }
            let bytes = world.store.read(Folder::Notices, &name).expect("readable");
            world.board.load(&name, &bytes, world.now);
        }
        world.work();
        world.board.connected(true);
        world.work();
        world
    }

    /// What the disk holds if the power is cut now, and the board with it after some seconds.
    fn after_power_cut(self, site: Site, seconds: i64) -> Self {
        use crate::io::disk::simulated::Survival;
        let disk = self.medium.disk().after_crash(1, Survival::Prefix);
        let wall = later(self.now.wall, seconds * 1000);
        let mut world = Self::start_at(site, &disk, Now { wall, monotonic_ms: 0, ..self.now });
        world.kept = self.kept;
        world
    }

    fn receive(&mut self, topic: &str, payload: &[u8], retained: bool) -> Token {
        let message = self.message(topic, payload, retained);
        let token = message.token;
        self.deliver(message);
        token
    }

    fn message(&mut self, topic: &str, payload: &[u8], retained: bool) -> Message {
        self.tokens += 1;
        Message {
            topic: topic.to_owned(),
            payload: payload.to_vec(),
            retained,
            response_topic: None,
            correlation: None,
            arrived: self.instant(),
            token: Token(self.tokens),
        }
    }

    fn deliver(&mut self, message: Message) {
        self.events.push(Event::Came(message.clone()));
        self.board.receive(message, self.now);
        self.perform();
        self.work();
    }

    /// A notice comes, signed with the key of an area, and the broker keeps a copy.
    fn notice_by(&mut self, area: &str, notice: &Value) -> Token {
        let id = notice["id"].as_str().expect("an id");
        let topic = format!("ttcs/v1/vn/86/28789/notice/{id}");
        let bytes = documents::signed_by(area, notice);
        self.kept.insert(topic.clone(), bytes.clone());
        self.receive(&topic, &bytes, false)
    }

    /// A notice of the province comes.
    fn notice(&mut self, notice: &Value) -> Token {
        self.notice_by("vn/86", notice)
    }

    /// A command comes, signed with the key of an area.
    fn command_by(&mut self, area: &str, command: &Value) -> Token {
        let bytes = documents::signed_command(area, command);
        let id = command["id"].as_str().expect("an id");
        self.receive(&format!("ttcs/v1/vn/86/28789/command/{id}"), &bytes, false)
    }

    /// The broker's kept copies come, as to a new session.
    fn kept_copies(&mut self) {
        for (topic, bytes) in self.kept.clone() {
            self.receive(&topic, &bytes, true);
        }
    }

    /// Time passes.
    fn run(&mut self, seconds: u64) {
        if self.catches_up {
            self.disk_catches_up();
        }
        let until = self.now.monotonic_ms + seconds * 1000;
        for turn in 0.. {
            assert!(turn < 100_000, "the board is never done");
            let wake = self.work();
            let left = until - self.now.monotonic_ms;
            if left == 0 {
                return;
            }
            self.pass(wake.clamp(1, left));
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now.monotonic_ms += ms;
        self.now.wall = later(self.now.wall, ms as i64);
    }

    fn work(&mut self) -> u64 {
        let wake = self.board.work(self.now);
        self.perform();
        wake
    }

    fn cut(&mut self, dark: bool) {
        let presented = Presented { ticket: 0, crc32: 0, at: self.instant() };
        self.board.cut(dark, presented, self.now);
        self.perform();
        self.work();
    }

    /// The status of now.
    fn status(&mut self) -> Value {
        let none = LinkStatus {
            connections: 1,
            refused: Vec::new(),
            last_loss: None,
            answer_ms: None,
            waiting: 0,
            dropped: 0,
        };
        let facts = Facts {
            frame_age_ms: None,
            frames: PacingStatus { presented: 0, missed: 0, worst_late_ms: 0.0 },
            link: none,
            restarts: (0, Restart::First),
            machine: Machine::default(),
        };
        self.board.report_status(facts, self.now);
        let sent = self.board.effects().into_iter().find_map(|effect| match effect {
            Effect::Send(publication) => Some(publication),
            _ => None,
        });
        serde_json::from_slice(&sent.expect("a status").payload).expect("JSON")
    }

    /// Does what the board asks for until it asks for nothing more.
    fn perform(&mut self) {
        loop {
            let effects = self.board.effects();
            if effects.is_empty() && (self.is_slow || self.jobs.is_empty()) {
                return;
            }
            let mut visible = None;
            for effect in effects {
                self.act(effect, &mut visible);
            }
            if let Some(ticket) = visible.filter(|_| self.is_lit) {
                let presented = Presented { ticket, crc32: ticket as u32, at: self.instant() };
                self.board.presented(presented, self.now);
            }
            if self.decodes_at_once {
                self.decode();
            }
            if !self.is_slow {
                self.finish_jobs();
            }
        }
    }

    /// The disk does all that it was asked for, as one group.
    fn finish_jobs(&mut self) {
        self.medium.note(self.events.len(), self.now.wall);
        for done in self.store.perform(self.jobs.drain(..).collect()) {
            self.board.done(done);
        }
    }

    /// The disk does what waits for it.
    fn disk_catches_up(&mut self) {
        self.finish_jobs();
        self.perform();
        self.work();
    }

    fn decode(&mut self) {
        for decode in std::mem::take(&mut self.decodes) {
            self.board.decoded(decode.perform());
        }
    }

    fn act(&mut self, effect: Effect, visible: &mut Option<u64>) {
        match effect {
            Effect::Show(show) => {
                let what = self.shown();
                self.write(&format!("show {what}"));
                if let Showing::Notice { key, revision, .. } = self.board.sign.showing().0 {
                    let (id, revision) = (key.id.clone(), *revision);
                    self.events.push(Event::Began { id, revision });
                }
                *visible = Some(show.ticket);
                self.scene = Some(show.scene);
            }
            Effect::Brightness(percent) => self.write(&format!("brightness {percent}")),
            Effect::Capture => self.captures += 1,
            Effect::Disk(job) => {
                if let Folder::Notices | Folder::Orders = job.folder {
                    self.write(&format!("disk {}", documents::job(&job)));
                }
                self.jobs.push_back(job);
            }
            Effect::Decode(decode) => self.decodes.push(decode),
            Effect::Acknowledge(token) => {
                self.write(&format!("acknowledge {}", self.name_of(token)));
                self.events.push(Event::Acknowledged(token));
            }
            Effect::Send(publication) => {
                if let Some(line) = documents::told(&publication) {
                    self.write(&line);
                }
                if let Some(tag) = publication.tag {
                    self.board.delivered(tag, true);
                }
                if publication.retained == Retained::Yes {
                    self.write("status");
                }
                self.events.push(Event::Sent(publication));
            }
            Effect::Subscribe(topic) => {
                self.write(&format!("subscribe {}", documents::last(&topic)));
                if let Some(bytes) = self.kept.get(&topic).cloned() {
                    self.tokens += 1;
                    let message = self.message(&topic, &bytes, true);
                    self.board.receive(message, self.now);
                }
            }
            Effect::Unsubscribe(_) => {}
            Effect::Reload => self.reloads += 1,
        }
    }

    /// What shows, in a word.
    fn shown(&self) -> String {
        match self.board.sign.showing().0 {
            Showing::Idle => "idle".into(),
            Showing::Dark => "dark".into(),
            Showing::Overlay(overlay) => format!("{overlay:?}").to_lowercase(),
            Showing::AllClear { .. } => "all-clear".into(),
            Showing::Notice { key, revision: 1, .. } => key.id.clone(),
            Showing::Notice { key, revision, .. } => format!("{} r{revision}", key.id),
        }
    }

    fn name_of(&self, token: Token) -> String {
        let of = |event: &Event| match event {
            Event::Came(message) if message.token == token => {
                Some(documents::last(&message.topic).to_owned())
            }
            _ => None,
        };
        self.events.iter().rev().find_map(of).unwrap_or_else(|| "picture".into())
    }

    fn write(&mut self, line: &str) {
        self.trace.push(format!("{} {line}", seconds(self.now.wall)));
    }

    /// Compares what was written down since the last time.
    #[track_caller]
    fn check(&mut self, expected: &str) {
        let trace = std::mem::take(&mut self.trace);
        let found: Vec<&str> = trace.iter().map(String::as_str).collect();
        let expected: Vec<&str> =
            expected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        assert!(found == expected, "found:\n{}", found.join("\n"));
    }

    fn instant(&self) -> Instant {
        *ORIGIN + std::time::Duration::from_millis(self.now.monotonic_ms)
    }
}

fn later(wall: Timestamp, ms: i64) -> Timestamp {
    wall.checked_add(SignedDuration::from_millis(ms)).expect("in range")
}

/// What a board remembers besides its notices, as `run` reads it.
fn memory(store: &Store<Medium>, config: &Config, site: Site) -> Memory {
    let files = |folder| -> Vec<(String, u64)> {
        let files = store.files(folder).expect("readable").into_iter();
        files.map(|file| (file.name, file.bytes)).collect()
    };
    let read = |name: &str| store.read(Folder::Played, name).map_err(|error| error.to_string());
    let (ledger, problems) = Ledger::load(files(Folder::Played), read);
    assert_eq!(problems, [], "proof of display");
    let panel = &site.panel().panel;
    let assets =
        Assets::new(&config.broker.prefix, (panel.width, panel.height), files(Folder::Assets));
    let orders = store.read(Folder::Orders, ORDERS_FILE).ok();
    let (remembered, decided, problems) =
        orders.map_or_else(Default::default, |bytes| recall(&bytes));
    assert_eq!(problems, [], "commands and decisions");
    Memory { ledger, assets, remembered, decided }
}
