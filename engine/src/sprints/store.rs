//! All SQL on `sprints`, and what sprints ask of `tasks`.

use chrono::{DateTime, Utc};

use super::model::{Sprint, SprintState};
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{ProjectId, SprintId, TaskId, WorkspaceId};

statements! {
    FIND = "select {Sprint} from sprints where workspace_id = $1 and id = $2", Sprint;
    FIND_FOR_UPDATE = "select {Sprint} from sprints where workspace_id = $1 and id = $2 for update", Sprint;
    ACTIVE = "select {Sprint} from sprints where workspace_id = $1 and project_id = $2 and state = 'active'", Sprint;
    LIST = "select {Sprint} from sprints where workspace_id = $1 and project_id = $2 and state = any($3) \
     order by id limit $4", Sprint;
    LIST_AFTER = "select {Sprint} from sprints where workspace_id = $1 and project_id = $2 and state = any($3) \
     and id > $5 order by id limit $4", Sprint;
    COUNT = "select count(*) from sprints where workspace_id = $1 and project_id = $2";
    INSERT = "insert into sprints (id, workspace_id, project_id, name, goal, starts_at, ends_at, state, started_at, \
     closed_at, version, created_by, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    UPDATE = "update sprints set name = $3, goal = $4, starts_at = $5, ends_at = $6, state = $7, started_at = $8, \
     closed_at = $9, version = $10, updated_at = $11 where workspace_id = $1 and id = $2";
    DELETE = "delete from sprints where workspace_id = $1 and id = $2";
    FREE_TASKS = "update tasks set sprint_id = null, version = version + 1, updated_at = $3 \
     where workspace_id = $1 and sprint_id = $2";
    MOVE_OPEN = "update tasks set sprint_id = $3, version = version + 1, updated_at = $4 \
     where workspace_id = $1 and sprint_id = $2 and category in ('todo', 'in_progress') returning id";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: SprintId) -> Result<Option<Sprint>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The sprint as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, id: SprintId) -> Result<Option<Sprint>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// The sprint that a project works in.
pub(super) async fn active(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Option<Sprint>> {
    rx.opt(ACTIVE, (workspace, project)).await
}

/// Sprints in one of these states, by id.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    states: &[SprintState],
    after: Option<SprintId>,
    limit: i64,
) -> Result<Vec<Sprint>> {
    match after {
        None => rx.all(LIST, (workspace, project, states, limit)).await,
        Some(after) => rx.all(LIST_AFTER, (workspace, project, states, limit, after)).await,
    }
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace, project)).await?;
    Ok(count)
}

pub(super) async fn insert(tx: &mut Tx, sprint: &Sprint) -> Result<()> {
    let args = (
        sprint.id,
        sprint.workspace_id,
        sprint.project_id,
        &sprint.name,
        &sprint.goal,
        sprint.starts_at,
        sprint.ends_at,
        sprint.state,
        sprint.started_at,
        sprint.closed_at,
        sprint.version,
        sprint.created_by,
        sprint.created_at,
        sprint.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, sprint: &Sprint) -> Result<()> {
    let args = (
        sprint.workspace_id,
        sprint.id,
        &sprint.name,
        &sprint.goal,
        sprint.starts_at,
        sprint.ends_at,
        sprint.state,
        sprint.started_at,
        sprint.closed_at,
        sprint.version,
        sprint.updated_at,
    );
    tx.execute(UPDATE, args).await.map(drop)
}

/// Moves what is still to be done; says which tasks.
pub(super) async fn move_open(
    tx: &mut Tx,
    sprint: &Sprint,
    to: Option<SprintId>,
    now: DateTime<Utc>,
) -> Result<Vec<TaskId>> {
    let moved: Vec<One<TaskId>> = tx.all(MOVE_OPEN, (sprint.workspace_id, sprint.id, to, now)).await?;
    Ok(moved.into_iter().map(|One(task)| task).collect())
}

/// Deletes the sprint and frees its tasks; says how many.
pub(super) async fn delete(tx: &mut Tx, sprint: &Sprint, now: DateTime<Utc>) -> Result<u64> {
    let freed = tx.execute(FREE_TASKS, (sprint.workspace_id, sprint.id, now)).await?;
    tx.execute(DELETE, (sprint.workspace_id, sprint.id)).await?;
    Ok(freed)
}
