//! Working time. A calendar numbers the minutes in which work is done, without a gap, and finds the instant of each, so
//! that everything else counts in whole working minutes and knows no nights, weekends, holidays and summer time.
//!
//! Most weeks are like each other and are computed. Only where a calendar has exceptions or its clocks are changed is
//! there a list of weeks with the working minutes before each, so a look-up far away costs as much as one nearby.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Minutes of a day, and of a week.
pub(super) const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
/// The Monday from which minutes are counted, 1970-01-05, in minutes.
const MONDAY: i64 = 4 * DAY;
/// The first and last minute that both databases and RFC 3339 can say.
const FIRST: i64 = -62_135_596_800 / 60;
const LAST: i64 = 253_402_300_740 / 60;
/// The years in which exceptions may be, and in which clocks are changed.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 1970..=2100;
/// That a week is like any other.
const USUAL: u32 = u32::MAX;

/// When work is done. Its clocks are changed as its time zone says from 1970 to 2100; before and after, they stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The stretches of work of a usual week.
    shifts: Vec<Shift>,
    /// Working minutes of a usual week.
    week: i64,
    /// Weeks one after another, never none. Before the first and from the last on every week is a usual one.
    weeks: Vec<Week>,
    /// The stretches of work of the other weeks.
    others: Vec<Vec<Shift>>,
}

/// A stretch of work, in minutes since its week began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shift {
    from: i64,
    to: i64,
    /// Working minutes of the week before it.
    before: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Week {
    /// When it begins, in minutes since 1970.
    start: i64,
    /// Working minutes before it.
    before: i64,
    /// Which of the other weeks it is, or [`USUAL`].
    kind: u32,
}

impl Calendar {
    /// Monday to Friday, 09:00 to 17:00 UTC: eight hours a day.
    pub fn office() -> Self {
        let shift = |day: i64| Shift { from: day * DAY + 9 * 60, to: day * DAY + 17 * 60, before: day * 8 * 60 };
        Self {
            shifts: (0..5).map(shift).collect(),
            week: 5 * 8 * 60,
            weeks: vec![Week { start: MONDAY, before: 0, kind: USUAL }],
            others: Vec::new(),
        }
    }

    /// A calendar in UTC of these hours, each as (weekday from 0 for Monday, first minute of the day, minute after the
    /// last). `None` when there are none, when they are not in order, or when one is no stretch of a day.
    pub fn of(hours: &[(i64, i64, i64)]) -> Option<Self> {
        Self::with(Tz::UTC, hours, &BTreeMap::new())
    }

    /// A calendar of these hours as the clocks of a place show them. What stands under a date is worked on that date
    /// instead, in stretches of (first minute of the day, minute after the last). `None` as for [`of`](Self::of).
    pub fn with(
        zone: Tz,
        hours: &[(i64, i64, i64)],
        exceptions: &BTreeMap<NaiveDate, Vec<(i64, i64)>>,
    ) -> Option<Self> {
        let (mut shifts, mut week, mut end) = (Vec::with_capacity(hours.len()), 0, 0);
        for &(day, from, to) in hours {
            if !(0..7).contains(&day) || from < 0 || from >= to || to > DAY || day * DAY + from < end {
                return None;
            }
            end = day * DAY + to;
            shifts.push(Shift { from: day * DAY + from, to: end, before: week });
            week += to - from;
        }
        if shifts.is_empty() {
            return None;
        }
        let mut calendar = Self { shifts, week, weeks: Vec::new(), others: Vec::new() };
        calendar.list_weeks(zone, exceptions);
        Some(calendar)
    }

    /// Lists the weeks from the first that is not a usual one to the last.
    fn list_weeks(&mut self, zone: Tz, exceptions: &BTreeMap<NaiveDate, Vec<(i64, i64)>>) {
        let monday = |date: NaiveDate| date.week(chrono::Weekday::Mon).first_day();
        let (mut first, mut last) = match (exceptions.first_key_value(), exceptions.last_key_value()) {
            (Some((first, _)), Some((last, _))) => (monday(*first), monday(*last)),
            _ => (monday(NaiveDate::default() + Days::new(7)), monday(NaiveDate::default())),
        };
        if zone != Tz::UTC {
            let year = |year: i32| monday(NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default());
            (first, last) = (year(*YEARS.start()).min(first), year(*YEARS.end() + 1).max(last));
        }
        let (mut date, mut before) = (first, 0);
        let mut start = minute_of(zone, date, 0);
        while date <= last {
            let next = minute_of(zone, date + Days::new(7), 0);
            let is_usual = next - start == WEEK && exceptions.range(date..date + Days::new(7)).next().is_none();
            let (kind, worked) = if is_usual {
                (USUAL, self.week)
            } else {
                let shifts = self.unusual(zone, date, start, exceptions);
                let worked = shifts.last().map_or(0, |last| last.before + last.to - last.from);
                self.others.push(shifts);
                (u32::try_from(self.others.len() - 1).unwrap_or(USUAL), worked)
            };
            self.weeks.push(Week { start, before, kind });
            (start, before, date) = (next, before + worked, date + Days::new(7));
        }
        self.weeks.push(Week { start, before, kind: USUAL });
    }

    /// The stretches of work of the week of this Monday.
    fn unusual(
        &self,
        zone: Tz,
        monday: NaiveDate,
        start: i64,
        exceptions: &BTreeMap<NaiveDate, Vec<(i64, i64)>>,
    ) -> Vec<Shift> {
        let (mut shifts, mut before) = (Vec::new(), 0);
        for (day, date) in monday.iter_days().take(7).enumerate() {
            let begin = day as i64 * DAY;
            let usual = || {
                let of_day = self.shifts.iter().filter(|shift| (begin..begin + DAY).contains(&shift.from));
                of_day.map(|shift| (shift.from - begin, shift.to - begin)).collect()
            };
            for (from, to) in exceptions.get(&date).cloned().unwrap_or_else(usual) {
                let (from, to) = (minute_of(zone, date, from) - start, minute_of(zone, date, to) - start);
                // An hour that the clocks leave out is not worked.
                if from < to {
                    shifts.push(Shift { from, to, before });
                    before += to - from;
                }
            }
        }
        shifts
    }

    fn shifts_of(&self, week: &Week) -> &[Shift] {
        self.others.get(week.kind as usize).unwrap_or(&self.shifts)
    }

    /// How many working minutes have begun before this minute since 1970: the number of the first working minute that
    /// does not begin before it.
    pub(super) fn number(&self, minute: i64) -> i64 {
        let (first, last) = (&self.weeks[0], &self.weeks[self.weeks.len() - 1]);
        if minute < first.start || minute >= last.start {
            let edge = if minute < first.start { first } else { last };
            let (weeks, within) = ((minute - edge.start).div_euclid(WEEK), (minute - edge.start).rem_euclid(WEEK));
            return edge.before + weeks * self.week + worked(&self.shifts, within);
        }
        let guess = (minute - first.start) / WEEK;
        let mut at = usize::try_from(guess).unwrap_or(0).min(self.weeks.len() - 1);
        while self.weeks[at].start > minute {
            at -= 1;
        }
        while self.weeks[at + 1].start <= minute {
            at += 1;
        }
        let week = &self.weeks[at];
        week.before + worked(self.shifts_of(week), minute - week.start)
    }

    /// How many working minutes have begun before this instant: the number of the first working minute that does not
    /// begin before it.
    pub fn minute(&self, at: DateTime<Utc>) -> i64 {
        // Rounded up: whoever starts at 09:00:30 does not start at 09:00.
        self.number(-(-at.timestamp_micros()).div_euclid(60_000_000))
    }

    /// How many working minutes lie between two instants; 0 when the second is not the later one.
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        (self.minute(to) - self.minute(from)).max(0)
    }

    /// When a working minute begins: what starts with minute 0 of Monday starts on Monday.
    pub fn start(&self, number: i64) -> DateTime<Utc> {
        instant(self.start_minute(number))
    }

    /// When the working minute before this one ends: what is done when Monday's minute 0 begins was done on Friday.
    pub fn finish(&self, number: i64) -> DateTime<Utc> {
        instant(self.finish_minute(number))
    }

    pub(super) fn finish_minute(&self, number: i64) -> i64 {
        self.start_minute(number.saturating_sub(1)).saturating_add(1)
    }

    /// The minute since 1970 in which this working minute is.
    pub(super) fn start_minute(&self, number: i64) -> i64 {
        let (first, last) = (&self.weeks[0], &self.weeks[self.weeks.len() - 1]);
        if number < first.before || number >= last.before {
            let edge = if number < first.before { first } else { last };
            let beyond = number.saturating_sub(edge.before);
            let (weeks, within) = (beyond.div_euclid(self.week), beyond.rem_euclid(self.week));
            return weeks.saturating_mul(WEEK).saturating_add(edge.start + minute_in(&self.shifts, within));
        }
        let at = self.weeks.partition_point(|week| week.before <= number);
        // The last of those that have as much before them: the others have no work at all.
        let week = &self.weeks[at - 1];
        week.start + minute_in(self.shifts_of(week), number - week.before)
    }
}

/// Working minutes that begin within so many minutes of a week.
fn worked(shifts: &[Shift], within: i64) -> i64 {
    let at = shifts.partition_point(|shift| shift.from < within);
    at.checked_sub(1).map_or(0, |at| shifts[at].before + within.min(shifts[at].to) - shifts[at].from)
}

/// The minute of a week in which its working minute of this number is. There is one.
fn minute_in(shifts: &[Shift], number: i64) -> i64 {
    let at = shifts.partition_point(|shift| shift.before <= number);
    // The first shift has nothing before it, so there is always one.
    let shift = &shifts[at - 1];
    shift.from + number - shift.before
}

/// When the clocks of a place show this minute of a date, in minutes since 1970. A time that they show twice is the
/// first; one that they leave out is when they show what comes after it.
fn minute_of(zone: Tz, date: NaiveDate, minute: i64) -> i64 {
    const STEP: TimeDelta = TimeDelta::minutes(15);
    const LONGEST_GAP: usize = 26 * 4;
    let local = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(minute);
    if zone == Tz::UTC {
        return local.and_utc().timestamp() / 60;
    }
    let at = |local: &NaiveDateTime| match zone.from_local_datetime(local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.timestamp().div_euclid(60)),
        LocalResult::None => None,
    };
    // Clocks leave out whole quarters of an hour.
    let quarter = local - TimeDelta::minutes(minute % 15);
    let after = || {
        std::iter::successors(Some(quarter), |local| Some(*local + STEP)).take(LONGEST_GAP).find_map(|time| at(&time))
    };
    at(&local).or_else(after).unwrap_or_else(|| local.and_utc().timestamp().div_euclid(60))
}

/// The instant of a minute since 1970, within the years that can be told.
pub(super) fn instant(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute.clamp(FIRST, LAST) * 60, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Day and night shifts, a short Saturday, and nothing on Wednesday.
    const ODD: [(i64, i64, i64); 6] =
        [(0, 0, 360), (0, 1320, 1440), (1, 0, 1440), (3, 540, 720), (3, 720, 721), (5, 600, 601)];

    /// Berlin with nights, a holiday week, and a Sunday on which some work is done.
    fn berlin() -> Calendar {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut exceptions: BTreeMap<_, _> =
            day("2026-12-21").iter_days().take(14).map(|date| (date, Vec::new())).collect();
        exceptions.insert(day("2026-03-08"), vec![(600, 660), (720, 780)]);
        let mut hours: Vec<_> = (0..5).map(|day| (day, 540, 1020)).collect();
        // Through the night in which the clocks are changed.
        hours.push((6, 60, 240));
        Calendar::with(Tz::Europe__Berlin, &hours, &exceptions).unwrap()
    }

    fn calendars() -> [Calendar; 3] {
        [Calendar::office(), Calendar::of(&ODD).unwrap(), berlin()]
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
        for calendar in calendars() {
            assert_eq!((calendar.start(i64::MIN), calendar.start(i64::MAX)), (first, last));
            assert_eq!((calendar.finish(i64::MIN), calendar.finish(i64::MAX)), (first, last));
        }
    }

    #[test]
    fn clocks_that_are_changed_and_holidays_are_minded() {
        let berlin = berlin();
        for (from, to, minutes) in [
            // 09:00 is 08:00 UTC in winter and 07:00 UTC in summer.
            ("2026-03-27T08:00:00Z", "2026-03-27T16:00:00Z", 480),
            ("2026-03-30T07:00:00Z", "2026-03-30T15:00:00Z", 480),
            ("2026-03-30T15:00:00Z", "2026-03-31T07:00:00Z", 0),
            // From 01:00 to 04:00 there are two hours in the night to the 29th, and four in that to 25 October.
            ("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", 120),
            ("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", 240),
            ("2026-10-31T12:00:00Z", "2026-11-01T12:00:00Z", 180),
            // The exception takes the place of the Sunday's night.
            ("2026-03-07T00:00:00Z", "2026-03-09T00:00:00Z", 120),
            ("2026-03-08T09:30:00Z", "2026-03-08T11:30:00Z", 60),
            // Two weeks off, from Monday to Sunday.
            ("2026-12-20T12:00:00Z", "2027-01-04T08:00:00Z", 0),
            ("2026-12-18T15:00:00Z", "2027-01-04T09:00:00Z", 60 + 180 + 60),
            // Far away every week is a usual one.
            ("2500-03-01T00:00:00Z", "2500-03-08T00:00:00Z", 5 * 480 + 180),
        ] {
            assert_eq!(berlin.between(at(from), at(to)), minutes, "{from} to {to}");
        }
        let back = berlin.minute(at("2027-01-04T08:00:00Z"));
        assert_eq!(berlin.start(back), at("2027-01-04T08:00:00Z"));
        assert_eq!(berlin.finish(back), at("2026-12-20T03:00:00Z"));
    }

    #[test]
    fn hours_that_mean_nothing_make_no_calendar() {
        let wrong: [&[(i64, i64, i64)]; 6] =
            [&[], &[(7, 0, 1)], &[(0, 5, 5)], &[(0, 0, 1441)], &[(0, -1, 5)], &[(0, 0, 60), (0, 59, 90)]];
        for hours in wrong {
            assert_eq!(Calendar::of(hours), None, "{hours:?}");
        }
        let office = Calendar::of(&[0, 1, 2, 3, 4].map(|day| (day, 540, 1020))).unwrap();
        for minute in [-5_000_000, 0, 1, 29_000_000] {
            let same = office.number(minute) - Calendar::office().number(minute);
            assert_eq!(same, office.number(0) - Calendar::office().number(0));
        }
    }

    #[test]
    fn a_week_counted_minute_by_minute_is_the_same() {
        for calendar in calendars() {
            let start = minute_of(Tz::UTC, "2025-12-29".parse().unwrap(), 0);
            let mut number = calendar.number(start);
            // A year and more, with every change of the clocks.
            for minute in start..start + 60 * WEEK {
                assert_eq!(calendar.number(minute), number, "at minute {minute}");
                // It is a working minute when it is the one in which that number is.
                number += i64::from(calendar.start_minute(number) == minute);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_minute_has_one_instant(minute in -100_000_000_i64..500_000_000) {
            for calendar in calendars() {
                let (start, finish) = (calendar.start(minute), calendar.finish(minute));
                prop_assert_eq!((calendar.minute(start), calendar.minute(finish)), (minute, minute));
                prop_assert!(finish <= start && start < calendar.finish(minute + 1));
            }
        }
    }
}
