//! Starts of the program, and why it had to start again: its last run says how it ended, or its
//! silence does.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::io::disk::{Disk, LocalDisk};
use crate::jobs::Folder;
use crate::report::Restart;

/// The record's file in the store's folder, and what it is called while it is written.
const NAME: &str = "starts";
const ASIDE: &str = ".aside-starts";
/// Longest record that is read, in bytes, and longest message that is kept, in letters.
const RECORD_LIMIT: u64 = 4096;
const MESSAGE_LIMIT: usize = 300;

/// What a run leaves behind for the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Starts so far, that run's included.
    pub starts: u64,
    /// The kernel's name for the time since the machine was switched on; `None` where there is
    /// none.
    pub boot: Option<String>,
    /// How the run ended.
    pub end: End,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// It did not say: it goes on, or it was cut short.
    Running,
    /// It was told to stop.
    Stopped,
    /// A part that it cannot do without failed; why, in one line.
    Failed(String),
}

/// Why a run began, from what the last one left and what this time of the machine is called.
pub fn cause(left: Option<&Record>, boot: Option<&str>) -> Restart {
    let Some(left) = left else { return Restart::First };
    match (&left.end, &left.boot, boot) {
        (End::Stopped, ..) => Restart::Stopped,
        (End::Failed(message), ..) => Restart::Failed(message.clone()),
        (End::Running, Some(then), Some(now)) if then != now => Restart::Power,
        (End::Running, ..) => Restart::Killed,
    }
}

/// The start of this run.
#[derive(Debug)]
pub struct Starts {
    disk: LocalDisk,
    record: Record,
    cause: Restart,
    is_kept: bool,
}

impl Starts {
    /// Counts this start in the store's folder, on the machine whose file system begins at
    /// `root`. A record that cannot be written is not worth a board: then it stays as it is.
    pub fn begin(disk: LocalDisk, root: &Path) -> Self {
        let left = disk.read(Folder::State, NAME, RECORD_LIMIT).ok();
        let left = left.and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
        let boot = super::text(&root.join("proc/sys/kernel/random/boot_id"));
        let boot = boot.map(|boot| boot.trim().to_owned()).filter(|boot| !boot.is_empty());
        let cause = cause(left.as_ref(), boot.as_deref());
        let starts = left.map_or(0, |left| left.starts).saturating_add(1);
        let record = Record { starts, boot, end: End::Running };
        let mut begun = Self { disk, record, cause, is_kept: false };
        begun.is_kept = begun.write().is_ok();
        begun
    }

    /// Starts before this one.
    pub fn restarts(&self) -> u64 {
        self.record.starts - 1
    }

    /// Whether the disk took the record of this start; if not, it may take nothing else, and may
    /// have taken nothing in the run before.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Why this run began.
    pub fn cause(&self) -> &Restart {
        &self.cause
    }

    /// Leaves word of how this run ends.
    ///
    /// # Errors
    /// When the disk does not take it; the next run then counts this one as cut short.
    pub fn end(&mut self, end: End) -> io::Result<()> {
        self.record.end = match end {
            End::Failed(message) => End::Failed(message.chars().take(MESSAGE_LIMIT).collect()),
            end => end,
        };
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        let record = serde_json::to_vec(&self.record)?;
        self.disk.write_synced(Folder::State, ASIDE, &record)?;
        self.disk.rename(Folder::State, ASIDE, NAME)?;
        self.disk.sync_names(Folder::State)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_left_says_why() {
        let left = |end: End, boot: Option<&str>| {
            Some(Record { starts: 1, boot: boot.map(str::to_owned), end })
        };
        let failed = || End::Failed("output".into());
        let cases = [
            (None, Some("a"), Restart::First),
            (left(End::Stopped, Some("a")), Some("a"), Restart::Stopped),
            (left(End::Stopped, Some("a")), Some("b"), Restart::Stopped),
            (left(failed(), Some("a")), Some("a"), Restart::Failed("output".into())),
            (left(failed(), Some("a")), Some("b"), Restart::Failed("output".into())),
            (left(End::Running, Some("a")), Some("a"), Restart::Killed),
            (left(End::Running, Some("a")), Some("b"), Restart::Power),
            (left(End::Running, None), Some("b"), Restart::Killed),
            (left(End::Running, Some("a")), None, Restart::Killed),
        ];
        for (left, boot, expected) in cases {
            assert_eq!(cause(left.as_ref(), boot), expected, "{left:?} in {boot:?}");
        }
    }

    #[test]
    fn a_disk_that_takes_nothing_keeps_no_record() {
        let root = tempfile::tempdir().unwrap();
        let begin = || Starts::begin(LocalDisk::open(root.path()).unwrap(), root.path());
        assert!(begin().is_kept());
        fs::remove_dir_all(root.path().join("state")).unwrap();
        fs::write(root.path().join("state"), "in the folder's place").unwrap();
        assert!(!begin().is_kept());
    }

    #[test]
    fn runs_hear_from_those_before() {
        let root = tempfile::tempdir().unwrap();
        let boot = root.path().join("proc/sys/kernel/random");
        fs::create_dir_all(&boot).unwrap();
        let store = root.path().join("store");
        let mut trace = Vec::new();
        let ends = [
            ("a", Some(End::Stopped)),
            ("a", Some(End::Failed("x".repeat(1000)))),
            ("a", None),
            ("a", None),
            ("b", Some(End::Stopped)),
            ("b", None),
        ];
        for (id, end) in ends {
            fs::write(boot.join("boot_id"), format!("{id}\n")).unwrap();
            let mut starts = Starts::begin(LocalDisk::open(&store).unwrap(), root.path());
            trace.push((starts.restarts(), starts.cause().clone()));
            if let Some(end) = end {
                starts.end(end).unwrap();
            }
        }
        let expected = [
            (0, Restart::First),
            (1, Restart::Stopped),
            (2, Restart::Failed("x".repeat(MESSAGE_LIMIT))),
            (3, Restart::Killed),
            (4, Restart::Power),
            (5, Restart::Stopped),
        ];
        assert_eq!(trace, expected);
        let json = serde_json::to_string(&trace[2].1).unwrap();
        assert!(json.starts_with(r#"{"restart_cause":"failed","restart_message":"x"#), "{json}");
        assert_eq!(serde_json::to_string(&Restart::Power).unwrap(), r#"{"restart_cause":"power"}"#);
    }

    #[test]
    fn a_damaged_record_and_a_disk_that_is_gone_stop_nothing() {
        let root = tempfile::tempdir().unwrap();
        let store = root.path().join("store");
        let disk = LocalDisk::open(&store).unwrap();
        fs::write(store.join("state").join(NAME), "{\"starts\":").unwrap();
        let mut starts = Starts::begin(disk, root.path());
        assert_eq!((starts.restarts(), starts.cause()), (0, &Restart::First));
        fs::remove_dir_all(&store).unwrap();
        assert!(starts.end(End::Stopped).is_err());
    }
}
