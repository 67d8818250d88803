//! The machine's clocks, read once a turn of the loop.
#![expect(clippy::disallowed_methods, reason = "this is the file that reads the clocks")]

use jiff::Timestamp;

use crate::calendar::{Now, Trust};
use crate::timekeeper::Reading;

/// Reads the clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Monotonic,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub fn start() -> Self {
        Self { began: Monotonic::now() }
    }

    /// One reading of all clocks.
    pub fn read(self) -> Reading {
        Reading {
            system: Timestamp::now(),
            monotonic_ms: self.began.elapsed_ms(),
            synced: is_synced(),
        }
    }

    /// One reading of all clocks, where the system's clock is taken as it is.
    pub fn now(self) -> Now {
        let Reading { system, monotonic_ms, synced } = self.read();
        let trust = if synced { Trust::Trusted } else { Trust::Unknown };
        Now { wall: system, monotonic_ms, trust }
    }
}

/// An instant of a clock that nobody can set and that runs while the machine sleeps
/// (`CLOCK_BOOTTIME` in clock_gettime(2); `Instant` stops with the machine).
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
struct Monotonic {
    ms: u64,
}

#[cfg(target_os = "linux")]
impl Monotonic {
    fn now() -> Self {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Self { ms: time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000 }
    }

    fn elapsed_ms(self) -> u64 {
        Self::now().ms.saturating_sub(self.ms)
    }
}

/// Where a desktop sleeps, its clock is right again when it wakes.
#[cfg(not(target_os = "linux"))]
#[derive(Debug, Clone, Copy)]
struct Monotonic {
    at: std::time::Instant,
}

#[cfg(not(target_os = "linux"))]
impl Monotonic {
    fn now() -> Self {
        Self { at: std::time::Instant::now() }
    }

    fn elapsed_ms(self) -> u64 {
        self.at.elapsed().as_millis() as u64
    }
}

/// Whether the kernel's clock follows a time server: adjtimex(2) returns `TIME_ERROR` while
/// `STA_UNSYNC` is set. systemd-timesyncd and ntpd clear that flag when they have set the clock,
/// chrony only where its configuration says `rtcsync`, as Debian's does. The kernel sets it again
/// when the clock is set by hand, and about nine hours after the time server was heard last (the
/// error that it assumes grows by 500 ppm up to 16 s).
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe wrapper of adjtimex is at hand")]
fn is_synced() -> bool {
    // SAFETY: `timex` holds integers alone, for which all zeroes is a value; with `modes` 0
    // adjtimex(2) reads the clock's state into it and changes nothing.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&raw mut timex)
    };
    // -1 is a failure, as in a sandbox without the call.
    (0..libc::TIME_ERROR).contains(&state)
}

/// Desktops keep their clock themselves.
#[cfg(not(target_os = "linux"))]
fn is_synced() -> bool {
    true
}
