#![expect(clippy::disallowed_methods, reason = "the documents and the samples are files")]

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::json;

use super::*;
use crate::ledger;
use crate::notice::{Class, Key};
use crate::report::{State, line};
use crate::signature::{Trusted, trusted_toml, verify};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn validator(name: &str) -> Validator {
    let documents = documents();
    let (_, schema) = documents.iter().find(|(found, _)| *found == name).expect("a schema");
    jsonschema::options().should_validate_formats(true).build(schema).expect("a sound schema")
}

#[test]
fn the_documents_are_those_of_the_types() {
    let accept = std::env::var_os("BANGTIN_ACCEPT").is_some();
    let mut stale = Vec::new();
    for (name, document) in documents() {
        let path = root().join("docs").join(name);
        let text = format!("{:#}\n", document);
        // Checkouts on Windows may end lines otherwise.
        let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if found == text {
            continue;
        }
        match accept {
            true => fs::write(&path, text).expect("the document can be written"),
            false => stale.push(name),
        }
    }
    assert!(stale.is_empty(), "not up to date: {stale:?}; run again with BANGTIN_ACCEPT=1");
}

#[test]
fn every_sample_follows_the_schema_and_the_reader() {
    let validator = validator("notice.schema.json");
    let folder = fs::read_dir(root().join("simulator/samples")).expect("the samples");
    let mut count = 0;
    for file in folder {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a sample");
        let sample: Value = serde_json::from_str(&text).expect("JSON");
        let faults: Vec<_> =
            validator.iter_errors(&sample).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        assert!(notice::read(text.as_bytes()).is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "there are samples");
}

/// A value at a field of the example; the reader and the schema say the same
/// of it.
#[track_caller]
fn agree(field: &str, value: Value, good: bool) {
    let mut notice = examples::of("notice.schema.json").remove(0);
    notice[field] = value;
    let text = notice.to_string();
    assert_eq!(notice::read(text.as_bytes()).is_ok(), good, "the reader: {text}");
    assert_eq!(validator("notice.schema.json").is_valid(&notice), good, "the schema: {text}");
}

#[test]
fn the_reader_and_the_schema_agree() {
    agree("version", json!(1), true);
    for (field, value) in [
        ("id", json!("a".repeat(64))),
        ("revision", json!(4_294_967_295_u32)),
        ("sender", json!("vn")),
        ("to", json!(["vn/86/@a", "vn/86/28789/@ap-4", "vn/86/28789/cho"])),
        ("sent", json!("2026-11-23T01:00:00Z")),
        ("status", json!("test")),
        ("references", json!(["x", "vn/86/28789,c-1"])),
        ("references", Value::Null),
        ("class", json!("routine")),
        ("event", json!("ế".repeat(1000))),
        ("risk_level", Value::Null),
        ("severity", Value::Null),
        ("urgency", json!("past")),
        ("windows", json!([{ "from": "22:00", "to": "06:00" }])),
        ("content", json!([{ "language": "vi", "text": "T", "headline": null }])),
    ] {
        agree(field, value, true);
    }
    for (field, value) in [
        ("version", json!(2)),
        ("id", json!(".hidden")),
        ("id", json!(7)),
        ("id", json!("a".repeat(65))),
        ("id", Value::Null),
        ("revision", json!(0)),
        ("revision", json!(4_294_967_296_u64)),
        ("sender", json!("vn/8")),
        ("to", json!([])),
        ("to", json!(["vn/86", 7])),
        ("to", json!(vec!["vn"; 65])),
        ("sent", json!("yesterday")),
        ("sent", json!("2026-11-23T08:00:00")),
        ("status", json!("system")),
        ("kind", json!("ack")),
        ("class", json!("urgent")),
        ("severity", json!("bad")),
        ("risk_level", json!(6)),
        ("event", json!("ế".repeat(1001))),
        ("references", json!(["a b"])),
        ("windows", json!([{ "from": "25:00", "to": "06:00" }])),
        ("windows", json!([{ "from": "+5:00", "to": "06:00" }])),
        ("windows", json!([{ "from": "24:00", "to": "24:01" }])),
        ("windows", json!([{ "days": ["t2"], "from": "05:00", "to": "06:00" }])),
        ("content", json!([])),
        ("content", Value::Null),
        ("content", json!([{ "language": "vi" }])),
        ("content", json!([{ "language": "vi", "text": " " }])),
        ("content", json!([{ "language": "tiếng Việt", "text": "T" }])),
        ("content", json!([{ "language": "vi", "text": "T".repeat(5001) }])),
        ("content", json!([{ "language": "vi", "text": "T", "codes": [{}] }])),
        ("content", json!([{ "language": "vi", "text": "T", "pictures": [{ "alt": "" }] }])),
    ] {
        agree(field, value, false);
    }
}

/// A command with other fields than the example's; the reader and the schema say the same of
/// it.
#[track_caller]
fn agree_on_command(changes: Value, good: bool) {
    let mut command = examples::of("command.schema.json").remove(0);
    for (field, value) in changes.as_object().expect("fields") {
        command[field] = value.clone();
    }
    let text = command.to_string();
    let read = command::read::read(text.as_bytes(), [0; 32]);
    assert_eq!(read.is_ok(), good, "the reader: {text}: {read:?}");
    assert_eq!(validator("command.schema.json").is_valid(&command), good, "the schema: {text}");
}

#[test]
fn the_reader_of_commands_and_the_schema_agree() {
    let names: Vec<String> = (0..101).map(|n| format!("86-{n}")).collect();
    for (name, arguments) in [
        ("screen", json!({})),
        ("screen", Value::Null),
        ("brightness", json!({ "percent": 1 })),
        ("brightness", json!({ "percent": 100, "until": null })),
        ("brightness", json!({ "percent": 40, "until": "2026-11-23T20:00:00+07:00" })),
        ("brightness", json!({ "percent": "auto" })),
        ("brightness", json!({ "percent": "auto", "until": null })),
        ("identify", Value::Null),
        ("identify", json!({ "seconds": null })),
        ("identify", json!({ "seconds": 300 })),
        ("test-pattern", json!({ "seconds": 1 })),
        ("decide", json!({ "order": [] })),
        ("decide", json!({ "order": ["c-1", "vn,vn-1", "vn/86,c-1"] })),
        ("decide", json!({ "order": names[..100] })),
        ("report-since", json!({ "n": 0 })),
        ("report-since", json!({ "n": (1_u64 << 53) - 1 })),
        ("reload", json!({})),
    ] {
        agree_on_command(json!({ "command": name, "arguments": arguments }), true);
    }
    for (name, arguments) in [
        ("open-the-door", json!({})),
        ("screen", json!([])),
        ("screen", json!({ "seconds": 5 })),
        ("reload", json!({ "x": null })),
        ("identify", json!({ "second": 5 })),
        ("identify", json!({ "seconds": 0 })),
        ("identify", json!({ "seconds": 301 })),
        ("identify", json!({ "seconds": 1.5 })),
        ("test-pattern", json!({ "seconds": "30" })),
        ("test-pattern", json!({ "seconds": -1 })),
        ("brightness", json!({})),
        ("brightness", Value::Null),
        ("brightness", json!({ "percent": null })),
        ("brightness", json!({ "percent": 0 })),
        ("brightness", json!({ "percent": 101 })),
        ("brightness", json!({ "percent": "full" })),
        ("brightness", json!({ "percent": true })),
        ("brightness", json!({ "percent": 40.5 })),
        ("brightness", json!({ "percent": 40, "until": 7 })),
        ("brightness", json!({ "percent": 40, "until": "soon" })),
        ("brightness", json!({ "percent": 40, "for": 7 })),
        ("brightness", json!({ "percent": "auto", "until": "2026-11-23T20:00:00+07:00" })),
        ("report-since", json!({})),
        ("report-since", json!({ "n": null })),
        ("report-since", json!({ "n": -1 })),
        ("report-since", json!({ "n": 1_u64 << 53 })),
        ("report-since", json!({ "n": 1, "m": 2 })),
        ("decide", json!({})),
        ("decide", Value::Null),
        ("decide", json!({ "order": null })),
        ("decide", json!({ "order": "86-1" })),
        ("decide", json!({ "order": names })),
        ("decide", json!({ "order": [7] })),
        ("decide", json!({ "order": ["vn/8,x"] })),
        ("decide", json!({ "order": ["vn,.x"] })),
        ("decide", json!({ "order": ["86-1", "86-1"] })),
    ] {
        agree_on_command(json!({ "command": name, "arguments": arguments }), false);
    }
    for (field, value, good) in [
        ("unknown", json!({}), true),
        ("version", json!(2), false),
        ("version", Value::Null, false),
        ("id", json!("a".repeat(64)), true),
        ("id", json!("a".repeat(65)), false),
        ("id", json!("a/b"), false),
        ("id", json!(".a"), false),
        ("sender", json!("vn"), true),
        ("sender", json!("vn/8"), false),
        ("to", json!(vec!["vn"; 64]), true),
        ("to", json!(vec!["vn"; 65]), false),
        ("to", json!([]), false),
        ("to", json!(7), false),
        ("sent", json!("now"), false),
        ("sent", json!("2026-11-23T08:00:00"), false),
        ("not_after", Value::Null, false),
        ("command", Value::Null, false),
        ("command", json!("Screen"), false),
    ] {
        let mut changes = serde_json::Map::new();
        changes.insert(field.to_owned(), value);
        agree_on_command(changes.into(), good);
    }
}

#[test]
fn every_example_follows_its_schema_and_its_reader() {
    for (name, _) in schemas() {
        let validator = validator(name);
        let found = examples::of(name);
        assert!(!found.is_empty(), "{name} has no example");
        for example in found {
            let faults: Vec<_> =
                validator.iter_errors(&example).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{name}: {example}: {faults:?}");
            let text = example.to_string();
            match name {
                "command.schema.json" => {
                    assert!(command::read::read(text.as_bytes(), [0; 32]).is_ok(), "{text}");
                }
                "notice.schema.json" => {
                    assert!(notice::read(text.as_bytes()).is_ok(), "{text}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn signed_examples_are_signed() {
    for name in ["notice.schema.json", "command.schema.json"] {
        let text = examples::signed(name);
        let (typ, key) = examples::signer(name);
        let from = jiff::Timestamp::UNIX_EPOCH;
        let area = crate::area::Area::parse("vn").expect("an area");
        let trusted = trusted_toml(&key.verifying_key(), &area, &[Class::Emergency], from);
        let trusted = Trusted::parse(&trusted).expect("what we write we can read");
        let verified = verify(text.as_bytes(), typ, &trusted).expect("verifies");
        let payload: Value = serde_json::from_slice(&verified.payload).expect("JSON");
        assert_eq!(payload, examples::of(name)[0], "{name}");
    }
}

#[test]
fn the_example_of_a_batch_has_the_hash_of_its_line() {
    let batch = ledger::verify(examples::batch_line().as_bytes(), Some(ledger::NO_HASH));
    assert_eq!(batch.expect("sound").showings.len(), 1);
}

#[test]
fn a_cancel_needs_no_content() {
    let mut notice: Value =
        serde_json::from_str(notice::read::EXAMPLE).expect("the example is JSON");
    notice["kind"] = "cancel".into();
    notice["content"] = Value::Null;
    assert!(validator("notice.schema.json").is_valid(&notice));
    notice.as_object_mut().expect("an object").remove("content");
    assert!(validator("notice.schema.json").is_valid(&notice));
}

#[test]
fn receipts_follow_their_schema() {
    let sender = crate::area::Area::parse("vn/86").expect("an area");
    let key = Key { sender, id: "86-1".into() };
    let at = jiff::Timestamp::UNIX_EPOCH;
    let mut receipt = Receipt::new(&key, 1, State::Shown, true, at);
    receipt.problems.push(bangtin_renderer::Problem::new("a", "b", "c", 1, 2));
    receipt.latency_ms = Some(1.5);
    let report: Value = serde_json::from_slice(&line(&receipt)).expect("JSON");
    let validator = validator("receipt.schema.json");
    let faults: Vec<_> = validator.iter_errors(&report).map(|f| f.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert!(!validator.is_valid(&json!({ "notice": "86-1", "state": "lost" })));
}

#[test]
fn the_topics_refer_to_what_is_there() {
    let document = asyncapi::document();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let found = match reference.strip_prefix('#') {
                Some(pointer) => document.pointer(pointer).is_some(),
                None => schemas().iter().any(|(name, _)| reference == format!("./{name}")),
            };
            assert!(found, "{reference} refers to nothing");
        }
        match value {
            Value::Object(object) => open.extend(object.values()),
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
}
