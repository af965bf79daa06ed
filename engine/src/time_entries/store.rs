//! All SQL on `time_entries` and `timers`.

use chrono::{DateTime, Utc};

use super::model::{PersonTime, Running, TimeEntry, Timer};
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{TaskId, TimeEntryId, UserId, WorkspaceId};

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
