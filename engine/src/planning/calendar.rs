//! Working time. A calendar numbers the minutes in which work is done, without a gap, and finds the instant of each, so
//! that everything else counts in whole working minutes and knows no nights and weekends.

use chrono::{DateTime, Utc};

/// Minutes of a day, and of a week.
const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
/// The Monday from which minutes are counted, 1970-01-05, in seconds.
const MONDAY: i64 = 4 * 86_400;
/// The first and last minute that both databases and RFC 3339 can say, in seconds.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_740;

/// When work is done, week by week, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    shifts: Vec<Shift>,
    /// Working minutes of a whole week.
    week: i64,
}

/// A stretch of work, in minutes since Monday 00:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shift {
    from: i64,
    to: i64,
    /// Working minutes of the week before it.
    before: i64,
}

impl Calendar {
    /// Monday to Friday, 09:00 to 17:00 UTC: eight hours a day.
    pub fn office() -> Self {
        let shift = |day: i64| Shift { from: day * DAY + 9 * 60, to: day * DAY + 17 * 60, before: day * 8 * 60 };
        Self { shifts: (0..5).map(shift).collect(), week: 5 * 8 * 60 }
    }

    /// A calendar of these hours, each as (weekday from 0 for Monday, first minute of the day, minute after the last).
    /// `None` when there are none, when they are not in order, or when one is no stretch of a day.
    pub fn of(hours: &[(i64, i64, i64)]) -> Option<Self> {
        let (mut shifts, mut week, mut end) = (Vec::with_capacity(hours.len()), 0, 0);
        for &(day, from, to) in hours {
            if !(0..7).contains(&day) || from < 0 || from >= to || to > DAY || day * DAY + from < end {
                return None;
            }
            end = day * DAY + to;
            shifts.push(Shift { from: day * DAY + from, to: end, before: week });
            week += to - from;
        }
        (!shifts.is_empty()).then_some(Self { shifts, week })
    }

    /// How many working minutes have begun before this instant, counted from a Monday of 1970: the number of the first
    /// working minute that does not begin before it.
    pub fn minute(&self, at: DateTime<Utc>) -> i64 {
        // Rounded up: whoever starts at 09:00:30 does not start at 09:00.
        let minutes = -(MONDAY * 1_000_000 - at.timestamp_micros()).div_euclid(60_000_000);
        let (week, within) = (minutes.div_euclid(WEEK), minutes.rem_euclid(WEEK));
        let worked: i64 = self.shifts.iter().map(|shift| (within - shift.from).clamp(0, shift.to - shift.from)).sum();
        week * self.week + worked
    }

    /// How many working minutes lie between two instants; 0 when the second is not the later one.
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        (self.minute(to) - self.minute(from)).max(0)
    }

    /// When a working minute begins: what starts with minute 0 of Monday starts on Monday.
    pub fn start(&self, minute: i64) -> DateTime<Utc> {
        instant(self.find(minute))
    }

    /// When the working minute before this one ends: what is done when Monday's minute 0 begins was done on Friday.
    pub fn finish(&self, minute: i64) -> DateTime<Utc> {
        instant(self.find(minute.saturating_sub(1)).saturating_add(1))
    }

    /// The minute since [`MONDAY`] in which this working minute is.
    fn find(&self, minute: i64) -> i64 {
        let (week, within) = (minute.div_euclid(self.week), minute.rem_euclid(self.week));
        let at = self.shifts.partition_point(|shift| shift.before <= within);
        // The first shift has nothing before it, so there is always one.
        let shift = self.shifts[at - 1];
        week.saturating_mul(WEEK).saturating_add(shift.from + within - shift.before)
    }
}

/// The instant, within the years that can be told.
fn instant(minute: i64) -> DateTime<Utc> {
    let seconds = minute.saturating_mul(60).saturating_add(MONDAY).clamp(FIRST, LAST);
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Day and night shifts, a short Saturday, and nothing on Wednesday.
    fn odd() -> Calendar {
        let hours = [(0, 0, 360), (0, 1320, 1440), (1, 0, 1440), (3, 540, 720), (3, 720, 721), (5, 600, 601)];
        Calendar::of(&hours).unwrap()
    }

    #[test]
    fn nights_and_weekends_are_passed_over() {
        let office = Calendar::office();
        // 2026-03-06 is a Friday.
        for (from, to, minutes) in [
            ("2026-03-06T09:00:00Z", "2026-03-06T17:00:00Z", 480),
            ("2026-03-06T16:00:00Z", "2026-03-09T10:00:00Z", 120),
            ("2026-03-06T18:00:00Z", "2026-03-08T23:00:00Z", 0),
            ("2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z", 2400),
            ("2026-03-09T09:00:00Z", "2026-03-02T09:00:00Z", 0),
            ("2026-03-06T09:00:30Z", "2026-03-06T09:02:00Z", 1),
        ] {
            assert_eq!(office.between(at(from), at(to)), minutes, "{from} to {to}");
        }
        let monday = office.minute(at("2026-03-09T09:00:00Z"));
        assert_eq!(office.minute(at("2026-03-07T12:00:00Z")), monday);
        assert_eq!(office.start(monday), at("2026-03-09T09:00:00Z"));
        assert_eq!(office.finish(monday), at("2026-03-06T17:00:00Z"));
        let (first, last) = (at("0001-01-01T00:00:00Z"), at("9999-12-31T23:59:00Z"));
        assert_eq!((office.start(i64::MIN), office.start(i64::MAX)), (first, last));
        assert_eq!((office.finish(i64::MIN), office.finish(i64::MAX)), (first, last));
    }

    #[test]
    fn hours_that_mean_nothing_make_no_calendar() {
        let wrong: [&[(i64, i64, i64)]; 6] =
            [&[], &[(7, 0, 1)], &[(0, 5, 5)], &[(0, 0, 1441)], &[(0, -1, 5)], &[(0, 0, 60), (0, 59, 90)]];
        for hours in wrong {
            assert_eq!(Calendar::of(hours), None, "{hours:?}");
        }
        assert_eq!(Calendar::of(&[0, 1, 2, 3, 4].map(|day| (day, 540, 1020))), Some(Calendar::office()));
    }

    #[test]
    fn a_week_counted_minute_by_minute_is_the_same() {
        for calendar in [Calendar::office(), odd()] {
            let mut worked = calendar.minute(instant(0));
            for minute in 0..2 * WEEK {
                assert_eq!(calendar.minute(instant(minute)), worked, "at minute {minute}");
                let within = minute % WEEK;
                worked += i64::from(calendar.shifts.iter().any(|shift| (shift.from..shift.to).contains(&within)));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_minute_has_one_instant(minute in -100_000_000_i64..500_000_000) {
            for calendar in [Calendar::office(), odd()] {
                let (start, finish) = (calendar.start(minute), calendar.finish(minute));
                prop_assert_eq!((calendar.minute(start), calendar.minute(finish)), (minute, minute));
                prop_assert!(finish <= start && start < calendar.finish(minute + 1));
            }
        }
    }
}
