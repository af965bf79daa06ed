//! When somebody works: at most one stretch a day, by the clock of their own time zone.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// A time of day, `HH:MM`, up to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// Eight in the morning.
    pub(crate) const EIGHT: Self = Self(8 * 60);

    /// Minutes since midnight, 0 to 1440.
    pub fn minutes(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a time of day such as 09:00, up to 24:00".to_owned();
        let digits = |part: &str| {
            let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            two.then(|| part.parse::<i64>().ok()).flatten()
        };
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let (hours, minutes) = (digits(hours).ok_or_else(wrong)?, digits(minutes).ok_or_else(wrong)?);
        let time = hours * 60 + minutes;
        if minutes < 60 && time <= DAY { Ok(Self(time)) } else { Err(wrong()) }
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for TimeOfDay {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "TimeOfDay".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$" })
    }
}

/// The stretch of a day in which somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// When it begins.
    pub from: TimeOfDay,
    /// When it ends, after it began and not after midnight.
    pub to: TimeOfDay,
}

impl Hours {
    /// Its length in minutes.
    pub fn minutes(self) -> i64 {
        self.to.0 - self.from.0
    }
}

/// The hours of each day of the week; a day that is left out is free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkingHours {
    /// On Mondays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monday: Option<Hours>,
    /// On Tuesdays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuesday: Option<Hours>,
    /// On Wednesdays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wednesday: Option<Hours>,
    /// On Thursdays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thursday: Option<Hours>,
    /// On Fridays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friday: Option<Hours>,
    /// On Saturdays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturday: Option<Hours>,
    /// On Sundays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunday: Option<Hours>,
}

impl WorkingHours {
    /// The hours on a day of the week; none when it is free.
    pub fn on(&self, day: Weekday) -> Option<Hours> {
        match day {
            Weekday::Mon => self.monday,
            Weekday::Tue => self.tuesday,
            Weekday::Wed => self.wednesday,
            Weekday::Thu => self.thursday,
            Weekday::Fri => self.friday,
            Weekday::Sat => self.saturday,
            Weekday::Sun => self.sunday,
        }
    }

    /// Minutes of work in a week.
    pub fn minutes(&self) -> i64 {
        self.days().filter_map(|(_, hours)| hours).map(Hours::minutes).sum()
    }

    fn days(&self) -> impl Iterator<Item = (&'static str, Option<Hours>)> {
        [
            ("monday", self.monday),
            ("tuesday", self.tuesday),
            ("wednesday", self.wednesday),
            ("thursday", self.thursday),
            ("friday", self.friday),
            ("saturday", self.saturday),
            ("sunday", self.sunday),
        ]
        .into_iter()
    }

    /// Refuses a day that ends before it began.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = self.days().find(|(_, hours)| hours.is_some_and(|hours| hours.minutes() <= 0));
        wrong.map_or(Ok(()), |(day, _)| {
            Err(Error::field(format!("/working_hours/{day}/to"), "must be later than `from`, on the same day"))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_of_day_is_two_pairs_of_digits_within_a_day() {
        for (text, minutes) in [("00:00", 0), ("09:05", 545), ("23:59", 1439), ("24:00", 1440)] {
            let time: TimeOfDay = text.parse().unwrap();
            assert_eq!((time.minutes(), time.to_string().as_str()), (minutes, text));
        }
        for text in ["9:00", "09:60", "24:01", "25:00", "+9:00", "0900", "", "09:00:00", "٠٩:٠٠"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_week_is_added_up_and_days_go_forward() {
        let week: WorkingHours = serde_json::from_value(
            json!({ "monday": { "from": "09:00", "to": "17:30" }, "sunday": { "from": "00:00", "to": "24:00" } }),
        )
        .unwrap();
        assert_eq!(
            (week.minutes(), week.on(Weekday::Mon).map(Hours::minutes), week.on(Weekday::Tue)),
            (510 + 1440, Some(510), None)
        );
        assert!(week.check().is_ok());
        for to in ["09:00", "08:00"] {
            let week: WorkingHours =
                serde_json::from_value(json!({ "friday": { "from": "09:00", "to": to } })).unwrap();
            assert_eq!(week.check().unwrap_err().fields[0].pointer, "/working_hours/friday/to");
        }
        assert!(serde_json::from_value::<WorkingHours>(json!({ "funday": null })).is_err());
    }
}
