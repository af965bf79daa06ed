//! When somebody is told: by how often they want it, by their quiet hours, and by their clock.
//!
//! All of it goes by the clock on the wall of the person's time zone. Quiet hours end at the first moment after they began at which
//! that clock shows their end, so that a clock that is put forward over it ends them where it lands, and one that is put back
//! does not begin them anew. A time that the clock shows twice is the first of the two.

use chrono::{DateTime, Datelike as _, NaiveDateTime, TimeDelta, TimeZone as _, Timelike as _, Utc, Weekday};
use chrono_tz::Tz;
use trackside_rules::recurrence::{instant, wall};

use super::preferences::{Preferences, QuietHours};
use crate::access::profile::TimeOfDay;
use crate::words::words;

words! {
    /// How soon somebody is told.
    pub enum When {
        /// Not at all.
        Off = "off",
        /// When it happens.
        AtOnce = "at_once",
        /// Gathered, at each full hour.
        Hourly = "hourly",
        /// Gathered, once a day.
        Daily = "daily",
        /// Gathered, once a week.
        Weekly = "weekly",
    }
}

/// When somebody is to be told of what was said at `told_at`, as things stand `now`: at `now` or later.
pub(super) fn due(
    told_at: DateTime<Utc>,
    now: DateTime<Utc>,
    when: When,
    preferences: &Preferences,
    zone: Tz,
) -> Option<DateTime<Utc>> {
    let gathered = match when {
        When::Off => return None,
        When::AtOnce => told_at,
        When::Hourly => next_hour(told_at, zone),
        When::Daily => next_time(told_at, zone, preferences.digest_at, None),
        When::Weekly => next_time(told_at, zone, preferences.digest_at, Some(preferences.digest_day.into())),
    };
    let due = gathered.max(now).max(preferences.paused_until.unwrap_or(now));
    Some(preferences.quiet_hours.map_or(due, |hours| after_quiet(due, hours, zone)))
}

/// The next full hour on the clock.
fn next_hour(after: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let into = TimeDelta::minutes(i64::from(wall(zone, after).minute()));
    let start = after.with_second(0).and_then(|time| time.with_nanosecond(0)).unwrap_or(after);
    start - into + TimeDelta::hours(1)
}

/// The next time at which the clock shows `time`, on that day of the week if one is named.
fn next_time(after: DateTime<Utc>, zone: Tz, time: TimeOfDay, day: Option<Weekday>) -> DateTime<Utc> {
    let today = wall(zone, after).date();
    // A week and a day: today's may be over, and the day of the week is then a week away.
    let days = (0..=8).filter_map(|days| today.checked_add_signed(TimeDelta::days(days)));
    let mut times = days
        .filter(|date| day.is_none_or(|day| date.weekday() == day))
        .filter_map(|date| instant(zone, date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(time.minutes())))
        .map(|time| time.to_utc());
    // Only at the end of the calendar is there none.
    times.find(|time| *time > after).unwrap_or(after)
}

/// The moment itself, or the end of the quiet hours that it lies in.
fn after_quiet(at: DateTime<Utc>, hours: QuietHours, zone: Tz) -> DateTime<Utc> {
    let local = wall(zone, at);
    let minute = i64::from(local.hour() * 60 + local.minute());
    let (from, to) = (hours.from.minutes(), hours.to.minutes());
    let quiet = if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to };
    if !quiet {
        return at;
    }
    let day = if minute < to { local.date() } else { local.date() + TimeDelta::days(1) };
    let end = day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(to);
    next_showing(zone, end, at)
}

/// The first moment after `at` at which the clock shows `local`, or would if it did not skip it.
fn next_showing(zone: Tz, local: NaiveDateTime, at: DateTime<Utc>) -> DateTime<Utc> {
    let first = instant(zone, local).map(|time| time.to_utc()).filter(|time| *time > at);
    let second = || zone.from_local_datetime(&local).latest().map(|time| time.to_utc()).filter(|time| *time > at);
    first.or_else(second).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::preferences::DayOfWeek;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn quiet(from: &str, to: &str) -> Preferences {
        let quiet_hours = Some(QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap() });
        Preferences { quiet_hours, ..Preferences::default() }
    }

    fn held(preferences: &Preferences, zone: Tz, moment: &str) -> DateTime<Utc> {
        due(at(moment), at(moment), When::AtOnce, preferences, zone).unwrap()
    }

    #[test]
    fn quiet_hours_go_by_the_clock_of_the_zone() {
        let (night, berlin) = (quiet("22:00", "07:00"), Tz::Europe__Berlin);
        assert_eq!(held(&night, berlin, "2026-01-10T20:59:59Z"), at("2026-01-10T20:59:59Z"));
        assert_eq!(held(&night, berlin, "2026-01-10T21:00:00Z"), at("2026-01-11T06:00:00Z"));
        assert_eq!(held(&night, berlin, "2026-01-11T05:59:59Z"), at("2026-01-11T06:00:00Z"));
        assert_eq!(held(&night, berlin, "2026-01-11T06:00:00Z"), at("2026-01-11T06:00:00Z"));
        assert_eq!(held(&night, Tz::Asia__Kolkata, "2026-01-11T01:00:00Z"), at("2026-01-11T01:30:00Z"));
        let noon = quiet("12:00", "13:00");
        assert_eq!(held(&noon, Tz::UTC, "2026-01-11T12:30:00Z"), at("2026-01-11T13:00:00Z"));
        assert_eq!(held(&noon, Tz::UTC, "2026-01-11T13:00:00Z"), at("2026-01-11T13:00:00Z"));
        assert_eq!(held(&quiet("22:00", "24:00"), Tz::UTC, "2026-01-11T22:30:00Z"), at("2026-01-12T00:00:00Z"));
    }

    #[test]
    fn nights_in_which_clocks_are_changed_end_when_the_clock_says_so() {
        let (night, berlin) = (quiet("22:00", "07:00"), Tz::Europe__Berlin);
        // Seven in the morning is an hour earlier in summer.
        assert_eq!(held(&night, berlin, "2026-03-28T22:00:00Z"), at("2026-03-29T05:00:00Z"));
        assert_eq!(held(&night, berlin, "2026-10-24T22:00:00Z"), at("2026-10-25T06:00:00Z"));
        // The end lies in the hour that is skipped, and in the one that is shown twice.
        let early = quiet("22:00", "02:30");
        assert_eq!(held(&early, berlin, "2026-03-29T00:30:00Z"), at("2026-03-29T01:30:00Z"));
        assert_eq!(held(&early, berlin, "2026-10-25T00:10:00Z"), at("2026-10-25T00:30:00Z"));
        assert_eq!(held(&early, berlin, "2026-10-25T01:10:00Z"), at("2026-10-25T01:30:00Z"));
        assert_eq!(held(&early, berlin, "2026-10-25T01:40:00Z"), at("2026-10-25T01:40:00Z"));
    }

    #[test]
    fn what_is_gathered_comes_at_the_next_hour_day_or_week() {
        let preferences = Preferences {
            digest_at: "08:00".parse().unwrap(),
            digest_day: DayOfWeek::Monday,
            ..Preferences::default()
        };
        let berlin = Tz::Europe__Berlin;
        let due = |when, told: &str| due(at(told), at(told), when, &preferences, berlin).unwrap();
        assert_eq!(due(When::Hourly, "2026-03-28T10:20:30Z"), at("2026-03-28T11:00:00Z"));
        assert_eq!(due(When::Hourly, "2026-03-28T10:00:00Z"), at("2026-03-28T11:00:00Z"));
        assert_eq!(due(When::Daily, "2026-03-28T06:59:00Z"), at("2026-03-28T07:00:00Z"));
        // The clock is put forward in the night between.
        assert_eq!(due(When::Daily, "2026-03-28T07:00:00Z"), at("2026-03-29T06:00:00Z"));
        assert_eq!(due(When::Weekly, "2026-03-28T07:00:00Z"), at("2026-03-30T06:00:00Z"));
        assert_eq!(due(When::Weekly, "2026-03-30T06:00:00Z"), at("2026-04-06T06:00:00Z"));
    }

    #[test]
    fn a_digest_in_quiet_hours_waits_for_their_end_and_one_that_is_late_goes_now() {
        let preferences = Preferences { digest_at: "06:00".parse().unwrap(), ..quiet("22:00", "07:00") };
        let (told, late) = (at("2026-01-10T12:00:00Z"), at("2026-01-14T12:00:00Z"));
        assert_eq!(due(told, told, When::Daily, &preferences, Tz::UTC), Some(at("2026-01-11T07:00:00Z")));
        assert_eq!(due(told, late, When::Daily, &preferences, Tz::UTC), Some(late));
        assert_eq!(due(told, told, When::Off, &preferences, Tz::UTC), None);
        let paused = Preferences { paused_until: Some(at("2026-01-12T23:00:00Z")), ..preferences };
        assert_eq!(due(told, told, When::AtOnce, &paused, Tz::UTC), Some(at("2026-01-13T07:00:00Z")));
    }
}
