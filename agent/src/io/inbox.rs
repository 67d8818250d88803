//! A way in without a link: a folder, such as a USB stick, whose signed files pass the same door as
//! the network's. The files stay where they are.
#![expect(clippy::disallowed_methods, reason = "this is the file that reads the folder")]

mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bangtin_renderer::Picture;
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::assets::is_sha256;
use crate::notice::NOTICE_MAX_BYTES;

pub use watch::Watch;

/// Most notices and pictures of a folder that are looked at.
pub const FILES_MAX: usize = 1_000;

/// Most names of a folder that are read to find them.
const NAMES_MAX: usize = 10 * FILES_MAX;

/// Most bytes that one scan reads; the rest has to wait for the next one.
const SCAN_MAX_BYTES: u64 = 16 << 20;

/// What a folder brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file that calls itself a notice.
    Notice {
        /// Its name, for the log.
        name: String,
        /// What it holds.
        bytes: Vec<u8>,
    },
    /// A picture that is wanted.
    Picture {
        /// SHA-256 of its bytes, in small hexadecimal digits.
        sha256: String,
        /// The file.
        bytes: Vec<u8>,
    },
}

/// A folder and what is known of its files.
#[derive(Debug)]
pub struct Inbox {
    path: PathBuf,
    seen: BTreeMap<String, Seen>,
    /// Wanted pictures that were given.
    given: BTreeSet<String>,
    told_crowded: bool,
}

/// What tells a file from itself while it is still being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    bytes: u64,
    modified: Option<SystemTime>,
}

#[derive(Debug)]
struct Seen {
    mark: Mark,
    /// It was the same in two scans.
    settled: bool,
    /// There is nothing more to do with it.
    done: bool,
    /// Of a picture, once it was read.
    sha256: Option<String>,
}

impl Inbox {
    /// A folder, which need not be there yet.
    pub fn open(path: &Path) -> Self {
        let (seen, given) = (BTreeMap::new(), BTreeSet::new());
        Self { path: path.to_owned(), seen, given, told_crowded: false }
    }

    /// What the folder brings since the last scan: notices once each, and those of the wanted
    /// pictures that it holds, known by their content. A file counts when two scans saw it alike.
    /// A folder that is not there brings nothing.
    ///
    /// Looked at are files ending in `.jws` of up to [`NOTICE_MAX_BYTES`], and pictures, whose
    /// names are a SHA-256 or end in `.png`, `.jpg`, `.jpeg`, `.webp` or `.gif`, of up to
    /// [`Picture::MAX_BYTES`]; not links, and not what lies in folders.
    pub fn scan(&mut self, wanted: &BTreeSet<String>) -> Vec<Found> {
        self.look();
        self.given.retain(|sha256| wanted.contains(sha256));
        let mut found = Vec::new();
        let mut left = SCAN_MAX_BYTES;
        let mut changing = Vec::new();
        let mut files: Vec<_> = self.seen.iter_mut().filter(|(_, seen)| seen.settled).collect();
        // Notices first: to read a stick full of photographs takes minutes.
        files.sort_by_key(|(name, _)| !is_notice(name));
        for (name, seen) in files {
            let worth_reading = if is_notice(name) {
                !seen.done
            } else {
                let of = seen.sha256.as_deref().or(is_sha256(name).then_some(name.as_str()));
                !seen.done
                    && of.map_or(wanted.len() > self.given.len(), |sha256| {
                        wanted.contains(sha256) && !self.given.contains(sha256)
                    })
            };
            if !worth_reading || seen.is_too_long(name) || seen.mark.bytes > left {
                continue;
            }
            left -= seen.mark.bytes;
            let bytes = match read(&self.path.join(name), seen.mark.bytes) {
                Ok(bytes) if bytes.len() as u64 == seen.mark.bytes => bytes,
                Ok(_) => {
                    changing.push(name.clone());
                    continue;
                }
                Err(error) => {
                    warn!(file = name, %error, "a file of the inbox cannot be read");
                    seen.done = true;
                    continue;
                }
            };
            if is_notice(name) {
                seen.done = true;
                found.push(Found::Notice { name: name.clone(), bytes });
                continue;
            }
            let digest = Sha256::digest(&bytes);
            let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            // One that is not what its name says will never be.
            seen.done = is_sha256(name) && sha256 != *name;
            seen.sha256 = Some(sha256.clone());
            if wanted.contains(&sha256) && self.given.insert(sha256.clone()) {
                found.push(Found::Picture { sha256, bytes });
            }
        }
        for name in changing {
            self.seen.remove(&name);
        }
        found
    }

    /// Sees which files are there now. What is gone, or has changed, is new when it comes again.
    fn look(&mut self) {
        let files = self.list().unwrap_or_default();
        match (self.seen.is_empty(), files.is_empty()) {
            (true, false) => info!(folder = %self.path.display(), "the inbox has files"),
            (false, true) => {
                info!(folder = %self.path.display(), "the inbox has no files any more")
            }
            _ => {}
        }
        let mut before = std::mem::take(&mut self.seen);
        for (name, mark) in files {
            let seen = match before.remove(&name).filter(|seen| seen.mark == mark) {
                Some(seen) => Seen { settled: true, ..seen },
                None => Seen { mark, settled: false, done: false, sha256: None },
            };
            self.seen.insert(name, seen);
        }
    }

    fn list(&mut self) -> io::Result<Vec<(String, Mark)>> {
        let mut files = Vec::new();
        let mut crowded = false;
        for (index, entry) in fs::read_dir(&self.path)?.enumerate() {
            if index >= NAMES_MAX || files.len() > FILES_MAX {
                crowded = true;
                break;
            }
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !is_notice(&name) && !is_picture(&name) {
                continue;
            }
            // Of the link itself, not of what it leads to.
            if let Ok(data) = entry.metadata()
                && data.is_file()
            {
                files.push((name, Mark { bytes: data.len(), modified: data.modified().ok() }));
            }
        }
        crowded |= files.len() > FILES_MAX;
        if crowded && !self.told_crowded {
            warn!(limit = FILES_MAX, "the inbox holds more files than are looked at");
        }
        self.told_crowded = crowded;
        files.truncate(FILES_MAX);
        Ok(files)
    }
}

impl Seen {
    /// Whether a file is longer than what it is may be; that is said once.
    fn is_too_long(&mut self, name: &str) -> bool {
        let limit = if is_notice(name) { NOTICE_MAX_BYTES } else { Picture::MAX_BYTES };
        let too_long = self.mark.bytes > limit as u64;
        if too_long {
            let bytes = self.mark.bytes;
            warn!(file = name, bytes, limit, "a file of the inbox is too long");
            self.done = true;
        }
        too_long
    }
}

/// The first bytes of a file, one more than it should have.
fn read(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    open(path)?.take(bytes + 1).read_to_end(&mut read)?;
    Ok(read)
}

/// Opens a file that has not become a link, or something that lets its reader wait.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    options.open(path)
}

fn is_notice(name: &str) -> bool {
    has_ending(name, &[".jws"])
}

fn is_picture(name: &str) -> bool {
    is_sha256(name) || has_ending(name, &[".png", ".jpg", ".jpeg", ".webp", ".gif"])
}

/// Sticks come from machines that write endings in capitals.
fn has_ending(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests;
