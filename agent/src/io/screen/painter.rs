//! What the thread does: looks at the cut-off, paints what is due, and says what it did.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bangtin_renderer::{Frame, Panel, Rgb, paint, repaint};
use tokio::sync::mpsc::Sender;

use super::{Presented, Report, Shared, Show};
use crate::io::cutoff::Cutoff;
use crate::io::output::Output;

/// How often a board that has nothing to paint looks at the cut-off: one frame at 60 Hz.
const LOOK_EVERY: Duration = Duration::from_millis(16);
/// How often the checksum of a moving picture is taken anew.
const CHECKSUM_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Painter {
    output: Box<dyn Output>,
    cutoff: Cutoff,
    /// Never waited for: nothing may stop the picture.
    reports: Sender<Report>,
    shared: Arc<Shared>,
    /// Shortest time between two frames of a moving picture.
    period: Duration,
    /// What is on the glass.
    frame: Frame,
    current: Option<Current>,
    looked: Instant,
    dark: bool,
    untold: Untold,
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

/// What the loop may not know yet. It is told as soon as there is room.
#[derive(Default)]
struct Untold {
    cut_off: Option<CutOff>,
    /// The fault that the loop believes in.
    told_fault: Option<String>,
    capture: bool,
}

#[derive(Clone, Copy)]
struct CutOff {
    dark: bool,
    at: Instant,
    crc32: u32,
}

impl Painter {
    pub(super) fn new(
        output: Box<dyn Output>,
        panel: &Panel,
        cutoff: Cutoff,
        reports: Sender<Report>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            period: Duration::from_secs(1) / output.fps().clamp(1, panel.fps.max(1)),
            output,
            cutoff,
            reports,
            shared,
            frame: Frame::new(panel.width, panel.height),
            current: None,
            looked: Instant::now(),
            dark: false,
            untold: Untold::default(),
        }
    }

    /// Paints until it is told to stop.
    ///
    /// # Errors
    /// When the output takes no more frames.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut due = None;
        loop {
            let looks = self.cutoff.is_configured() || self.has_untold();
            let look = looks.then(|| self.looked + LOOK_EVERY);
            let orders = self.shared.wait([due, look].into_iter().flatten().min());
            if orders.stop {
                return Ok(());
            }
            let was_dark = self.dark;
            self.look_at_cutoff()?;
            let now = self.looked;
            let mut is_out_of_turn = was_dark;
            if let Some(percent) = orders.brightness_percent {
                self.output.set_brightness(percent);
                is_out_of_turn = true;
            }
            if let Some(show) = orders.show {
                let began = now.checked_sub(Duration::from_millis(show.from_ms)).unwrap_or(now);
                self.current = Some(Current { show, began, checked: None, painted_ms: None });
                is_out_of_turn = true;
            }
            if self.dark {
                due = None;
            } else if is_out_of_turn {
                due = self.paint(None)?;
            } else if due.is_some_and(|due| due <= now) {
                due = self.paint(due)?;
            }
            self.untold.capture |= orders.capture;
            self.tell();
        }
    }

    /// Goes dark or comes back. What comes back is painted by the caller.
    fn look_at_cutoff(&mut self) -> io::Result<()> {
        self.looked = Instant::now();
        let dark = self.cutoff.is_active();
        if dark == self.dark {
            return Ok(());
        }
        self.dark = dark;
        if dark {
            self.frame.fill(self.frame.area(), Rgb::BLACK);
            if let Some(current) = &mut self.current {
                (current.painted_ms, current.checked) = (None, None);
            }
            self.output.show(&self.frame)?;
            self.shared.count(None, self.period);
        }
        let at = if dark { Instant::now() } else { self.looked };
        self.untold.cut_off = Some(CutOff { dark, at, crc32: self.frame.crc32() });
        self.tell();
        Ok(())
    }

    /// Paints what is due, or what is new, and says when the picture changes next, at the
    /// output's own pace. That is counted from the instant that was due, for a frame that comes a
    /// little late must not make all those after it late.
    fn paint(&mut self, due: Option<Instant>) -> io::Result<Option<Instant>> {
        let Some(current) = self.current.as_mut() else { return Ok(None) };
        let start = Instant::now();
        let elapsed_ms = start.saturating_duration_since(current.began).as_millis() as u64;
        match current.painted_ms.replace(elapsed_ms) {
            Some(before_ms) => {
                repaint(&current.show.scene, before_ms, elapsed_ms, &mut self.frame);
            }
            None => paint(&current.show.scene, elapsed_ms, &mut self.frame),
        }
        self.output.show(&self.frame)?;
        let at = Instant::now();
        self.shared.count(due.map(|due| at.saturating_duration_since(due)), self.period);
        if current.checked.is_none_or(|checked| at - checked >= CHECKSUM_EVERY) {
            current.checked = Some(at);
            let ticket = current.show.ticket;
            let presented = Presented { ticket, crc32: self.frame.crc32(), at };
            let _ = self.reports.try_send(Report::Presented(presented));
        }
        let next = current.show.scene.next_change_ms(elapsed_ms);
        let next = next.map(|next| current.began + Duration::from_millis(next));
        Ok(next.map(|next| next.max(due.unwrap_or(start) + self.period)))
    }

    fn has_untold(&self) -> bool {
        let Untold { cut_off, told_fault, capture } = &self.untold;
        cut_off.is_some() || *capture || told_fault.as_deref() != self.cutoff.fault()
    }

    /// Tells the loop what it does not know, as far as there is room.
    fn tell(&mut self) {
        if let Some(CutOff { dark, at, crc32 }) = self.untold.cut_off
            && self.reports.try_send(Report::CutOff { dark, at, crc32 }).is_ok()
        {
            self.untold.cut_off = None;
        }
        if self.untold.told_fault.as_deref() != self.cutoff.fault() {
            let fault = self.cutoff.fault().map(str::to_owned);
            if self.reports.try_send(Report::CutOffFault(fault.clone())).is_ok() {
                self.untold.told_fault = fault;
            }
        }
        // Room is asked for first: a copy of a large frame is not made in vain.
        if self.untold.capture
            && let Ok(room) = self.reports.try_reserve()
        {
            room.send(Report::Captured(self.frame.clone()));
            self.untold.capture = false;
        }
    }
}
