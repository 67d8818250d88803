//! The desk's commands against a real Mosquitto and OpenSSL.
//!
//! Needs the packages `mosquitto`, `mosquitto-clients` and `openssl`; run with
//! `--features real-peers`.
#![cfg(feature = "real-peers")]
#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

#[path = "../../agent/tests/peers/mod.rs"]
mod peers;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bangtin_agent::command::COMMAND_TYPE;
use bangtin_agent::io::{output, setup};
use bangtin_agent::notice::{Kind, read};
use bangtin_agent::signature::{NOTICE_TYPE, Trusted, verify};
use jiff::{Span, Timestamp};
use peers::{Broker, PATIENCE};
use serde_json::{Value, json};
use tokio::sync::oneshot;

const BOARD: &str = "vn/86/28789/cho";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bangtin-simulator")).args(arguments).output().unwrap()
}

#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    stderr
}

/// So many retained messages, as another client than ours gets them.
fn retained(broker: &Broker, count: &str, topic: &str) -> Vec<String> {
    let port = broker.port.to_string();
    let output = Command::new("mosquitto_sub")
        .args(["-V", "mqttv5", "-p", &port, "-C", count, "-W", "5", "-t", topic])
        .output()
        .expect("mosquitto_sub, of the package mosquitto-clients");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// `publish` without `--wait` had no subscription, and waited for one to be confirmed.
#[test]
fn a_notice_is_published_and_cancelled_by_whom_it_came_from() {
    let broker = Broker::start();
    let keys = broker.folder.path().join("keys");
    let (keys, url) = (keys.display().to_string(), broker.url());
    succeeds(&["keygen", "--sender", "vn", "--classes", "routine", "--out", &keys]);
    let key = format!("{keys}/key.pem");
    let to = ["--broker", &url, "--key", &key, "--to", "vn/86/28789"];
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/tiep-cong-dan.json");
    succeeds(&[&["publish"], &to[..], &[sample]].concat());
    let list = fs::read_to_string(format!("{keys}/trusted.toml")).unwrap();
    let trusted = Trusted::parse(&list).unwrap();
    let opened = |line: &String| {
        let payload = verify(line.as_bytes(), NOTICE_TYPE, &trusted).unwrap().payload;
        read(&payload).unwrap()
    };
    let published = opened(&retained(&broker, "1", "ttcs/v1/vn/86/28789/notice/tiep-cong-dan")[0]);
    assert_eq!(published.to[0].as_str(), "vn/86/28789");
    // The sample's sender is the commune, the key's area the nation.
    assert_eq!(succeeds(&[&["cancel"], &to[..], &["tiep-cong-dan"]].concat()), "");
    let lines = retained(&broker, "2", "ttcs/v1/vn/86/28789/notice/+");
    let cancel = lines.iter().map(opened).find(|n| n.kind == Kind::Cancel).unwrap();
    assert_eq!(cancel.references, [published.key]);
    let unknown = succeeds(&[&["cancel"], &to[..], &["khong-co"]].concat());
    assert!(unknown.contains("holds no copy"), "{unknown}");
}

/// Version 2 of PKCS#8, with the public key, is unknown to OpenSSL.
#[test]
fn other_programs_read_our_keys() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    succeeds(&["keygen", "--sender", "vn/86", "--out", &out]);
    let read = Command::new("openssl")
        .args(["pkey", "-noout", "-text", "-in", &format!("{out}/key.pem")])
        .output()
        .expect("openssl");
    let text = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(text.contains("ED25519 Private-Key"), "{text}");
}

/// A board as another program would be one: it tells what came and how, and answers by hand.
struct OtherBoard {
    listener: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: String,
}

impl OtherBoard {
    fn listen(broker: &Broker, area: &str) -> Self {
        let port = broker.port.to_string();
        let topic = |id: &str| format!("ttcs/v1/{area}/command/{id}");
        let mut listener = Command::new("mosquitto_sub")
            .args(["-V", "mqttv5", "-q", "1", "-p", &port, "-t", &topic("+")])
            .args(["-F", "%r|%q|%R|%D|%t|%p"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto_sub, of the package mosquitto-clients");
        let lines = BufReader::new(listener.stdout.take().unwrap()).lines();
        let mut board = Self { listener, lines, port };
        // Whether it is subscribed already or not yet, this message comes once it is.
        board.send(&["-r", "-t", &topic("first"), "-m", "first"]);
        assert_eq!(board.next()[5], "first");
        board
    }

    /// Retain flag, QoS, response topic, correlation, topic and payload of the next message.
    fn next(&mut self) -> [String; 6] {
        let line = self.lines.next().unwrap().unwrap();
        let fields: Vec<_> = line.split('|').map(str::to_owned).collect();
        fields.try_into().unwrap()
    }

    fn answer(&self, topic: &str, answer: &Value) {
        self.send(&["-t", topic, "-m", &answer.to_string()]);
    }

    fn send(&self, more: &[&str]) {
        let status = Command::new("mosquitto_pub")
            .args(["-V", "mqttv5", "-q", "1", "-p", &self.port])
            .args(more)
            .status();
        assert!(status.expect("mosquitto_pub, of the package mosquitto-clients").success());
    }
}

impl Drop for OtherBoard {
    fn drop(&mut self) {
        let _ = self.listener.kill();
        let _ = self.listener.wait();
    }
}

#[test]
fn a_command_comes_as_boards_expect_it_and_their_answers_are_shown() {
    let broker = Broker::start();
    let keys = broker.folder.path().join("keys").display().to_string();
    succeeds(&["keygen", "--sender", "vn/86", "--out", &keys]);
    let (url, key) = (broker.url(), format!("{keys}/key.pem"));
    let list = fs::read_to_string(format!("{keys}/trusted.toml")).unwrap();
    let trusted = Trusted::parse(&list).unwrap();
    let mut board = OtherBoard::listen(&broker, "vn/86/28789");
    let desk = |more: &[&str]| {
        let to = ["command", "--broker", &url, "--key", &key, "--to", "vn/86/28789"];
        Command::new(env!("CARGO_BIN_EXE_bangtin-simulator"))
            .args(to)
            .args(["--wait", "3"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let asked = desk(&["identify", "--seconds", "60"]);
    let [retained, qos, response, correlation, topic, payload] = board.next();
    assert_eq!((retained.as_str(), qos.as_str()), ("0", "1"));
    let document = verify(payload.as_bytes(), COMMAND_TYPE, &trusted).unwrap().payload;
    let document: Value = serde_json::from_slice(&document).unwrap();
    let id = document["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("86-cmd-"), "{id}");
    assert_eq!(topic, format!("ttcs/v1/vn/86/28789/command/{id}"));
    assert_eq!((response, correlation), (format!("ttcs/v1/vn/86/reply/{id}"), id.clone()));
    assert_eq!(document["command"], "identify");
    assert_eq!(document["arguments"], json!({ "seconds": 60 }));
    let done = json!({ "id": id, "board": BOARD, "ok": true, "problems": [], "result": {} });
    board.answer(&format!("ttcs/v1/vn/86/reply/{id}"), &done);
    let output = asked.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{BOARD}  done\n"));
    assert_eq!(output.status.code(), Some(0));

    // A board that does not trust the command does not trust its response topic either.
    let asked = desk(&["--json", "reload"]);
    let id = board.next()[4].rsplit_once('/').unwrap().1.to_owned();
    let problem =
        json!({ "code": "unknown_key", "path": "", "message": "no", "value": "", "limit": "" });
    let no = json!({ "id": id, "board": BOARD, "ok": false, "problems": [problem], "result": {} });
    board.answer(&format!("ttcs/v1/{BOARD}/reply"), &no);
    let output = asked.wait_with_output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), no);
    assert_eq!(output.status.code(), Some(1));

    let output = desk(&["reload"]).wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no board answered within 3 s"));
}

/// A real board, in this process.
struct Board {
    broker: Broker,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    agent: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Board {
    /// A commune's board that believes the commune's key and the province's, and shows its idle
    /// page.
    fn start() -> Self {
        let broker = Broker::start();
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
             [output]\nkind = \"png\"\npath = \"frame.png\"\n",
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
        let status = retained(&board.broker, "1", &format!("ttcs/v1/{BOARD}/status"));
        assert!(status[0].contains("\"online\":true"), "{status:?}");
        board
            .wait_until("the first frame", |board| PathBuf::from(board.path("frame.png")).exists());
        board
    }

    fn path(&self, name: &str) -> String {
        self.broker.folder.path().join(name).display().to_string()
    }

    /// Exit code and standard output of a command sent with a key of this name.
    fn asked(&self, key: &str, more: &[&str]) -> (Option<i32>, String) {
        let key = self.path(&format!("{key}/key.pem"));
        let to = ["command", "--broker", &self.url, "--key", &key, "--to", BOARD];
        let output = run(&[&to[..], more].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text + &String::from_utf8_lossy(&output.stderr))
    }

    fn glass(&self) -> Vec<u8> {
        pixels(&self.path("frame.png"))
    }

    #[track_caller]
    fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
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

fn pixels(path: &str) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

#[test]
fn a_board_sends_what_is_on_its_glass_and_shows_which_one_it_is() {
    let board = Board::start();
    let out = board.path("screen.png");
    let before = board.glass();
    let (code, said) = board.asked("commune", &["screen", "--out", &out]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("{BOARD}  done")) && said.contains("screen.png"), "{said}");
    // The clock of the idle page may move on meanwhile.
    assert!([before.clone(), board.glass()].contains(&pixels(&out)));
    let (code, said) = board.asked("province", &["identify", "--seconds", "60"]);
    assert_eq!(code, Some(0), "{said}");
    let other = |board: &Board| {
        let glass = board.glass();
        glass.iter().zip(&before).filter(|(now, before)| now != before).count() > glass.len() / 20
    };
    board.wait_until("another page", other);
}

#[test]
fn a_stranger_is_refused_with_the_reason() {
    let board = Board::start();
    let (code, said) = board.asked("stranger", &["screen", "--out", &board.path("screen.png")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{BOARD}  refused\n    ")), "{said}");
    assert!(said.contains("a key that this board does not trust"), "{said}");
    assert!(!PathBuf::from(board.path("screen.png")).exists());
}

#[test]
fn the_commune_decides_which_priority_notice_goes_first_and_nobody_else() {
    let board = Board::start();
    let ago = |seconds| Timestamp::now().checked_sub(Span::new().seconds(seconds)).unwrap();
    for id in ["man", "lua-dao"] {
        let notice = json!({
            "version": 1, "id": id, "revision": 1, "sender": "vn/86/28789", "to": [],
            "sent": ago(1), "status": "actual", "kind": "alert", "class": "priority",
            "effective": ago(1), "expires": ago(-600),
            "content": [{ "language": "vi", "headline": id, "text": "Bà con chú ý." }],
        });
        let (path, key) = (board.path("notice.json"), board.path("commune/key.pem"));
        fs::write(&path, notice.to_string()).unwrap();
        succeeds(&["publish", "--broker", &board.url, "--key", &key, "--to", BOARD, &path]);
    }
    let (code, said) = board.asked("commune", &["decide", "lua-dao", "man"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = board.asked("province", &["decide", "vn/86/28789,man"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the commune does"), "{said}");
    let (code, said) = board.asked("commune", &["decide"]);
    assert_eq!(code, Some(0), "{said}");
}
