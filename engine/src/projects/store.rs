//! All SQL on `projects`.

use super::model::Project;
use super::of_task::ProjectOfTask;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, WorkspaceId};

statements! {
    FIND = "select {Project} from projects where workspace_id = $1 and id = $2", Project;
    FIND_KEY = "select {Project} from projects where workspace_id = $1 and key = $2", Project;
    IN_USE = "select {Project} from projects where workspace_id = $1 and status <> 'archived' and not is_template order by id limit $2", Project;
    FIND_FOR_UPDATE = "select {Project} from projects where workspace_id = $1 and id = $2 for update", Project;
    // The columns of the task have names of their own, so that those of the project need no table before them.
    FIND_OF_TASK = "select {Project}, task_id, task_key, task_kind, task_status, task_priority, task_labels, task_assignees, task_made_by \
     from projects join (select id as task_id, key as task_key, project_id, kind as task_kind, status as task_status, \
       priority as task_priority, labels as task_labels, assignees as task_assignees, created_by as task_made_by \
       from tasks where workspace_id = $1 and id = $2) t on project_id = id where workspace_id = $1", Project;
    FIND_OF_TASK_KEY = "select {Project}, task_id, task_key, task_kind, task_status, task_priority, task_labels, task_assignees, task_made_by \
     from projects join (select id as task_id, key as task_key, project_id, kind as task_kind, status as task_status, \
       priority as task_priority, labels as task_labels, assignees as task_assignees, created_by as task_made_by \
       from tasks where workspace_id = $1 and key = $2) t on project_id = id where workspace_id = $1", Project;
    AMONG = "select {Project} from projects where workspace_id = $1 and id = any($2)", Project;
    INSERT = "insert into projects \
     (id, workspace_id, key, name, description, status, owner_id, start_at, due_at, is_template, version, created_at, \
     updated_at, next_number) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)";
    UPDATE = "update projects set name = $3, description = $4, status = $5, owner_id = $6, version = $7, \
     updated_at = $8, start_at = $9, due_at = $10, health = $11, health_note = $12, health_by = $13, health_at = $14, \
     is_template = $15 where workspace_id = $1 and id = $2";
    SKIP_TO = "update projects set next_number = $3 where workspace_id = $1 and id = $2 and next_number < $3";
    TAKE_NUMBER = "update projects set next_number = next_number + 1 \
     where workspace_id = $1 and id = $2 returning next_number - 1, setup";
    TOUCH_SETUP = "update projects set setup = setup + 1 where workspace_id = $1 and id = $2";
    SET_SETUP = "update projects set workflow = $3, types = $4, setup = $5 where workspace_id = $1 and id = $2";
    DELETE_TASKS = "delete from tasks where workspace_id = $1 and project_id = $2";
    DELETE = "delete from projects where workspace_id = $1 and id = $2";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, handle: &Handle<ProjectId>) -> Result<Option<Project>> {
    match handle {
        Handle::Id(id) => rx.opt(FIND, (workspace, *id)).await,
        Handle::Key(key) => rx.opt(FIND_KEY, (workspace, key)).await,
    }
}

/// The project as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, id: ProjectId) -> Result<Option<Project>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

pub(super) async fn find_of_task(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: &Handle<TaskId>,
) -> Result<Option<ProjectOfTask>> {
    match task {
        Handle::Id(id) => rx.opt(FIND_OF_TASK, (workspace, *id)).await,
        Handle::Key(key) => rx.opt(FIND_OF_TASK_KEY, (workspace, key)).await,
    }
}

/// These projects, in no order.
pub(super) async fn among(rx: &mut Rx, workspace: WorkspaceId, ids: &[ProjectId]) -> Result<Vec<Project>> {
    rx.all(AMONG, (workspace, ids)).await
}

pub(super) async fn insert(tx: &mut Tx, project: &Project) -> Result<()> {
    let args = (
        project.id,
        project.workspace_id,
        &project.key,
        &project.name,
        &project.description,
        project.status,
        project.owner_id,
        project.start_at,
        project.due_at,
        project.is_template,
        project.version,
        project.created_at,
        project.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, project: &Project) -> Result<()> {
    let args = (
        project.workspace_id,
        project.id,
        &project.name,
        &project.description,
        project.status,
        project.owner_id,
        project.version,
        project.updated_at,
        project.start_at,
        project.due_at,
        project.health,
        &project.health_note,
        project.health_by,
        project.health_at,
        project.is_template,
    );
    tx.execute(UPDATE, args).await.map(drop)
}

/// Passes over the numbers before `number`.
pub(super) async fn skip_to(tx: &mut Tx, workspace: WorkspaceId, id: ProjectId, number: i64) -> Result<()> {
    tx.execute(SKIP_TO, (workspace, id, number)).await.map(drop)
}

/// The next number for a task of the project, and the state of what it has of its own. The row stays locked until the
/// transaction ends.
pub(super) async fn take_number(tx: &mut Tx, workspace: WorkspaceId, id: ProjectId) -> Result<Option<(i64, i64)>> {
    tx.opt(TAKE_NUMBER, (workspace, id)).await
}

/// Writes what the project has of its own for its tasks.
pub(super) async fn set_setup(tx: &mut Tx, project: &Project) -> Result<()> {
    let workflow = project.workflow.as_ref().map(|workflow| workflow.text());
    let types = project.types.as_ref().map(|types| types.text());
    tx.execute(SET_SETUP, (project.workspace_id, project.id, workflow, types, project.setup)).await.map(drop)
}

/// Notes that what the project has of its own has changed.
pub(super) async fn touch_setup(tx: &mut Tx, workspace: WorkspaceId, id: ProjectId) -> Result<()> {
    tx.execute(TOUCH_SETUP, (workspace, id)).await.map(drop)
}

/// Deletes the project and its tasks; says how many tasks.
pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: ProjectId) -> Result<u64> {
    let tasks = tx.execute(DELETE_TASKS, (workspace, id)).await?;
    tx.execute(DELETE, (workspace, id)).await?;
    Ok(tasks)
}

/// Projects in which work can go on.
pub(super) async fn in_use(rx: &mut Rx, workspace: WorkspaceId, limit: i64) -> Result<Vec<Project>> {
    rx.all(IN_USE, (workspace, limit)).await
}
