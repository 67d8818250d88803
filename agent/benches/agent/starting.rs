//! A start with thousands of stored notices: to the first frame, to the first emergency, to the
//! last notice.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::goals::{Goals, Unit, ms};
use crate::square::{EMERGENCY, Square, cancel, notice};

const PATIENCE: Duration = Duration::from_secs(60);
/// Everything is loaded after so long, in milliseconds.
const GOAL_MS: f64 = 2000.0;

/// When the board said last that it has loaded its store.
static LOADED: Mutex<Option<Instant>> = Mutex::new(None);

/// Lets the board log as it does, to somebody who only listens for one line.
pub fn listen() {
    tracing_subscriber::fmt().with_ansi(false).with_writer(|| Log).init();
}

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.windows(7).any(|window| window == b" loaded") {
            *LOADED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Measures it, with and without cancels.
pub fn starts(goals: &Goals) {
    goals.table("start with 10,000 stored notices, lcd-1080p, files in memory");
    for cancels in [0, 1000] {
        let square = Square::new("lcd-1080p", 1);
        fill(&square, 10_000);
        for number in 0..cancels {
            square.keep(&cancel(&format!("tin-{}", number * 9 + 1)));
        }
        if cancels > 0 {
            println!("| **and {cancels} cancels** | | | |");
        }
        start(goals, &square);
    }
}

/// Ten emergencies, a hundred priority notices, and routine ones.
pub fn fill(square: &Square, count: usize) {
    for number in 0..count {
        let class = match number {
            _ if number % 1000 == 500 => "emergency",
            _ if number % 100 == 50 => "priority",
            _ => "routine",
        };
        square.keep(&notice(&format!("tin-{number}"), 1, class, number));
    }
}

fn start(goals: &Goals, square: &Square) {
    *LOADED.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let running = square.run();
    let since = |at: Instant| ms(at - running.began);
    let glance = || running.glances.recv_timeout(PATIENCE).expect("a frame");
    goals.told("to the clock's frame", since(glance().at), Unit::Ms);
    let mut first = glance();
    while first.ground != EMERGENCY {
        first = glance();
    }
    goals.told("to the first emergency's frame", since(first.at), Unit::Ms);
    let began = Instant::now();
    let loaded = loop {
        if let Some(at) = *LOADED.lock().unwrap_or_else(PoisonError::into_inner) {
            break at;
        }
        assert!(began.elapsed() < PATIENCE, "the store is never loaded");
        std::thread::sleep(Duration::from_millis(1));
    };
    goals.at_most("to all of them", since(loaded), GOAL_MS, Unit::Ms);
}
