//! What becomes of each picture, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use bangtin_renderer::Problem;

use super::{ASKED_MAX, Assets, Errands, UNDER_WAY_MAX};
use crate::jobs::{Decode, Operation};
use crate::notice::Key;

/// A picture that is named, or has a file.
#[derive(Debug)]
pub(super) struct Asset {
    /// The notices that name it, and whether each is an emergency.
    pub named_by: BTreeMap<Key, bool>,
    pub stage: Stage,
    /// Length of its file on the disk.
    pub file_bytes: Option<u64>,
    pub wanted_at: u64,
}

/// What becomes of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is not here, and fetched again when its notice has its turn.
    Away,
    /// The broker was asked for it.
    Asked,
    /// It could come, and waits until others are decoded.
    Queued,
    /// The disk was asked for it.
    Reading,
    /// It is being decoded.
    Decoding,
    /// It is here.
    Here,
    /// Its file holds no picture that can be decoded.
    Unreadable(Problem),
}

/// The value of a picture to the board, least first: whether an emergency names it, whether any
/// notice does, when it was last wanted.
pub(super) type Rank = (bool, bool, u64);

impl Asset {
    pub fn is_urgent(&self) -> bool {
        self.named_by.values().any(|urgent| *urgent)
    }

    pub fn rank(&self) -> Rank {
        (self.is_urgent(), !self.named_by.is_empty(), self.wanted_at)
    }
}

impl Assets {
    pub(super) fn of(&self, key: &Key) -> impl Iterator<Item = (&str, &Asset)> {
        let named = self.named.get(key).into_iter().flatten();
        named.filter_map(|sha256| Some((sha256.as_str(), self.known.get(sha256)?)))
    }

    pub(super) fn asset(&mut self, sha256: &str) -> &mut Asset {
        self.known.entry(sha256.to_owned()).or_insert_with(|| Asset {
            named_by: BTreeMap::new(),
            stage: Stage::Away,
            file_bytes: None,
            wanted_at: 0,
        })
    }

    /// Brings a picture to another stage.
    pub(super) fn enter(&mut self, sha256: &str, stage: Stage) {
        let Some(asset) = self.known.get_mut(sha256) else { return };
        let count = |of: fn(&Stage) -> bool, count: usize| {
            count + usize::from(of(&stage)) - usize::from(of(&asset.stage))
        };
        self.asked = count(|stage| *stage == Stage::Asked, self.asked);
        self.queued = count(|stage| *stage == Stage::Queued, self.queued);
        let under_way = |stage: &Stage| matches!(stage, Stage::Reading | Stage::Decoding);
        self.under_way = count(under_way, self.under_way);
        asset.stage = stage;
    }

    /// Wants a picture. One that is away is read where there is room for it, or in any case when
    /// its notice has its turn.
    pub(super) fn fetch(&mut self, sha256: &str, now: bool, errands: &mut Errands) {
        self.wishes += 1;
        let wanted_at = self.wishes;
        let room = self.has_room();
        let asset = self.asset(sha256);
        asset.wanted_at = wanted_at;
        match (&asset.stage, asset.file_bytes) {
            (Stage::Away, Some(_)) if now || room => self.enter(sha256, Stage::Queued),
            (Stage::Away, None) => self.ask(sha256, errands),
            _ => {}
        }
    }

    /// Asks the broker.
    pub(super) fn ask(&mut self, sha256: &str, errands: &mut Errands) {
        let urgent = self.known.get(sha256).is_some_and(Asset::is_urgent);
        if urgent || self.asked < ASKED_MAX {
            self.enter(sha256, Stage::Asked);
            errands.subscribe.push(self.topic(sha256));
        }
    }

    pub(super) fn decode(&mut self, sha256: &str, bytes: Arc<[u8]>, errands: &mut Errands) {
        self.enter(sha256, Stage::Decoding);
        errands.decode.push(Decode { sha256: sha256.to_owned(), bytes, most: self.most });
    }

    /// Lets those that wait go on where hands are free, the most wanted first.
    pub(super) fn go_on(&mut self, errands: &mut Errands) {
        for _ in self.under_way..UNDER_WAY_MAX {
            if self.queued == 0 {
                return;
            }
            let queued = self.known.iter().filter(|(_, asset)| asset.stage == Stage::Queued);
            let foremost = queued.max_by_key(|(_, asset)| asset.rank());
            let Some((sha256, asset)) = foremost else { return };
            let (sha256, on_disk) = (sha256.clone(), asset.file_bytes.is_some());
            if on_disk {
                self.enter(&sha256, Stage::Reading);
                errands.disk.push(Operation::Read { name: sha256 });
            } else {
                // Its file came at a bad time; the broker still has it.
                self.enter(&sha256, Stage::Asked);
                errands.subscribe.push(self.topic(&sha256));
            }
        }
    }

    /// A notice names a picture no more.
    pub(super) fn release(&mut self, key: &Key, sha256: &str, errands: &mut Errands) {
        let Some(asset) = self.known.get_mut(sha256) else { return };
        asset.named_by.remove(key);
        if !asset.named_by.is_empty() {
            return;
        }
        match asset.stage {
            Stage::Asked => {
                errands.unsubscribe.push(self.topic(sha256));
                self.enter(sha256, Stage::Away);
            }
            Stage::Queued => self.enter(sha256, Stage::Away),
            _ => {}
        }
        self.tidy(sha256);
    }

    /// Tells the notices that name a picture what became of it.
    pub(super) fn settled(&mut self, sha256: &str, errands: &mut Errands) {
        if let Some(asset) = self.known.get(sha256) {
            errands.changed.extend(asset.named_by.keys().cloned());
        }
        self.tidy(sha256);
    }

    /// Forgets what nobody names and what is nowhere.
    pub(super) fn tidy(&mut self, sha256: &str) {
        let idle = |asset: &Asset| {
            let nowhere = matches!(asset.stage, Stage::Away | Stage::Unreadable(_));
            nowhere && asset.named_by.is_empty() && asset.file_bytes.is_none()
        };
        if self.known.get(sha256).is_some_and(idle) {
            self.known.remove(sha256);
        }
    }

    pub(super) fn forget_file(&mut self, sha256: &str, errands: &mut Errands) {
        if self.known.get_mut(sha256).and_then(|asset| asset.file_bytes.take()).is_some() {
            errands.disk.push(Operation::Forget { name: sha256.to_owned() });
        }
    }
}
