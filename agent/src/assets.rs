//! Pictures, which notices name by the SHA-256 of their files: asked for when a notice names them,
//! checked, decoded elsewhere, and kept within bounds. Pictures that an emergency names never make
//! room for others.

mod room;
mod stage;

use std::collections::BTreeMap;
use std::sync::Arc;

use bangtin_renderer::{Picture, Problem};
use sha2::{Digest, Sha256};

use crate::jobs::{Decode, Decoded, Operation};
use crate::notice::Key;

use room::{BOUNDS, Bounds};
use stage::{Asset, Stage};

/// The pictures that are here, by the SHA-256 of their files in small hexadecimal digits.
pub type Pictures = BTreeMap<String, Arc<Picture>>;

/// Most pictures that are read or decoded at once, each file of up to
/// [`Picture::MAX_BYTES`]; as many again when emergencies name them.
pub const UNDER_WAY_MAX: usize = 4;

/// Most pictures that the broker is asked for at once, those of emergencies apart.
pub const ASKED_MAX: usize = 256;

/// A board's pictures: which are here, which are wanted, by whom.
pub struct Assets {
    /// Begins the topic of every picture.
    topic: String,
    /// The panel's columns and rows.
    most: (u32, u32),
    bounds: Bounds,
    known: BTreeMap<String, Asset>,
    named: BTreeMap<Key, Vec<String>>,
    pictures: Pictures,
    /// Counts wishes; the picture with the lowest is the least recently wanted.
    wishes: u64,
    asked: usize,
    under_way: usize,
    queued: usize,
    ignored: u64,
}

/// What is to be done for the pictures, by others.
#[derive(Debug, Default, PartialEq)]
pub struct Errands {
    /// Topics to subscribe to.
    pub subscribe: Vec<String>,
    /// Topics to subscribe to no more.
    pub unsubscribe: Vec<String>,
    /// What the disk is to do in [`Folder::Assets`](crate::jobs::Folder), each a job of its own.
    pub disk: Vec<Operation>,
    /// Pictures to decode.
    pub decode: Vec<Decode>,
    /// Notices of which a picture has come, or will not come: whether they still wait tells
    /// [`Assets::is_waiting`].
    pub changed: Vec<Key>,
}

impl Assets {
    /// A board's pictures with the files, names and lengths, that its disk holds. Files over the
    /// bounds are to be removed; those that are no pictures' are left alone.
    pub fn new(
        prefix: &str,
        most: (u32, u32),
        files: impl IntoIterator<Item = (String, u64)>,
    ) -> (Self, Errands) {
        Self::within(BOUNDS, prefix, most, files)
    }

    fn within(
        bounds: Bounds,
        prefix: &str,
        most: (u32, u32),
        files: impl IntoIterator<Item = (String, u64)>,
    ) -> (Self, Errands) {
        let mut assets = Self {
            topic: format!("{prefix}/asset/"),
            most,
            bounds,
            known: BTreeMap::new(),
            named: BTreeMap::new(),
            pictures: Pictures::new(),
            wishes: 0,
            asked: 0,
            under_way: 0,
            queued: 0,
            ignored: 0,
        };
        let mut errands = Errands::default();
        for (name, bytes) in files.into_iter().filter(|(name, _)| is_sha256(name)) {
            let fits = bytes <= Picture::MAX_BYTES as u64;
            if fits && assets.make_file_room((false, false, 1), bytes, &mut errands) {
                assets.asset(&name).file_bytes = Some(bytes);
            } else {
                errands.disk.push(Operation::Forget { name });
            }
        }
        (assets, errands)
    }

    /// The pictures that are here.
    pub fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// The SHA-256 that a topic is about; `None` where it is no picture's.
    pub fn sha256_of<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(&self.topic).filter(|name| is_sha256(name))
    }

    /// The pictures that the broker was asked for and that did not come yet: after a lost session
    /// they are to be subscribed to again, and a folder may bring them.
    pub fn asked(&self) -> impl Iterator<Item = &str> {
        let asked = self.known.iter().filter(|(_, asset)| asset.stage == Stage::Asked);
        asked.map(|(sha256, _)| sha256.as_str())
    }

    /// The topic of a picture.
    pub fn topic(&self, sha256: &str) -> String {
        format!("{}{sha256}", self.topic)
    }

    /// Pictures that came without being asked for.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Whether pictures of a notice are on their way.
    pub fn is_waiting(&self, key: &Key) -> bool {
        let on_its_way = |asset: &Asset| {
            matches!(asset.stage, Stage::Asked | Stage::Queued | Stage::Reading | Stage::Decoding)
        };
        self.of(key).any(|(_, asset)| on_its_way(asset))
    }

    /// What a receipt says about a notice's pictures: `picture_missing` and `picture_unreadable`.
    pub fn problems(&self, key: &Key) -> Vec<Problem> {
        let problem = |(sha256, asset): (&str, &Asset)| match &asset.stage {
            Stage::Here => None,
            Stage::Unreadable(Problem { message, limit, .. }) => {
                let message = format!("picture {sha256}: {message}");
                Some(Problem::new("picture_unreadable", "", message, sha256, limit))
            }
            _ if asset.file_bytes.is_some() => None,
            _ => {
                let topic = self.topic(sha256);
                let message = format!("picture {sha256} is not here; publish it retained: {topic}");
                Some(Problem::new("picture_missing", "", message, sha256, ""))
            }
        };
        self.of(key).filter_map(problem).collect()
    }

    /// A notice names these pictures from now on and no others. What is here or on the disk is
    /// not asked for.
    pub fn want<'a>(
        &mut self,
        key: &Key,
        pictures: impl IntoIterator<Item = &'a str>,
        is_emergency: bool,
    ) -> Errands {
        let mut errands = Errands::default();
        let mut named: Vec<String> = pictures.into_iter().map(str::to_owned).collect();
        named.sort_unstable();
        named.dedup();
        let before = self.named.remove(key).unwrap_or_default();
        for sha256 in &named {
            self.asset(sha256).named_by.insert(key.clone(), is_emergency);
        }
        for sha256 in before.iter().filter(|sha256| !named.contains(sha256)) {
            self.release(key, sha256, &mut errands);
        }
        for sha256 in &named {
            self.fetch(sha256, is_emergency, &mut errands);
        }
        if !named.is_empty() {
            self.named.insert(key.clone(), named);
        }
        self.go_on(&mut errands);
        errands
    }

    /// A notice is held no more.
    pub fn unwant(&mut self, key: &Key) -> Errands {
        self.want(key, [], false)
    }

    /// A notice has its turn soon: its pictures are the ones wanted most recently, and those that
    /// made room for others are fetched again.
    pub fn touch(&mut self, key: &Key) -> Errands {
        let mut errands = Errands::default();
        for sha256 in self.named.get(key).cloned().unwrap_or_default() {
            self.fetch(&sha256, true, &mut errands);
        }
        self.go_on(&mut errands);
        errands
    }

    /// A file came, from the broker or a folder. One that nobody waits for is ignored and counted;
    /// an empty one says nothing. Checked here are its length and SHA-256; it is not decoded.
    ///
    /// # Errors
    /// `picture_bytes` or `picture_hash`; the broker may still bring the right one.
    pub fn received(&mut self, sha256: &str, bytes: &[u8]) -> Result<Errands, Problem> {
        let mut errands = Errands::default();
        if bytes.is_empty() {
            return Ok(errands);
        }
        let waited_for = |asset: &&Asset| matches!(asset.stage, Stage::Asked | Stage::Queued);
        let Some(asset) = self.known.get(sha256).filter(waited_for) else {
            self.ignored += 1;
            return Ok(errands);
        };
        let (urgent, asked) = (asset.is_urgent(), asset.stage == Stage::Asked);
        check(sha256, bytes)?;
        if asked {
            errands.unsubscribe.push(self.topic(sha256));
        }
        let free = if urgent { 2 * UNDER_WAY_MAX } else { UNDER_WAY_MAX } > self.under_way;
        if free {
            self.decode(sha256, bytes.into(), &mut errands);
        } else {
            self.enter(sha256, Stage::Queued);
        }
        self.go_on(&mut errands);
        Ok(errands)
    }

    /// The disk has read a file, or could not. One that is not what its name says is removed, and
    /// asked for again.
    pub fn read_back(&mut self, sha256: &str, bytes: Result<&[u8], String>) -> Errands {
        let mut errands = Errands::default();
        if self.known.get(sha256).is_none_or(|asset| asset.stage != Stage::Reading) {
            return errands;
        }
        match bytes {
            Ok(bytes) if check(sha256, bytes).is_ok() => {
                self.decode(sha256, bytes.into(), &mut errands);
            }
            _ => {
                self.forget_file(sha256, &mut errands);
                self.enter(sha256, Stage::Away);
                if self.known.get(sha256).is_some_and(|asset| !asset.named_by.is_empty()) {
                    self.ask(sha256, &mut errands);
                }
                self.settled(sha256, &mut errands);
            }
        }
        self.go_on(&mut errands);
        errands
    }

    /// A file could not be saved: it is here for as long as there is room in memory.
    pub fn not_saved(&mut self, sha256: &str) {
        if let Some(asset) = self.known.get_mut(sha256) {
            asset.file_bytes = None;
        }
        self.tidy(sha256);
    }

    /// A picture was decoded, or is none; such a one is not asked for again while a notice names it.
    pub fn decoded(&mut self, decoded: Decoded) -> Errands {
        let mut errands = Errands::default();
        let Decoded { sha256, bytes, picture } = decoded;
        let Some(asset) = self.known.get(&sha256).filter(|a| a.stage == Stage::Decoding) else {
            return errands;
        };
        let (rank, on_disk) = (asset.rank(), asset.file_bytes.is_some());
        match picture {
            Err(problem) => {
                self.forget_file(&sha256, &mut errands);
                self.enter(&sha256, Stage::Unreadable(problem));
            }
            Ok(picture) => {
                let length = bytes.len() as u64;
                if !on_disk && self.make_file_room(rank, length, &mut errands) {
                    self.asset(&sha256).file_bytes = Some(length);
                    errands.disk.push(Operation::Save { name: sha256.clone(), bytes });
                }
                let here = self.make_room(rank, room::decoded_bytes(&picture));
                self.enter(&sha256, if here { Stage::Here } else { Stage::Away });
                if here {
                    self.pictures.insert(sha256.clone(), picture);
                }
            }
        }
        self.settled(&sha256, &mut errands);
        self.go_on(&mut errands);
        errands
    }
}

/// Whether a file is the one that its name says, and of a size that is decoded.
fn check(sha256: &str, bytes: &[u8]) -> Result<(), Problem> {
    let (length, limit) = (bytes.len(), Picture::MAX_BYTES);
    if length > limit {
        let message = format!("picture {sha256} has {length} bytes, the limit is {limit}");
        return Err(Problem::new("picture_bytes", "", message, length, limit));
    }
    let digest = Sha256::digest(bytes);
    let met: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if met != sha256 {
        let message = format!("picture {sha256} came with other bytes, whose SHA-256 is {met}");
        return Err(Problem::new("picture_hash", "", message, met, sha256));
    }
    Ok(())
}

/// Whether a name is a SHA-256 in small hexadecimal digits.
pub fn is_sha256(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
