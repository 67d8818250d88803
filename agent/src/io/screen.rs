//! The thread that paints. Nothing it does waits for the network or the disk, and nothing they
//! do can stop the picture.
#![expect(clippy::disallowed_methods, reason = "the screen is paced by the machine's clock")]

mod painter;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bangtin_renderer::{Frame, Panel};
use tokio::sync::mpsc::Sender;

use crate::board::{Presented, Show};

use super::cutoff::Cutoff;
use super::output::Output;
use painter::Painter;

/// What the screen reports.
#[derive(Debug)]
pub enum Report {
    /// The first frame of a ticket is visible, or the last one's checksum was taken again.
    Presented(Presented),
    /// The cut-off made the board dark, or gave it back.
    CutOff {
        /// Whether it is dark now.
        dark: bool,
        /// When the black frame became visible; when the cut-off was found to be over.
        at: Instant,
        /// CRC-32 of the frame on the glass at that instant.
        crc32: u32,
    },
    /// The cut-off cannot be read and stays as it was, with what is wrong in one line; `None` when
    /// it can be read again.
    CutOffFault(Option<String>),
    /// A copy of the frame on the glass; of the black one while the board is cut off, and before
    /// the first.
    Captured(Frame),
    /// Painting has ended, with the output's failure.
    Failed(io::Error),
}

/// How evenly frames have come since the screen began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pacing {
    /// Frames that became visible.
    pub frames: u64,
    /// Frames that would have had their time before the one that came too late. Of a moving
    /// picture that is every period of the output that passed after a frame was due.
    pub missed: u64,
    /// The longest time from the instant a frame was due until it was visible, in microseconds.
    pub worst_late_us: u64,
}

/// A handle to the painting thread, which ends when the handle is dropped.
pub struct Screen {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    orders: Mutex<Orders>,
    wake: Condvar,
    frames: AtomicU64,
    missed: AtomicU64,
    worst_late_us: AtomicU64,
}

/// What the thread is asked for, the latest of each.
#[derive(Default)]
struct Orders {
    show: Option<Show>,
    brightness_percent: Option<u8>,
    capture: bool,
    stop: bool,
}

impl Screen {
    /// Starts painting. While the cut-off is active the panel is dark, whatever is asked.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        output: Box<dyn Output>,
        panel: &Panel,
        cutoff: Cutoff,
        reports: Sender<Report>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let painter = Painter::new(output, panel, cutoff, reports.clone(), Arc::clone(&shared));
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
        self.order(|orders| orders.show = Some(show));
    }

    /// Sets how bright the panel is from the next frame on, 0 to 100; outputs without light of
    /// their own ignore it.
    pub fn set_brightness(&self, percent: u8) {
        self.order(|orders| orders.brightness_percent = Some(percent));
    }

    /// Asks for a copy of the frame on the glass; [`Report::Captured`] brings one, also where it is
    /// asked for again before that.
    pub fn capture(&self) {
        self.order(|orders| orders.capture = true);
    }

    /// How evenly frames have come so far.
    pub fn pacing(&self) -> Pacing {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Pacing {
            frames: read(&self.shared.frames),
            missed: read(&self.shared.missed),
            worst_late_us: read(&self.shared.worst_late_us),
        }
    }

    fn order(&self, order: impl FnOnce(&mut Orders)) {
        order(&mut self.shared.lock());
        self.shared.wake.notify_one();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.order(|orders| orders.stop = true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is ordered, or an instant.
    fn wait(&self, until: Option<Instant>) -> Orders {
        let mut orders = self.lock();
        while orders.is_empty() {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            orders = match left {
                Some(Duration::ZERO) => break,
                Some(left) => match self.wake.wait_timeout(orders, left) {
                    Ok((orders, _)) => orders,
                    Err(poisoned) => poisoned.into_inner().0,
                },
                None => self.wake.wait(orders).unwrap_or_else(PoisonError::into_inner),
            };
        }
        std::mem::take(&mut orders)
    }

    /// Counts a frame that is visible, and how late it is if it was due at an instant.
    fn count(&self, late: Option<Duration>, period: Duration) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        let Some(late) = late else { return };
        let missed = late.as_nanos() / period.as_nanos().max(1);
        self.missed.fetch_add(missed as u64, Ordering::Relaxed);
        self.worst_late_us.fetch_max(late.as_micros() as u64, Ordering::Relaxed);
    }
}

impl Orders {
    fn is_empty(&self) -> bool {
        let Self { show, brightness_percent, capture, stop } = self;
        show.is_none() && brightness_percent.is_none() && !capture && !stop
    }
}

#[cfg(test)]
mod tests;
