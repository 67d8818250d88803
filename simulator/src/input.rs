//! What commands read: notices from files or standard input, and their pictures.
#![expect(clippy::disallowed_methods, reason = "this is the file that reads drafts")]

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use bangtin_agent::notice::NOTICE_MAX_BYTES;
use bangtin_agent::pages::Pictures;
use bangtin_renderer::Picture;
use sha2::{Digest, Sha256};

/// Reads a notice's bytes; `-` is standard input.
///
/// # Errors
/// When there is nothing to read, or more than a notice may have.
pub fn notice(name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = NOTICE_MAX_BYTES as u64;
    let read = match name {
        "-" => std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes),
        path => File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)),
    };
    read.with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > limit {
        bail!("{name} has more than {limit} bytes, the most a notice may have; shorten it");
    }
    if bytes.trim_ascii_start().starts_with(b"<") {
        bail!("{name} is XML; this version reads notices in JSON");
    }
    Ok(bytes)
}

/// Reads the pictures of a folder whose SHA-256 stands in a notice.
///
/// # Errors
/// When the folder cannot be read, or such a picture cannot be decoded.
pub fn pictures(folder: &Path, notice: &str) -> anyhow::Result<Pictures> {
    let named = notice.to_ascii_lowercase();
    let mut pictures = Pictures::new();
    let unread = || format!("{} cannot be read", folder.display());
    for entry in fs::read_dir(folder).with_context(unread)? {
        let path = entry.with_context(unread)?.path();
        let mut bytes = Vec::new();
        let limit = Picture::MAX_BYTES as u64 + 1;
        let read = File::open(&path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        // A folder in the folder is no picture.
        if path.is_dir() || read.with_context(|| format!("{} cannot be read", path.display()))? == 0
        {
            continue;
        }
        let digest: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if !named.contains(&digest) {
            continue;
        }
        match Picture::decode(&bytes) {
            Ok(picture) => drop(pictures.insert(digest, Arc::new(picture))),
            Err(problem) => bail!("{}: {problem}", path.display()),
        }
    }
    Ok(pictures)
}
