//! The operations on a folder that the store is built of, apart so that tests can let each fail.
#![expect(clippy::disallowed_methods, reason = "this is the file that touches the disk")]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// One folder of small files.
pub trait Disk: Send {
    /// The names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// The first `limit` bytes of a file.
    fn read(&self, name: &str, limit: u64) -> io::Result<Vec<u8>>;
    /// Writes a file and waits until its bytes are on the medium.
    fn write_synced(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file another's name, replacing that one.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;
    /// Waits until names given and removed so far are on the medium.
    fn sync_names(&mut self) -> io::Result<()>;
}

/// A folder of the machine's disk.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Opens a folder, making it where it is missing.
    ///
    /// # Errors
    /// When it cannot be made or is no folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        Ok(names)
    }

    fn read(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.path.join(name))?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_synced(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.path.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        // Windows opens no folders; NTFS keeps names in its own journal.
        if cfg!(windows) { Ok(()) } else { File::open(&self.path)?.sync_all() }
    }
}
