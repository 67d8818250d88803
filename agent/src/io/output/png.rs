//! A picture file that always holds the latest frame.
#![expect(clippy::disallowed_methods, reason = "this output is a file")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bangtin_renderer::Frame;

use super::Output;

/// Writes frames to a file from a thread of its own. The latest frame wins, and a reader never
/// sees half a picture.
pub struct PngFile {
    latest: Arc<Mutex<Option<Frame>>>,
    wake: Option<SyncSender<()>>,
    failure: Arc<Mutex<Option<io::Error>>>,
    writer: Option<JoinHandle<()>>,
    fps: u32,
}

impl PngFile {
    /// Opens the output.
    ///
    /// # Errors
    /// When the file's folder cannot be made.
    pub fn open(path: &Path, fps: u32) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let latest = Arc::new(Mutex::new(None));
        let failure = Arc::new(Mutex::new(None));
        let (wake, woken) = sync_channel(1);
        let job = Writer {
            path: path.to_owned(),
            latest: Arc::clone(&latest),
            failure: Arc::clone(&failure),
            pause: Duration::from_secs(1) / fps.max(1),
        };
        let writer = thread::Builder::new().name("png".into()).spawn(move || job.run(&woken))?;
        Ok(Self { latest, wake: Some(wake), failure, writer: Some(writer), fps })
    }
}

impl Output for PngFile {
    fn show(&mut self, frame: &Frame) -> io::Result<()> {
        if let Some(error) = lock(&self.failure).take() {
            return Err(error);
        }
        *lock(&self.latest) = Some(frame.clone());
        match self.wake.as_ref().map(|wake| wake.try_send(())) {
            Some(Err(TrySendError::Disconnected(()))) => {
                Err(io::Error::other("the thread that writes the picture has ended"))
            }
            _ => Ok(()),
        }
    }

    fn fps(&self) -> u32 {
        self.fps
    }
}

impl Drop for PngFile {
    /// Waits until the last frame is in the file.
    fn drop(&mut self) {
        self.wake = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

struct Writer {
    path: PathBuf,
    latest: Arc<Mutex<Option<Frame>>>,
    failure: Arc<Mutex<Option<io::Error>>>,
    pause: Duration,
}

impl Writer {
    fn run(&self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            self.write_latest();
        }
        self.write_latest();
    }

    fn write_latest(&self) {
        let Some(frame) = lock(&self.latest).take() else { return };
        let began = Instant::now();
        if let Err(error) = write(&self.path, &frame) {
            let message = format!("{}: {error}", self.path.display());
            *lock(&self.failure) = Some(io::Error::new(error.kind(), message));
        }
        thread::sleep(self.pause.saturating_sub(began.elapsed()));
    }
}

fn write(path: &Path, frame: &Frame) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut aside = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    aside.write_all(&encode(frame))?;
    // Whoever watches the board's picture may be another user than the agent.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        aside.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    aside.persist(path).map(drop).map_err(|error| error.error)
}

/// A frame as a PNG of 8-bit RGB, made quickly rather than small.
pub fn encode(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, frame.width(), frame.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("memory takes every byte");
    writer.write_image_data(frame.bytes()).expect("the header says the frame's size");
    writer.finish().expect("memory takes every byte");
    bytes
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
