//! Recurrences: the RRULE of [RFC 5545](https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10) in a time zone.
//!
//! A rule is expanded on the wall clock, from the wall-clock time of its start, and only then is each time given its
//! place in the zone: what is due at nine is due at nine in summer and in winter.
//!
//! - **A gap** (the clock is put forward): a time that the clock skips is taken with the offset from before, as section
//!   3.3.5 says of such a time; 02:30 in a gap of an hour is the moment that the clock then calls 03:30. Nothing is
//!   skipped, so a daily task stays daily. Section 3.3.10 would leave it out.
//! - **A fold** (the clock is put back): a time that the clock shows twice is the first of the two.
//! - Where both make two wall-clock times one moment, it is there once.
//!
//! Where the RFC leaves something open, this does what python-dateutil does, against which it is tested: the start is
//! part of the set only if the rule matches it; `BYWEEKNO` without `BYDAY` is every day of the week. Otherwise than there,
//! `BYDAY` may mix days with and without a number (either may match), an `UNTIL` that is a date includes that day, and
//! `BYSETPOS` counts in the whole of the first week, as in every other.
//!
//! `COUNT` counts wall-clock times. The search gives up when a rule matches nothing for about four centuries of its days,
//! so one that matches never (30 February) ends at once. Nothing lies beyond the year 9999.
//!
//! Deliberately absent: `BYEASTER` and calendars other than the Gregorian one (RFC 7529).

mod expand;
mod parse;
mod zone;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Weekday};
use chrono_tz::Tz;

pub use expand::Walls;
pub use zone::{instant, wall};

/// The longest text of a rule, in bytes.
pub const MAX_TEXT: usize = 2_000;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// Every year.
    Yearly,
    /// Every month.
    Monthly,
    /// Every week.
    Weekly,
    /// Every day.
    Daily,
    /// Every hour.
    Hourly,
    /// Every minute.
    Minutely,
    /// Every second.
    Secondly,
}

/// When it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// A moment, written with `Z`.
    Instant(NaiveDateTime),
    /// A time on the wall clock of the zone; a date is the last second of its day.
    Wall(NaiveDateTime),
}

/// A rule as it was written: `FREQ=WEEKLY;BYDAY=MO,TH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RRule {
    /// How often.
    pub freq: Frequency,
    pub(crate) interval: i64,
    pub(crate) count: Option<u32>,
    pub(crate) until: Option<Until>,
    pub(crate) week_start: Weekday,
    pub(crate) by_month: Vec<i64>,
    pub(crate) by_week_number: Vec<i64>,
    pub(crate) by_year_day: Vec<i64>,
    pub(crate) by_month_day: Vec<i64>,
    /// Days; with a number, the so many-th of the month or year, from its end when negative.
    pub(crate) by_day: Vec<(Option<i64>, Weekday)>,
    pub(crate) by_hour: Vec<i64>,
    pub(crate) by_minute: Vec<i64>,
    pub(crate) by_second: Vec<i64>,
    pub(crate) by_position: Vec<i64>,
}

impl RRule {
    /// Whether it ends by a `COUNT`.
    pub fn is_counted(&self) -> bool {
        self.count.is_some()
    }
}

/// A rule with its start and zone, and with single times that come to it or go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// The rule.
    pub rule: RRule,
    /// When it begins, on the wall clock.
    pub start: NaiveDateTime,
    /// Where the clock hangs.
    pub zone: Tz,
    /// Further times, on the wall clock.
    pub also: Vec<NaiveDateTime>,
    /// Times that are left out, on the wall clock.
    pub except: BTreeSet<NaiveDateTime>,
}

impl Recurrence {
    /// The rule from `start` on, in `zone`.
    pub fn new(rule: RRule, start: NaiveDateTime, zone: Tz) -> Self {
        Self { rule, start, zone, also: Vec::new(), except: BTreeSet::new() }
    }

    /// Every moment in order, each once. It may have no end; it is looked for when it is asked for.
    pub fn times(&self) -> impl Iterator<Item = DateTime<Tz>> + '_ {
        self.from(None)
    }

    /// The first moment after `after`, which may be nothing of this recurrence.
    pub fn next_after(&self, after: DateTime<chrono::Utc>) -> Option<DateTime<Tz>> {
        self.after(after).next()
    }

    /// Every moment after `after`, in order.
    pub fn after(&self, after: DateTime<chrono::Utc>) -> impl Iterator<Item = DateTime<Tz>> + '_ {
        self.from(Some(wall(self.zone, after))).skip_while(move |time| *time <= after)
    }

    /// Every moment, from some that lie before `near` on: the search need not begin at the start.
    fn from(&self, near: Option<NaiveDateTime>) -> impl Iterator<Item = DateTime<Tz>> + '_ {
        let mut last: Option<DateTime<Tz>> = None;
        self.walls(near).filter_map(|time| instant(self.zone, time)).filter(move |time| {
            let new = last.is_none_or(|last| last < *time);
            last = Some(last.map_or(*time, |last| last.max(*time)));
            new
        })
    }

    /// The times on the wall clock, from some that lie before `near` on.
    pub(crate) fn walls_near(&self, near: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> + '_ {
        self.walls(Some(near))
    }

    fn walls(&self, near: Option<NaiveDateTime>) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let mut also: Vec<NaiveDateTime> = self.also.clone();
        also.sort_unstable();
        let until = match self.rule.until {
            Some(Until::Instant(until)) => Some(until.and_utc()),
            _ => None,
        };
        let mut walls = Walls::new(&self.rule, self.start, near)
            .take_while(move |time| until.is_none_or(|until| instant(self.zone, *time).is_none_or(|it| it <= until)))
            .peekable();
        let mut also = also.into_iter().peekable();
        let merged = std::iter::from_fn(move || match (walls.peek(), also.peek()) {
            (Some(one), Some(other)) if other < one => also.next(),
            (None, Some(_)) => also.next(),
            _ => walls.next(),
        });
        merged.filter(|time| !self.except.contains(time))
    }
}
