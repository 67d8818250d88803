//! The pictures that notices name by the SHA-256 of their files: found in a folder, and sent to a
//! broker before the notice.
#![expect(clippy::disallowed_methods, reason = "pictures are files, and sending them takes time")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use bangtin_agent::io::mqtt::Link;
use bangtin_agent::message::{PACKET_LIMIT, Retained};
use bangtin_agent::notice::Notice;
use bangtin_renderer::Picture;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use crate::console;

/// Files over so many bytes are no pictures; they are passed over unread.
const FILE_MAX_BYTES: u64 = 16 * Picture::MAX_BYTES as u64;
/// Largest picture that a link carries, in bytes: its topic and the packet's head take less than
/// the rest.
const SENT_MAX_BYTES: usize = PACKET_LIMIT - 1024;
/// How long a broker may take for one picture.
const PATIENCE: Duration = Duration::from_secs(60);

/// A picture that a notice names.
pub struct PictureFile {
    /// SHA-256 of its bytes, in small hexadecimal digits.
    pub sha256: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// What it shows.
    pub picture: Arc<Picture>,
}

/// Finds the pictures that a notice names among the files of a folder, by their SHA-256; each
/// once, whatever the number of its copies.
///
/// # Errors
/// When the folder cannot be read, or such a picture is too large or cannot be decoded.
pub fn find(folder: &Path, notice: &Notice) -> anyhow::Result<Vec<PictureFile>> {
    let mut missing = named(notice);
    let mut found = Vec::new();
    let unread = || format!("{} cannot be read", folder.display());
    for entry in fs::read_dir(folder).with_context(unread)? {
        let path = entry.with_context(unread)?.path();
        let context = || format!("{} cannot be read", path.display());
        let about = fs::metadata(&path).with_context(context)?;
        if missing.is_empty() || !about.is_file() || about.len() > FILE_MAX_BYTES {
            continue;
        }
        let mut bytes = Vec::new();
        let read =
            File::open(&path).and_then(|file| file.take(FILE_MAX_BYTES).read_to_end(&mut bytes));
        read.with_context(context)?;
        let digest = Sha256::digest(&bytes);
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if !missing.remove(&sha256) {
            continue;
        }
        match Picture::decode(&bytes) {
            Ok(picture) => found.push(PictureFile { sha256, bytes, picture: Arc::new(picture) }),
            Err(problem) => bail!("{}: {problem}", path.display()),
        }
    }
    Ok(found)
}

/// The pictures that a notice names, by their SHA-256.
fn named(notice: &Notice) -> BTreeSet<String> {
    let pictures = notice.content.iter().flat_map(|content| &content.pictures);
    pictures.map(|picture| picture.sha256.clone()).collect()
}

/// The pictures of a notice that a folder holds, all of them fit to be sent. Those that it does
/// not hold are said.
///
/// # Errors
/// As [`find`], and when one is larger than what a link carries.
pub fn sendable(folder: &Path, notice: &Notice) -> anyhow::Result<Vec<PictureFile>> {
    let pictures = find(folder, notice)?;
    for PictureFile { sha256, bytes, .. } in &pictures {
        if bytes.len() > SENT_MAX_BYTES {
            let size = bytes.len();
            bail!(
                "picture {sha256} has {size} bytes, a link carries {SENT_MAX_BYTES}; save it smaller"
            );
        }
    }
    for missing in named(notice) {
        if pictures.iter().all(|found| found.sha256 != missing) {
            let folder = folder.display();
            console::complain(&format!(
                "picture {missing} is not in {folder}; boards show the notice without it, unless \
                 the broker has it already"
            ));
        }
    }
    Ok(pictures)
}

/// Publishes pictures where boards look for them, one after the other: they are large.
///
/// # Errors
/// When the broker does not take one in time.
pub async fn send(link: &Link, prefix: &str, pictures: Vec<PictureFile>) -> anyhow::Result<()> {
    for PictureFile { sha256, bytes, .. } in pictures {
        link.publish(format!("{prefix}/asset/{sha256}"), bytes, Retained::Yes);
        timeout(PATIENCE, link.flush())
            .await
            .map_err(|_| anyhow!("the broker did not take picture {sha256}"))?;
        if link.dropped() > 0 {
            bail!("the broker refuses picture {sha256}, or messages of its size");
        }
    }
    Ok(())
}
