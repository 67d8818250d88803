//! A real board, in this process.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::fs;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bangtin_agent::io::{output, setup};
use tokio::sync::oneshot;

use super::peers::{Broker, PATIENCE};
use super::{BOARD, retained, run, succeeds};

/// A board and its broker; both end with it.
pub struct Board {
    /// Its broker, and the folder with its files.
    pub broker: Broker,
    /// The broker's URL.
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    agent: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Board {
    /// A commune's board that believes the commune's key and the province's, and shows its idle
    /// page.
    pub fn start() -> Self {
        let board = Self::start_at(Broker::start(), "");
        let status = retained(&board.broker, "1", &format!("ttcs/v1/{BOARD}/status"));
        assert!(status[0].contains("\"online\":true"), "{status:?}");
        board
    }

    /// The same at a broker that may be down, with more in its configuration.
    pub fn start_at(broker: Broker, more: &str) -> Self {
        let url = broker.url();
        let mut board = Self { broker, url, stop: None, agent: None };
        for (name, sender) in
            [("commune", "vn/86/28789"), ("province", "vn/86"), ("stranger", "vn")]
        {
            let out = board.path(name);
            let classes = "routine,priority,emergency";
            succeeds(&["keygen", "--sender", sender, "--classes", classes, "--out", &out]);
        }
        let list = |name: &str| fs::read_to_string(board.path(&format!("{name}/trusted.toml")));
        let trusted = list("commune").unwrap() + &list("province").unwrap();
        fs::write(board.path("trusted.toml"), trusted).unwrap();
        let config = format!(
            "[board]\nid = \"cho\"\nprovince = \"86\"\ncommune = \"28789\"\n\
             layout = \"led-192x64\"\nname = \"Phường Bến Tre\"\n[broker]\nurl = \"{}\"\n\
             [trust]\nkeys = \"trusted.toml\"\n[store]\npath = \"store\"\n\
             [output]\nkind = \"png\"\npath = \"frame.png\"\n{more}\n",
            board.url
        );
        fs::write(board.path("board.toml"), config).unwrap();
        let setup = setup::read(&PathBuf::from(board.path("board.toml"))).unwrap();
        let (stop, stopped) = oneshot::channel();
        board.stop = Some(stop);
        board.agent = Some(thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(bangtin_agent::run::run(setup, output::open, async move {
                let _ = stopped.await;
            }))
        }));
        board
            .wait_until("the first frame", |board| PathBuf::from(board.path("frame.png")).exists());
        board
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> String {
        self.broker.folder.path().join(name).display().to_string()
    }

    /// Exit code and standard output of a command sent with a key of this name.
    pub fn asked(&self, key: &str, more: &[&str]) -> (Option<i32>, String) {
        let key = self.path(&format!("{key}/key.pem"));
        let to = ["command", "--broker", &self.url, "--key", &key, "--to", BOARD];
        let output = run(&[&to[..], more].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text + &String::from_utf8_lossy(&output.stderr))
    }

    /// The pixels on the glass.
    pub fn glass(&self) -> Vec<u8> {
        pixels(&self.path("frame.png"))
    }

    /// Whether another page than this one is on the glass; the clock may move on.
    pub fn shows_other_than(&self, page: &[u8]) -> bool {
        let glass = self.glass();
        glass.iter().zip(page).filter(|(now, before)| now != before).count() > glass.len() / 20
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "waited for {what}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(agent) = self.agent.take() {
            let _ = agent.join();
        }
    }
}

/// The pixels of a picture, three bytes each.
pub fn pixels(path: &str) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}
