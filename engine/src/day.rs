//! A day and a week of the calendar, as people plan and book by them: without a time of day and without a zone.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::db::{Cell, Column, Kind, Param, Value};
use crate::{Error, Result};

/// A day: `2026-11-25` (RFC 3339 `full-date`), of the years 1 to 9999. As text it sorts as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// The day that it is in a zone at this moment.
    pub fn of(at: DateTime<Utc>, zone: Tz) -> Self {
        let day = at.with_timezone(&zone).date_naive();
        // A zone can push the first and the last hours of those years out of them.
        if (1..=9999).contains(&day.year()) { Self(day) } else { Self(at.date_naive()) }
    }

    /// The day that it is in UTC at this moment.
    pub fn utc(at: DateTime<Utc>) -> Self {
        Self::of(at, Tz::UTC)
    }

    /// The date, to reckon with.
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// So many days later; the last day that there is when that is later still.
    #[must_use]
    pub fn plus(self, days: u64) -> Self {
        let last = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX);
        Self(self.0.checked_add_days(Days::new(days)).map_or(last, |day| day.min(last)))
    }

    /// So many days earlier; the first day that there is when that is earlier still.
    #[must_use]
    pub fn minus(self, days: u64) -> Self {
        let first = NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or(NaiveDate::MIN);
        Self(self.0.checked_sub_days(Days::new(days)).map_or(first, |day| day.max(first)))
    }

    /// How many days lie between this one and a later one: 0 for the same day, negative for an earlier one.
    pub fn until(self, other: Self) -> i64 {
        other.0.signed_duration_since(self.0).num_days()
    }

    /// The day of the week from 0 for Monday.
    pub fn weekday(self) -> usize {
        self.0.weekday().num_days_from_monday() as usize
    }

    /// The week that it is in (ISO 8601).
    pub fn week(self) -> Week {
        let week = self.0.iso_week();
        Week { year: week.year(), week: week.week() }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for Day {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let number = |range: std::ops::Range<usize>| {
            let part = text.get(range)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten()
        };
        let dashes = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
        let day = match (dashes, number(0..4), number(5..7), number(8..10)) {
            (true, Some(year @ 1..), Some(month), Some(day)) => {
                i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
            }
            _ => None,
        };
        day.map(Self)
            .ok_or_else(|| Error::invalid("invalid_day", format!("`{}` is no day; write it as 2026-11-25", cut(text))))
    }
}

/// A week of the ISO 8601 calendar, Monday to Sunday: `2026-W48`. As text it sorts as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    year: i32,
    week: u32,
}

impl Week {
    /// Its Monday.
    pub fn first(self) -> Day {
        // Only weeks that exist are made.
        Day(NaiveDate::from_isoywd_opt(self.year, self.week, Weekday::Mon).unwrap_or_default())
    }

    /// Its Sunday.
    pub fn last(self) -> Day {
        self.first().plus(6)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year, self.week)
    }
}

impl FromStr for Week {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let number = |part: &str, digits: usize| {
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u32>().ok()).flatten()
        };
        let parts = text.split_once("-W").and_then(|(year, week)| Some((number(year, 4)?, number(week, 2)?)));
        // The first Monday and the last Sunday of all must be days that can be said, too.
        let week = parts.and_then(|(year, week)| {
            let year = i32::try_from(year).ok().filter(|year| (2..=9998).contains(year))?;
            NaiveDate::from_isoywd_opt(year, week, Weekday::Mon).map(|_| Self { year, week })
        });
        week.ok_or_else(|| {
            let detail = format!(
                "`{}` is no week; write it as 2026-W48 (ISO 8601: a year has 52 weeks, some have 53)",
                cut(text)
            );
            Error::invalid("invalid_week", detail)
        })
    }
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

macro_rules! as_text {
    ($type:ident, $schema:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(|error: Error| serde::de::Error::custom(&error.detail))
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }

        impl Param for $type {
            const KIND: Kind = Kind::Text;
            fn value(&self) -> Value<'_> {
                Value::Text(self.to_string().into())
            }
        }

        impl Column for $type {
            fn from_cell(cell: Cell<'_>) -> Result<Self> {
                cell.text()?.parse()
            }
        }
    };
}

as_text!(Day, schemars::json_schema!({ "type": "string", "format": "date" }));
as_text!(Week, schemars::json_schema!({ "type": "string", "pattern": "^[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])$" }));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_weeks_are_read_and_nonsense_is_refused() {
        for text in ["2026-11-25", "0001-01-01", "9999-12-31", "2028-02-29"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026-02-29",
            "2026-13-01",
            "0000-01-01",
            "26-01-01",
            "2026-1-1",
            "+026-01-01",
            "2026/01/01",
            "2026-01-01T00:00:00Z",
            "１２３４-01",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        // 2026 has 53 weeks, 2025 has 52.
        for text in ["2026-W48", "2026-W53", "2025-W52"] {
            assert_eq!(text.parse::<Week>().unwrap().to_string(), text);
        }
        for text in ["2026-W54", "2025-W53", "2026-W00", "2026-48", "2026-w48", "2026-W4", "", "0001-W01", "9999-W01"] {
            assert!(text.parse::<Week>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_week_belongs_to_the_year_of_its_thursday() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(day("2027-01-03").week().to_string(), "2026-W53");
        assert_eq!(day("2024-12-30").week().to_string(), "2025-W01");
        let week: Week = "2026-W48".parse().unwrap();
        assert_eq!((week.first(), week.last()), (day("2026-11-23"), day("2026-11-29")));
        assert_eq!((week.first().weekday(), week.first().until(week.last())), (0, 6));
    }

    #[test]
    fn a_moment_is_on_the_day_of_its_zone() {
        let at = "2026-11-25T23:30:00Z".parse().unwrap();
        assert_eq!(Day::of(at, Tz::UTC).to_string(), "2026-11-25");
        assert_eq!(Day::of(at, chrono_tz::Europe::Berlin).to_string(), "2026-11-26");
        let first = "0001-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(Day::of(first, chrono_tz::America::New_York).to_string(), "0001-01-01");
    }
}
