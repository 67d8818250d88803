//! What time it is and how far that is to be believed, from what the machine's clocks say.
//!
//! A Pi has no battery clock: until a time server has been heard the system's clock is a guess, and
//! what moves it then moves it for no reason that a board can check. So it is asked once, at the
//! start; after that only a clock that follows a time server moves the time, and in between the
//! time runs on with the clock that cannot be set.

use jiff::{SignedDuration, Timestamp};

use crate::calendar::{Now, Trust};

/// How often the time is worth a place in the next write, in milliseconds.
const STORE_EVERY_MS: u64 = 60_000;

/// What the machine's clocks say, all at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The system's clock: the time of day and date, right or wrong.
    pub system: Timestamp,
    /// Milliseconds since the program began, those in which the machine slept included.
    pub monotonic_ms: u64,
    /// Whether the system's clock follows a time server.
    pub synced: bool,
}

/// Tells the time.
#[derive(Debug, Clone)]
pub struct Timekeeper {
    /// The latest time to build on.
    anchor: Anchor,
    trust: Trust,
    /// A time that has passed for certain: the trusted one, in this run or stored by another.
    /// What is stored is this, carried on.
    certain: Option<Anchor>,
    stored_ms: Option<u64>,
    latest_ms: u64,
}

/// A time, and what the monotonic clock said then.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    wall: Timestamp,
    monotonic_ms: u64,
}

impl Anchor {
    fn at(self, monotonic_ms: u64) -> Timestamp {
        let passed_ms = i64::try_from(monotonic_ms.saturating_sub(self.monotonic_ms));
        let passed = SignedDuration::from_millis(passed_ms.unwrap_or(i64::MAX));
        self.wall.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

impl Timekeeper {
    /// Begins with the first reading, and with what [`Timekeeper::to_store`] gave an earlier run
    /// last. Until a time server is heard the time is the later of the two.
    pub fn start(first: Reading, stored: Option<Timestamp>) -> Self {
        let anchor = |wall| Anchor { wall, monotonic_ms: first.monotonic_ms };
        Self {
            anchor: anchor(stored.map_or(first.system, |stored| stored.max(first.system))),
            trust: Trust::Unknown,
            certain: stored.map(anchor),
            stored_ms: None,
            latest_ms: first.monotonic_ms,
        }
    }

    /// The time of a reading. It goes back only where a time server says so: an untrusted clock
    /// may jump as it likes.
    pub fn now(&mut self, reading: Reading) -> Now {
        let monotonic_ms = reading.monotonic_ms.max(self.latest_ms);
        self.latest_ms = monotonic_ms;
        self.trust = match (reading.synced, self.trust) {
            (true, _) => Trust::Trusted,
            (false, Trust::Unknown) => Trust::Unknown,
            (false, Trust::Trusted | Trust::Holdover) => Trust::Holdover,
        };
        if reading.synced {
            self.anchor = Anchor { wall: reading.system, monotonic_ms };
            self.certain = Some(self.anchor);
        }
        Now { wall: self.anchor.at(monotonic_ms), monotonic_ms, trust: self.trust }
    }

    /// What the next write should keep for the next start: the trusted time, carried on since it
    /// was heard, also through starts without a time server. At most once a minute; `None` too
    /// while no time was ever trusted. What is given counts as written.
    ///
    /// Should a wrong time have been trusted and stored, the next start believes it until a time
    /// server is heard; then the right one replaces it, here too.
    pub fn to_store(&mut self, now: Now) -> Option<Timestamp> {
        let is_fresh = |stored: u64| now.monotonic_ms.saturating_sub(stored) < STORE_EVERY_MS;
        let certain = self.certain.filter(|_| !self.stored_ms.is_some_and(is_fresh))?;
        self.stored_ms = Some(now.monotonic_ms);
        Some(certain.at(now.monotonic_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "2026-04-01 00:00:00";

    fn at(text: &str) -> Timestamp {
        format!("{}Z", text.replace(' ', "T")).parse().expect("a time")
    }

    /// Plays readings of (seconds since the start, system's clock, follows a time server) and
    /// compares the times told, and what would be stored then.
    #[track_caller]
    fn check(stored: Option<&str>, readings: &[(u64, &str, bool)], expected: &[&str]) {
        let reading = |&(second, system, synced): &(u64, &str, bool)| Reading {
            system: at(system),
            monotonic_ms: second * 1000,
            synced,
        };
        let mut keeper = Timekeeper::start(reading(&readings[0]), stored.map(at));
        let trace = readings.iter().map(|each| {
            let now = keeper.now(reading(each));
            let kept = keeper.to_store(now).map(|kept| match kept == now.wall {
                true => ", stored".to_owned(),
                false => format!(", stored {}", kept.strftime("%F %T")),
            });
            let told = now.wall.strftime("%F %T");
            format!("{}: {told} {:?}{}", each.0, now.trust, kept.unwrap_or_default())
        });
        assert_eq!(trace.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_boot_without_a_network_runs_on_from_the_later_of_both_clocks() {
        check(
            None,
            &[(0, "1970-01-01 00:00:05", false), (90, "1970-01-01 00:01:35", false)],
            &["0: 1970-01-01 00:00:05 Unknown", "90: 1970-01-01 00:01:35 Unknown"],
        );
        check(
            Some("2026-11-23 01:00:00"),
            &[(0, "1970-01-01 00:00:05", false), (90, "1970-01-01 00:01:35", false)],
            &["0: 2026-11-23 01:00:00 Unknown, stored", "90: 2026-11-23 01:01:30 Unknown, stored"],
        );
        check(
            Some("2026-11-23 01:00:00"),
            &[(0, IMAGE, false), (59, IMAGE, false), (60, IMAGE, false)],
            &[
                "0: 2026-11-23 01:00:00 Unknown, stored",
                "59: 2026-11-23 01:00:59 Unknown",
                "60: 2026-11-23 01:01:00 Unknown, stored",
            ],
        );
    }

    /// A battery clock knows how long the board was off; it is not certain, so it is not stored.
    #[test]
    fn a_battery_clock_that_is_ahead_of_the_stored_time_counts() {
        check(
            Some("2026-11-20 01:00:00"),
            &[(0, "2026-11-23 01:00:00", false), (60, "2026-11-23 01:01:00", false)],
            &[
                "0: 2026-11-23 01:00:00 Unknown, stored 2026-11-20 01:00:00",
                "60: 2026-11-23 01:01:00 Unknown, stored 2026-11-20 01:01:00",
            ],
        );
    }

    #[test]
    fn a_time_server_sets_the_time_and_without_it_the_time_runs_on() {
        check(
            None,
            &[
                (0, IMAGE, false),
                (30, "2026-11-23 01:00:00", true),
                (40, "2026-11-23 01:00:10", true),
                (50, "2026-11-23 01:00:20", false),
                (100, "2026-11-23 01:01:10", false),
                (110, "2026-11-23 01:01:21", true),
            ],
            &[
                "0: 2026-04-01 00:00:00 Unknown",
                "30: 2026-11-23 01:00:00 Trusted, stored",
                "40: 2026-11-23 01:00:10 Trusted",
                "50: 2026-11-23 01:00:20 Holdover",
                "100: 2026-11-23 01:01:10 Holdover, stored",
                "110: 2026-11-23 01:01:21 Trusted",
            ],
        );
    }

    #[test]
    fn jumps_of_a_clock_without_a_time_server_are_ignored() {
        check(
            None,
            &[
                (0, "2026-11-23 01:00:00", true),
                (10, "2026-11-22 01:00:10", false),
                (20, "2027-11-23 01:00:20", false),
                (30, "1970-01-01 00:00:00", false),
            ],
            &[
                "0: 2026-11-23 01:00:00 Trusted, stored",
                "10: 2026-11-23 01:00:10 Holdover",
                "20: 2026-11-23 01:00:20 Holdover",
                "30: 2026-11-23 01:00:30 Holdover",
            ],
        );
        check(
            None,
            &[(0, IMAGE, false), (10, "2027-11-23 01:00:00", false), (20, IMAGE, false)],
            &[
                "0: 2026-04-01 00:00:00 Unknown",
                "10: 2026-04-01 00:00:10 Unknown",
                "20: 2026-04-01 00:00:20 Unknown",
            ],
        );
    }

    #[test]
    fn a_time_server_may_turn_the_time_back() {
        check(
            None,
            &[
                (0, "2026-11-23 01:00:00", true),
                (10, "2026-11-22 01:00:10", true),
                (20, "2026-11-22 01:00:20", false),
            ],
            &[
                "0: 2026-11-23 01:00:00 Trusted, stored",
                "10: 2026-11-22 01:00:10 Trusted",
                "20: 2026-11-22 01:00:20 Holdover",
            ],
        );
    }

    #[test]
    fn sleep_of_the_machine_counts() {
        check(
            None,
            &[(0, "2026-11-23 01:00:00", true), (28_800, "2026-11-23 01:00:01", false)],
            &[
                "0: 2026-11-23 01:00:00 Trusted, stored",
                "28800: 2026-11-23 09:00:00 Holdover, stored",
            ],
        );
    }

    #[test]
    fn a_stored_time_from_the_future_stands_until_a_time_server_is_heard() {
        check(
            Some("2031-01-01 00:00:00"),
            &[
                (0, IMAGE, false),
                (60, "2026-11-23 01:00:00", true),
                (120, "2026-11-23 01:01:00", false),
            ],
            &[
                "0: 2031-01-01 00:00:00 Unknown, stored",
                "60: 2026-11-23 01:00:00 Trusted, stored",
                "120: 2026-11-23 01:01:00 Holdover, stored",
            ],
        );
    }

    #[test]
    fn no_reading_breaks_it() {
        let end = Reading { system: Timestamp::MAX, monotonic_ms: u64::MAX, synced: true };
        let mut keeper = Timekeeper::start(end, Some(Timestamp::MAX));
        assert_eq!(keeper.now(end).wall, Timestamp::MAX);
        let back = Reading { system: Timestamp::MIN, monotonic_ms: 0, synced: false };
        let now = keeper.now(back);
        assert_eq!((now.wall, now.monotonic_ms), (Timestamp::MAX, u64::MAX));
        let mut keeper = Timekeeper::start(back, None);
        assert_eq!(keeper.now(end).wall, Timestamp::MAX);
        let unsynced = Reading { synced: false, ..end };
        assert_eq!(keeper.now(unsynced).trust, Trust::Holdover);
    }
}
