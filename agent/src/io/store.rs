//! What a board keeps over a power cut: each notice's signed bytes, unchanged, in a file of its
//! own, and beside them what it has shown, its pictures and what it knows of itself. A file is
//! written aside, synced, and then given its name, so that at every instant the name holds either
//! the old bytes or the new ones.

use std::collections::BTreeSet;
use std::io;

use tracing::warn;

use super::disk::{Disk, Entry};
use crate::files;
use crate::jobs::{Done, Folder, Job, Operation};

/// The files of a board on its disk.
pub struct Store<D> {
    disk: D,
    /// Folders with names that are not synced yet.
    owed: BTreeSet<Folder>,
}

/// What files that are still being written are called.
const ASIDE: &str = ".aside";

/// A job under way: its place in the group, and what has become of it so far.
struct Course {
    job: Job,
    lasts: bool,
    result: Result<Vec<(String, Vec<u8>)>, String>,
}

/// A removal that waits until the group is synced.
struct Removal {
    course: usize,
    folder: Folder,
    name: String,
}

impl<D: Disk> Store<D> {
    /// Opens a store and clears away what a power cut left half written.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn open(mut disk: D) -> io::Result<Self> {
        for folder in Folder::ALL {
            for Entry { name, .. } in disk.list(folder)? {
                if name.starts_with(ASIDE) {
                    // A disk that can be read but not written still holds notices to show.
                    let _ = disk.remove(folder, &name);
                }
            }
        }
        Ok(Self { disk, owed: BTreeSet::new() })
    }

    /// The files of all notices in the order in which they are to be loaded: what ends others,
    /// then emergencies, priority, routine, and the names of earlier versions of this program.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn notices(&self) -> io::Result<Vec<String>> {
        let mut names: Vec<String> =
            self.files(Folder::Notices)?.into_iter().map(|entry| entry.name).collect();
        names.retain(|name| name.ends_with(".jws"));
        names.sort_unstable_by(|a, b| files::rank(a).cmp(&files::rank(b)).then(a.cmp(b)));
        Ok(names)
    }

    /// All files of a folder, in any order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn files(&self, folder: Folder) -> io::Result<Vec<Entry>> {
        let mut files = self.disk.list(folder)?;
        files.retain(|entry| !entry.name.starts_with(ASIDE));
        Ok(files)
    }

    /// A file's bytes, cut one byte past the largest size of its folder, which tells a file that
    /// is too long from a whole one.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn read(&self, folder: Folder, name: &str) -> io::Result<Vec<u8>> {
        self.disk.read(folder, name, folder.file_max_bytes() as u64 + 1)
    }

    /// Does a group of jobs in their order, and syncs names once for all of them, twice where
    /// something is removed: a flood costs few syncs. A job that fails leaves the others alone.
    pub fn perform(&mut self, jobs: Vec<Job>) -> Vec<Done> {
        let course = |job: Job| Course { lasts: job.lasts(), job, result: Ok(Vec::new()) };
        let mut courses: Vec<Course> = jobs.into_iter().map(course).collect();
        let mut removals = Vec::new();
        for index in 0..courses.len() {
            self.run(index, &mut courses, &mut removals);
        }
        self.remove(&mut courses, &mut removals);
        if courses.iter().any(|course| course.lasts) {
            self.sync(&mut courses);
        }
        let done = |Course { job, result, .. }: Course| Done { ticket: job.ticket, result };
        courses.into_iter().map(done).collect()
    }

    /// Syncs what still waits for a later group to be synced with.
    ///
    /// # Errors
    /// When the disk is read-only or broken.
    pub fn finish(&mut self) -> io::Result<()> {
        while let Some(folder) = self.owed.first().copied() {
            self.disk.sync_names(folder)?;
            self.owed.remove(&folder);
        }
        Ok(())
    }

    fn run(&mut self, index: usize, courses: &mut [Course], removals: &mut Vec<Removal>) {
        let Some(course) = courses.get_mut(index) else { return };
        let folder = course.job.folder;
        for operation in std::mem::take(&mut course.job.operations) {
            if concerned(&operation, folder, removals) {
                self.remove(courses, removals);
            }
            let Some(course) = courses.get_mut(index) else { return };
            let Ok(read) = &mut course.result else { return };
            if let Operation::Forget { name } = operation {
                removals.push(Removal { course: index, folder, name });
            } else if let Err(error) = self.operate(folder, operation, read) {
                course.result = Err(error);
            }
        }
    }

    fn operate(
        &mut self,
        folder: Folder,
        operation: Operation,
        read: &mut Vec<(String, Vec<u8>)>,
    ) -> Result<(), String> {
        match operation {
            Operation::Save { name, bytes } => {
                let aside = format!("{ASIDE}-{name}");
                let saved = self.disk.write_synced(folder, &aside, &bytes);
                let saved = saved.and_then(|()| self.disk.rename(folder, &aside, &name));
                self.owed.insert(folder);
                saved.map_err(|error| {
                    let _ = self.disk.remove(folder, &aside);
                    said(&name, error)
                })
            }
            Operation::Rename { from, to } => {
                self.owed.insert(folder);
                self.disk.rename(folder, &from, &to).map_err(|error| said(&from, error))
            }
            Operation::Read { name } => {
                let bytes = self.read(folder, &name).map_err(|error| said(&name, error))?;
                let limit = folder.file_max_bytes();
                if bytes.len() > limit {
                    return Err(format!("{name}: is over {limit} bytes"));
                }
                read.push((name, bytes));
                Ok(())
            }
            Operation::Forget { name } => self.forget(folder, &name),
        }
    }

    /// Removes what waits for it, now that what stands in its place is on the medium.
    fn remove(&mut self, courses: &mut [Course], removals: &mut Vec<Removal>) {
        if removals.is_empty() {
            return;
        }
        self.sync(courses);
        for Removal { course, folder, name } in removals.drain(..) {
            let Some(course) = courses.get_mut(course) else { continue };
            if course.result.is_ok()
                && let Err(error) = self.forget(folder, &name)
            {
                course.result = Err(error);
            }
        }
    }

    fn forget(&mut self, folder: Folder, name: &str) -> Result<(), String> {
        match self.disk.remove(folder, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => {
                self.owed.insert(folder);
                removed.map_err(|error| said(name, error))
            }
        }
    }

    /// Syncs all names. Jobs that are to last fail where the names of their folder cannot be.
    fn sync(&mut self, courses: &mut [Course]) {
        for folder in std::mem::take(&mut self.owed) {
            let Err(error) = self.disk.sync_names(folder) else { continue };
            warn!(folder = folder.name(), %error, "names cannot be synced");
            self.owed.insert(folder);
            let concerned = |course: &&mut Course| course.lasts && course.job.folder == folder;
            for course in courses.iter_mut().filter(concerned) {
                if course.result.is_ok() {
                    course.result = Err(format!("names: {error}"));
                }
            }
        }
    }
}

/// Whether an operation is about a file that is to be removed first.
fn concerned(operation: &Operation, folder: Folder, removals: &[Removal]) -> bool {
    let (one, other) = match operation {
        Operation::Save { name, .. } | Operation::Read { name } => (name, name),
        Operation::Rename { from, to } => (from, to),
        Operation::Forget { .. } => return false,
    };
    let is_named = |removal: &Removal| removal.name == *one || removal.name == *other;
    removals.iter().any(|removal| removal.folder == folder && is_named(removal))
}

fn said(name: &str, error: io::Error) -> String {
    format!("{name}: {error}")
}

#[cfg(test)]
mod tests;
