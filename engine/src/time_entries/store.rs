//! All SQL on `time_entries` and `timers`.

use chrono::{DateTime, Utc};

use super::model::{ExportRow, PersonTime, RateTime, Running, TimeEntry, Timer};
use crate::Result;
use crate::day::Day;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{ProjectId, TaskId, TimeEntryId, UserId, WorkspaceId};
use crate::timesheets::TimesheetLine;

statements! {
    FIND = "select {TimeEntry} from time_entries where workspace_id = $1 and id = $2", TimeEntry;
    FIND_FOR_UPDATE = "select {TimeEntry} from time_entries where workspace_id = $1 and id = $2 for update", TimeEntry;
    OF_TASK = "select {TimeEntry} from time_entries where workspace_id = $1 and task_id = $2 order by id limit $3", TimeEntry;
    OF_TASK_AFTER = "select {TimeEntry} from time_entries where workspace_id = $1 and task_id = $2 and id > $4 \
     order by id limit $3", TimeEntry;
    INSERT = "insert into time_entries (workspace_id, id, project_id, task_id, task_key, user_id, started_at, ended_at, minutes, \
     day, note, billable, version, created_by, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    UPDATE = "update time_entries set started_at = $3, ended_at = $4, minutes = $5, day = $6, note = $7, billable = $8, \
     version = $9, updated_at = $10 where workspace_id = $1 and id = $2";
    DELETE = "delete from time_entries where workspace_id = $1 and id = $2";
    // $5 is a day before $3: an entry is no longer than that, so nothing that began earlier reaches into it.
    OVERLAPS = "select id from time_entries where workspace_id = $1 and user_id = $2 and started_at < $4 and started_at > $5 \
     and ended_at > $3 and id <> $6 order by started_at, id limit 10";
    PEOPLE = "select user_id, cast(sum(minutes) as bigint) as minutes, \
     cast(sum(case when billable then minutes else 0 end) as bigint) as billable_minutes from time_entries \
     where workspace_id = $1 and task_id = $2 group by user_id order by user_id";
    // The rate of an entry: of those that hold on its day the one for the person in the project, for the project, for the
    // person, for anybody; of several of the same sort the one that begins last.
    PRICE = "update time_entries set rate_id = (select r.id from rates r where r.workspace_id = time_entries.workspace_id \
     and (r.project_id is null or r.project_id = time_entries.project_id) and (r.user_id is null or r.user_id = time_entries.user_id) \
     and r.valid_from <= time_entries.day and (r.valid_to is null or r.valid_to >= time_entries.day) \
     order by case when r.project_id is null then 0 else 2 end + case when r.user_id is null then 0 else 1 end desc, \
     r.valid_from desc, r.id desc limit 1) where workspace_id = $1 and id = $2";
    PRICE_ALL = "update time_entries set rate_id = (select r.id from rates r where r.workspace_id = time_entries.workspace_id \
     and (r.project_id is null or r.project_id = time_entries.project_id) and (r.user_id is null or r.user_id = time_entries.user_id) \
     and r.valid_from <= time_entries.day and (r.valid_to is null or r.valid_to >= time_entries.day) \
     order by case when r.project_id is null then 0 else 2 end + case when r.user_id is null then 0 else 1 end desc, \
     r.valid_from desc, r.id desc limit 1) where workspace_id = $1 and day >= $2 \
     and (project_id = $3 or $3 is null) and (user_id = $4 or $4 is null)";
    BY_RATE = "select rate_id, cast(sum(minutes) as bigint) as minutes, \
     cast(sum(case when billable then minutes else 0 end) as bigint) as billable_minutes from time_entries \
     where workspace_id = $1 and project_id = $2 group by rate_id";
    LINES = "select day, project_id, task_id, task_key, cast(sum(minutes) as bigint) as minutes, \
     cast(sum(case when billable then minutes else 0 end) as bigint) as billable_minutes from time_entries \
     where workspace_id = $1 and user_id = $2 and day >= $3 and day <= $4 \
     group by day, project_id, task_id, task_key order by day, task_key, task_id limit $5";
    SUM_OF_DAYS = "select cast(coalesce(sum(minutes), 0) as bigint), \
     cast(coalesce(sum(case when billable then minutes else 0 end), 0) as bigint) from time_entries \
     where workspace_id = $1 and user_id = $2 and day >= $3 and day <= $4";
    EXPORT = "select e.day, u.name as person, u.email, p.key as project, e.task_key, t.title, e.started_at, e.ended_at, \
     e.minutes, e.billable, e.note, r.amount as rate, r.currency from time_entries e join users u on u.id = e.user_id \
     join projects p on p.id = e.project_id left join tasks t on t.id = e.task_id left join rates r on r.id = e.rate_id \
     where e.workspace_id = $1 and e.day >= $2 and e.day <= $3 and (e.user_id = $4 or $4 is null) order by e.day, e.id limit $5";
    TIMER_DAY = "select day from timers where workspace_id = $1 and user_id = $2";
    TIMER = "select {Timer} from timers where workspace_id = $1 and user_id = $2", Timer;
    TAKE_TIMER = "delete from timers where workspace_id = $1 and user_id = $2 returning {Timer}", Timer;
    INSERT_TIMER = "insert into timers (workspace_id, user_id, project_id, task_id, task_key, started_at, day, note, billable) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (workspace_id, user_id) do nothing";
    RUNNING = "select {Running} from timers where workspace_id = $1 and task_id = $2 order by started_at, user_id limit 200", Running;
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: TimeEntryId) -> Result<Option<TimeEntry>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The entry as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, id: TimeEntryId) -> Result<Option<TimeEntry>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// The entries of a task, in the order they were written down.
pub(super) async fn list_of_task(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    after: Option<TimeEntryId>,
    limit: i64,
) -> Result<Vec<TimeEntry>> {
    match after {
        None => rx.all(OF_TASK, (workspace, task, limit)).await,
        Some(after) => rx.all(OF_TASK_AFTER, (workspace, task, limit, after)).await,
    }
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, entry: &TimeEntry) -> Result<()> {
    let args = (
        workspace,
        entry.id,
        entry.project_id,
        entry.task_id,
        &entry.task_key,
        entry.user_id,
        entry.started_at,
        entry.ended_at,
        entry.minutes,
        entry.day,
        &entry.note,
        entry.billable,
        entry.version,
        entry.created_by,
        entry.created_at,
        entry.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, entry: &TimeEntry) -> Result<()> {
    let TimeEntry { id, started_at, ended_at, minutes, day, note, billable, version, updated_at, .. } = entry;
    let args = (workspace, id, started_at, ended_at, minutes, day, note, billable, version, updated_at);
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: TimeEntryId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

/// Other entries of the person that share time with this one.
pub(super) async fn list_overlaps(
    rx: &mut Rx,
    workspace: WorkspaceId,
    entry: &TimeEntry,
    earliest: DateTime<Utc>,
) -> Result<Vec<TimeEntryId>> {
    let args = (workspace, entry.user_id, entry.started_at, entry.ended_at, earliest, entry.id);
    let rows: Vec<One<TimeEntryId>> = rx.all(OVERLAPS, args).await?;
    Ok(rows.into_iter().map(|One(id)| id).collect())
}

/// How much each person spent on a task.
pub(super) async fn list_people(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<Vec<PersonTime>> {
    rx.all(PEOPLE, (workspace, task)).await
}

pub(super) async fn find_timer(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Option<Timer>> {
    rx.opt(TIMER, (workspace, user)).await
}

/// Takes the person's timer away, if one runs.
pub(super) async fn take_timer(tx: &mut Tx, workspace: WorkspaceId, user: UserId) -> Result<Option<Timer>> {
    tx.opt(TAKE_TIMER, (workspace, user)).await
}

/// Whether the timer runs now; it does not when another one of the person does.
pub(super) async fn insert_timer(tx: &mut Tx, workspace: WorkspaceId, timer: &Timer) -> Result<bool> {
    let Timer { user_id, project_id, task_id, task_key, started_at, day, note, billable } = timer;
    let args = (workspace, user_id, project_id, task_id, task_key, started_at, day, note, billable);
    Ok(tx.execute(INSERT_TIMER, args).await? == 1)
}

/// The timers that run on a task.
pub(super) async fn list_running(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<Vec<Running>> {
    rx.all(RUNNING, (workspace, task)).await
}

/// Gives an entry the rate that holds for it.
pub(super) async fn price(tx: &mut Tx, workspace: WorkspaceId, id: TimeEntryId) -> Result<()> {
    tx.execute(PRICE, (workspace, id)).await.map(drop)
}

/// Gives all entries from a day on, of a project and a person or of every one, the rates that hold for them.
pub(super) async fn price_all(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    user: Option<UserId>,
    day: Day,
) -> Result<()> {
    tx.execute(PRICE_ALL, (workspace, day, project, user)).await.map(drop)
}

/// How much time of a project has which rate.
pub(super) async fn list_by_rate(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<RateTime>> {
    rx.all(BY_RATE, (workspace, project)).await
}

/// What a person did on which day, task by task.
pub(super) async fn list_lines(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    from: Day,
    to: Day,
    limit: i64,
) -> Result<Vec<TimesheetLine>> {
    rx.all(LINES, (workspace, user, from, to, limit)).await
}

/// How many minutes a person worked in these days, and how many of them are charged to somebody.
pub(super) async fn sum_of_days(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    from: Day,
    to: Day,
) -> Result<(i64, i64)> {
    rx.one(SUM_OF_DAYS, (workspace, user, from, to)).await
}

/// Entries with all that a table of them tells, by day.
pub(super) async fn list_export(
    rx: &mut Rx,
    workspace: WorkspaceId,
    from: Day,
    to: Day,
    user: Option<UserId>,
    limit: i64,
) -> Result<Vec<ExportRow>> {
    rx.all(EXPORT, (workspace, from, to, user, limit)).await
}

/// The day of the timer that a person has running.
pub(super) async fn timer_day(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Option<Day>> {
    Ok(rx.opt::<One<Day>>(TIMER_DAY, (workspace, user)).await?.map(|One(day)| day))
}
