//! When a person works on a day, and how long that is.

use chrono::{DateTime, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::Result;
use crate::access::profile;
use crate::day::Day;
use crate::db::Rx;
use crate::ids::{UserId, WorkspaceId};

/// The hours of a person's week: for each day from Monday, from which minute to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Week {
    pub zone: Tz,
    pub days: [Option<(i64, i64)>; 7],
}

impl Week {
    /// Monday to Friday, 09:00 to 17:00: of whoever did not say.
    pub(super) fn usual(zone: Tz) -> Self {
        let day = Some((9 * 60, 17 * 60));
        Self { zone, days: [day, day, day, day, day, None, None] }
    }

    /// How many minutes the person works on this day, as they pass: in a night in which clocks are changed, an hour more or
    /// less than they show.
    pub(super) fn minutes(&self, day: Day) -> i64 {
        let Some((from, to)) = self.days[day.weekday()] else { return 0 };
        let at = |minute: i64| day.date().and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(minute));
        let (Some(from), Some(to)) = (at(from), at(to)) else { return 0 };
        let passed = instant(self.zone, to, true).signed_duration_since(instant(self.zone, from, false));
        passed.num_minutes().max(0)
    }
}

/// When clocks in a zone show this. Of a time that comes twice the first or the last; in place of one that is passed over,
/// the moment of the change.
fn instant(zone: Tz, local: NaiveDateTime, last: bool) -> DateTime<Utc> {
    // Changes are of whole quarters of an hour, and of a day at most.
    for quarters in 0..=96 {
        let Some(tried) = local.checked_add_signed(TimeDelta::minutes(15 * quarters)) else { break };
        match zone.from_local_datetime(&tried) {
            LocalResult::Single(at) => return at.with_timezone(&Utc),
            LocalResult::Ambiguous(one, other) => return if last { other } else { one }.with_timezone(&Utc),
            LocalResult::None => {}
        }
    }
    local.and_utc()
}

/// The week of a person, as their profile says; what it does not say is as usual, and in UTC.
pub(super) async fn of(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Week> {
    let known = profile::availability(rx, workspace, &[user]).await?;
    let person = known.first();
    let zone = person.and_then(|person| person.time_zone).unwrap_or(Tz::UTC);
    let Some(hours) = person.and_then(|person| person.hours) else { return Ok(Week::usual(zone)) };
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    Ok(Week { zone, days: days.map(|day| hours.on(day).map(|hours| (hours.from.minutes(), hours.to.minutes()))) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_in_which_clocks_change_is_as_long_as_it_is() {
        let night = Week { zone: chrono_tz::Europe::Berlin, days: [Some((0, 6 * 60)); 7] };
        let whole = Week { zone: chrono_tz::Europe::Berlin, days: [Some((0, 24 * 60)); 7] };
        for (day, hours, all) in [("2026-03-28", 6, 24), ("2026-03-29", 5, 23), ("2026-10-25", 7, 25)] {
            let day = day.parse().unwrap();
            assert_eq!((night.minutes(day), whole.minutes(day)), (hours * 60, all * 60), "{day}");
        }
        // From the middle of the hour that does not exist, and to the middle of the one that comes twice.
        let odd = Week { days: [Some((150, 6 * 60)); 7], ..night };
        assert_eq!(odd.minutes("2026-03-29".parse().unwrap()), 180);
        let twice = Week { days: [Some((0, 150)); 7], ..night };
        assert_eq!(twice.minutes("2026-10-25".parse().unwrap()), 210);
        // Samoa had no 30 December 2011.
        let apia = Week { zone: chrono_tz::Pacific::Apia, days: [Some((9 * 60, 17 * 60)); 7] };
        assert_eq!(apia.minutes("2011-12-30".parse().unwrap()), 0);
    }

    #[test]
    fn the_usual_week_has_forty_hours() {
        let week = Week::usual(Tz::UTC);
        let first: Day = "2026-11-23".parse().unwrap();
        assert_eq!((0..7).map(|at| week.minutes(first.plus(at))).sum::<i64>(), 40 * 60);
        assert_eq!(week.minutes("9999-12-31".parse().unwrap()), 480);
    }
}
