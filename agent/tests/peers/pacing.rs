//! How evenly frames came, by the board's own count, and how far the machine is to blame.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a frame stands at 60 a second.
pub const PERIOD: Duration = Duration::from_nanos(16_666_667);

/// How frames came since the program started, by its own count.
#[derive(Debug)]
pub struct Frames {
    pub presented: u64,
    /// Periods that passed after a frame was due.
    pub missed: u64,
    /// Of the latest one, since it was due.
    pub worst_late_ms: f64,
}

impl Frames {
    /// As a status says it.
    #[track_caller]
    pub fn of(status: &Value) -> Self {
        let frames = &status["frames"];
        assert!(frames.is_object(), "the status says nothing of `frames`: {status}");
        let count = |field: &str| frames[field].as_u64().unwrap();
        Self {
            presented: count("presented"),
            missed: count("missed"),
            worst_late_ms: frames["worst_late_ms"].as_f64().unwrap(),
        }
    }
}

/// A thread that wakes at the panel's pace and does nothing: as late as it is, the machine was.
pub struct Metronome {
    worst: Arc<Mutex<Duration>>,
}

impl Metronome {
    /// Wakes until it is dropped.
    pub fn start() -> Self {
        let worst = Arc::new(Mutex::new(Duration::ZERO));
        let held = Arc::downgrade(&worst);
        thread::spawn(move || {
            let mut due = Instant::now() + PERIOD;
            while let Some(worst) = held.upgrade() {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let late = due.elapsed();
                let mut worst = worst.lock().unwrap();
                *worst = (*worst).max(late);
                due = Instant::now() + PERIOD;
            }
        });
        Self { worst }
    }

    /// How late it woke at worst.
    pub fn worst_late(self) -> Duration {
        *self.worst.lock().unwrap()
    }
}
