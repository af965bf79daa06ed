//! Between the wall clock and the line of moments.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// How far before a gap the offset from before it is looked up: no zone has two changes within so short a time, and no
/// gap but that of a day that was left out (Samoa, 2011) is longer.
const BEFORE: [i64; 2] = [3, 25];

/// The moment of a time on the wall clock: the first of two, and in a gap by the offset from before it. None at the ends
/// of the calendar.
pub fn instant(zone: Tz, time: NaiveDateTime) -> Option<DateTime<Tz>> {
    match zone.from_local_datetime(&time) {
        LocalResult::Single(moment) => Some(moment),
        LocalResult::Ambiguous(one, other) => Some(one.min(other)),
        LocalResult::None => BEFORE.iter().find_map(|hours| {
            let earlier = zone.from_local_datetime(&(time - TimeDelta::hours(*hours))).earliest()?;
            earlier.checked_add_signed(TimeDelta::hours(*hours))
        }),
    }
}

/// What the clock shows at a moment.
pub fn wall(zone: Tz, moment: DateTime<Utc>) -> NaiveDateTime {
    moment.with_timezone(&zone).naive_local()
}
