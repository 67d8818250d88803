//! A disk that remembers how a power cut would have left it, at every one of its operations.

use std::io;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use crate::io::disk::simulated::{Chance, SimulatedDisk, Survival};
use crate::io::disk::{Disk, Entry};
use crate::jobs::Folder;

/// What is left of a disk whose power was cut.
#[derive(Debug, Clone)]
pub(super) struct Wreck {
    /// The operation in which it was cut, from 0.
    pub operation: u64,
    /// How many events the board's world had seen.
    pub events: usize,
    /// When it was.
    pub wall: Timestamp,
    /// As it is found afterwards: several possibilities.
    pub found: Vec<SimulatedDisk>,
}

/// A handle to a disk; its clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Medium {
    disk: SimulatedDisk,
    record: Arc<Mutex<Record>>,
}

#[derive(Debug, Default)]
struct Record {
    /// Possibilities to keep at each operation.
    possibilities: u64,
    events: usize,
    wall: Timestamp,
    wrecks: Vec<Wreck>,
}

impl Medium {
    pub(super) fn new(disk: &SimulatedDisk) -> Self {
        Self { disk: disk.clone(), record: Arc::default() }
    }

    pub(super) fn disk(&self) -> &SimulatedDisk {
        &self.disk
    }

    /// From now on so many possibilities are kept at every operation.
    pub(super) fn remember(&self, possibilities: u64) {
        self.record.lock().expect("no test fails while it holds the record").possibilities =
            possibilities;
    }

    /// What happened before the operations that follow.
    pub(super) fn note(&self, events: usize, wall: Timestamp) {
        let mut record = self.record.lock().expect("no test fails while it holds the record");
        (record.events, record.wall) = (events, wall);
    }

    pub(super) fn wrecks(&self) -> Vec<Wreck> {
        self.record.lock().expect("no test fails while it holds the record").wrecks.clone()
    }

    /// The power is cut here: what was begun is on the disk in part, or not.
    fn cut(&self, begun: Option<(Folder, &str, &[u8])>) {
        let mut record = self.record.lock().expect("no test fails while it holds the record");
        let operation = record.wrecks.len() as u64;
        let found = (0..record.possibilities).map(|possibility| {
            let seed = operation * 1000 + possibility;
            let survival = if possibility % 2 == 0 { Survival::Any } else { Survival::Prefix };
            let mut disk = self.disk.after_crash(seed, survival);
            let mut chance = Chance(seed);
            if let Some((folder, name, bytes)) = begun.filter(|_| chance.below(2) == 0) {
                let half = bytes.len() / (1 + chance.below(3) as usize);
                let _ = disk.write_synced(folder, name, &bytes[..half]);
                disk = disk.after_crash(seed, survival);
            }
            disk
        });
        let found: Vec<SimulatedDisk> = found.collect();
        if !found.is_empty() {
            let Record { events, wall, .. } = *record;
            record.wrecks.push(Wreck { operation, events, wall, found });
        }
    }
}

impl Disk for Medium {
    fn list(&self, folder: Folder) -> io::Result<Vec<Entry>> {
        self.disk.list(folder)
    }

    fn read(&self, folder: Folder, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        self.disk.read(folder, name, limit)
    }

    fn write_synced(&mut self, folder: Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.cut(None);
        self.cut(Some((folder, name, bytes)));
        self.disk.write_synced(folder, name, bytes)
    }

    fn rename(&mut self, folder: Folder, from: &str, to: &str) -> io::Result<()> {
        self.cut(None);
        self.disk.rename(folder, from, to)
    }

    fn remove(&mut self, folder: Folder, name: &str) -> io::Result<()> {
        self.cut(None);
        self.disk.remove(folder, name)
    }

    fn sync_names(&mut self, folder: Folder) -> io::Result<()> {
        self.cut(None);
        self.disk.sync_names(folder)
    }
}
