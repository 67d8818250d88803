//! When to try again, and what to try: back-off with jitter, and the ways out of a failure that
//! would repeat for ever.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A connection that lived as long is sound, and the next failure a new story.
const SETTLED: Duration = Duration::from_secs(10);
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest first pause; each further one may be twice as long, up to [`PAUSE_MAX`].
const FIRST_PAUSE_MAX: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How a connection, or the attempt to make one, ended.
pub(super) struct Ending {
    /// One line for a log.
    pub(super) reason: String,
    /// How long it was up; `None` if it never was.
    pub(super) lived: Option<Duration>,
    /// Whether a packet is to blame, which the next connection could bring again.
    pub(super) suspicious: bool,
}

/// What to do about an ending.
pub(super) struct Verdict {
    /// Whether the reason differs from the one before.
    pub(super) is_new: bool,
    /// How long to wait before the next attempt.
    pub(super) pause: Duration,
    /// What to give up, if the same packet seems to end every connection.
    pub(super) remedy: Option<Remedy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The broker's session may hold the packet: start without it, once.
    StartClean,
    /// That did not help, so the oldest message of ours that is under way may be it.
    DropOldest,
}

/// The endings so far, as far as they matter for the next attempt.
#[derive(Default)]
pub(super) struct Health {
    failed_attempts: u32,
    short_lives: u32,
    reason: Option<String>,
    repeated: u32,
}

impl Health {
    pub(super) fn judge(&mut self, ending: &Ending) -> Verdict {
        match ending.lived {
            None => self.failed_attempts = self.failed_attempts.saturating_add(1),
            Some(lived) if lived >= SETTLED => *self = Self::default(),
            // Reached, but not for long: a quick retry is right only for the first of these.
            Some(_) => {
                self.failed_attempts = 0;
                self.short_lives = self.short_lives.saturating_add(1);
            }
        }
        let is_new = self.reason.as_ref() != Some(&ending.reason);
        if is_new {
            self.repeated = 0;
            self.reason = Some(ending.reason.clone());
        }
        self.repeated += u32::from(ending.suspicious);
        let remedy = match self.repeated {
            3 if ending.suspicious => Some(Remedy::StartClean),
            5 => {
                self.repeated = 0;
                Some(Remedy::DropOldest)
            }
            _ => None,
        };
        let failures = self.failed_attempts.max(self.short_lives);
        Verdict { is_new, pause: pause(failures, RandomState::new().hash_one(0)), remedy }
    }
}

/// Anything from 0.2 s to a limit that doubles with each failure: boards that lost the same
/// broker must not come back at once (10,000 did, and cost Mosquitto half a minute).
fn pause(failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(5);
    let limit = (FIRST_PAUSE_MAX * 2_u32.pow(doublings)).min(PAUSE_MAX);
    PAUSE_MIN + (limit - PAUSE_MIN).mul_f64(random as f64 / u64::MAX as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(reason: &str, lived_s: Option<u64>, suspicious: bool) -> Ending {
        Ending { reason: reason.into(), lived: lived_s.map(Duration::from_secs), suspicious }
    }

    #[test]
    fn pauses_are_spread_from_a_fifth_of_a_second_to_the_limit() {
        for (failures, limit_s) in [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30)] {
            assert_eq!(pause(failures, 0), PAUSE_MIN);
            assert_eq!(pause(failures, u64::MAX), Duration::from_secs(limit_s));
        }
        assert_eq!(pause(u32::MAX, u64::MAX), PAUSE_MAX);
    }

    #[test]
    fn a_connection_made_or_settled_starts_the_pauses_again() {
        let mut health = Health::default();
        for _ in 0..9 {
            health.judge(&ending("refused", None, false));
        }
        assert_eq!(health.failed_attempts, 9);
        assert!(health.judge(&ending("closed", Some(1), false)).pause <= FIRST_PAUSE_MAX);
        for _ in 0..9 {
            health.judge(&ending("closed", Some(1), false));
        }
        assert_eq!(health.short_lives, 10);
        assert!(health.judge(&ending("closed", Some(10), false)).pause <= FIRST_PAUSE_MAX);
    }

    #[test]
    fn a_reason_is_new_once_until_the_link_was_sound() {
        let mut health = Health::default();
        let mut is_new = |reason, lived| health.judge(&ending(reason, lived, false)).is_new;
        assert!(is_new("refused", None));
        assert!(!is_new("refused", None));
        assert!(is_new("timeout", None));
        assert!(is_new("refused", Some(1)));
        assert!(!is_new("refused", Some(2)));
        assert!(is_new("refused", Some(60)));
    }

    #[test]
    fn a_failure_that_repeats_costs_the_session_and_then_the_oldest_message() {
        let mut health = Health::default();
        let mut remedy =
            |reason, suspicious| health.judge(&ending(reason, Some(0), suspicious)).remedy;
        assert_eq!([(); 2].map(|()| remedy("too large", true)), [None; 2]);
        assert_eq!(remedy("refused", false), None);
        assert_eq!([(); 2].map(|()| remedy("too large", true)), [None; 2]);
        assert_eq!(remedy("too large", true), Some(Remedy::StartClean));
        assert_eq!(remedy("too large", true), None);
        assert_eq!(remedy("too large", true), Some(Remedy::DropOldest));
        assert_eq!([(); 2].map(|()| remedy("too large", true)), [None; 2]);
        assert_eq!(remedy("too large", true), Some(Remedy::StartClean));
        assert_eq!([(); 9].map(|()| remedy("closed", false)), [None; 9]);
    }
}
