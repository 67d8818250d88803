//! An example of each document, made by what makes the real ones.

use bangtin_renderer::Problem;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::area::Area;
use crate::calendar::{Now, Trust};
use crate::command::{Answer, COMMAND_TYPE, Command, Order};
use crate::ledger::{Beginning, Job, Ledger};
use crate::notice::{self, Key};
use crate::report::{
    FrameStatus, LinkStatus, Machine, PacingStatus, Receipt, Restart, ShowingStatus, State, Status,
    crc_text,
};
use crate::sign::Cause;
use crate::signature::{NOTICE_TYPE, sign};

/// The secret key of RFC 8037, appendix A.1, known to everybody.
const SECRET: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];

/// Examples of what follows a schema, by the name of its file.
pub(super) fn of(name: &str) -> Vec<Value> {
    match name {
        "notice.schema.json" => vec![notice()],
        "command.schema.json" => commands(),
        "receipt.schema.json" => receipts(),
        "status.schema.json" => vec![status()],
        "answer.schema.json" => answers(),
        "played.schema.json" => vec![batch()],
        _ => Vec::new(),
    }
}

/// The first example of what follows a schema, signed.
pub(super) fn signed(name: &str) -> String {
    let (typ, key) = signer(name);
    sign(of(name).remove(0).to_string().as_bytes(), typ, &key)
}

/// The `typ` of what follows a schema, and the key that signs the examples.
pub(super) fn signer(name: &str) -> (&'static str, SigningKey) {
    let typ = if name == "command.schema.json" { COMMAND_TYPE } else { NOTICE_TYPE };
    (typ, SigningKey::from_bytes(&SECRET))
}

fn notice() -> Value {
    let example = notice::read::EXAMPLE;
    let mut notice: Value = serde_json::from_str(example).expect("the example is JSON");
    notice["content"][0]["headline"] = "TRIỀU CƯỜNG CẤP 3".into();
    notice["content"][0]["text"] = "Nước sông Hàm Luông dâng cao từ 17:00.".into();
    notice["content"][0]["codes"][0]["caption"] = "Dịch vụ công trực tuyến".into();
    notice
}

fn commands() -> Vec<Value> {
    let orders = [
        ("screen", json!({})),
        ("brightness", json!({ "percent": 40, "until": "2026-11-24T05:00:00+07:00" })),
        ("brightness", json!({ "percent": "auto" })),
        ("identify", json!({ "seconds": 30 })),
        ("test-pattern", json!({ "seconds": 60 })),
        ("decide", json!({ "order": ["28789-7", "vn/86,86-1"] })),
        ("report-since", json!({ "n": 120 })),
        ("reload", json!({})),
    ];
    let command = |(number, (name, arguments)): (usize, (&str, Value))| {
        json!({
            "version": 1,
            "id": format!("28789-c-{}", number + 1),
            "sender": "vn/86/28789",
            "to": ["vn/86/28789"],
            "command": name,
            "arguments": arguments,
            "sent": "2026-11-23T08:00:00+07:00",
            "not_after": "2026-11-23T08:05:00+07:00",
        })
    };
    orders.into_iter().enumerate().map(command).collect()
}

fn receipts() -> Vec<Value> {
    let new = |state| Receipt::new(&key(), 2, state, true, at(0));
    let missing = Problem::new("missing", "sent", "is missing", "", "");
    let refused = Receipt { durable: None, problems: vec![missing], ..new(State::Refused) };
    let crc = Some(crc_text(0xcbf4_3926));
    let shown = Receipt { latency_ms: Some(41.25), frame_crc32: crc, ..new(State::Shown) };
    let ended = Receipt { cause: Some(Cause::Expired), ..new(State::Ended) };
    [refused, new(State::Accepted), shown, ended].iter().map(value).collect()
}

fn status() -> Value {
    value(&Status {
        online: true,
        version: "0.1.0",
        layout: "led-192x64".into(),
        showing: ShowingStatus {
            notice: Some(key().id),
            page: Some(1),
            since: crate::calendar::rfc3339(at(0)),
        },
        frame: FrameStatus { age_ms: Some(16), crc32: Some(crc_text(0xcbf4_3926)) },
        frames: PacingStatus { presented: 216_000, missed: 2, worst_late_ms: 21.5 },
        clock: Trust::Trusted,
        needs_decision: false,
        cut_off: false,
        cut_off_since: None,
        brightness_percent: 100,
        held: 3,
        unreadable: 0,
        proof_unsent: 0,
        proof_lost: 0,
        unanswered: 0,
        link: LinkStatus {
            refused: Vec::new(),
            connections: 1,
            last_loss: None,
            answer_ms: Some(38),
            waiting: 0,
            dropped: 0,
        },
        restarts: 4,
        restart: Restart::Power,
        machine: Machine {
            disk_free_mib: Some(24_310),
            temperature_c: Some(51.0),
            ..Machine::default()
        },
        at: crate::calendar::rfc3339(at(0)),
    })
}

fn answers() -> Vec<Value> {
    let board = Area::parse("vn/86/28789/quang-truong-1").expect("an area");
    let command = Command {
        key: Key { sender: Area::parse("vn/86/28789").expect("an area"), id: "28789-c-1".into() },
        to: Vec::new(),
        order: Order::Screen,
        sent: at(0),
        not_after: at(300_000),
        digest: [0; 32],
    };
    let result = json!({ "width": 192, "height": 64, "crc32": "cbf43926" });
    let Value::Object(result) = result else { return Vec::new() };
    let text = "an emergency is in force, and nothing is shown over it";
    let emergency = Problem::new("emergency", "command", text, "", "");
    let done = Answer::done(&command, &board, result);
    [done, Answer::failed(&command, &board, vec![emergency])].iter().map(value).collect()
}

fn batch() -> Value {
    serde_json::from_str(&batch_line()).expect("a batch is JSON")
}

/// The first batch of a board, as it is sent: one notice of two pages, shown once.
pub(super) fn batch_line() -> String {
    let now = |ms: u64| Now { wall: at(ms), monotonic_ms: ms, trust: Trust::Trusted };
    let (mut ledger, _) = Ledger::load([], |_| Err("there is none".to_owned()));
    let (page_starts_ms, duration_ms) = (&[0, 6_000][..], 12_000);
    let (key, crc32) = (key(), 0xcbf4_3926);
    let beginning = Beginning { key, revision: 2, page_starts_ms, duration_ms, from_ms: 0, crc32 };
    ledger.began(beginning, now(0));
    ledger.ended(now(12_000));
    ledger.flush(now(12_000));
    let bytes = ledger.jobs().into_iter().find_map(|job| match job {
        Job::Write { bytes, .. } => Some(bytes),
        _ => None,
    });
    String::from_utf8(bytes.unwrap_or_default()).expect("JSON is text")
}

fn key() -> Key {
    Key { sender: Area::parse("vn/86").expect("an area"), id: "86-1".into() }
}

/// Some milliseconds after the example's notice was sent.
fn at(ms: u64) -> Timestamp {
    let sent: Timestamp = "2026-11-23T08:00:00+07:00".parse().expect("a time");
    sent + std::time::Duration::from_millis(ms)
}

fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("reports hold nothing that JSON cannot")
}
