//! The Vietnamese lunar date, from the moon and the sun as they stand over Vietnam.
//!
//! A month begins on the day of a new moon at UTC+7. The month that holds the winter solstice is
//! the eleventh; where thirteen months begin from one eleventh month to the next, the first one in
//! which the sun passes no multiple of 30° is a leap month and has the number of the one before.
//! China counts by UTC+8, which is why the two calendars part now and then.
//!
//! The rule is written down by Hồ Ngọc Đức,
//! <https://www.informatik.uni-leipzig.de/~duc/amlich/calrules.html>.
//!
//! From 1968 to 2199 every day is that of VSOP87 and ELP. The nearest new moons to a midnight come
//! 2.5 s (8 July 1967), 14 s (8 May 2054) and 26 s (15 November 2077) from it, nearer than anybody
//! knows how the earth will turn; among those that begin a year until 2174 nine minutes. Of the
//! multiples of 30° that decide a month's number the nearest is 8 minutes from the edge of its
//! month (23 September 2033).

use std::fmt;

use jiff::civil::Date;

use super::sky::{SYNODIC_MONTH, new_moon, sun_longitude};

/// A day of the Vietnamese lunar calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lunar {
    /// Day of the month, 1 to 30.
    pub day: u8,
    /// Month, 1 to 12.
    pub month: u8,
    /// Whether the month is the second one of its number.
    pub is_leap: bool,
    /// The year, counted as the Gregorian one in which its first day lies.
    pub year: i16,
}

impl Lunar {
    /// The year's name by stem and branch, such as `Bính Ngọ`.
    pub fn year_name(&self) -> String {
        const CAN: [&str; 10] =
            ["Giáp", "Ất", "Bính", "Đinh", "Mậu", "Kỷ", "Canh", "Tân", "Nhâm", "Quý"];
        const CHI: [&str; 12] =
            ["Tý", "Sửu", "Dần", "Mão", "Thìn", "Tỵ", "Ngọ", "Mùi", "Thân", "Dậu", "Tuất", "Hợi"];
        // The year 4 was Giáp Tý.
        let place = usize::try_from((self.year - 4).rem_euclid(60)).unwrap_or_default();
        format!("{} {}", CAN[place % 10], CHI[place % 12])
    }

    /// The month's number, with an `N` (nhuận) where it is a leap month.
    pub fn month_name(&self) -> String {
        format!("{}{}", self.month, if self.is_leap { "N" } else { "" })
    }
}

/// As it is written, such as `Ngày 15 tháng 10 năm Bính Ngọ (âm lịch)`; with `#` in few letters,
/// such as `15/10 ÂL`. A leap month is `6 nhuận`, or `6N`.
impl fmt::Display for Lunar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, month, is_leap, .. } = self;
        if f.alternate() {
            return write!(f, "{day}/{} ÂL", self.month_name());
        }
        let leap = if *is_leap { " nhuận" } else { "" };
        write!(f, "Ngày {day} tháng {month}{leap} năm {} (âm lịch)", self.year_name())
    }
}

/// The lunar date of a day in Vietnam; `None` outside 1900 to 2199.
pub fn lunar(date: Date) -> Option<Lunar> {
    (1900..2200).contains(&date.year()).then_some(())?;
    let day = day_number(date);
    // The year that runs from one eleventh month to the next.
    let (mut first, mut next) = (eleventh(date.year() - 1)?, eleventh(date.year())?);
    let mut year = date.year();
    if day >= month_start(next) {
        (first, next) = (next, eleventh(date.year() + 1)?);
        year += 1;
    }
    let month = (first..next).rev().find(|month| month_start(*month) <= day)?;
    let leap = (next - first == 13)
        .then(|| (first + 1..next).find(|month| is_without_term(*month)))
        .flatten();
    let since = month - first - i32::from(leap.is_some_and(|leap| month >= leap));
    Some(Lunar {
        day: u8::try_from(day - month_start(month) + 1).ok()?,
        month: u8::try_from((since + 10) % 12 + 1).ok()?,
        is_leap: leap == Some(month),
        year: if since < 2 { year - 1 } else { year },
    })
}

/// The month that holds the winter solstice of a Gregorian year. Months are counted by their new
/// moons; number 0 begins on 6 January 2000.
fn eleventh(year: i16) -> Option<i32> {
    let last = day_number(Date::new(year, 12, 31).ok()?);
    let about = ((last - 2_451_550) as f64 / SYNODIC_MONTH).floor() as i32;
    // The sun passes 270° on 21 to 23 December.
    (about - 2..=about + 1).rev().find(|month| {
        let start = month_start(*month);
        start <= last && term(start) < 9
    })
}

/// Whether the sun passes no multiple of 30° in a month.
fn is_without_term(month: i32) -> bool {
    term(month_start(month)) == term(month_start(month + 1))
}

/// The Julian day that begins at noon UT of a date.
fn day_number(date: Date) -> i32 {
    // 1 January 1970 is day 2,440,588.
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    let days = date.duration_since(EPOCH).as_hours() / 24;
    2_440_588 + days as i32
}

/// Vietnam's local time less UT, in days.
const OFFSET: f64 = 7.0 / 24.0;

/// The local day on which a month's new moon falls.
fn month_start(month: i32) -> i32 {
    (new_moon(f64::from(month)) + 0.5 + OFFSET).floor() as i32
}

/// How many twelfths of its way from the spring equinox the sun has gone at the beginning of a
/// local day, 0 to 11.
fn term(day: i32) -> i32 {
    (sun_longitude(f64::from(day) - 0.5 - OFFSET) / 30.0).floor() as i32
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// The first day of the years 1968 to 2100, month and day. Computed with another theory of sun
    /// and moon (VSOP87 and ELP as the library libastro has them); a published table of the
    /// Vietnamese calendar has the same days.
    #[rustfmt::skip]
    const NEW_YEAR: [i16; 133] = [
        129, 216, 206, 127, 215, 203, 123, 211, 131, 218, 207, 128, 216, 205, 125, 213,
        202, 121, 209, 129, 217, 206, 127, 215, 204, 123, 210, 131, 219, 207, 128, 216,
        205, 124, 212, 201, 122, 209, 129, 217, 207, 126, 214, 203, 123, 210, 131, 219,
        208, 128, 216, 205, 125, 212, 201, 122, 210, 129, 217, 206, 126, 213, 202, 123,
        211, 131, 219, 208, 128, 215, 204, 124, 212, 201, 122, 210, 130, 217, 206, 126,
        214, 202, 123, 211, 201, 218, 208, 128, 215, 204, 124, 212, 202, 121, 209, 129,
        217, 205, 126, 214, 203, 123, 211, 131, 219, 207, 127, 215, 205, 124, 212, 202,
        122, 209, 129, 217, 206, 126, 214, 203, 124, 210, 130, 218, 207, 127, 215, 205,
        125, 212, 201, 121, 209,
    ];

    /// Every leap month of those years, from the same computation.
    #[rustfmt::skip]
    const LEAP: [(i16, u8); 49] = [
        (1968, 7), (1971, 5), (1974, 4), (1976, 8), (1979, 6), (1982, 4),
        (1985, 2), (1987, 7), (1990, 5), (1993, 3), (1995, 8), (1998, 5),
        (2001, 4), (2004, 2), (2006, 7), (2009, 5), (2012, 4), (2014, 9),
        (2017, 6), (2020, 4), (2023, 2), (2025, 6), (2028, 5), (2031, 3),
        (2033, 11), (2036, 6), (2039, 5), (2042, 2), (2044, 7), (2047, 5),
        (2050, 3), (2052, 8), (2055, 6), (2058, 4), (2061, 3), (2063, 7),
        (2066, 5), (2069, 4), (2071, 8), (2074, 6), (2077, 4), (2080, 3),
        (2082, 7), (2085, 5), (2088, 4), (2090, 8), (2093, 6), (2096, 4),
        (2099, 2),
    ];

    /// Every day from one year on to before another.
    fn days(from: i16, before: i16) -> impl Iterator<Item = Lunar> {
        let dates = date(from, 1, 1).series(jiff::Span::new().days(1));
        let dates = dates.take_while(move |date| date.year() < before);
        dates.map(|date| lunar(date).unwrap_or_else(|| panic!("no lunar date of {date}")))
    }

    #[test]
    fn years_begin_and_leap_as_another_computation_has_it() {
        let first = |year: i16| date(year, 1, 20).series(jiff::Span::new().days(1)).take(34);
        let is_first = |day: Lunar| (day.day, day.month, day.is_leap) == (1, 1, false);
        let new_year: Vec<i16> = (1968..=2100)
            .filter_map(|year| first(year).find(|date| lunar(*date).is_some_and(is_first)))
            .map(|date| i16::from(date.month()) * 100 + i16::from(date.day()))
            .collect();
        let mut leap: Vec<(i16, u8)> = days(1968, 2101)
            .step_by(15)
            .filter(|day| day.is_leap)
            .map(|day| (day.year, day.month))
            .collect();
        leap.dedup();
        assert_eq!(new_year, NEW_YEAR);
        assert_eq!(leap, LEAP);
    }

    #[test]
    fn each_day_follows_the_one_before() {
        days(2000, 2100).reduce(|before, day| {
            let next_day = Lunar { day: before.day + 1, ..before };
            let leap = Lunar { day: 1, is_leap: true, ..before };
            let (month, year) = if before.month == 12 { (1, 1) } else { (before.month + 1, 0) };
            let next = Lunar { day: 1, month, is_leap: false, year: before.year + year };
            let may_end = before.day >= 29;
            let follows = (before.day < 30 && day == next_day)
                || (may_end && day == next)
                || (may_end && !before.is_leap && day == leap);
            assert!(follows, "{day:?} follows {before:?}");
            day
        });
    }

    #[track_caller]
    fn check(date: Date, long: &str, short: &str) {
        let day = lunar(date).expect("in range");
        assert_eq!((format!("{day}"), format!("{day:#}")), (long.to_owned(), short.to_owned()));
    }

    #[test]
    fn dates_stand_as_on_a_calendar() {
        check(date(2026, 11, 24), "Ngày 16 tháng 10 năm Bính Ngọ (âm lịch)", "16/10 ÂL");
        check(date(2026, 2, 16), "Ngày 29 tháng 12 năm Ất Tỵ (âm lịch)", "29/12 ÂL");
        check(date(2025, 7, 25), "Ngày 1 tháng 6 nhuận năm Ất Tỵ (âm lịch)", "1/6N ÂL");
        check(date(1984, 2, 2), "Ngày 1 tháng 1 năm Giáp Tý (âm lịch)", "1/1 ÂL");
        // In China a month, a day, a day and a day later.
        check(date(1985, 1, 21), "Ngày 1 tháng 1 năm Ất Sửu (âm lịch)", "1/1 ÂL");
        check(date(1968, 1, 29), "Ngày 1 tháng 1 năm Mậu Thân (âm lịch)", "1/1 ÂL");
        check(date(2007, 2, 17), "Ngày 1 tháng 1 năm Đinh Hợi (âm lịch)", "1/1 ÂL");
        check(date(2030, 2, 2), "Ngày 1 tháng 1 năm Canh Tuất (âm lịch)", "1/1 ÂL");
        // The leap month is the seventh here and the sixth in China.
        check(date(1987, 8, 24), "Ngày 1 tháng 7 nhuận năm Đinh Mão (âm lịch)", "1/7N ÂL");
    }

    #[test]
    fn other_centuries_have_no_lunar_date() {
        for (date, is_known) in [
            (date(1899, 12, 31), false),
            (date(1900, 1, 1), true),
            (date(2199, 12, 31), true),
            (date(2200, 1, 1), false),
            (Date::MIN, false),
            (Date::MAX, false),
        ] {
            assert_eq!(lunar(date).is_some(), is_known, "{date}");
        }
    }
}
