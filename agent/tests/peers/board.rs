//! The board under test: the real program, a Mosquitto of its own, and whoever sends to it.

use std::fs;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use bangtin_agent::area::Area;
use bangtin_agent::notice::Class;
use bangtin_agent::signature::{NOTICE_TYPE, sign, trusted_toml};
use ed25519_dalek::SigningKey;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::{Broker, PATIENCE};

/// The board's area, which its topics begin with.
pub const BOARD: &str = "vn/86/28789/quang-truong-1";

/// A board's folder, its broker, and whoever sends to it.
pub struct Square {
    pub broker: Broker,
    pub key: SigningKey,
    pub receipts: Receiver<Value>,
    agent: Option<Child>,
    listener: Child,
}

impl Square {
    /// A broker and a running board that shows its idle page.
    pub fn open() -> Self {
        let mut square = Self::prepare("");
        square.open_now();
        square
    }

    /// The same with a board that is not switched on yet; `more` goes to the broker's settings.
    pub fn prepare(more: &str) -> Self {
        let broker = Broker::start_with(more);
        let home = broker.folder.path();
        let key = SigningKey::from_bytes(&[7; 32]);
        let classes = [Class::Routine, Class::Priority, Class::Emergency];
        let province = Area::parse("vn/86").unwrap();
        let trusted = trusted_toml(&key.verifying_key(), &province, &classes, ago(3600));
        fs::write(home.join("trusted.toml"), trusted).unwrap();
        let config = format!(
            "[board]\nid = \"quang-truong-1\"\nprovince = \"86\"\ncommune = \"28789\"\n\
             groups = [\"ven-song\"]\nlayout = \"led-192x64\"\nname = \"Phường Bến Tre\"\n\
             [broker]\nurl = \"{}\"\n[trust]\nkeys = \"trusted.toml\"\n[store]\npath = \"store\"\n\
             [output]\nkind = \"png\"\npath = \"frame.png\"\n[cutoff]\nfile = \"cutoff\"\n",
            broker.url()
        );
        fs::write(home.join("board.toml"), config).unwrap();
        let (listener, receipts) = listen(broker.port);
        Self { broker, key, agent: None, receipts, listener }
    }

    /// Switches the board on and waits until its broker knows.
    pub fn open_now(&mut self) {
        self.switch_on();
        self.wait_until("the board is online", |square| square.status()["online"] == true);
    }

    /// Writes something else into the board's configuration, for when it is switched on next.
    #[track_caller]
    pub fn configure(&self, before: &str, after: &str) {
        let config = fs::read_to_string(self.path("board.toml")).unwrap();
        assert!(config.contains(before), "no `{before}` in\n{config}");
        fs::write(self.path("board.toml"), config.replace(before, after)).unwrap();
    }

    /// A file in the folder of broker and board.
    pub fn path(&self, name: &str) -> PathBuf {
        self.broker.folder.path().join(name)
    }

    /// Starts the program and waits for its first frame.
    pub fn switch_on(&mut self) {
        let _ = fs::remove_file(self.path("frame.png"));
        let log = fs::File::create(self.path("log")).unwrap();
        let agent = Command::new(env!("CARGO_BIN_EXE_bangtin-agent"))
            .args(["run", "--config"])
            .arg(self.path("board.toml"))
            .env("NO_COLOR", "1")
            .stderr(log)
            .spawn();
        self.agent = Some(agent.unwrap());
        self.wait_until("the first frame", |square| square.path("frame.png").exists());
    }

    /// `kill -9`: nothing is said, nothing is saved.
    pub fn cut_power(&mut self) {
        let mut agent = self.agent.take().unwrap();
        agent.kill().unwrap();
        agent.wait().unwrap();
    }

    /// A notice of today for this board.
    pub fn notice(&self, id: &str, class: &str) -> Value {
        json!({
            "version": 1, "id": id, "revision": 1, "sender": "vn/86", "to": ["vn/86/28789"],
            "sent": ago(1), "status": "actual", "kind": "alert", "class": class,
            "effective": ago(1), "expires": ago(-3600),
            "content": [{ "language": "vi", "headline": format!("TIN {id}"), "text": "Bà con trữ nước." }],
        })
    }

    /// The notice, signed.
    pub fn sign(&self, notice: &Value) -> String {
        sign(notice.to_string().as_bytes(), NOTICE_TYPE, &self.key)
    }

    /// Publishes a notice for its commune.
    pub fn send(&self, notice: &Value) {
        let id = notice["id"].as_str().unwrap();
        self.publish(&format!("vn/86/28789/notice/{id}"), &self.sign(notice));
    }

    /// Publishes with `mosquitto_pub`, retained.
    pub fn publish(&self, topic: &str, message: &str) {
        let mut publisher = Command::new("mosquitto_pub")
            .args(["-V", "mqttv5", "-q", "1", "-r", "-s", "-p", &self.broker.port.to_string()])
            .args(["-t", &format!("ttcs/v1/{topic}")])
            .stdin(Stdio::piped())
            .spawn()
            .expect("mosquitto_pub, of the package mosquitto-clients");
        publisher.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
        assert!(publisher.wait().unwrap().success());
    }

    /// The next receipt for a notice, whatever it says; it must say `state`.
    #[track_caller]
    pub fn receipt(&self, id: &str, state: &str) -> Value {
        let start = Instant::now();
        while let Ok(receipt) = self.receipts.recv_timeout(PATIENCE.saturating_sub(start.elapsed()))
        {
            if receipt["notice"] == id {
                assert_eq!(receipt["state"], state, "{receipt}");
                return receipt;
            }
        }
        panic!("no receipt for {id}; the board says:\n{}", self.log());
    }

    /// The status that stands at the broker.
    pub fn status(&self) -> Value {
        let got = Command::new("mosquitto_sub")
            .args(["-V", "mqttv5", "-p", &self.broker.port.to_string(), "-C", "1", "-W", "2"])
            .args(["-t", &format!("ttcs/v1/{BOARD}/status")])
            .output()
            .unwrap();
        serde_json::from_slice(&got.stdout).unwrap_or_default()
    }

    /// The status of now: a board whose link was up again for a moment sends one at once.
    pub fn status_after(&self, cut: impl FnOnce()) -> Value {
        let before = self.status()["at"].clone();
        cut();
        let mut status = Value::Null;
        self.wait_until("a new status", |square| {
            status = square.status();
            status["online"] == true && status["at"] != before
        });
        status
    }

    /// CRC-32 of the pixels on the glass, as receipts write it.
    pub fn glass(&self) -> String {
        picture_crc32(&self.path("frame.png"))
    }

    /// Waits until something is so and says how long that took.
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !is_so(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "waited for {what}; the board says:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(2));
        }
        start.elapsed()
    }

    /// A line of `/proc/<pid>/status` that counts memory, such as `VmHWM`, in KiB.
    pub fn memory_kib(&self, line: &str) -> u64 {
        let id = self.agent.as_ref().expect("a running board").id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let value = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
        value.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What the board said since it was switched on.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Drop for Square {
    fn drop(&mut self) {
        for child in self.agent.iter_mut().chain([&mut self.listener]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Reads all receipts with `mosquitto_sub`, which comes back when its broker does.
fn listen(port: u16) -> (Child, Receiver<Value>) {
    let mut listener = Command::new("mosquitto_sub")
        .args([
            "-V",
            "mqttv5",
            "-q",
            "1",
            "-p",
            &port.to_string(),
            "-c",
            "-x",
            "3600",
            "-i",
            "test",
        ])
        .args(["-t", &format!("ttcs/v1/{BOARD}/receipt/+")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("mosquitto_sub, of the package mosquitto-clients");
    let (sender, receipts) = channel();
    let lines = BufReader::new(listener.stdout.take().unwrap()).lines();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                return;
            }
        }
    });
    (listener, receipts)
}

/// So many seconds before now; after it where negative.
pub fn ago(seconds: i64) -> Timestamp {
    Timestamp::now().checked_sub(Span::new().seconds(seconds)).unwrap()
}

/// CRC-32 of a picture file's pixels, as receipts write it.
fn picture_crc32(path: &Path) -> String {
    let mut reader = png::Decoder::new(Cursor::new(fs::read(path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    format!("{:08x}", crc32fast::hash(&pixels))
}
