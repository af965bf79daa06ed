//! Schedules: when a rule is due by the clock.
//!
//! A [`Timetable`] is a cron line, an interval, a single moment or a recurrence (RFC 5545), in a time zone. It gives moments
//! in order, each once, from any moment on: nothing is kept between two times, so a time is never lost because the one
//! before it was.
//!
//! **When clocks are changed** a time on the wall clock may not come at all ([`Gap`]), or twice ([`Fold`]). Unless a schedule
//! says otherwise:
//! - a cron line whose minute or hour begins with `*` goes by the time that passes: what is skipped is skipped, and what
//!   comes twice comes twice, so that every quarter of an hour stays every quarter of an hour;
//! - any other cron line is about a time of day, and comes once a day: after the gap, and the first of two. This is what
//!   Debian's cron does;
//! - a recurrence does what [`recurrence`](crate::recurrence) does: later by the length of the gap, and the first of two;
//! - intervals and single moments know no wall clock.

mod cron;
mod place;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::period::Period;
use crate::recurrence::{RRule, Recurrence, wall};

pub use cron::Cron;
use place::Placed;
pub use place::{Fold, Gap};

/// The years that times may be written in.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;
/// How far before a moment the wall clock is looked at: more than it is ever put back.
const MARGIN: TimeDelta = TimeDelta::hours(26);

/// A schedule as it is written. One of `cron`, `every`, `once` and `rrule` stands in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written<'w> {
    /// A cron line of five fields, or six with the second first.
    pub cron: Option<&'w str>,
    /// An interval, counted from `start`, or else from 1970-01-01T00:00:00Z.
    pub every: Option<Period>,
    /// A single moment, RFC 3339.
    pub once: Option<&'w str>,
    /// A recurrence of RFC 5545, which begins with `start`.
    pub rrule: Option<&'w str>,
    /// RFC 3339, or without an offset on the clock of the zone.
    pub start: Option<&'w str>,
    /// A zone of the IANA database; UTC when left out.
    pub tz: Option<&'w str>,
    /// For `cron` and `rrule`.
    pub gap: Option<Gap>,
    /// For `cron` and `rrule`.
    pub fold: Option<Fold>,
}

/// What is wrong with a schedule: the field, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Its name.
    pub field: &'static str,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// When something is due.
#[derive(Debug, Clone)]
pub struct Timetable {
    zone: Tz,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Cron { cron: Box<Cron>, gap: Gap, fold: Fold },
    Every { seconds: i64, start: DateTime<Utc>, bounded: bool },
    Once(DateTime<Utc>),
    Recurs { recurrence: Box<Recurrence>, placed: Option<(Gap, Fold)> },
}

impl Timetable {
    /// Reads a schedule.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(written: Written<'_>) -> Result<Self, Wrong> {
        let wrong = |field, message: &str| Err(Wrong { field, message: message.to_owned() });
        let zone = zone(written.tz.unwrap_or("UTC"))?;
        let given = [
            ("cron", written.cron.is_some()),
            ("every", written.every.is_some()),
            ("once", written.once.is_some()),
            ("rrule", written.rrule.is_some()),
        ];
        let mut names = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
        let Some(name) = names.next() else {
            return wrong("cron", "Say when: write `cron`, `every`, `once` or `rrule`.");
        };
        if let Some(other) = names.next() {
            return wrong(other, &format!("`{name}` is given already; leave one of the two out."));
        }
        if matches!(name, "cron" | "once") && written.start.is_some() {
            return wrong("start", &format!("`{name}` needs no `start`; leave it out."));
        }
        if matches!(name, "every" | "once") {
            for (field, given) in [("gap", written.gap.is_some()), ("fold", written.fold.is_some())] {
                if given {
                    let message =
                        format!("`{name}` goes by the time that passes, which has no gap and no fold; leave it out.");
                    return wrong(field, &message);
                }
            }
        }
        let start = written.start.map(|text| local("start", text, zone)).transpose()?;
        let kind = if let Some(text) = written.cron {
            let cron: Cron = text.parse().map_err(|message| Wrong { field: "cron", message })?;
            let (gap, fold) = if cron.is_elapsed() { (Gap::Skip, Fold::Both) } else { (Gap::After, Fold::First) };
            Kind::Cron { cron: Box::new(cron), gap: written.gap.unwrap_or(gap), fold: written.fold.unwrap_or(fold) }
        } else if let Some(period) = written.every {
            let seconds = i64::try_from(period.0.as_secs()).unwrap_or(0);
            if seconds == 0 || period.0.subsec_nanos() != 0 {
                return wrong("every", "An interval is at least a second, and whole seconds.");
            }
            let moment = start.and_then(|start| crate::recurrence::instant(zone, start)).map(|start| start.to_utc());
            Kind::Every { seconds, start: moment.unwrap_or(DateTime::UNIX_EPOCH), bounded: moment.is_some() }
        } else if let Some(text) = written.once {
            let moment =
                DateTime::parse_from_rfc3339(text).ok().filter(|time| YEARS.contains(&chrono::Datelike::year(time)));
            let Some(moment) = moment else {
                return wrong("once", "It must be a moment with its offset, such as 2026-03-02T09:00:00+01:00.");
            };
            Kind::Once(moment.to_utc())
        } else {
            let rule: RRule =
                written.rrule.unwrap_or_default().parse().map_err(|message| Wrong { field: "rrule", message })?;
            let Some(start) = start else {
                return wrong(
                    "start",
                    "A recurrence needs a `start`, such as 2026-03-02T09:00:00, from which it is counted.",
                );
            };
            let placed = (written.gap.is_some() || written.fold.is_some())
                .then(|| (written.gap.unwrap_or(Gap::Shift), written.fold.unwrap_or(Fold::First)));
            Kind::Recurs { recurrence: Box::new(Recurrence::new(rule, start, zone)), placed }
        };
        Ok(Self { zone, kind })
    }

    /// The zone whose clock it follows.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Every moment after `after`, in order. It may have no end; it is looked for when it is asked for.
    pub fn after(&self, after: DateTime<Utc>) -> Box<dyn Iterator<Item = DateTime<Tz>> + Send + '_> {
        let (zone, near) = (self.zone, after.checked_sub_signed(MARGIN).unwrap_or(after));
        let moments: Box<dyn Iterator<Item = DateTime<Utc>> + Send + '_> = match &self.kind {
            Kind::Cron { cron, gap, fold } => Box::new(Placed::new(cron.walls(wall(zone, near)), zone, *gap, *fold)),
            Kind::Every { seconds, start, bounded } => Box::new(steps(*seconds, *start, *bounded, after)),
            Kind::Once(moment) => Box::new(std::iter::once(*moment)),
            Kind::Recurs { recurrence, placed: None } => Box::new(recurrence.after(after).map(|time| time.to_utc())),
            Kind::Recurs { recurrence, placed: Some((gap, fold)) } => {
                Box::new(Placed::new(recurrence.walls_near(wall(zone, near)), zone, *gap, *fold))
            }
        };
        Box::new(moments.skip_while(move |moment| *moment <= after).map(move |moment| moment.with_timezone(&zone)))
    }

    /// The first moment after `after`.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.after(after).next().map(|moment| moment.to_utc())
    }

    /// The latest moments after `after` up to `until` that `wanted` takes, at most `most` of them, oldest first; and whether
    /// there are earlier ones. Looks from the end, so that a long time without anybody looking costs little.
    pub fn latest(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        most: usize,
        wanted: impl Fn(DateTime<Utc>) -> bool,
    ) -> (Vec<DateTime<Utc>>, bool) {
        let mut stretch = TimeDelta::minutes(1);
        loop {
            let from = until.checked_sub_signed(stretch).filter(|from| *from > after);
            let mut found = VecDeque::with_capacity(most.min(1_024));
            let mut more = false;
            let moments = self.after(from.unwrap_or(after)).map(|moment| moment.to_utc()).take_while(|it| *it <= until);
            for moment in moments.filter(|moment| wanted(*moment)) {
                found.push_back(moment);
                if found.len() > most {
                    found.pop_front();
                    more = true;
                }
            }
            if more || from.is_none() {
                return (found.into(), more);
            }
            stretch = stretch * 4;
        }
    }
}

/// The moments of an interval after `after`.
fn steps(
    seconds: i64,
    start: DateTime<Utc>,
    bounded: bool,
    after: DateTime<Utc>,
) -> impl Iterator<Item = DateTime<Utc>> + Send {
    let passed = (after - start).num_seconds().div_euclid(seconds);
    let first = if bounded { passed.max(0) } else { passed };
    (first..).map_while(move |step| start.checked_add_signed(TimeDelta::try_seconds(step.checked_mul(seconds)?)?))
}

/// The zone of this name.
pub fn zone(name: &str) -> Result<Tz, Wrong> {
    name.parse().map_err(|_| {
        let shown: String = name.chars().take(64).collect();
        let message = format!("`{shown}` is no time zone; write one such as Europe/Berlin, America/New_York or UTC.");
        Wrong { field: "tz", message }
    })
}

/// A time on the clock of the zone, without what is finer than a second: written with an offset, or as that clock shows it.
pub fn local(field: &'static str, text: &str, zone: Tz) -> Result<NaiveDateTime, Wrong> {
    let moment = || DateTime::parse_from_rfc3339(text).ok().map(|time| wall(zone, time.to_utc()));
    let written = || text.parse::<NaiveDateTime>().ok();
    let day = || text.parse::<chrono::NaiveDate>().ok().map(|day| day.and_time(chrono::NaiveTime::MIN));
    let found = moment().or_else(written).or_else(day).filter(|time| YEARS.contains(&chrono::Datelike::year(time)));
    found.and_then(|time| chrono::Timelike::with_nanosecond(&time, 0)).ok_or_else(|| Wrong {
        field,
        message: "It must be a time such as 2026-03-02T09:00:00+01:00 or 2026-03-02T09:00:00, from the year 1900 on."
            .to_owned(),
    })
}
