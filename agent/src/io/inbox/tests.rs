//! Sticks that come, go, and hold odd things.

use std::time::Duration;

use super::*;

struct Stick {
    folder: tempfile::TempDir,
    inbox: Inbox,
    wanted: BTreeSet<String>,
}

impl Stick {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let inbox = Inbox::open(&folder.path().join("usb"));
        let stick = Self { folder, inbox, wanted: BTreeSet::new() };
        fs::create_dir_all(stick.path("")).expect("a folder");
        stick
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("usb").join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("written");
    }

    fn want(&mut self, bytes: &[u8]) -> String {
        let sha256: String =
            Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        self.wanted.insert(sha256.clone());
        sha256
    }

    /// What a scan brings, as `name=first bytes`.
    fn scan(&mut self) -> Vec<String> {
        let said = |name: &str, bytes: &[u8]| {
            let name: String = name.chars().take(8).collect();
            format!("{name}={}", String::from_utf8_lossy(&bytes[..bytes.len().min(8)]))
        };
        let found = self.inbox.scan(&self.wanted).into_iter();
        found
            .map(|found| match found {
                Found::Notice { name, bytes } => said(&name, &bytes),
                Found::Picture { sha256, bytes } => said(&sha256, &bytes),
            })
            .collect()
    }

    /// Two scans; the first one brings nothing.
    #[track_caller]
    fn settle(&mut self) -> Vec<String> {
        assert_eq!(self.scan(), [""; 0]);
        self.scan()
    }
}

#[test]
fn a_notice_is_given_once_and_again_when_it_changed() {
    let mut stick = Stick::new();
    stick.write("b.jws", b"two");
    stick.write("A.JWS", b"one");
    assert_eq!(stick.settle(), ["A.JWS=one", "b.jws=two"]);
    assert_eq!(stick.settle(), [""; 0]);
    stick.write("b.jws", b"three");
    assert_eq!(stick.settle(), ["b.jws=three"]);
    assert!(stick.path("b.jws").exists(), "files stay where they are");
}

#[test]
fn a_file_that_is_still_being_written_waits() {
    let mut stick = Stick::new();
    for length in 1..4 {
        stick.write("a.jws", &b"whole"[..length]);
        assert_eq!(stick.scan(), [""; 0]);
    }
    stick.write("a.jws", b"whole");
    assert_eq!(stick.settle(), ["a.jws=whole"]);
}

#[test]
fn a_stick_comes_and_goes() {
    let mut stick = Stick::new();
    stick.write("a.jws", b"one");
    assert_eq!(stick.settle(), ["a.jws=one"]);
    fs::remove_dir_all(stick.path("")).expect("pulled out");
    assert_eq!(stick.settle(), [""; 0]);
    fs::create_dir_all(stick.path("")).expect("put in");
    stick.write("a.jws", b"one");
    assert_eq!(stick.settle(), ["a.jws=one"]);
}

#[test]
fn odd_things_are_passed_over() {
    let mut stick = Stick::new();
    stick.write("long.jws", &vec![b'x'; NOTICE_MAX_BYTES + 1]);
    stick.write("notes.txt", b"text");
    stick.write(".jws.part", b"half");
    fs::create_dir_all(stick.path("folder.jws")).expect("a folder");
    #[cfg(unix)]
    {
        let secret = stick.folder.path().join("secret");
        fs::write(&secret, b"secret").expect("written");
        std::os::unix::fs::symlink(&secret, stick.path("link.jws")).expect("a link");
        std::os::unix::fs::symlink("plain.jws", stick.path("inside.jws")).expect("a link");
        assert!(open(&stick.path("link.jws")).is_err(), "a file that became a link");
    }
    stick.write("plain.jws", b"plain");
    assert_eq!(stick.settle(), ["plain.jw=plain"]);
    assert_eq!(stick.settle(), [""; 0]);
}

#[test]
fn pictures_are_given_while_they_are_wanted() {
    let mut stick = Stick::new();
    stick.write("photo.JPG", b"photo");
    stick.write("photo (1).jpg", b"photo");
    stick.write("other.png", b"other");
    let named = stick.want(b"named");
    stick.write(&named, b"named");
    let false_name = "0".repeat(64);
    stick.wanted.insert(false_name.clone());
    stick.write(&false_name, b"other");
    assert_eq!(stick.settle(), [format!("{}=named", &named[..8])]);
    let photo = stick.want(b"photo");
    let given = [format!("{}=photo", &photo[..8])];
    assert_eq!(stick.scan(), given, "under two names, given once");
    assert_eq!(stick.scan(), [""; 0]);
    stick.wanted.remove(&photo);
    assert_eq!(stick.scan(), [""; 0]);
    stick.want(b"photo");
    assert_eq!(stick.scan(), given);
}

#[test]
fn a_scan_reads_and_looks_at_so_much_and_no_more() {
    let mut stick = Stick::new();
    let large = vec![b'x'; NOTICE_MAX_BYTES];
    for number in 0..70 {
        stick.write(&format!("{number}.jws"), &large);
    }
    assert_eq!(stick.settle().len(), 64);
    assert_eq!(stick.scan().len(), 6);
    for number in 0..FILES_MAX {
        stick.write(&format!("small {number}.jws"), b"x");
    }
    stick.scan();
    stick.scan();
    assert_eq!(stick.inbox.seen.len(), FILES_MAX);
}

#[test]
fn a_watch_finds_what_comes() {
    let stick = Stick::new();
    let (found, mut brought) = tokio::sync::mpsc::channel(1);
    let pause = Duration::from_millis(20);
    let watch = Watch::every(pause, &stick.path(""), found).expect("starts");
    let name = "0".repeat(64);
    watch.want(BTreeSet::from([name]));
    stick.write("a.jws", b"one");
    stick.write("b.jws", b"two");
    for (name, bytes) in [("a.jws", b"one"), ("b.jws", b"two")] {
        let expected = Found::Notice { name: name.into(), bytes: bytes.to_vec() };
        assert_eq!(brought.blocking_recv(), Some(expected));
    }
    drop(watch);
    assert_eq!(brought.blocking_recv(), None, "the thread has ended");
}
