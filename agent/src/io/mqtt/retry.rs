//! When to try again, and when the session itself must be the trouble: back-off with jitter, and
//! the way out of a failure that would repeat for ever.

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
    /// Whether a connection was made and ended at once, so that what was sent may be to blame.
    pub(super) was_short: bool,
    /// Whether the broker's session seems to hold a packet that ends every connection.
    pub(super) start_clean: bool,
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
        let was_short = ending.lived.is_some_and(|lived| lived < SETTLED);
        match ending.lived {
            None => self.failed_attempts = self.failed_attempts.saturating_add(1),
            // Reached, but not for long: a quick retry is right only for the first of these.
            Some(_) if was_short => {
                self.failed_attempts = 0;
                self.short_lives = self.short_lives.saturating_add(1);
            }
            Some(_) => *self = Self::default(),
        }
        let is_new = self.reason.as_ref() != Some(&ending.reason);
        if is_new {
            self.repeated = 0;
            self.reason = Some(ending.reason.clone());
        }
        self.repeated = self.repeated.saturating_add(1);
        let start_clean = ending.suspicious && self.repeated == 3;
        let failures = self.failed_attempts.max(self.short_lives);
        let pause = pause(failures, RandomState::new().hash_one(0));
        Verdict { is_new, pause, was_short, start_clean }
    }
}

/// Anything from 0.2 s to a limit that doubles with each failure: boards that lost the same
/// broker must not come back at once (10,000 did, and cost Mosquitto half a minute).
fn pause(failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(5);
    let limit = (FIRST_PAUSE_MAX * 2_u32.pow(doublings)).min(PAUSE_MAX);
    PAUSE_MIN + (limit - PAUSE_MIN).mul_f64(random as f64 / u64::MAX as f64)
}

/// How many pings may stand unanswered before a connection is given up. The answer to a ping comes
/// after whatever the broker is sending, which may take minutes on a weak link; given up too early,
/// the same message begins again, and again, and keeps everything behind it away. A dead connection
/// on the other hand must not be waited for. So patience doubles each time it ran out, and is
/// short again once a message came through.
#[derive(Debug)]
pub struct Patience {
    pings: u32,
    unanswered: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { pings: 1, unanswered: 0 }
    }
}

impl Patience {
    /// Most pings that are waited for: eight minutes, in which 2 MiB come at 4.4 kB/s.
    const MOST: u32 = 16;

    /// A ping was sent. Says whether another one may follow it unanswered.
    pub fn sent(&mut self) -> bool {
        self.unanswered += 1;
        self.unanswered < self.pings
    }

    /// Something whole came; a message tells more than the answer to a ping.
    pub fn heard(&mut self, is_message: bool) {
        self.unanswered = 0;
        if is_message {
            self.pings = 1;
        }
    }

    /// The connection was given up because no answer came.
    pub fn ran_out(&mut self) {
        self.pings = (self.pings * 2).min(Self::MOST);
        self.unanswered = 0;
    }
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
        assert!(!is_new("refused", Some(9)));
        assert!(is_new("refused", Some(60)));
    }

    #[test]
    fn a_packet_that_ends_three_connections_costs_the_session_once() {
        let mut health = Health::default();
        let mut starts_clean =
            |reason, suspicious| health.judge(&ending(reason, Some(0), suspicious)).start_clean;
        assert_eq!([(); 2].map(|()| starts_clean("too large", true)), [false; 2]);
        assert!(!starts_clean("shutting down", false));
        let repeats = [(); 6].map(|()| starts_clean("too large", true));
        assert_eq!(repeats, [false, false, true, false, false, false]);
        assert_eq!([(); 6].map(|()| starts_clean("closed", false)), [false; 6]);
    }

    #[test]
    fn only_a_connection_that_ended_at_once_was_short() {
        let mut health = Health::default();
        let mut was_short = |lived_s| health.judge(&ending("closed", lived_s, false)).was_short;
        assert_eq!(
            [None, Some(0), Some(9), Some(10)].map(&mut was_short),
            [false, true, true, false]
        );
    }

    /// A notice of 200 KiB at 2 kB/s used to begin again for ever, and no emergency came past it.
    #[test]
    fn patience_grows_until_a_message_comes_through() {
        let mut patience = Patience::default();
        let mut waited = Vec::new();
        for _ in 0..6 {
            let mut pings = 1;
            while patience.sent() {
                pings += 1;
            }
            waited.push(pings);
            patience.ran_out();
        }
        assert_eq!(waited, [1, 2, 4, 8, 16, 16]);
        patience.heard(false);
        assert!(patience.sent());
        patience.heard(true);
        assert!(!patience.sent());
    }
}
