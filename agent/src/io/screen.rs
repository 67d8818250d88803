//! The thread that paints. Nothing it does waits for the network or the disk, and nothing they
//! do can stop the picture.
#![expect(clippy::disallowed_methods, reason = "the screen is paced by the machine's clock")]

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bangtin_renderer::{Frame, Panel, Rgb, Scene, paint, repaint};
use tokio::sync::mpsc::Sender;

use super::output::Output;

/// How often a board that has nothing to paint looks at the cut-off: one frame at 60 Hz.
const CUTOFF_EVERY: Duration = Duration::from_millis(16);
/// How often the checksum of a moving picture is taken anew.
const CHECKSUM_EVERY: Duration = Duration::from_secs(1);

/// What the screen is asked to show.
#[derive(Clone)]
pub struct Show {
    /// The scene.
    pub scene: Arc<Scene>,
    /// Where in it to begin, in milliseconds.
    pub from_ms: u64,
    /// Comes back in [`Presented`].
    pub ticket: u64,
}

/// What the screen reports.
#[derive(Debug)]
pub enum Report {
    /// The first frame of a ticket is visible, or the last one's checksum was taken again.
    Presented(Presented),
    /// The cut-off made the board dark, or gave it back.
    CutOff(bool),
    /// Painting has ended, with the output's failure.
    Failed(io::Error),
}

/// A frame that is visible.
#[derive(Debug, Clone, Copy)]
pub struct Presented {
    /// Of the [`Show`] it belongs to.
    pub ticket: u64,
    /// Its CRC-32.
    pub crc32: u32,
    /// When it became visible.
    pub at: Instant,
}

/// A handle to the painting thread, which ends when the handle is dropped.
pub struct Screen {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    wake: Condvar,
}

#[derive(Default)]
struct Slot {
    show: Option<Show>,
    stop: bool,
}

impl Screen {
    /// Starts painting. While the file `cutoff` exists the panel is dark, whatever is asked.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        output: Box<dyn Output>,
        panel: &Panel,
        cutoff: Option<PathBuf>,
        reports: Sender<Report>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let painter = Painter {
            period: Duration::from_secs(1) / output.fps().clamp(1, panel.fps.max(1)),
            output,
            cutoff,
            reports: reports.clone(),
            shared: Arc::clone(&shared),
            frame: Frame::new(panel.width, panel.height),
            current: None,
            dark: false,
            told_dark: false,
        };
        let thread = thread::Builder::new().name("screen".into()).spawn(move || {
            if let Err(error) = painter.run() {
                // Painting is over: waiting for a place costs nothing any more.
                let _ = reports.blocking_send(Report::Failed(error));
            }
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Shows a scene from the next frame on. The latest wins.
    pub fn show(&self, show: Show) {
        self.shared.lock().show = Some(show);
        self.shared.wake.notify_one();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A scene on the glass.
struct Current {
    show: Show,
    /// When its time was zero.
    began: Instant,
    checked: Option<Instant>,
    /// The instant of the scene that the frame holds; `None` while it holds something else.
    painted_ms: Option<u64>,
}

struct Painter {
    output: Box<dyn Output>,
    cutoff: Option<PathBuf>,
    /// Never waited for: nothing may stop the picture.
    reports: Sender<Report>,
    shared: Arc<Shared>,
    period: Duration,
    frame: Frame,
    current: Option<Current>,
    dark: bool,
    /// Whether the loop knows that the board is dark.
    told_dark: bool,
}

impl Painter {
    fn run(mut self) -> io::Result<()> {
        let mut due = None;
        loop {
            let show = {
                let mut slot = self.shared.lock();
                loop {
                    if slot.stop {
                        return Ok(());
                    }
                    if let Some(show) = slot.show.take() {
                        break Some(show);
                    }
                    let now = Instant::now();
                    let next = self.cutoff.as_ref().map(|_| now + CUTOFF_EVERY);
                    let next = [due, next].into_iter().flatten().min();
                    slot = match next.map(|next| next.saturating_duration_since(now)) {
                        Some(Duration::ZERO) => break None,
                        Some(wait) => match self.shared.wake.wait_timeout(slot, wait) {
                            Ok((slot, result)) if result.timed_out() && slot.show.is_none() => {
                                break None;
                            }
                            Ok((slot, _)) => slot,
                            Err(poisoned) => poisoned.into_inner().0,
                        },
                        None => self.shared.wake.wait(slot).unwrap_or_else(PoisonError::into_inner),
                    };
                }
            };
            let is_new = show.is_some();
            if let Some(show) = show {
                let now = Instant::now();
                let began = now.checked_sub(Duration::from_millis(show.from_ms)).unwrap_or(now);
                self.current = Some(Current { show, began, checked: None, painted_ms: None });
            }
            let changed = self.look_at_cutoff()?;
            let is_due = due.is_some_and(|due| due <= Instant::now());
            if !self.dark && (is_new || changed || is_due) {
                due = self.paint()?;
            }
        }
    }

    /// Goes dark or comes back; says whether something changed.
    fn look_at_cutoff(&mut self) -> io::Result<bool> {
        let dark = self.cutoff.as_ref().is_some_and(|file| file.exists());
        if self.told_dark != self.dark && self.reports.try_send(Report::CutOff(self.dark)).is_ok() {
            self.told_dark = self.dark;
        }
        if dark == self.dark {
            return Ok(false);
        }
        self.dark = dark;
        if dark {
            self.frame.fill(self.frame.area(), Rgb::BLACK);
            if let Some(current) = &mut self.current {
                current.painted_ms = None;
            }
            self.output.show(&self.frame)?;
        }
        Ok(true)
    }

    /// Paints what is due and says when the picture changes next, at the output's own pace.
    fn paint(&mut self) -> io::Result<Option<Instant>> {
        let Some(current) = self.current.as_mut() else { return Ok(None) };
        let elapsed_ms = current.began.elapsed().as_millis() as u64;
        match current.painted_ms.replace(elapsed_ms) {
            Some(before_ms) => {
                repaint(&current.show.scene, before_ms, elapsed_ms, &mut self.frame);
            }
            None => paint(&current.show.scene, elapsed_ms, &mut self.frame),
        }
        self.output.show(&self.frame)?;
        let at = Instant::now();
        if current.checked.is_none_or(|checked| at - checked >= CHECKSUM_EVERY) {
            current.checked = Some(at);
            let ticket = current.show.ticket;
            let presented = Presented { ticket, crc32: self.frame.crc32(), at };
            let _ = self.reports.try_send(Report::Presented(presented));
        }
        let next = current.show.scene.next_change_ms(elapsed_ms);
        let next = next.map(|next| current.began + Duration::from_millis(next));
        Ok(next.map(|next| next.max(at + self.period)))
    }
}
