//! The ways in which words and pictures come to a board: CAP, a stick, pictures beside a notice.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::fs;
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::board::Board;
use super::peers::Broker;
use super::{BOARD, run, succeeds};

/// Not before now: keys are good from when they are made.
fn in_minutes(minutes: i64) -> Timestamp {
    let now = Timestamp::now();
    now.checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// A message of the agent's tests with the dates of now.
fn cap(board: &Board, name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../agent/tests/cap");
    let text = fs::read_to_string(format!("{folder}/{name}.xml")).unwrap();
    let text = text
        .replace("2026-11-23T08:00:00+07:00", &in_minutes(0).to_string())
        .replace("2026-11-23T09:00:00+07:00", &in_minutes(0).to_string())
        .replace("2026-11-24T08:00:00+07:00", &in_minutes(60).to_string());
    let path = board.path(&format!("{name}.xml"));
    fs::write(&path, text).unwrap();
    path
}

/// A notice with a picture, named by its bytes.
fn notice(id: &str, headline: &str, picture: &[u8]) -> Value {
    let sha256 = sha256(picture);
    json!({
        "version": 1, "id": id, "revision": 1, "sender": "vn/86/28789", "to": [BOARD],
        "sent": in_minutes(0), "status": "actual", "kind": "alert", "class": "routine",
        "effective": in_minutes(0), "expires": in_minutes(60),
        "content": [{ "language": "vi", "headline": headline, "text": "Bà con chú ý.",
                      "pictures": [{ "sha256": sha256, "alt": "Hoa giấy" }] }],
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A picture of one colour.
fn magenta() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 96, 64);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[255, 0, 255].repeat(96 * 64)).unwrap();
    writer.finish().unwrap();
    bytes
}

/// Whether that picture is on the glass.
fn shows_magenta(board: &Board) -> bool {
    let is_magenta = |pixel: &[u8]| pixel[0] > 150 && pixel[1] < 60 && pixel[2] > 150;
    board.glass().chunks(3).filter(|pixel| is_magenta(pixel)).count() > 64 * 40
}

#[test]
fn a_cap_emergency_is_shown_and_its_cancel_ends_it() {
    let board = Board::start();
    let idle = board.glass();
    let key = board.path("province/key.pem");
    let publish = |name: &str, to: &str| {
        let path = cap(&board, name);
        let to = ["publish", "--broker", &board.url, "--key", &key, "--to", to];
        let output = run(&[&to[..], &["--wait", "3", &path]].concat());
        let [said, complaint] =
            [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
        assert_eq!(output.status.code(), Some(0), "{said}{complaint}");
        (said, complaint)
    };
    let watch = Command::new(env!("CARGO_BIN_EXE_bangtin-simulator"))
        .args(["watch", "--broker", &board.url, "--area", "vn/86", "--seconds", "10"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (said, complaint) = publish("trieu-cuong", "vn/86/28789");
    assert_eq!(complaint, "");
    let line = |state: &str| format!("{BOARD}  vn/86,86-20261123-004  {state}");
    assert!(said.contains(&line("accepted")) && said.contains(&line("shown  after ")), "{said}");
    board.wait_until("the emergency", |board| board.shows_other_than(&idle));
    let (said, complaint) = publish("trieu-cuong-huy", "vn/86/28789");
    assert_eq!(complaint, "");
    let accepted = format!("{BOARD}  vn/86,86-20261123-005  accepted");
    assert!(said.contains(&accepted), "{said}");
    let watched = watch.wait_with_output().unwrap().stdout;
    let watched = String::from_utf8(watched).unwrap();
    assert!(watched.contains(&line("ended  cancelled")), "{watched}");
    assert!(watched.contains(&line("played ")) && !watched.contains("PROOF"), "{watched}");
    board.wait_until("the idle page after the all-clear", |board| !board.shows_other_than(&idle));
}

/// The text that is signed says where it goes; a topic beside it is worth a word.
#[test]
fn a_cap_message_on_the_topic_of_others_is_sent_with_a_word() {
    let board = Board::start();
    let (path, key) = (cap(&board, "trieu-cuong"), board.path("province/key.pem"));
    let to = ["--broker", &board.url, "--key", &key, "--to", "vn/86", "--to", BOARD];
    let said = succeeds(&[&["publish"], &to[..], &[&path]].concat());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("--to vn/86: ") && said.contains("goes to commune 28789;"), "{said}");
    // A notice that came as CAP is known by its sender too.
    assert_eq!(succeeds(&[&["cancel"], &to[..], &["86-20261123-004"]].concat()), "");
}

#[test]
fn a_notice_on_a_stick_is_shown_without_a_link_and_answered_once_there_is_one() {
    let mut broker = Broker::start();
    let port = broker.port.to_string();
    let receipts = format!("ttcs/v1/{BOARD}/receipt/+");
    // A desk that the broker keeps everything for, from before the board's first word.
    let desk = ["-V", "mqttv311", "-c", "-i", "desk", "-q", "1", "-p", &port, "-t", &receipts];
    let there = Command::new("mosquitto_sub").args(desk).arg("-E").status();
    assert!(there.expect("mosquitto_sub, of the package mosquitto-clients").success());
    broker.stop();
    let mut board = Board::start_at(broker, "[inbox]\npath = \"stick\"");
    let idle = board.glass();
    let (path, key) = (board.path("hoa.json"), board.path("commune/key.pem"));
    fs::write(&path, notice("hoa", "HỘI HOA XUÂN", &magenta()).to_string()).unwrap();
    let signed = run(&["sign", "--key", &key, &path]);
    assert_eq!(signed.status.code(), Some(0));
    fs::create_dir(board.path("stick")).unwrap();
    fs::write(board.path("stick/hoa.png"), magenta()).unwrap();
    fs::write(board.path("stick/x.jws"), signed.stdout).unwrap();
    board.wait_until("the notice", |board| board.shows_other_than(&idle));
    board.wait_until("its picture", shows_magenta);
    board.broker.up();
    let heard = Command::new("mosquitto_sub")
        .args(desk)
        .args(["-C", "2", "-W", "30"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let lines = String::from_utf8(heard.stdout).unwrap();
    let heard: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let states: Vec<_> = heard.iter().map(|of| (&of["notice"], &of["state"])).collect();
    assert_eq!(states, [(&json!("hoa"), &json!("accepted")), (&json!("hoa"), &json!("shown"))]);
    assert_eq!(heard[0]["durable"], true);
}

#[test]
fn a_picture_is_sent_before_its_notice_and_shown() {
    let board = Board::start();
    let picture = magenta();
    let notice = notice("hoa", "HỘI HOA XUÂN", &picture);
    let (path, key, folder) =
        (board.path("hoa.json"), board.path("commune/key.pem"), board.path("photos"));
    fs::write(&path, notice.to_string()).unwrap();
    fs::create_dir(&folder).unwrap();
    let publish = ["publish", "--broker", &board.url, "--key", &key, "--to", BOARD];
    let publish = [&publish[..], &["--pictures", &folder, &path]].concat();
    fs::write(format!("{folder}/other.txt"), "no picture of this notice").unwrap();
    fs::write(format!("{folder}/hoa.png"), &picture).unwrap();
    assert_eq!(succeeds(&publish), "");
    board.wait_until("the picture", shows_magenta);
    fs::remove_file(format!("{folder}/hoa.png")).unwrap();
    let said = succeeds(&publish);
    assert!(said.contains(&format!("picture {} is not in ", sha256(&picture))), "{said}");
}

/// What no board could show is told before anything is sent: there is no broker here.
#[test]
fn a_picture_that_no_board_takes_stops_its_notice() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    succeeds(&["keygen", "--sender", "vn/86/28789", "--out", &at("keys")]);
    let (key, path) = (at("keys/key.pem"), at("notice.json"));
    let check = |bytes: &[u8], message: &str| {
        fs::create_dir_all(at("photos")).unwrap();
        fs::write(at("photos/a.png"), bytes).unwrap();
        fs::write(&path, notice("hoa", "HỘI HOA XUÂN", bytes).to_string()).unwrap();
        let to = ["--broker", "mqtt://127.0.0.1:1", "--key", &key, "--to", BOARD];
        let output = run(&[&["publish"], &to[..], &["--pictures", &at("photos"), &path]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(message), "{said}");
    };
    check(b"GIF89a", "a.png");
    check(&vec![0; 5 << 20], "5242880");
    // A text chunk makes it large, and it remains a picture.
    let mut large = Vec::new();
    let mut encoder = png::Encoder::new(&mut large, 1, 1);
    encoder.add_text_chunk("Comment".to_owned(), "x".repeat(3 << 20)).unwrap();
    encoder.write_header().unwrap().write_image_data(&[0]).unwrap();
    check(&large, "a link carries 2096128");
}
