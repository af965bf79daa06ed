//! When something recurs, as requests say it.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use trackside_rules::recurrence::{RRule, Recurrence, wall};

use crate::{Error, Result};

/// The most single times of `rdates` or `exdates`.
pub const MAX_DATES: usize = 200;

/// The parts of a recurrence as they were written. Each is checked under the name of its field.
#[derive(Debug, Clone, Copy)]
pub struct Pattern<'a> {
    /// `FREQ=WEEKLY;BYDAY=MO`.
    pub rrule: &'a str,
    /// The start: RFC 3339, or without an offset on the clock of the zone.
    pub dtstart: &'a str,
    /// A zone of the IANA database, such as `Europe/Berlin`.
    pub tz: &'a str,
    /// Further times, written as the start.
    pub rdates: &'a [String],
    /// Times that are left out, written as the start.
    pub exdates: &'a [String],
}

impl Pattern<'_> {
    /// The recurrence that they say; what is wrong is named by its field.
    pub fn read(&self) -> Result<Recurrence> {
        let zone = zone(self.tz)?;
        let rule: RRule = self.rrule.parse().map_err(|what: String| Error::field("/rrule", what))?;
        let mut recurrence = Recurrence::new(rule, local("/dtstart", self.dtstart, zone)?, zone);
        recurrence.also = locals("/rdates", self.rdates, zone)?;
        recurrence.except = locals("/exdates", self.exdates, zone)?.into_iter().collect();
        Ok(recurrence)
    }
}

/// The zone of this name.
fn zone(name: &str) -> Result<Tz> {
    name.parse().map_err(|_| {
        let shown: String = name.chars().take(64).collect();
        Error::field(
            "/tz",
            format!("`{shown}` is no time zone; write one such as Europe/Berlin, America/New_York or UTC"),
        )
    })
}

fn locals(pointer: &str, texts: &[String], zone: Tz) -> Result<Vec<NaiveDateTime>> {
    if texts.len() > MAX_DATES {
        return Err(Error::field(pointer, format!("must be at most {MAX_DATES} times")));
    }
    texts.iter().enumerate().map(|(at, text)| local(&format!("{pointer}/{at}"), text, zone)).collect()
}

/// A time on the clock of the zone, without what is finer than a second.
fn local(pointer: &str, text: &str, zone: Tz) -> Result<NaiveDateTime> {
    let moment = || DateTime::parse_from_rfc3339(text).ok().map(|time| wall(zone, time.with_timezone(&Utc)));
    let written = || text.parse::<NaiveDateTime>().ok();
    let day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN));
    moment().or_else(written).or_else(day).filter(|time| (1900..=9999).contains(&time.year())).ok_or_else(|| {
        Error::field(
            pointer,
            "must be a time such as 2026-03-02T09:00:00+01:00 or 2026-03-02T09:00:00, from the year 1900 on",
        )
    })
}
