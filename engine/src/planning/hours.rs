//! Calendars as people write them: hours of a week, a time zone, and the days that are different.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::calendar::{Calendar, DAY, YEARS};
use crate::day::Day;
use crate::{Error, Result};

/// The most stretches of work of one day.
pub const MAX_STRETCHES: usize = 12;
/// The most exceptions of a calendar.
pub const MAX_EXCEPTIONS: usize = 500;
/// The most days of one exception.
pub const MAX_EXCEPTION_DAYS: i64 = 366;
/// The longest name of an exception, in characters.
pub const MAX_EXCEPTION_NAME: usize = 200;

/// A time of the day as clocks show it, from `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(i64);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl std::str::FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let digits = |part: &str| {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<i64>().ok())
        };
        let read = text.split_once(':').and_then(|(hour, minute)| Some((digits(hour)??, digits(minute)??)));
        match read {
            Some((hour, minute)) if minute < 60 && hour * 60 + minute <= DAY => Ok(Self(hour * 60 + minute)),
            _ => Err(format!("`{text}` is no time of day; write it as HH:MM, from 00:00 to 24:00")),
        }
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Clock {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Clock".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$" })
    }
}

/// A stretch of work of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// When it begins: `09:00`.
    pub from: Clock,
    /// When it ends, later on the same day; `24:00` is midnight.
    pub to: Clock,
}

/// When work is done in a week. A day that is left out is free; the stretches of a day stand in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WeekHours {
    /// Monday.
    pub monday: Vec<Stretch>,
    /// Tuesday.
    pub tuesday: Vec<Stretch>,
    /// Wednesday.
    pub wednesday: Vec<Stretch>,
    /// Thursday.
    pub thursday: Vec<Stretch>,
    /// Friday.
    pub friday: Vec<Stretch>,
    /// Saturday.
    pub saturday: Vec<Stretch>,
    /// Sunday.
    pub sunday: Vec<Stretch>,
}

impl WeekHours {
    fn days(&self) -> [(&'static str, &[Stretch]); 7] {
        [
            ("monday", &self.monday),
            ("tuesday", &self.tuesday),
            ("wednesday", &self.wednesday),
            ("thursday", &self.thursday),
            ("friday", &self.friday),
            ("saturday", &self.saturday),
            ("sunday", &self.sunday),
        ]
    }
}

/// Days that are different: a holiday, or work on a weekend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The first day.
    pub from: Day,
    /// The last day; the first when left out. At most 366 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
    /// What it is: at most 200 characters.
    #[serde(default)]
    pub name: String,
    /// What is worked on each of these days instead; nothing when left out.
    #[serde(default)]
    pub hours: Vec<Stretch>,
}

impl Exception {
    fn last(&self) -> Day {
        self.to.unwrap_or(self.from)
    }

    fn days(&self) -> impl Iterator<Item = NaiveDate> {
        let last = self.last().date();
        self.from.date().iter_days().take_while(move |day| *day <= last)
    }
}

/// Working time as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkingTime {
    /// An IANA name: `Europe/Berlin`. `UTC` when left out.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// When work is done in a week.
    pub hours: WeekHours,
    /// Days that are different, at most 500, none of them twice.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl WorkingTime {
    /// Monday to Friday, 09:00 to 17:00 UTC: what holds while nobody said otherwise.
    pub fn office() -> Self {
        let day = vec![Stretch { from: Clock(9 * 60), to: Clock(17 * 60) }];
        let hours = WeekHours {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day,
            ..WeekHours::default()
        };
        Self { time_zone: utc(), hours, exceptions: Vec::new() }
    }

    /// Refuses what cannot be a calendar; `place` is where it stands in the body.
    pub(super) fn check(&self, place: &str) -> Result<()> {
        if self.zone().is_none() {
            let message = "must be an IANA time zone, such as UTC or Europe/Berlin";
            return Err(Error::field(format!("{place}/time_zone"), message));
        }
        for (name, day) in self.hours.days() {
            check_day(&format!("{place}/hours/{name}"), day)?;
        }
        if self.hours.days().iter().all(|(_, day)| day.is_empty()) {
            let message = "must have working time on some day of the week; otherwise nothing is ever done";
            return Err(Error::field(format!("{place}/hours"), message));
        }
        if self.exceptions.len() > MAX_EXCEPTIONS {
            return Err(Error::field(format!("{place}/exceptions"), format!("must be at most {MAX_EXCEPTIONS}")));
        }
        let mut days = BTreeMap::new();
        for (at, exception) in self.exceptions.iter().enumerate() {
            check_exception(&format!("{place}/exceptions/{at}"), exception)?;
            for day in exception.days() {
                if let Some(other) = days.insert(day, at) {
                    let message = format!("{day} is already in exception {other}; a day may be in one only");
                    return Err(Error::field(format!("{place}/exceptions/{at}"), message));
                }
            }
        }
        Ok(())
    }

    /// On which days work is done.
    pub(super) fn days(&self) -> WorkDays {
        let week = self.hours.days().map(|(_, hours)| !hours.is_empty());
        let mut others = HashMap::new();
        for exception in &self.exceptions {
            let works = !exception.hours.is_empty();
            others.extend(exception.days().map(|day| (day, works)));
        }
        WorkDays { zone: self.zone().unwrap_or(Tz::UTC), week, others }
    }

    fn zone(&self) -> Option<Tz> {
        self.time_zone.parse().ok()
    }

    /// The calendar of it. Fails when [`check`](Self::check) would.
    pub fn calendar(&self) -> Result<Calendar> {
        let minutes = |hours: &[Stretch]| hours.iter().map(|part| (part.from.0, part.to.0)).collect::<Vec<_>>();
        let days = self.hours.days();
        let hours: Vec<(i64, i64, i64)> = (0..)
            .zip(days)
            .flat_map(|(day, (_, hours))| minutes(hours).into_iter().map(move |(from, to)| (day, from, to)))
            .collect();
        let mut exceptions = BTreeMap::new();
        for exception in &self.exceptions {
            let hours = minutes(&exception.hours);
            exceptions.extend(exception.days().map(|date| (date, hours.clone())));
        }
        self.zone()
            .and_then(|zone| Calendar::with(zone, &hours, &exceptions))
            .ok_or_else(|| Error::internal("a calendar without working time or time zone was stored"))
    }
}

/// On which days work is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkDays {
    zone: Tz,
    /// From Monday on.
    week: [bool; 7],
    others: HashMap<NaiveDate, bool>,
}

impl WorkDays {
    /// Whether work is done on this day.
    pub fn works_on(&self, day: NaiveDate) -> bool {
        let usual = || self.week[day.weekday().num_days_from_monday() as usize];
        self.others.get(&day).copied().unwrap_or_else(usual)
    }

    /// Whether work is done on the day on which this moment lies, there.
    pub fn works_at(&self, moment: DateTime<Utc>) -> bool {
        self.works_on(moment.with_timezone(&self.zone).date_naive())
    }
}

fn check_day(place: &str, day: &[Stretch]) -> Result<()> {
    if day.len() > MAX_STRETCHES {
        return Err(Error::field(place, format!("must be at most {MAX_STRETCHES} stretches")));
    }
    let mut end = Clock(0);
    for (at, stretch) in day.iter().enumerate() {
        if stretch.from >= stretch.to {
            return Err(Error::field(format!("{place}/{at}"), "must end after it begins, on the same day"));
        }
        if stretch.from < end {
            return Err(Error::field(
                format!("{place}/{at}"),
                format!("must not begin before the one before it ends, at {end}"),
            ));
        }
        end = stretch.to;
    }
    Ok(())
}

fn check_exception(place: &str, exception: &Exception) -> Result<()> {
    let (from, to) = (exception.from, exception.last());
    if to < from {
        return Err(Error::field(format!("{place}/to"), format!("must not be before {from}, where it begins")));
    }
    if !YEARS.contains(&from.date().year()) || !YEARS.contains(&to.date().year()) {
        let message = format!("must be in the years {} to {}", YEARS.start(), YEARS.end());
        return Err(Error::field(format!("{place}/from"), message));
    }
    if from.until(to) >= MAX_EXCEPTION_DAYS {
        return Err(Error::field(format!("{place}/to"), format!("must be at most {MAX_EXCEPTION_DAYS} days")));
    }
    if exception.name.chars().count() > MAX_EXCEPTION_NAME {
        return Err(Error::field(format!("{place}/name"), format!("must be at most {MAX_EXCEPTION_NAME} characters")));
    }
    if exception.name.contains('\0') {
        return Err(Error::field(format!("{place}/name"), "must not contain the character U+0000"));
    }
    check_day(&format!("{place}/hours"), &exception.hours)
}
