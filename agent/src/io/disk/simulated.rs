//! A disk in memory that forgets on a power cut what was not synced, as badly as asked for.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, Entry};
use crate::jobs::Folder;

/// A handle to the disk: its clones see the same files, so that a test can look at what a store
/// has made of it.
#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

/// Which names that were not synced a power cut leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// Those given or removed until some instant, as a journal does (ext4, `data=ordered`).
    Prefix,
    /// Any of them, as no file system is forbidden to do.
    Any,
}

/// How a disk behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// As it should.
    #[default]
    Good,
    /// No room: writing fails half way.
    Full,
    /// Nothing can be changed.
    ReadOnly,
}

type Name = (Folder, String);

#[derive(Debug, Default)]
struct State {
    contents: Vec<Content>,
    /// As the running system sees them.
    names: BTreeMap<Name, usize>,
    /// As they are on the medium.
    lasting: BTreeMap<Name, usize>,
    /// What happened to names since they were synced.
    pending: Vec<Change>,
    operations: u64,
    crash_at: Option<u64>,
    syncs: u64,
    health: Health,
}

#[derive(Debug, Clone)]
struct Content {
    bytes: Vec<u8>,
    synced: bool,
}

/// One change of names, which happens as a whole or not.
#[derive(Debug, Clone)]
struct Change {
    folder: Folder,
    removed: Option<String>,
    given: Option<(String, usize)>,
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<Name, usize>) {
        if let Some(name) = &self.removed {
            names.remove(&(self.folder, name.clone()));
        }
        if let Some((name, content)) = &self.given {
            names.insert((self.folder, name.clone()), *content);
        }
    }
}

impl SimulatedDisk {
    /// A disk on which these files have always been.
    pub fn with(files: &[(Folder, &str, &[u8])]) -> Self {
        let disk = Self::default();
        let mut state = disk.lock();
        for (folder, name, bytes) in files {
            state.contents.push(Content { bytes: bytes.to_vec(), synced: true });
            let content = state.contents.len() - 1;
            state.names.insert((*folder, (*name).to_owned()), content);
        }
        state.lasting = state.names.clone();
        drop(state);
        disk
    }

    /// The power is cut in the operation of that number, from 0: it and all later ones fail. To
    /// write a file counts as two, the bytes and the sync.
    pub fn crash_at(&self, operation: u64) {
        self.lock().crash_at = Some(operation);
    }

    /// How the disk behaves from now on.
    pub fn set_health(&self, health: Health) {
        self.lock().health = health;
    }

    /// Operations that changed or synced something, so far.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// How often names were synced, so far.
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Whether the power was cut.
    pub fn is_down(&self) -> bool {
        self.lock().is_down()
    }

    /// A file as the running system sees it.
    pub fn file(&self, folder: Folder, name: &str) -> Option<Vec<u8>> {
        let state = self.lock();
        let content = state.names.get(&(folder, name.to_owned()))?;
        state.contents.get(*content).map(|content| content.bytes.clone())
    }

    /// The names in a folder as the running system sees them, sorted.
    pub fn names(&self, folder: Folder) -> Vec<String> {
        let state = self.lock();
        state.names.keys().filter(|(at, _)| *at == folder).map(|(_, name)| name.clone()).collect()
    }

    /// The disk as it is found after a power cut at this instant. The seed decides what remains of
    /// what was not synced: of bytes nothing, a part, zeros or all.
    pub fn after_crash(&self, seed: u64, survival: Survival) -> Self {
        let state = self.lock();
        let mut chance = Chance(seed);
        let mut names = state.lasting.clone();
        let until = chance.below(state.pending.len() as u64 + 1) as usize;
        for (index, change) in state.pending.iter().enumerate() {
            let survives = match survival {
                Survival::Prefix => index < until,
                Survival::Any => chance.below(2) == 0,
            };
            if survives {
                change.apply(&mut names);
            }
        }
        let mut contents = state.contents.clone();
        for content in contents.iter_mut().filter(|content| !content.synced) {
            let length = content.bytes.len();
            match chance.below(4) {
                0 => content.bytes.clear(),
                1 => content.bytes.truncate(chance.below(length as u64 + 1) as usize),
                2 => content.bytes.fill(0),
                _ => {}
            }
            content.synced = true;
        }
        let found = State { contents, names: names.clone(), lasting: names, ..State::default() };
        Self { state: Arc::new(Mutex::new(found)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test fails while it holds the disk")
    }
}

impl State {
    fn is_down(&self) -> bool {
        self.crash_at.is_some_and(|at| at < self.operations)
    }

    /// Counts an operation.
    fn operate(&mut self) -> io::Result<()> {
        self.operations += 1;
        if self.is_down() {
            return Err(io::Error::other("the power is cut"));
        }
        match self.health {
            Health::ReadOnly => Err(ErrorKind::ReadOnlyFilesystem.into()),
            _ => Ok(()),
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.pending.push(change);
    }

    fn content(&self, folder: Folder, name: &str) -> io::Result<usize> {
        self.names.get(&(folder, name.to_owned())).copied().ok_or(ErrorKind::NotFound.into())
    }
}

impl Disk for SimulatedDisk {
    fn list(&self, folder: Folder) -> io::Result<Vec<Entry>> {
        let state = self.lock();
        let files = state.names.iter().filter(|((at, _), _)| *at == folder);
        let entry = |((_, name), content): (&Name, &usize)| Entry {
            name: name.clone(),
            bytes: state.contents[*content].bytes.len() as u64,
        };
        Ok(files.map(entry).collect())
    }

    fn read(&self, folder: Folder, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let state = self.lock();
        let content = state.content(folder, name)?;
        Ok(state.contents[content].bytes.iter().copied().take(limit as usize).collect())
    }

    fn write_synced(&mut self, folder: Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        let running = !state.is_down();
        let begun = state.operate();
        // A cut in the middle of writing leaves what was begun.
        if state.health != Health::ReadOnly && running {
            let content = state.content(folder, name).unwrap_or_else(|_| {
                state.contents.push(Content { bytes: Vec::new(), synced: false });
                let content = state.contents.len() - 1;
                let given = Some((name.to_owned(), content));
                state.change(Change { folder, removed: None, given });
                content
            });
            let written = if state.health == Health::Full { bytes.len() / 2 } else { bytes.len() };
            state.contents[content] = Content { bytes: bytes[..written].to_vec(), synced: false };
        }
        begun?;
        if state.health == Health::Full {
            return Err(ErrorKind::StorageFull.into());
        }
        state.operate()?;
        let content = state.content(folder, name)?;
        state.contents[content].synced = true;
        Ok(())
    }

    fn rename(&mut self, folder: Folder, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.operate()?;
        let content = state.content(folder, from)?;
        let given = Some((to.to_owned(), content));
        state.change(Change { folder, removed: Some(from.to_owned()), given });
        Ok(())
    }

    fn remove(&mut self, folder: Folder, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.operate()?;
        state.content(folder, name)?;
        state.change(Change { folder, removed: Some(name.to_owned()), given: None });
        Ok(())
    }

    fn sync_names(&mut self, folder: Folder) -> io::Result<()> {
        let mut state = self.lock();
        state.operate()?;
        state.syncs += 1;
        let State { pending, lasting, .. } = &mut *state;
        pending.retain(|change| {
            if change.folder == folder {
                change.apply(lasting);
            }
            change.folder != folder
        });
        Ok(())
    }
}

/// Numbers that look like chance and come again with the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

impl Chance {
    /// A number less than `end`; 0 where that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }
}
