//! Jobs for threads of their own, as values: what the disk is to do, and pictures to be decoded.
//! Neither may keep a board from showing what comes meanwhile.

use std::sync::Arc;

use bangtin_renderer::{Picture, Problem};

use crate::notice::NOTICE_MAX_BYTES;

/// Where a file lies in a board's store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// Signed bytes of notices, in the store's root.
    Notices,
    /// Proof of display, in `played/`.
    Played,
    /// Pictures as they were fetched, in `assets/`.
    Assets,
    /// Commands that were answered and what they decided, in `orders/`.
    Orders,
    /// What a board remembers of itself, such as the last trusted time, in `state/`. It lasts
    /// with the next write that does.
    State,
}

impl Folder {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Notices, Self::Played, Self::Assets, Self::Orders, Self::State];

    /// The folder's name within the store; empty for its root.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notices => "",
            Self::Played => "played",
            Self::Assets => "assets",
            Self::Orders => "orders",
            Self::State => "state",
        }
    }

    /// The largest file that is read back, in bytes.
    pub fn file_max_bytes(self) -> usize {
        match self {
            Self::Notices => NOTICE_MAX_BYTES,
            Self::Played => 1 << 20,
            Self::Assets => Picture::MAX_BYTES,
            Self::Orders => 1 << 20,
            Self::State => 64 << 10,
        }
    }
}

/// One thing to do with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Keep bytes under a name, in the place of what was there.
    Save {
        /// The file.
        name: String,
        /// What it is to hold.
        bytes: Arc<[u8]>,
    },
    /// Remove a file; one that is not there is removed already.
    Forget {
        /// The file.
        name: String,
    },
    /// Give a file another name, in the place of what has it.
    Rename {
        /// The file.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Read a file; one that is not there is an error.
    Read {
        /// The file.
        name: String,
    },
}

/// What the disk is to do in one folder, in order; it ends with the first operation that fails.
/// Removals wait until what was asked for before them is on the medium, so that a power cut never
/// takes a file before its successor is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Comes back in [`Done`].
    pub ticket: u64,
    /// Where.
    pub folder: Folder,
    /// What.
    pub operations: Vec<Operation>,
}

impl Job {
    /// Whether its end means that it outlives a power cut. Jobs of new names and reading alone,
    /// and those in [`Folder::State`], cost no sync of their own: they last with the next job that
    /// does.
    pub fn lasts(&self) -> bool {
        let lasts = |operation: &Operation| {
            matches!(operation, Operation::Save { .. } | Operation::Forget { .. })
        };
        self.folder != Folder::State && self.operations.iter().any(lasts)
    }
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The job's.
    pub ticket: u64,
    /// Names and bytes of what was read, in the order asked for, or why the job failed. What a
    /// failed job did before it failed may or may not last.
    pub result: Result<Vec<(String, Vec<u8>)>, String>,
}

/// A picture to be decoded and shrunk: seconds of work on a small board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decode {
    /// SHA-256 of the file, in small hexadecimal digits.
    pub sha256: String,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// The panel's columns and rows: no picture need have more.
    pub most: (u32, u32),
}

/// A picture that was decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// SHA-256 of the file, in small hexadecimal digits.
    pub sha256: String,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// The picture, or why it is none.
    pub picture: Result<Arc<Picture>, Problem>,
}

impl Decode {
    /// Does it.
    pub fn perform(self) -> Decoded {
        let Self { sha256, bytes, most: (width, height) } = self;
        let picture =
            Picture::decode(&bytes).map(|picture| Arc::new(picture.shrunk(width, height)));
        Decoded { sha256, bytes, picture }
    }
}
