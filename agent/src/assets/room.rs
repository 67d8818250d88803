//! Room for pictures, in memory and on the disk: what makes room for what.

use bangtin_renderer::Picture;

use super::stage::{Asset, Rank, Stage};
use super::{Assets, Errands};

/// Most that is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Decoded pictures.
    pub decoded: usize,
    /// Their bytes in memory.
    pub decoded_bytes: u64,
    /// Files on the disk.
    pub files: usize,
    /// Their bytes.
    pub file_bytes: u64,
}

/// The smallest board has 512 MiB of memory and a card of some gigabytes. A picture of a large
/// panel (1920 × 1080) takes 8 MiB.
pub(super) const BOUNDS: Bounds =
    Bounds { decoded: 256, decoded_bytes: 24 << 20, files: 1_000, file_bytes: 64 << 20 };

/// What a decoded picture takes in memory.
pub(super) fn decoded_bytes(picture: &Picture) -> u64 {
    u64::from(picture.width()) * u64::from(picture.height()) * 4
}

/// Something that is kept: its value, its name, its bytes.
type Kept<'a> = (Rank, &'a str, u64);

/// What is to go so that one more fits, the least valuable first: only what is worth less than the
/// newcomer and no emergency's. `None` where that is not enough.
fn leaving(
    newcomer: (Rank, u64),
    mut kept: Vec<Kept<'_>>,
    most: (usize, u64),
) -> Option<Vec<String>> {
    let (rank, bytes) = newcomer;
    let mut count = kept.len() + 1;
    let mut total = bytes + kept.iter().map(|(.., bytes)| bytes).sum::<u64>();
    if count <= most.0 && total <= most.1 {
        return Some(Vec::new());
    }
    kept.sort_unstable();
    let mut leaving = Vec::new();
    for (_, name, bytes) in kept.into_iter().filter(|(of, ..)| *of < rank && !of.0) {
        if count <= most.0 && total <= most.1 {
            break;
        }
        count -= 1;
        total -= bytes;
        leaving.push(name.to_owned());
    }
    (count <= most.0 && total <= most.1).then_some(leaving)
}

impl Assets {
    /// Whether a picture of the panel's size fits beside those that are here.
    pub(super) fn has_room(&self) -> bool {
        let whole = u64::from(self.most.0) * u64::from(self.most.1) * 4;
        let total = self.pictures.values().map(|picture| decoded_bytes(picture)).sum::<u64>();
        let on_the_way = self.under_way + self.queued;
        self.pictures.len() + on_the_way < self.bounds.decoded
            && total + whole * (on_the_way as u64 + 1) <= self.bounds.decoded_bytes
    }

    /// Makes room in memory; says whether there is any.
    pub(super) fn make_room(&mut self, rank: Rank, bytes: u64) -> bool {
        let of = |sha256: &str| self.known.get(sha256).map(Asset::rank).unwrap_or_default();
        let kept = self.pictures.iter();
        let kept = kept.map(|(name, picture)| (of(name), name.as_str(), decoded_bytes(picture)));
        let most = (self.bounds.decoded, self.bounds.decoded_bytes);
        let Some(leaving) = leaving((rank, bytes), kept.collect(), most) else { return false };
        for sha256 in leaving {
            self.pictures.remove(&sha256);
            self.enter(&sha256, Stage::Away);
            self.tidy(&sha256);
        }
        true
    }

    /// Makes room on the disk; says whether there is any.
    pub(super) fn make_file_room(&mut self, rank: Rank, bytes: u64, errands: &mut Errands) -> bool {
        let files = self.known.iter();
        let kept = files.filter_map(|(name, asset)| {
            let bytes = asset.file_bytes?;
            Some((asset.rank(), name.as_str(), bytes))
        });
        let most = (self.bounds.files, self.bounds.file_bytes);
        let Some(leaving) = leaving((rank, bytes), kept.collect(), most) else { return false };
        for sha256 in leaving {
            self.forget_file(&sha256, errands);
            self.tidy(&sha256);
        }
        true
    }
}
