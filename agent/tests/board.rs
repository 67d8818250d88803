//! The whole board: the real program against a real Mosquitto, notices sent with `mosquitto_pub`,
//! answers read with `mosquitto_sub`, the glass read from its picture file.
//!
//! Needs the packages `mosquitto`, `mosquitto-clients` and `zbar-tools`; run with
//! `--features real-peers`.
#![cfg(feature = "real-peers")]
#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

mod peers;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use bangtin_agent::signature::{NOTICE_TYPE, sign};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use peers::board::{Square, ago};
use peers::{Broker, PATIENCE};
use serde_json::json;

const SERVICE: &str = "HTTPS://DICHVUCONG.GOV.VN";

#[test]
fn a_notice_is_on_the_board_at_once_and_the_receipt_proves_it() {
    let square = Square::open();
    let mut waits = Vec::new();
    for round in 1..=9 {
        let id = format!("dich-vu-cong-{round}");
        let mut notice = square.notice(&id, "emergency");
        notice["content"][0]["headline"] = json!(format!("SẠT LỞ BỜ BIỂN {round}"));
        let before = square.glass();
        let start = Instant::now();
        square.send(&notice);
        square.wait_until("the notice on the glass", |square| square.glass() != before);
        waits.push(start.elapsed());
        square.receipt(&id, "accepted");
        let shown = square.receipt(&id, "shown");
        square.wait_until("its pixels", |square| json!(square.glass()) == shown["frame_crc32"]);
        assert_eq!(shown["durable"], true);
        assert!(shown["latency_ms"].as_f64().unwrap() > 0.0);
    }
    // From before `mosquitto_pub` starts to the picture file: the middle of nine on a busy machine.
    waits.sort();
    assert!(waits[4] < Duration::from_millis(100), "{waits:?}");
}

#[test]
fn its_code_is_read_from_the_very_pixels_of_the_panel() {
    let square = Square::open();
    let mut notice = square.notice("nop-ho-so", "routine");
    notice["content"][0]["codes"] = json!([{ "data": SERVICE, "caption": "dichvucong.gov.vn" }]);
    square.send(&notice);
    square.receipt("nop-ho-so", "accepted");
    let shown = square.receipt("nop-ho-so", "shown");
    square.wait_until("the picture", |square| shown["frame_crc32"] == json!(square.glass()));
    let read = Command::new("zbarimg")
        .args(["-q", "--raw"])
        .arg(square.path("frame.png"))
        .output()
        .expect("zbarimg, of the package zbar-tools");
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), SERVICE);
}

#[test]
fn what_must_not_be_drawn_is_refused_with_its_reason() {
    let square = Square::open();
    let refuse = |id: &str, message: &str, code: &str| {
        square.publish(&format!("vn/86/28789/notice/{id}"), message);
        let receipt = square.receipt(id, "refused");
        assert_eq!(receipt["problems"][0]["code"], code, "{receipt}");
    };
    let notice = square.notice("tin-gia", "emergency");
    let signed = square.sign(&notice);
    let mut changed = signed.clone().into_bytes();
    let middle = signed.find('.').unwrap() + 40;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    refuse("tin-gia", &String::from_utf8(changed).unwrap(), "bad_signature");
    refuse("tin-gia", &notice.to_string(), "not_signed");
    let stranger = SigningKey::from_bytes(&[8; 32]);
    refuse("tin-gia", &sign(notice.to_string().as_bytes(), NOTICE_TYPE, &stranger), "unknown_key");
    let mut late = square.notice("tin-cu", "emergency");
    late["sent"] = json!(ago(3000));
    late["effective"] = json!(ago(3000));
    late["expires"] = json!(ago(1));
    refuse("tin-cu", &square.sign(&late), "expired");
    let mut elsewhere = square.notice("noi-khac", "emergency");
    elsewhere["to"] = json!(["vn/86/29302"]);
    refuse("noi-khac", &square.sign(&elsewhere), "not_addressed");
    let mut outside = square.notice("tinh-khac", "emergency");
    outside["sender"] = json!("vn");
    refuse("tinh-khac", &square.sign(&outside), "outside_key");
    assert!(!square.log().contains("shown"), "{}", square.log());
    // The same bytes again get no second answer; what comes next is answered first.
    square.publish("vn/86/28789/notice/noi-khac", &square.sign(&elsewhere));
    square.publish("vn/86/28789/notice/khong-phai-json", "{");
    let next = square.receipts.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next["notice"], "khong-phai-json");
}

#[test]
fn an_emergency_takes_over_and_what_it_interrupted_resumes() {
    let square = Square::open();
    square.send(&square.notice("lich-hop", "routine"));
    square.receipt("lich-hop", "accepted");
    let routine = square.receipt("lich-hop", "shown")["frame_crc32"].clone();
    square.send(&square.notice("bao", "emergency"));
    square.receipt("bao", "accepted");
    let shown = square.receipt("bao", "shown");
    assert!(shown["latency_ms"].as_f64().unwrap() < 100.0, "{shown}");
    square.wait_until("the picture", |square| json!(square.glass()) == shown["frame_crc32"]);
    let mut cancel = square.notice("bao.cancel", "emergency");
    cancel["kind"] = json!("cancel");
    cancel["references"] = json!(["bao"]);
    cancel["content"] = json!([]);
    let start = Instant::now();
    square.send(&cancel);
    square.wait_until("the all-clear", |square| json!(square.glass()) != shown["frame_crc32"]);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let ended = square.receipt("bao", "ended");
    assert_eq!(ended["cause"], "cancelled");
    square.wait_until("the routine notice", |square| json!(square.glass()) == routine);
}

/// A layout whose codes nobody can read: an emergency is on the glass before that is known, and
/// stands there without its code right after.
#[test]
fn an_emergency_does_not_wait_for_its_code_to_be_read_back() {
    let mut square = Square::open();
    square.cut_power();
    let text = bangtin_renderer::builtin::layout_text("led-192x64").unwrap();
    let dim = text.replace(r#"name = "code","#, r##"name = "code", colour = "#010101","##);
    fs::write(square.path("dim.toml"), dim).unwrap();
    square.configure("led-192x64", "dim.toml");
    square.switch_on();
    let mut notice = square.notice("bao", "emergency");
    notice["content"][0]["codes"] = json!([{ "data": SERVICE, "caption": "dichvucong.gov.vn" }]);
    square.send(&notice);
    assert_eq!(square.receipt("bao", "accepted")["problems"], json!([]));
    let shown = square.receipt("bao", "shown");
    assert!(shown["latency_ms"].as_f64().unwrap() < 100.0, "{shown}");
    assert_eq!(shown["problems"][0]["code"], "code_left_out", "{shown}");
    square.wait_until("the words", |square| json!(square.glass()) == shown["frame_crc32"]);
}

#[test]
fn what_expires_is_gone_to_the_second() {
    let square = Square::open();
    let idle = square.glass();
    let mut notice = square.notice("ngan", "priority");
    let expires = Timestamp::from_second(ago(-3).as_second()).unwrap();
    notice["expires"] = json!(expires);
    square.send(&notice);
    square.receipt("ngan", "accepted");
    let shown = square.receipt("ngan", "shown");
    // The file follows the frame, and a receipt may be faster.
    square.wait_until("the picture", |square| json!(square.glass()) == shown["frame_crc32"]);
    square.wait_until("its end", |square| json!(square.glass()) != shown["frame_crc32"]);
    let late = Timestamp::now().duration_since(expires);
    assert!((0.0..1.0).contains(&late.as_secs_f64()), "{late:?} after it expired");
    assert_eq!(square.receipt("ngan", "ended")["cause"], "expired");
    // The clock of the idle page may have moved on by a minute meanwhile.
    assert!(square.glass() == idle || square.status()["showing"]["notice"].is_null());
}

#[test]
fn a_board_whose_power_is_cut_shows_what_it_acknowledged_without_a_broker() {
    let mut square = Square::open();
    let mut acknowledged = 0;
    for round in 0..6 {
        let id = format!("khan-{round}");
        let says = |square: &Square, what: &str| {
            let log = square.log();
            log.lines().any(|line| line.contains(what) && line.contains(&id))
        };
        let shown = |square: &Square| says(square, "shown");
        square.send(&square.notice(&id, "emergency"));
        // Sooner or later: before the answer, with it, after it.
        thread::sleep(Duration::from_millis(round * 20));
        square.cut_power();
        // The log says so before the broker hears of it.
        let accepted = says(&square, "accepted");
        square.broker.stop();
        square.switch_on();
        if accepted {
            acknowledged += 1;
            square.wait_until("the notice from the store", shown);
        }
        // What was not acknowledged comes again.
        square.broker.up();
        square.wait_until("the notice", shown);
    }
    assert!(acknowledged > 0, "no round waited long enough");
}

/// A later revision of a cancel named other notices; after a restart the first one came back.
#[test]
fn what_a_cancel_ended_stays_ended_over_a_power_cut() {
    let mut square = Square::open();
    let tide = square.notice("trieu-cuong", "emergency");
    square.send(&tide);
    square.receipt("trieu-cuong", "accepted");
    square.receipt("trieu-cuong", "shown");
    for (revision, reference) in [(1, "trieu-cuong"), (2, "khac")] {
        let mut cancel = square.notice("huy", "emergency");
        cancel["kind"] = json!("cancel");
        cancel["revision"] = json!(revision);
        cancel["references"] = json!([reference]);
        square.send(&cancel);
        square.receipt("huy", "accepted");
    }
    square.cut_power();
    square.switch_on();
    square.wait_until("the board is online", |square| square.log().contains("connected"));
    square.send(&tide);
    let refused = square.receipt("trieu-cuong", "refused");
    assert_eq!(refused["problems"][0]["code"], "outdated", "{refused}");
}

#[test]
fn a_broker_that_restarts_finds_its_board_again() {
    let mut square = Square::open();
    square.send(&square.notice("truoc", "routine"));
    square.receipt("truoc", "accepted");
    square.receipt("truoc", "shown");
    for (round, restart) in [Broker::stop, Broker::kill].into_iter().enumerate() {
        restart(&mut square.broker);
        square.broker.up();
        square.wait_until("the board is online", |square| square.status()["online"] == true);
        let id = format!("sau-{round}");
        square.send(&square.notice(&id, "emergency"));
        square.receipt(&id, "accepted");
        square.receipt(&id, "shown");
    }
}

#[test]
fn the_last_will_says_that_a_board_is_gone() {
    let mut square = Square::open();
    square.cut_power();
    square.wait_until("the last will", |square| square.status()["online"] == false);
}

#[test]
fn a_board_that_is_cut_off_is_dark_whatever_comes() {
    let square = Square::open();
    fs::write(square.path("cutoff"), "").unwrap();
    let dark = format!("{:08x}", crc32fast::hash(&vec![0; 192 * 64 * 3]));
    square.wait_until("the dark", |square| square.glass() == dark);
    square.send(&square.notice("khan", "emergency"));
    square.receipt("khan", "accepted");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(square.glass(), dark);
    fs::remove_file(square.path("cutoff")).unwrap();
    square.wait_until("the notice", |square| square.glass() != dark);
}
