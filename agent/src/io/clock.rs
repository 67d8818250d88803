//! The machine's clocks, read once a turn of the loop.
#![expect(clippy::disallowed_methods, reason = "this is the file that reads the clocks")]

use std::time::Instant;

use jiff::Timestamp;

use crate::calendar::{Now, Trust};

/// Reads the clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// One reading of all clocks.
    pub fn now(self) -> Now {
        Now {
            wall: Timestamp::now(),
            monotonic_ms: self.began.elapsed().as_millis() as u64,
            trust: trust(),
        }
    }
}

/// Whether the kernel's clock follows a time server.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe wrapper of adjtimex is at hand")]
fn trust() -> Trust {
    // SAFETY: `timex` holds integers alone, for which all zeroes is a value; with `modes` 0
    // adjtimex(2) reads the clock's state into it and changes nothing.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&raw mut timex)
    };
    if state == libc::TIME_ERROR { Trust::Unknown } else { Trust::Trusted }
}

/// Desktops keep their clock themselves.
#[cfg(not(target_os = "linux"))]
fn trust() -> Trust {
    Trust::Trusted
}
