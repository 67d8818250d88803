//! What others need to speak with boards: JSON Schemas of what is sent, and an AsyncAPI document of
//! the topics. They lie in `docs/`, generated from the types by the tests, so that no board
//! carries the means to write them. After a wanted change run the tests with `BANGTIN_ACCEPT=1`.

mod asyncapi;
mod examples;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::command::{self, Answer};
use crate::ledger::Batch;
use crate::notice;
use crate::report::{Receipt, Status};

/// The schemas, each with the name of its file. Draft 7, which AsyncAPI refers to.
fn schemas() -> Vec<(&'static str, Schema)> {
    let mut schemas = vec![
        ("notice.schema.json", read::<notice::schema::Document>()),
        ("command.schema.json", read::<command::schema::Document>()),
        ("receipt.schema.json", written::<Receipt>()),
        ("status.schema.json", written::<Status>()),
        ("answer.schema.json", written::<Answer>()),
        ("played.schema.json", written::<Batch>()),
    ];
    for (name, schema) in &mut schemas {
        schema.insert("examples".into(), examples::of(name).into());
    }
    schemas
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
mod tests;
