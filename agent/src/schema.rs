//! What others need to speak with boards: JSON Schemas of what is sent, and an AsyncAPI document of
//! the topics. They lie in `docs/`, generated from the types by the tests below, so that no board
//! carries the means to write them. After a wanted change run the tests with `BANGTIN_ACCEPT=1`.

mod asyncapi;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::notice;
use crate::report::{Receipt, Status};

/// The schemas, each with the name of its file. Draft 7, which AsyncAPI refers to.
fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("notice.schema.json", read::<notice::schema::Document>()),
        ("receipt.schema.json", written::<Receipt>()),
        ("status.schema.json", written::<Status>()),
    ]
}

/// The schema of what boards read.
fn read<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07().for_deserialize().into_generator().into_root_schema_for::<T>()
}

/// The schema of what boards write.
fn written<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// All documents, each with the name of its file.
fn documents() -> Vec<(&'static str, Value)> {
    let schemas = schemas().into_iter().map(|(name, schema)| (name, schema.to_value()));
    schemas.chain([("asyncapi.json", asyncapi::document())]).collect()
}

/// Why something is refused, or what was left out of the picture.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is all that is wanted; the renderer's own has none")]
pub(crate) struct Problem {
    /// Stable name of the kind of problem.
    code: String,
    /// Where in the document; empty for the whole.
    path: String,
    /// One plain line for a person.
    message: String,
    /// The value that was met.
    value: String,
    /// The limit that it breaks.
    limit: String,
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the documents and the samples are files")]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use jsonschema::Validator;
    use serde_json::json;

    use super::*;
    use crate::notice::Key;
    use crate::report::{State, line};

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

    /// A value at a field of the example; the reader and the schema say the same of it.
    #[track_caller]
    fn agree(field: &str, value: Value, good: bool) {
        let mut notice: Value =
            serde_json::from_str(notice::read::EXAMPLE).expect("the example is JSON");
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
}
