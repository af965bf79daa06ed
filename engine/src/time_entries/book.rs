//! How an entry gets into the books: the one way for what is typed in and for what a timer counted.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;

use super::events::TimeLogged;
use super::model::{MAX_MINUTES, MAX_NOTE, TimeEntry};
use super::store;
use crate::access::profile;
use crate::cx::Cx;
use crate::day::Day;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::ids::{TaskId, TimeEntryId, UserId, WorkspaceId};
use crate::projects::{Project, ProjectRef};
use crate::{Error, Result, budgets, rates, timesheets};

/// From when to when, and how many whole minutes that counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub minutes: i64,
}

impl Span {
    /// From a start for so many minutes. Errors name the fields of a request.
    pub(super) fn lasting(start: DateTime<Utc>, minutes: i64) -> Result<Self> {
        if !(1..=MAX_MINUTES).contains(&minutes) {
            let message = format!("must be 1 to {MAX_MINUTES} whole minutes; make several entries of what took longer");
            return Err(Error::field("/minutes", message));
        }
        let start = moment("/started_at", start)?;
        let end = start.checked_add_signed(TimeDelta::minutes(minutes)).unwrap_or(start);
        Ok(Self { start, end: moment("/minutes", end)?, minutes })
    }

    /// From a start to an end.
    pub(super) fn until(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self> {
        let (start, end) = (moment("/started_at", start)?, moment("/ended_at", end)?);
        if end <= start {
            return Err(Error::field("/ended_at", "must be later than `started_at`"));
        }
        if end.signed_duration_since(start) > TimeDelta::minutes(MAX_MINUTES) {
            let message = format!(
                "must be at most {} hours after `started_at`; make several entries of what took longer",
                MAX_MINUTES / 60
            );
            return Err(Error::field("/ended_at", message));
        }
        Ok(Self { start, end, minutes: whole_minutes(start, end) })
    }

    /// What a timer counted that ran from `start` until now: at least a minute, at most [`MAX_MINUTES`].
    pub(super) fn counted(start: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let longest = start.checked_add_signed(TimeDelta::minutes(MAX_MINUTES)).unwrap_or(start);
        // A clock that went back counts for the least that there is.
        let least = start.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(start);
        let end = now.clamp(least, longest.max(least));
        Self { start, end, minutes: whole_minutes(start, end) }
    }
}

/// The nearest whole number of minutes, half a minute up, and at least one: who did something did it for a while.
fn whole_minutes(start: DateTime<Utc>, end: DateTime<Utc>) -> i64 {
    let seconds = end.signed_duration_since(start).num_seconds();
    ((seconds + 30) / 60).clamp(1, MAX_MINUTES)
}

/// A time that both databases can hold, without what is finer than they hold.
fn moment(pointer: &str, time: DateTime<Utc>) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(time.timestamp_micros())
        // A day beside the first or the last year would be in a week that has no name.
        .filter(|time| (2..=9998).contains(&time.year()))
        .ok_or_else(|| Error::field(pointer, "must be within the years 2 to 9998"))
}

/// A note that can be kept.
pub(super) fn note(note: &str) -> Result<()> {
    if note.chars().count() > MAX_NOTE {
        return Err(Error::field("/note", format!("must be at most {MAX_NOTE} characters")));
    }
    if note.contains('\0') {
        return Err(Error::field("/note", "must not contain the character U+0000"));
    }
    Ok(())
}

/// The zone in which a person counts their days: as their profile says, or UTC.
pub(crate) async fn zone_of(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Tz> {
    let known = profile::availability(rx, workspace, &[user]).await?;
    Ok(known.first().and_then(|person| person.time_zone).unwrap_or(Tz::UTC))
}

/// The day on which time counts that began at this moment.
pub(super) async fn day_of(rx: &mut Rx, workspace: WorkspaceId, user: UserId, at: DateTime<Utc>) -> Result<Day> {
    Ok(Day::of(at, zone_of(rx, workspace, user).await?))
}

/// What is to be booked.
pub(super) struct Booking {
    pub task: TaskId,
    pub task_key: String,
    pub user: UserId,
    pub span: Span,
    pub day: Day,
    pub note: String,
    pub billable: bool,
}

/// Writes an entry, announces it, and looks whether it fills a budget. A week that was submitted is refused.
pub(super) async fn book(tx: &mut Tx, cx: &Cx, project: &Project, new: Booking) -> Result<TimeEntry> {
    let workspace = project.workspace_id;
    rates::service::hold(tx, workspace).await?;
    timesheets::service::hold_open(tx, workspace, new.user, new.day).await?;
    let now = cx.now();
    let entry = TimeEntry {
        id: cx.new_id(),
        project_id: project.id,
        task_id: Some(new.task),
        task_key: new.task_key,
        user_id: new.user,
        started_at: new.span.start,
        ended_at: new.span.end,
        minutes: new.span.minutes,
        day: new.day,
        note: new.note,
        billable: new.billable,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, workspace, &entry).await?;
    store::price(tx, workspace, entry.id).await?;
    emit(tx, cx, &TimeLogged { time_entry: &entry, project: &ProjectRef::from(project) }).await?;
    budgets::service::recount(tx, cx, project).await?;
    Ok(entry)
}

/// Other entries of the person that share time with this one.
pub(super) async fn overlaps(rx: &mut Rx, workspace: WorkspaceId, entry: &TimeEntry) -> Result<Vec<TimeEntryId>> {
    let reach = TimeDelta::minutes(MAX_MINUTES + 1);
    let earliest = entry.started_at.checked_sub_signed(reach).unwrap_or(entry.started_at);
    store::list_overlaps(rx, workspace, entry, earliest).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_timer_counts_whole_minutes_and_no_more_than_a_day() {
        let start = at("2026-11-25T23:50:00Z");
        for (now, minutes, end) in [
            ("2026-11-25T23:50:00Z", 1, "2026-11-25T23:50:01Z"),
            ("2026-11-25T23:40:00Z", 1, "2026-11-25T23:50:01Z"),
            ("2026-11-25T23:51:29Z", 1, "2026-11-25T23:51:29Z"),
            ("2026-11-25T23:51:30Z", 2, "2026-11-25T23:51:30Z"),
            ("2026-11-26T00:20:00Z", 30, "2026-11-26T00:20:00Z"),
            ("2026-12-25T00:00:00Z", 1440, "2026-11-26T23:50:00Z"),
        ] {
            let span = Span::counted(start, at(now));
            assert_eq!((span.minutes, span.end), (minutes, at(end)), "{now}");
        }
    }

    #[test]
    fn the_hours_of_a_day_with_a_change_of_clocks_are_counted_as_they_pass() {
        // Berlin, 2026-10-25: 25 hours from midnight to midnight.
        let span = Span::until(at("2026-10-24T22:00:00Z"), at("2026-10-25T22:00:00Z")).unwrap();
        assert_eq!(span.minutes, 1440);
        let day = |text| Day::of(at(text), chrono_tz::Europe::Berlin).to_string();
        assert_eq!([day("2026-10-24T22:00:00Z"), day("2026-10-25T22:59:00Z")], ["2026-10-25"; 2]);
        // And 2026-03-29 has 23: half past two does not exist, an hour later is another instant.
        let span = Span::until(at("2026-03-29T00:30:00Z"), at("2026-03-29T01:30:00Z")).unwrap();
        assert_eq!(span.minutes, 60);
        assert_eq!([day("2026-03-28T23:00:00Z"), day("2026-03-29T21:59:00Z")], ["2026-03-29"; 2]);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let start = at("2026-11-25T09:00:00Z");
        for minutes in [0, -1, 1441, i64::MAX, i64::MIN] {
            assert_eq!(Span::lasting(start, minutes).unwrap_err().fields[0].pointer, "/minutes");
        }
        for end in ["2026-11-25T09:00:00Z", "2026-11-25T08:00:00Z", "2026-11-26T09:00:01Z"] {
            assert_eq!(Span::until(start, at(end)).unwrap_err().fields[0].pointer, "/ended_at");
        }
        assert!(Span::lasting(at("9999-12-31T23:59:00Z"), 5).is_err());
        assert!(Span::lasting(DateTime::<Utc>::MAX_UTC, 5).is_err());
        assert!(Span::lasting(DateTime::<Utc>::MIN_UTC, 5).is_err());
    }
}
