//! The triggers `schedule` and `date`: whether they make sense, and when a date is reached.

use std::fmt;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Offset, Trigger};
use crate::problem::Problem;
use crate::recurrence::{instant, wall};
use crate::schedule::zone;

/// The longest key of a custom field.
const MAX_KEY: usize = 64;
/// How many days are looked through for one on which work is done.
const MOST_IDLE_DAYS: u32 = 3_660;

/// A date field of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// When a task is due.
    Due,
    /// When a task is to begin.
    Start,
    /// The custom field of this key.
    Custom(String),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Due => write!(f, "due_at"),
            Self::Start => write!(f, "start_at"),
            Self::Custom(key) => write!(f, "custom.{key}"),
        }
    }
}

/// A `date` trigger, as it was read: a field, and how far from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// Which date.
    pub field: Field,
    /// How far from it; before it when negative.
    pub offset: Distance,
    /// The time of day; the date's own when none.
    pub at: Option<NaiveTime>,
    /// Whose clock and days count.
    pub zone: Tz,
}

/// How far from a date, before it when negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// A length of time.
    Time(TimeDelta),
    /// Days on which work is done.
    WorkingDays(i64),
}

impl Dated {
    /// The moment at which a date is reached. `works` says of a day whether work is done on it. None at the ends of the
    /// calendar, and when no day is found on which work is done.
    pub fn moment(&self, date: DateTime<Utc>, works: impl Fn(NaiveDate) -> bool) -> Option<DateTime<Utc>> {
        let moved = match self.offset {
            Distance::Time(time) => date.checked_add_signed(time)?,
            Distance::WorkingDays(days) => {
                let local = wall(self.zone, date);
                let day = working_day(local.date(), days, works)?;
                instant(self.zone, day.and_time(local.time()))?.to_utc()
            }
        };
        match self.at {
            None => Some(moved),
            Some(at) => Some(instant(self.zone, wall(self.zone, moved).date().and_time(at))?.to_utc()),
        }
    }

    /// A date before which none is reached after `from`; some days earlier than it need be.
    pub fn first_date(&self, from: DateTime<Utc>, works: impl Fn(NaiveDate) -> bool) -> Option<DateTime<Utc>> {
        let first = match self.offset {
            Distance::Time(time) => from.checked_sub_signed(time)?,
            // It is reached before it comes.
            Distance::WorkingDays(days) if days < 0 => from,
            Distance::WorkingDays(days) => {
                let day = working_day(wall(self.zone, from).date(), -(days + 1), works)?;
                instant(self.zone, day.and_time(NaiveTime::MIN))?.to_utc()
            }
        };
        first.checked_sub_signed(TimeDelta::days(2))
    }

    /// Whether the days on which work is done matter.
    pub fn asks_for_working_days(&self) -> bool {
        matches!(self.offset, Distance::WorkingDays(_))
    }
}

/// The so many-th day before or after `from` on which work is done.
fn working_day(from: NaiveDate, days: i64, works: impl Fn(NaiveDate) -> bool) -> Option<NaiveDate> {
    let (mut day, mut left, mut idle) = (from, days.unsigned_abs(), 0);
    while left > 0 {
        day = if days < 0 { day.checked_sub_days(Days::new(1)) } else { day.checked_add_days(Days::new(1)) }?;
        if works(day) {
            (left, idle) = (left - 1, 0);
        } else {
            idle += 1;
        }
        if idle > MOST_IDLE_DAYS {
            return None;
        }
    }
    Some(day)
}

impl Trigger {
    /// What a `date` trigger says; none for any other, and for one that makes no sense.
    pub fn dated(&self) -> Option<Dated> {
        if !self.is_date() || !self.date_problems().is_empty() {
            return None;
        }
        let offset = match (self.before, self.after) {
            (None, None) => Distance::Time(TimeDelta::zero()),
            (Some(before), _) => distance(before, -1)?,
            (None, Some(after)) => distance(after, 1)?,
        };
        let at = self.at.as_deref().map(time_of_day).transpose().ok()?;
        Some(Dated {
            field: field(self.field.as_deref()?).ok()?,
            offset,
            at,
            zone: zone(self.tz.as_deref().unwrap_or("UTC")).ok()?,
        })
    }

    /// What is wrong with what belongs to `schedule` and `date`.
    pub(super) fn clock_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.is_schedule() {
            if let Err(wrong) = self.timetable() {
                problems.push(Problem::new("schedule", format!("/trigger/{}", wrong.field), wrong.message));
            }
        } else if self.is_date() {
            problems.extend(self.date_problems());
        }
        let schedule = [
            ("cron", self.cron.is_some()),
            ("every", self.every.is_some()),
            ("once", self.once.is_some()),
            ("rrule", self.rrule.is_some()),
            ("start", self.start.is_some()),
            ("gap", self.gap.is_some()),
            ("fold", self.fold.is_some()),
            ("catch_up", self.catch_up.is_some()),
            ("overlap", self.overlap.is_some()),
            ("exclude", self.exclude.is_some()),
        ];
        let date = [
            ("field", self.field.is_some()),
            ("before", self.before.is_some()),
            ("after", self.after.is_some()),
            ("at", self.at.is_some()),
        ];
        let misplaced = |name: &str, trigger: &str| {
            Problem::new(
                "misplaced",
                format!("/trigger/{name}"),
                format!("`{name}` belongs to the trigger `{trigger}`."),
            )
        };
        let given = |fields: &[(&'static str, bool)]| {
            fields.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect::<Vec<_>>()
        };
        if !self.is_schedule() {
            problems.extend(given(&schedule).into_iter().map(|name| misplaced(name, "schedule")));
        }
        if !self.is_date() {
            problems.extend(given(&date).into_iter().map(|name| misplaced(name, "date")));
        }
        if self.tz.is_some() && !self.is_clock() {
            problems.push(misplaced("tz", "schedule"));
        }
        if self.is_addressed() && !self.matches.is_empty() {
            let message = "A trigger of the clock or of a figure has nothing to match; write it as a `condition`.";
            problems.push(Problem::new("misplaced", "/trigger/match", message));
        }
        problems
    }

    fn date_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say =
            |name: &str, message: String| problems.push(Problem::new("date", format!("/trigger/{name}"), message));
        match self.field.as_deref().map(field) {
            None => say("field", "Say which date: `due_at`, `start_at` or `custom.<key>`.".to_owned()),
            Some(Err(message)) => say("field", message),
            Some(Ok(_)) => {}
        }
        if self.before.is_some() && self.after.is_some() {
            say("after", "`before` is given already; leave one of the two out.".to_owned());
        }
        if let Some(Err(message)) = self.at.as_deref().map(time_of_day) {
            say("at", message);
        }
        if let Some(Err(wrong)) = self.tz.as_deref().map(zone) {
            say("tz", wrong.message);
        }
        problems
    }
}

fn distance(offset: Offset, sign: i32) -> Option<Distance> {
    match offset {
        Offset::Period(period) => Some(Distance::Time(TimeDelta::from_std(period.0).ok()? * sign)),
        Offset::WorkingDays(days) => Some(Distance::WorkingDays(i64::from(days) * i64::from(sign))),
    }
}

fn field(text: &str) -> Result<Field, String> {
    match text.strip_prefix("task.").unwrap_or(text) {
        "due_at" => Ok(Field::Due),
        "start_at" => Ok(Field::Start),
        other => match other.strip_prefix("custom.") {
            Some(key) if (1..=MAX_KEY).contains(&key.len()) && !key.contains(['.', '\0']) => {
                Ok(Field::Custom(key.to_owned()))
            }
            _ => {
                let shown: String = text.chars().take(64).collect();
                Err(format!("`{shown}` is no date of a task; write `due_at`, `start_at` or `custom.<key>`."))
            }
        },
    }
}

fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    let read = NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| text.len() == 5);
    read.ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        format!("`{shown}` is no time of day; write it as HH:MM, from 00:00 to 23:59.")
    })
}
