//! All SQL on `recurrences` and `occurrences`.

use chrono::{DateTime, Utc};

use super::model::Recurrence;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{ProjectId, RecurrenceId, TaskId, WorkspaceId};

statements! {
    FIND = "select {Recurrence} from recurrences where workspace_id = $1 and id = $2", Recurrence;
    FIND_FOR_UPDATE = "select {Recurrence} from recurrences where workspace_id = $1 and id = $2 for update", Recurrence;
    LIST = "select {Recurrence} from recurrences where workspace_id = $1 and project_id = $2 order by id limit $3", Recurrence;
    LIST_AFTER = "select {Recurrence} from recurrences where workspace_id = $1 and project_id = $2 and id > $4 \
     order by id limit $3", Recurrence;
    COUNT = "select count(*) from recurrences where workspace_id = $1 and project_id = $2";
    // Of every workspace: for the look at what is due alone.
    DUE = "select {Recurrence} from recurrences where next_at is not null and next_at <= $1 order by next_at limit $2", Recurrence;
    NEXT = "select next_at from recurrences where next_at is not null order by next_at limit 1";
    INSERT = "insert into recurrences (id, workspace_id, project_id, name, template_id, body, variables, rrule, dtstart, \
     tz, exdates, paused, paused_because, next_at, last_at, made, owner_id, version, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    UPDATE = "update recurrences set name = $3, template_id = $4, body = $5, variables = $6, rrule = $7, dtstart = $8, \
     tz = $9, exdates = $10, paused = $11, paused_because = $12, next_at = $13, last_at = $14, made = $15, \
     owner_id = $16, version = $17, updated_at = $18 where workspace_id = $1 and id = $2";
    DELETE = "delete from recurrences where workspace_id = $1 and id = $2";
    OCCUR = "insert into occurrences (recurrence_id, nominal_at, workspace_id, made_at) values ($1, $2, $3, $4) \
     on conflict (recurrence_id, nominal_at) do nothing";
    MADE = "update occurrences set task_id = $3 where recurrence_id = $1 and nominal_at = $2";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: RecurrenceId) -> Result<Option<Recurrence>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The recurrence as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: RecurrenceId,
) -> Result<Option<Recurrence>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// The recurrences of a project, by id.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    after: Option<RecurrenceId>,
    limit: i64,
) -> Result<Vec<Recurrence>> {
    match after {
        None => rx.all(LIST, (workspace, project, limit)).await,
        Some(after) => rx.all(LIST_AFTER, (workspace, project, limit, after)).await,
    }
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace, project)).await?;
    Ok(count)
}

/// Those whose time has come, the longest due first.
pub(super) async fn due(rx: &mut Rx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Recurrence>> {
    rx.all(DUE, (now, limit)).await
}

/// When the next one is due.
pub(super) async fn next(rx: &mut Rx) -> Result<Option<DateTime<Utc>>> {
    let row: Option<(DateTime<Utc>,)> = rx.opt(NEXT, ()).await?;
    Ok(row.map(|(time,)| time))
}

pub(super) async fn insert(tx: &mut Tx, recurrence: &Recurrence) -> Result<()> {
    let args = (
        recurrence.id,
        recurrence.workspace_id,
        recurrence.project_id,
        &recurrence.name,
        recurrence.template_id,
        recurrence.body.as_ref().map(|body| body.text()),
        recurrence.variables.text(),
        &recurrence.rrule,
        &recurrence.dtstart,
        &recurrence.tz,
        recurrence.exdates.text(),
        recurrence.paused,
        recurrence.paused_because.as_deref(),
        recurrence.next_at,
        recurrence.last_at,
        recurrence.made,
        recurrence.owner_id,
        recurrence.version,
        recurrence.created_at,
        recurrence.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, recurrence: &Recurrence) -> Result<()> {
    let args = (
        recurrence.workspace_id,
        recurrence.id,
        &recurrence.name,
        recurrence.template_id,
        recurrence.body.as_ref().map(|body| body.text()),
        recurrence.variables.text(),
        &recurrence.rrule,
        &recurrence.dtstart,
        &recurrence.tz,
        recurrence.exdates.text(),
        recurrence.paused,
        recurrence.paused_because.as_deref(),
        recurrence.next_at,
        recurrence.last_at,
        recurrence.made,
        recurrence.owner_id,
        recurrence.version,
        recurrence.updated_at,
    );
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: RecurrenceId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

/// Notes that something is made for a time; false when it was noted before.
pub(super) async fn occur(
    tx: &mut Tx,
    recurrence: &Recurrence,
    nominal: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    Ok(tx.execute(OCCUR, (recurrence.id, nominal, recurrence.workspace_id, now)).await? == 1)
}

/// Notes what was made.
pub(super) async fn made(tx: &mut Tx, id: RecurrenceId, nominal: DateTime<Utc>, task: TaskId) -> Result<()> {
    tx.execute(MADE, (id, nominal, task)).await.map(drop)
}
