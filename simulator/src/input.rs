//! What commands read: notices from files or standard input.
#![expect(clippy::disallowed_methods, reason = "this is the file that reads drafts")]

use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context, bail};
use bangtin_agent::notice::NOTICE_MAX_BYTES;

use crate::document::Document;

/// Reads a notice, JSON or CAP; `-` is standard input.
///
/// # Errors
/// When there is nothing to read, or more than a notice may have.
pub fn notice(name: &str) -> anyhow::Result<Document> {
    let mut bytes = Vec::new();
    let limit = NOTICE_MAX_BYTES as u64;
    let read = match name {
        "-" => io::stdin().lock().take(limit + 1).read_to_end(&mut bytes),
        path => File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)),
    };
    read.with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > limit {
        bail!("{name} has more than {limit} bytes, the most a notice may have; shorten it");
    }
    Ok(Document::new(bytes))
}
