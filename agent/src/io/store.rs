//! What a board keeps over a power cut: each notice's signed bytes, unchanged, in a file of its
//! own. A file is written aside, synced, and then given its name, so that at every instant the
//! name holds either the old bytes or the new ones.

use std::io;

use sha2::{Digest, Sha256};

use crate::notice::{Key, Kind, NOTICE_MAX_BYTES, Notice};

use super::disk::Disk;

/// The notices of a board on its disk.
pub struct Store<D> {
    disk: D,
}

/// What files that are still being written are called.
const ASIDE: &str = ".aside";

impl<D: Disk> Store<D> {
    /// Opens a store and clears away what a power cut left half written.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(mut disk: D) -> io::Result<Self> {
        for name in disk.list()? {
            if name.starts_with(ASIDE) {
                // A disk that can be read but not written still holds notices to show.
                let _ = disk.remove(&name);
            }
        }
        Ok(Self { disk })
    }

    /// Keeps a notice's bytes under its file's name, in the place of what was there. When this
    /// returns, it outlives a power cut.
    ///
    /// # Errors
    /// When the disk is full, read-only or broken; what was kept before is then still there.
    pub fn save(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let aside = format!("{ASIDE}-{name}");
        let written = self
            .disk
            .write_synced(&aside, bytes)
            .and_then(|()| self.disk.rename(&aside, name))
            .and_then(|()| self.disk.sync_names());
        if written.is_err() {
            let _ = self.disk.remove(&aside);
        }
        written
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// When the disk is read-only or broken.
    pub fn forget(&mut self, name: &str) -> io::Result<()> {
        match self.disk.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.disk.sync_names(),
        }
    }

    /// The bytes of all notices, each with the name of its file. A file that cannot be read is
    /// given as its error.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn load(&self) -> io::Result<Vec<(String, io::Result<Vec<u8>>)>> {
        let mut names = self.disk.list()?;
        names.retain(|name| name.ends_with(".jws") && !name.starts_with(ASIDE));
        names.sort();
        // One byte more than a notice may have tells a file that is too long from a whole one.
        let limit = NOTICE_MAX_BYTES as u64 + 1;
        Ok(names.into_iter().map(|name| (name.clone(), self.disk.read(&name, limit))).collect())
    }
}

/// The name of a notice's file: no two keys share one, on disks that know no capitals too, and it
/// shows the id. Of a notice the latest revision is kept; of updates and cancels every one, for
/// what any of them ended stays ended.
pub fn file_name(notice: &Notice) -> String {
    let Key { sender, id } = &notice.key;
    let digest = Sha256::digest(format!("{sender},{id}"));
    let mark: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    match notice.kind {
        Kind::Alert => format!("{mark}-{id}.jws"),
        Kind::Update | Kind::Cancel => format!("{mark}-{id}-r{}.jws", notice.revision),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// A disk whose next operations can be told to fail.
    #[derive(Default)]
    struct Memory {
        files: BTreeMap<String, Vec<u8>>,
        fail_after: Option<usize>,
    }

    impl Memory {
        fn operate(&mut self) -> io::Result<()> {
            match self.fail_after.as_mut() {
                Some(0) => Err(io::ErrorKind::StorageFull.into()),
                Some(left) => {
                    *left -= 1;
                    Ok(())
                }
                None => Ok(()),
            }
        }
    }

    impl Disk for Memory {
        fn list(&self) -> io::Result<Vec<String>> {
            Ok(self.files.keys().cloned().collect())
        }
        fn read(&self, name: &str, _: u64) -> io::Result<Vec<u8>> {
            self.files.get(name).cloned().ok_or(io::ErrorKind::NotFound.into())
        }
        fn write_synced(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
            self.operate()?;
            self.files.insert(name.to_owned(), bytes.to_vec());
            Ok(())
        }
        fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
            self.operate()?;
            let bytes = self.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
            self.files.insert(to.to_owned(), bytes);
            Ok(())
        }
        fn remove(&mut self, name: &str) -> io::Result<()> {
            self.operate()?;
            self.files.remove(name).map(drop).ok_or(io::ErrorKind::NotFound.into())
        }
        fn sync_names(&mut self) -> io::Result<()> {
            self.operate()
        }
    }

    fn kept(store: &Store<Memory>) -> Vec<Vec<u8>> {
        let files = store.load().expect("a readable folder");
        files.into_iter().map(|(_, bytes)| bytes.expect("a readable file")).collect()
    }

    #[test]
    fn later_bytes_take_the_place_of_the_former() {
        let mut store = Store::open(Memory::default()).expect("opens");
        store.save("a.jws", b"one").expect("saved");
        store.save("a.jws", b"two").expect("saved");
        store.save("b.jws", b"other").expect("saved");
        assert_eq!(kept(&store), [b"two".to_vec(), b"other".to_vec()]);
        store.forget("a.jws").expect("removed");
        store.forget("a.jws").expect("removed already");
        assert_eq!(kept(&store), [b"other".to_vec()]);
    }

    #[test]
    fn whatever_fails_the_former_bytes_stay() {
        for fail_after in 0..3 {
            let mut store = Store::open(Memory::default()).expect("opens");
            store.save("a.jws", b"one").expect("saved");
            store.disk.fail_after = Some(fail_after);
            assert!(store.save("a.jws", b"two").is_err());
            let expected: &[u8] = if fail_after < 2 { b"one" } else { b"two" };
            assert_eq!(kept(&store), [expected.to_vec()], "after {fail_after} operations");
        }
    }

    #[test]
    fn what_was_half_written_is_cleared_away() {
        let mut disk = Memory::default();
        disk.files.insert(format!("{ASIDE}-x.jws"), b"hal".to_vec());
        let store = Store::open(disk).expect("opens");
        assert!(store.disk.files.is_empty());
    }
}
