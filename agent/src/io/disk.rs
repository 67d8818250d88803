//! The operations on files that the store is built of, apart so that tests can let each fail.
#![expect(clippy::disallowed_methods, reason = "this is the file that touches the disk")]

#[cfg(test)]
pub mod simulated;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::jobs::Folder;

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name within the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// A few folders of small files.
pub trait Disk: Send {
    /// The files of a folder, in any order.
    fn list(&self, folder: Folder) -> io::Result<Vec<Entry>>;
    /// The first `limit` bytes of a file.
    fn read(&self, folder: Folder, name: &str, limit: u64) -> io::Result<Vec<u8>>;
    /// Writes a file and waits until its bytes are on the medium.
    fn write_synced(&mut self, folder: Folder, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file another's name, replacing that one.
    fn rename(&mut self, folder: Folder, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, folder: Folder, name: &str) -> io::Result<()>;
    /// Waits until names given and removed so far are on the medium.
    fn sync_names(&mut self, folder: Folder) -> io::Result<()>;
}

/// The machine's own disk.
#[derive(Debug)]
pub struct LocalDisk {
    root: PathBuf,
}

impl LocalDisk {
    /// Opens a store's root, making it and its folders where they are missing. A folder that
    /// cannot be made, as on a disk that is read-only, counts as empty.
    ///
    /// # Errors
    /// When the root cannot be made or is no folder.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let disk = Self { root: root.to_owned() };
        for folder in Folder::ALL {
            // What is to be written there says what is wrong.
            let _ = fs::create_dir_all(disk.path(folder, ""));
        }
        // The folders' own names must outlive a power cut with what is in them.
        let _ = sync(root);
        Ok(disk)
    }

    fn path(&self, folder: Folder, name: &str) -> PathBuf {
        self.root.join(folder.name()).join(name)
    }
}

/// Waits until a folder's names are on the medium. Windows opens no folders; NTFS keeps names in
/// its own journal.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { File::open(folder)?.sync_all() }
}

impl Disk for LocalDisk {
    fn list(&self, folder: Folder) -> io::Result<Vec<Entry>> {
        let path = self.path(folder, "");
        let entries = match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            if let (true, Ok(name)) =
                (entry.file_type()?.is_file(), entry.file_name().into_string())
            {
                files.push(Entry { name, bytes: entry.metadata()?.len() });
            }
        }
        Ok(files)
    }

    fn read(&self, folder: Folder, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.path(folder, name))?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_synced(&mut self, folder: Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.path(folder, name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, folder: Folder, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(folder, from), self.path(folder, to))
    }

    fn remove(&mut self, folder: Folder, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(folder, name))
    }

    fn sync_names(&mut self, folder: Folder) -> io::Result<()> {
        sync(&self.path(folder, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_lie_in_the_root_beside_its_own_files() {
        let root = tempfile::tempdir().expect("a folder");
        let mut disk = LocalDisk::open(root.path()).expect("opens");
        for folder in Folder::ALL {
            assert_eq!(disk.list(folder).expect("readable"), [], "folders are no files");
            disk.write_synced(folder, "a", folder.name().as_bytes()).expect("written");
            disk.rename(folder, "a", "b").expect("renamed");
            disk.sync_names(folder).expect("synced");
        }
        let mut disk = LocalDisk::open(root.path()).expect("opens again");
        for folder in Folder::ALL {
            let bytes = folder.name().len() as u64;
            assert_eq!(disk.list(folder).expect("readable"), [Entry { name: "b".into(), bytes }]);
            let read = disk.read(folder, "b", 3).expect("readable");
            assert_eq!(read, folder.name().as_bytes()[..3.min(bytes as usize)]);
            disk.remove(folder, "b").expect("removed");
        }
        assert!(root.path().join("played").is_dir());
        // A folder that could not be made holds nothing.
        fs::remove_dir_all(root.path().join("state")).expect("removed");
        assert_eq!(disk.list(Folder::State).expect("readable"), []);
    }
}
