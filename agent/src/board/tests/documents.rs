//! What is sent to a board and what it says, written short.

use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::area::Area;
use crate::command::COMMAND_TYPE;
use crate::jobs::{Job, Operation};
use crate::message::Publication;
use crate::notice::Class;
use crate::signature::{NOTICE_TYPE, sign, trusted_toml};

/// Monday, so many seconds after 08:00 in Vietnam.
pub(super) fn at(second: i64) -> Timestamp {
    let start: Timestamp = "2026-11-23T08:00:00+07:00".parse().expect("a time");
    start.checked_add(SignedDuration::from_secs(second)).expect("in range")
}

/// How many seconds after 08:00 that is.
pub(super) fn seconds(wall: Timestamp) -> i64 {
    wall.duration_since(at(0)).as_secs()
}

/// The key of an area.
fn key(area: &str) -> SigningKey {
    SigningKey::from_bytes(&[area.len() as u8; 32])
}

/// The keys that boards believe: the nation's, the province's, the commune's.
pub(super) fn trusted() -> String {
    let classes = [Class::Routine, Class::Priority, Class::Emergency];
    let from = "2026-01-01T00:00:00Z".parse().expect("a time");
    let toml = |area: &str| {
        let place = Area::parse(area).expect("an area");
        trusted_toml(&key(area).verifying_key(), &place, &classes, from)
    };
    ["vn", "vn/86", "vn/86/28789"].map(toml).concat()
}

pub(super) fn signed_by(area: &str, notice: &Value) -> Vec<u8> {
    sign(notice.to_string().as_bytes(), NOTICE_TYPE, &key(area)).into_bytes()
}

pub(super) fn signed_command(area: &str, command: &Value) -> Vec<u8> {
    sign(command.to_string().as_bytes(), COMMAND_TYPE, &key(area)).into_bytes()
}

/// A notice of the province, in force from 08:00 for an hour.
pub(super) fn draft(class: &str, id: &str) -> Value {
    json!({
        "version": 1, "id": id, "revision": 1, "sender": "vn/86", "to": ["vn/86/28789"],
        "sent": at(0), "status": "actual", "kind": "alert", "class": class,
        "effective": at(0), "expires": at(3600),
        "content": [{ "language": "vi", "headline": format!("TIN {id}") }]
    })
}

pub(super) fn routine(id: &str) -> Value {
    draft("routine", id)
}

pub(super) fn priority(id: &str) -> Value {
    draft("priority", id)
}

pub(super) fn emergency(id: &str) -> Value {
    draft("emergency", id)
}

/// A cancel of notices of the province.
pub(super) fn cancel(id: &str, of: &[&str]) -> Value {
    with(
        routine(id),
        &[("kind", json!("cancel")), ("references", json!(of)), ("content", json!([]))],
    )
}

/// A command of the commune, good for an hour.
pub(super) fn command(id: &str, name: &str, arguments: Value) -> Value {
    json!({
        "version": 1, "id": id, "sender": "vn/86/28789", "to": ["vn/86/28789"], "command": name,
        "arguments": arguments, "sent": at(0), "not_after": at(3600)
    })
}

/// A document with other values in some fields.
pub(super) fn with(mut document: Value, fields: &[(&str, Value)]) -> Value {
    for (name, value) in fields {
        document[*name] = value.clone();
    }
    document
}

/// The last level of a topic.
pub(super) fn last(topic: &str) -> &str {
    topic.rsplit('/').next().unwrap_or(topic)
}

/// What a board says, with the fields that matter; `None` for what stories do not tell.
pub(super) fn told(publication: &Publication) -> Option<String> {
    let value = || -> Value { serde_json::from_slice(&publication.payload).expect("JSON") };
    let codes = |value: &Value| {
        let problems = value["problems"].as_array().expect("a list");
        let codes: Vec<_> =
            problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
        if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(" ")) }
    };
    if publication.topic.contains("/receipt/") {
        let receipt = value();
        let text = |field: &str| receipt[field].as_str().unwrap_or_default().to_owned();
        let revision = receipt["revision"].as_u64().filter(|revision| *revision != 1);
        let revision = revision.map_or(String::new(), |revision| format!(" r{revision}"));
        let durable = if receipt["durable"] == json!(false) { ", not durable" } else { "" };
        let line = format!("{}{revision} {} {}", text("notice"), text("state"), text("cause"));
        return Some(format!("{}{}{durable}", line.trim_end(), codes(&receipt)));
    }
    if publication.topic.ends_with("/screen") {
        return Some("screen".into());
    }
    let is_answer =
        !publication.topic.ends_with("/played") && !publication.topic.ends_with("/status");
    is_answer.then(|| {
        let answer = value();
        let id = answer["id"].as_str().unwrap_or_default();
        match answer["ok"].as_bool() {
            Some(true) => format!("reply {id} {}", answer["result"]),
            _ => format!("reply {id} failed{}", codes(&answer)),
        }
    })
}

/// What the disk is asked for, with the files' names as a person would say them.
pub(super) fn job(job: &Job) -> String {
    let name = |name: &str| {
        let mut parts = name.splitn(3, '-');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(letter), Some(_), Some(id)) => format!("{letter}-{id}").replace(".jws", ""),
            _ => name.to_owned(),
        }
    };
    let operation = |operation: &Operation| match operation {
        Operation::Save { name: file, .. } => format!("saves {}", name(file)),
        Operation::Forget { name: file } => format!("forgets {}", name(file)),
        Operation::Rename { to, .. } => format!("names {}", name(to)),
        Operation::Read { name: file } => format!("reads {}", name(file)),
    };
    job.operations.iter().map(operation).collect::<Vec<_>>().join(", ")
}
