//! From times on the wall clock to moments, on days on which clocks are changed.

use std::collections::BTreeSet;

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recurrence::{instant, wall};

/// What happens to a time that the clock skips when it is put forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// It comes when the gap is over: 02:30 at 03:00.
    After,
    /// It comes later by the length of the gap: 02:30 at 03:30.
    Shift,
    /// It does not come that day.
    Skip,
}

/// What happens to a time that the clock shows twice when it is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// It comes the first time.
    First,
    /// It comes the second time.
    Last,
    /// It comes twice.
    Both,
}

/// How far before a time that is skipped the clock surely had not been put forward.
const BEFORE: TimeDelta = TimeDelta::hours(26);

/// Moments in order, each once.
pub(super) struct Placed<I: Iterator> {
    walls: std::iter::Peekable<I>,
    zone: Tz,
    gap: Gap,
    fold: Fold,
    /// Found, but an earlier one may still come.
    waiting: BTreeSet<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
}

impl<I: Iterator<Item = NaiveDateTime>> Placed<I> {
    /// The moments of times that come in order.
    pub(super) fn new(walls: I, zone: Tz, gap: Gap, fold: Fold) -> Self {
        Self { walls: walls.peekable(), zone, gap, fold, waiting: BTreeSet::new(), last: None }
    }

    /// Nothing from this time of the wall clock on comes before this moment, whatever is done about changes of the clock.
    fn earliest(&self, time: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.zone.from_local_datetime(&time) {
            LocalResult::Single(moment) => Some(moment.to_utc()),
            LocalResult::Ambiguous(one, other) => Some(one.min(other).to_utc()),
            LocalResult::None => end_of_gap(self.zone, time),
        }
    }

    fn place(&mut self, time: NaiveDateTime) {
        match (self.zone.from_local_datetime(&time), self.gap, self.fold) {
            (LocalResult::Single(moment), ..) => drop(self.waiting.insert(moment.to_utc())),
            (LocalResult::Ambiguous(one, other), _, fold) => {
                let (first, last) = (one.min(other).to_utc(), one.max(other).to_utc());
                if fold != Fold::Last {
                    self.waiting.insert(first);
                }
                if fold != Fold::First {
                    self.waiting.insert(last);
                }
            }
            (LocalResult::None, Gap::Skip, _) => {}
            (LocalResult::None, Gap::After, _) => self.waiting.extend(end_of_gap(self.zone, time)),
            (LocalResult::None, Gap::Shift, _) => {
                self.waiting.extend(instant(self.zone, time).map(|moment| moment.to_utc()));
            }
        }
    }
}

impl<I: Iterator<Item = NaiveDateTime>> Iterator for Placed<I> {
    type Item = DateTime<Utc>;

    fn next(&mut self) -> Option<DateTime<Utc>> {
        loop {
            let bound = match self.walls.peek().copied() {
                None => None,
                // Beyond what the calendar knows.
                Some(time) => Some(self.earliest(time)?),
            };
            if let Some(first) = self.waiting.first().copied()
                && bound.is_none_or(|bound| first <= bound)
            {
                self.waiting.pop_first();
                if self.last.is_none_or(|last| last < first) {
                    self.last = Some(first);
                    return Some(first);
                }
                continue;
            }
            let time = self.walls.next()?;
            self.place(time);
        }
    }
}

/// The moment at which a gap ends that has this time in it.
fn end_of_gap(zone: Tz, time: NaiveDateTime) -> Option<DateTime<Utc>> {
    let (later, earlier) = (instant(zone, time)?.to_utc(), time.checked_sub_signed(BEFORE)?);
    let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let after = offset(later);
    // The clock has changed between these two; the second in which it did is found by halves.
    let (mut before, mut from) = (earlier.and_utc() - TimeDelta::seconds(i64::from(after.local_minus_utc())), later);
    while from - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((from - before).num_seconds() / 2);
        if wall(zone, middle) > time { from = middle } else { before = middle }
    }
    Some(from)
}
