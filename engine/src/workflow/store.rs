//! SQL on what a project has of its own for its tasks, and on the tasks that a change of it moves.

use chrono::{DateTime, Utc};

use super::model::Place;
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{ProjectId, WorkspaceId};
use crate::tasks::{TaskStatus, TaskType};

statements! {
    SET_WORKFLOW = "update projects set workflow = $3 where workspace_id = $1 and id = $2";
    SET_TYPES = "update projects set types = $3 where workspace_id = $1 and id = $2";
    STATUSES = "select status, count(*) from tasks where workspace_id = $1 and project_id = $2 group by status order by status";
    OF_TYPE = "select count(*) from tasks where workspace_id = $1 and project_id = $2 and kind = $3";
    MOVE = "update tasks set status = $4, category = $5, status_rank = $6, version = version + 1, updated_at = $7, \
     completed_at = case when $5 = 'done' then coalesce(completed_at, $7) else null end \
     where workspace_id = $1 and project_id = $2 and status = $3";
    RANK = "update tasks set status_rank = $4 where workspace_id = $1 and project_id = $2 and status = $3 and status_rank <> $4";
    RETYPE = "update tasks set kind = $4, version = version + 1, updated_at = $5 \
     where workspace_id = $1 and project_id = $2 and kind = $3";
    WORKFLOWS = "select workflow from projects where workspace_id = $1 and workflow is not null";
    TYPES = "select types from projects where workspace_id = $1 and types is not null";
}

/// Writes the workflow of a project's own; none makes it the usual one.
pub(super) async fn set_workflow(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    workflow: Option<&str>,
) -> Result<()> {
    tx.execute(SET_WORKFLOW, (workspace, project, workflow.map(str::to_owned))).await.map(drop)
}

/// Writes the types of a project's own.
pub(super) async fn set_types(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    types: Option<&str>,
) -> Result<()> {
    tx.execute(SET_TYPES, (workspace, project, types.map(str::to_owned))).await.map(drop)
}

/// In which statuses the tasks of a project stand, and how many in each.
pub(super) async fn count_by_status(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<(TaskStatus, i64)>> {
    rx.all(STATUSES, (workspace, project)).await
}

/// How many tasks of a project have this type.
pub(super) async fn count_of_type(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    kind: TaskType,
) -> Result<i64> {
    let (count,): (i64,) = rx.one(OF_TYPE, (workspace, project, kind)).await?;
    Ok(count)
}

/// Moves the tasks of a project from one status to one at this place; says how many.
pub(super) async fn move_tasks(
    tx: &mut Tx,
    (workspace, project): (WorkspaceId, ProjectId),
    from: TaskStatus,
    to: TaskStatus,
    place: Place,
    now: DateTime<Utc>,
) -> Result<u64> {
    tx.execute(MOVE, (workspace, project, from, to, place.category, place.rank, now)).await
}

/// Writes the place that a status has in lists.
pub(super) async fn set_rank(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    status: TaskStatus,
    rank: i64,
) -> Result<()> {
    tx.execute(RANK, (workspace, project, status, rank)).await.map(drop)
}

/// Gives the tasks of a project that have one type another one; says how many.
pub(super) async fn retype(
    tx: &mut Tx,
    (workspace, project): (WorkspaceId, ProjectId),
    from: TaskType,
    to: TaskType,
    now: DateTime<Utc>,
) -> Result<u64> {
    tx.execute(RETYPE, (workspace, project, from, to, now)).await
}

/// The workflows of projects' own, as JSON text.
pub(super) async fn list_workflows(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<One<String>>> {
    rx.all(WORKFLOWS, (workspace,)).await
}

/// The types of projects' own, as JSON text.
pub(super) async fn list_types(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<One<String>>> {
    rx.all(TYPES, (workspace,)).await
}
