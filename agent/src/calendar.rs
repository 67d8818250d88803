//! Vietnamese local time: hours a notice is shown in, the date as it is written.

mod lunar;
mod sky;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

pub use lunar::{Lunar, lunar};

use crate::notice::Window;

/// One reading of the clocks, taken once for each turn of the loop and handed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time of day and date.
    pub wall: Timestamp,
    /// Milliseconds since the program began; never goes back.
    pub monotonic_ms: u64,
    /// Whether `wall` is to be believed.
    pub trust: Trust,
}

/// Whether the clock is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// It follows a time server.
    Trusted,
    /// It did, and runs on.
    Holdover,
    /// It has not been set since the board was switched on.
    Unknown,
}

/// Vietnam has been at UTC+7 without summer time since 13 June 1975 (IANA Asia/Ho_Chi_Minh).
const OFFSET: Offset = jiff::tz::offset(7);

/// The local date and time.
pub fn local(now: Timestamp) -> DateTime {
    OFFSET.to_datetime(now)
}

/// RFC 3339 in local time, as receipts and statuses carry it.
pub fn rfc3339(now: Timestamp) -> String {
    let local = local(now);
    let millisecond = local.subsec_nanosecond() / 1_000_000;
    format!("{}.{millisecond:03}+07:00", local.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// Seconds since local midnight.
pub fn second_of_day(now: Timestamp) -> u32 {
    let local = local(now);
    local.hour() as u32 * 3600 + local.minute() as u32 * 60 + local.second() as u32
}

/// The next local midnight.
pub fn next_midnight(now: Timestamp) -> Timestamp {
    let rest = 24 * 3600 - i64::from(second_of_day(now));
    let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
    whole.checked_add(Span::new().seconds(rest)).unwrap_or(Timestamp::MAX)
}

/// The date as it stands on a board, such as `Thứ Hai, 23/11/2026`.
pub fn date(now: Timestamp) -> String {
    let local = local(now);
    let day = match local.weekday() {
        Weekday::Monday => "Thứ Hai",
        Weekday::Tuesday => "Thứ Ba",
        Weekday::Wednesday => "Thứ Tư",
        Weekday::Thursday => "Thứ Năm",
        Weekday::Friday => "Thứ Sáu",
        Weekday::Saturday => "Thứ Bảy",
        Weekday::Sunday => "Chủ nhật",
    };
    format!("{day}, {:02}/{:02}/{}", local.day(), local.month(), local.year())
}

/// The time of issue as bulletins carry it, such as `08:00 23/11`.
pub fn issued(sent: Timestamp) -> String {
    local(sent).strftime("%H:%M %d/%m").to_string()
}

/// Whether an instant lies in one of the windows; always where there are none.
pub fn is_inside(windows: &[Window], now: Timestamp) -> bool {
    let local = local(now);
    let today = local.weekday().to_monday_zero_offset() as usize;
    let yesterday = (today + 6) % 7;
    let minute = (local.hour() as u16) * 60 + local.minute() as u16;
    windows.is_empty()
        || windows.iter().any(|window| {
            let overnight = window.to <= window.from;
            let began_today =
                window.days[today] && minute >= window.from && (overnight || minute < window.to);
            began_today || (overnight && window.days[yesterday] && minute < window.to)
        })
}

/// The next instant at which [`is_inside`] may change; at the latest at midnight.
pub fn next_window_edge(windows: &[Window], now: Timestamp) -> Option<Timestamp> {
    let second = second_of_day(now);
    let edges = windows.iter().flat_map(|window| [window.from, window.to]);
    let edges = edges.map(|minute| u32::from(minute) * 60).chain([24 * 3600]);
    let next = edges.filter(|edge| *edge > second).min()?;
    let whole = Timestamp::from_second(now.as_second()).ok()?;
    let edge = whole.checked_add(Span::new().seconds(i64::from(next - second))).ok();
    edge.filter(|_| !windows.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}+07:00").parse().expect("a time")
    }

    fn window(days: &[usize], from: u16, to: u16) -> Window {
        let mut flags = [false; 7];
        days.iter().for_each(|day| flags[*day] = true);
        Window { days: flags, from, to }
    }

    #[test]
    fn dates_are_written_as_in_vietnam() {
        assert_eq!(date(at("2026-11-23T08:00:00")), "Thứ Hai, 23/11/2026");
        assert_eq!(date(at("2026-11-22T23:59:59")), "Chủ nhật, 22/11/2026");
        assert_eq!(issued(at("2026-11-03T08:05:00")), "08:05 03/11");
        assert_eq!(rfc3339(at("2026-11-03T08:05:00.25")), "2026-11-03T08:05:00.250+07:00");
    }

    #[test]
    fn windows_hold_their_first_minute_and_not_their_last() {
        let six_to_nine = [window(&[0], 360, 1260)];
        assert!(!is_inside(&six_to_nine, at("2026-11-23T05:59:59")));
        assert!(is_inside(&six_to_nine, at("2026-11-23T06:00:00")));
        assert!(is_inside(&six_to_nine, at("2026-11-23T20:59:59")));
        assert!(!is_inside(&six_to_nine, at("2026-11-23T21:00:00")));
        assert!(!is_inside(&six_to_nine, at("2026-11-24T08:00:00")));
        assert!(is_inside(&[], at("2026-11-24T08:00:00")));
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_it_begins() {
        let night = [window(&[0], 1320, 360)];
        assert!(is_inside(&night, at("2026-11-23T22:00:00")));
        assert!(is_inside(&night, at("2026-11-24T05:59:00")));
        assert!(!is_inside(&night, at("2026-11-24T06:00:00")));
        assert!(!is_inside(&night, at("2026-11-23T05:00:00")));
        assert!(!is_inside(&night, at("2026-11-24T22:00:00")));
    }

    #[test]
    fn the_next_edge_is_never_missed() {
        let windows = [window(&[0, 1], 360, 1260), window(&[0], 1320, 60)];
        let mut now = at("2026-11-23T00:00:30");
        let end = at("2026-11-26T00:00:00");
        let mut minute = now;
        while minute < end {
            minute = minute.checked_add(Span::new().minutes(1)).expect("in range");
            if is_inside(&windows, now) != is_inside(&windows, minute) {
                let edge = next_window_edge(&windows, now).expect("there are windows");
                assert!(edge <= minute, "{edge} is after {minute}");
            }
            now = minute;
        }
    }

    #[test]
    fn midnight_is_local() {
        assert_eq!(next_midnight(at("2026-11-23T23:59:59.5")), at("2026-11-24T00:00:00"));
        assert_eq!(next_midnight(at("2026-11-23T00:00:00")), at("2026-11-24T00:00:00"));
    }
}
