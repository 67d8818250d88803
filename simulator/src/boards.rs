//! The demo's boards: real agents, each with its own configuration, store and link, whose frames
//! go to a pane of glass that windows and terminals look at.
#![expect(clippy::disallowed_methods, reason = "boards are threads with files")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use bangtin_agent::io::output::{Output, png};
use bangtin_agent::io::setup;
use bangtin_agent::run;
use bangtin_renderer::{Frame, Panel};
use tokio::sync::watch;

/// A board of the demo.
pub struct Board {
    /// What people call it.
    pub name: String,
    /// Its address, such as `vn/86/28789/cong-chao`.
    pub address: String,
    /// Its layout's name.
    pub layout: String,
    /// The panel.
    pub panel: Panel,
    /// Where its frames are seen.
    pub glass: Arc<Glass>,
    agent: Option<JoinHandle<anyhow::Result<()>>>,
    stop: watch::Sender<bool>,
}

/// The latest frame of a board.
pub struct Glass {
    latest: Mutex<(u64, Frame)>,
    changed: Box<dyn Fn() + Send + Sync>,
    record: Option<Record>,
}

/// Where every frame is written, and under which name.
pub struct Record {
    /// The folder.
    pub folder: PathBuf,
    /// When the demo began.
    pub began: Instant,
}

/// A place for a board of the demo.
struct Place {
    id: &'static str,
    commune: &'static str,
    name: &'static str,
}

/// Boards stand in these places, in this order, and then again.
const PLACES: [Place; 3] = [
    Place { id: "cong-chao", commune: "28789", name: "Phường Bến Tre" },
    Place { id: "quang-truong", commune: "28789", name: "Phường Bến Tre" },
    Place { id: "nha-van-hoa", commune: "29302", name: "Xã Nhị Long" },
];

impl Board {
    /// Starts the board at a place, with its files in a folder of its own. `changed` is called
    /// whenever it shows another frame.
    ///
    /// # Errors
    /// When its files cannot be written, or the layout is not sound.
    pub fn start(
        index: usize,
        layout: &str,
        broker: &str,
        folder: &Path,
        record: Option<Record>,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let place = &PLACES[index % PLACES.len()];
        let round = index / PLACES.len();
        let id =
            if round == 0 { place.id.to_owned() } else { format!("{}-{}", place.id, round + 1) };
        let layout_text = toml::Value::from(absolute(layout)).to_string();
        let config = format!(
            "[board]\nid = \"{id}\"\nprovince = \"86\"\ncommune = \"{}\"\nlayout = {layout_text}\n\
             name = \"{}\"\nlanguages = [\"vi\", \"km\"]\n[broker]\nurl = \"{broker}\"\n\
             [trust]\nkeys = \"../trusted.toml\"\n[store]\npath = \"store\"\n\
             [output]\nkind = \"png\"\npath = \"frame.png\"\n",
            place.commune, place.name,
        );
        let home = folder.join(&id);
        fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
        let path = home.join("board.toml");
        fs::write(&path, config).with_context(|| path.display().to_string())?;
        let setup = setup::read(&path).map_err(|problems| {
            anyhow!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        let panel = setup.door.layout.panel.clone();
        let name = setup.door.layout.name.clone();
        let blank = Frame::new(panel.width, panel.height);
        let record = record.map(|record| Record { folder: record.folder.join(&id), ..record });
        let glass =
            Arc::new(Glass { latest: Mutex::new((0, blank)), changed: Box::new(changed), record });
        let output = Pane { glass: Arc::clone(&glass), fps: panel.fps };
        let (stop, mut stopped) = watch::channel(false);
        let agent = thread::Builder::new().name(id.clone()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let open = |_: &_| Ok(Box::new(output.clone()) as Box<dyn Output>);
            runtime.block_on(run::run(setup, open, async move {
                let _ = stopped.changed().await;
            }))
        })?;
        let address = format!("vn/86/{}/{id}", place.commune);
        let name_shown = format!("{} – {id}", place.name);
        Ok(Self { name: name_shown, address, layout: name, panel, glass, agent: Some(agent), stop })
    }

    /// Whether the agent has ended, and why.
    ///
    /// # Errors
    /// With the agent's failure.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.agent.take_if(|agent| agent.is_finished()).map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(Ok(()))) => bail!("the board {} has ended", self.address),
            Some(Ok(Err(failure))) => Err(failure.context(format!("the board {}", self.address))),
            Some(Err(_)) => bail!("the board {} has failed", self.address),
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(agent) = self.agent.take() {
            let _ = agent.join();
        }
    }
}

impl Glass {
    /// The number of the latest frame, which counts up, and the frame.
    pub fn latest(&self) -> MutexGuard<'_, (u64, Frame)> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The agent's side of the glass.
#[derive(Clone)]
struct Pane {
    glass: Arc<Glass>,
    fps: u32,
}

/// Most pictures a second that are recorded: a running line would fill the disk otherwise.
const RECORD_FPS: u32 = 10;

impl Output for Pane {
    fn show(&mut self, frame: &Frame) -> io::Result<()> {
        let changed = {
            let mut latest = self.glass.latest();
            let changed = latest.0 == 0 || latest.1 != *frame;
            if changed {
                latest.0 += 1;
                latest.1.clone_from(frame);
            }
            changed
        };
        if changed {
            if let Some(record) = &self.glass.record {
                record.write(frame)?;
            }
            (self.glass.changed)();
        }
        Ok(())
    }

    fn fps(&self) -> u32 {
        if self.glass.record.is_some() { RECORD_FPS } else { self.fps }
    }
}

impl Record {
    /// Writes `<folder>-<milliseconds>.png`.
    fn write(&self, frame: &Frame) -> io::Result<()> {
        let milliseconds = self.began.elapsed().as_millis();
        let name = format!("{}-{milliseconds:06}.png", self.folder.display());
        fs::write(name, png::encode(frame))
    }
}

/// A layout's path holds from the board's folder too; a name stays a name.
fn absolute(layout: &str) -> String {
    match std::path::absolute(layout) {
        Ok(path) if path.exists() => path.display().to_string(),
        _ => layout.to_owned(),
    }
}
