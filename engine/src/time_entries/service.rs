//! The public verbs of time. Those that change something want the permission on the task's project, which
//! [`projects::service::find_of_task`](crate::projects::service::find_of_task) or [`project_of`] finds.

use chrono::TimeDelta;

use super::book::{self, Booking, Span};
use super::events::{TimeDeleted, TimeUpdated};
use super::model::{LoggedTime, NewTimeEntry, PersonTime, RateTime, TaskTime, TimeEntry, TimeEntryPatch};
use super::store;
use crate::access::permissions::{Granted, TimeLog, TimeManage, TimeView};
use crate::cx::Cx;
use crate::day::{Day, Week};
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, TimeEntryId, UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectRef, members};
use crate::tasks;
use crate::timesheets::TimesheetLine;
use crate::{Class, Error, Result, budgets, rates, timesheets};

pub(crate) use super::book::zone_of;
pub(crate) use super::model::ExportRow;

/// The project of an entry: what a permission on the entry is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: TimeEntryId) -> Result<Project> {
    let entry = store::find(rx, workspace, id).await?.ok_or_else(|| missing(id))?;
    projects::service::find(rx, workspace, &Handle::Id(entry.project_id)).await
}

/// One entry.
pub async fn find(rx: &mut Rx, may: &Granted<TimeView, Project>, id: TimeEntryId) -> Result<TimeEntry> {
    let project = may.resource();
    let entry = store::find(rx, project.workspace_id, id).await?;
    entry.filter(|entry| entry.project_id == project.id).ok_or_else(|| missing(id))
}

/// The entries of a task, in the order they were written down.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<TimeView, Project>,
    task: &Handle<TaskId>,
    page: &PageRequest,
) -> Result<Page<TimeEntry>> {
    let limit = page.limit()?;
    let project = may.resource();
    let task = tasks::service::find_in(rx, may, task).await?;
    let rows = store::list_of_task(rx, project.workspace_id, task.id, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}

/// How much time a task took so far.
pub async fn of_task(rx: &mut Rx, may: &Granted<TimeView, Project>, task: &Handle<TaskId>) -> Result<TaskTime> {
    let project = may.resource();
    let task = tasks::service::find_in(rx, may, task).await?;
    let people = store::list_people(rx, project.workspace_id, task.id).await?;
    let running = store::list_running(rx, project.workspace_id, task.id).await?;
    let sum = |of: fn(&PersonTime) -> i64| people.iter().map(of).sum::<i64>();
    let (actual_minutes, billable_minutes) = (sum(|person| person.minutes), sum(|person| person.billable_minutes));
    let estimate_minutes = task.estimate;
    let remaining_minutes = estimate_minutes.map(|estimate| estimate.saturating_sub(actual_minutes));
    Ok(TaskTime {
        task: task.id,
        estimate_minutes,
        actual_minutes,
        billable_minutes,
        remaining_minutes,
        people,
        running,
    })
}

/// Writes down time that was spent on a task. In another member's name, `time.manage` is asked for.
pub async fn log(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TimeLog, Project>,
    task: &Handle<TaskId>,
    new: NewTimeEntry,
) -> Result<LoggedTime> {
    let project = may.resource();
    book::note(&new.note)?;
    let span = span(cx, &new)?;
    let user = whose(tx, cx, project, new.user).await?;
    let task = tasks::service::find_in(tx, may, task).await?;
    let day = book::day_of(tx, project.workspace_id, user, span.start).await?;
    let (note, billable) = (new.note, new.billable.unwrap_or(true));
    let booking = Booking { task: task.id, task_key: task.key, user, span, day, note, billable };
    let entry = book::book(tx, cx, project, booking).await?;
    let overlaps = book::overlaps(tx, project.workspace_id, &entry).await?;
    Ok(LoggedTime { entry, overlaps })
}

/// Changes an entry. `expected` is the version that the caller saw; another one now is refused as stale.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TimeLog, Project>,
    id: TimeEntryId,
    expected: Option<i64>,
    patch: TimeEntryPatch,
) -> Result<LoggedTime> {
    let project = may.resource();
    let mut entry = hold(tx, cx, project, id, expected).await?;
    let day_before = entry.day;
    let mut changes = Changes::new();
    let note = patch.note.or_default();
    note.as_deref().map_or(Ok(()), book::note)?;
    change(&mut changes, "note", &mut entry.note, note);
    change(&mut changes, "billable", &mut entry.billable, patch.billable.required("/billable")?);
    let start = patch.started_at.required("/started_at")?;
    let (end, minutes) = (patch.ended_at.required("/ended_at")?, patch.minutes.required("/minutes")?);
    if start.is_some() || end.is_some() || minutes.is_some() {
        let from = start.unwrap_or(entry.started_at);
        let span = match (end, minutes) {
            (Some(_), Some(_)) => return Err(both()),
            (Some(end), None) => Span::until(from, end)?,
            (None, Some(minutes)) => Span::lasting(from, minutes)?,
            (None, None) => moved(&entry, from)?,
        };
        change(&mut changes, "started_at", &mut entry.started_at, Some(span.start));
        change(&mut changes, "ended_at", &mut entry.ended_at, Some(span.end));
        change(&mut changes, "minutes", &mut entry.minutes, Some(span.minutes));
        if changes.contains_key("started_at") {
            let day = book::day_of(tx, project.workspace_id, entry.user_id, span.start).await?;
            change(&mut changes, "day", &mut entry.day, Some(day));
        }
    }
    if !changes.is_empty() {
        hold_weeks(tx, project.workspace_id, entry.user_id, [day_before, entry.day]).await?;
        entry.version += 1;
        entry.updated_at = cx.now();
        store::update(tx, project.workspace_id, &entry).await?;
        store::price(tx, project.workspace_id, entry.id).await?;
        let short = ProjectRef::from(project);
        emit(tx, cx, &TimeUpdated { time_entry: &entry, project: &short, change: &changes }).await?;
        budgets::service::recount(tx, cx, project).await?;
    }
    let overlaps = book::overlaps(tx, project.workspace_id, &entry).await?;
    Ok(LoggedTime { entry, overlaps })
}

/// Deletes an entry.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TimeLog, Project>,
    id: TimeEntryId,
    expected: Option<i64>,
) -> Result<()> {
    let project = may.resource();
    let entry = hold(tx, cx, project, id, expected).await?;
    hold_weeks(tx, project.workspace_id, entry.user_id, [entry.day, entry.day]).await?;
    store::delete(tx, project.workspace_id, id).await?;
    emit(tx, cx, &TimeDeleted { time_entry: &entry, project: &ProjectRef::from(project) }).await?;
    budgets::service::recount(tx, cx, project).await
}

/// Refuses a change of weeks that were submitted; of two the earlier one is held first, as everyone does.
async fn hold_weeks(tx: &mut Tx, workspace: WorkspaceId, user: UserId, days: [Day; 2]) -> Result<()> {
    let [one, other] = days;
    timesheets::service::hold_open(tx, workspace, user, one.min(other)).await?;
    if one.week() == other.week() {
        return Ok(());
    }
    timesheets::service::hold_open(tx, workspace, user, one.max(other)).await
}

/// Gives entries their rates anew: those from a day on, of a project and a person or of every one.
pub(crate) async fn price(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    user: Option<UserId>,
    day: Day,
) -> Result<()> {
    store::price_all(tx, workspace, project, user, day).await
}

/// How much time of a project has which rate.
pub(crate) async fn minutes_by_rate(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<RateTime>> {
    store::list_by_rate(rx, workspace, project).await
}

/// What a person did in a week, day by day and task by task.
pub(crate) async fn lines(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    week: Week,
    limit: i64,
) -> Result<Vec<TimesheetLine>> {
    store::list_lines(rx, workspace, user, week.first(), week.last(), limit).await
}

/// How many minutes a person worked in a week, and how many of them are charged to somebody.
pub(crate) async fn sum_of_week(rx: &mut Rx, workspace: WorkspaceId, user: UserId, week: Week) -> Result<(i64, i64)> {
    store::sum_of_days(rx, workspace, user, week.first(), week.last()).await
}

/// Whether a timer of the person runs that began in this week.
pub(crate) async fn timer_runs(rx: &mut Rx, workspace: WorkspaceId, user: UserId, week: Week) -> Result<bool> {
    Ok(store::timer_day(rx, workspace, user).await?.is_some_and(|day| day.week() == week))
}

/// Entries with all that a table of them tells, by day.
pub(crate) async fn export(
    rx: &mut Rx,
    workspace: WorkspaceId,
    from: Day,
    to: Day,
    user: Option<UserId>,
    limit: i64,
) -> Result<Vec<ExportRow>> {
    store::list_export(rx, workspace, from, to, user, limit).await
}

/// The entry as it is now, if it is the actor's to change; nobody else changes it until the transaction ends.
async fn hold(tx: &mut Tx, cx: &Cx, project: &Project, id: TimeEntryId, expected: Option<i64>) -> Result<TimeEntry> {
    rates::service::hold(tx, project.workspace_id).await?;
    let entry = store::find_for_update(tx, project.workspace_id, id).await?;
    let entry = entry.filter(|entry| entry.project_id == project.id).ok_or_else(|| missing(id))?;
    if cx.actor.user() != Some(entry.user_id) {
        cx.actor.may::<TimeManage, _>(project.clone())?;
    }
    match expected.filter(|expected| *expected != entry.version) {
        None => Ok(entry),
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of {id}, which is at version {} since {}; read it again and repeat your change",
            entry.version,
            entry.updated_at.to_rfc3339(),
        ))),
    }
}

/// Whose time it is: the actor's own, or with `time.manage` that of another member.
async fn whose(rx: &mut Rx, cx: &Cx, project: &Project, user: Option<UserId>) -> Result<UserId> {
    let own = cx.actor.user();
    let Some(user) = user.or(own) else {
        return Err(Error::field("/user", "say whose time it is: name a member of the workspace"));
    };
    if own != Some(user) {
        cx.actor.may::<TimeManage, _>(project.clone())?;
        if members::stranger(rx, project.workspace_id, &[user]).await?.is_some() {
            return Err(Error::field("/user", format!("{user} is not a member of this workspace")));
        }
    }
    Ok(user)
}

fn span(cx: &Cx, new: &NewTimeEntry) -> Result<Span> {
    match (new.started_at, new.ended_at, new.minutes) {
        (_, Some(_), Some(_)) => Err(both()),
        (_, None, None) => Err(Error::field("/minutes", "is missing; say how many `minutes` it took, or `ended_at`")),
        (None, Some(_), None) => Err(Error::field("/started_at", "is missing; say when it began")),
        (Some(start), Some(end), None) => Span::until(start, end),
        (Some(start), None, Some(minutes)) => Span::lasting(start, minutes),
        (None, None, Some(minutes)) => {
            // Checked once more from the right start, which for nonsense does not exist.
            let start = TimeDelta::try_minutes(minutes).and_then(|ago| cx.now().checked_sub_signed(ago));
            Span::lasting(start.unwrap_or(cx.now()), minutes)
        }
    }
}

/// The entry's span from another start; its end is as far from its start as it was.
fn moved(entry: &TimeEntry, start: chrono::DateTime<chrono::Utc>) -> Result<Span> {
    let length = entry.ended_at.signed_duration_since(entry.started_at);
    let refused = || Error::field("/started_at", "must be within the years 1 to 9999");
    let end = start.checked_add_signed(length).ok_or_else(refused)?;
    let span =
        Span::until(start, end).map_err(|error| if error.class == Class::Invalid { refused() } else { error })?;
    Ok(Span { minutes: entry.minutes, ..span })
}

fn both() -> Error {
    Error::field("/ended_at", "give either `minutes` or `ended_at`; the other one follows from it")
}

fn missing(id: TimeEntryId) -> Error {
    Error::not_found("time_entry", id)
}
