//! All SQL on `dependencies`.

use super::model::{Dependency, DependencyType};
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{ProjectId, TaskId, WorkspaceId};

statements! {
    OF_TASK = "select {Dependency} from dependencies where workspace_id = $1 and task_id = $2 \
     order by created_at, predecessor_id, kind", Dependency;
    OF_PROJECT = "select {Dependency} from dependencies where workspace_id = $1 and project_id = $2 \
     order by task_id, predecessor_id, kind", Dependency;
    INSERT = "insert into dependencies (workspace_id, project_id, task_id, predecessor_id, kind, lag, created_by, \
     created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE = "delete from dependencies where workspace_id = $1 and task_id = $2 and predecessor_id = $3 and kind = $4";
    // `union` keeps each task once, so these end even where a circle is.
    IS_BEHIND = "with recursive behind (id) as ( \
       select id from tasks where workspace_id = $1 and id = $2 \
       union select d.task_id from dependencies d join behind on d.predecessor_id = behind.id where d.workspace_id = $1 \
     ) select count(*) from behind where id = $3";
    BEHIND = "with recursive behind (id) as ( \
       select id from tasks where workspace_id = $1 and id = $2 \
       union select d.task_id from dependencies d join behind on d.predecessor_id = behind.id where d.workspace_id = $1 \
     ) select d.predecessor_id, d.task_id from behind join dependencies d on d.predecessor_id = behind.id \
     where d.workspace_id = $1";
}

/// What this task waits for, in the order it was added.
pub(super) async fn list_of_task(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<Vec<Dependency>> {
    rx.all(OF_TASK, (workspace, task)).await
}

pub(super) async fn list_of_project(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<Dependency>> {
    rx.all(OF_PROJECT, (workspace, project)).await
}

/// Whether `other` waits for this task, or for what waits for it, and so on.
pub(super) async fn is_behind(rx: &mut Rx, workspace: WorkspaceId, task: TaskId, other: TaskId) -> Result<bool> {
    let (count,): (i64,) = rx.one(IS_BEHIND, (workspace, task, other)).await?;
    Ok(count > 0)
}

/// Every (predecessor, task) among what waits for this task, and for that, and so on.
pub(super) async fn list_behind(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<Vec<(TaskId, TaskId)>> {
    rx.all(BEHIND, (workspace, task)).await
}

pub(super) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    dependency: &Dependency,
) -> Result<()> {
    let Dependency { task_id, predecessor_id, kind, lag, created_by, created_at } = dependency;
    let args = (workspace, project, task_id, predecessor_id, kind, lag, created_by, created_at);
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: TaskId,
    predecessor: TaskId,
    kind: DependencyType,
) -> Result<()> {
    tx.execute(DELETE, (workspace, task, predecessor, kind)).await.map(drop)
}
