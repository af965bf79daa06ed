//! Days of a time zone as instants.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::model::{Interval, MAX_POINTS, Range};
use crate::listing::invalid;
use crate::{Error, Result};

/// How many days a range has by itself.
const USUAL_DAYS: u64 = 30;

/// When a day of a zone begins. Where the clock passes over midnight, or over the whole day, it is the first moment after.
pub(super) fn start(tz: Tz, day: NaiveDate) -> DateTime<Utc> {
    let mut wanted = day.and_time(NaiveTime::MIN);
    // Every zone has moved by whole quarters of an hour since there are time zones; before, local times had none.
    for _ in 0..=2 * 96 {
        if let Some(found) = tz.from_local_datetime(&wanted).earliest() {
            return found.with_timezone(&Utc);
        }
        wanted += TimeDelta::minutes(15);
    }
    wanted.and_utc()
}

/// A day, written as one (`2026-03-29`) or as a moment of it.
fn read(name: &str, text: &str, tz: Tz) -> Result<NaiveDate> {
    let day = text.parse::<NaiveDate>().ok();
    let day = day.or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&tz).date_naive()));
    day.filter(|day| (1900..=2200).contains(&day.year())).ok_or_else(|| {
        invalid(name, "must be a day, such as 2026-03-29, or an RFC 3339 time, within the years 1900 to 2200")
    })
}

/// The range that is asked for, and the moments that part its buckets: one more than there are buckets.
pub(super) fn range(
    now: DateTime<Utc>,
    from: Option<&str>,
    to: Option<&str>,
    tz: Option<&str>,
    interval: Interval,
) -> Result<(Range, Vec<DateTime<Utc>>)> {
    let name = tz.unwrap_or("UTC");
    let zone = name
        .parse::<Tz>()
        .map_err(|_| invalid("tz", "must be the name of a time zone of the IANA database, such as Europe/Berlin"))?;
    let to = to.map(|text| read("to", text, zone)).transpose()?;
    let to = to.unwrap_or_else(|| now.with_timezone(&zone).date_naive());
    let from = from.map(|text| read("from", text, zone)).transpose()?;
    let from = from.unwrap_or_else(|| to.checked_sub_days(Days::new(USUAL_DAYS - 1)).unwrap_or(to));
    if to < from {
        return Err(invalid("to", "must not be before `from`"));
    }
    let mut parts = vec![start(zone, from)];
    let mut day = from;
    while day <= to {
        if parts.len() > MAX_POINTS {
            let detail =
                format!("a range has at most {MAX_POINTS} points; ask for fewer days, or with `interval=week`");
            return Err(Error::invalid("range_too_long", detail));
        }
        // Weeks begin on Monday; the first and the last of a range may be shorter.
        let days = match interval {
            Interval::Day => 1,
            Interval::Week => 7 - u64::from(day.weekday().num_days_from_monday()),
        };
        let last = to.checked_add_days(Days::new(1)).unwrap_or(to);
        day = day.checked_add_days(Days::new(days)).unwrap_or(last).min(last);
        parts.push(start(zone, day));
    }
    Ok((Range { from, to, tz: zone.name().to_owned(), interval }, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(tz: &str, day: &str) -> String {
        start(tz.parse().unwrap(), day.parse().unwrap()).to_rfc3339()
    }

    #[test]
    fn days_begin_where_their_zone_says() {
        assert_eq!(starts("Europe/Berlin", "2026-03-29"), "2026-03-28T23:00:00+00:00");
        assert_eq!(starts("Europe/Berlin", "2026-03-30"), "2026-03-29T22:00:00+00:00", "a day of 23 hours");
        assert_eq!(starts("Europe/Berlin", "2026-10-26"), "2026-10-25T23:00:00+00:00", "a day of 25 hours");
        assert_eq!(starts("Asia/Kathmandu", "2026-01-01"), "2025-12-31T18:15:00+00:00");
        // Midnight was passed over; and so was a whole day.
        assert_eq!(starts("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00+00:00");
        assert_eq!(starts("Pacific/Apia", "2011-12-30"), "2011-12-30T10:00:00+00:00");
        assert_eq!(starts("Pacific/Apia", "2011-12-30"), starts("Pacific/Apia", "2011-12-31"));
        // Midnight came twice.
        assert_eq!(starts("America/Havana", "2026-11-01"), "2026-11-01T04:00:00+00:00");
    }

    #[test]
    fn ranges_are_parted_by_days_or_weeks() {
        let now = "2026-03-30T22:30:00Z".parse().unwrap();
        let (range, parts) = super::range(now, None, None, Some("Europe/Berlin"), Interval::Day).unwrap();
        assert_eq!((range.from.to_string().as_str(), range.to.to_string().as_str()), ("2026-03-02", "2026-03-31"));
        assert_eq!((parts.len(), parts[30].to_rfc3339().as_str()), (31, "2026-03-31T22:00:00+00:00"));
        let (_, parts) =
            super::range(now, Some("2026-03-04"), Some("2026-03-16T01:00:00Z"), None, Interval::Week).unwrap();
        let days: Vec<String> = parts.iter().map(|part| part.date_naive().to_string()).collect();
        assert_eq!(days, ["2026-03-04", "2026-03-09", "2026-03-16", "2026-03-17"]);
        for (from, to, tz) in [
            (Some("2026-03-02"), Some("2026-03-01"), None),
            (Some("yesterday"), None, None),
            (Some("0001-01-01"), None, None),
            (None, Some("2026-02-30"), None),
            (None, None, Some("Mars/Base")),
            (Some("2020-01-01"), Some("2026-01-01"), None),
        ] {
            super::range(now, from, to, tz, Interval::Day).unwrap_err();
        }
    }
}
