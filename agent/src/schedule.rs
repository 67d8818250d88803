//! Which notices may be shown at an instant, and in which order they take turns.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::calendar::{self, Now, Trust};
use crate::notice::{Class, Kind, Notice, Severity, Status, Urgency};

/// Whether a notice may be shown at all at an instant: drawn, in force, and in its hours.
/// Emergencies know no hours, and hours mean nothing to a board that does not know the time.
pub fn may_show(notice: &Notice, now: Now) -> bool {
    let drawn = notice.kind != Kind::Cancel && notice.status != Status::Test;
    let in_force = notice.effective <= now.wall && now.wall < notice.expires;
    let timeless = notice.class == Class::Emergency || now.trust == Trust::Unknown;
    drawn && in_force && (timeless || calendar::is_inside(&notice.windows, now.wall))
}

/// The next instant at which [`may_show`] may change by itself.
pub fn next_edge(notice: &Notice, now: Now) -> Option<Timestamp> {
    let in_force = notice.effective <= now.wall && now.wall < notice.expires;
    let timed = in_force && notice.class != Class::Emergency;
    let window = calendar::next_window_edge(&notice.windows, now.wall).filter(|_| timed);
    let edges = [Some(notice.effective), Some(notice.expires), window];
    edges.into_iter().flatten().filter(|edge| *edge > now.wall).min()
}

/// What hides what, lowest first: a drill waits for a real emergency to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Routine notices.
    Routine,
    /// Priority notices.
    Priority,
    /// Emergencies that are not real.
    Drill,
    /// Real emergencies.
    Emergency,
}

impl Level {
    /// All levels, the one that hides the others first.
    pub const DOWNWARD: [Self; 4] = [Self::Emergency, Self::Drill, Self::Priority, Self::Routine];
}

/// The level of a notice.
pub fn level(notice: &Notice) -> Level {
    match (notice.class, notice.status) {
        (Class::Routine, _) => Level::Routine,
        (Class::Priority, _) => Level::Priority,
        (Class::Emergency, Status::Actual) => Level::Emergency,
        (Class::Emergency, _) => Level::Drill,
    }
}

/// The order of notices that have waited equally long, first the one to show first: emergencies
/// by severity, urgency and the newest, others by the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(Option<(Reverse<Severity>, Reverse<Urgency>, Reverse<Timestamp>)>, Timestamp);

/// The rank of a notice; two of one rank go by their keys.
pub fn rank(notice: &Notice) -> Rank {
    let urgent = notice.class == Class::Emergency;
    let newest = Reverse(notice.sent);
    Rank(urgent.then_some((Reverse(notice.severity), Reverse(notice.urgency), newest)), notice.sent)
}
