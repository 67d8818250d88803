//! Pictures on their way: asked for, kept, decoded elsewhere. A notice waits for its pictures, an
//! emergency never does.

use tracing::warn;

use super::*;
use crate::assets::Errands;
use crate::jobs::Decoded;
use crate::notice::{Class, Kind, Notice};

impl Board {
    /// How long a notice waits for pictures that are not here; `None` when it need not.
    pub(super) fn wait_ms(&self, notice: &Notice) -> Option<u64> {
        let pictures = self.assets.pictures();
        let missing = names(notice).any(|sha256| !pictures.contains_key(sha256));
        let waits = missing && notice.class != Class::Emergency;
        waits.then(|| u64::from(self.config.picture_wait_s) * 1000)
    }

    /// A notice is held: its pictures are wanted.
    pub(super) fn want_pictures(&mut self, notice: &Notice) {
        let is_emergency = notice.class == Class::Emergency;
        let errands = match notice.kind {
            Kind::Cancel => self.assets.unwant(&notice.key),
            Kind::Alert | Kind::Update => {
                self.assets.want(&notice.key, names(notice), is_emergency)
            }
        };
        self.run_errands(errands);
    }

    /// A notice is held no more.
    pub(super) fn unwant_pictures(&mut self, key: &Key) {
        let errands = self.assets.unwant(key);
        self.run_errands(errands);
    }

    /// A notice has its turn: its pictures are to stay.
    pub(super) fn touch_pictures(&mut self, key: &Key) {
        let errands = self.assets.touch(key);
        self.run_errands(errands);
    }

    /// A picture came from the broker.
    pub(super) fn picture(&mut self, message: &Message) {
        let sha256 = self.assets.sha256_of(&message.topic).map(str::to_owned);
        if let Some(sha256) = sha256 {
            self.found_picture(&sha256, &message.payload);
        }
        self.acknowledge(message.token);
    }

    /// A picture came, from the broker or a folder.
    pub fn found_picture(&mut self, sha256: &str, bytes: &[u8]) {
        match self.assets.received(sha256, bytes) {
            Ok(errands) => self.run_errands(errands),
            Err(problem) => warn!(sha256, %problem, "picture refused"),
        }
    }

    /// The pictures that the board waits for, by their SHA-256.
    pub fn pictures_asked(&self) -> BTreeSet<String> {
        self.assets.asked().map(str::to_owned).collect()
    }

    /// The disk has read a picture, or could not.
    pub(super) fn picture_read(
        &mut self,
        sha256: &str,
        read: Result<Vec<(String, Vec<u8>)>, String>,
    ) {
        let bytes = read.map(|read| read.into_iter().next().unwrap_or_default().1);
        let errands = self.assets.read_back(sha256, bytes.as_deref().map_err(Clone::clone));
        self.run_errands(errands);
    }

    /// A picture was decoded.
    pub fn decoded(&mut self, decoded: Decoded) {
        let errands = self.assets.decoded(decoded);
        self.run_errands(errands);
    }

    pub(super) fn run_errands(&mut self, errands: Errands) {
        let Errands { subscribe, unsubscribe, disk, decode, changed } = errands;
        if !changed.is_empty() {
            self.door.pictures.clone_from(self.assets.pictures());
        }
        self.effects.extend(subscribe.into_iter().map(Effect::Subscribe));
        self.effects.extend(unsubscribe.into_iter().map(Effect::Unsubscribe));
        for operation in disk {
            let purpose = match &operation {
                Operation::Save { name, .. } => Purpose::SavePicture { sha256: name.clone() },
                Operation::Read { name } => Purpose::ReadPicture { sha256: name.clone() },
                Operation::Forget { .. } | Operation::Rename { .. } => Purpose::Housekeeping,
            };
            self.submit(Folder::Assets, vec![operation], purpose);
        }
        self.effects.extend(decode.into_iter().map(Effect::Decode));
        for key in changed {
            // Composed anew for its next turn, with what has come.
            self.latest = self.latest.take().filter(|(latest, ..)| *latest != key);
            if let Some(kept) = self.kept.get_mut(&key) {
                kept.is_readable = false;
            }
            if !self.assets.is_waiting(&key) {
                self.sign.ready(&key);
            }
        }
    }
}

fn names(notice: &Notice) -> impl Iterator<Item = &str> {
    let pictures = notice.content.iter().flat_map(|content| &content.pictures);
    pictures.map(|picture| picture.sha256.as_str())
}
